package markdown

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Outline is what an entry's Markdown holds, as its author typed it: nothing
// is set, resolved or left out. It comes from the same parser as the mail.
type Outline struct {
	Links     []LinkRef  // URL as written
	Images    []ImageRef // URL as written
	Headings  []HeadingRef
	Texts     []TextRef
	Leftovers []Leftover
}

// TextRef is the words of one line of a block, without code; Object stands
// for what is not words, such as a code span or an address.
type TextRef struct {
	Text string
	Lang string // the author's for the block, "" for the entry's own
	Line int
}

// Object stands in a TextRef for what is not words.
const Object = '\uFFFC'

// ReadOutline reads a source. The error is a *Refusal when the source passes
// a limit.
func ReadOutline(source string) (Outline, error) {
	_, _, noted, err := parse(New(Options{Outline: true}).parser, source)
	if err != nil {
		return Outline{}, err
	}
	return outlineIn(noted), nil
}

// outliner is the extension that takes the outline, before typography changes
// the words.
type outliner struct{}

// Extend implements goldmark.Extender.
func (o outliner) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(o, outlinePriority)))
}

// outlinePriority is after the languages of blocks are known.
const outlinePriority = typographerPriority - 1

var outlineKey = parser.NewContextKey()

// Transform implements parser.ASTTransformer. It changes nothing.
func (outliner) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	r := reading{
		document: &document{root: doc, source: reader.Source(), lineStarts: lineStarts(reader.Source())},
		called:   map[string]bool{}, verbatim: map[int]bool{},
	}
	_ = ast.Walk(doc, r.visit)
	r.unusedNotes()
	pc.Set(outlineKey, r.out)
}

// outlineIn is that of the document that was parsed in the context.
func outlineIn(pc parser.Context) Outline {
	out, _ := pc.Get(outlineKey).(Outline)
	return out
}

// reading gathers an outline on its way through a document.
type reading struct {
	*document
	out      Outline
	called   map[string]bool // notes, in lower case
	verbatim map[int]bool    // lines of code and of HTML
}

func (r *reading) visit(n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	switch n := n.(type) {
	case *ast.Heading:
		r.out.Headings = append(r.out.Headings, HeadingRef{Text: plain(n, r.source), Level: n.Level, Line: r.line(n)})
	case *ast.Link:
		r.out.Links = append(r.out.Links, LinkRef{Text: plain(n, r.source), URL: unescape(n.Destination), Line: r.line(n)})
	case *ast.AutoLink:
		if n.AutoLinkType == ast.AutoLinkURL {
			r.out.Links = append(r.out.Links, LinkRef{Text: string(n.Label(r.source)), URL: string(n.URL(r.source)), Line: r.line(n)})
		}
	case *ast.Image:
		r.out.Images = append(r.out.Images, ImageRef{Alt: plain(n, r.source), URL: unescape(n.Destination), Line: r.line(n)})
		r.words(n)
		return ast.WalkSkipChildren, nil
	}
	r.noteBlock(n)
	if first := n.FirstChild(); n.Type() == ast.TypeBlock && first != nil && first.Type() == ast.TypeInline {
		r.words(n)
	}
	return ast.WalkContinue, nil
}

// words adds the lines of a block, or of an image's alternative text, that
// have some.
func (r *reading) words(block ast.Node) {
	lang := ""
	for n := block; n != nil && lang == ""; n = n.Parent() {
		lang = languageOf(n)
	}
	var line, typed strings.Builder
	number := r.line(block)
	flush := func() {
		if text := line.String(); strings.TrimSpace(text) != "" {
			r.out.Texts = append(r.out.Texts, TextRef{Text: text, Lang: lang, Line: number})
		}
		r.leave(typed.String(), number)
		line.Reset()
		typed.Reset()
	}
	var read func(parent ast.Node)
	read = func(parent ast.Node) {
		for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
			switch n := n.(type) {
			case *ast.Text:
				number = r.lineAt(n.Segment.Start)
				line.WriteString(textOf(n, r.source))
				typed.Write(n.Segment.Value(r.source))
				if n.SoftLineBreak() || n.HardLineBreak() {
					flush()
				}
			case *ast.Image, *ast.CodeSpan, *ast.AutoLink, *ast.RawHTML, *east.FootnoteLink:
				line.WriteRune(Object)
				typed.WriteRune(Object)
			default:
				read(n)
			}
		}
	}
	read(block)
	flush()
}
