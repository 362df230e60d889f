package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// A mail to the address in List-Unsubscribe counts by its token alone,
// wherever mail programs and servers put it.
func TestUnsubscribeByMail(t *testing.T) {
	t.Chdir(t.TempDir())
	infolettre := func(stdin string, args ...string) (string, int) {
		var out bytes.Buffer
		code := run(t.Context(), args, []string{"LANG=fr"}, strings.NewReader(stdin), &out, &out)
		return out.String(), code
	}
	for _, args := range [][]string{{"init"}, {"subscribers", "add", "zoe@example.org", "noel@example.org"}} {
		if out, code := infolettre("", args...); code != exitDone {
			t.Fatal(out)
		}
	}
	token := tokenOf(t, infolettre)
	other, err := audience.ParseKeys("lettre.example.org", audience.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := other.Signer(other.Current())
	if err != nil {
		t.Fatal(err)
	}
	forged := stranger.Token(audience.Unsubscribe, audience.NewID())
	for _, test := range []struct {
		name, mail string
		code       int
		zoe        string
	}{
		{"not a mail", "hello", exitProblems, "actif"},
		{"no token", "From: zoe@example.org\r\nSubject: unsubscribe\r\n\r\nplease", exitProblems, "actif"},
		{"forged", "Subject: " + forged + "\r\n\r\n", exitProblems, "actif"},
		{"in the body", "Subject: stop\r\n\r\n" + token, exitProblems, "actif"},
		{"in the sender", "From: " + token + "@example.org\r\n\r\n", exitProblems, "actif"},
		{"in the subject", "From: x@example.org\r\nSubject: Re: " + token + " (mobile)\r\n\r\n", exitDone, "désabonné"},
		{"again, encoded", "Subject: =?utf-8?Q?" + strings.ReplaceAll(token, "_", "=5F") + "?=\r\n\r\n", exitDone, "désabonné"},
		{"in the address", "To: \"Lettre\" <stop+" + token + "@example.org>\r\n\r\n", exitDone, "désabonné"},
	} {
		out, code := infolettre(test.mail, "unsubscribe")
		list, _ := infolettre("", "subscribers", "list")
		status := strings.Split(list[strings.Index(list, "zoe@"):], "\t")[2]
		if code != test.code || status != test.zoe || strings.Contains(out, "zoe") {
			t.Errorf("%s: exit %d, %s; %s", test.name, code, status, out)
		}
		if !strings.Contains(list, "noel@example.org\tfr\tactif") {
			t.Errorf("%s: another left:\n%s", test.name, list)
		}
	}
}

func tokenOf(t *testing.T, infolettre func(string, ...string) (string, int)) string {
	t.Helper()
	out, _ := infolettre("", "subscribers", "export", "zoe@example.org")
	var person struct{ ID string }
	if err := json.Unmarshal([]byte(out), &person); err != nil {
		t.Fatal(err, out)
	}
	id, ok := audience.ParseID(person.ID)
	text, err := os.ReadFile("infolettre.keys")
	if err != nil || !ok {
		t.Fatal(err, person)
	}
	keys, err := audience.ParseKeys("lettre.example.org", string(text))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := keys.Signer(keys.Current())
	if err != nil {
		t.Fatal(err)
	}
	return signer.Token(audience.Unsubscribe, id)
}
