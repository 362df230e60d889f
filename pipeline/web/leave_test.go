package web_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// oneClick is RFC 8058's request, as a mail program sends it: from no page,
// without cookie.
func oneClick(path, encoding string, body bool) *http.Request {
	content := &bytes.Buffer{}
	kind := "application/x-www-form-urlencoded"
	if encoding == "multipart" {
		kind = "multipart/form-data; boundary=xyz"
	}
	switch {
	case body && encoding == "multipart":
		content = multipartBody("xyz", "List-Unsubscribe", "One-Click")
	case body:
		content.WriteString("List-Unsubscribe=One-Click")
	}
	r := httptest.NewRequest("POST", "https://lettre.exemple.fr"+path, content)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Sec-Fetch-Site", "cross-site") // a webmail's page
	r.Header.Set("Origin", "https://webmail.example")
	return r
}

// RFC 8058: two encodings × {first, repeated, unknown, suppressed, rotated
// key} × {body, none}.
func TestOneClick(t *testing.T) {
	for _, encoding := range []string{"urlencoded", "multipart"} {
		for _, body := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s body=%v", encoding, body), func(t *testing.T) {
				s := newSite(t)
				post := func(token string) answer { return s.do(oneClick("/u/"+token, encoding, body)) }
				done := func(name string, got answer) {
					t.Helper()
					if got.status != http.StatusOK || got.header.Get("Location") != "" || got.header.Get("Set-Cookie") != "" {
						t.Errorf("%s: %d %v", name, got.status, got.header)
					}
				}
				id := s.reader("zoe@exemple.fr", audience.Active)
				token := s.signer.Token(audience.Unsubscribe, id)
				done("first", post(token))
				if s.status(id) != audience.Unsubscribed {
					t.Error("still subscribed")
				}
				records, err := s.store.Records(context.Background(), id)
				if last := records[len(records)-1]; err != nil || last.Event != audience.Withdrawn || last.Origin != audience.OneClick {
					t.Errorf("%+v, %v", last, err)
				}
				before := s.dump()
				done("repeated", post(token))
				done("forgotten", post(s.signer.Token(audience.Unsubscribe, audience.NewID())))
				for _, forged := range []string{token[:40], strings.Repeat("A", 48), s.signer.Token(audience.Preferences, id)} {
					if got := post(forged); got.status != http.StatusNotFound {
						t.Errorf("unknown: %d", got.status)
					}
				}
				if s.dump() != before {
					t.Error("rows were changed")
				}
				suppressed := s.reader("plainte@exemple.fr", audience.Suppressed)
				done("suppressed", post(s.signer.Token(audience.Unsubscribe, suppressed)))
				if s.status(suppressed) != audience.Suppressed {
					t.Error("no longer suppressed")
				}
				retired, err := s.keys.Signer("bbbbbbbb")
				if err != nil {
					t.Fatal(err)
				}
				old := s.reader("ancien@exemple.fr", audience.Active)
				done("rotated key", post(retired.Token(audience.Unsubscribe, old)))
				if s.status(old) != audience.Unsubscribed {
					t.Error("an old mail's link does nothing")
				}
			})
		}
	}
}

// From the link in a mail: one button, and then an undo and a reason.
func TestLeave(t *testing.T) {
	s := newSite(t)
	id := s.reader("zoe@exemple.fr", audience.Active)
	path := "/u/" + s.signer.Token(audience.Unsubscribe, id)
	if got := s.get(path); got.status != http.StatusOK || strings.Count(got.body, "<button") != 1 || !strings.Contains(got.body, "z…@exemple.fr") || strings.Contains(got.body, "zoe@") {
		t.Fatalf("%d %s", got.status, got.body)
	}
	left := s.post(path, url.Values{"button": {"page"}})
	if left.status != http.StatusOK || !strings.Contains(left.body, "C’est fait") || s.status(id) != audience.Unsubscribed {
		t.Fatalf("%d %s", left.status, left.body)
	}
	if got := s.get(path); !strings.Contains(got.body, "n’est pas abonnée") {
		t.Errorf("the link of somebody who left: %s", got.body)
	}
	if got := s.post(path+"/reason", url.Values{"reason": {"other"}, "words": {strings.Repeat("é", 600) + " zoe@exemple.fr"}}); got.status != http.StatusOK {
		t.Errorf("reason: %d", got.status)
	}
	if got := s.post(path+"/undo", nil); got.status != http.StatusOK || s.status(id) != audience.Active {
		t.Errorf("undo: %d %s", got.status, got.body)
	}
	if got := s.post(path+"/reason", url.Values{"reason": {"never-asked"}}); got.status != http.StatusOK {
		t.Errorf("reason of somebody subscribed: %d", got.status)
	}
	var events []string
	records, err := s.store.Records(context.Background(), id)
	for _, r := range records {
		events = append(events, string(r.Event)+" "+string(r.Origin))
		if r.Event == audience.Explained && (!strings.HasPrefix(r.Detail, "other: éé") || len([]rune(r.Detail)) > 500 || strings.Contains(r.Detail, "@")) {
			t.Errorf("reason kept as %q", r.Detail)
		}
	}
	if got := strings.Join(events, ", "); err != nil || !strings.HasSuffix(got, "withdrawn link, explained link, restored link") {
		t.Errorf("%s, %v", got, err)
	}
	s.post(path, nil)
	s.now = s.now.Add(61 * time.Minute)
	if got := s.post(path+"/undo", nil); got.status != http.StatusOK || s.status(id) != audience.Unsubscribed {
		t.Errorf("undone after an hour: %d", got.status)
	}
}

