package main

import (
	"html/template"
	"net/http"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/text/language"

	sample "github.com/infolettre/infolettre/content"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/loopback"
	"github.com/infolettre/infolettre/pipeline/mailbox"
	"github.com/infolettre/infolettre/pipeline/preview"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/templates"
)

// demoHandler serves the mailbox and, so that no link in the mails is dead,
// the issue online, its images, and a page that says where a link would lead.
func (a *app) demoHandler(c config, n *pipeline.Newsletter, s *store.Store, box *mailbox.Mailbox) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/mailbox/", box.Handler())
	mux.Handle("GET /{$}", http.RedirectHandler("/mailbox/", http.StatusFound))
	mux.HandleFunc("GET "+render.MediaPath+"{path...}", func(w http.ResponseWriter, r *http.Request) { preview.ServeImage(w, r, sample.FS) })
	for _, locale := range n.Languages {
		mux.HandleFunc("GET /"+locale+"/{number}", func(w http.ResponseWriter, r *http.Request) { serveOnline(w, r, c, s, locale) })
	}
	for _, pattern := range []string{render.UnsubscribePath + "{token}", render.PreferencesPath + "{token}", render.SubscribePath} {
		mux.HandleFunc("GET "+pattern, a.serveNotYet)
	}
	return loopback.Only(mux)
}

func serveOnline(w http.ResponseWriter, r *http.Request, c config, s *store.Store, locale string) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	documents, err := s.Documents(r.Context(), number)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for _, d := range documents {
		if d.Locale == locale {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https:")
			_, _ = w.Write([]byte(d.Fill(d.Web, map[render.Slot]string{render.Base: c.Newsletter.URL})))
			return
		}
	}
	http.NotFound(w, r)
}

// serveNotYet answers where a newsletter's public pages would be.
func (a *app) serveNotYet(w http.ResponseWriter, r *http.Request) {
	tag := "fr"
	if tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language")); err == nil && len(tags) > 0 {
		tag = tags[0].String()
	}
	words := a.catalogue.Locale(tag)
	page, err := template.ParseFS(templates.Demo, "demo/page.html")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = page.Execute(w, demoPage{words.Tag(), words.T("demo.page.title"), words.T("demo.page.text"), words.T("demo.page.back")})
}

// demoPage fills templates/demo/page.html.
type demoPage struct{ Lang, Title, Text, Back string }

// openBrowser shows a URL; where that does not work, it is printed anyway.
func openBrowser(url string) {
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	_ = exec.Command(name, args...).Start()
}

func byState(tally map[deliver.State]int) map[string]int {
	counts := map[string]int{}
	for state, n := range tally {
		counts[string(state)] = n
	}
	return counts
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
