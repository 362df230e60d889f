package markdown

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// KindSuperscript is the kind of Superscript nodes.
var KindSuperscript = ast.NewNodeKind("Superscript")

// Superscript is the raised ending of an ordinal. Its only child is an
// ast.String, to be printed plain where nothing can be raised.
type Superscript struct{ ast.BaseInline }

// Kind implements ast.Node.
func (n *Superscript) Kind() ast.NodeKind { return KindSuperscript }

// Dump implements ast.Node.
func (n *Superscript) Dump(source []byte, level int) {
	ast.DumpHelper(n, source, level, nil, nil)
}

type superscriptRenderer struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (superscriptRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(KindSuperscript, renderSuperscript)
}

func renderSuperscript(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	tag := "</sup>"
	if entering {
		tag = "<sup>"
	}
	_, err := w.WriteString(tag)
	return ast.WalkContinue, err
}

// chevronParser keeps <<mot>> from being read as the tag <mot>: where a >>
// follows in the block, << is text, which the typographer makes a guillemet.
type chevronParser struct{}

// Trigger implements parser.InlineParser.
func (chevronParser) Trigger() []byte { return []byte{'<'} }

// Parse implements parser.InlineParser.
func (chevronParser) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if len(line) < 3 || line[1] != '<' || line[2] == '<' || block.PrecendingCharacter() == '<' {
		return nil
	}
	if lastChevrons(block, pc) < segment.Start+2 {
		return nil
	}
	block.Advance(2)
	return ast.NewTextSegment(segment.WithStop(segment.Start + 2))
}

// chevrons remembers where the last >> of a stretch of source is, so that a
// block of << is not searched again for each.
type chevrons struct{ from, to, last int }

var chevronsKey = parser.NewContextKey()

// lastChevrons is the position in the source of the block's last >>, or -1.
func lastChevrons(block text.Reader, pc parser.Context) int {
	line, at := block.Position()
	if known, ok := pc.Get(chevronsKey).(chevrons); ok && known.from <= at.Start && at.Start < known.to {
		return known.last
	}
	defer block.SetPosition(line, at)
	found := chevrons{from: at.Start, last: -1}
	for {
		value, segment := block.PeekLine()
		if value == nil {
			break
		}
		if i := bytes.LastIndex(value, []byte(">>")); i >= 0 {
			found.last = segment.Start + i
		}
		found.to = segment.Stop
		block.AdvanceLine()
	}
	pc.Set(chevronsKey, found)
	return found.last
}