func TestPreferences(t *testing.T) {
	s := newSite(t)
	id := s.reader("zoe@exemple.fr", audience.Active)
	path := "/p/" + s.signer.Token(audience.Preferences, id)
	if got := s.get(path).body; !strings.Contains(got, `value="Zoé"`) || !strings.Contains(got, `value="fr" checked`) || !strings.Contains(got, `min="2026-11-20"`) {
		t.Fatal(got)
	}
	for name, fields := range map[string]url.Values{
		"a name of two lines": {"language": {"en"}, "name": {"a\nb"}},
		"today":               {"language": {"en"}, "pause": {"2026-11-19"}},
		"in two years":        {"language": {"en"}, "pause": {"2028-11-19"}},
		"no date":             {"language": {"en"}, "pause": {"demain"}},
	} {
		before := s.dump()
		if got := s.post(path, fields); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `aria-invalid="true"`) || s.dump() != before {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	got := s.post(path, url.Values{"language": {"en"}, "name": {" Zoé L. "}, "pause": {"2026-12-24"}})
	if got.status != http.StatusOK || !strings.Contains(got.body, "Messages will resume on Thursday 24 December 2026") || !strings.Contains(got.body, `value="2026-12-24"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	sub, err := s.store.Subscriber(context.Background(), id)
	if err != nil || sub.Lang != "en" || sub.Name != "Zoé L." || !sub.PausedUntil.Equal(time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", sub, err)
	}
	if got := s.post(path, url.Values{"language": {"tlh"}, "pause": {""}}); got.status != http.StatusOK {
		t.Errorf("%d", got.status)
	}
	if sub, _ := s.store.Subscriber(context.Background(), id); sub.Lang != "en" || !sub.PausedUntil.IsZero() || sub.Name != "" {
		t.Errorf("%+v", sub)
	}
	s.post("/u/"+s.signer.Token(audience.Unsubscribe, id), nil)
	if got := s.post(path, url.Values{"language": {"fr"}}); !strings.Contains(got.body, "not subscribed") {
		t.Errorf("preferences of somebody who left: %s", got.body)
	}
}

// A reader of a variant keeps it as long as they do not choose another language.
func TestVariantStays(t *testing.T) {
	s := newSite(t)
	id := s.reader("marie@exemple.ca", audience.Active)
	s.exec(`UPDATE subscribers SET lang = 'fr-CA' WHERE id = ?`, id.String())
	path := "/p/" + s.signer.Token(audience.Preferences, id)
	for _, test := range [][2]string{{"fr", "fr-CA"}, {"en", "en"}, {"fr", "fr"}} {
		s.post(path, url.Values{"language": {test[0]}})
		if sub, _ := s.store.Subscriber(context.Background(), id); sub.Lang != test[1] {
			t.Errorf("chose %s: %s", test[0], sub.Lang)
		}
	}
}

func TestRenew(t *testing.T) {
	s := newSite(t)
	id := s.reader("zoe@exemple.fr", audience.Active)
	path := "/r/" + s.signer.Token(audience.Renew, id)
	if got := s.get(path); got.status != http.StatusOK || !strings.Contains(got.body, "garder votre abonnement") {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := s.post(path, nil); got.status != http.StatusOK || !strings.Contains(got.body, "Merci") {
		t.Fatalf("%d %s", got.status, got.body)
	}
	records, err := s.store.Records(context.Background(), id)
	if last := records[len(records)-1]; err != nil || last.Event != audience.Renewed || last.Text == "" {
		t.Errorf("%+v, %v", last, err)
	}
}
