package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

// lines is a log that is read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serveFolder runs `infolettre serve` in a folder that init made, until the
// test ends or stop is called.
func serveFolder(t *testing.T) (public, private string, log *lines, stop func() int) {
	t.Helper()
	smtp := smtptest.Start(t, smtptest.Script{})
	folder := t.TempDir()
	environ := []string{
		"INFOLETTRE_WEB_LISTEN=127.0.0.1:0", "INFOLETTRE_WEB_PRIVATE=127.0.0.1:0", "LANG=fr",
		"INFOLETTRE_DELIVERY_SERVERS_0_HOST=" + smtp.Host(), "INFOLETTRE_DELIVERY_SERVERS_0_PORT=" + strings.TrimPrefix(smtp.Addr(), smtp.Host()+":"),
	}
	if code := run(t.Context(), []string{"--lang", "fr", "init", folder}, environ, nil, io.Discard, os.Stderr); code != exitDone {
		t.Fatalf("init: %d", code)
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	log = &lines{}
	ended := make(chan int, 1)
	go func() {
		defer in.Close()
		ended <- run(ctx, []string{"serve", "--config", filepath.Join(folder, "infolettre.yaml")}, environ, nil, in, log)
	}()
	stop = sync.OnceValue(func() int { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	said := waitFor(t, out, regexp.MustCompile(`écoute sur (\S+)\).*http://(\S+)/`))
	found := regexp.MustCompile(`écoute sur (\S+)\).*http://(\S+)/`).FindStringSubmatch(said)
	return "http://" + found[1], "http://" + found[2], log, stop
}

func TestServe(t *testing.T) {
	public, private, log, stop := serveFolder(t)
	if page := string(get(t, public+"/subscribe")); !strings.Contains(page, `name="served"`) {
		t.Errorf("no form in %s", page)
	}
	if got := string(get(t, public+"/healthz")); got != "ok\n" {
		t.Errorf("health: %s", got)
	}
	if got := string(get(t, private+"/healthz")); got != `{"healthy":true,"outbox":0}`+"\n" {
		t.Errorf("health, in detail: %s", got)
	}
	if got := string(get(t, private+"/")); !strings.Contains(got, "Chiffres") {
		t.Errorf("figures: %s", got)
	}
	response, err := http.PostForm(public+"/u/"+strings.Repeat("A", 48)+"?secret=zoe@exemple.fr", url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("a forged token: %s", response.Status)
	}
	if code := stop(); code != exitDone {
		t.Errorf("stopped with %d", code)
	}
	if text := log.String(); !strings.Contains(text, `page="POST /u/{token}" status=404`) || strings.Contains(text, "@") || strings.Contains(text, "AAAA") {
		t.Errorf("log:\n%s", text)
	}
	if _, err := http.Get(public + "/healthz"); err == nil {
		t.Error("still answers")
	}
}
