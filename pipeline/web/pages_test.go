package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/web"
)

// tokens are links of every purpose, for a reader of every status, and forged
// ones.
func (s *site) tokens() []string {
	var list []string
	for i, status := range []audience.Status{audience.Active, audience.Pending, audience.Unsubscribed, audience.Suppressed} {
		id := s.reader(fmt.Sprintf("lecteur%d@exemple.fr", i), status)
		list = append(list,
			"/u/"+s.signer.Token(audience.Unsubscribe, id), "/p/"+s.signer.Token(audience.Preferences, id), "/r/"+s.signer.Token(audience.Renew, id),
			"/c/"+s.signer.TokenAt(audience.Confirm, id, s.now), "/c/"+s.signer.TokenAt(audience.Confirm, id, s.now.AddDate(0, 0, -8)))
	}
	stranger := audience.NewID()
	return append(list, "/u/"+s.signer.Token(audience.Unsubscribe, stranger), "/c/"+s.signer.TokenAt(audience.Confirm, stranger, s.now),
		"/u/"+strings.Repeat("A", 48), "/p/x", "/c/"+strings.Repeat("A", 56), "/r/", list[0]+"/undo", list[0]+"/reason")
}

var publicPages = []string{
	"/", "/subscribe", "/subscribe?lang=en", "/fr", "/en", "/fr/12", "/en/12", "/fr/feed.xml", "/en/feed.json", "/legal", "/legal?lang=en",
	"/style.css", "/healthz", "/media/images/phare.png", "/fr/99", "/nope", "/fr?before=3",
}

// storm asks for every URL with every kind of token, n times in all, and
// returns what it changed.
func (s *site) storm(n int) (before, after string) {
	s.post("/subscribe?lang=fr", s.filled("asked@exemple.fr"))
	paths := append(s.tokens(), publicPages...)
	before = s.dump()
	for i := range n {
		path, method := paths[i%len(paths)], []string{"GET", "HEAD"}[i/len(paths)%2]
		if got := s.do(httptest.NewRequest(method, "https://lettre.exemple.fr"+path, nil)); got.status >= 500 || got.header.Get("Set-Cookie") != "" {
			s.Fatalf("%s %s: %d", method, path, got.status)
		}
	}
	return before, s.dump()
}

// Scanners open every link: nothing changes, on any URL, with any token.
func TestGetChangesNothing(t *testing.T) {
	s := newSite(t)
	before, after := s.storm(500)
	if after != before {
		t.Errorf("rows were changed:\n%s\n%s", before, after)
	}
	if strings.Count(before, "\n") < 15 {
		t.Errorf("the dump shows too little:\n%s", before)
	}
}

func BenchmarkGetChangesNothing(b *testing.B) {
	for b.Loop() {
		if before, after := newSite(b).storm(10_000); before != after {
			b.Fatal("rows were changed")
		}
	}
}

// Every page: security headers, a language, a size, no id in place of words.
func TestEveryPage(t *testing.T) {
	s := newSite(t)
	paths := append(s.tokens(), publicPages...)
	for _, path := range paths {
		for _, accept := range []string{"fr", "en"} {
			got := s.get(path, func(r *http.Request) { r.Header.Set("Accept-Language", accept) })
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
				if got.header.Get(name) != want {
					t.Errorf("%s: %s: %q", path, name, got.header.Get(name))
				}
			}
			policy := got.header.Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'; style-src ") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "script") {
				t.Errorf("%s: policy %q", path, policy)
			}
			if cache := got.header.Get("Cache-Control"); regexp.MustCompile(`^/[upcr]/`).MatchString(path) && cache != "no-store" {
				t.Errorf("%s: %q", path, cache)
			}
			if !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
				continue
			}
			if issue := regexp.MustCompile(`^/../\d`).MatchString(path); !issue && len(got.body) > 8<<10 {
				t.Errorf("%s weighs %d bytes", path, len(got.body))
			}
			doc, err := html.Parse(strings.NewReader(got.body))
			if err != nil {
				t.Fatal(err)
			}
			checkPage(t, path, got, doc)
		}
	}
}

