package content

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each part of the archive is a file as it was and, after a line of "=====",
// as Tidy leaves it. "·" stands for a blank at the end of a line, "¶" for CR,
// "⟩" for a tab there, "⌂" for a byte order mark.
func TestTidy(t *testing.T) {
	t.Parallel()
	signs := strings.NewReplacer("·", " ", "¶", "\r", "⟩", "\t", "⌂", "\uFEFF")
	for name, file := range archive(t, "testdata/tidy.txtar") {
		before, want, ok := strings.Cut(signs.Replace(string(file.Data)), "=====\n")
		if !ok {
			t.Fatalf("%s: no line of =====", name)
		}
		got, mends := Tidy(name, []byte(before), Options{})
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(string(got), "\n")); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", name, diff)
		}
		if (len(mends) == 0) != (before == want) {
			t.Errorf("%s: said %v", name, mends)
		}
		if again, more := Tidy(name, got, Options{}); string(again) != string(got) || len(more) > 0 {
			t.Errorf("%s: a second time does %v", name, more)
		}
	}
}

// What cannot be read is no business of Tidy's.
func TestTidyLeaves(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"2026-11-19-a.md": "---\ntitle: \"a\n---\nb  \n",
		"2026-11-19-b.md": "---\ntitle: caf\xe9\n---\nb  \n",
		"c.md":            "sans date  \n",
		"2026-11-19-d.md": "---\ndate: 19/11/2026\n---\nb  \n",
	} {
		if got, mends := Tidy(name, []byte(text), Options{}); string(got) != text || mends != nil {
			t.Errorf("%s: %q %v", name, got, mends)
		}
	}
}

// Tidying twice does nothing the second time, and an entry is read as before:
// the same text, but for blanks at the ends of its lines, and the same date.
func FuzzTidy(f *testing.F) {
	data, err := os.ReadFile("testdata/tidy.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, part := range strings.Split(string(data), "\n-- ") {
		_, text, _ := strings.Cut(part, " --\n")
		f.Add(text)
	}
	const name = "2026-11-19-billet.fr.md"
	f.Fuzz(func(t *testing.T, text string) {
		o := Options{}.WithDefaults()
		tidy, mends := Tidy(name, []byte(text), o)
		if again, more := Tidy(name, tidy, o); string(again) != string(tidy) || len(more) > 0 {
			t.Fatalf("%q: %v, then %q %v, then %q", text, mends, tidy, more, again)
		}
		was, is := parse(name, []byte(text), time.Time{}, o), parse(name, tidy, time.Time{}, o)
		if refused(was.problems) {
			return
		}
		if a, b := read(was.entry), read(is.entry); a != b {
			t.Fatalf("%q: read as\n%s\nthen as\n%s", text, a, b)
		}
	})
}

func read(e Entry) string {
	lines := strings.Split(e.Body, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return fmt.Sprint(e.Title, "|", e.Date, "|", e.Excerpt, "|", e.Lang, "|", e.Draft, "|", strings.TrimSpace(strings.Join(lines, "\n")))
}
