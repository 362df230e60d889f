package render

import (
	"fmt"
	"strings"

	"github.com/infolettre/infolettre/pipeline/render/markdown"
	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// Preface puts a letter's words before a document, which stays what readers
// would get: the very mail, for those who decide about it.
func (r *Renderer) Preface(d Document, l Letter) (Document, error) {
	converter := markdown.New(markdown.Options{
		Styles: r.theme, Dir: typography.Direction(d.Locale), TopHeading: 3,
		Words: words{r.catalogue.Locale(d.Locale), r.config.Typography.NarrowSpace == typography.WideSpace}.markdown(),
	})
	body, err := converter.Convert(l.source())
	if err != nil {
		return Document{}, fmt.Errorf("preface issue: %w", err)
	}
	const article = `<div role="article"`
	at := strings.Index(d.HTML, article)
	if at < 0 {
		return Document{}, fmt.Errorf("preface issue: no %s in the mail", article)
	}
	// An address may be longer than a line.
	box := `<div lang="` + d.Locale + `" style="max-width:600px;margin:0 auto;padding:0 24px;overflow-wrap:anywhere;word-break:break-word">` + "\n<div " +
		r.theme.Attr("entry") + ">\n" + body.HTML + "</div>\n</div>\n"
	d.HTML = d.HTML[:at] + box + d.HTML[at:]
	d.Text = typography.Widen(body.Text) + "\n\n" + strings.Repeat("=", 72) + "\n\n" + d.Text
	d.Subject = typography.Widen(l.Subject)
	return d, nil
}
