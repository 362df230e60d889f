package markdown

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// Bare converts Markdown with GFM and footnotes to goldmark's own HTML,
// without the styles of a mail: a fragment for any page.
func Bare(source string, rules *typography.Rules) (string, error) {
	if f := Limits(source); f != nil {
		return "", &Refusal{*f}
	}
	md := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, NewTypographer(rules)))
	var out strings.Builder
	err := md.Convert([]byte(source), &out)
	return out.String(), err
}
