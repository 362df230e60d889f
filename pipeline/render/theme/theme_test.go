package theme

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func newTheme(t *testing.T, accent, accentDark string) *Theme {
	t.Helper()
	look, err := New(accent, accentDark)
	if err != nil {
		t.Fatal(err)
	}
	return look
}

// Ratios from the examples of WCAG's own definition and tools.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#FFFFFF", 21},
		{"#777777", "#FFFFFF", 4.48},
		{"#767676", "#FFFFFF", 4.54},
		{"#FF0000", "#FFFFFF", 4.00},
		{"#123456", "#123456", 1},
	} {
		a, okA := parseColour(test.a)
		b, okB := parseColour(test.b)
		if !okA || !okB {
			t.Fatalf("%s or %s is no colour", test.a, test.b)
		}
		if got := contrast(a, b); math.Abs(got-test.want) > 0.01 {
			t.Errorf("contrast(%s, %s) = %.2f, want %.2f", test.a, test.b, got, test.want)
		}
		if contrast(a, b) != contrast(b, a) {
			t.Errorf("contrast of %s and %s depends on their order", test.a, test.b)
		}
	}
}

// Every text colour is read on every ground it may stand on, in both themes
// and under any accent that New accepts.
func TestEveryTextCanBeRead(t *testing.T) {
	t.Parallel()
	accents := [][2]string{{"", ""}, {"#B3261E", ""}, {"#1B5E20", "#81C784"}, {"#000000", ""}, {"#5B2A86", ""}}
	for _, a := range accents {
		look := newTheme(t, a[0], a[1])
		for name, p := range map[string]palette{"light": look.light, "dark": look.dark} {
			for _, s := range look.styles {
				grounds := []role{paper, tint}
				if s.ground != "" {
					grounds = []role{s.ground}
				}
				switch s.name {
				case "button-link", "button-text":
					grounds = []role{accent}
				case "kicker", "a":
					grounds = []role{paper}
				}
				if s.ink == "" {
					continue
				}
				for _, g := range grounds {
					if got := contrast(p[s.ink], p[g]); got < minContrast {
						t.Errorf("accent %v, %s theme: %s is %s on %s, %.2f:1", a, name, s.name, p[s.ink], p[g], got)
					}
				}
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, accent, accentDark, want string }{
		{"pale", "#FFCC00", "", "accent #FFCC00 on #FFFDFA"},
		{"dark on dark", "", "#333333", "accent_dark #333333 on #1E1D1B"},
		{"name", "red", "", "accent: red cannot"},
		{"three digits", "#FFF", "", "accent: #FFF cannot"},
		{"not digits", "#GGGGGG", "", "accent: #GGGGGG cannot"},
		{"sign", "#+12345", "", "accent: #+12345 cannot"},
		{"dark name", "", "blue", "accent_dark: blue cannot"},
		{"style injected", "#1F4E8C;x", "", "accent: #1F4E8C;x cannot"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := New(test.accent, test.accentDark)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestSuggestionWouldDo(t *testing.T) {
	t.Parallel()
	for _, pale := range []string{"#FFCC00", "#00FFFF", "#EEEEEE", "#FF9999"} {
		_, err := New(pale, "")
		var contrast *ContrastError
		if !errors.As(err, &contrast) {
			t.Fatalf("New(%s): %v", pale, err)
		}
		if _, err := New(contrast.Suggestion, ""); err != nil {
			t.Errorf("instead of %s: %v", pale, err)
		}
	}
}

func TestAttr(t *testing.T) {
	t.Parallel()
	look := newTheme(t, "#1F4E8C", "")
	want := `class="a" style="text-decoration:underline;color:#1F4E8C"`
	if got := look.Attr("a"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := look.Attr("no-such-row"); got != "" {
		t.Errorf("a row that does not exist gives %q", got)
	}
	for _, s := range look.styles {
		if got := look.Attr(s.name); strings.Count(got, `"`) != 4 {
			t.Errorf("%s: quotes in its values: %s", s.name, got)
		}
	}
}

func TestColor(t *testing.T) {
	t.Parallel()
	look := newTheme(t, "#1F4E8C", "")
	for name, want := range map[string]string{
		"button": "#1F4E8C", "button-link": "#FFFDFA", "paper": "#FFFDFA", "accent": "#1F4E8C", "figure": "", "nothing": "",
	} {
		if got := look.Color(name); got != want {
			t.Errorf("Color(%q) = %q, want %q", name, got, want)
		}
	}
}

// H7: mail clients know neither relative lengths nor modern layout, and some
// know no colour but the hexadecimal ones.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`\b(rem|em|vw|vh|rgba?|hsla?|var|flex|grid|position|calc)\b|[0-9](rem|em|vw|vh)`)
	look := newTheme(t, "", "")
	for _, s := range look.styles {
		css := look.Attr(s.name) + s.mobile + s.hover
		if got := forbidden.FindString(strings.Replace(css, `class="em"`, "", 1)); got != "" {
			t.Errorf("%s uses %q: %s", s.name, got, css)
		}
		if strings.Contains(css, "solid;") || strings.HasSuffix(css, `solid"`) {
			t.Errorf("%s has a border without colour: %s", s.name, css)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range table() {
		if seen[s.name] {
			t.Errorf("%s stands twice in the table", s.name)
		}
		seen[s.name] = true
	}
}

// H6 and H8: nothing in the sheet but dark, narrow and hover rules, and the
// dark ones for both kinds of client.
func TestSheet(t *testing.T) {
	t.Parallel()
	look := newTheme(t, "", "")
	sheet := look.Sheet()
	if len(sheet) >= 16<<10 {
		t.Errorf("the sheet has %d bytes", len(sheet))
	}
	if strings.Count(sheet, "{") != strings.Count(sheet, "}") {
		t.Error("braces are not balanced")
	}
	media, rest := splitMedia(sheet)
	if len(media) != 2 {
		t.Fatalf("%d media queries, want dark and narrow", len(media))
	}
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "[data-ogs") && !strings.Contains(line, ":hover{") {
			t.Errorf("neither dark nor hover: %s", line)
		}
	}
	for _, s := range look.styles {
		if s.ink != "" && !names(media[0], "."+s.name) {
			t.Errorf("%s has no dark rule", s.name)
		}
		if s.ink != "" && !names(rest, "[data-ogsc] ."+s.name) {
			t.Errorf("%s has no dark rule for Outlook's texts", s.name)
		}
		if s.ground != "" && !names(rest, "[data-ogsb] ."+s.name) {
			t.Errorf("%s has no dark rule for Outlook's backgrounds", s.name)
		}
	}
	for declaration := range strings.SplitSeq(regexp.MustCompile(`[^{}]*\{|\}`).ReplaceAllString(sheet, ";"), ";") {
		if d := strings.TrimSpace(declaration); d != "" && !strings.HasSuffix(d, " !important") {
			t.Errorf("%q loses against inline styles", d)
		}
	}
}

// splitMedia parts the media queries of a sheet, each closed by a brace on a
// line of its own, from what is outside them.
func splitMedia(sheet string) (media []string, rest string) {
	for strings.Contains(sheet, "@media") {
		before, query, _ := strings.Cut(sheet, "@media")
		body, after, _ := strings.Cut(query, "\n}\n")
		media, rest, sheet = append(media, body), rest+before, after
	}
	return media, rest + sheet
}

// names reports whether a rule has exactly that selector.
func names(css, selector string) bool {
	for line := range strings.Lines(css) {
		selectors, _, _ := strings.Cut(line, "{")
		if slices.Contains(strings.Split(selectors, ","), selector) {
			return true
		}
	}
	return false
}
