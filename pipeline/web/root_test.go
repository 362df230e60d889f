package web_test

import (
	"context"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/web"
)

// below is the site of a newsletter below a path of its host.
func below(t *testing.T, change ...func(*web.Options)) *site {
	t.Helper()
	return newSite(t, append(change, func(o *web.Options) { o.Base = "https://exemple.fr/lettre" })...)
}

func TestRoot(t *testing.T) {
	s := below(t)
	for path, want := range map[string]struct {
		status   int
		location string
	}{
		"/lettre/":          {200, ""},
		"/lettre":           {307, "/lettre/"},
		"/lettre?lang=en":   {307, "/lettre/?lang=en"},
		"/lettre//fr":       {307, "/lettre/fr"},
		"/lettre/media":     {307, "/lettre/media/"},
		"/lettre/fr":        {200, ""},
		"/lettre/style.css": {200, ""},
		"/lettre/nope":      {404, ""},
		"/lettrex":          {404, ""},
		"/lettrex/fr":       {404, ""},
		"/subscribe":        {404, ""},
		"/":                 {404, ""},
	} {
		if got := s.get(path); got.status != want.status || got.header.Get("Location") != want.location {
			t.Errorf("%s: %d to %q, want %d to %q", path, got.status, got.header.Get("Location"), want.status, want.location)
		}
	}
	id := s.reader("zoe@exemple.fr", audience.Active)
	if got := s.do(oneClick("/lettre/u/"+s.signer.Token(audience.Unsubscribe, id), "urlencoded", true)); got.status != http.StatusOK || s.status(id) != audience.Unsubscribed {
		t.Errorf("one click: %d", got.status)
	}
	if _, err := web.New(web.Options{Base: "https://exemple.fr/une//lettre", Languages: []string{"fr"}, Keys: s.keys}); err == nil {
		t.Error("a path is taken that no request has")
	}
}

// undecided has every issue wait for ever.
type undecided struct{}

func (undecided) Waiting(context.Context, audience.ID) (int, bool, error) { return 12, true, nil }
func (undecided) Approve(context.Context, audience.ID) error              { return nil }
func (undecided) Stop(context.Context, audience.ID) error                 { return nil }

var (
	ownLink   = regexp.MustCompile(`https://exemple\.fr[^"<>\s\\]*`)
	localLink = regexp.MustCompile(`(?:href|src|action)="(/[^"]*)"`)
)

// Every address that such a site hands out, in mails, pages and feeds, leads
// to something below its path.
func TestRootIsNeverLeft(t *testing.T) {
	files := fstest.MapFS{"images/phare.png": {Data: pixels(t)}}
	s := below(t, func(o *web.Options) { o.Gate, o.Media = undecided{}, files })
	waiting := s.handedOut(t, files)
	seen := map[string]bool{}
	for len(waiting) > 0 {
		address := strings.TrimPrefix(html.UnescapeString(waiting[0]), "https://exemple.fr")
		waiting = waiting[1:]
		address, _, _ = strings.Cut(address, "#")
		if seen[address] {
			continue
		}
		seen[address] = true
		if !strings.HasPrefix(address, "/lettre/") && address != "/lettre" {
			t.Errorf("%s leads out", address)
			continue
		}
		got := s.get(address)
		if got.status != http.StatusOK && got.status != http.StatusMethodNotAllowed { // of a form
			t.Errorf("%s: %d", address, got.status)
		}
		waiting = append(waiting, ownLink.FindAllString(got.body, -1)...)
		for _, m := range localLink.FindAllStringSubmatch(got.body, -1) {
			waiting = append(waiting, m[1])
		}
	}
	for _, want := range []string{"/lettre/fr/12", "/lettre/en/feed.json", "/lettre/media/images/phare.png", "/lettre/legal?lang=en"} {
		if !seen[want] {
			t.Errorf("nobody came by %s", want)
		}
	}
}

// handedOut are the addresses in mails of all kinds, and what a form leads to.
func (s *site) handedOut(t *testing.T, files fstest.MapFS) (list []string) {
	words, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	id := s.reader("zoe@exemple.fr", audience.Active)
	for _, kind := range []audience.MailKind{audience.MailConfirm, audience.MailKnown, audience.MailRenew} {
		letter, err := s.Letter(audience.Mail{Kind: kind, Subscriber: id, Lang: "fr"})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, letter.URL)
	}
	list = append(list, s.GateURL(audience.Approve, audience.NewID()))
	r, err := render.New(render.Config{Name: "La Vigie", PostalAddress: "x", Locales: []string{"fr", "en"}}, words, render.NewAssets(files))
	if err != nil {
		t.Fatal(err)
	}
	entry := content.Entry{ID: "phare", Path: "phare.fr.md", Lang: "fr", Slug: "phare", Date: thursday, Title: "Le phare", Body: "![](images/phare.png)", CTA: content.CTA{Label: "S’abonner"}}
	d, _, err := r.Document(issue.Issue{Number: 12, Slot: thursday, Items: []issue.Item{{ID: "phare", Versions: []content.Entry{entry}}}}, "fr")
	if err != nil {
		t.Fatal(err)
	}
	values := map[render.Slot]string{
		render.Base: s.Base, render.Address: "zoe@exemple.fr",
		render.Unsubscribe: s.signer.Token(audience.Unsubscribe, id), render.Preferences: s.signer.Token(audience.Preferences, id),
	}
	for _, part := range []string{d.HTML, d.Text, d.Web} {
		list = append(list, ownLink.FindAllString(d.Fill(part, values), -1)...)
	}
	return list
}
