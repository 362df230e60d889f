package locales

import (
	"strings"
	"testing"
	"testing/fstest"
)

// Every file of the program can be read, and has what the others have.
func TestFiles(t *testing.T) {
	t.Parallel()
	catalogue, err := Load(Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	if err := catalogue.Check(); err != nil {
		t.Error(err)
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	catalogue, err := Load(fstest.MapFS{
		"active.en.toml": {Data: []byte("[a]\nother = \"A\"\n[b]\nother = \"B\"")},
		"active.fr.toml": {Data: []byte("[a]\nother = \"Â\"")},
		"active.de.toml": {Data: []byte("[a]\nother = \"Ä")},
	}, "en")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ tag, a, b string }{{"en", "A", "B"}, {"fr", "Â", "b"}, {"de", "a", "b"}, {"it", "A", "B"}} {
		l := catalogue.Locale(tt.tag)
		if a, b := l.T("a"), l.T("b"); a != tt.a || b != tt.b {
			t.Errorf("%s: %q, %q", tt.tag, a, b)
		}
	}
	err = catalogue.Check()
	for _, want := range []string{"active.de.toml", `fr: no message "b"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check: %v, without %s", err, want)
		}
	}
	if _, err := Load(fstest.MapFS{}, "en"); err == nil {
		t.Error("no language, and no error")
	}
}
