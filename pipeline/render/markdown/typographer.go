package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// NewTypographer returns a goldmark extension that sets every text of a
// document by the rules, and the blocks that have a lang attribute by those
// of that language; nil rules leave a text as typed.
//
// Text that changed becomes raw ast.String nodes, whose values are plain text
// with entities and escapes resolved, and Superscript nodes around some of
// them. The line break that ended a changed ast.Text stays on an empty one.
func NewTypographer(rules *typography.Rules, of RulesOf) goldmark.Extender {
	return &typographer{rules, of}
}

type typographer struct {
	rules *typography.Rules
	of    RulesOf
}

// Chevrons must come before autolinks (300) and raw HTML (400), and the
// transformer after those of other extensions: it sees what they leave.
const (
	chevronPriority     = 150
	typographerPriority = 2000
	superscriptPriority = 500
)

func (t *typographer) Extend(m goldmark.Markdown) {
	if t.rules == nil && t.of == nil {
		return
	}
	m.Parser().AddOptions(
		parser.WithInlineParsers(util.Prioritized(chevronParser{}, chevronPriority)),
		parser.WithASTTransformers(util.Prioritized(t, typographerPriority)),
	)
	m.Renderer().AddOptions(
		renderer.WithNodeRenderers(util.Prioritized(superscriptRenderer{}, superscriptPriority)),
	)
}

// Transform implements parser.ASTTransformer.
func (t *typographer) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	s := setter{source: reader.Source(), of: t.of}
	s.within(t.rules, doc)
}

// setter sets the blocks of one document.
type setter struct {
	source []byte
	of     RulesOf
	rules  *typography.Rules // those of the language around
	block  *typography.Block // nil without rules
	leaves []ast.Node        // of the block being read
	images []ast.Node        // found in it: their alternative texts are blocks of their own
}

// within sets n by other rules than those around it.
func (s *setter) within(rules *typography.Rules, n ast.Node) {
	around, block := s.rules, s.block
	s.rules, s.block = rules, nil
	if rules != nil {
		s.block = rules.Block()
	}
	s.text(n)
	s.rules, s.block = around, block
}

// text sets n if it holds text, or else the blocks inside it.
func (s *setter) text(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.Type() == ast.TypeInline {
			s.inlines(n)
			return
		}
		if lang := languageOf(c); lang != "" {
			s.within(s.rulesOf(lang), c)
		} else {
			s.text(c)
		}
	}
}

func (s *setter) rulesOf(lang string) *typography.Rules {
	if s.of == nil {
		return nil
	}
	return s.of(lang)
}

// inlines sets the text below n as one block, then those of its images.
func (s *setter) inlines(n ast.Node) {
	if s.block == nil {
		return
	}
	s.block.Reset()
	s.leaves = s.leaves[:0]
	s.images = s.images[:0]
	s.read(n)
	s.write(s.block.Typeset())
	for _, image := range append([]ast.Node(nil), s.images...) {
		s.inlines(image)
	}
}

// read adds the text below n to the block. Emphasis, links and the tags of
// raw HTML take no place in it.
func (s *setter) read(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			s.readText(c)
		case *ast.String:
			s.readString(c)
		case *ast.Image:
			c.Title = s.title(c.Title)
			s.images = append(s.images, c)
			s.block.Object()
		case *ast.CodeSpan, *ast.AutoLink:
			s.block.Object()
		case *extast.FootnoteLink:
			s.block.Note()
		case *ast.RawHTML:
			s.readTag(c)
		case *ast.Link:
			c.Title = s.title(c.Title)
			s.read(c)
		default:
			s.read(c)
		}
	}
}

func (s *setter) readText(n *ast.Text) {
	leaf := s.leaf(n)
	value := n.Segment.Value(s.source)
	if n.IsRaw() {
		s.block.Text(leaf, util.BytesToReadOnlyString(value))
	} else {
		s.resolve(leaf, value)
	}
	switch {
	case n.HardLineBreak():
		s.block.Break()
	case n.SoftLineBreak():
		s.block.Text(leaf, "\n")
	}
}

func (s *setter) readString(n *ast.String) {
	switch {
	case n.IsCode():
		s.block.Object()
	case n.IsRaw():
		s.block.Text(s.leaf(n), util.BytesToReadOnlyString(n.Value))
	default:
		s.resolve(s.leaf(n), n.Value)
	}
}

// readTag adds the line break a <br> is.
func (s *setter) readTag(n *ast.RawHTML) {
	if n.Segments.Len() == 0 {
		return
	}
	first := n.Segments.At(0)
	if tag := first.Value(s.source); len(tag) > 3 && strings.EqualFold(string(tag[:3]), "<br") {
		s.block.Break()
	}
}

func (s *setter) leaf(n ast.Node) int {
	s.leaves = append(s.leaves, n)
	return len(s.leaves) - 1
}

// resolve adds source with its entities and escapes resolved. A sign that
// was escaped is left alone.
func (s *setter) resolve(leaf int, source []byte) {
	for i := indexEscape(source); i >= 0; i = indexEscape(source) {
		s.block.Text(leaf, util.BytesToReadOnlyString(source[:i]))
		value, size := escapeAt(source[i:])
		if size == 2 {
			s.block.Escaped(leaf, value[0])
		} else {
			s.block.Text(leaf, value)
		}
		source = source[i+size:]
	}
	s.block.Text(leaf, util.BytesToReadOnlyString(source))
}

// write puts the pieces in the place of the nodes they come from.
func (s *setter) write(pieces []typography.Piece) {
	for len(pieces) > 0 {
		n := 1
		for n < len(pieces) && pieces[n].Leaf == pieces[0].Leaf {
			n++
		}
		replace(s.leaves[pieces[0].Leaf], pieces[:n])
		pieces = pieces[n:]
	}
}

// replace puts the pieces before node, which keeps nothing but its line
// break, if the text still ends with one.
func replace(node ast.Node, pieces []typography.Piece) {
	parent := node.Parent()
	breaks := false
	if t, ok := node.(*ast.Text); ok {
		last := &pieces[len(pieces)-1]
		if t.SoftLineBreak() {
			last.Text, breaks = strings.CutSuffix(last.Text, "\n")
		}
		breaks = breaks || t.HardLineBreak()
		if breaks {
			t.Segment = text.NewSegment(t.Segment.Stop, t.Segment.Stop)
		}
	}
	for _, p := range pieces {
		if p.Text != "" {
			parent.InsertBefore(parent, node, printed(p))
		}
	}
	if !breaks {
		parent.RemoveChild(parent, node)
	}
}

func printed(p typography.Piece) ast.Node {
	s := ast.NewString(util.StringToReadOnlyBytes(p.Text))
	s.SetRaw(true)
	if !p.Raised {
		return s
	}
	sup := &Superscript{}
	sup.AppendChild(sup, s)
	return sup
}

// title sets the title of a link or an image, which stands in the syntax
// tree as source: what could be read as an escape or an entity is escaped.
func (s *setter) title(source []byte) []byte {
	if len(source) == 0 {
		return source
	}
	sub := setter{block: s.rules.Block()}
	sub.resolve(0, source)
	pieces := sub.block.Typeset()
	if len(pieces) == 0 {
		return source
	}
	var out bytes.Buffer
	for _, p := range pieces {
		out.WriteString(unread.Replace(p.Text))
	}
	return out.Bytes()
}

var unread = strings.NewReplacer(`\`, `\\`, `&`, `&amp;`)
