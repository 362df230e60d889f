package content

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"
)

func TestImport(t *testing.T) {
	t.Parallel()
	cases := archive(t, "testdata/import/cases.txtar")
	o := Options{Location: paris(t), Languages: []string{"fr", "en"}}
	for name, f := range cases {
		name, ok := strings.CutSuffix(name, ".txt")
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			im, problems := Import(f.Data, o)
			var got strings.Builder
			for _, p := range problems {
				mark := ""
				if p.Severity == Error {
					mark = " !"
				}
				fmt.Fprintf(&got, "%d: %s%s\n", p.Line, p.ID, mark)
			}
			if !refused(problems) {
				fmt.Fprintf(&got, "%s\n%s", im.FileName(), im.Markdown())
			}
			want := cases[name+".want"]
			if diff := cmp.Diff(strings.Split(string(want.Data), "\n"), strings.Split(got.String(), "\n")); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestImportSample(t *testing.T) {
	t.Parallel()
	samples := os.Getenv("INFOLETTRE_SAMPLES")
	if samples == "" {
		t.Skip("INFOLETTRE_SAMPLES names no folder of real editorials")
	}
	data, err := os.ReadFile(filepath.Join(samples, "editorial-2025-02-20.txt"))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Location: paris(t), Languages: []string{"fr", "en"}}
	im, problems := Import(data, o)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r := parse(im.FileName(), im.Markdown(), time.Time{}, o.WithDefaults())
	if len(r.problems) > 0 {
		t.Fatal(r.problems)
	}
	e := r.entry
	if want := time.Date(2025, 2, 20, 11, 0, 0, 0, o.Location); !e.Date.Equal(want) || !e.HasClock {
		t.Errorf("date %v, want %v", e.Date, want)
	}
	if want := "La course à l'IA : le paradoxe de l'accélération permanente"; e.Title != want {
		t.Errorf("title %q, want %q", e.Title, want)
	}
	if want := (CTA{Label: "Recevez l’actu innovation made in France en avant-première."}); e.CTA != want {
		t.Errorf("call to action %+v, want %+v", e.CTA, want)
	}
	if got := len(strings.Split(e.Body, "\n\n")); got != 3 {
		t.Errorf("%d paragraphs, want 3", got)
	}
	if want := "2025-02-20-la-course-a-l-ia-le-paradoxe-de-l-acceleration-permanente.fr.md"; im.FileName() != want {
		t.Errorf("file %q, want %q", im.FileName(), want)
	}
	whole := unescape(e.Title) + unescape(e.Body) + e.CTA.Label
	if _, typed, _ := strings.Cut(string(data), "11h00"); solid(whole) != solid(typed) {
		t.Errorf("the text changed")
	}
}

func TestImportEncodings(t *testing.T) {
	t.Parallel()
	const text = "20 février 2025, 11\u00A0h\n\nL’été à 5\u00A0€\n\nUn cœur… déjà lu. Voilà une phrase assez longue pour ne pas passer pour un appel, quoi qu’on en pense, vraiment quoi qu’on dise.\n"
	ansi, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	want, problems := Import([]byte(text), Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	tests := []struct{ name, text, problems string }{
		{"crlf", strings.ReplaceAll(text, "\n", "\r\n"), ""},
		{"bom", "\uFEFF" + text, ""},
		{"windows-1252", ansi, "1 encoding-guessed"},
		{"windows-1252, crlf", strings.ReplaceAll(ansi, "\n", "\r\n"), "1 encoding-guessed"},
		{"nul", text + "\x00", "6 control-character"},
		{"utf-16", "\xff\xfe2\x000\x00", "1 encoding-guessed 1 control-character"},
		{"too large", text + strings.Repeat("a\n", maxFile/2), "0 file-too-large"},
		{"empty", "", "1 import-date"},
	}
	for _, tt := range tests {
		im, problems := Import([]byte(tt.text), Options{})
		var ids []string
		for _, p := range problems {
			ids = append(ids, fmt.Sprint(p.Line, " ", p.ID))
		}
		if got := strings.Join(ids, " "); got != tt.problems {
			t.Errorf("%s: problems %q, want %q", tt.name, got, tt.problems)
		}
		if diff := cmp.Diff(want, im); !refused(problems) && diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestLooseDates(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"20.02.25 — 11h00", "2025-02-20 11:00"},
		{"20.02.25 - 11 h", "2025-02-20 11:00"},
		{"20/02/2025", "2025-02-20"},
		{"20-02-2025", "2025-02-20"},
		{"2/3/25, 9h5", ""},
		{"2/3/25, 9h05", "2025-03-02 09:05"},
		{"20 février 2025, 11 h", "2025-02-20 11:00"},
		{"20\u00A0février\u00A02025,\u202F11\u00A0h\u00A030", "2025-02-20 11:30"},
		{"Jeudi 20 février 2025 à 11h30", "2025-02-20 11:30"},
		{"jeudi, le 20 fevrier 2025", "2025-02-20"},
		{"Le 20 FÉVRIER 2025.", "2025-02-20"},
		{"1er mars 2025", "2025-03-01"},
		{"1er août 25 – 11:00", "2025-08-01 11:00"},
		{"3 sept. 2025 · 8h", "2025-09-03 08:00"},
		{"2025-02-20 11:00", "2025-02-20 11:00"},
		{"2025-02-20T11:00", "2025-02-20 11:00"},
		{"2025/02/20", "2025-02-20"},
		{"20 February 2025", "2025-02-20"},
		{"Thursday 20 February 2025 at 11:00 pm", "2025-02-20 23:00"},
		{"February 20th, 2025, 12 am", "2025-02-20 00:00"},
		{"20 février 2025, 11 heures 15", "2025-02-20 11:15"},
		{"20 février 2025, 13 pm", "2025-02-20 24:00"},
		{"20 février 2025, 25h", "2025-02-20 25:00"},
		{"31.02.25", "2025-02-31"},
		{"20.02", ""},
		{"février 2025", ""},
		{"Paris, le 20 février 2025", ""},
		{"20 brumaire 2025", ""},
		{"20.02.2025 11", ""},
		{"20.02.25 — 11h00 — La course", ""},
		{"demain", ""},
		{"", ""},
	}
	for _, tt := range tests {
		got := ""
		if m, ok := parseLooseDate(tt.in); ok {
			got = m.String()
		}
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestFrontMatterDates(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"2026-11-19", "2026-11-19T00:00:00+01:00"},
		{"2026-11-19 11:00", "2026-11-19T11:00:00+01:00"},
		{"2026-11-19 11:00:30", "2026-11-19T11:00:30+01:00"},
		{"2026-11-19T11:00", "2026-11-19T11:00:00+01:00"},
		{"2026-11-19T11:00:00Z", "2026-11-19T12:00:00+01:00"},
		{"2026-11-19T11:00:00.250Z", "2026-11-19T12:00:00+01:00"},

		{"2026-11-19T11:00-05:00", "2026-11-19T17:00:00+01:00"},
		{"2026-06-25 13:00:00 +02:00", "2026-06-25T13:00:00+02:00"},
		{"2026-11-19 9:05:00 +0100", "2026-11-19T09:05:00+01:00"},
		{"2026-06-25T13:00:00.000Z", "2026-06-25T15:00:00+02:00"},
		{"2026-06-25 13:00 UTC", "2026-06-25T15:00:00+02:00"},
		{"2026-06-25 13:00 CEST", "2026-06-25T13:00:00+02:00"},
		{"2026-06-25 13:00 Europe/Paris", "2026-06-25T13:00:00+02:00"},
		{"2026-6-5", "2026-06-05T00:00:00+02:00"},
		{"2026/06/25", "2026-06-25T00:00:00+02:00"},
		{"20260625", "2026-06-25T00:00:00+02:00"},
		// Midnight is how programs write a day.
		{"2026-06-25T00:00:00.000Z", "2026-06-25T00:00:00+02:00"},
		{"2026-06-25T00:00:00+02:00", "2026-06-25T00:00:00+02:00"},
		{"2026-06-25 00:00:00", "2026-06-25T00:00:00+02:00"},
		{"'2026-11-19 11:00'", "2026-11-19T11:00:00+01:00"},
		{"\"2026-11-19\"", "2026-11-19T00:00:00+01:00"},
		{"2026-03-29 02:30", "2026-03-29T03:30:00+02:00"}, // the hour that summer time skips
		{"2026-10-25 02:30", "2026-10-25T02:30:00+02:00"}, // the one that comes twice
	}
	for _, tt := range tests {
		r := parse("a.md", []byte("---\ntitle: A\ndate: "+tt.in+"\n---\nTexte.\n"), time.Time{}, Options{Location: paris(t)}.WithDefaults())
		if got := r.entry.Date.Format(time.RFC3339); got != tt.want || len(r.problems) > 0 {
			t.Errorf("%s: got %s %v, want %s", tt.in, got, r.problems, tt.want)
		}
		if clock := strings.Contains(tt.in, ":") && !strings.Contains(tt.in, "00:00:00"); r.entry.HasClock != clock {
			t.Errorf("%s: HasClock %v", tt.in, r.entry.HasClock)
		}
	}
}

// An offset that the newsletter's zone does not have on that day is a habit
// or a slip: the hour stays.
func TestDoubtfulOffsets(t *testing.T) {
	t.Parallel()
	tests := []struct{ zone, in, want string }{
		{"Europe/Paris", "2026-06-25 13:00 +0100", "2026-06-25T13:00:00+02:00"},
		{"Europe/Paris", "2026-12-25 13:00:00 +02:00", "2026-12-25T13:00:00+01:00"},
		{"Europe/Paris", "2026-06-25T13:00+01", "2026-06-25T13:00:00+02:00"},
		{"Europe/Paris", "2026-06-25 13:00 CET", "2026-06-25T13:00:00+02:00"},
		{"Europe/Paris", "2026-06-25 13:00 EST", "2026-06-25T13:00:00+02:00"},
		{"Europe/Paris", "2026-06-25 13:00 America/Montreal", "2026-06-25T13:00:00+02:00"},
		{"Europe/Paris", "2026-06-25T13:00-17:40", "2026-06-25T13:00:00+02:00"},
		{"America/Montreal", "2026-06-25 13:00 -0500", "2026-06-25T13:00:00-04:00"},
		{"Europe/London", "2026-06-25 13:00 +0000", "2026-06-25T13:00:00+01:00"},
		// Other places' offsets are meant.
		{"Europe/Paris", "2026-06-25 13:00 -0400", "2026-06-25T19:00:00+02:00"},
		{"Europe/London", "2026-06-25 13:00Z", "2026-06-25T14:00:00+01:00"},
		{"UTC", "2026-06-25 13:00 +0200", "2026-06-25T11:00:00Z"},
	}
	for _, tt := range tests {
		zone, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		r := parse("a.md", []byte("---\ntitle: A\ndate: "+tt.in+"\n---\nTexte.\n"), time.Time{}, Options{Location: zone}.WithDefaults())
		warned := len(r.problems) == 1 && r.problems[0].ID == "date-offset" && r.problems[0].Severity == Warning && r.problems[0].Line == 3
		wall := strings.Contains(tt.want, "T13:00")
		if got := r.entry.Date.Format(time.RFC3339); got != tt.want || warned != wall || !warned && len(r.problems) > 0 {
			t.Errorf("%s in %s: got %s %v, want %s", tt.in, tt.zone, got, r.problems, tt.want)
		}
	}
}

// TestImportLosesNothing imports random texts and reads the entry file back:
// every character but white space is there, in its order.
func TestImportLosesNothing(t *testing.T) {
	t.Parallel()
	line := rapid.StringOfN(rapid.RuneFrom([]rune("ab É’1.)#*_-+=|:>< \t\u00A0\u202F[]()!\\`~&;\"'«»{}@/%,?")), 1, 60, -1)
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.OneOf(line, rapid.Just(""), rapid.Just("Recevez la suite.")), 1, 12).Draw(t, "lines")
		typed := strings.Join(lines, "\n")
		checkImport(t, typed)
	})
}

