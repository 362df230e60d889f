package check

import (
	"path"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render/mailrules"
)

// said are violations that Entry tells of too, by the line and in an author's
// words.
var said = []string{
	"mail-link-vague", "mail-link-empty", "mail-link-host", "mail-link-insecure", "mail-image-size", "mail-image-alt",
	"mail-image-source", "mail-image-format", "mail-link-anchor", "mail-heading-empty", "mail-heading-skip",
}

// shared are violations of authors too, though of no single entry.
var shared = []string{"mail-size", "mail-image-only"}

// Mail judges the bytes of the assembled issue. What one of its entries is
// the cause of names the entry. The rest is for whoever keeps the templates
// and the settings, and no reason to turn an author's change down: it is a
// warning.
func Mail(mail []byte, o mailrules.Options, entries []content.Entry) []Finding {
	sources := make([]source, 0, len(entries))
	for _, e := range entries {
		sources = append(sources, newSource(e))
	}
	var findings []Finding
	for _, v := range mailrules.Check(mail, o) {
		f := Finding{Problem: content.Problem{ID: v.ID, Args: v.Args}, Rule: v.Rule, RGAA: v.RGAA}
		at, found := find(sources, v)
		if found && slices.Contains(said, v.ID) {
			continue
		}
		f.File, f.Line = at.file, at.line
		if v.Severity == mailrules.Error && (found || slices.Contains(shared, v.ID)) {
			f.Severity = content.Error
		}
		findings = append(findings, f)
	}
	return findings
}

// source is where the parts of an entry come from.
type source struct {
	entry content.Entry
	parts []part
}

// part is a link, an image or a line of text, by what a violation would quote.
type part struct {
	quotes []string
	line   int
}

func newSource(e content.Entry) source {
	s := source{entry: e}
	out, err := outline(e)
	if err != nil {
		return s
	}
	for _, l := range out.Links {
		s.parts = append(s.parts, part{[]string{l.URL, l.Text}, l.Line})
	}
	for _, i := range out.Images {
		s.parts = append(s.parts, part{[]string{i.URL, i.Alt, path.Base(i.URL)}, i.Line})
	}
	for _, t := range out.Texts {
		s.parts = append(s.parts, part{[]string{t.Text}, t.Line})
	}
	return s
}

// find looks for the entry that holds what a violation quotes; a subject is
// the first entry's title.
func find(sources []source, v mailrules.Violation) (at place, found bool) {
	if len(sources) > 0 && strings.HasPrefix(v.ID, "mail-subject-") {
		first := sources[0].entry
		return place{first.Path, first.Lines["title"]}, true
	}
	var quotes []string
	for _, name := range []string{"Target", "Source", "Text"} {
		if quote, ok := v.Args[name].(string); ok && quote != "" {
			quotes = append(quotes, quote)
		}
	}
	if src, ok := v.Args["Source"].(string); ok {
		quotes = append(quotes, path.Base(src)) // the public path of a file of the folder
	}
	for _, s := range sources {
		for _, p := range s.parts {
			if slices.ContainsFunc(quotes, func(q string) bool { return slices.Contains(p.quotes, q) }) {
				return place{s.entry.Path, p.line}, true
			}
		}
	}
	return place{}, false
}
