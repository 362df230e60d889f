package markdown

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/infolettre/infolettre/pipeline/render/typography"
)

func typographerOf(t testing.TB, locale string) goldmark.Markdown {
	t.Helper()
	rules, ok := typography.New(locale, typography.Options{})
	if !ok {
		t.Fatalf("no rules for %s", locale)
	}
	return goldmarkWith(NewTypographer(rules))
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

// level drops the superscripts, which no Markdown can ask for.
var level = strings.NewReplacer("<sup>er</sup>", "er", "<sup>re</sup>", "re", "<sup>e</sup>", "e")

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
