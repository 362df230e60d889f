package mailbox

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/loopback"
	"github.com/infolettre/infolettre/templates"
)

// rowsPerPage keeps the list short on a phone.
const rowsPerPage = 100

// A message's HTML is foreign to the pages around it: it may draw itself and
// show pictures from the demo or from https, and nothing else. Its links open
// in a tab of their own.
const (
	pagePolicy  = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	framePolicy = "default-src 'none'; img-src 'self' http://127.0.0.1:* http://localhost:* https:; style-src 'unsafe-inline'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

var (
	headStart = regexp.MustCompile(`(?i)<head(?:\s[^>]*)?>`)
	webLink   = regexp.MustCompile(`https?://[^\s<>"«»]*[^\s<>"«».,;:!?()']`)
)

// views of a message, as in its pages' addresses; the first is the address itself.
var views = []string{"html", "text", "headers", "source"}

// page is what every page has.
type page struct {
	L     *locales.Locale
	Base  string
	Title string
}

type listPage struct {
	page
	Rows         []row
	Count        int
	Page, Pages  int
	Newer, Older int // numbers of pages, 0 for none
}

type row struct {
	Number   int
	Subject  string
	To       string
	Language string
	Day      string
	Stamp    string
	Size     string
}

type messagePage struct {
	page
	row
	From     string
	Moment   string
	Previous int // number of the message that came before, 0 for none
	Next     int
	View     string
	Views    []view
	HasHTML  bool
	Text     []span
	Header   []field
	Source   string
	FileName string
}

type view struct {
	Name, URL string
	Current   bool
}

// span is a piece of a text, perhaps a link.
type span struct {
	Text string
	Link bool
}

// Handler serves the mailbox's pages below Options.Prefix: mount it at
// Prefix + "/". Only GET and HEAD are answered, and only to loopback names.
func (m *Mailbox) Handler() http.Handler {
	base := m.options.Prefix
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"/{$}", m.serveList)
	mux.HandleFunc("GET "+base+"/style.css", m.serveStyle)
	for _, name := range views {
		mux.HandleFunc("GET "+messageURL(base, "{n}", name), m.withMessage(func(w http.ResponseWriter, r *http.Request, o opened) {
			m.serveMessage(w, r, o, name)
		}))
	}
	mux.HandleFunc("GET "+base+"/messages/{n}/frame", m.withMessage(m.serveFrame))
	mux.HandleFunc("GET "+base+"/messages/{n}/raw", m.withMessage(m.serveRaw))
	mux.HandleFunc("GET "+base+"/", func(w http.ResponseWriter, r *http.Request) {
		m.serveError(w, r, http.StatusNotFound, "mailbox.not-found")
	})
	return m.guard(mux)
}

func messageURL(base, number, view string) string {
	url := base + "/messages/" + number
	if view != views[0] {
		url += "/" + view
	}
	return url
}

// guard sets the headers of every answer. Checking Host keeps a foreign site
// whose name was made to resolve to 127.0.0.1 from reading the mailbox.
func (m *Mailbox) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !loopback.Named(r.Host) {
			m.serveError(w, r, http.StatusMisdirectedRequest, "mailbox.wrong-host")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (m *Mailbox) serveStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, templates.Mailbox, "mailbox/style.css")
}

func (m *Mailbox) serveList(w http.ResponseWriter, r *http.Request) {
	messages := m.Messages()
	p := listPage{page: m.page(r, "mailbox.title"), Count: len(messages)}
	p.Pages = max(1, (len(messages)+rowsPerPage-1)/rowsPerPage)
	asked, _ := strconv.Atoi(r.URL.Query().Get("page")) // what is no number is the first page
	p.Page = min(max(asked, 1), p.Pages)
	p.Newer = p.Page - 1
	if p.Page < p.Pages {
		p.Older = p.Page + 1
	}
	newest := len(messages) - p.Newer*rowsPerPage
	for n := newest; n > max(0, newest-rowsPerPage); n-- {
		p.Rows = append(p.Rows, newRow(p.L, n, messages[n-1], parse(messages[n-1])))
	}
	m.render(w, r, http.StatusOK, "list.html", p.page, p)
}

