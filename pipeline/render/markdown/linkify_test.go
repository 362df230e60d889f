package markdown

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// linkifyCases are what stands at the edges of the words that linkify takes.
var linkifyCases = []string{
	"un mot, deux mots (et trois) https://exemple.fr/a_b*c, http://exemple.fr. Fin  \nau bout\\\nde www.exemple.fr\n",
	"écrire à a.b+c@exemple.fr, a_b@exemple.fr ou *c*d@exemple.fr, pas à @nous ni @ vous",
	"de l'eau `code` https://exemple.fr [un lien https://exemple.fr](x) ![alt www.exemple.fr](y) <https://exemple.fr> <b>",
	"\\ *a* b\\ _c_ \\\\ \\( http://exemple.fr \\https://exemple.fr\\\\\\\nsuite *x*",
	"> une citation\tavec  des   blancs \t\n> et la suite \n\n- [ ] ftp://exemple.fr/ ~~à faire~~ www.exemple.fr/(a)",
	"| a https://exemple.fr | b c d |\n|---|---|\n| w ww. www. x@y | hhttp httpx://a ftp |\n\n    du code\n",
	"voir https://fr.exemple.org/wiki/Réunion_(île), www.exemple.fr/été. et https://www.académie.exemple/été?où=là#ça !",
	"un[^1] deux trois\n\n[^1]: la note de www.exemple.fr\n",
}

// FuzzLinkify holds that linkify leaves the tree goldmark's own leaves, given
// the same patterns.
func FuzzLinkify(f *testing.F) {
	for _, source := range linkifyCases {
		f.Add(source)
	}
	with := func(linkify goldmark.Extender) parser.Parser {
		return goldmark.New(goldmark.WithExtensions(
			extension.Table, extension.Strikethrough, extension.TaskList, extension.Footnote, linkify, NewTypographer(nil, rulesOf),
		)).Parser()
	}
	theirs, ours := with(extension.NewLinkify(addresses...)), with(linkify{})
	f.Fuzz(func(t *testing.T, source string) {
		want, got := tree(theirs, source), tree(ours, source)
		if got != want {
			t.Errorf("%q\n  got  %s\n  want %s", source, got, want)
		}
	})
}

// tree writes the nodes of a source, each text with its place.
func tree(p parser.Parser, source string) string {
	var b strings.Builder
	_ = ast.Walk(p.Parse(text.NewReader([]byte(source))), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				fmt.Fprint(&b, n.Segment, n.SoftLineBreak(), n.HardLineBreak())
			}
		case *ast.AutoLink:
			if entering {
				fmt.Fprintf(&b, "<%s>", n.URL([]byte(source)))
			}
		default:
			fmt.Fprint(&b, n.Kind(), entering)
		}
		b.WriteByte(' ')
		return ast.WalkContinue, nil
	})
	return b.String()
}
