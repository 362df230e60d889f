package render

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jba/templatecheck"

	"github.com/infolettre/infolettre/pipeline/render/theme"
	"github.com/infolettre/infolettre/templates"
)

// The templates ask for nothing that their struct does not have.
func TestTemplatesMatchTheirStruct(t *testing.T) {
	t.Parallel()
	look, err := theme.New("", "")
	if err != nil {
		t.Fatal(err)
	}
	html, err := parseHTML(look)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mail", "web"} {
		if err := templatecheck.CheckHTML(html.Lookup(name), page{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	text, err := parseText()
	if err != nil {
		t.Fatal(err)
	}
	if err := templatecheck.CheckText(text.Lookup("text"), page{}); err != nil {
		t.Error(err)
	}
}

// Every style and every block for Outlook that a template names exists.
func TestTemplatesNameWhatExists(t *testing.T) {
	t.Parallel()
	look, err := theme.New("", "")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\b(attr|colour|outlook) "([^"]+)"`)
	files, err := fs.Glob(templates.Email, "email/*.html")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"email/mail.html", "email/parts.html", "email/web.html"}; !cmp.Equal(files, want) {
		t.Fatalf("embedded %v, want %v", files, want)
	}
	for _, file := range files {
		source, err := fs.ReadFile(templates.Email, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(source), -1) {
			found := map[string]string{"attr": look.Attr(m[2]), "colour": look.Color(m[2]), "outlook": string(outlook[m[2]])}[m[1]]
			if found == "" {
				t.Errorf("%s: no %s %q", file, m[1], m[2])
			}
		}
	}
}

func TestOutlookIsBalanced(t *testing.T) {
	t.Parallel()
	count := func(s string) (n int) {
		for _, b := range outlook {
			n += strings.Count(string(b), s)
		}
		return n
	}
	for _, pair := range [][2]string{{"<!--[if mso]>", "<![endif]-->"}, {"<table ", "</table>"}, {"<tr>", "</tr>"}, {"<td>", "</td>"}, {"<style>", "</style>"}} {
		if count(pair[0]) != count(pair[1]) {
			t.Errorf("%d %s, %d %s", count(pair[0]), pair[0], count(pair[1]), pair[1])
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"", 5, ""},
		{"assez", 5, "assez"},
		{"un deux trois", 13, "un deux trois"},
		{"un deux trois", 12, "un deux…"},
		{"un deux, trois", 12, "un deux…"},
		{"un deux – trois quatre", 12, "un deux…"},
		{"« un deux » trois", 14, "« un deux »…"},
		{"élémentaire", 5, "élém…"},
		{"mot 200\u00a0000 fois", 9, "mot…"},
	} {
		if got := cut(test.text, test.most); got != test.want {
			t.Errorf("cut(%q, %d) = %q, want %q", test.text, test.most, got, test.want)
		}
	}
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	got := literal("a*b_[c](d)<e>`f` & «g»")
	want := "a\\*b\\_\\[c\\]\\(d\\)\\<e\\>\\`f\\` \\& «g»"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFiller(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 5, maxPreheader - 2, maxPreheader - 1, maxPreheader} {
		if filler(strings.Repeat("é", length)) == "" {
			t.Errorf("a preheader of %d characters is followed by nothing", length)
		}
	}
	if short, long := len(filler("court")), len(filler(strings.Repeat("é", 100))); short <= long {
		t.Errorf("a short preheader is followed by %d bytes, a long one by %d", short, long)
	}
}
