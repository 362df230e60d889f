package content

import (
	"cmp"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// maxDepth of nesting: the deepest front matter has a list or a group in the whole.
const maxDepth = 8

// field is one key of the front matter with its value.
type field struct {
	key  string // "cta.url" inside a group
	node *yaml.Node
}

// reader stores a field's value in the parser's entry.
type reader func(*parser, field)

// fields are the keys an entry knows. A value of the wrong type refuses the
// whole entry: a mail half understood cannot be called back.
var fields = map[string]reader{
	"title":      func(p *parser, f field) { p.entry.Title = p.prose(f) },
	"date":       (*parser).readDate,
	"lang":       (*parser).readLanguage,
	"section":    func(p *parser, f field) { p.entry.Section = p.prose(f) },
	"kicker":     func(p *parser, f field) { p.entry.Kicker = p.prose(f) },
	"excerpt":    func(p *parser, f field) { p.entry.Excerpt = p.prose(f) },
	"authors":    func(p *parser, f field) { p.entry.Authors = p.list(f) },
	"tags":       (*parser).readTags,
	"image":      (*parser).readImage,
	"cta":        (*parser).readCTA,
	"draft":      func(p *parser, f field) { p.entry.Draft = p.toggle(f, false) },
	"slug":       (*parser).readSlug,
	"typography": func(p *parser, f field) { p.entry.Plain = !p.toggle(f, true) },
}

// readHeader reads the front matter's YAML as nodes, never into Go types:
// "title: 2025" is a text, and a date keeps the form its author gave it.
func (p *parser) readHeader(header string) bool {
	loader, err := yaml.NewLoader(strings.NewReader(header), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		p.refuseYAML(header, err)
		return false
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); err == io.EOF {
		return true
	} else if err != nil {
		p.refuseYAML(header, err)
		return false
	}
	if err := loader.Load(&second); err == nil {
		p.refuse("front-matter-yaml", p.line(&second), nil)
		return false
	} else if err != io.EOF {
		p.refuseYAML(header, err)
		return false
	}
	if n := reserved(&doc); n != nil {
		p.refuse("front-matter-sign", p.line(n), nil)
		return false
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		p.refuse("front-matter-shape", p.line(root), nil)
		return false
	}
	p.header = strings.Split(header, "\n")
	p.mapping(root, "", fields)
	return !refused(p.problems)
}

// line is the node's line in the file.
func (p *parser) line(n *yaml.Node) int { return p.fence + max(n.Line, 1) }

// reserved finds the first use of YAML's anchors, aliases and tags. In front
// matter they are a text that begins with & * or ! and lacks its quotes, or an attack.
func reserved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return n
	}
	for _, child := range n.Content {
		if found := reserved(child); found != nil {
			return found
		}
	}
	return nil
}

// mapping hands each value to the reader of its key, and remarks upon keys that have none.
func (p *parser) mapping(n *yaml.Node, group string, readers map[string]reader) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		line := p.line(key)
		if key.Kind != yaml.ScalarNode {
			p.refuse("front-matter-shape", line, nil)
			continue
		}
		name := group + key.Value
		if first, twice := seen[key.Value]; twice {
			p.refuse("key-duplicate", line, map[string]any{"Key": shown(name), "First": first})
			continue
		}
		seen[key.Value] = line
		if read, known := readers[key.Value]; known {
			read(p, field{name, value})
		} else {
			p.unknownKey(name, key.Value, line, value, readers)
		}
	}
}

// unknownKey warns only, so that other programs may keep keys of their own.
// A misspelt draft is nevertheless a draft: it must not be sent by a slip.
func (p *parser) unknownKey(name, key string, line int, value *yaml.Node, readers map[string]reader) {
	near := nearestKey(key, readers)
	if near == "" {
		p.warn("key-unknown", line, map[string]any{"Key": shown(name)})
		return
	}
	p.warn("key-misspelled", line, map[string]any{"Key": shown(name), "Near": near})
	if on, _ := toggleValue(value.Value); near == "draft" && on {
		p.entry.Draft = true
	}
}

var lineEnds = regexp.MustCompile(`[ \t]*\n[ \t\n]*`)

// text reads one line of text, whatever type YAML takes it for. The lines of
// a block (| or >) are joined. Control characters, which YAML's escapes can
// hide ("\r\nBcc: "), are refused: texts end up in mail headers.
func (p *parser) text(f field) string {
	n := f.node
	switch {
	case n.Kind != yaml.ScalarNode:
		p.refuse("value-text", p.line(n), map[string]any{"Key": f.key})
		return ""
	case n.ShortTag() == "!!null":
		return ""
	}
	text := n.Value
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		text = lineEnds.ReplaceAllString(strings.Trim(text, "\n"), " ")
	}
	for _, r := range text {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			p.refuse("value-control", p.line(n), map[string]any{"Key": f.key, "Code": codePoint(r)})
			return ""
		}
	}
	return strings.TrimSpace(text)
}

