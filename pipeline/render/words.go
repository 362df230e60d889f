package render

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// words are the reader's language.
type words struct {
	*locales.Locale
	wide bool // U+00A0 for every U+202F
}

// T is Locale.T, with the spaces that the newsletter's readers' fonts have.
func (w words) T(id string, args ...any) string {
	text := w.Locale.T(id, args...)
	if w.wide {
		return typography.Widen(text)
	}
	return text
}

func (w words) markdown() markdown.Words {
	return markdown.Words{
		Image: func(alt string) string { return w.T("text.image", "Alt", alt) },
		Field: func(label, value string) string { return w.T("text.field", "Label", label, "Value", value) },
	}
}

// list joins names: "A", "A et B", "A, B et C".
func (w words) list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return w.T("list.last", "Others", strings.Join(names[:last], ", "), "Last", names[last])
}

// notice tells a reader that an entry is not in their language.
func (w words) notice(item issue.Item, e content.Entry, locale string) string {
	if len(item.Versions) == 1 {
		return w.T("entry.only-in", "Language", languageName(e.Lang, locale))
	}
	return w.T("entry.not-in", "Wanted", languageName(locale, locale), "Language", languageName(e.Lang, locale))
}

// languageName is the name of a language, regions aside, in the reader's own.
func languageName(tag, locale string) string {
	base, _ := language.Make(tag).Base()
	namer := display.Languages(language.Make(locale))
	if namer == nil {
		namer = display.Languages(language.English)
	}
	return namer.Name(base)
}

// dateline is an entry's date, with the hour its author gave, and its authors.
func (ed *edition) dateline(e content.Entry) string {
	style := "dateline-day"
	if e.HasClock {
		style = "dateline"
	}
	when := ed.words.Date(style, e.Date.In(ed.config.Location))
	var authors []string
	for _, a := range e.Authors {
		authors = append(authors, oneLine(a))
	}
	if len(authors) == 0 {
		return when
	}
	return ed.words.T("entry.by", "When", when, "Authors", ed.words.list(authors))
}
