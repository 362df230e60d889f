package content

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// Each archive is a folder of entries; its file "want" lists every problem as
// path:line, id, and "!" when it refuses the entry, then every entry that loads.
func TestMalformed(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/malformed/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			fsys := archive(t, name)
			want := string(fsys["want"].Data)
			delete(fsys, "want")
			entries, problems, err := Load(fsys, Options{Languages: []string{"fr", "en"}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(summary(entries, problems), "\n")); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
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

func summary(entries []Entry, problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		mark := ""
		if p.Severity == Error {
			mark = " !"
		}
		fmt.Fprintf(&b, "%s:%d %s%s", p.File, p.Line, p.ID, mark)
		var args []string
		for name, value := range p.Args {
			args = append(args, fmt.Sprintf(" %s=%v", name, value))
		}
		slices.Sort(args)
		fmt.Fprintln(&b, strings.Join(args, ""))
	}
	for _, e := range entries {
		fmt.Fprintf(&b, "+ %s\n", e.Path)
	}
	return b.String()
}
