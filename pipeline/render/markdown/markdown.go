// Package markdown turns an entry's Markdown into HTML that mail programs show alike and into plain text, both from one parse.
package markdown

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// Options say how a Converter draws, and what it asks of its caller. The zero
// value works: no styles, no typography, every relative destination refused.
type Options struct {
	Styles     Styles
	Typography *typography.Rules // nil leaves the text as typed
	RulesOf    RulesOf           // nil: the blocks in other languages stay as typed
	Dir        string            // direction of the text, "ltr" by default
	Words      Words
	Resolve    Resolver

	Outline bool // fill in the fragments' outlines

	// TopHeading is the level given to the author's highest heading, from 2
	// to 6; 3 by default, below an entry title that is an h2.
	TopHeading int

	// Width is the widest image in pixels, and the width of an image whose
	// size is unknown; 600 by default.
	Width int
}

// Styles is the style table: Attr returns the class and style attributes of a
// named element, ready to stand in a tag, and Color a hex colour.
type Styles interface {
	Attr(name string) string
	Color(name string) string
}

// Words are the localized phrases of the text part.
type Words struct {
	Image func(alt string) string          // "[Image : un phare]"
	Field func(label, value string) string // "Prix : 12 €", a cell of a table too wide for columns
}

// RulesOf finds the typography of a block whose author named its language,
// nil for none.
type RulesOf func(lang string) *typography.Rules

// Kind says what a destination is the destination of.
type Kind int

const (
	Link Kind = iota
	Image
)

// Target is what a destination becomes in the mail. Its URL is written as it
// is, but for HTML escaping.
type Target struct {
	URL           string
	Width, Height int // of an image, in pixels; 0 when unknown
}

// Resolver turns a relative destination into a Target, or says in a Finding
// (whose line it need not know) why it cannot. Absolute destinations never
// reach it.
type Resolver func(kind Kind, dest string) (Target, *Finding)

// Finding is something in the author's text worth mending. Its words live in
// locales/ as "finding.<ID>" and "finding.<ID>.mend", templates over Args.
type Finding struct {
	ID   string
	Line int // in the source given to Convert, from 1
	Args map[string]any
}

// Refusal is the error of a source that passes a limit: nothing of it can be
// shown.
type Refusal struct{ Finding }

func (r *Refusal) Error() string {
	return fmt.Sprintf("line %d: %s %v", r.Line, r.ID, r.Args)
}

// Fragment is an entry's body in both forms, and what was seen in it.
type Fragment struct {
	HTML     string
	Text     string // wrapped, ends with a line feed unless empty
	Lead     string // the first paragraph, as plain text on one line
	Findings []Finding
	Links    []LinkRef
	Images   []ImageRef
	Headings []HeadingRef
	Outline  Outline // the same as typed, if the options ask for it
}

// LinkRef is a link as the reader meets it.
type LinkRef struct {
	Text, URL string
	Line      int
}

// ImageRef is an image as the reader meets it.
type ImageRef struct {
	Alt, URL string
	Line     int
}

// HeadingRef is a heading with the level it has in the mail.
type HeadingRef struct {
	Text        string
	Level, Line int
}

// Converter turns Markdown into fragments; it is safe for concurrent use.
type Converter struct {
	options Options
	parser  parser.Parser
}

// New returns a Converter.
func New(o Options) *Converter {
	o = o.withDefaults()
	extensions := []goldmark.Extender{
		extension.Table,
		extension.Strikethrough,
		extension.TaskList,
		extension.Footnote,
		linkify{},
		expansionGuard{},
		languages{o.Dir},
		NewTypographer(o.Typography, o.RulesOf),
	}
	if o.Outline {
		extensions = append(extensions, outliner{})
	}
	md := goldmark.New(goldmark.WithExtensions(extensions...))
	return &Converter{options: o, parser: md.Parser()}
}

func (o Options) withDefaults() Options {
	if o.Styles == nil {
		o.Styles = noStyles{}
	}
	if o.Dir == "" {
		o.Dir = "ltr"
	}
	if o.TopHeading == 0 {
		o.TopHeading = 3
	}
	if o.Width == 0 {
		o.Width = 600
	}
	if o.Words.Image == nil {
		o.Words.Image = func(alt string) string { return "[" + alt + "]" }
	}
	if o.Words.Field == nil {
		o.Words.Field = func(label, value string) string { return label + " " + value }
	}
	if o.Resolve == nil {
		o.Resolve = func(kind Kind, dest string) (Target, *Finding) { return Target{}, unsafe(kind, dest) }
	}
	return o
}

type noStyles struct{}

func (noStyles) Attr(string) string  { return "" }
func (noStyles) Color(string) string { return "#000000" }

// Convert renders a source. The error is a *Refusal when the source passes a
// limit.
func (c *Converter) Convert(source string) (Fragment, error) {
	root, src, noted, err := parse(c.parser, source)
	if err != nil {
		return Fragment{}, err
	}
	doc := read(root, src, languageFindings(noted), &c.options)
	html, text := doc.html(), doc.text()
	if html.over || text.over {
		return Fragment{}, &Refusal{Finding{ID: "limit-output", Line: 1, Args: map[string]any{"Count": maxOutput / 1_000_000}}}
	}
	return Fragment{
		HTML:     html.String(),
		Text:     text.String(),
		Lead:     doc.lead(),
		Findings: doc.findings,
		Links:    doc.links,
		Images:   doc.images,
		Headings: doc.headings,
		Outline:  outlineIn(noted),
	}, nil
}

// parse reads a source that keeps the limits; p must have an expansionGuard.
func parse(p parser.Parser, source string) (root ast.Node, src []byte, noted parser.Context, err error) {
	source = clean(source)
	if f := Limits(source); f != nil {
		return nil, nil, nil, &Refusal{*f}
	}
	src = []byte(source)
	context := parser.NewContext()
	root = p.Parse(text.NewReader(src), parser.WithContext(context))
	if refusal, ok := context.Get(refusalKey).(*Refusal); ok {
		return nil, nil, nil, refusal
	}
	return root, src, context, nil
}

// clean makes a source valid UTF-8 with LF line ends, and free of control
// characters, which are valid neither in HTML nor in a mail.
func clean(source string) string {
	source = strings.ToValidUTF8(source, "\uFFFD")
	if strings.Contains(source, "\r") {
		source = lineEnds.Replace(source)
	}
	if !strings.ContainsFunc(source, isControl) {
		return source
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, source)
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// isControl reports characters that no text needs; tab and line feed are not
// among them.
func isControl(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0
}
