package main

import (
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/mailbox"
	"github.com/infolettre/infolettre/pipeline/web"
)

// demoHandler serves the mailbox and the newsletter's public pages, so that
// every link in the mails leads where it would.
func demoHandler(site *web.Site, box *mailbox.Mailbox) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/mailbox/", box.Handler())
	mux.Handle("/", site.Handler())
	return loopbackOnly(mux)
}

// loopbackOnly keeps a foreign site whose name was made to resolve to
// 127.0.0.1 from reading the demo.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

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
