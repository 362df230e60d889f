package markdown

import (
	"bytes"
	stdhtml "html"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"

	"github.com/infolettre/infolettre/pipeline/render/typography"
)

func typographerOf(t testing.TB, locale string) goldmark.Markdown {
	t.Helper()
	rules, ok := typography.New(locale, typography.Options{})
	if !ok {
		t.Fatalf("no rules for %s", locale)
	}
	return goldmarkWith(NewTypographer(rules, nil))
}

func goldmarkWith(extensions ...goldmark.Extender) goldmark.Markdown {
	all := append([]goldmark.Extender{extension.GFM, extension.Footnote, extension.DefinitionList}, extensions...)
	return goldmark.New(goldmark.WithExtensions(all...), goldmark.WithRendererOptions(html.WithUnsafe()))
}

func rendered(t testing.TB, md goldmark.Markdown, source string) string {
	t.Helper()
	var out bytes.Buffer
	if err := md.Convert([]byte(source), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// visible writes the spaces and breaks of the case file.
var (
	visible   = strings.NewReplacer("\u00A0", "␣", "\u202F", "˽", "\n", "⏎")
	invisible = strings.NewReplacer("␣", "\u00A0", "˽", "\u202F", "⏎", "\n")
)

func TestTypographerCases(t *testing.T) {
	t.Parallel()
	plain, set := goldmarkWith(), typographerOf(t, "fr")
	for n, c := range typographerCases(t) {
		got, want := rendered(t, set, c.input), rendered(t, plain, c.want)
		if got != want {
			t.Errorf("case %d: %s\n  got  %s\n  want %s", n+1, visible.Replace(c.input), visible.Replace(got), visible.Replace(want))
		}
	}
}

type typographerCase struct{ input, want string }

// typographerCases reads pairs of lines, the second indented; an input without
// one is its own output.
func typographerCases(t testing.TB) (cases []typographerCase) {
	t.Helper()
	file, err := os.ReadFile("testdata/typographer.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSuffix(line, "\n")
		text := invisible.Replace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "# "):
		case strings.HasPrefix(line, "\t"):
			cases[len(cases)-1].want = text[1:]
		default:
			cases = append(cases, typographerCase{text, text})
		}
	}
	return cases
}

func TestTypographerWithoutRules(t *testing.T) {
	t.Parallel()
	plain, set := goldmarkWith(), goldmarkWith(NewTypographer(nil, nil))
	for _, c := range typographerCases(t) {
		if got, want := rendered(t, set, c.input), rendered(t, plain, c.input); got != want {
			t.Errorf("%q\n  got  %q\n  want %q", c.input, got, want)
		}
	}
}

// TestTypographerSampleCases runs the Markdown rows of the table that lies
// beside the folder of samples: the input set by the rules is the expected
// text without them.
func TestTypographerSampleCases(t *testing.T) {
	t.Parallel()
	samples := os.Getenv("INFOLETTRE_SAMPLES")
	if samples == "" {
		t.Skip("INFOLETTRE_SAMPLES names no folder")
	}
	table, err := os.ReadFile(filepath.Join(samples, "..", "typography-cases.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	plain, set := goldmarkWith(), typographerOf(t, "fr")
	ran := 0
	for _, line := range strings.Split(strings.TrimSpace(string(table)), "\n") {
		fields := strings.Split(line, "\t")
		if !strings.HasPrefix(fields[2], "md.") && !strings.HasPrefix(fields[2], "choice.md.") {
			continue
		}
		ran++
		input, expected := decodeCase(t, fields[0]), decodeCase(t, fields[1])
		got, want := rendered(t, set, input), rendered(t, plain, expected)
		if got != want {
			t.Errorf("%s\n  got  %q\n  want %q", fields[2], got, want)
		}
	}
	if ran == 0 {
		t.Error("the table has no Markdown row")
	}
}

// decodeCase resolves the escapes of the table: \\, \n and \uXXXX.
func decodeCase(t *testing.T, s string) string {
	t.Helper()
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	if err != nil {
		t.Fatalf("decode %q: %v", s, err)
	}
	return text
}

// BenchmarkTypographer compares goldmark with and without the extension, on
// an entry of 20 KB.
func BenchmarkTypographer(b *testing.B) {
	paragraph, err := os.ReadFile("testdata/typographer-entry.md")
	if err != nil {
		b.Fatal(err)
	}
	entry := bytes.Repeat(paragraph, 1+20_000/len(paragraph))[:20_000]
	for _, bench := range []struct {
		name string
		md   goldmark.Markdown
	}{
		{"goldmark", goldmarkWith()},
		{"typographer", typographerOf(b, "fr")},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(entry)))
			b.ReportAllocs()
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				if err := bench.md.Convert(entry, &out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzMarkdownTypography sets Markdown and checks that no letter of the page
// changes, and that setting the syntax tree again changes nothing.
func FuzzMarkdownTypography(f *testing.F) {
	for _, c := range typographerCases(f) {
		f.Add(c.input)
	}
	rules, ok := typography.New("fr", typography.Options{})
	if !ok {
		f.Fatal("no rules for fr")
	}
	plain, set := goldmarkWith(), goldmarkWith(NewTypographer(rules, nil))
	f.Fuzz(func(t *testing.T, source string) {
		if strings.ContainsAny(source, "\\\x00") || len(source) > 4096 {
			t.Skip() // an escape does not survive the first setting
		}
		doc := set.Parser().Parse(text.NewReader([]byte(source)))
		once := words(t, set, doc, source)
		(&typographer{rules, nil}).Transform(doc.(*ast.Document), text.NewReader([]byte(source)), nil)
		if twice := words(t, set, doc, source); twice != once {
			t.Errorf("set twice\n  in    %q\n  once  %q\n  twice %q", source, once, twice)
		}
		if strings.Contains(source, "<<") || strings.Contains(source, "&#") {
			return // goldmark alone drops the word in chevrons, and keeps control characters
		}
		untouched := words(t, plain, plain.Parser().Parse(text.NewReader([]byte(source))), source)
		if got, want := letters(once), letters(untouched); got != want {
			t.Errorf("letters changed\n  in   %q\n  got  %q\n  want %q", source, got, want)
		}
	})
}

var tags = regexp.MustCompile(`<[^>]*>`)

// words is the text of a document as a reader sees it.
func words(t *testing.T, md goldmark.Markdown, doc ast.Node, source string) string {
	t.Helper()
	var out bytes.Buffer
	if err := md.Renderer().Render(&out, []byte(source), doc); err != nil {
		t.Fatal(err)
	}
	return stdhtml.UnescapeString(tags.ReplaceAllString(out.String(), ""))
}

// letters drops the blanks and the signs that the rules exchange.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune(`"'‘’“”«»<>.…-–—`, r) {
			return -1
		}
		return r
	}, s)
}