func checkPage(t *testing.T, path string, got answer, doc *html.Node) {
	t.Helper()
	headings := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if n.Data == "html" && a.Key == "lang" && a.Val != got.header.Get("Content-Language") {
				t.Errorf("%s: lang %q, header %q", path, a.Val, got.header.Get("Content-Language"))
			}
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s: %s", path, a.Key)
			}
		}
		switch n.Data {
		case "h1":
			headings++
		case "script", "iframe":
			t.Errorf("%s: a %s", path, n.Data)
		}
	}
	if headings != 1 {
		t.Errorf("%s: %d h1", path, headings)
	}
	if found := regexp.MustCompile(`\b(web|letter)\.[a-z]+[a-z.-]*|&lt;no value|slot-[0-9a-f]+`).FindString(got.body); found != "" {
		t.Errorf("%s: %s in the page", path, found)
	}
}

func TestArchive(t *testing.T) {
	s := newSite(t)
	words, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	c := render.Config{Name: "La Vigie", PostalAddress: "x", Location: time.UTC, Locales: []string{"fr"}}
	s.freeze(c, words, 13, deliver.IssueHeld)
	list := s.get("/fr")
	if !strings.Contains(list.body, `<a href="/fr/12">Le phare`) || !strings.Contains(list.body, "jeudi 19\u00a0novembre 2026") || strings.Contains(list.body, "/fr/13") {
		t.Errorf("list: %s", list.body)
	}
	page := s.get("/fr/12")
	if page.status != http.StatusOK || !strings.Contains(page.body, "Trois éclats toutes") || !strings.Contains(page.body, `href="https://lettre.exemple.fr/subscribe?lang=fr"`) {
		t.Errorf("issue: %d %s", page.status, page.body)
	}
	if found := regexp.MustCompile(`/[upcr]/[A-Za-z0-9_-]{10}|slot-`).FindString(page.body); found != "" {
		t.Errorf("a private link in a public page: %s", found)
	}
	for _, path := range []string{"/fr/12", "/fr", "/legal?lang=fr", "/fr/feed.xml", "/fr/feed.json", "/style.css"} {
		first := s.get(path)
		tag := first.header.Get("ETag")
		again := s.get(path, func(r *http.Request) { r.Header.Set("If-None-Match", tag) })
		if tag == "" || again.status != http.StatusNotModified || !strings.HasPrefix(first.header.Get("Cache-Control"), "public") {
			t.Errorf("%s: %q, %d, %v", path, tag, again.status, first.header)
		}
	}
	for path, want := range map[string]int{
		"/fr/13": 404, "/en/13": 404, "/fr/012": 404, "/fr/0": 404, "/fr/-1": 404, "/fr/x": 404, "/de": 404, "/de/12": 404, "/en/12": 200,
		"/media/images/phare.png": 200, "/media/billet.fr.md": 404, "/media/images.png": 404, "/media/images": 404, "/media/": 404,
		"/media/%2e%2e/infolettre.db": 404, "/media/nope.png": 404, "/media/images/..%2f..%2fx.png": 404,
	} {
		if got := s.get(path); got.status != want {
			t.Errorf("%s: %d, want %d", path, got.status, want)
		}
	}
}

// Each page of the archive names itself to search engines, and only the first
// one its translations.
func TestArchivePages(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]string{"/fr": "/fr", "/fr?before=x": "/fr", "/fr?before=-3": "/fr", "/fr?before=15": "/fr?before=15", "/en?before=013": "/en?before=13"} {
		body := s.get(path).body
		for _, tag := range []string{`<link rel="canonical" href="`, `<meta property="og:url" content="`} {
			if !strings.Contains(body, tag+"https://lettre.exemple.fr"+want+`">`) {
				t.Errorf("%s: no %s%s in %s", path, tag, want, body)
			}
		}
		if locale := map[string]string{"/fr": "fr_FR", "/en": "en_US"}[path[:3]]; !strings.Contains(body, `<meta property="og:locale" content="`+locale+`">`) {
			t.Errorf("%s: not in %s: %s", path, locale, body)
		}
		if translated := strings.Contains(body, `rel="alternate" hreflang=`); translated != !strings.Contains(want, "?") {
			t.Errorf("%s: translations: %t", path, translated)
		}
	}
}

