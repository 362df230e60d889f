package content

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTitles(t *testing.T) {
	t.Parallel()
	cases := archive(t, "testdata/titles.txtar")
	for name, f := range cases {
		name, ok := strings.CutSuffix(name, ".md")
		if !ok {
			continue
		}
		r := parse("2026-11-19-"+name+".md", f.Data, time.Time{}, Options{}.WithDefaults())
		got := fmt.Sprintf("%s\n%d\n%s", r.entry.Title, r.entry.BodyLine, r.entry.Body)
		if refused(r.problems) {
			got = r.problems[0].ID
		}
		want := string(cases[name+".want"].Data)
		if diff := cmp.Diff(strings.TrimRight(want, "\n"), strings.TrimRight(got, "\n")); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", name, diff)
		}
		// Lines keep their numbers: the body's last line is the file's last.
		lines := strings.Split(string(f.Data), "\n")
		if r.entry.Body != "" && r.entry.BodyLine+strings.Count(r.entry.Body, "\n") != len(lines) {
			t.Errorf("%s: the body does not end where the file does", name)
		}
	}
}

// Every sign that Markdown lets escape comes back as itself, whatever marks
// went in between.
func TestPlain(t *testing.T) {
	t.Parallel()
	const signs = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
	var escaped string
	for _, sign := range signs {
		escaped += `\` + string(sign)
	}
	for in, want := range map[string]string{
		"a " + escaped + " b":                      "a " + signs + " b",
		`[le rapport](https://exemple.fr/a\_b) \*`: "le rapport *",
		`**\*fort\***`:                             "*fort*",
		`\\*a*`:                                    `\a`,
		strings.Repeat(`\*`, 3):                    "***",
	} {
		if got := plain(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestNearestKey(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"titel", "title"}, {"titre", "title"}, {"dat", "date"}, {"autors", "authors"}, {"Étiquettes", "tags"},
		{"brouillon", "draft"}, {"drafts", "draft"}, {"couleur", ""}, {"x", ""}, {"", ""}, {"legende", ""}, {strings.Repeat("title", 100), ""},
		{"page", ""}, {"name", ""}, {"link", ""}, {"sulg", ""}, {"\u0301", ""},
	}
	given := map[string]field{"slug": {}}
	for _, tt := range tests {
		if got := nearestKey(tt.in, fields, given); got != tt.want {
			t.Errorf("nearestKey(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
