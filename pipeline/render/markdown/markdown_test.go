package markdown

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	samples "github.com/infolettre/infolettre/content"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	columns := func(n int) string { return strings.Repeat("a|", n-1) + "a\n" + strings.Repeat("-|", n-1) + "-\n" }
	tests := []struct {
		name, source string
		want         string // id and line, "" when accepted
	}{
		{"empty", "", ""},
		{"size", strings.Repeat("mot ", maxSource/4+1), "limit-size 1"},
		{"line at the limit", "a\n" + strings.Repeat("a", maxLine), ""},
		{"line", "a\n" + strings.Repeat("a", maxLine+1), "limit-line 2"},
		{"quotes at the limit", strings.Repeat("> ", maxNesting) + "a", ""},
		{"quotes", strings.Repeat("> ", maxNesting+1) + "a", "limit-nesting 1"},
		{"quotes without blanks", strings.Repeat(">", maxNesting+1) + "a", "limit-nesting 1"},
		{"lists of all kinds", strings.Repeat("- + 1. 2) ", maxNesting/4+1) + "a", "limit-nesting 1"},
		{"lists by indent", "a\n" + strings.Repeat("  ", maxNesting) + "- a", "limit-nesting 2"},
		{"a long rule", strings.Repeat("- ", 500), ""},
		{"code far to the right", strings.Repeat(" ", 500) + "a", ""},
		{"columns at the limit", columns(maxColumns), ""},
		{"columns", columns(maxColumns + 1), "limit-columns 2"},
		{"columns in a quote", "> " + strings.Replace(columns(maxColumns+1), "\n", "\n> ", 1), "limit-columns 2"},
		{"cells nobody wrote", columns(50) + strings.Repeat("x\n", 1000), "limit-cells 401"},
		{"cells in many tables", strings.Repeat(columns(50)+"\n", 400), "limit-cells 602"},
		{"pieces", strings.Repeat("*\n\n", maxPieces/2), "limit-pieces 26667"},
		{"delimiters", strings.Repeat("[a](", 7072), "limit-line 1"},
		{"delimiters over lines", strings.Repeat("[a](\n", 7072), "limit-delimiters 7072"},
		{"delimiters over blocks", strings.Repeat("*a*\n\n", 5000), ""},
	}
	for _, tt := range tests {
		got := ""
		if f := Limits(tt.source); f != nil {
			got = strings.TrimSpace(strings.Fields(listed([]Finding{*f}))[1] + " " + strings.Fields(listed([]Finding{*f}))[0])
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	_, err := New(Options{}).Convert(strings.Repeat(">", 100))
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.ID != "limit-nesting" || refusal.Line != 1 {
		t.Errorf("got %v", err)
	}
	bomb := "[a]: https://exemple.fr/" + strings.Repeat("a", 10_000) + "\n\n" + strings.Repeat("[a] ", 300)
	if _, err = New(Options{}).Convert(bomb); !errors.As(err, &refusal) || refusal.ID != "limit-references" || refusal.Line != 3 {
		t.Errorf("a long destination used often: got %v", err)
	}
	_, err = New(Options{Styles: heavy{}}).Convert(strings.Repeat("# a\n\n", 5000))
	if !errors.As(err, &refusal) || refusal.ID != "limit-output" {
		t.Errorf("heavy styles: got %v", err)
	}
}

// heavy is a style table that makes every element long.
type heavy struct{ classes }

func (heavy) Attr(name string) string { return `style="` + strings.Repeat("color:#000000;", 40) + `"` }

// TestZeroOptions converts without styles, words or folder.
func TestZeroOptions(t *testing.T) {
	t.Parallel()
	got, err := New(Options{}).Convert("# Un\n\n![Deux](trois.png) et [quatre](cinq.md)\n")
	if err != nil {
		t.Fatal(err)
	}
	want := Fragment{
		HTML:     "<h3>Un</h3>\n<p>Deux et quatre</p>\n",
		Text:     "Un\n---\n\n[Deux] et quatre\n",
		Lead:     "Deux et quatre",
		Headings: []HeadingRef{{Text: "Un", Level: 3, Line: 1}},
		Findings: []Finding{
			{ID: "image-refused", Line: 3, Args: map[string]any{"URL": "trois.png"}},
			{ID: "link-refused", Line: 3, Args: map[string]any{"URL": "cinq.md"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	got, err := New(french()).Convert("## Un *titre*\n\nVoir [la *carte*](https://exemple.fr/carte),\n![le phare](images/phare.jpg) et <https://exemple.fr/b>.\n")
	if err != nil {
		t.Fatal(err)
	}
	want := Fragment{
		Lead: "Voir la carte, le phare et https://exemple.fr/b.",
		Links: []LinkRef{
			{Text: "la carte", URL: "https://exemple.fr/carte", Line: 3},
			{Text: "https://exemple.fr/b", URL: "https://exemple.fr/b", Line: 4},
		},
		Images:   []ImageRef{{Alt: "le phare", URL: "https://lettre.exemple/media/phare.jpg", Line: 4}},
		Headings: []HeadingRef{{Text: "Un titre", Level: 3, Line: 1}},
	}
	got.HTML, got.Text = "", ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestUncleanSource holds that no control character and no malformed byte
// reaches a mail, however it was written.
func TestUncleanSource(t *testing.T) {
	t.Parallel()
	got, err := New(Options{}).Convert("Un\x00 deux\x1b[31m\r\ntrois\rquatre \xff &#27; &#x9d;\x07")
	if err != nil {
		t.Fatal(err)
	}
	want := "Un deux[31m trois quatre \uFFFD \uFFFD \uFFFD\n"
	if got.Text != want {
		t.Errorf("got %q, want %q", got.Text, want)
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("mot ", 18) + "fin"
	tests := []struct{ name, mark, text, want string }{
		{"75 columns", "", long, long + "\n"},
		{"76 columns", "", long + "s", long + "s\n"},
		{"77 columns", "", long + "es", strings.Repeat("mot ", 17) + "mot\nfines\n"},
		{"accents are one column", "", strings.ReplaceAll(long, "o", "ô"), strings.ReplaceAll(long, "o", "ô") + "\n"},
		{"combining marks are none", "", strings.ReplaceAll(long, "o", "o\u0302"), strings.ReplaceAll(long, "o", "o\u0302") + "\n"},
		{"wide characters are two", "", strings.Repeat("東", 38) + " 京", strings.Repeat("東", 38) + "\n京\n"},
		{"a no-break space holds", "", strings.Repeat("mot ", 18) + "fin\u00a0!", strings.Repeat("mot ", 17) + "mot\nfin\u00a0!\n"},
		{"a narrow one too, and widens", "", strings.Repeat("mot ", 18) + "fin\u202f!", strings.Repeat("mot ", 17) + "mot\nfin\u00a0!\n"},
		{"mark", "1. ", long + " et suite", "1. " + strings.Repeat("mot ", 17) + "mot\n   fin et suite\n"},
		{"a word of no column keeps its space", "", "\u2060 mot", "\u2060 mot\n"},
		{"blanks", "", " un \t mot ", "un mot\n"},
		{"blank", "", " \n", ""},
	}
	for _, tt := range tests {
		w := &textWriter{output: output{limit: maxOutput}}
		w.within(margin{tt.mark, strings.Repeat(" ", columns(tt.mark))}, func() { w.flow(tt.text) })
		if got := w.String(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	w := &textWriter{output: output{limit: maxOutput}}
	w.underlined("Été à Brest", "=")
	if got, want := w.String(), "Été à Brest\n===========\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestButtonLabel holds that a label closes neither the comment nor the
// attributes it stands in.
func TestButtonLabel(t *testing.T) {
	t.Parallel()
	got := Button(`<![endif]--> "x" & y`, `https://exemple.fr/?a="&b=-->`, classes{})
	if err := checkHTML(got); err != nil {
		t.Errorf("%v in %s", err, got)
	}
	if n := strings.Count(got, "<![endif]-->"); n != 2 {
		t.Errorf("%d conditional comments end, want 2: %s", n, got)
	}
	width := regexp.MustCompile(`width:\d+px`)
	plain, escaped := Button("Questions et réponses", "https://exemple.fr", classes{}), Button(`Questions & "réponses"`, "https://exemple.fr", classes{})
	if got, want := width.FindString(escaped), width.FindString(plain); got != "width:276px" || want != "width:266px" {
		t.Errorf("%s with signs that HTML escapes, %s without", got, want)
	}
}

// FuzzConvert holds what must be true of any source: HTML that a strict
// reader accepts, and text without what its readers' fonts or programs lack.
func FuzzConvert(f *testing.F) {
	for _, input := range hostile {
		f.Add(input(200))
	}
	for _, file := range []string{"testdata/blocks.txtar", "testdata/inlines.txtar", "testdata/languages.txtar"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, m := range split(string(data)) {
			f.Add(m.data)
		}
	}
	options := french()
	options.Typography, options.RulesOf = rulesOf("fr"), rulesOf
	c := New(options)
	f.Fuzz(func(t *testing.T, source string) {
		got, err := c.Convert(source)
		if err != nil {
			if refusal := (*Refusal)(nil); !errors.As(err, &refusal) {
				t.Fatal(err)
			}
			return
		}
		if err := checkHTML(got.HTML); err != nil {
			t.Errorf("%v\n%s", err, got.HTML)
		}
		if strings.ContainsFunc(got.HTML+got.Text, isControl) || strings.Contains(got.Text, "\u202f") {
			t.Errorf("forbidden characters in\n%q\n%q", got.HTML, got.Text)
		}
		for _, x := range got.Findings {
			if lines := strings.Count(source, "\n") + strings.Count(source, "\r") + 1; x.Line < 1 || x.Line > lines {
				t.Errorf("finding on line %d of %d: %v", x.Line, lines, x)
			}
		}
		for line := range strings.Lines(got.Text) {
			if strings.HasPrefix(line, "From ") || strings.TrimRight(line, " \n") == "--" {
				t.Errorf("misleading line %q", line)
			}
		}
	})
}

// article is an entry of about 20 KB with a little of everything.
func article() string {
	const part = `## Un titre de partie : le phare de l'île

On entend d'ici la corne de brume ; le gardien, lui, dort. "C'est *normal*", dit-il, "la **relève** n'arrive que jeudi !"
Voir [le compte rendu](https://exemple.fr/cr?a=1&b=2) et [la carte](https://exemple.fr/carte "Carte"), ou https://exemple.fr/suite.

- un premier point, avec du ` + "`code`" + ` ;
- un second : plus long que le premier, mais à peine.

> Une citation de quelques mots, pour finir[^n].

| Nom | Prix |
|-----|-----:|
| Café | 2 € |

![Le phare](images/phare.jpg "Le phare vu du port")

`
	return strings.Repeat(part, 20_000/len(part)) + "[^n]: La note.\n"
}

// prose is 20 KB of the sample entries: what authors write.
func prose(t testing.TB) string {
	t.Helper()
	files, err := fs.Glob(samples.FS, "*.fr.md")
	if err != nil {
		t.Fatal(err)
	}
	const size = 20_000
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		data, err := fs.ReadFile(samples.FS, files[i%len(files)])
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(data[len("---\n"):]), "\n---\n")
		b.WriteString(body + "\n")
	}
	return strings.ToValidUTF8(b.String()[:size], "")
}

func BenchmarkConvert(b *testing.B) {
	options := french()
	options.Typography = rulesOf("fr")
	c := New(options)
	for name, source := range map[string]string{"prose": prose(b), "dense": article()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Convert(source); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLimits(b *testing.B) {
	source := article()
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if f := Limits(source); f != nil {
			b.Fatal(f)
		}
	}
}
