package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/render"
)

// page is what every page has.
type page struct {
	L         *locales.Locale
	Lang      string // the newsletter's language that the page is in
	Title     string
	Languages []choice // the page in the others
	Root      string   // before every path
	Style     string
	path      string // at which it can be asked for again, Root included

	Name, Tagline, Organization string
	PostalAddress               []string

	Public      bool // for search engines, too; the rest is for these
	Description string
	Canonical   string
	OpenGraph   string // the page's language as og:locale has it
	Alternates  []choice
}

// choice is a language.
type choice struct {
	Lang, Label, URL string
	Current          bool
}

// messagePage says something, and may ask for one button to be pressed.
type messagePage struct {
	page
	Text  []string
	Form  *form
	After []string
	Links []link
}

type form struct{ Action, Button string }

type link struct{ Label, URL string }

// language chooses a page's: what the URL says, else what the reader once
// chose, else what the browser prefers, else the newsletter's own.
func (s *Site) language(r *http.Request, reader string) string {
	for _, tag := range []string{r.URL.Query().Get("lang"), reader} {
		if lang, ok := s.oneOf(tag); ok {
			return lang
		}
	}
	preferred, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language")) // nothing preferred, the newsletter's own
	for _, tag := range preferred {
		if lang, ok := s.oneOf(tag.String()); ok {
			return lang
		}
	}
	return s.Languages[0]
}

// chosen is a reader's language once they chose one of the newsletter's: a
// variant such as fr-CA stays as long as fr does.
func (s *Site) chosen(lang, reader string) string {
	if stored, ok := s.oneOf(reader); ok && stored == lang {
		return reader
	}
	return lang
}

// page begins a page in one of the newsletter's languages. title is a message.
func (s *Site) page(r *http.Request, lang, title string) page {
	n := s.Newsletter
	l := s.Catalogue.Locale(lang)
	p := page{
		L: l, Lang: lang, Title: l.T(title, "Name", n.Name), Root: s.root, Style: s.style, path: here(r),
		Name: n.Name, Tagline: n.Tagline, Organization: n.Organization, PostalAddress: lines(n.PostalAddress),
	}
	for _, c := range s.choices(lang) {
		if c.Current {
			continue
		}
		c.URL = keep(p.path, c.Lang)
		p.Languages = append(p.Languages, c)
	}
	return p
}

// here is the path at which the page can be asked for: a form's own may only
// be posted to.
func here(r *http.Request) string {
	path := r.URL.EscapedPath()
	return strings.TrimSuffix(strings.TrimSuffix(path, undoPath), reasonPath)
}

// keep adds to a path the language the page is in.
func keep(path, lang string) string { return path + "?lang=" + lang }

// choices are the newsletter's languages, each by its own name.
func (s *Site) choices(current string) []choice {
	var list []choice
	for _, lang := range s.Languages {
		list = append(list, choice{Lang: lang, Label: selfName(lang), Current: lang == current})
	}
	return list
}

// selfName is a language's name in itself, as at the beginning of a line.
func selfName(lang string) string {
	name := display.Self.Name(language.Make(lang))
	if name == "" {
		return lang
	}
	first := []rune(name)[0]
	return strings.ToUpper(string(first)) + strings.TrimPrefix(name, string(first))
}

// published makes a page one for search engines. path gives its address in
// each language.
func (s *Site) published(p *page, description string, path func(lang string) string) {
	p.Public, p.Description, p.Canonical, p.OpenGraph = true, description, s.absolute(path(p.Lang)), locales.OpenGraph(p.L.Tag())
	for i := range p.Languages {
		p.Languages[i].URL = s.root + path(p.Languages[i].Lang)
	}
	if len(s.Languages) < 2 {
		return
	}
	for _, lang := range s.Languages {
		p.Alternates = append(p.Alternates, choice{Lang: lang, URL: s.absolute(path(lang))})
	}
}

func lines(text string) []string {
	list := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return slices.DeleteFunc(list, func(line string) bool { return line == "" })
}

// render writes a whole page or none.
func (s *Site) render(w http.ResponseWriter, r *http.Request, status int, name string, p page, data any) {
	if body, ok := s.fill(w, r, name, p, data); ok {
		w.WriteHeader(status)
		_, _ = w.Write(body) // a browser that went away
	}
}

// publish is render for a page that is the same for everybody.
func (s *Site) publish(w http.ResponseWriter, r *http.Request, name string, p page, data any) {
	if body, ok := s.fill(w, r, name, p, data); ok {
		serveBytes(w, r, body, pageCache)
	}
}

func (s *Site) fill(w http.ResponseWriter, r *http.Request, name string, p page, data any) ([]byte, bool) {
	var body bytes.Buffer
	if err := s.pages.ExecuteTemplate(&body, name, data); err != nil {
		s.Logger.ErrorContext(r.Context(), "render page", "template", name, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return nil, false
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", p.L.Tag())
	return body.Bytes(), true
}

// say is a page of a message and nothing more: its title and paragraphs are
// "<id>.title" and "<id>.text".
func (s *Site) say(w http.ResponseWriter, r *http.Request, status int, lang, id string, change ...func(*messagePage)) {
	p := messagePage{page: s.page(r, lang, id+".title")}
	p.Text = []string{p.L.T(id+".text", "Name", p.Name)}
	for _, f := range change {
		f(&p)
	}
	s.render(w, r, status, "message.html", p.page, p)
}

func (s *Site) notFound(w http.ResponseWriter, r *http.Request) {
	s.say(w, r, http.StatusNotFound, s.language(r, ""), "web.not-found", s.linkHome)
}

// foreignForm answers a form that another site sent.
func (s *Site) foreignForm(w http.ResponseWriter, r *http.Request) {
	s.say(w, r, http.StatusForbidden, s.language(r, ""), "web.foreign", s.linkHome)
}

// trouble answers when we are at fault; only the log says why.
func (s *Site) trouble(w http.ResponseWriter, r *http.Request, err error) {
	s.Logger.ErrorContext(r.Context(), "cannot answer", "page", r.Pattern, "error", err)
	s.say(w, r, http.StatusInternalServerError, s.language(r, ""), "web.trouble")
}

func (s *Site) linkHome(p *messagePage) {
	p.Links = append(p.Links, link{p.L.T("web.link.home", "Name", p.Name), keep(p.Root+"/", p.Lang)})
}

func (s *Site) linkSubscribe(p *messagePage) {
	p.Links = append(p.Links, link{p.L.T("web.link.subscribe"), keep(p.Root+render.SubscribePath, p.Lang)})
}

func (s *Site) linkArchive(p *messagePage) {
	p.Links = append(p.Links, link{p.L.T("web.link.archive"), p.Root + "/" + p.Lang})
}

// readForm parses a body of either encoding. It answers itself, with false,
// when there is too much of it; another body that is no form is an empty one.
func (s *Site) readForm(w http.ResponseWriter, r *http.Request) bool {
	err := r.ParseForm()
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		err = r.ParseMultipartForm(maxBody)
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		s.say(w, r, http.StatusRequestEntityTooLarge, s.language(r, ""), "web.too-large")
		return false
	}
	return true
}

// serveBytes answers with a body that caches may keep, by its hash.
func serveBytes(w http.ResponseWriter, r *http.Request, body []byte, cache string) {
	sum := sha256.Sum256(body)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	w.Header().Set("Cache-Control", cache)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
