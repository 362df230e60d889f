package content

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"
)

// File is an entry about to be written.
type File struct {
	Date     time.Time
	HasClock bool
	Lang     string
	Title    string
	Authors  []string
	CTA      CTA
	Comments []string // lines of the front matter that nothing reads
	Body     string   // Markdown
}

// FileName is where the entry belongs: 2025-02-20-la-course-a-l-ia.fr.md.
func (f File) FileName() string {
	name := f.Date.Format(time.DateOnly)
	if slug := Slugify(f.Title); slug != "" {
		name += "-" + slug
	}
	return name + "." + f.Lang + ".md"
}

// Markdown is the entry's file.
func (f File) Markdown() []byte {
	var b strings.Builder
	b.WriteString("---\n")
	title := f.Title
	if plainOf(title) != title {
		title = html.EscapeString(title)
	}
	fmt.Fprintf(&b, "title: %s\n", scalar(title))
	date := f.Date.Format(time.DateOnly)
	if f.HasClock {
		date = f.Date.Format("2006-01-02 15:04")
	}
	fmt.Fprintf(&b, "date: %s\n", date)
	for i, author := range f.Authors {
		if i == 0 {
			b.WriteString("authors:\n")
		}
		fmt.Fprintf(&b, "  - %s\n", scalar(author))
	}
	if f.CTA.Label != "" {
		fmt.Fprintf(&b, "cta:\n  label: %s\n", scalar(f.CTA.Label))
		if f.CTA.URL != "" {
			fmt.Fprintf(&b, "  url: %s\n", scalar(f.CTA.URL))
		}
	}
	for _, c := range f.Comments {
		fmt.Fprintf(&b, "# %s\n", c)
	}
	b.WriteString("---\n")
	if f.Body != "" {
		b.WriteString("\n" + f.Body)
	}
	return []byte(b.String())
}

// plainScalar is text that YAML takes for nothing else, but for some words, in
// YAML 1.1 or 1.2; the rest is quoted.
var plainScalar = regexp.MustCompile(`^\pL[\pL\pN ’'.,!?;()«»\x{A0}\x{202F}/–—…-]*$`)

var reservedScalar = regexp.MustCompile(`^(?i:null|true|false|yes|no|on|off|y|n)$`)

func scalar(text string) string {
	if plainScalar.MatchString(text) && !reservedScalar.MatchString(text) && !strings.HasSuffix(text, " ") {
		return text
	}
	return quoted(text)
}
