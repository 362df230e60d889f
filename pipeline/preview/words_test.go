package preview

import (
	"html/template"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jba/templatecheck"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/templates"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	pages, err := template.ParseFS(templates.Preview, "preview/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]any{"page": page{}, "gone": gonePage{}, "file": filePage{}, "notice": notice{}} {
		if err := templatecheck.CheckHTMLStrict(pages.Lookup(name), data); err != nil {
			t.Error(err)
		}
	}
}

// Every word that the pages use exists in all languages, and every word of
// this package is used.
func TestWords(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for name, choices := range map[string][]string{"view": views, "width": widths, "theme": themes} {
		for _, c := range choices {
			used["preview."+name+"."+c] = true
		}
	}
	for _, name := range []string{"images", "styles"} { // toggles
		used["preview."+name] = true
	}
	for _, name := range []string{"listening", "no-watch"} { // said by the command
		used["preview."+name] = true
	}
	var sources []string
	files, err := fs.Glob(templates.Preview, "preview/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(templates.Preview, file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, string(text))
	}
	for _, file := range []string{"page.go", "lists.go", "file.go", "serve.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, string(text))
	}
	for _, match := range regexp.MustCompile(`"(preview\.[a-z0-9.-]+[a-z0-9])"`).FindAllStringSubmatch(strings.Join(sources, "\n"), -1) {
		used[match[1]] = true
	}
	catalogue, err := locales.Load(locales.Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range catalogue.Tags() {
		for id := range used {
			if id != "preview.css" && id != "preview.js" && !catalogue.Locale(tag).Has(id) {
				t.Errorf("%s: no words for %s", tag, id)
			}
		}
	}
	text, err := fs.ReadFile(locales.Files, "active.fr.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?m)^\["(preview\.[^"]+)"\]`).FindAllStringSubmatch(string(text), -1) {
		if !used[match[1]] {
			t.Errorf("%s is never used", match[1])
		}
	}
}

// An editor's address opens the file wherever it lies.
func TestOpener(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ editor, file, want string }{
		{"", "a b.md", "/file?path=a+b.md#L7"},
		{"vscode://file/{path}:{line}", "a b.md", "vscode://file//home/anne/lettre/content/a%20b.md:7"},
		{"idea://open?file={path}&line={line}", "2026/é.md", "idea://open?file=/home/anne/lettre/content/2026/%C3%A9.md&line=7"},
	} {
		n := &Newsletter{Folder: "/home/anne/lettre/content", Editor: tt.editor}
		if got := string(n.opener(tt.file, 7)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.editor, got, tt.want)
		}
	}
}
