// Package typography sets the spaces, quotation marks, dashes and numbers of a text as its language wants them printed.
//
// The rules work on a whole block (a paragraph, a heading, a table cell), for
// a sign is only understood by what stands on both sides of it. They run in
// this order, one file each:
//
//	tokens.go       what stays as it is: addresses, placeholders, emoticons
//	contractions.go signs typed as several: ... -- << >>
//	quotes.go       pairs of straight quotation marks
//	apostrophes.go
//	digits.go       thousands and telephone numbers
//	dashes.go       which side of a dash holds on to it
//	spaces.go       which space stands between any two signs
//	words.go        ... and between a number or a title and its word
//	ordinals.go     what is raised: 1er, XXIe
//
// No rule adds or drops a letter or a digit, and setting a text twice gives
// the same bytes as setting it once.
package typography

import (
	"html"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/setting"
)

const (
	noBreak = '\u00A0' // no-break space
	narrow  = '\u202F' // narrow no-break space
)

// Values of Options.
const (
	Curly      = "curly"      // “ ” for a quotation inside a quotation
	Guillemets = "guillemets" // « » there too, closed once when both end together
	ThinSpace  = "nnbsp"      // U+202F where French wants a narrow space
	WideSpace  = "nbsp"       // U+00A0 there: some fonts lack U+202F
)

// Options are the points on which good usage differs. The zero value is usable.
type Options struct {
	InnerQuotes string   `yaml:"inner_quotes"` // Curly (default) or Guillemets
	NarrowSpace string   `yaml:"narrow_space"` // ThinSpace (default) or WideSpace
	Exceptions  []string `yaml:"exceptions"`   // names that end in a sign; default: Yahoo!, Joomla!, Jeopardy!
}

// Validate refuses values that mean nothing.
func (o Options) Validate() error {
	switch o.InnerQuotes {
	case "", Curly, Guillemets:
	default:
		return &setting.Error{Key: "inner_quotes", Value: o.InnerQuotes}
	}
	switch o.NarrowSpace {
	case "", ThinSpace, WideSpace:
	default:
		return &setting.Error{Key: "narrow_space", Value: o.NarrowSpace}
	}
	return nil
}

// Rules are the rules of one locale. They are safe for concurrent use; nil
// Rules leave every text as typed.
type Rules struct {
	locale
	names []name // Options.Exceptions
	wide  bool   // U+00A0 for every U+202F
}

// name is a name with a sign in it, which is not punctuation.
type name struct {
	text []rune
	sign int // the first character that is neither letter, digit nor blank
}

func namesOf(list []string) (names []name) {
	for _, s := range list {
		text := []rune(s)
		at := slices.IndexFunc(text, func(r rune) bool { return kindOf(r)&(letter|digit|space) == 0 })
		if at >= 0 {
			names = append(names, name{text, at})
		}
	}
	return names
}

// New returns the rules of a BCP 47 locale; ok is false for a language that
// has none here.
func New(tag string, o Options) (rules *Rules, ok bool) {
	l, ok := localeOf(tag)
	if !ok {
		return nil, false
	}
	if o.InnerQuotes == Guillemets && l.french {
		l.inner = l.outer
	}
	names := o.Exceptions
	if names == nil {
		names = []string{"Yahoo!", "Joomla!", "Jeopardy!"}
	}
	return &Rules{locale: l, names: namesOf(names), wide: o.NarrowSpace == WideSpace}, true
}

// Text sets a plain text: a title, an alternative text, a label. Blank lines
// part two blocks.
func (r *Rules) Text(s string) string {
	if r == nil {
		return s
	}
	var out strings.Builder
	out.Grow(len(s) + len(s)/16) // room for the spaces put in
	r.eachBlock(s, func(block string, pieces []Piece) {
		if len(pieces) == 0 {
			out.WriteString(block)
		}
		for _, p := range pieces {
			out.WriteString(p.Text)
		}
	})
	return out.String()
}

// Subject is Text for subjects, preheaders and text parts, whose fonts lack
// the narrow space: U+00A0 takes its place.
func (r *Rules) Subject(s string) string {
	if r == nil {
		return s
	}
	return Widen(r.Text(s))
}

// HTML is Text escaped for HTML, with ordinals raised: 1<sup>er</sup>.
func (r *Rules) HTML(s string) string {
	if r == nil {
		return html.EscapeString(s)
	}
	var out strings.Builder
	r.eachBlock(s, func(block string, pieces []Piece) {
		if len(pieces) == 0 {
			out.WriteString(html.EscapeString(block))
		}
		for _, p := range pieces {
			if p.Raised {
				out.WriteString("<sup>" + html.EscapeString(p.Text) + "</sup>")
			} else {
				out.WriteString(html.EscapeString(p.Text))
			}
		}
	})
	return out.String()
}

// Widen replaces every narrow no-break space by a no-break space.
func Widen(s string) string {
	return strings.ReplaceAll(s, string(narrow), string(noBreak))
}

// eachBlock sets the blocks of s one by one, and hands over the blank lines
// between them as they are.
func (r *Rules) eachBlock(s string, set func(block string, pieces []Piece)) {
	b := r.Block()
	for s != "" {
		start, end := blankLines(s)
		b.Reset()
		b.Text(0, s[:start])
		set(s[:start], b.Typeset())
		set(s[start:end], nil)
		s = s[end:]
	}
}

// blankLines is where the first blank lines of s begin, with the end of the
// line before them, and where the next line begins; the end of s if there are
// none.
func blankLines(s string) (start, end int) {
	for line := 0; ; {
		next := strings.IndexByte(s[line:], '\n')
		if next < 0 {
			return len(s), len(s)
		}
		line += next + 1
		text := strings.TrimLeft(s[line:], " \t\r\n")
		if last := strings.LastIndexByte(s[line:len(s)-len(text)], '\n'); last >= 0 {
			return len(strings.TrimSuffix(s[:line-1], "\r")), line + last + 1
		}
	}
}
