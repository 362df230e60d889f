package content

import (
	"cmp"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

var lineEnds = regexp.MustCompile(`[ \t]*\n[ \t\n]*`)

// oneLine joins the lines of a text.
func oneLine(text string) string {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "\n") {
		return text
	}
	return lineEnds.ReplaceAllString(text, " ")
}

// isText refuses what is a list or a group, where an entry would not be the
// same without its text.
func (p *parser) isText(f field) bool {
	if f.node.Kind != yaml.ScalarNode {
		p.refuse("value-text", p.line(f.node), map[string]any{"Key": f.key})
	}
	return f.node.Kind == yaml.ScalarNode
}

// text reads one line of text, whatever type YAML takes it for. The lines of
// a block (| or >) are joined. Control characters, which YAML's escapes can
// hide ("\r\nBcc: "), are refused: texts end up in mail headers. What is no
// text is not read.
func (p *parser) text(f field) string {
	n := f.node
	switch {
	case n.Kind != yaml.ScalarNode:
		p.warn("value-text", p.line(n), map[string]any{"Key": f.key})
		return ""
	case n.ShortTag() == "!!null":
		return ""
	}
	text := strings.TrimSpace(n.Value)
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		text = oneLine(text)
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\t' || r == '\u2028' || r == '\u2029' {
			p.refuse("value-control", p.line(n), map[string]any{"Key": f.key, "Code": codePoint(r)})
			return ""
		}
	}
	return strings.ReplaceAll(text, "\t", " ")
}

func (p *parser) readTitle(f field) bool {
	return p.isText(f) && set(&p.entry.Title, p.prose(field{f.key, f.line, withoutHTML(f.node)}))
}

// prose is text that YAML may have cut: after a blank, "#" begins a comment,
// and half of "title: Le billet #12" is gone without a word.
func (p *parser) prose(f field) string {
	text := p.text(f)
	n := f.node
	if strings.Contains(text, "{{") || strings.Contains(text, "{%") {
		p.warn("residue-liquid", p.line(n), map[string]any{"Text": shown(text)})
	}
	if n.Kind != yaml.ScalarNode || n.Style != 0 || n.Line < 1 || n.Line > len(p.header) {
		return text
	}
	line := p.header[n.Line-1]
	rest := strings.TrimPrefix(line[min(max(n.Column-1, 0), len(line)):], n.Value)
	if strings.HasPrefix(strings.TrimLeft(rest, " \t"), "#") {
		p.warn("front-matter-comment", p.line(n), map[string]any{"Key": f.key})
	}
	return text
}

// readExcerpt takes several lines in quotes too, as a block has them.
func (p *parser) readExcerpt(f field) bool {
	if f.node.Kind == yaml.ScalarNode {
		joined := *withoutHTML(f.node)
		joined.Value = oneLine(joined.Value)
		f.node = &joined
	}
	return set(&p.entry.Excerpt, p.prose(f))
}

var inlineTag = regexp.MustCompile(`(?i)</?(?:a|abbr|b|br|cite|code|del|div|em|i|img|p|small|span|strong|sub|sup|u)\b[^<>]*>`)

// withoutHTML reads a text that site generators put into a page as it stands.
func withoutHTML(n *yaml.Node) *yaml.Node {
	text := *n
	text.Value = plainOf(n.Value)
	return &text
}

func plainOf(text string) string {
	if !strings.ContainsAny(text, "<&") {
		return text
	}
	return html.UnescapeString(inlineTag.ReplaceAllString(text, ""))
}

