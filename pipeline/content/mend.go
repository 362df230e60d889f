package content

import (
	"errors"
	"maps"
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
	if colon == ":" && fields[key] != nil {
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

// inFrench are keys French authors write of themselves.
var inFrench = map[string]string{
	"titre": "title", "langue": "lang", "rubrique": "section", "surtitre": "kicker", "chapo": "excerpt", "extrait": "excerpt",
	"auteur": "authors", "auteurs": "authors", "mots-cles": "tags", "etiquettes": "tags", "brouillon": "draft",
	"legende": "alt", "lien": "url", "typographie": "typography",
}

// nearestKey is the known key an author most likely meant, "" when none is near.
func nearestKey(key string, readers map[string]reader) string {
	const far, longest = 3, 32 // nothing longer is near a key
	if len(key) > longest {
		return ""
	}
	folded := fold(key)
	if near := inFrench[folded]; readers[near] != nil {
		return near
	}
	best, distance := "", min(far, len(folded))
	for _, known := range slices.Sorted(maps.Keys(readers)) {
		if d := editDistance(folded, known); d < distance {
			best, distance = known, d
		}
	}
	return best
}

// editDistance is Levenshtein's, on bytes: keys are ASCII.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
