package audience

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

func TestTimedTokens(t *testing.T) {
	first, second := NewKey(), NewKey()
	parse := func(list, text string) *Keys {
		keys, err := ParseKeys(list, text)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	keys := parse("lettre", first)
	signer, _ := keys.Signer(keys.Current())
	id, at := NewID(), time.Date(2026, 11, 19, 11, 0, 7, 0, time.UTC)
	token := signer.TokenAt(Confirm, id, at)
	if len(token) != 56 || strings.ContainsAny(token, "=.+/") {
		t.Errorf("token %q", token)
	}
	for _, test := range []struct {
		name    string
		keys    *Keys
		purpose Purpose
		token   string
		want    bool
	}{
		{"right", keys, Confirm, token, true},
		{"after rotation", parse("lettre", second+"\n"+first), Confirm, token, true},
		{"another purpose", keys, Served, token, false},
		{"another newsletter", parse("autre", first), Confirm, token, false},
		{"the key is gone", parse("lettre", second), Confirm, token, false},
		{"cut", keys, Confirm, token[:55], false},
		{"empty", keys, Confirm, "", false},
		{"longer", keys, Confirm, token + "A", false},
		{"a token without time", keys, Unsubscribe, signer.Token(Unsubscribe, id), false},
	} {
		gotID, gotAt, ok := test.keys.VerifyAt(test.purpose, test.token)
		if ok != test.want || ok && (gotID != id || !gotAt.Equal(at)) {
			t.Errorf("%s: got %s, %s, %v", test.name, gotID, gotAt, ok)
		}
	}
	for i := range token {
		forged := []byte(token)
		forged[i] ^= 1
		if _, _, ok := keys.VerifyAt(Confirm, string(forged)); ok {
			t.Errorf("token forged at %d accepted", i)
		}
	}
	if _, ok := keys.Verify(Confirm, token); ok {
		t.Error("a token with a time was read as one without")
	}
}

// forge makes tokens as somebody would who knows their form and the key's
// name, but not its secret: mended ones, random ones and ones of another list.
func forge(keys *Keys, n int) (accepted int) {
	signer, _ := keys.Signer(keys.Current())
	thief := Signer{keys.list, newKey(keys.keys[0].id, make([]byte, secretSize))}
	neighbour := Signer{"autre", keys.keys[0]}
	at := time.Unix(1_800_000_000, 0)
	for i := range n {
		id := NewID()
		tokens := []string{thief.Token(Unsubscribe, id), neighbour.Token(Unsubscribe, id), signer.Token(Preferences, id)}
		timed := []string{thief.TokenAt(Confirm, id, at), neighbour.TokenAt(Confirm, id, at), signer.TokenAt(Served, id, at)}
		for _, list := range []*[]string{&tokens, &timed} {
			b, _ := base64.RawURLEncoding.DecodeString((*list)[2])
			rand.Read(b[len(b)-macSize:])
			*list = append(*list, base64.RawURLEncoding.EncodeToString(b))
		}
		if _, ok := keys.Verify(Unsubscribe, tokens[i%len(tokens)]); ok {
			accepted++
		}
		if _, _, ok := keys.VerifyAt(Confirm, timed[i%len(timed)]); ok {
			accepted++
		}
	}
	return accepted
}

func TestForgedTokens(t *testing.T) {
	keys, err := ParseKeys("lettre", NewKey())
	if err != nil {
		t.Fatal(err)
	}
	if n := forge(keys, 10_000); n > 0 {
		t.Errorf("%d of 20,000 forged tokens accepted", n)
	}
}

// BenchmarkForgedTokens forges a million tokens per round.
func BenchmarkForgedTokens(b *testing.B) {
	keys, err := ParseKeys("lettre", NewKey())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if n := forge(keys, 500_000); n > 0 {
			b.Fatalf("%d of 1,000,000 forged tokens accepted", n)
		}
	}
}
