package markdown

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// Bare converts Markdown with GFM and footnotes to goldmark's own HTML,
// without the styles of a mail: a fragment for any page. The findings are of
// languages that authors named for blocks.
func Bare(source string, rules *typography.Rules, of RulesOf) (string, []Finding, error) {
	md := goldmark.New(goldmark.WithExtensions(
		extension.Table, extension.Strikethrough, extension.TaskList, linkify{},
		extension.Footnote,
		expansionGuard{},
		languages{"ltr"},
		NewTypographer(rules, of),
	))
	root, src, noted, err := parse(md.Parser(), source)
	if err != nil {
		return "", nil, err
	}
	var out strings.Builder
	err = md.Renderer().Render(&out, src, root)
	return out.String(), languageFindings(noted), err
}
