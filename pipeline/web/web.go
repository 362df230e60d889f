// Package web serves the pages that readers and scanners see.
//
// The rules its files obey: GET and HEAD change nothing, on any URL, since
// link scanners open everything; what changes something is the POST of a
// button. No cookie, no script, no address in a URL. What a page answers to a
// subscription does not tell whether the address was known.
package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"time"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/render/theme"
	"github.com/infolettre/infolettre/templates"
)

// Register takes what readers ask for, and keeps what they were shown. Its
// methods return what the reader is afterwards, or audience.ErrNotFound of
// somebody who is forgotten; called again, they change nothing.
type Register interface {
	// Subscribe does the same work for every address, and queues the mail that
	// suits it.
	Subscribe(ctx context.Context, now time.Time, r audience.Request) error
	// Confirm makes lang the reader's language: a request itself changes
	// nothing of somebody known.
	Confirm(ctx context.Context, now time.Time, id audience.ID, lang string, c audience.Consent) (audience.Subscriber, error)
	Unsubscribe(ctx context.Context, now time.Time, id audience.ID, c audience.Consent) (audience.Subscriber, error)
	// Restore undoes Unsubscribe, for an hour.
	Restore(ctx context.Context, now time.Time, id audience.ID, c audience.Consent) (audience.Subscriber, error)
}

// Readers knows the readers whom a link stands for, and what they choose.
type Readers interface {
	Subscriber(ctx context.Context, id audience.ID) (audience.Subscriber, error)
	SetPreferences(ctx context.Context, now time.Time, id audience.ID, p audience.Choices, c audience.Consent) (audience.Subscriber, error)
	LeaveReason(ctx context.Context, now time.Time, id audience.ID, c audience.Consent) error
	Renew(ctx context.Context, now time.Time, id audience.ID, c audience.Consent) (audience.Subscriber, error)
}

// Archive holds the issues that have begun to be sent.
type Archive interface {
	// Published lists up to n of one locale, the newest first, numbers below
	// before only, without their texts; before 0 sets no bound.
	Published(ctx context.Context, locale string, before, n int) ([]render.Published, error)
	// PublishedDocument is one of them; ok is false when there is none.
	PublishedDocument(ctx context.Context, number int, locale string) (p render.Published, ok bool, err error)
}

// Options are what the pages are made from. All but Gate and Logger are required.
type Options struct {
	Config     Config
	Newsletter render.Config
	ID         string   // the newsletter's List-Id
	Base       string   // its public URL, without final slash
	Languages  []string // in which one can subscribe; the first is its own
	Retention  int      // months without contact after which readers are asked whether they want to stay
	Catalogue  *locales.Catalogue
	Keys       *audience.Keys
	Media      fs.FS // images, from the content folder
	Register   Register
	Readers    Readers
	Archive    Archive
	Gate       Gate                        // nil: no issue waits for the team
	Healthy    func(context.Context) error // why the service is not, for health checks
	Now        func() time.Time
	Logger     *slog.Logger // one line per request, without addresses and tokens; discarded
}

// Site is the pages of one newsletter.
type Site struct {
	Options
	root    string // path of Base, "" for most
	forms   *http.CrossOriginProtection
	style   string // URL of the style sheet
	sheet   []byte
	pages   *template.Template
	signer  audience.Signer
	proxies []netip.Prefix
	limit   *limiter
}

// New prepares the pages.
func New(o Options) (*Site, error) {
	o.Newsletter = o.Newsletter.WithDefaults()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if len(o.Languages) == 0 {
		return nil, errors.New("web: no language")
	}
	base, err := url.Parse(o.Base)
	if err != nil {
		return nil, fmt.Errorf("web: public URL: %w", err)
	}
	root := base.EscapedPath()
	if root != "" && root != path.Clean(root) {
		return nil, fmt.Errorf("web: public URL: the path %s has a shorter form", root)
	}
	s := &Site{Options: o, root: root, limit: newLimiter(requestsPerHour, time.Hour), forms: http.NewCrossOriginProtection()}
	// A proxy may change the Host that old browsers' Origin is compared with.
	if err := s.forms.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
		return nil, fmt.Errorf("web: public URL: %w", err)
	}
	s.forms.SetDenyHandler(http.HandlerFunc(s.foreignForm))
	// RFC 8058: the button in a mail program posts from anywhere, and the token
	// in the URL is all it has to show.
	s.forms.AddInsecureBypassPattern("POST " + s.root + render.UnsubscribePath + "{token}")
	if s.proxies, err = o.Config.proxies(); err != nil {
		return nil, err
	}
	if s.signer, err = o.Keys.Signer(o.Keys.Current()); err != nil {
		return nil, err
	}
	if s.pages, err = template.ParseFS(templates.Web, "web/*.html"); err != nil {
		return nil, fmt.Errorf("parse pages: %w", err)
	}
	look, err := theme.New(o.Newsletter.Accent, o.Newsletter.AccentDark)
	if err != nil {
		return nil, err
	}
	rules, err := fs.ReadFile(templates.Web, "web/style.css")
	if err != nil {
		return nil, err
	}
	s.sheet = append([]byte(look.Variables()), rules...)
	sum := sha256.Sum256(s.sheet)
	s.style = s.root + stylePath + "?" + hex.EncodeToString(sum[:6])
	return s, nil
}

