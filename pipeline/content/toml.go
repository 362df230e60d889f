package content

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v4"
)

// What the library reads in time that grows with the square: a.a.a, of which
// a line can hold thousands, and tables on one line in one another.
var longKey = regexp.MustCompile(`(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){9}`)

const maxInlineTables = 64

// readTOML reads Hugo's front matter as if it had been written in YAML.
func (p *parser) readTOML(header string) (root *yaml.Node, ok bool) {
	if at := longKey.FindStringIndex(header); at != nil {
		p.refuse("front-matter-nested", p.fence+1+strings.Count(header[:at[0]], "\n"), nil)
		return nil, false
	}
	if strings.Count(header, "{") > maxInlineTables {
		p.refuse("front-matter-nested", p.fence+1+strings.Count(header[:strings.IndexByte(header, '{')], "\n"), nil)
		return nil, false
	}
	var table map[string]any
	if _, err := toml.Decode(header, &table); err != nil {
		line := 1
		var at toml.ParseError
		if errors.As(err, &at) {
			line = at.Position.Line
		}
		p.refuse("front-matter-toml", p.fence+max(line, 1), nil)
		return nil, false
	}
	root = nodeOf(table, keyLines(header), 1)
	if tooDeep(root, maxDepth) {
		p.refuse("front-matter-nested", p.fence+1, nil)
		return nil, false
	}
	return root, true
}

var tomlKey = regexp.MustCompile(`(?m)^[ \t]*(?:\[+[ \t]*)?["']?([\w.-]+)["']?[ \t]*[=\]]`)

// keyLines finds the first line on which each key stands.
func keyLines(header string) map[string]int {
	lines := map[string]int{}
	line, from := 1, 0
	for _, at := range tomlKey.FindAllStringSubmatchIndex(header, -1) {
		for _, c := range header[from:at[2]] {
			if c == '\n' {
				line++
			}
		}
		from = at[2]
		if key := header[at[2]:at[3]]; lines[key] == 0 {
			lines[key] = line
		}
	}
	return lines
}

// nodeOf writes a TOML value as a YAML node. The library tells no lines but
// those of errors: a value has its key's, a nested one that of the first key
// of that name.
func nodeOf(value any, lines map[string]int, line int) *yaml.Node {
	switch v := value.(type) {
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: line}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := max(lines[key], line)
			n.Content = append(n.Content, text(key, at), nodeOf(v[key], lines, at))
		}
		return n
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: line}
		for _, item := range v {
			n.Content = append(n.Content, nodeOf(item, lines, line))
		}
		return n
	case []map[string]any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: line}
		for _, item := range v {
			n.Content = append(n.Content, nodeOf(item, lines, line))
		}
		return n
	case time.Time:
		return text(tomlTime(v), line)
	default:
		return text(fmt.Sprint(v), line)
	}
}

func text(s string, line int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: s, Line: line}
}

// tomlTime writes a time as the author did; the library marks those without
// an offset by the names of their zones.
func tomlTime(t time.Time) string {
	switch t.Location().String() {
	case "date-local":
		return t.Format(time.DateOnly)
	case "datetime-local":
		return t.Format("2006-01-02T15:04:05")
	case "time-local":
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.RFC3339)
}

func tooDeep(n *yaml.Node, depth int) bool {
	return depth == 0 || slices.ContainsFunc(n.Content, func(child *yaml.Node) bool { return tooDeep(child, depth-1) })
}
