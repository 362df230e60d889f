package render

import (
	"cmp"
	"fmt"
	"html/template"
	"path"
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// edition is an issue on its way to becoming a document.
type edition struct {
	*Renderer
	issue    issue.Issue
	locale   string // BCP 47
	words    words
	key      string
	anchors  []string          // of the issue's items, within its page
	files    map[string]string // path of an entry's file, in NFC → its anchor
	problems []content.Problem
}

func (r *Renderer) edition(iss issue.Issue, locale string) *edition {
	ed := &edition{
		Renderer: r,
		issue:    iss,
		locale:   locales.Canonical(locale),
		words:    words{r.catalogue.Locale(locale), r.config.Typography.NarrowSpace == typography.WideSpace},
		key:      key(iss, locale),
		files:    map[string]string{},
	}
	for _, item := range iss.Items {
		anchor := unlike(ed.anchors, anchorOf(item))
		ed.anchors = append(ed.anchors, anchor)
		for _, e := range item.Versions {
			ed.files[norm.NFC.String(e.Path)] = anchor
		}
	}
	return ed
}

// anchorOf names an entry's place alike in all languages, so that a link
// survives a change of language.
func anchorOf(item issue.Item) string {
	return cmp.Or(item.Versions[0].Slug, path.Base(item.ID))
}

// unlike is name, or name with the first number that is not taken.
func unlike(taken []string, name string) string {
	for n, first := 2, name; slices.Contains(taken, name); n++ {
		name = fmt.Sprintf("%s-%d", first, n)
	}
	return name
}

// online is the URL of the issue's page.
func (ed *edition) online() string { return ed.onlineIn(ed.locale) }

func (ed *edition) onlineIn(locale string) string {
	base := mark(ed.key, Base)
	if ed.issue.Number == 0 {
		return base + "/"
	}
	return fmt.Sprintf("%s/%s/%d", base, locale, ed.issue.Number)
}

// subscribe is the URL of the form, in the reader's language.
func (ed *edition) subscribe() string {
	return mark(ed.key, Base) + SubscribePath + "?lang=" + ed.locale
}

// others are the newsletter's locales that have this issue, this one among
// them; none when it is the only one.
func (ed *edition) others() []string {
	var have []string
	for _, locale := range ed.config.Locales {
		if ed.config.Untranslated != Omit || slices.ContainsFunc(ed.issue.Items, func(it issue.Item) bool {
			_, exact := it.Version(locale)
			return exact
		}) {
			have = append(have, locale)
		}
	}
	if ed.issue.Number == 0 || len(have) < 2 {
		return nil
	}
	return have
}

// problem notes what is wrong with an entry or the issue.
func (ed *edition) problem(p content.Problem) { ed.problems = append(ed.problems, p) }

// block is an entry as the templates see it.
type block struct {
	Anchor, URL string
	Cell        string // its row in the style table
	Full        bool   // in its whole, else summarized
	Level       int    // of the title's heading

	Lang, Dir             string // when the entry is in another language than the reader's
	ReaderLang, ReaderDir string

	Section, Kicker, Title phrase
	Dateline, Notice       string

	Excerpt phrase // with More, in place of what is not in full
	More    string

	Image, Body, Button             template.HTML
	ImageText, BodyText, ButtonText string

	file    string // as problems name it
	line    int    // of the title in it
	outline markdown.Outline
	excerpt phrase // the author's own
}

// phrase is a line of front matter, typeset.
type phrase struct {
	Text string
	HTML template.HTML // the same, with ordinals raised
}

// blocks renders the issue's entries, in the language nearest to the reader's.
// A section is named above the first entry of a row of them.
func (ed *edition) blocks() []block {
	var blocks []block
	section := ""
	for i, item := range ed.issue.Items {
		e, exact := item.Version(ed.locale)
		if !exact && ed.config.Untranslated == Omit {
			continue
		}
		b := ed.block(e, ed.anchors[i])
		if !exact {
			b.Lang, b.Dir = e.Lang, typography.Direction(e.Lang)
			b.Notice = ed.words.notice(item, e, ed.locale)
		}
		if !ed.convert(&b, e) {
			continue
		}
		b.Cell = "entry"
		if b.Section.Text == section && len(blocks) > 0 {
			b.Cell = "entry-next"
		} else if b.Section.Text == "" && len(blocks) > 0 {
			b.Cell = "entry-apart"
		}
		if b.Section.Text == section {
			b.Section = phrase{}
		} else {
			section = b.Section.Text
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// block fills in what the front matter says.
func (ed *edition) block(e content.Entry, anchor string) block {
	rules := ed.rules(e)
	b := block{
		Anchor: anchor, URL: ed.online() + "#" + anchor,
		Level:      2,
		ReaderLang: ed.locale, ReaderDir: typography.Direction(ed.locale),
		Section: ed.phrase(rules, e.Section), Kicker: ed.phrase(rules, e.Kicker), Title: ed.phrase(rules, e.Title),
		Dateline: ed.dateline(e),
		file:     e.Path, line: e.Lines["title"], excerpt: ed.phrase(rules, e.Excerpt),
	}
	if b.Section.Text != "" {
		b.Level = 3
	}
	b.More = ed.words.T("entry.more", "Title", b.Title.Text)
	return b
}

// convert draws what the entry says below its front matter. It reports false
// for an entry that passes a limit.
func (ed *edition) convert(b *block, e content.Entry) bool {
	d := ed.draw(b, e)
	if d.refused != nil {
		ed.note(e, content.Error, *d.refused)
		return false
	}
	for _, f := range d.body.Findings {
		ed.note(e, content.Warning, f)
	}
	for _, part := range []struct {
		key   string
		drawn markdown.Fragment
	}{{"image", d.image}, {"cta", d.button}} {
		for _, f := range part.drawn.Findings { // what is wrong stands in the front matter, at the key
			if f.ID == "image-alt" { // and is mended there
				f.ID = "image-key-alt"
			}
			ed.problem(content.Problem{ID: f.ID, File: e.Path, Line: e.Lines[part.key], Args: f.Args})
		}
	}
	b.Image, b.Body, b.Button = template.HTML(d.image.HTML), template.HTML(d.body.HTML), template.HTML(d.button.HTML)
	b.outline = d.body.Outline
	b.ImageText, b.BodyText, b.ButtonText = d.image.Text, d.body.Text, d.button.Text
	b.Excerpt = cmp.Or(b.excerpt, ed.phrase(ed.rules(e), cut(d.body.Lead, maxExcerpt)))
	return true
}

// maxExcerpt bounds, in characters, a summary taken from the text itself.
const maxExcerpt = 280

// note turns a finding in the body into a problem of the file.
func (ed *edition) note(e content.Entry, s content.Severity, f markdown.Finding) {
	ed.problem(content.Problem{ID: f.ID, Severity: s, File: e.Path, Line: max(e.BodyLine, 1) - 1 + f.Line, Args: f.Args})
}
