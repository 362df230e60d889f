package content

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A load with a cache gives what a load without one gives, whatever happens
// to the files between two loads.
func TestCache(t *testing.T) {
	folder := t.TempDir()
	then := time.Date(2026, 11, 19, 9, 0, 0, 0, time.UTC)
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, then, then); err != nil { // a save within one tick of the clock
			t.Fatal(err)
		}
	}
	cache := NewCache()
	for _, step := range []struct {
		name   string
		change func()
	}{
		{"two files", func() { write("2026-11-18-a.md", "A1"); write("2026-11-19-b.md", "B1") }},
		{"nothing changed", func() {}},
		{"same size, same time", func() { write("2026-11-18-a.md", "A2") }},
		{"broken", func() { write("2026-11-18-a.md", "---\ntitle: [\n---\n") }},
		{"mended", func() { write("2026-11-18-a.md", "A3") }},
		{"a slug that both want", func() { write("2026-11-19-b.md", "---\nslug: a\n---\nB2") }},
		{"gone", func() { os.Remove(filepath.Join(folder, "2026-11-18-a.md")) }},
		{"back, as it was", func() { write("2026-11-18-a.md", "A3") }},
		{"a draft, dated by its last change", func() { write("c.md", "---\ndraft: true\n---\nC") }},
		{"the draft, touched", func() { then = then.Add(time.Hour); write("c.md", "---\ndraft: true\n---\nC") }},
	} {
		step.change()
		entries, problems, err := Load(os.DirFS(folder), Options{Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		wantEntries, wantProblems, err := Load(os.DirFS(folder), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantEntries, entries); diff != "" {
			t.Errorf("%s: entries differ (-fresh +cached):\n%s", step.name, diff)
		}
		if diff := cmp.Diff(wantProblems, problems); diff != "" {
			t.Errorf("%s: problems differ (-fresh +cached):\n%s", step.name, diff)
		}
	}
	if n := len(cache.files); n != 3 {
		t.Errorf("the cache holds %d files, of 3", n)
	}
}

// What a folder of a thousand entries costs when one of them was saved.
func BenchmarkLoadAgain(b *testing.B) {
	folder := b.TempDir()
	write := func(i, version int) {
		day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 2*i)
		text := fmt.Sprintf("---\ntitle: Billet %d\n---\nVersion %d.\n", i, version)
		for len(text) < 6000 {
			text += "Fin mars, un ingénieur s'agace : il attend une demi-seconde de trop.\n"
		}
		name := fmt.Sprintf("%s-billet-%d.md", day.Format(time.DateOnly), i)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 1000 {
		write(i, 0)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		b.Fatal(err)
	}
	o := Options{Cache: NewCache()}
	for n := 0; b.Loop(); n++ {
		write(n%1000, n)
		if entries, _, err := Load(root.FS(), o); err != nil || len(entries) != 1000 {
			b.Fatal(len(entries), err)
		}
	}
}
