package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// From an empty folder, without configuration, network or database: init and
// preview show the sample issue, the very mail that render writes.
func TestPreview(t *testing.T) {
	folder := t.TempDir()
	settings := filepath.Join(folder, defaultConfig)
	var said bytes.Buffer
	if code := run(t.Context(), []string{"--lang", "fr", "init", folder}, nil, nil, &said, &said); code != exitDone {
		t.Fatal(said.String())
	}
	url := startPreview(t, "--lang", "fr", "--config", settings)
	page := string(get(t, url))
	for _, want := range []string{`<html lang="fr"`, "Une demi-seconde de trop", "Un billet dans ce numéro"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %.2000s", want, page)
		}
	}
	for _, locale := range []string{"fr", "en"} {
		var rendered bytes.Buffer
		if code := run(t.Context(), []string{"--config", settings, "render", "--format", "html", "--locale", locale}, nil, nil, &rendered, io.Discard); code != exitDone {
			t.Fatal("render failed")
		}
		framed := string(get(t, url+"mail?lang="+locale))
		if got := strings.ReplaceAll(framed, strings.TrimSuffix(url, "/"), "https://lettre.example.org"); got != rendered.String() {
			t.Errorf("%s: the framed mail is not the one that render writes", locale)
		}
	}
	picture := regexp.MustCompile(`/media/\S+\.png`).FindString(string(get(t, url+"mail")))
	if shown := get(t, url+picture[1:]); !bytes.HasPrefix(shown, []byte("\x89PNG")) {
		t.Errorf("the sample's picture is %.20q", shown)
	}
	if _, err := os.Stat(filepath.Join(folder, "infolettre.db")); err == nil {
		t.Error("the preview made a database")
	}
}

// startPreview runs the command until the test ends, when it must stop at
// once and in order.
func startPreview(t *testing.T, args ...string) (url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		defer in.Close()
		ended <- run(ctx, append(args, "preview", "--port", "0"), nil, nil, in, in)
	}()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		go io.Copy(io.Discard, out)
		if code := <-ended; code != exitDone {
			t.Errorf("exit code %d", code)
		}
	})
	return waitFor(t, out, regexp.MustCompile(`http://127\.0\.0\.1:\d+/`))
}
