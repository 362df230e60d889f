package main

import (
	"strings"
	"testing"
)

// The service sends a correction that was ordered beside it, and tells the
// team of it by the number that people know.
func TestServeSendsCorrection(t *testing.T) {
	u := newUnattended(t)
	u.env = append(u.env, "INFOLETTRE_TEAM=equipe@example.org", "INFOLETTRE_SCHEDULE_DONE_NOTICE=true")
	u.write("content/2026-04-28-le-velo.fr.md", "---\ntitle: Le vélo du facteur\n---\nIl roule.\n")
	u.push("2026-04-28T10:00:00+02:00")
	run := func(args ...string) {
		t.Helper()
		if code, text := u.run(t.Context(), args...); code != exitDone {
			t.Fatal(text)
		}
	}
	run("subscribers", "add", "--locale", "fr", "claire@exemple.fr")
	u.serve("2026-04-27T09:00:00+02:00", "the first tick", func() bool { return strings.Contains(u.log.String(), "the first tick") })
	u.serve("2026-04-30T11:00:30+02:00", "the issue and its notice", func() bool { return len(u.server.Messages()) == 2 })
	run("issues", "correct", "1", "--reason", "Il ne roule pas.")
	run("issues", "resend", "1", "--yes")
	u.serve("2026-04-30T12:00:00+02:00", "the correction and its notice", func() bool { return len(u.server.Messages()) == 4 })
	all := u.letter(2) + u.letter(3)
	for _, want := range []string{"claire@exemple.fr\nRectificatif\u00a0: Le vélo du facteur · n°\u00a01", "no. 1 (correction) has been sent", "No. 1 (correction) is closed", "infolettre issues show 1."} {
		if !strings.Contains(all, want) {
			t.Errorf("the mails do not say %q: %s", want, all)
		}
	}
}
