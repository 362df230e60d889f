package web_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

// atom is RFC 4287's feed, as a reader's program takes it.
type atom struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string   `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	ID      string   `xml:"id"`
	Updated string   `xml:"updated"`
	Author  string   `xml:"author>name"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		ID        string `xml:"id"`
		Title     string `xml:"title"`
		Published string `xml:"published"`
		Updated   string `xml:"updated"`
		Summary   string `xml:"summary"`
	} `xml:"entry"`
}

type jsonFeed struct {
	Version, Language string
	Items             []struct {
		ID, URL   string
		Published time.Time `json:"date_published"`
		Modified  time.Time `json:"date_modified"`
	}
}

func (s *site) feeds(locale string) (a atom, j jsonFeed) {
	s.Helper()
	if err := xml.Unmarshal([]byte(s.get("/"+locale+"/feed.xml").body), &a); err != nil {
		s.Fatal(err)
	}
	if err := json.Unmarshal([]byte(s.get("/"+locale+"/feed.json").body), &j); err != nil {
		s.Fatal(err)
	}
	return a, j
}

func TestFeeds(t *testing.T) {
	s := newSite(t)
	a, _ := s.feeds("fr")
	if a.Lang != "fr" || a.ID != "tag:lettre.exemple.fr,2026:fr" || a.Author != "Éditions de la Jetée" || a.Updated != "2026-11-19T10:00:00Z" ||
		len(a.Links) != 2 || a.Links[0].Href != "https://lettre.exemple.fr/fr/feed.xml" || len(a.Entries) != 1 {
		t.Fatalf("%+v", a)
	}
	if e := a.Entries[0]; e.ID != "tag:lettre.exemple.fr,2026:fr/12" || e.Updated != a.Updated || e.Published != a.Updated ||
		!strings.Contains(e.Title, "phare & la") || e.Summary != "Trois éclats." {
		t.Errorf("%+v", e)
	}
	_, j := s.feeds("en")
	if j.Version != "https://jsonfeed.org/version/1.1" || j.Language != "en" || len(j.Items) != 1 || j.Items[0].URL != "https://lettre.exemple.fr/en/12" ||
		!j.Items[0].Published.Equal(thursday) || !j.Items[0].Modified.IsZero() {
		t.Errorf("%+v", j)
	}
	empty := newSite(t)
	empty.exec(`DELETE FROM documents`)
	for _, path := range []string{"/fr", "/fr/feed.xml", "/fr/feed.json"} {
		if got := empty.get(path); got.status != http.StatusOK {
			t.Errorf("an empty archive: %s: %d", path, got.status)
		}
	}
	if a, _ := empty.feeds("fr"); a.Updated != "1970-01-01T00:00:00Z" {
		t.Errorf("an empty feed is of %s", a.Updated)
	}
}

// RFC 4287, § 4.2.15: a correction is a change that readers are told of, in
// the languages whose page has it.
func TestFeedsTellOfCorrections(t *testing.T) {
	s := newSite(t)
	words, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	s.freeze(render.Config{Name: "La Vigie", PostalAddress: "x", Location: time.UTC, Locales: []string{"fr", "en"}}, words, 13, deliver.IssueSent)
	for i, at := range []time.Time{thursday.AddDate(0, 0, 8), thursday.AddDate(0, 0, 9)} {
		e := issue.Erratum{ID: string(rune('a' + i)), Number: 12, At: at, Reason: "Une date."}
		if err := s.store.Correct(t.Context(), e, []render.Document{{Locale: "fr", Web: "page", Key: "k"}}); err != nil {
			t.Fatal(err)
		}
	}
	a, j := s.feeds("fr")
	if len(a.Entries) != 2 || len(j.Items) != 2 {
		t.Fatalf("%+v %+v", a, j)
	}
	corrected := thursday.AddDate(0, 0, 9)
	if e := a.Entries[1]; e.Published != "2026-11-19T10:00:00Z" || e.Updated != "2026-11-28T10:00:00Z" || a.Updated != e.Updated {
		t.Errorf("feed of %s: %+v", a.Updated, e)
	}
	if e := a.Entries[0]; e.Updated != e.Published {
		t.Errorf("the other issue: %+v", e)
	}
	if i := j.Items[1]; !i.Published.Equal(thursday) || !i.Modified.Equal(corrected) || !j.Items[0].Modified.IsZero() {
		t.Errorf("%+v", j)
	}
	if a, _ := s.feeds("en"); a.Updated != "2026-11-26T10:00:00Z" || a.Entries[1].Updated != a.Entries[1].Published {
		t.Errorf("the other language: %+v", a)
	}
	if p, _, err := s.store.PublishedDocument(t.Context(), 12, "fr"); err != nil || !p.Updated.Equal(corrected) || !p.Date.Equal(thursday) {
		t.Errorf("%v, %v, %v", p.Date, p.Updated, err)
	}
}
