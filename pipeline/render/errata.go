package render

import (
	"html/template"
	"strings"

	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// erratumAnchor is where an issue tells what was wrong in earlier ones.
const erratumAnchor = "erratum"

// errata is the block that tells what was wrong in earlier issues, behind the
// entries; ok is false when there is nothing to tell.
func (ed *edition) errata() (b block, ok bool, err error) {
	if len(ed.issue.Errata) == 0 {
		return block{}, false, nil
	}
	var lines []string
	for _, e := range ed.issue.Errata {
		lines = append(lines, ed.words.T("erratum.line", "Number", e.Number,
			"Date", ed.words.Date("short", e.Slot.In(ed.config.Location)), "What", ed.sentence(e)))
	}
	rules := ed.rulesOf(ed.locale)
	converter := markdown.New(markdown.Options{Styles: ed.theme, Dir: typography.Direction(ed.locale), Words: ed.words.markdown(), TopHeading: 3})
	var source strings.Builder
	for _, line := range lines {
		source.WriteString(literal(rules.Text(line)) + "\n\n") // typeset first: a literal sign is nobody's to change
	}
	body, err := converter.Convert(source.String())
	if err != nil {
		return block{}, false, err
	}
	anchor := unlike(ed.anchors, erratumAnchor)
	b = block{
		Anchor: anchor, URL: ed.online() + "#" + anchor, Cell: "entry-next", Level: 2,
		ReaderLang: ed.locale, ReaderDir: typography.Direction(ed.locale),
		Title: ed.phrase(rules, ed.words.T("erratum.title", "Count", len(lines))), Body: template.HTML(body.HTML), BodyText: body.Text,
		Excerpt: ed.phrase(rules, cut(strings.Join(lines, " "), maxExcerpt)),
	}
	b.More = ed.words.T("entry.more", "Title", b.Title.Text)
	return b, true, nil
}

// corrected says above an issue when and why it was changed.
func (ed *edition) corrected() []phrase {
	var lines []phrase
	for _, e := range ed.issue.Corrected {
		line := ed.words.T("erratum.corrected", "Date", ed.words.Date("short", e.At.In(ed.config.Location)), "What", ed.sentence(e))
		lines = append(lines, ed.phrase(ed.rulesOf(ed.locale), line))
	}
	return lines
}

// sentence is what was wrong and how it should read.
func (ed *edition) sentence(e issue.Erratum) string {
	what := oneLine(e.Reason)
	if e.Text != "" {
		what += " " + oneLine(e.Text)
	}
	return what
}
