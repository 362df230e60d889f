package content

import (
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// maxDepth of nesting: the deepest front matter has a list or a group in the whole.
const maxDepth = 8

// split cuts the front matter from the body. It stands between two lines
// "---", or "+++" in Hugo's TOML; blank lines may precede it. A file may have
// none: its name then says the date.
func (p *parser) split(text string) (header string, ok bool) {
	trimmed := strings.TrimLeft(text, " \t\n")
	start := strings.LastIndexByte(text[:len(text)-len(trimmed)], '\n') + 1
	line := 1 + strings.Count(text[:start], "\n")
	first, rest, _ := strings.Cut(text[start:], "\n")
	m := fence.FindStringSubmatch(first)
	switch {
	case m != nil:
		p.format = m[1] + strings.ToLower(m[2])
	case first == "{" || strings.HasPrefix(first, `{"`):
		p.refuse("front-matter-json", line, nil)
		return "", false
	default:
		header, body := bareHeader(text[start:])
		if header != "" {
			p.fence = line - 1
		}
		if !strings.HasSuffix(strings.TrimSuffix(text[:len(text)-len(body)], "\n"), "\n---") {
			header = rawValues(header, func(string) bool { return true })
		}
		p.entry.Body, p.entry.BodyLine = body, line+strings.Count(text[start:len(text)-len(body)], "\n")
		return header, true
	}
	header, body, closed := cutAtFence(rest, m[1])
	switch {
	case !closed:
		p.refuse("front-matter-unclosed", line, map[string]any{"Fence": m[1]})
		return "", false
	case len(header) > maxHeader:
		p.refuse("front-matter-too-large", line, map[string]any{"Limit": maxHeader / 1000})
		return "", false
	}
	p.fence = line
	p.entry.Body, p.entry.BodyLine = body, line+strings.Count(header, "\n")+2
	return header, true
}

// fence opens the front matter; Eleventy lets a language follow.
var fence = regexp.MustCompile(`^(---|\+\+\+)(\w*)[ \t]*$`)

var bareKey = regexp.MustCompile(`^([A-Za-z][\w-]*):\s`)

// bareHeader takes off the front matter that MkDocs lets stand without fences,
// up to a blank line, and Hexo with the closing one only. Other text may begin
// with "Rappel:"; this begins with a known key, and has a title or a date.
func bareHeader(text string) (header, body string) {
	told, length := false, 0
	for line := range strings.Lines(text) {
		end := strings.TrimSpace(line)
		if end == "" || end == "---" {
			header, body = text[:length], text[length+len(line):]
			break
		}
		key := ""
		if m := bareKey.FindStringSubmatch(line); m != nil {
			key = strings.ToLower(m[1])
		}
		if length == 0 && !among(fields, key) && !meaningless[key] || key == "" && !strings.ContainsRune(" \t-", rune(line[0])) {
			return "", text
		}
		told = told || key == "title" || key == "date"
		length += len(line)
	}
	if !told || header == "" {
		return "", text
	}
	return header, body
}

// rawValues quotes the values of some keys that are no YAML: MkDocs and
// Pelican take them as they stand, up to the end of the line.
func rawValues(header string, of func(key string) bool) string {
	lines := strings.SplitAfter(header, "\n")
	for i, line := range lines {
		m := keyLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m != nil && m[3] != "" && of(m[1]) && yaml.Load([]byte(line), new(yaml.Node)) != nil {
			lines[i] = line[:strings.Index(line, m[1])] + m[1] + ": " + quoted(strings.TrimSpace(m[3])) + "\n"
		}
	}
	return strings.Join(lines, "")
}

// cutAtFence also closes YAML at "...", its own end of a document.
func cutAtFence(text, fence string) (before, after string, found bool) {
	for start := 0; start < len(text); {
		line, rest, _ := strings.Cut(text[start:], "\n")
		if end := strings.TrimRight(line, " \t"); end == fence || end == "..." && fence == "---" {
			return text[:start], rest, true
		}
		start += len(line) + 1
	}
	return "", "", false
}

// readHeader reads the front matter as nodes, never into Go types:
// "title: 2025" is a text, and a date keeps the form its author gave it.
func (p *parser) readHeader(header string) bool {
	var root *yaml.Node
	var ok bool
	switch p.format {
	case "", "---", "---yaml", "---yml", "---json": // JSON is YAML
		root, ok = p.readYAML(withoutBoundBlanks(header))
	case "+++", "---toml":
		root, ok = p.readTOML(header)
	default:
		p.refuse("front-matter-language", p.fence, map[string]any{"Name": shown(p.format[3:])})
	}
	if !ok {
		return false
	}
	if root == nil {
		return true
	}
	p.aliased = map[string]bool{}
	p.findAliases(root)
	p.mapping(root, "", fields)
	p.tellUnknown()
	return !refused(p.problems)
}

// boundBlank is the no-break space that a French keyboard puts after a colon
// as easily as a blank; to YAML it would be part of the key.
var boundBlank = regexp.MustCompile(`(?m)^([ \t]*[\w-]+[ \t]?:)[\x{a0}\x{202f}]+`)

func withoutBoundBlanks(header string) string {
	if !strings.Contains(header, ":\u00a0") && !strings.Contains(header, ":\u202f") {
		return header
	}
	return boundBlank.ReplaceAllString(header, "$1 ")
}

// readYAML returns no root for front matter without keys. Values of keys that
// mean nothing here need not be YAML.
func (p *parser) readYAML(header string) (root *yaml.Node, ok bool) {
	documents, err := loadYAML(header)
	if err != nil {
		if lenient, again := loadYAML(rawValues(header, func(key string) bool { return meaningless[keyName(key)] })); again == nil {
			documents, err = lenient, nil
		}
	}
	switch {
	case err != nil:
		p.refuseYAML(header, err)
		return nil, false
	case len(documents) == 0:
		return nil, true
	case len(documents) > 1:
		p.refuse("front-matter-yaml", p.line(documents[1]), nil)
		return nil, false
	}
	root = documents[0].Content[0]
	if root.Kind != yaml.MappingNode {
		p.refuse("front-matter-shape", p.line(root), nil)
		return nil, false
	}
	p.header = strings.Split(header, "\n")
	return root, true
}

// loadYAML reads the first two documents at most: there should be but one.
func loadYAML(header string) (documents []*yaml.Node, err error) {
	loader, err := yaml.NewLoader(strings.NewReader(header), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	for err == nil && len(documents) < 2 {
		doc := new(yaml.Node)
		if err = loader.Load(doc); err == nil {
			documents = append(documents, doc)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return documents, err
}

// line is the node's line in the file.
func (p *parser) line(n *yaml.Node) int { return p.fence + max(n.Line, 1) }

// field is one key of the front matter with its value.
type field struct {
	key  string // as written; "cta.url" inside a group
	line int
	node *yaml.Node
}

// known is something an entry can be told, under the names it has in the
// generators' dialects, the preferred one first.
type known struct {
	names []string
	every bool // all of the names count, not the first that tells something
	read  func(*parser, field) (told bool)
}

// mapping hands each value to the reader of its key, and remembers keys that
// have none.
func (p *parser) mapping(n *yaml.Node, group string, table []known) {
	given := p.keys(n, group, table)
	for _, k := range table {
		for _, name := range k.names {
			f, ok := given[name]
			if !ok || !p.readable(f) || !k.read(p, f) {
				continue
			}
			p.entry.Lines[group+k.names[0]] = f.line
			if !k.every {
				break
			}
		}
	}
	for name, f := range given {
		if !meaningless[name] && !among(table, name) {
			p.unknown = append(p.unknown, unknownKey{f, nearestKey(name, table, given)})
		}
	}
}

func among(table []known, name string) bool {
	return slices.ContainsFunc(table, func(k known) bool { return slices.Contains(k.names, name) })
}

// keys lists the fields by the names they have in the tables. Hugo's keys may
// be in capitals.
func (p *parser) keys(n *yaml.Node, group string, table []known) map[string]field {
	given := map[string]field{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			p.refuse("front-matter-shape", p.line(key), nil)
			continue
		}
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		f := field{group + key.Value, p.line(key), value}
		name := keyName(key.Value)
		first, twice := given[name]
		if !twice {
			given[name] = f
			continue
		}
		severity := Error
		if same := value.Kind == yaml.ScalarNode && value.Value == first.node.Value; same || meaningless[name] || !among(table, name) {
			severity = Warning
		}
		p.report("key-duplicate", severity, f.line, map[string]any{"Key": shown(f.key), "First": first.line})
	}
	return given
}

// keyName is a key as the tables have it.
func keyName(key string) string { return strings.ReplaceAll(strings.ToLower(key), "-", "_") }

// readable refuses a value with YAML's tags, or an anchor that nothing refers
// to: it is a text that begins with & or ! and lacks its quotes, and part of
// it is lost.
func (p *parser) readable(f field) bool {
	if n := p.reserved(f.node); n != nil {
		p.refuse("front-matter-sign", p.line(n), nil)
		return false
	}
	return true
}

func (p *parser) reserved(n *yaml.Node) *yaml.Node {
	if n.Anchor != "" && !p.aliased[n.Anchor] || n.Style&yaml.TaggedStyle != 0 && !slices.Contains(plainTags, n.ShortTag()) {
		return n
	}
	for _, child := range n.Content {
		if found := p.reserved(child); found != nil {
			return found
		}
	}
	return nil
}

// plainTags say of a text what it is anyway.
var plainTags = []string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!seq", "!!map"}

// findAliases never follows an alias: nine lists of nine aliases to one
// another are 81 nodes here, and a billion where they are expanded.
func (p *parser) findAliases(n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		p.aliased[n.Value] = true
	}
	for _, child := range n.Content {
		p.findAliases(child)
	}
}
