package render

import (
	"fmt"
	"html/template"
	"regexp"
	"strings"
	texttemplate "text/template"

	"github.com/infolettre/infolettre/pipeline/render/markdown"
	"github.com/infolettre/infolettre/pipeline/render/theme"
	"github.com/infolettre/infolettre/templates"
)

// outlook is what only Outlook for Windows reads. html/template strips
// comments from templates, so they come from here.
var outlook = map[string]template.HTML{
	// 96 dots an inch, or pictures grow on dense screens; and a font that it
	// has, since it takes Times for a list it does not know the first of.
	"settings": `<!--[if mso]><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml>
<style>table{border-collapse:collapse}td,p,li,h1,h2,h3,h4,h5,h6{font-family:Georgia,serif !important}</style><![endif]-->`,
	// It knows no max-width: a table of 600 px around the fluid one.
	"open":  `<!--[if mso]><table role="presentation" border="0" cellpadding="0" cellspacing="0" width="600" align="center"><tr><td><![endif]-->`,
	"close": `<!--[if mso]></td></tr></table><![endif]-->`,
}

// conditional is a block only Outlook reads, or a mark of one it skips. The
// text of authors holds none: its angle brackets are escaped.
var conditional = regexp.MustCompile(`(?s)<!--\[if mso\]>.*?<!\[endif\]-->\n?|<!--\[if !mso\]><!-->|<!--<!\[endif\]-->`)

// withoutOutlook leaves a browser what is for browsers.
func withoutOutlook(fragment template.HTML) template.HTML {
	return template.HTML(conditional.ReplaceAllString(string(fragment), ""))
}

func parseHTML(look *theme.Theme) (*template.Template, error) {
	sheet := template.CSS(look.Sheet())
	t := template.New("email").Funcs(template.FuncMap{
		"attr":    func(name string) template.HTMLAttr { return template.HTMLAttr(look.Attr(name)) },
		"colour":  look.Color,
		"sheet":   func() template.CSS { return sheet },
		"outlook": func(name string) template.HTML { return outlook[name] },
	})
	t, err := t.ParseFS(templates.Email, "email/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse mail templates: %w", err)
	}
	return t, nil
}

// parseText lets the text part's titles and sentences be laid out by the code
// that lays out its entries.
func parseText() (*texttemplate.Template, error) {
	layout := markdown.New(markdown.Options{TopHeading: 2})
	lay := func(prefix string) func(string) (string, error) {
		return func(text string) (string, error) {
			fragment, err := layout.Convert(prefix + literal(text))
			return strings.TrimSuffix(fragment.Text, "\n"), err
		}
	}
	heading := lay("## ")
	t := texttemplate.New("email").Funcs(texttemplate.FuncMap{
		"wrap": lay(""),
		"title": func(text string) (string, error) {
			laid, err := heading(text)
			return underlined(laid), err
		},
		"item": lay("- "),
	})
	t, err := t.ParseFS(templates.Email, "email/*.txt")
	if err != nil {
		return nil, fmt.Errorf("parse text template: %w", err)
	}
	return t, nil
}

// underlined turns a heading's dashes into a stronger line, above those of
// the headings inside an entry.
func underlined(heading string) string {
	end := strings.LastIndexByte(heading, '\n') + 1
	return heading[:end] + strings.ReplaceAll(heading[end:], "-", "=")
}