// prose is text that YAML may have cut: after a blank, "#" begins a comment,
// and half of "title: Le billet #12" is gone without a word.
func (p *parser) prose(f field) string {
	text := p.text(f)
	n := f.node
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

// list reads one text or a list of texts.
func (p *parser) list(f field) (texts []string) {
	items := []*yaml.Node{f.node}
	if f.node.Kind == yaml.SequenceNode {
		items = f.node.Content
	}
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			p.refuse("value-list", p.line(item), map[string]any{"Key": f.key})
			return nil
		}
		if text := p.text(field{f.key, item}); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// toggle reads yes or no; what is neither refuses the entry, since sending a draft cannot be undone.
func (p *parser) toggle(f field, unset bool) bool {
	if f.node.ShortTag() == "!!null" {
		return unset
	}
	on, ok := toggleValue(f.node.Value)
	if !ok || f.node.Kind != yaml.ScalarNode {
		p.refuse("value-toggle", p.line(f.node), map[string]any{"Key": f.key})
	}
	return on
}

func toggleValue(text string) (on, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "oui", "vrai":
		return true, true
	case "false", "no", "off", "non", "faux":
		return false, true
	}
	return false, false
}

func (p *parser) readDate(f field) {
	p.badDate = true
	value := p.text(f)
	if value == "" {
		p.badDate = refused(p.problems)
		return
	}
	m, ok := parseDate(value)
	line := p.line(f.node)
	if !ok {
		p.refuseDate(value, line)
		return
	}
	if fault := m.fault(); fault != "" {
		p.refuse(fault, line, map[string]any{"Value": shown(value)})
		return
	}
	p.entry.Date, p.entry.HasClock, p.badDate = m.in(p.options.Location), m.clock, false
}

// refuseDate shows the author's own date in the right form, where it can be told.
func (p *parser) refuseDate(value string, line int) {
	example := "2026-11-19"
	if m, ok := parseLooseDate(value); ok {
		if fault := m.fault(); fault != "" {
			p.refuse(fault, line, map[string]any{"Value": shown(value)})
			return
		}
		example = m.String()
	}
	p.refuse("date-format", line, map[string]any{"Value": shown(value), "Example": example})
}

func (p *parser) readLanguage(f field) {
	value := p.text(f)
	if p.entry.Lang = canonical(value); p.entry.Lang == "" && value != "" {
		p.refuse("lang-format", p.line(f.node), map[string]any{"Value": shown(value)})
	}
}

// readTags also takes "a, b": a tag has no comma, where an author's name may.
func (p *parser) readTags(f field) {
	for _, text := range p.list(f) {
		for tag := range strings.SplitSeq(text, ",") {
			if tag = strings.TrimSpace(tag); tag != "" {
				p.entry.Tags = append(p.entry.Tags, tag)
			}
		}
	}
}

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (p *parser) readSlug(f field) {
	value := p.text(f)
	if value == "" {
		return
	}
	p.entry.Slug, p.slugLine = value, p.line(f.node)
	if !slugForm.MatchString(value) {
		p.refuse("slug-format", p.slugLine, map[string]any{"Value": shown(value), "Example": cmp.Or(Slugify(value), "mon-titre")})
	}
}

// readImage takes a bare source too, as Markdown editors write it.
func (p *parser) readImage(f field) {
	image := &p.entry.Image
	if f.node.Kind != yaml.MappingNode {
		image.Src = p.address(f)
		return
	}
	p.mapping(f.node, "image.", map[string]reader{
		"src": func(p *parser, f field) { image.Src = p.address(f) },
		"alt": func(p *parser, f field) { image.Alt = p.prose(f) },
	})
	if image.Src == "" && !refused(p.problems) {
		p.refuse("image-source", p.line(f.node), nil)
	}
}

// readCTA takes a bare label too: the button then leads to the subscribe page.
func (p *parser) readCTA(f field) {
	cta := &p.entry.CTA
	if f.node.Kind != yaml.MappingNode {
		cta.Label = p.prose(f)
		return
	}
	p.mapping(f.node, "cta.", map[string]reader{
		"label": func(p *parser, f field) { cta.Label = p.prose(f) },
		"url":   func(p *parser, f field) { cta.URL = p.address(f) },
	})
	if cta.Label == "" && !refused(p.problems) {
		p.refuse("cta-label", p.line(f.node), nil)
	}
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
