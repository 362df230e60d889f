package markdown

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxExpansion bounds, in bytes, the addresses and titles of all links
// together. Those written in place fit in the source; more means that a long
// definition is used again and again, as 100 KiB can be to make a gigabyte.
const maxExpansion = 2 * maxSource

// expansionGuard empties a document that passes maxExpansion, before the
// typographer works on every copy, and leaves the refusal in the context.
type expansionGuard struct{}

var refusalKey = parser.NewContextKey()

// beforeTypographer is a priority: transformers run from the lowest on.
const beforeTypographer = typographerPriority - 1

// Extend implements goldmark.Extender.
func (g expansionGuard) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(g, beforeTypographer)))
}

// Transform implements parser.ASTTransformer.
func (expansionGuard) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	size := 0
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			size += len(n.Destination) + len(n.Title)
		case *ast.Image:
			size += len(n.Destination) + len(n.Title)
		}
		if size <= maxExpansion {
			return ast.WalkContinue, nil
		}
		line := 1 + bytes.Count(reader.Source()[:max(n.Pos(), 0)], []byte("\n"))
		pc.Set(refusalKey, &Refusal{Finding{ID: "limit-references", Line: line}})
		return ast.WalkStop, nil
	})
	if size > maxExpansion {
		doc.RemoveChildren(doc)
	}
}