func newRow(l *locales.Locale, n int, message Message, c content) row {
	if c.Subject == "" {
		c.Subject = l.T("mailbox.no-subject")
	}
	kilobytes := (len(message.Raw) + 999) / 1000
	return row{
		Number: n, Subject: c.Subject, To: c.To, Language: c.Language,
		Day: l.Date("short", c.Date), Stamp: c.Date.Format(time.RFC3339),
		Size: l.T("mailbox.size-value", "Kilobytes", l.Number(kilobytes)),
	}
}

// opened is the message an address names.
type opened struct {
	Message
	content
	number, count int
}

func (m *Mailbox) withMessage(serve func(http.ResponseWriter, *http.Request, opened)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n")) // what is no number is no message
		message, count, ok := m.message(n)
		if !ok {
			m.serveError(w, r, http.StatusNotFound, "mailbox.not-found")
			return
		}
		serve(w, r, opened{message, parse(message), n, count})
	}
}

func (m *Mailbox) serveMessage(w http.ResponseWriter, r *http.Request, o opened, name string) {
	p := messagePage{page: m.page(r, "mailbox.title"), From: o.content.From, View: name, Previous: o.number - 1}
	p.row = newRow(p.L, o.number, o.Message, o.content)
	p.Title = p.Subject
	p.Moment = p.L.Date("moment", o.Date)
	if o.number < o.count {
		p.Next = o.number + 1
	}
	for _, v := range views {
		p.Views = append(p.Views, view{p.L.T("mailbox.view." + v), messageURL(p.Base, strconv.Itoa(o.number), v), v == name})
	}
	p.HasHTML = o.HTML != ""
	p.Text = linkify(o.Text)
	p.Header = o.Header
	p.Source = strings.ToValidUTF8(string(o.Raw), "\uFFFD")
	p.FileName = fileName(o.number, o.Message)
	m.render(w, r, http.StatusOK, "message.html", p.page, p)
}

// linkify makes links of a text's web addresses.
func linkify(text string) []span {
	var spans []span
	for text != "" {
		at := webLink.FindStringIndex(text)
		if at == nil {
			return append(spans, span{Text: text})
		}
		if at[0] > 0 {
			spans = append(spans, span{Text: text[:at[0]]})
		}
		spans = append(spans, span{Text: text[at[0]:at[1]], Link: true})
		text = text[at[1]:]
	}
	return spans
}

// serveFrame sends the message's own HTML; only the target of its links is added.
func (m *Mailbox) serveFrame(w http.ResponseWriter, _ *http.Request, o opened) {
	html := o.HTML
	if at := headStart.FindStringIndex(html); at != nil {
		html = html[:at[1]] + `<base target="_blank">` + html[at[1]:]
	}
	w.Header().Set("Content-Security-Policy", framePolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, html) // a browser that went away
}

func (m *Mailbox) serveRaw(w http.ResponseWriter, _ *http.Request, o opened) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(o.Raw) // a browser that went away
}

func (m *Mailbox) serveError(w http.ResponseWriter, r *http.Request, status int, id string) {
	p := m.page(r, id)
	m.render(w, r, status, "error.html", p, p)
}

// page chooses the visitor's language.
func (m *Mailbox) page(r *http.Request, title string) page {
	l := m.options.Catalogue.Locale(m.options.Language)
	preferred, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language")) // nothing preferred, the default
	for _, tag := range preferred {
		if match, ok := m.options.Catalogue.Match(tag.String()); ok {
			l = match
			break
		}
	}
	return page{L: l, Base: m.options.Prefix, Title: l.T(title)}
}

// render writes a whole page or none.
func (m *Mailbox) render(w http.ResponseWriter, r *http.Request, status int, name string, p page, data any) {
	var body bytes.Buffer
	if err := m.pages.ExecuteTemplate(&body, name, data); err != nil {
		m.options.Logger.ErrorContext(r.Context(), "render mailbox page", "page", name, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", p.L.Tag())
	w.Header().Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // a browser that went away
}
