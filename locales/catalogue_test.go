package locales

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/BurntSushi/toml"
)

// Every language has what the others have, and all of it can be read.
func TestFilesAgree(t *testing.T) {
	t.Parallel()
	catalogue, err := Load(Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	if err := catalogue.Check(); err != nil {
		t.Error(err)
	}
}

// The pieces of a file are what it holds to those who read it whole.
func TestCut(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"fr", "en", "fr-CA", "fr-CH"} {
		data, err := fs.ReadFile(Files, "active."+tag+".toml")
		if err != nil {
			t.Fatal(err)
		}
		var whole map[string]map[string]string
		if err := toml.Unmarshal(data, &whole); err != nil {
			t.Fatalf("%s: %v", tag, err)
		}
		pieces := map[string]map[string]string{}
		for id, text := range cut(string(data)) {
			var forms map[string]string
			if err := toml.Unmarshal([]byte(text), &forms); err != nil {
				t.Errorf("%s: %s: %v", tag, id, err)
			}
			pieces[id] = forms
		}
		if !reflect.DeepEqual(pieces, whole) {
			t.Errorf("%s: %d messages in pieces that differ from the %d of the whole", tag, len(pieces), len(whole))
		}
	}
}

// A time among the arguments is read as a day, in the message's language.
func TestTimeArgument(t *testing.T) {
	t.Parallel()
	catalogue, err := Load(Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 19, 8, 30, 0, 0, time.UTC)
	for tag, want := range map[string]string{"fr": "daté du 19 novembre 2026,", "en": "dated 19 November 2026,"} {
		if got := catalogue.Locale(tag).T("finding.date-future", "Date", day); !strings.Contains(strings.ReplaceAll(got, "\u00a0", " "), want) {
			t.Errorf("%s: %s", tag, got)
		}
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	catalogue, err := Load(fstest.MapFS{
		"active.en.toml": {Data: []byte("# English\n[\"a\"]\nother = \"A\"\n[\"b\"]\nother = \"B\"")},
		"active.fr.toml": {Data: []byte("[\"a\"]\nother = \"Â\"")},
		"active.de.toml": {Data: []byte("[\"a\"]\nother = \"Ä\n[\"b\"]\nother = \"ß\"\n")},
	}, "en")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ tag, a, b string }{{"en", "A", "B"}, {"fr", "Â", "b"}, {"de", "a", "ß"}, {"it", "A", "B"}} {
		l := catalogue.Locale(tt.tag)
		if a, b := l.T("a"), l.T("b"); a != tt.a || b != tt.b {
			t.Errorf("%s: %q, %q", tt.tag, a, b)
		}
	}
	err = catalogue.Check()
	for _, want := range []string{`de: message "a"`, `fr: no message "b"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check: %v, without %s", err, want)
		}
	}
	if _, err := Load(fstest.MapFS{}, "en"); err == nil {
		t.Error("no language, and no error")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := func(tag string) bool { return tag == "fr" || tag == "zh-Hant" }
	for tag, want := range map[string]string{
		"fr": "fr", "fr-CA": "fr", "fr_ca.UTF-8": "fr", "zh-Hant-TW": "zh-Hant", "zh": "", "en": "", "": "", "x y": "",
	} {
		if got, ok := Nearest(tag, known); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %t, want %q", tag, got, ok, want)
		}
	}
}

func TestOpenGraph(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"fr": "fr_FR", "fr-CA": "fr_CA", "fr-CH": "fr_CH", "en": "en_US", "en-GB": "en_GB", "de": "de_DE", "br": "br_FR",
		"zh-Hant-TW": "zh_TW", "es-419": "", "eo": "", "qaa": "", "": "", "x y": "",
	} {
		if got := OpenGraph(tag); got != want {
			t.Errorf("%q: got %q, want %q", tag, got, want)
		}
	}
}
