package audience

import (
	"errors"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for _, test := range []struct {
		in, want string
		err      error
	}{
		{"claire@exemple.fr", "claire@exemple.fr", nil},
		{"  Claire.Petit+lettre@Exemple.FR\t", "Claire.Petit+lettre@exemple.fr", nil},
		{"zoé@exemple.fr", "", ErrLocalPart},
		{"zoe@éditions.fr", "zoe@xn--ditions-9xa.fr", nil},
		{"o'brien@exemple.ie", "o'brien@exemple.ie", nil},
		{"a@b", "", ErrAddress},
		{"", "", ErrAddress},
		{"@exemple.fr", "", ErrAddress},
		{"claire@", "", ErrAddress},
		{"claire", "", ErrAddress},
		{"a..b@exemple.fr", "", ErrAddress},
		{".a@exemple.fr", "", ErrAddress},
		{"a@exemple..fr", "", ErrAddress},
		{"a@-exemple.fr", "", ErrAddress},
		{"a b@exemple.fr", "", ErrAddress},
		{"a@exemple.fr\r\nBcc: b@exemple.fr", "", ErrAddress},
		{"a\x00@exemple.fr", "", ErrAddress},
		{"Claire <claire@exemple.fr>", "", ErrAddress},
		{"<claire@exemple.fr>", "", ErrAddress},
		{"\"claire\"@exemple.fr", "", ErrAddress},
		{"a@exemple.fr,b@exemple.fr", "", ErrAddress},
		{"a@[127.0.0.1]", "", ErrAddress},
		{"a@b@exemple.fr", "", ErrAddress},
		{strings.Repeat("a", 65) + "@exemple.fr", "", ErrAddress},
		{"a@" + strings.Repeat("b.", 130) + "fr", "", ErrAddress},
	} {
		got, err := ParseAddress(test.in)
		if got.String() != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q: got %q, %v; want %q, %v", test.in, got, err, test.want, test.err)
		}
	}
	if MustAddress("A@Exemple.fr").Key() != MustAddress("a@exemple.fr").Key() {
		t.Error("case makes two mailboxes of one")
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("claire@exemple.fr")
	f.Add("a\u2028@é.fr")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		for _, c := range []byte(a.String()) {
			if c <= ' ' || c >= 0x7f || strings.IndexByte(`<>()[],;:\"`, c) >= 0 {
				t.Fatalf("%q parsed to %q", s, a)
			}
		}
		if again, err := ParseAddress(a.String()); err != nil || again != a {
			t.Fatalf("%q parsed to %q, which parses to %q, %v", s, a, again, err)
		}
	})
}

func TestParseName(t *testing.T) {
	for in, want := range map[string]string{" Zoé  Lefèvre ": "Zoé  Lefèvre", "": "", "O’Brien-Ⅳ 😀": "O’Brien-Ⅳ 😀"} {
		if got, err := ParseName(in); got != want || err != nil {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"a\r\nBcc: b@c.fr", "a\nb", "a\x00", "\u202etxt", strings.Repeat("é", 201), "a\u2028b", "\xff"} {
		if got, err := ParseName(in); err == nil {
			t.Errorf("%q: accepted as %q", in, got)
		}
	}
}

func TestParseNameSaysWhy(t *testing.T) {
	for in, want := range map[string]error{strings.Repeat("é", 201): ErrLongName, "a\nb": ErrName} {
		if _, err := ParseName(in); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", in, err, want)
		}
	}
}

func TestTokens(t *testing.T) {
	first, second := NewKey(), NewKey()
	keys, err := ParseKeys("lettre", first)
	if err != nil {
		t.Fatal(err)
	}
	signer, _ := keys.Signer(keys.Current())
	id := NewID()
	token := signer.Token(Unsubscribe, id)
	if len(token) != 48 || strings.ContainsAny(token, "=.+/") {
		t.Errorf("token %q", token)
	}
	rotated, err := ParseKeys("lettre", "# rotated in May\n"+second+"\n\n"+first+"\n")
	if err != nil {
		t.Fatal(err)
	}
	other, _ := ParseKeys("autre", first)
	fresh, _ := ParseKeys("lettre", second)
	for _, test := range []struct {
		name    string
		keys    *Keys
		purpose Purpose
		token   string
		want    bool
	}{
		{"right", keys, Unsubscribe, token, true},
		{"after rotation", rotated, Unsubscribe, token, true},
		{"another purpose", keys, Preferences, token, false},
		{"another newsletter", other, Unsubscribe, token, false},
		{"the key is gone", fresh, Unsubscribe, token, false},
		{"cut", keys, Unsubscribe, token[:47], false},
		{"empty", keys, Unsubscribe, "", false},
		{"longer", keys, Unsubscribe, token + "A", false},
	} {
		got, ok := test.keys.Verify(test.purpose, test.token)
		if ok != test.want || ok && got != id {
			t.Errorf("%s: got %s, %v", test.name, got, ok)
		}
	}
	for i := range token {
		forged := []byte(token)
		forged[i] ^= 1
		if _, ok := keys.Verify(Unsubscribe, string(forged)); ok {
			t.Errorf("token forged at %d accepted", i)
		}
	}
}

func TestParseKeysRefuses(t *testing.T) {
	for _, text := range []string{"", "# only a remark", "abcd", "zz:zz", "00112233:c2hvcnQ="} {
		if _, err := ParseKeys("lettre", text); !errors.Is(err, ErrKeys) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