// checkImport compares a text with what a reader of the imported file gets.
func checkImport(t interface{ Errorf(string, ...any) }, typed string) {
	im, problems := Import([]byte("20.02.25 — 11h00\n"+typed), Options{})
	if refused(problems) {
		return
	}
	r := parse(im.FileName(), im.Markdown(), time.Time{}, Options{}.WithDefaults())
	for _, p := range r.problems {
		if p.Severity == Error {
			t.Errorf("%s on line %d of\n%s", p.ID, p.Line, im.Markdown())
		}
	}
	e := r.entry
	if got := solid(e.Title + unescape(e.Body) + e.CTA.Label + e.CTA.URL); got != solid(typed) {
		t.Errorf("got %q\nwant %q\nfile\n%s", got, solid(typed), im.Markdown())
	}
}

// unescape reads CommonMark's backslash escapes, section 2.4.
func unescape(s string) string { return showEscaped.Replace(hideEscaped.Replace(s)) }

// solid leaves out white space, and control characters as import does.
func solid(s string) string {
	return strings.Map(func(r rune) rune {
		if r = withoutControl(r); unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func FuzzImport(f *testing.F) {
	f.Add("Un titre\n\nUn paragraphe.\nRecevez la suite.")
	f.Add("\"A: 'b' #c\n\n---\n1. \\* <b> &amp; https://a.fr/b_c*d\n\n===\nabonnez-vous http://a")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			Import([]byte(text), Options{})
			return
		}
		checkImport(t, text)
	})
}
