package render

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/infolettre/infolettre/locales"
)

// Every message this package asks for exists in every language, in every
// plural form.
func TestWordsExist(t *testing.T) {
	t.Parallel()
	catalogue, err := locales.Load(locales.Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	ids := messageIDs(t)
	if len(ids) < 20 {
		t.Fatalf("only %d messages found in the sources", len(ids))
	}
	for _, tag := range catalogue.Tags() {
		l := catalogue.Locale(tag)
		for _, id := range ids {
			if _, err := l.Localize(id, nil); err != nil {
				t.Error(err)
			}
		}
		for _, count := range []int{0, 1, 2, 1_000_000} {
			if _, err := l.Localize("issue.rest", map[string]any{"Count": count}); err != nil {
				t.Error(err)
			}
		}
	}
}

var (
	messageCall = regexp.MustCompile(`\.T\("([a-z.-]+)"`)
	problemID   = regexp.MustCompile(`(?:refuse\(|Problem\{ID: )"([a-z-]+)"`)
)

// messageIDs reads them out of the package's sources.
func messageIDs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messageCall.FindAllStringSubmatch(string(source), -1) {
			ids = append(ids, m[1])
		}
		for _, m := range problemID.FindAllStringSubmatch(string(source), -1) {
			ids = append(ids, "finding."+m[1], "finding."+m[1]+".mend")
		}
	}
	return ids
}

// The words follow the usage of their own locale: no narrow space in Canada,
// nothing else in Switzerland.
func TestWordsAreTypeset(t *testing.T) {
	t.Parallel()
	catalogue, err := locales.Load(locales.Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	for tag, wrong := range map[string]*regexp.Regexp{
		"fr":    regexp.MustCompile(`[^\x{202f}][;!?]( |$)|[^\x{a0}]: |« | »|'`),
		"fr-CA": regexp.MustCompile(`\s[;!?]( |$)|\x{202f}|[^\x{a0}]: |« | »|'`),
		"fr-CH": regexp.MustCompile(`[^\x{202f}][;!?:]( |$)|«[^\x{202f}]|[^\x{202f}]»|'`),
		"en":    regexp.MustCompile(`[\s\x{a0}\x{202f}][;:!?]( |$)|'|"`),
	} {
		for _, id := range messageIDs(t) {
			text := catalogue.Locale(tag).T(id, "URL", "x", "Subject", "x", "Title", "x", "Alt", "x", "Label", "x", "Value", "x")
			if found := wrong.FindString(text); found != "" {
				t.Errorf("%s: %s: %q in %q", tag, id, found, text)
			}
		}
	}
}
