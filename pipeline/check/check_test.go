package check_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render"
)

var paris = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return zone
}()

// Each archive is a folder of entries; its file "want" lists what Entry and
// Together find, as file:line, id, criterion, "!" for an error, arguments.
func TestFindings(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/entries/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			fsys := archive(t, name)
			want := string(fsys["want"].Data)
			delete(fsys, "want")
			got := lines(check.Sorted(find(t, fsys, nil)))
			if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// find runs the layers that need no issue.
func find(t *testing.T, fsys fstest.MapFS, sent map[string]int) []check.Finding {
	t.Helper()
	addImages(fsys)
	entries, problems, err := content.Load(fsys, content.Options{Location: paris, Languages: []string{"fr", "en"}})
	if err != nil {
		t.Fatal(err)
	}
	about := context(t, fsys)
	about.Sent = sent
	findings := check.FromAll(problems)
	for _, e := range entries {
		findings = append(findings, check.Entry(about, e)...)
	}
	return append(findings, check.Together(about, entries)...)
}

func context(t *testing.T, fsys fstest.MapFS) check.Context {
	t.Helper()
	words, err := locales.Load(locales.Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := render.New(render.Config{Name: "La Lettre", PostalAddress: "1 rue de l’Exemple, 75000 Paris"}, words, render.NewAssets(fsys))
	if err != nil {
		t.Fatal(err)
	}
	return check.Context{Files: fsys, Renderer: renderer, Base: "https://lettre.example.org", Now: time.Date(2026, 11, 18, 9, 0, 0, 0, paris)}
}

// addImages gives the folder pictures of the sizes that matter.
func addImages(fsys fstest.MapFS) {
	fsys["images/petite.png"] = &fstest.MapFile{Data: picture(600, 0)}
	fsys["images/large.png"] = &fstest.MapFile{Data: picture(1201, 0)}
	fsys["images/fe\u0302te.png"] = &fstest.MapFile{Data: picture(1300, 0)} // as a Mac names it
	fsys["images/lourde.png"] = &fstest.MapFile{Data: picture(1200, 201<<10)}
	fsys["images/fausse.png"] = &fstest.MapFile{Data: []byte("RIFF____WEBPVP8 ")}
}

// archive reads a txtar file: "-- name --" lines, each followed by a file's text.
func archive(t *testing.T, name string) fstest.MapFS {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for _, part := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n-- ")[1:] {
		file, text, _ := strings.Cut(part, " --\n")
		fsys[file] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	return fsys
}

func lines(findings []check.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s:%d %s", f.File, f.Line, f.ID)
		if f.RGAA != "" {
			b.WriteString(" RGAA " + f.RGAA)
		}
		if f.Severity == content.Error {
			b.WriteString(" !")
		}
		for _, name := range slices.Sorted(maps.Keys(f.Args)) {
			value := f.Args[name]
			if t, ok := value.(time.Time); ok {
				value = t.Format(time.DateOnly)
			}
			fmt.Fprintf(&b, " %s=%v", name, value)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestLink(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ a, b string }{
		{"https://example.org/page", "http://www.example.org/page/"},
		{"https://example.org/page", "https://EXAMPLE.org/page#haut"},
		{"https://example.org/page?id=3", "https://example.org/page?utm_source=lettre&id=3&fbclid=x"},
		{"https://example.org", "https://example.org/?mtm_campaign=x"},
		{"https://été.example/a", "https://www.xn--t-9fab.example/a"},
	} {
		if a, b := check.Link(tt.a), check.Link(tt.b); a != b || a == "" {
			t.Errorf("%q and %q: %q, %q", tt.a, tt.b, a, b)
		}
	}
	for _, tt := range []struct{ a, b string }{
		{"https://example.org/page?id=3", "https://example.org/page?id=4"},
		{"https://example.org/Page", "https://example.org/page"},
		{"https://a.example.org/", "https://example.org/"},
	} {
		if a, b := check.Link(tt.a), check.Link(tt.b); a == b {
			t.Errorf("%q and %q: both %q", tt.a, tt.b, a)
		}
	}
	for _, other := range []string{"", "mailto:a@example.org", "tel:+33", "autre.md", "https://", "http://[::1"} {
		if got := check.Link(other); got != "" {
			t.Errorf("%q: %q", other, got)
		}
	}
}
