package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"syscall"
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

// page takes a port of this machine for pages of a person's own; with orAny,
// another will do.
func (a *app) page(port int, orAny bool) (net.Listener, error) {
	l, err := loopback.Listen(port, orAny)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, a.fail(nil, "demo.no-port", "Port", port)
	case err != nil:
		return nil, a.fail(err, "serve.cannot-listen", "Address", fmt.Sprint("127.0.0.1:", port))
	}
	return l, nil
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