// list reads one text or a list of texts. An item may be a group with a name,
// as authors are in several themes; another group is not read.
func (p *parser) list(f field) (texts []string) {
	items := []*yaml.Node{f.node}
	if f.node.Kind == yaml.SequenceNode {
		items = f.node.Content
	}
	for _, item := range items {
		if item.Kind == yaml.AliasNode {
			item = item.Alias
		}
		if item.Kind == yaml.MappingNode {
			item = cmp.Or(valueOf(item, "name", "nom", "display_name"), item)
		}
		if item.Kind != yaml.ScalarNode {
			p.warn("value-list", p.line(item), map[string]any{"Key": f.key})
			continue
		}
		if text := p.text(field{f.key, f.line, item}); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// valueOf finds the text of the first of the names in a group, or nil.
func valueOf(group *yaml.Node, names ...string) *yaml.Node {
	for _, name := range names {
		for i := 0; i+1 < len(group.Content); i += 2 {
			if value := group.Content[i+1]; group.Content[i].Value == name && value.Kind == yaml.ScalarNode {
				return value
			}
		}
	}
	return nil
}

func (p *parser) readAuthors(f field) bool {
	p.entry.Authors = p.list(f)
	return len(p.entry.Authors) > 0
}

// readTags also takes "a, b": a tag has no comma, where an author's name may.
// Categories are tags here: which rubric a text belongs to is for "section".
func (p *parser) readTags(f field) bool {
	for _, text := range p.list(f) {
		for tag := range strings.SplitSeq(text, ",") {
			if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(p.entry.Tags, tag) {
				p.entry.Tags = append(p.entry.Tags, tag)
			}
		}
	}
	return true
}

// readTaxonomies is Zola's group of them.
func (p *parser) readTaxonomies(f field) bool {
	if f.node.Kind != yaml.MappingNode {
		return false
	}
	p.mapping(f.node, f.key+".", []known{{names: []string{"tags", "categories"}, every: true, read: (*parser).readTags}})
	return true
}

// toggle reads yes or no.
func (p *parser) toggle(f field) (on, ok bool) {
	on, ok = toggleValue(f.node.Value)
	return on, ok && f.node.Kind == yaml.ScalarNode
}

func toggleValue(text string) (on, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "oui", "vrai", "1":
		return true, true
	case "false", "no", "off", "non", "faux", "0":
		return false, true
	}
	return false, false
}

// readDraft takes what is neither yes nor no for yes, since sending a draft
// cannot be undone.
func (p *parser) readDraft(f field) bool {
	if f.node.ShortTag() == "!!null" {
		return false
	}
	on, ok := p.toggle(f)
	if !ok {
		p.warn("draft-unclear", p.line(f.node), map[string]any{"Key": f.key})
	}
	p.entry.Draft = p.entry.Draft || on || !ok
	return true
}

// readPublished is Jekyll's yes or no, or the date that other generators give it.
func (p *parser) readPublished(f field) bool {
	if f.node.ShortTag() == "!!null" {
		return false
	}
	on, ok := p.toggle(f)
	if _, dated := parseDate(f.node.Value); !ok && dated {
		return !p.entry.Date.IsZero() || p.badDate || p.readDate(f)
	}
	if !ok {
		p.warn("draft-unclear", p.line(f.node), map[string]any{"Key": f.key})
	}
	p.entry.Draft = p.entry.Draft || !on
	return true
}

// readStatus is that of posts which were WordPress's.
func (p *parser) readStatus(f field) bool {
	switch strings.ToLower(f.node.Value) {
	case "draft", "pending", "private", "future", "brouillon":
		p.entry.Draft = true
	}
	return true
}

func (p *parser) readTypography(f field) bool {
	if f.node.ShortTag() == "!!null" {
		return false
	}
	on, ok := p.toggle(f)
	if !ok {
		p.warn("value-toggle", p.line(f.node), map[string]any{"Key": f.key})
	}
	p.entry.Plain = ok && !on
	return ok
}

// readLanguage takes a locale as systems write it too: fr_FR.UTF-8.
func (p *parser) readLanguage(f field) bool {
	value := p.text(f)
	tag, _, _ := strings.Cut(value, ".")
	p.entry.Lang = canonical(tag)
	if p.entry.Lang == "" && value != "" {
		p.warn("lang-format", p.line(f.node), map[string]any{"Value": shown(value)})
	}
	return p.entry.Lang != ""
}

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (p *parser) readSlug(f field) bool {
	value := p.text(f)
	if slugForm.MatchString(value) {
		p.entry.Slug, p.slugLine = value, p.line(f.node)
		return true
	}
	slug := Slugify(value)
	if slug == "" {
		return false
	}
	p.entry.Slug, p.slugLine = slug, p.line(f.node)
	p.warn("slug-format", p.slugLine, map[string]any{"Value": shown(value), "Example": slug})
	return true
}

// readImage takes a bare source too, as Markdown editors write it.
func (p *parser) readImage(f field) bool {
	image := &p.entry.Image
	if f.node.Kind != yaml.MappingNode {
		image.Src = p.source(f)
		return true
	}
	p.mapping(f.node, f.key+".", []known{
		{names: []string{"src", "path", "url", "file"}, read: func(p *parser, f field) bool { return set(&image.Src, p.source(f)) }},
		{names: []string{"alt"}, read: func(p *parser, f field) bool { return set(&image.Alt, p.prose(f)) }},
	})
	if image.Src == "" {
		p.warn("image-source", p.line(f.node), nil)
	}
	return true
}

// source reads where an image is; "false" says that there is none. Themes use
// the key for other things, such as "true"; what is no place is not read.
func (p *parser) source(f field) string {
	value := p.text(f)
	on, toggle := toggleValue(value)
	if toggle && !on {
		return ""
	}
	if toggle || !isAddress(value) {
		p.warn("image-address", p.line(f.node), map[string]any{"Key": f.key, "Value": shown(value)})
		return ""
	}
	return value
}

// readCTA takes a bare label too: the button then leads to the subscribe page.
func (p *parser) readCTA(f field) bool {
	cta := &p.entry.CTA
	if f.node.Kind != yaml.MappingNode {
		return p.isText(f) && set(&cta.Label, p.prose(f))
	}
	p.mapping(f.node, f.key+".", []known{
		{names: []string{"label"}, read: func(p *parser, f field) bool { return set(&cta.Label, p.prose(f)) }},
		{names: []string{"url"}, read: func(p *parser, f field) bool { return set(&cta.URL, p.address(f)) }},
	})
	if cta.Label == "" && !refused(p.problems) {
		p.refuse("cta-label", p.line(f.node), nil)
	}
	return true
}

// address reads a path or a URL a mail may lead to.
func (p *parser) address(f field) string {
	value := p.text(f)
	if !isAddress(value) {
		p.refuse("address-form", p.line(f.node), map[string]any{"Key": f.key, "Value": shown(value)})
	}
	return value
}

func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && slices.Contains([]string{"", "http", "https", "mailto"}, u.Scheme)
}
