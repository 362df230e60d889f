package preview

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/loopback"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/templates"
)

// A mail may draw itself and show images, and nothing else. Without images or
// without styles, it may do less: its bytes stay the same.
const (
	pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; " +
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	mailPolicy   = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin"
	imagesPolicy = "; img-src 'self' https:"
	stylesPolicy = "; style-src 'unsafe-inline'"
)

// Handler serves the preview to this machine alone, and to no page of another
// origin. It changes nothing, whatever is asked.
func (p *Preview) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.servePage)
	mux.HandleFunc("GET /mail", p.serveMail)
	mux.HandleFunc("GET /gone", p.serveGone)
	mux.HandleFunc("GET /file", p.serveFile)
	mux.HandleFunc("GET /events", p.serveEvents)
	mux.HandleFunc("GET "+render.MediaPath+"{path...}", func(w http.ResponseWriter, r *http.Request) {
		ServeImage(w, r, p.current.Load().newsletter.Entries)
	})
	for _, name := range []string{"preview.css", "preview.js"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, templates.Preview, "preview/"+name)
		})
	}
	mux.HandleFunc("GET /", p.servePublic)
	return loopback.Only(loopback.SameOrigin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("Cache-Control", "no-store")
		if slices.Contains(strings.Split(r.URL.Path, "/"), "..") { // the mux would send on to what it leads to
			p.fail(w, errNotFound)
			return
		}
		mux.ServeHTTP(w, r)
	})))
}

// ServeImage serves an image of the entries' folder, by the path in its
// address. What the public site would not serve is not found.
func ServeImage(w http.ResponseWriter, r *http.Request, folder fs.FS) {
	name := r.PathValue("path")
	kind, known := render.Picture(name)
	if !known {
		http.NotFound(w, r)
		return
	}
	data, err := content.ReadFile(folder, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(data) // a browser that went away
}

// serveMail is the very HTML that would be sent; only what is allowed of it
// differs. Its links and images lead back here. A dark copy, for browsers that
// give a frame no theme, is the one thing that differs.
func (p *Preview) serveMail(w http.ResponseWriter, r *http.Request) {
	s, st := p.current.Load(), stateOf(r.URL.Query())
	sh, err := p.show(r.Context(), s, st)
	if err == nil && sh.document.Locale == "" {
		err = errNotFound
	}
	var m Mail
	if err == nil {
		m, err = sh.compose(s.newsletter, "http://"+r.Host)
	}
	if err != nil {
		p.fail(w, err)
		return
	}
	if r.URL.Query().Get("copy") == "dark" {
		m.HTML = strings.ReplaceAll(m.HTML, "(prefers-color-scheme:dark)", "all")
	}
	policy := mailPolicy
	if st.images == "" {
		policy += imagesPolicy
	}
	if st.styles == "" {
		policy += stylesPolicy
	}
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(m.HTML))
}

func (p *Preview) servePage(w http.ResponseWriter, r *http.Request) {
	s, st := p.current.Load(), stateOf(r.URL.Query())
	sh, err := p.show(r.Context(), s, st)
	if err != nil {
		p.fail(w, err)
		return
	}
	page, err := p.page(r.Context(), s, st, sh)
	if err != nil {
		p.fail(w, err)
		return
	}
	p.render(w, "page", page)
}

// servePublic answers where the links of the mail lead once it is sent.
func (p *Preview) servePublic(w http.ResponseWriter, r *http.Request) {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	public := slices.Contains(p.current.Load().newsletter.Languages, first)
	for _, prefix := range []string{render.UnsubscribePath, render.PreferencesPath, render.SubscribePath} {
		public = public || strings.HasPrefix(r.URL.Path, prefix)
	}
	if !public {
		p.fail(w, errNotFound)
		return
	}
	p.render(w, "notice", p.notice("preview.public.title", "preview.public.text"))
}

// fail says why there is no page. An author who is shown a cause can mend it.
func (p *Preview) fail(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	n := p.notice("preview.not-found.title", "preview.not-found.text")
	if !errors.Is(err, errNotFound) && !errors.Is(err, fs.ErrNotExist) {
		n = p.notice("preview.failed.title", "preview.failed.text")
		n.Cause = err.Error()
		w.WriteHeader(http.StatusInternalServerError)
	} else {
		w.WriteHeader(http.StatusNotFound)
	}
	p.render(w, "notice", n)
}

// render writes a whole page or none.
func (p *Preview) render(w http.ResponseWriter, name string, data any) {
	var body bytes.Buffer
	if err := p.pages.ExecuteTemplate(&body, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = body.WriteTo(w) // a browser that went away
}
