package audience

import (
	"net/netip"
	"strings"
	"testing"
)

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.7":               "203.0.113.0/24",
		"::ffff:203.0.113.7":        "203.0.113.0/24",
		"2001:db8:1:2:3:4:5:6":      "2001:db8:1:2::/64",
		"fe80::1:2:3:4%eth0":        "fe80::/64",
		"255.255.255.255":           "255.255.255.0/24",
		"2001:db8:ffff:ffff:f::":    "2001:db8:ffff:ffff::/64",
		"::ffff:255.255.255.255%a0": "255.255.255.0/24",
	} {
		if got := Network(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	if got := Network(netip.Addr{}); got != "" {
		t.Errorf("no address: got %q", got)
	}
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"trop de mails":                         "trop de mails",
		"écrire à <Zoe@exemple.fr>, merci":      "écrire à <…@…>, merci",
		"zoe+x@exemple.fr":                      "…@…",
		"«a@b.fr»;c@d.fr":                       "«…@…»;…@…",
		"lang: fr → en":                         "lang: fr → en",
		"trop\x00 de\x1bmails":                  "trop  de mails",
		"deux\r\n\tlignes":                      "deux\r\n\tlignes",
		"caf\xe9, \xffzoe@exemple.fr":           "caf�, …@…",
		strings.Repeat("é", 600):                strings.Repeat("é", 500),
		strings.Repeat("x", 498) + " a@b.fr no": strings.Repeat("x", 498) + " …",
	} {
		if got := Redact(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		} else if again := Redact(got); again != got {
			t.Errorf("%q: redacted again, it is %q", got, again)
		}
	}
}

// A hash knows an address whatever its case, and tells newsletters and keys
// apart.
func TestHashes(t *testing.T) {
	old, fresh := NewKey(), NewKey()
	keys := func(list, text string) *Keys {
		k, err := ParseKeys(list, text)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	a := keys("lettre", old).Hashes(MustAddress("Zoe@exemple.fr"))
	both := keys("lettre", fresh+"\n"+old).Hashes(MustAddress("zoe@EXEMPLE.fr"))
	if len(a) != 1 || len(both) != 2 || both[1] != a[0] || both[0].Hash == a[0].Hash || both[0].Key == a[0].Key {
		t.Errorf("got %v and %v", a, both)
	}
	if keys("autre", old).Hashes(MustAddress("zoe@exemple.fr"))[0].Hash == a[0].Hash {
		t.Error("two newsletters share a hash")
	}
}
