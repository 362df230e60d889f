package content

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each archive is a folder as a generator has it; its file "want" lists every
// entry with what was understood of it, then every problem.
func TestDialects(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/dialects/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			fsys := archive(t, name)
			want := string(fsys["want"].Data)
			delete(fsys, "want")
			for _, f := range fsys {
				f.ModTime = time.Date(2026, 5, 4, 8, 30, 0, 0, time.UTC)
			}
			entries, problems, err := Load(fsys, Options{Location: paris(t), Languages: []string{"fr", "en"}})
			if err != nil {
				t.Fatal(err)
			}
			got := summary(nil, problems)
			for _, e := range slices.Backward(entries) {
				got = understood(e) + "\n" + got
			}
			if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

func understood(e Entry) string {
	date := e.Date.Format("2006-01-02 15:04")
	if e.Date.Hour()+e.Date.Minute() == 0 {
		date = e.Date.Format(time.DateOnly)
	}
	parts := []string{e.Path, date, e.Lang, e.Title}
	for name, value := range map[string]string{
		"by": strings.Join(e.Authors, ", "), "tags": strings.Join(e.Tags, ", "), "excerpt": e.Excerpt, "image": strings.TrimSpace(e.Image.Src + " " + e.Image.Alt),
	} {
		if value != "" {
			parts = append(parts, name+" "+value)
		}
	}
	if e.Draft {
		parts = append(parts, "draft")
	}
	slices.SortFunc(parts[4:], func(a, b string) int { return strings.Compare(order(a), order(b)) })
	return strings.Join(parts, " | ")
}

// order puts who and what before the rest.
func order(part string) string {
	word, _, _ := strings.Cut(part, " ")
	return fmt.Sprint(slices.Index([]string{"draft", "by", "tags", "excerpt", "image"}, word))
}
