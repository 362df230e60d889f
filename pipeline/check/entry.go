package check

import (
	"slices"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
)

// Entry finds what is wrong with one entry, whatever the others are: its
// links, images and headings, its words, Markdown that came to nothing, and
// what rendering leaves out.
func Entry(c Context, e content.Entry) []Finding {
	b := builder{context: c, entry: e}
	typed, problems := c.Renderer.Inspect(e)
	b.findings = FromAll(problems)
	out := whole(e, typed)
	for _, l := range out.Links {
		b.link(l)
	}
	for _, i := range out.Images {
		b.image(i)
	}
	for _, t := range out.Texts {
		b.words(t)
	}
	for _, l := range out.Leftovers {
		b.warn(l.ID, l.Line, map[string]any{"Text": l.Text})
	}
	return b.findings
}

// builder gathers the findings of one entry.
type builder struct {
	context  Context
	entry    content.Entry
	findings []Finding
	told     map[string]bool // words, once an entry
}

func (b *builder) warn(id string, line int, args map[string]any) {
	b.findings = append(b.findings, From(content.Problem{ID: id, File: b.entry.Path, Line: line, Args: args}))
}

// outline is that of the whole entry, front matter included, with the lines
// of the file.
func outline(e content.Entry) (markdown.Outline, error) {
	out, err := markdown.ReadOutline(e.Body)
	return whole(e, out), err
}

// whole adds the front matter to the outline of the text, and counts lines as
// the file does. The outline of the text may be somebody else's: it stays.
func whole(e content.Entry, out markdown.Outline) markdown.Outline {
	out.Links, out.Images, out.Texts = slices.Clone(out.Links), slices.Clone(out.Images), slices.Clone(out.Texts)
	out.Leftovers = slices.Clone(out.Leftovers)
	above := max(e.BodyLine, 1) - 1
	for i := range out.Links {
		out.Links[i].Line += above
	}
	for i := range out.Images {
		out.Images[i].Line += above
	}
	for i := range out.Texts {
		out.Texts[i].Line += above
	}
	for i := range out.Leftovers {
		out.Leftovers[i].Line += above
	}
	if e.CTA.URL != "" {
		out.Links = append(out.Links, markdown.LinkRef{Text: e.CTA.Label, URL: e.CTA.URL, Line: e.Lines["cta"]})
	}
	if e.Image.Src != "" {
		out.Images = append(out.Images, markdown.ImageRef{Alt: e.Image.Alt, URL: e.Image.Src, Line: e.Lines["image"]})
	}
	out.Texts = append(frontTexts(e), out.Texts...)
	return out
}

// frontTexts are the words of the front matter; a title without a line was
// taken from the text.
func frontTexts(e content.Entry) (texts []markdown.TextRef) {
	for _, t := range []struct{ key, text string }{
		{"title", e.Title}, {"kicker", e.Kicker}, {"section", e.Section}, {"excerpt", e.Excerpt},
		{"image", e.Image.Alt}, {"cta", e.CTA.Label},
	} {
		if t.text != "" && e.Lines[t.key] > 0 {
			texts = append(texts, markdown.TextRef{Text: t.text, Line: e.Lines[t.key]})
		}
	}
	return texts
}
