package main

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/infolettre/infolettre/pipeline/deliver"
)

// The team gets the very mail, with what will happen; a link scanner that
// opens its links changes nothing, and the button lets the issue go.
func TestApproval(t *testing.T) {
	u := newUnattended(t)
	u.env = append(u.env, "INFOLETTRE_TEAM=equipe@example.org", "INFOLETTRE_SCHEDULE_APPROVAL=required", "INFOLETTRE_SCHEDULE_DONE_NOTICE=true")
	u.write("content/2026-04-28-le-velo.fr.md", "---\ntitle: Le vélo du facteur\n---\nIl roule. [ici](https://example.org)\n")
	u.push("2026-04-28T10:00:00+02:00")
	if code, text := u.run(t.Context(), "subscribers", "add", "--locale", "fr", "claire@exemple.fr"); code != exitDone {
		t.Fatal(text)
	}
	u.serve("2026-04-27T09:00:00+02:00", "the first tick", func() bool { return strings.Contains(u.log.String(), "the first tick") })

	u.serve("2026-04-30T11:00:30+02:00", "the notice", func() bool { return len(u.server.Messages()) == 1 }, func() {
		notice := u.letter(0)
		for _, want := range []string{"To approve", "Here is no. 1, as the subscribers will get it", "It will go only once it is approved", "Il roule."} {
			if !strings.Contains(notice, want) {
				t.Errorf("the notice does not say %q: %s", want, notice)
			}
		}
		links := regexp.MustCompile(`https://letter\.example\.org(/[as]/[\w-]{48})`).FindAllStringSubmatch(notice, -1)
		if len(links) < 2 {
			t.Fatalf("the notice has the links %q", links)
		}
		for _, link := range links {
			if page := u.get(link[1]); !strings.Contains(page, "<form") {
				t.Errorf("%s: %s", link[1], page)
			}
		}
		if got := u.state(); got != "waiting" {
			t.Errorf("after the links were opened the issue is %s", got)
		}
		stop, approve := "", ""
		for _, link := range links {
			if strings.HasPrefix(link[1], "/s/") {
				stop = link[1]
			} else {
				approve = link[1]
			}
		}
		u.press(stop, http.StatusOK)
		if got := u.state(); got != string(deliver.IssueHeld) {
			t.Errorf("stopped, the issue is %s", got)
		}
		u.press(approve, http.StatusOK)
		u.press(approve, http.StatusGone)
		u.press(strings.Replace(approve, "/a/", "/s/", 1), http.StatusNotFound) // a link serves one purpose
	})
	u.serve("2026-04-30T11:05:00+02:00", "the issue and the last notice", func() bool { return len(u.server.Messages()) == 3 })
	all := u.letter(1) + u.letter(2)
	if !strings.Contains(all, "claire@exemple.fr") || !strings.Contains(all, "no. 1 has been sent") {
		t.Errorf("the mails are %s", all)
	}
}

// letter is a mail: to whom, its subject and its body, decoded.
func (u *unattended) letter(i int) string {
	m, err := mail.ReadMessage(bytes.NewReader(u.server.Messages()[i].Data))
	u.must(err)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	u.must(err)
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	u.must(err)
	return u.server.Messages()[i].To[0] + "\n" + subject + "\n" + string(body)
}

// press posts the button of a page.
func (u *unattended) press(path string, want int) {
	u.Helper()
	response, err := http.PostForm(u.url+path, url.Values{})
	u.must(err)
	defer response.Body.Close()
	if response.StatusCode != want {
		u.Errorf("POST %.12s… answers %s, want %d", path, response.Status, want)
	}
}

// state is that of the first issue.
func (u *unattended) state() string {
	_, text := u.run(u.Context(), "issues", "show", "1", "--json")
	state := regexp.MustCompile(`"state": "(\w+)"`).FindStringSubmatch(text)
	if state == nil {
		u.Fatal(text)
	}
	return state[1]
}
