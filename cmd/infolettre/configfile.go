package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/infolettre/infolettre/pipeline/render/theme"
	"github.com/infolettre/infolettre/pipeline/setting"
)

// configError is a mistake in the file, with the key's place, or in the
// environment, without.
type configError struct {
	path string
	line int
	id   string // "config.<id>"
	args []any
	err  error
}

func (e *configError) Error() string {
	return fmt.Sprintf("%s:%d: %s: %v", e.path, e.line, e.id, e.err)
}

// loadConfig reads the file, then the environment over it.
func (a *app) loadConfig() (config, error) {
	data, err := os.ReadFile(a.configPath)
	if errors.Is(err, fs.ErrNotExist) {
		return config{}, a.fail(nil, "config.missing", "Path", a.configPath)
	}
	if err != nil {
		return config{}, a.fail(err, "config.unreadable", "Path", a.configPath)
	}
	c, err := parseConfig(a.configPath, data, a.environ)
	var at *configError
	if errors.As(err, &at) {
		what := a.words.T("config."+at.id, at.args...)
		if at.path == "" {
			return config{}, &failure{text: what, err: err}
		}
		return config{}, a.fail(at.err, "config.error", "Place", placeOf(at.path, at.line), "What", what)
	}
	return c, err
}

// parseConfig decodes strictly: an unknown key is an error with its line.
func parseConfig(path string, data []byte, environ []string) (config, error) {
	c := config{dir: filepath.Dir(path)}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return c, &configError{path: path, line: errorLine(err), id: "yaml"}
	}
	if len(doc.Content) > 0 {
		if err := checkKeys(path, doc.Content[0], reflect.TypeFor[config](), ""); err != nil {
			return c, err
		}
		if err := doc.Content[0].Decode(&c); err != nil {
			line := errorLine(err)
			return c, &configError{path: path, line: line, id: "value", args: []any{"Line", lineOf(data, line)}}
		}
	}
	if err := c.setFrom(environment(environ)); err != nil {
		return c, err
	}
	return c, c.complete(&place{path, doc})
}

// lineOf is the line of that number, without the blanks around it.
func lineOf(data []byte, number int) string {
	lines := strings.Split(string(data), "\n")
	if number < 1 || number > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[number-1])
}

func errorLine(err error) int {
	var load *yaml.LoadError
	if errors.As(err, &load) {
		return load.Mark.Line
	}
	return 0
}

// checkKeys walks the file and the struct together and refuses the first key
// that the struct does not have.
func checkKeys(path string, node *yaml.Node, t reflect.Type, parent string) error {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode {
			for _, item := range node.Content {
				if err := checkKeys(path, item, t.Elem(), parent); err != nil {
					return err
				}
			}
			return nil
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || node.Kind != yaml.MappingNode {
		return nil
	}
	known := fields(t)
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		field, ok := known[key.Value]
		if !ok {
			return &configError{path: path, line: key.Line, id: "unknown-key", args: []any{"Key", parent + key.Value, "Near", nearest(key.Value, slices.Collect(maps.Keys(known)))}}
		}
		if seen[key.Value] {
			return &configError{path: path, line: key.Line, id: "duplicate-key", args: []any{"Key", parent + key.Value}}
		}
		seen[key.Value] = true
		if err := checkKeys(path, value, field, parent+key.Value+"."); err != nil {
			return err
		}
	}
	return nil
}

// fields lists a struct's YAML keys, those of inline structs included.
func fields(t reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			for k, v := range fields(f.Type) {
				keys[k] = v
			}
		case name != "" && name != "-":
			keys[name] = f.Type
		}
	}
	return keys
}

// nearest is the known key most like the unknown one, "" when none is.
func nearest(key string, known []string) string {
	best, least := "", max(2, len(key)/3)+1
	for _, k := range known {
		if d := distance(strings.ToLower(key), strings.ToLower(k)); d < least || d == least && k < best {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's, on bytes: keys are ASCII.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// place finds the line of a value in the file.
type place struct {
	path string
	doc  yaml.Node
}

func (p *place) fail(key, id string, err error, args ...any) error {
	return &configError{path: p.path, line: p.line(key), id: id, args: append([]any{"Key", key}, args...), err: err}
}

// unfit is the error of a stage whose settings cannot work, below key.
func (p *place) unfit(key string, err error) error {
	var bad *setting.Error
	var faint *theme.ContrastError
	switch {
	case errors.As(setting.Below(key, err), &bad):
		return &configError{path: p.path, line: p.line(bad.Key), id: itemNumber.ReplaceAllString(bad.Key, ""), args: []any{"Key", bad.Key, "Value", bad.Value}}
	case errors.As(err, &faint):
		return p.fail(key+"."+faint.Setting, "contrast", nil, "Value", faint.Colour, "On", faint.On, "Instead", faint.Suggestion)
	}
	return err
}

// itemNumber is what one message leaves out for all items of a list.
var itemNumber = regexp.MustCompile(`\.\d+`)

func (p *place) line(key string) int {
	_, line := p.find(key)
	return line
}

// value is the scalar that the file itself gives the key, whatever the
// environment says; "" when it gives none.
func (p *place) value(key string) string {
	if node, _ := p.find(key); node != nil && node.Kind == yaml.ScalarNode {
		return node.Value
	}
	return ""
}

// find goes down a path of keys as far as the file does. node is nil when it
// does not hold the last.
func (p *place) find(key string) (node *yaml.Node, line int) {
	if len(p.doc.Content) == 0 {
		return nil, 0
	}
	node = p.doc.Content[0]
	for part := range strings.SplitSeq(key, ".") {
		var below *yaml.Node
		if n, err := strconv.Atoi(part); err == nil && node != nil && node.Kind == yaml.SequenceNode && n < len(node.Content) {
			node = node.Content[n]
			line = node.Line
			continue
		}
		for i := 0; node != nil && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == part {
				below, line = node.Content[i+1], node.Content[i].Line
				break
			}
		}
		node = below
	}
	return node, line
}

// configPath finds --config before the command tree exists.
func configPath(args []string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--config="); ok {
			return value
		}
		if (arg == "--config" || arg == "-c") && i+1 < len(args) {
			return args[i+1]
		}
	}
	return defaultConfig
}

// firstLanguage is the newsletter's own language, "" without a readable file.
func firstLanguage(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	var c struct {
		Newsletter struct{ Languages []string }
	}
	if yaml.Unmarshal(data, &c) != nil || len(c.Newsletter.Languages) == 0 {
		return ""
	}
	return c.Newsletter.Languages[0]
}
