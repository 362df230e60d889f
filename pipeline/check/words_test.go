package check_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/infolettre/infolettre/locales"
)

var findingID = regexp.MustCompile(`(?:warn\(|word\(|ID: |p\.ID = )"([a-z-]+)"|(?m:^\t"([a-z-]+)": +\{"(?:H\d|headers))`)

// Every finding of this package, and every one it knows a rule for, has its
// words, and how to mend it, in both languages.
func TestFindingsHaveWords(t *testing.T) {
	t.Parallel()
	catalogue, err := locales.Load(locales.Files, "en")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range findingID.FindAllStringSubmatch(string(source), -1) {
			ids[m[1]+m[2]] = true
		}
	}
	ids["issue-shortened"] = true // the command's
	if len(ids) < 30 {
		t.Fatalf("only %d findings in the sources", len(ids))
	}
	for id := range ids {
		for _, tag := range []string{"fr", "en"} {
			for _, message := range []string{"finding." + id, "finding." + id + ".mend"} {
				if !catalogue.Locale(tag).Has(message) {
					t.Errorf("%s: no %s", tag, message)
				}
			}
		}
	}
}
