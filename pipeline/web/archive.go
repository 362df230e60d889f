package web

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render"
)

// perPage is how many issues one page of the archive lists.
const perPage = 40

// An issue's page is a frozen document with its styles written in it.
const issuePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Public pages may be kept for a few minutes, then asked for again by their
// hash; an image for a day.
const (
	pageCache  = "public, max-age=300"
	imageCache = "public, max-age=86400"
)

type archivePage struct {
	page
	Issues []issueLine
	Older  string // URL of the next page
}

type issueLine struct{ URL, Title, Date, Stamp, Summary string }

func (s *Site) serveArchive(w http.ResponseWriter, r *http.Request, locale string) {
	before, _ := strconv.Atoi(r.URL.Query().Get("before"))
	before = max(before, 0) // what is no number is the first page
	issues, err := s.Archive.Published(r.Context(), locale, before, perPage+1)
	if err != nil {
		s.trouble(w, r, err)
		return
	}
	p := archivePage{page: s.page(r, locale, "web.archive.title")}
	s.published(&p.page, p.L.T("web.archive.description", "Name", p.Name), func(lang string) string { return "/" + lang })
	if before > 0 { // a page of its own, to which none in another language need be equal
		p.Canonical, p.Alternates = s.absolute(olderPath(locale, before)), nil
	}
	if len(issues) > perPage {
		issues = issues[:perPage]
		p.Older = p.Root + olderPath(locale, issues[perPage-1].Number)
	}
	for _, i := range issues {
		date := i.Date.In(s.Newsletter.Location)
		p.Issues = append(p.Issues, issueLine{
			URL: p.Root + issuePath(locale, i.Number), Title: i.Subject, Summary: i.Preheader,
			Date: p.L.Date("long", date), Stamp: date.Format(time.DateOnly),
		})
	}
	s.publish(w, r, "archive.html", p.page, p)
}

func olderPath(locale string, before int) string {
	return "/" + locale + "?before=" + strconv.Itoa(before)
}

func issuePath(locale string, number int) string { return "/" + locale + "/" + strconv.Itoa(number) }

// serveIssue shows the document that was sent. Its page holds one slot, the
// public URL: nothing of any reader is in it.
func (s *Site) serveIssue(w http.ResponseWriter, r *http.Request, locale string) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || strconv.Itoa(number) != r.PathValue("number") { // one address each: no /fr/012
		s.notFound(w, r)
		return
	}
	issue, ok, err := s.Archive.PublishedDocument(r.Context(), number, locale)
	if err != nil {
		s.trouble(w, r, err)
		return
	}
	if !ok {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", locale)
	w.Header().Set("Content-Security-Policy", issuePolicy)
	page := issue.Fill(issue.Web, map[render.Slot]string{render.Base: s.Base})
	serveBytes(w, r, []byte(page), pageCache)
}

// serveMedia shows an image as it is now: an old issue shows the new one.
func (s *Site) serveMedia(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("path")
	mediaType, ok := render.Picture(name)
	if !ok {
		s.notFound(w, r)
		return
	}
	file, info, err := content.Open(s.Media, name)
	if err != nil {
		s.notFound(w, r)
		return
	}
	defer file.Close()
	picture, ok := file.(io.ReadSeeker)
	if !ok {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Cache-Control", imageCache)
	http.ServeContent(w, r, name, info.ModTime(), picture)
}
