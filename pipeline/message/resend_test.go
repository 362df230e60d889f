package message

import (
	"bytes"
	"testing"

	"github.com/infolettre/infolettre/pipeline/render"
)

// A correction is another mail than its issue's and than the correction before
// it; sent again after a crash it is the same to the byte, and the same links
// lead out of it.
func TestCorrection(t *testing.T) {
	first := testComposer(t, nil, hard())
	compose := func(revision int) []byte {
		is := first.issue
		is.Revision = revision
		c, err := NewComposer(first.config, is, []render.Document{hard()})
		if err != nil {
			t.Fatal(err)
		}
		mail, err := c.Append(nil, readers[0], "fr")
		if err != nil {
			t.Fatal(err)
		}
		return mail
	}
	want := parse(t, compose(0)).Header
	ids := map[string]bool{}
	for revision := range 3 {
		mail := compose(revision)
		if !bytes.Equal(mail, compose(revision)) {
			t.Errorf("revision %d: the mail changes", revision)
		}
		got := parse(t, mail).Header
		ids[got["Message-Id"]] = true
		for _, name := range []string{"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "From", "To"} {
			if got[name] != want[name] || got[name] == "" {
				t.Errorf("revision %d: %s is %q, not %q", revision, name, got[name], want[name])
			}
		}
	}
	if len(ids) != 3 {
		t.Errorf("three mails have %d ids", len(ids))
	}
}
