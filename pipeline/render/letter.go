package render

import (
	"cmp"
	"fmt"
	"html/template"
	"strings"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// Letter is a mail about one matter to one person: please confirm, you are
// subscribed already. Its texts are the program's own, from locales/, and no
// author's; what readers typed has no place in it.
type Letter struct {
	Locale  string // of these texts, when it is not the reader's
	Subject string
	Text    []string // paragraphs
	Button  string   // the one thing to do; none when empty
	URL     string   // where the button leads, absolute
	After   []string // paragraphs below the button
	Why     string   // why this mail came, for the foot
}

// Letter lays a letter out as the issues are. The document has no slot and no
// page in the archive.
func (r *Renderer) Letter(l Letter, locale string) (Document, error) {
	locale = cmp.Or(l.Locale, locale)
	w := words{r.catalogue.Locale(locale), r.config.Typography.NarrowSpace == typography.WideSpace}
	if tag := locales.Canonical(locale); tag != "" && strings.HasPrefix(tag+"-", w.Tag()+"-") {
		locale = tag
	} else {
		locale = w.Tag()
	}
	converter := markdown.New(markdown.Options{Styles: r.theme, Dir: typography.Direction(locale), Words: w.markdown(), TopHeading: 3})
	body, err := converter.Convert(l.source())
	if err != nil {
		return Document{}, fmt.Errorf("lay out the letter %q: %w", l.Subject, err)
	}
	p := r.frame(w, locale)
	p.Subject, p.Preheader = typography.Widen(l.Subject), typography.Widen(oneLine(l.Text[0]))
	p.Filler = filler(p.Preheader)
	p.Why = l.Why
	title := phrase{Text: l.Subject, HTML: template.HTML(template.HTMLEscapeString(l.Subject))}
	p.Entries = []block{{Cell: "entry", Full: true, Level: 2, Title: title, Body: template.HTML(body.HTML), BodyText: body.Text}}

	doc := Document{Locale: locale, Subject: p.Subject, Preheader: p.Preheader}
	if doc.HTML, err = execute(r.html, "mail", p); err != nil {
		return Document{}, err
	}
	text, err := execute(r.text, "text", p)
	doc.Text = typography.Widen(text)
	return doc, err
}

// source is the letter in Markdown, every sign of its texts literal.
func (l Letter) source() string {
	var parts []string
	add := func(paragraphs []string) {
		for _, p := range paragraphs {
			parts = append(parts, literal(oneLine(p)))
		}
	}
	add(l.Text)
	if l.Button != "" {
		parts = append(parts, "["+literal(oneLine(l.Button))+"]("+destination(l.URL)+` "bouton")`)
	}
	add(l.After)
	return strings.Join(parts, "\n\n")
}
