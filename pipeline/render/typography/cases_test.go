package typography

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// visible writes the spaces and breaks of the case files: ␣ is U+00A0, ˽ is
// U+202F, ⏎ a line feed and ␍ the carriage return that may go before it.
var visible = strings.NewReplacer("\u00A0", "␣", "\u202F", "˽", "\n", "⏎", "\r", "␍")

var invisible = strings.NewReplacer("␣", "\u00A0", "˽", "\u202F", "⏎", "\n", "␍", "\r")

// testCase is an input line of a case file with the line indented below it,
// or with itself if there is none: the text stays as typed.
type testCase struct {
	where       string
	setup       string // the last line before it that begins with @
	input, want string
}

func readCases(t *testing.T, pattern string) (cases []testCase) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no case file %s (%v)", pattern, err)
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		setup := ""
		scanner := bufio.NewScanner(f)
		for n := 1; scanner.Scan(); n++ {
			line := scanner.Text()
			switch {
			case line == "" || strings.HasPrefix(line, "# "):
			case strings.HasPrefix(line, "@ "):
				setup = line[2:]
			case strings.HasPrefix(line, "\t"):
				cases[len(cases)-1].want = invisible.Replace(line[1:])
			default:
				text := invisible.Replace(line)
				cases = append(cases, testCase{filepath.Base(path) + ":" + strconv.Itoa(n), setup, text, text})
			}
		}
		if err := scanner.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

// rulesFor reads a setup: a locale, then options.
func rulesFor(t *testing.T, setup string) *Rules {
	t.Helper()
	fields := strings.Fields(setup)
	var o Options
	for _, field := range fields[1:] {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "inner_quotes":
			o.InnerQuotes = value
		case "narrow_space":
			o.NarrowSpace = value
		case "exceptions":
			o.Exceptions = strings.Split(value, ",")
		default:
			t.Fatalf("unknown option %q", field)
		}
	}
	rules, ok := New(fields[0], o)
	if !ok {
		t.Fatalf("no rules for %q", fields[0])
	}
	return rules
}

func TestCases(t *testing.T) {
	t.Parallel()
	for _, c := range readCases(t, "testdata/*.txt") {
		rules := rulesFor(t, c.setup)
		got := rules.Text(c.input)
		if got != c.want {
			t.Errorf("%s (%s)\n  in   %s\n  got  %s\n  want %s",
				c.where, c.setup, visible.Replace(c.input), visible.Replace(got), visible.Replace(c.want))
		}
		if again := rules.Text(got); again != got {
			t.Errorf("%s: set twice\n  once  %s\n  twice %s", c.where, visible.Replace(got), visible.Replace(again))
		}
		subject := rules.Subject(c.input)
		if want := Widen(got); subject != want {
			t.Errorf("%s: Subject = %s, want %s", c.where, visible.Replace(subject), visible.Replace(want))
		}
		if again := rules.Subject(subject); again != subject {
			t.Errorf("%s: Subject twice\n  once  %s\n  twice %s", c.where, visible.Replace(subject), visible.Replace(again))
		}
	}
}

// TestSampleCases runs the table that lies beside the folder of samples.
func TestSampleCases(t *testing.T) {
	t.Parallel()
	for _, row := range sampleRows(t) {
		rules := rulesFor(t, row.locale)
		set := rules.Text
		switch row.form {
		case "subject":
			set = rules.Subject
		case "html":
			set = rules.HTML
		case "md":
			continue // package markdown runs them
		}
		if got := set(row.input); got != row.want {
			t.Errorf("%s\n  in   %s\n  got  %s\n  want %s",
				row.rule, visible.Replace(row.input), visible.Replace(got), visible.Replace(row.want))
		}
		if again := set(row.want); again != row.want && row.form != "html" {
			t.Errorf("%s: set twice\n  once  %s\n  twice %s", row.rule, visible.Replace(row.want), visible.Replace(again))
		}
	}
}

type sampleRow struct{ input, want, rule, locale, form string }

func sampleRows(t *testing.T) (rows []sampleRow) {
	t.Helper()
	samples := os.Getenv("INFOLETTRE_SAMPLES")
	if samples == "" {
		t.Skip("INFOLETTRE_SAMPLES names no folder")
	}
	table, err := os.ReadFile(filepath.Join(samples, "..", "typography-cases.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(table)), "\n")
	for _, line := range lines[1:] {
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			t.Fatalf("%q: %d fields", line, len(fields))
		}
		row := sampleRow{input: decode(t, fields[0]), want: decode(t, fields[1]), rule: fields[2], locale: "fr"}
		prefix, _, _ := strings.Cut(strings.TrimPrefix(row.rule, "choice."), ".")
		switch prefix, _, _ = strings.Cut(prefix, " "); prefix {
		case "md", "html", "subject":
			row.form = prefix
		case "fr-CA", "fr-CH", "en", "de":
			row.locale = prefix
		}
		rows = append(rows, row)
	}
	return rows
}

// decode resolves the escapes of the table: \\, \n and \uXXXX.
func decode(t *testing.T, s string) string {
	t.Helper()
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	if err != nil {
		t.Fatalf("decode %q: %v", s, err)
	}
	return text
}