func TestLanguage(t *testing.T) {
	s := newSite(t)
	id := s.reader("zoe@exemple.fr", audience.Active)
	mine := "/u/" + s.signer.Token(audience.Unsubscribe, id)
	for _, test := range []struct{ path, accept, want string }{
		{"/subscribe", "", "fr"},
		{"/subscribe", "en-GB, fr;q=0.5", "en"},
		{"/subscribe", "de, en;q=0.5", "en"},
		{"/subscribe", "de", "fr"},
		{"/subscribe?lang=en", "fr", "en"},
		{"/subscribe?lang=xx", "en", "en"},
		{mine, "en", "fr"},
		{mine + "?lang=en", "fr", "en"},
		{"/en", "fr", "en"},
		{"/en/12", "fr", "en"},
	} {
		got := s.get(test.path, func(r *http.Request) { r.Header.Set("Accept-Language", test.accept) })
		if got.header.Get("Content-Language") != test.want {
			t.Errorf("%s, %q: %s, want %s", test.path, test.accept, got.header.Get("Content-Language"), test.want)
		}
	}
	if got := s.get("/subscribe?lang=fr").body; !strings.Contains(got, `<a href="/subscribe?lang=en" lang="en" hreflang="en">English</a>`) ||
		!strings.Contains(got, `<link rel="alternate" hreflang="en" href="https://lettre.exemple.fr/subscribe?lang=en">`) {
		t.Error(got)
	}
}

func TestMethods(t *testing.T) {
	s := newSite(t)
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{"POST", "/fr", 405}, {"PUT", "/subscribe", 405}, {"DELETE", "/u/x", 405}, {"POST", "/healthz", 405}, {"OPTIONS", "/subscribe", 405}, {"HEAD", "/fr/12", 200},
	} {
		if got := s.do(httptest.NewRequest(test.method, "https://lettre.exemple.fr"+test.path, nil)); got.status != test.want {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, got.status, test.want)
		}
	}
}

func TestLetters(t *testing.T) {
	s := newSite(t)
	id := audience.NewID()
	for _, lang := range []string{"fr", "en", "fr-CA", "de"} {
		for kind, path := range map[audience.MailKind]string{audience.MailConfirm: "/c/", audience.MailKnown: "/p/", audience.MailRenew: "/r/"} {
			l, err := s.Letter(audience.Mail{Kind: kind, Subscriber: id, Lang: lang})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(l.URL, "https://lettre.exemple.fr"+path) || !strings.Contains(l.Subject, "La Vigie") || strings.Contains(fmt.Sprint(l), "letter.") ||
				l.Locale != map[string]string{"fr": "fr", "en": "en", "fr-CA": "fr-CA", "de": "fr"}[lang] {
				t.Errorf("%s %s: %+v", kind, lang, l)
			}
		}
	}
	if _, err := s.Letter(audience.Mail{Kind: audience.MailNotice}); err == nil {
		t.Error("words for a notice")
	}
}

