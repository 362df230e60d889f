package main

import (
	"net/http"
	"os/exec"
	"runtime"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/loopback"
	"github.com/infolettre/infolettre/pipeline/mailbox"
	"github.com/infolettre/infolettre/pipeline/web"
)

// demoHandler serves the mailbox and the newsletter's public pages, so that
// every link in the mails leads where it would.
func demoHandler(site *web.Site, box *mailbox.Mailbox) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/mailbox/", box.Handler())
	mux.Handle("/", site.Handler())
	return loopback.Only(mux)
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