const stylePath = "/style.css"

// Handler serves the public pages, below the path of the public URL.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	// That path stands in each pattern, so that no redirect of the mux leaves it.
	route := func(method, page string, h http.HandlerFunc) { mux.HandleFunc(method+" "+s.root+page, h) }
	route("GET", "/{$}", s.serveForm)
	route("GET", render.SubscribePath, s.serveForm)
	route("POST", render.SubscribePath, s.subscribe)
	route("GET", render.ConfirmPath+"{token}", s.serveConfirm)
	route("POST", render.ConfirmPath+"{token}", s.confirm)
	route("GET", render.RenewPath+"{token}", s.serveRenew)
	route("POST", render.RenewPath+"{token}", s.renew)
	route("GET", render.UnsubscribePath+"{token}", s.serveLeave)
	route("POST", render.UnsubscribePath+"{token}", s.leave)
	route("POST", render.UnsubscribePath+"{token}"+undoPath, s.undo)
	route("POST", render.UnsubscribePath+"{token}"+reasonPath, s.reason)
	route("GET", render.PreferencesPath+"{token}", s.servePreferences)
	route("POST", render.PreferencesPath+"{token}", s.setPreferences)
	for _, locale := range s.Languages {
		route("GET", "/"+locale, func(w http.ResponseWriter, r *http.Request) { s.serveArchive(w, r, locale) })
		route("GET", "/"+locale+"/{number}", func(w http.ResponseWriter, r *http.Request) { s.serveIssue(w, r, locale) })
		route("GET", "/"+locale+render.FeedPath, func(w http.ResponseWriter, r *http.Request) { s.serveAtom(w, r, locale) })
		route("GET", "/"+locale+jsonFeedPath, func(w http.ResponseWriter, r *http.Request) { s.serveJSONFeed(w, r, locale) })
	}
	s.routeGate(route)
	route("GET", render.MediaPath+"{path...}", s.serveMedia)
	route("GET", "/legal", s.serveLegal)
	route("GET", stylePath, s.serveStyle)
	route("GET", "/healthz", s.serveHealth)
	route("GET", "/{path...}", s.notFound)
	return s.log(headers(s.forms.Handler(mux)))
}

// maxBody is the most a form may send.
const maxBody = 16 << 10

// headers sets what every answer has; a handler may loosen it.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// log notes each request by its pattern: a path holds tokens.
func (s *Site) log(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.Now()
		answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		s.Logger.InfoContext(r.Context(), "request", "method", r.Method, "page", r.Pattern,
			"status", answer.status, "duration", s.Now().Sub(start))
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (s *Site) serveStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	serveBytes(w, r, s.sheet, "public, max-age=31536000, immutable")
}

// serveHealth answers load balancers; what is wrong stands in the log.
func (s *Site) serveHealth(w http.ResponseWriter, r *http.Request) {
	if err := s.Healthy(r.Context()); err != nil {
		s.Logger.ErrorContext(r.Context(), "not healthy", "error", err)
		http.Error(w, "unavailable", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // a client that went away
}

// absolute is the public URL of a path.
func (s *Site) absolute(path string) string { return s.Base + path }

// oneOf reports the newsletter's language nearest to a tag: fr for fr-CA.
func (s *Site) oneOf(tag string) (string, bool) {
	return locales.Nearest(tag, func(tag string) bool { return slices.Contains(s.Languages, tag) })
}