// What became of the slots stands on the team's page, in its language.
func TestPrivateTellsOfSlots(t *testing.T) {
	s := newSite(t)
	slot := func(days int) time.Time { return thursday.AddDate(0, 0, days) }
	if err := s.store.DecideSlots(t.Context(), []issue.Decision{
		{Slot: slot(-7), Outcome: issue.Off, At: slot(-7), Reason: "armistice"},
		{Slot: slot(-6), Outcome: issue.Off, At: slot(-6), Reason: "closed"},
		{Slot: slot(-5), Outcome: issue.Quiet, At: slot(-5)},
		{Slot: slot(-4), Outcome: issue.Nobody, At: slot(-4)},
		{Slot: slot(-3), Outcome: issue.Missed, At: slot(-1)},
		{Slot: slot(-2), Outcome: issue.Passed, At: slot(-1)},
	}, s.now); err != nil {
		t.Fatal(err)
	}
	for _, is := range []deliver.Issue{
		{Number: 13, State: deliver.IssueSending, Slot: slot(1), Ordered: slot(1).Add(3 * time.Hour)},
		{Number: 14, State: deliver.IssueWaiting, Slot: slot(2), Ordered: slot(2), Release: slot(2).Add(4 * time.Hour)},
		{Number: 15, State: deliver.IssueWaiting, Slot: slot(3), Ordered: slot(3)},
	} {
		if err := s.store.Freeze(t.Context(), is, nil, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.store.Stop(t.Context(), 15, "une faute"); err != nil {
		t.Fatal(err)
	}
	s.handler = s.Private(s.store)
	for lang, want := range map[string][]string{
		"fr": {
			"retenu\u00a0: une faute.", "en attente d’approbation\u202f; sans opposition il part samedi", "envoi en cours. Échéance rattrapée",
			"12 envoyé.", "Manquée, puis reprise", "Manquée depuis trop longtemps", "Personne à qui écrire", "Calme\u00a0: trop peu", "Fermeture", "Jour férié (armistice",
		},
		"en": {
			"is held: une faute.", "waits for approval; unless it is stopped, it goes on", "is being sent. The slot was made up on",
			"Issue 12 sent.", "Missed, then made up", "Missed too long ago", "Nobody to write to", "Quiet: too few", "Closed", "Public holiday (Armistice",
		},
	} {
		body := s.get("/", func(r *http.Request) { r.Header.Set("Accept-Language", lang) }).body
		for _, text := range want { // the newest first
			_, after, found := strings.Cut(body, text)
			if !found {
				t.Fatalf("%s: no %q in what follows: %s", lang, text, body)
			}
			body = after
		}
	}
}

// The team's pages: figures and a chart, no names, and nothing but GET.
func TestPrivate(t *testing.T) {
	s := newSite(t)
	id := s.reader("zoe@exemple.fr", audience.Active)
	s.post("/u/"+s.signer.Token(audience.Unsubscribe, id), nil)
	s.post("/subscribe?lang=fr", s.filled("noel@exemple.fr"))
	s.handler = s.Private(s.store)
	page := s.get("/", func(r *http.Request) { r.Header.Set("Accept-Language", "en") })
	for _, want := range []string{"Emails waiting to be sent: 1.", `src="/chart.svg"`, `<th scope="row">16 November 2026</th><td>1</td><td>0</td>`, `<th scope="row">12</th>`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("no %s in %s", want, page.body)
		}
	}
	if strings.Contains(page.body, "exemple.fr") {
		t.Error("an address among the figures")
	}
	if chart := s.get("/chart.svg"); chart.header.Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(chart.body, "<svg") {
		t.Errorf("%v %s", chart.header, chart.body)
	}
	if got := s.get("/healthz").body; got != "{\"healthy\":true,\"outbox\":1}\n" {
		t.Errorf("health: %s", got)
	}
	if got := s.post("/", nil); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", got.status)
	}
}

// The page names a contact above only where there is one.
func TestLegalContact(t *testing.T) {
	t.Parallel()
	for contact, want := range map[string]bool{"donnees@exemple.fr": true, "": false} {
		s := newSite(t, func(o *web.Options) { o.Config.Contact = contact })
		body := s.get("/legal?lang=fr").body
		if got := strings.Contains(body, "indiqué ci-dessus"); got != want || !strings.Contains(body, "à l’adresse postale de l’éditeur") {
			t.Errorf("with contact %q: %v\n%s", contact, got, body)
		}
	}
}
