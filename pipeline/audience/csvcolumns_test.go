package audience

import (
	"os"
	"strings"
	"testing"
)

// cases reads a text file of lines "what: case, case, …".
func cases(t *testing.T, file string, do func(what, given string)) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		what, given, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if strings.HasPrefix(line, "#") || !ok {
			continue
		}
		for one := range strings.SplitSeq(given, ", ") {
			do(what, one)
		}
	}
}

func TestColumns(t *testing.T) {
	cases(t, "testdata/columns.txt", func(want, header string) {
		got, _ := classify(header)
		if got == RoleNone {
			got = "none"
		}
		if string(got) != want {
			t.Errorf("%q: got %s, want %s", header, got, want)
		}
	})
}

func TestValues(t *testing.T) {
	cases(t, "testdata/values.txt", func(what, value string) {
		role, want, _ := strings.Cut(what, " ")
		if value == "-" {
			value = ""
		}
		got := map[verdict]string{subscribed: "stays", doubtful: "unclear", lacking: "lacks", departed: "left"}[says(Role(role), meaningOf(value))]
		if got != want {
			t.Errorf("%s %q: got %s, want %s", role, value, got, want)
		}
	})
}

func TestParseLanguage(t *testing.T) {
	for in, want := range map[string]string{
		"fr": "fr", "fr_FR": "fr-FR", "fr_FR.UTF-8": "fr-FR", "ca_ES.UTF-8@valencia": "ca-ES", "Français": "fr", "ANGLAIS": "en",
		"French (France)": "fr", "français (France)": "fr", " en-GB ": "en-GB", "??": "", "klingon": "", "": "",
	} {
		if got, ok := ParseLanguage(in); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestParseMailbox(t *testing.T) {
	for in, want := range map[string][2]string{
		"jean@x.fr":                            {"jean@x.fr", ""},
		"Jean <jean@x.fr>":                     {"jean@x.fr", "Jean"},
		`"Dupont, Jean" <jd@x.fr>`:             {"jd@x.fr", "Dupont, Jean"},
		"<d@x.fr>":                             {"d@x.fr", ""},
		"mailto:e@x.fr":                        {"e@x.fr", ""},
		"MAILTO:e@x.fr?subject=Non":            {"e@x.fr", ""},
		"\u200be@x.fr\u200b":                   {"e@x.fr", ""},
		"\u00a0e@x.fr\u202f":                   {"e@x.fr", ""},
		"'jean@x.fr' <jean@x.fr>":              {"jean@x.fr", ""},
		"Jean <jean@x.fr":                      {},
		"jean@x.fr, luc@x.fr":                  {},
		"a@" + strings.Repeat("a", 64) + ".fr": {},
		"a@" + strings.Repeat("a", 63) + ".fr": {"a@" + strings.Repeat("a", 63) + ".fr", ""},
	} {
		address, name, err := ParseMailbox(in)
		if address.String() != want[0] || want[0] != "" && name != want[1] || (err == nil) != (want[0] != "") {
			t.Errorf("%q: got %q, %q, %v", in, address, name, err)
		}
	}
}
