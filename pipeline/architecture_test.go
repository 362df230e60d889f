package pipeline_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/infolettre/infolettre/"

// imports says what each package may import of ours. A package or an arrow
// that is not in it fails the test: a new one is a reviewed line here.
var imports = map[string][]string{
	"templates":                  {},
	"locales":                    {},
	"content":                    {},
	"pipeline/content":           {},
	"pipeline/content/git":       {},
	"pipeline/issue":             {"pipeline/content", "pipeline/setting"},
	"pipeline/setting":           {},
	"pipeline/render/typography": {"pipeline/setting"},
	"pipeline/render/theme":      {"pipeline/setting"},
	"pipeline/render/link":       {},
	"pipeline/render/mailrules":  {"pipeline/loopback", "pipeline/render/link", "pipeline/render/typography"},
	"pipeline/render/markdown":   {"pipeline/loopback", "pipeline/render/link", "pipeline/render/typography"},
	"pipeline/render": {"pipeline/content", "pipeline/issue", "pipeline/render/markdown", "pipeline/render/theme",
		"pipeline/render/typography", "pipeline/setting", "templates", "locales"},
	"pipeline/audience":         {},
	"pipeline/message":          {"pipeline/render", "pipeline/audience"},
	"pipeline/deliver":          {"pipeline/audience", "pipeline/setting"},
	"pipeline/deliver/smtptest": {},
	"pipeline/httpd":            {},
	"pipeline/loopback":         {"pipeline/httpd"},
	"pipeline/mailbox":          {"pipeline/loopback", "templates", "locales"},
	"pipeline/outbox":           {"pipeline/audience", "pipeline/deliver"},
	"pipeline/web": {"pipeline/audience", "pipeline/content", "pipeline/deliver", "pipeline/httpd", "pipeline/render", "pipeline/render/theme", "pipeline/setting",
		"pipeline/stats", "templates", "locales"},
	"pipeline": {"pipeline/content", "pipeline/issue", "pipeline/render", "pipeline/audience",
		"pipeline/message", "pipeline/deliver"},
	"pipeline/check": {"pipeline/content", "pipeline/issue", "pipeline/loopback", "pipeline/render", "pipeline/render/link",
		"pipeline/render/markdown", "pipeline/render/mailrules"},
	"pipeline/preview": {"pipeline", "pipeline/content", "pipeline/issue", "pipeline/render", "pipeline/render/mailrules", "pipeline/check",
		"pipeline/deliver", "pipeline/loopback", "templates", "locales"},
	"pipeline/stats":           {"pipeline/audience", "pipeline/deliver", "pipeline/issue", "locales"},
	"pipeline/store":           {"pipeline/issue", "pipeline/render", "pipeline/audience", "pipeline/deliver", "pipeline/stats"},
	"pipeline/store/storetest": {"pipeline/store"},
	"pipeline/schedule":        {"pipeline", "pipeline/content", "pipeline/deliver", "pipeline/issue", "pipeline/setting"},
	"cmd/infolettre":           {"*"},
}

// owners says which packages may import a library; a library that is not here
// may be imported by all.
var owners = map[string][]string{
	"github.com/yuin/goldmark":       {"pipeline/render/markdown"},
	"github.com/nicksnyder/go-i18n":  {"locales"},
	"github.com/BurntSushi/toml":     {"locales", "pipeline/content"},
	"github.com/robfig/cron":         {"pipeline/issue"},
	"github.com/wneessen/go-mail":    {"pipeline/message", "pipeline/deliver"},
	"github.com/emersion/go-smtp":    {"pipeline/mailbox"},
	"github.com/emersion/go-message": {"pipeline/mailbox"},
	"github.com/go-git/go-git":       {"pipeline/content/git"},
	"golang.org/x/net/html":          {"pipeline/render/mailrules"},
	"golang.org/x/net/idna":          {"pipeline/audience", "pipeline/render/link"},
	"golang.org/x/net/publicsuffix":  {"pipeline/render/mailrules"},
	"github.com/fsnotify/fsnotify":   {"pipeline/preview"},
	"modernc.org/sqlite":             {"pipeline/store"},
	"github.com/riverqueue/river":    {"pipeline/schedule"},
	"riverqueue.com/riverui":         {"pipeline/schedule"},
	"github.com/jackc/pgx":           {"pipeline/store"},
	"github.com/pressly/goose":       {"pipeline/store"},
	"go.yaml.in/yaml":                {"pipeline/content", "cmd/infolettre"},
	"github.com/spf13":               {"cmd/infolettre"},
	"github.com/caarlos0/env":        {"cmd/infolettre"},
	"github.com/schollz/progressbar": {"cmd/infolettre"},
	"database/sql":                   {"pipeline/store", "pipeline/store/storetest", "pipeline/schedule"},
}

func TestArchitecture(t *testing.T) {
	found := parse(t, os.DirFS(".."))
	for _, pkg := range slices.Sorted(maps.Keys(found)) {
		allowed, listed := imports[pkg]
		if !listed {
			t.Errorf("package %s is not in the table", pkg)
			continue
		}
		for _, imported := range found[pkg] {
			if ours, ok := strings.CutPrefix(imported, module); ok {
				if !slices.Contains(allowed, ours) && !slices.Contains(allowed, "*") {
					t.Errorf("%s imports %s", pkg, ours)
				}
				continue
			}
			if owner := owned(imported); owner != nil && !slices.Contains(owner, pkg) {
				t.Errorf("%s imports %s, which belongs to %s", pkg, imported, strings.Join(owner, " and "))
			}
		}
	}
	for pkg, allowed := range imports {
		for _, arrow := range allowed {
			if arrow != "*" && !slices.Contains(found[pkg], module+arrow) {
				t.Errorf("the table lets %s import %s, which it does not", pkg, arrow)
			}
		}
	}
	for library := range owners {
		used := false
		for _, list := range found {
			used = used || slices.ContainsFunc(list, func(s string) bool { return within(s, library) })
		}
		if !used {
			t.Errorf("the table names an owner of %s, which nobody imports", library)
		}
	}
}

// parse lists the imports of every package but those of its tests.
func parse(t *testing.T, fsys fs.FS) map[string][]string {
	found := map[string][]string{}
	err := fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(file)
		found[pkg] = append(found[pkg], "")
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[pkg] = append(found[pkg], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func owned(imported string) []string {
	for library, owner := range owners {
		if within(imported, library) {
			return owner
		}
	}
	return nil
}

// within reports that a package is the library's or below it.
func within(imported, library string) bool {
	return imported == library || strings.HasPrefix(imported, library+"/")
}
