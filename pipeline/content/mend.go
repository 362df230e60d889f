package content

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// keyLine is a line "key: value" of the front matter, at any indent.
var keyLine = regexp.MustCompile(`^[ \t]*(?:- +)?([\pL\pN_-]+)(:[ \t]*)(\S.*)?$`)

// refuseYAML says what broke the front matter in an author's terms, rather
// than a parser's.
func (p *parser) refuseYAML(header string, err error) {
	lines := strings.Split(strings.TrimSuffix(header, "\n"), "\n")
	at := errorLine(err, len(lines))
	if strings.Contains(err.Error(), "exceeded max depth") {
		p.refuse("front-matter-nested", p.fence+1+at, nil)
		return
	}
	for _, i := range []int{at, max(at-1, 0)} { // YAML may notice one line too late
		if id, args := slip(lines[i]); id != "" {
			p.refuse(id, p.fence+1+i, args)
			return
		}
	}
	p.refuse("front-matter-yaml", p.fence+1+at, nil)
}

// errorLine is the index of the line that YAML complains of: where what it
// was reading began, else where it stopped.
func errorLine(err error, lines int) int {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return 0
	}
	line := load.Mark.Line
	if began := load.ContextMsg; strings.Contains(began, "quoted") || strings.Contains(began, "simple key") {
		line = load.ContextMark.Line
	}
	return min(max(line-1, 0), lines-1)
}

// slip recognises the usual mistakes of people who have never heard of YAML.
func slip(line string) (id string, args map[string]any) {
	if strings.HasPrefix(strings.TrimLeft(line, " "), "\t") {
		return "front-matter-tab", nil
	}
	m := keyLine.FindStringSubmatch(line)
	if m == nil || m[3] == "" {
		return "", nil
	}
	key, colon, value := m[1], m[2], strings.TrimSpace(m[3])
	if colon == ":" && among(fields, key) {
		return "front-matter-space", map[string]any{"Key": shown(key), "Value": shown(value)}
	}
	if yaml.Load([]byte(strings.TrimSpace(line)), new(yaml.Node)) == nil {
		return "", nil // nothing wrong with this line alone
	}
	switch value[0] {
	case '"', '\'':
		return "front-matter-quote", map[string]any{"Key": shown(key)}
	case '@', '`', '%', '&', '*', '!', '|', '>':
		return "front-matter-sign", nil
	case '[', '{':
		return "front-matter-bracket", map[string]any{"Key": shown(key)}
	}
	if strings.Contains(value, ": ") || strings.HasSuffix(value, ":") {
		return "front-matter-colon", map[string]any{"Key": shown(key), "Value": shown(quoted(value))}
	}
	return "", nil
}

// quoted writes a text as YAML's double quotes hold it; Go's escapes are
// among YAML's, and invisible characters become visible.
func quoted(text string) string { return strconv.QuoteToGraphic(text) }

// unknownKey is a key that nothing reads, and the one its author most likely
// meant, if any.
type unknownKey struct {
	field
	near string
}

// tellUnknown warns only, and once for all keys that are like no other, so
// that other programs may keep keys of their own. A misspelt draft is
// nevertheless a draft: it must not be sent by a slip.
func (p *parser) tellUnknown() {
	slices.SortFunc(p.unknown, func(a, b unknownKey) int { return cmp.Compare(a.line, b.line) })
	var keys []string
	line := 0
	for _, k := range p.unknown {
		if k.near == "" {
			keys, line = append(keys, shown(k.key)), cmp.Or(line, k.line)
			continue
		}
		p.warn("key-misspelled", k.line, map[string]any{"Key": shown(k.key), "Near": k.near})
		if on, _ := toggleValue(k.node.Value); k.near == "draft" && on {
			p.entry.Draft = true
		}
	}
	if keys != nil {
		p.warn("key-unknown", line, map[string]any{"Keys": shown(strings.Join(keys, ", ")), "Count": len(keys)})
	}
}

// inFrench are keys French authors write of themselves.
var inFrench = map[string]string{
	"titre": "title", "langue": "lang", "rubrique": "section", "surtitre": "kicker", "chapo": "excerpt", "extrait": "excerpt", "resume": "excerpt",
	"auteur": "authors", "auteurs": "authors", "mots_cles": "tags", "etiquettes": "tags", "categories": "tags", "brouillon": "draft",
	"legende": "alt", "lien": "url", "typographie": "typography",
}

// nearestKey is the key not given that an author most likely meant, "" when
// none is near.
func nearestKey(key string, table []known, given map[string]field) string {
	const longest = 32 // nothing longer is near a key
	folded := fold(key)
	if len(key) > longest || folded == "" {
		return ""
	}
	best, distance := "", 3
	if len(folded) < 5 {
		distance = 2
	}
	for _, k := range table {
		if slices.ContainsFunc(k.names, func(name string) bool { _, ok := given[name]; return ok }) {
			continue
		}
		name := k.names[0]
		if inFrench[folded] == name {
			return name
		}
		if d := editDistance(folded, name); d < distance && folded[0] == name[0] {
			best, distance = name, d
		}
	}
	return best
}

// editDistance counts the letters to add, to drop, to change or to swap with
// their neighbours; on bytes, keys are ASCII.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range len(a) {
		for j := range len(b) {
			change := rows[i][j]
			if a[i] != b[j] {
				change++
			}
			d := min(change, rows[i][j+1]+1, rows[i+1][j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = d
		}
	}
	return rows[len(a)][len(b)]
}
