package markdown

import (
	"bytes"
	"regexp"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// linkify is goldmark's extension of that name, for addresses with accents too,
// which goldmark cuts at the first: /wiki/Réunion. goldmark stops at every blank
// to let it look for an address; this one, having found none, takes all the
// words up to the next place where it is worth a look. The syntax tree is the
// same.
type linkify struct{ parser.InlineParser }

const (
	// The last label is of small letters, and of one alphabet: what is stuck to
	// it is the next sentence.
	hostPattern = `[-\pL\pM\pN@:%._+~#=]{1,256}\.(?:[a-z]+|[^\x00-\x7f\PL\p{Lu}]+)`
	pathPattern = `(?:[/#?][-\pL\pM\pN@:%_+.~#$!?&/=(),;'">^{}\[\]` + "`" + `]*)?`
)

// addresses are goldmark's patterns, with every letter and digit for ASCII's.
var addresses = []extension.LinkifyOption{
	extension.WithLinkifyURLRegexp(regexp.MustCompile(`^(?:https?|ftp)://` + hostPattern + `(?::\d+)?` + pathPattern)),
	extension.WithLinkifyWWWRegexp(regexp.MustCompile(`^www\.` + hostPattern + pathPattern)),
}

// linkifyPriority is goldmark's: after all parsers that share its triggers.
const linkifyPriority = 999

// Extend implements goldmark.Extender.
func (linkify) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithInlineParsers(
		util.Prioritized(linkify{extension.NewLinkifyParser(addresses...)}, linkifyPriority)))
}

// Parse implements parser.InlineParser.
func (l linkify) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if link := l.InlineParser.Parse(parent, block, pc); link != nil || segment.Padding > 0 {
		return link
	}
	size := wordsAhead(line)
	if size == 0 {
		return nil
	}
	ast.MergeOrAppendTextSegment(parent, segment.WithStop(segment.Start+size))
	block.Advance(size)
	return parent.LastChild()
}

// wordsAhead is the size of what is sure to be text at the start of a line
// whose first character no parser wanted. It ends before a blank: the last
// word of a line tells goldmark how the line breaks.
func wordsAhead(line []byte) int {
	size := 0
	for i := 1; i+1 < len(line); i++ {
		switch line[i] {
		case '`', '!', '[', ']', '<', '*', '_', '~', '(', '\\', '@', '\n':
			return size
		case ' ':
			if next := line[i+1:]; !util.IsSpace(next[0]) {
				size = i
				if mayBeAddress(next) {
					return size
				}
			}
		}
	}
	return size
}

// mayBeAddress knows the addresses of linkify, but for those of mail, in
// which wordsAhead sees the @.
func mayBeAddress(word []byte) bool {
	switch word[0] {
	case 'h':
		return bytes.HasPrefix(word, []byte("http"))
	case 'f':
		return bytes.HasPrefix(word, []byte("ftp"))
	case 'w':
		return bytes.HasPrefix(word, []byte("www"))
	}
	return false
}
