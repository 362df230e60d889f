package web

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/infolettre/infolettre/pipeline/render"
)

const jsonFeedPath = "/feed.json" // below "/<locale>"

// perFeed is how many issues a feed holds, the newest.
const perFeed = 20

// atomFeed is RFC 4287's, as far as an issue needs it.
type atomFeed struct {
	XMLName  xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang     string      `xml:"xml:lang,attr"`
	ID       string      `xml:"id"`
	Title    string      `xml:"title"`
	Subtitle string      `xml:"subtitle,omitempty"`
	Updated  string      `xml:"updated"`
	Author   string      `xml:"author>name"`
	Links    []atomLink  `xml:"link"`
	Entries  []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID        string     `xml:"id"`
	Title     string     `xml:"title"`
	Published string     `xml:"published"`
	Updated   string     `xml:"updated"` // changes with a correction (RFC 4287, § 4.2.15)
	Links     []atomLink `xml:"link"`
	Summary   string     `xml:"summary"`
}

func (s *Site) serveAtom(w http.ResponseWriter, r *http.Request, locale string) {
	issues, err := s.Archive.Published(r.Context(), locale, 0, perFeed)
	if err != nil {
		s.trouble(w, r, err)
		return
	}
	n := s.Newsletter
	updated := time.Unix(0, 0).UTC() // of a feed without issues
	feed := atomFeed{
		Lang: locale, ID: s.feedID(locale), Title: n.Name, Subtitle: n.Tagline, Author: n.Organization,
		Links: []atomLink{
			{"self", "application/atom+xml", s.absolute("/" + locale + render.FeedPath)},
			{"alternate", "text/html", s.absolute("/" + locale)},
		},
	}
	for _, issue := range issues {
		if issue.Updated.After(updated) {
			updated = issue.Updated
		}
		feed.Entries = append(feed.Entries, atomEntry{
			ID: s.issueID(locale, issue.Number), Title: issue.Subject, Summary: issue.Preheader,
			Published: s.date(issue.Date), Updated: s.date(issue.Updated),
			Links: []atomLink{{"alternate", "text/html", s.absolute(issuePath(locale, issue.Number))}},
		})
	}
	feed.Updated = s.date(updated)
	var body bytes.Buffer
	body.WriteString(xml.Header)
	if err := xml.NewEncoder(&body).Encode(feed); err != nil {
		s.trouble(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	serveBytes(w, r, body.Bytes(), pageCache)
}

// jsonFeed is version 1.1 of https://www.jsonfeed.org/version/1.1/.
type jsonFeed struct {
	Version     string     `json:"version"`
	Title       string     `json:"title"`
	Description string     `json:"description,omitempty"`
	HomePage    string     `json:"home_page_url"`
	Feed        string     `json:"feed_url"`
	Language    string     `json:"language"`
	Items       []jsonItem `json:"items"`
}

type jsonItem struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	Title     string `json:"title"`
	Text      string `json:"content_text"` // one of the contents is required
	Published string `json:"date_published"`
	Modified  string `json:"date_modified,omitempty"` // by a correction
	Language  string `json:"language"`
}

func (s *Site) serveJSONFeed(w http.ResponseWriter, r *http.Request, locale string) {
	issues, err := s.Archive.Published(r.Context(), locale, 0, perFeed)
	if err != nil {
		s.trouble(w, r, err)
		return
	}
	feed := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: s.Newsletter.Name, Description: s.Newsletter.Tagline, Language: locale,
		HomePage: s.absolute("/" + locale), Feed: s.absolute("/" + locale + jsonFeedPath), Items: []jsonItem{},
	}
	for _, issue := range issues {
		item := jsonItem{
			ID: s.issueID(locale, issue.Number), URL: s.absolute(issuePath(locale, issue.Number)), Title: issue.Subject,
			Text: issue.Preheader, Published: s.date(issue.Date), Language: locale,
		}
		if issue.Updated.After(issue.Date) {
			item.Modified = s.date(issue.Updated)
		}
		feed.Items = append(feed.Items, item)
	}
	body, err := json.MarshalIndent(feed, "", "  ")
	if err != nil {
		s.trouble(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/feed+json; charset=utf-8")
	serveBytes(w, r, append(body, '\n'), pageCache)
}

// feedID and issueID are tag URIs (RFC 4151) of the newsletter's id, which
// stays when the pages move to another address: a reader's program knows an
// issue by it.
func (s *Site) feedID(locale string) string {
	return "tag:" + url.PathEscape(s.ID) + ",2026:" + locale
}

func (s *Site) issueID(locale string, number int) string {
	return s.feedID(locale) + "/" + strconv.Itoa(number)
}

func (s *Site) date(moment time.Time) string {
	return moment.In(s.Newsletter.Location).Format(time.RFC3339)
}
