// Package render turns an issue into documents: what readers of one locale get by mail and find in the archive.
package render

import (
	"errors"
	"fmt"
	"html/template"
	"sort"
	texttemplate "text/template"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
	"github.com/infolettre/infolettre/pipeline/render/theme"
	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// ErrNothing says that an issue has nothing for a locale: entries that do not
// exist in its language are omitted, and none was left.
var ErrNothing = errors.New("no entry of the issue is in this language")

// Renderer makes the documents of one newsletter. It keeps no state between
// them, but for a Cache, and is safe for concurrent use; the same issue always
// gives the same bytes.
type Renderer struct {
	config    Config
	catalogue *locales.Catalogue
	assets    Assets
	theme     *theme.Theme
	html      *template.Template
	text      *texttemplate.Template
	cache     *Cache // nil: none
}

// New prepares the newsletter's look.
func New(c Config, catalogue *locales.Catalogue, assets Assets) (*Renderer, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	for _, line := range []*string{&c.Name, &c.Tagline, &c.Organization, &c.OnBehalfOf} {
		*line = oneLine(*line)
	}
	look, err := theme.New(c.Accent, c.AccentDark)
	if err != nil {
		return nil, err
	}
	html, err := parseHTML(look)
	if err != nil {
		return nil, err
	}
	text, err := parseText()
	if err != nil {
		return nil, err
	}
	return &Renderer{config: c, catalogue: catalogue, assets: assets, theme: look, html: html, text: text}, nil
}

// Document renders an issue for the readers of one locale. An entry that
// passes a limit is left out, and the problems say why.
func (r *Renderer) Document(iss issue.Issue, locale string) (Document, []content.Problem, error) {
	if _, ok := r.catalogue.Match(locale); !ok {
		return Document{}, nil, fmt.Errorf("render issue %d: no words for the locale %q", iss.Number, locale)
	}
	ed := r.edition(iss, locale)
	blocks := ed.blocks()
	if len(blocks) == 0 {
		return Document{}, ed.problems, ErrNothing
	}
	errata, some, err := ed.errata()
	if err != nil {
		return Document{}, ed.problems, fmt.Errorf("render the errata of issue %d: %w", iss.Number, err)
	}
	p := ed.page(blocks)
	if some {
		p.Entries = append(p.Entries, errata)
	}
	doc := Document{Locale: ed.locale, Key: ed.key, Subject: p.Subject, Preheader: p.Preheader}
	if err := ed.fit(&doc, p); err != nil {
		return Document{}, ed.problems, fmt.Errorf("render issue %d in %s: %w", iss.Number, locale, err)
	}
	return doc, ed.problems, nil
}

// fit fills the templates with as many whole entries as the budget allows,
// and never less than the first.
func (ed *edition) fit(doc *Document, p page) error {
	var err error
	mail := func(full int) string {
		html, failed := execute(ed.html, "mail", ed.mail(p, full))
		err = errors.Join(err, failed)
		return html
	}
	fits := func(html string) bool { return filledSize(html, ed.key) <= ed.config.Budget }

	all := len(p.Entries)
	doc.Full, doc.HTML = all, mail(all)
	if !fits(doc.HTML) {
		sort.Search(all-1, func(n int) bool {
			full := all - 1 - n
			html := mail(full)
			if fits(html) || full == 1 { // the last to come here is the fullest that fits
				doc.Full, doc.HTML = full, html
			}
			return fits(html)
		})
		if !fits(doc.HTML) {
			ed.problem(content.Problem{ID: "issue-too-large", Args: map[string]any{
				"Size": (filledSize(doc.HTML, ed.key) + 999) / 1000, "Limit": ed.config.Budget / 1000, "Key": "newsletter.budget",
			}})
		}
	}
	doc.Summarized = all - doc.Full

	text, failed := execute(ed.text, "text", ed.mail(p, doc.Full))
	err = errors.Join(err, failed)
	doc.Text = typography.Widen(text)
	doc.Web, failed = execute(ed.html, "web", ed.web(p))
	return errors.Join(err, failed)
}

// Entry renders an entry alone, as an issue without a number.
func (r *Renderer) Entry(e content.Entry, locale string) (Document, []content.Problem, error) {
	return r.Document(alone(e), locale)
}

// Check says what is wrong with an entry's text. An Error among the problems
// means that no document can hold it.
func (r *Renderer) Check(e content.Entry) []content.Problem {
	ed := r.edition(alone(e), e.Lang)
	ed.blocks()
	return ed.problems
}

// Inspect is Check, and what the author typed, with the lines of the text.
func (r *Renderer) Inspect(e content.Entry) (markdown.Outline, []content.Problem) {
	ed := r.edition(alone(e), e.Lang)
	blocks := ed.blocks()
	if len(blocks) == 0 {
		return markdown.Outline{}, ed.problems
	}
	return blocks[0].outline, ed.problems
}

func alone(e content.Entry) issue.Issue {
	return issue.Issue{Slot: e.Date, Items: []issue.Item{{ID: e.ID, Versions: []content.Entry{e}}}}
}
