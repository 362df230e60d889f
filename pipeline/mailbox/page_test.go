package mailbox

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jba/templatecheck"
	"golang.org/x/net/html"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/templates"
)

func testMailbox(t *testing.T, files ...string) *Mailbox {
	t.Helper()
	catalogue, err := locales.Load(locales.Files, "en")
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(Options{Catalogue: catalogue, Language: "fr", Prefix: "/mail"})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := m.add(testMessage(t, file)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func get(t *testing.T, m *Mailbox, path string, change ...func(*http.Request)) *http.Response {
	t.Helper()
	r := httptest.NewRequest("GET", "http://127.0.0.1:8025"+path, nil)
	r.Header.Set("Accept-Language", "en")
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPages(t *testing.T) {
	t.Parallel()
	m := testMailbox(t, "issue.eml", "latin1.eml", "hostile.eml")
	for _, tt := range []struct {
		path   string
		status int
		want   []string // in the body
	}{
		{"/mail/", 200, []string{"3 messages", "Été", `href="/mail/messages/1" lang="fr"`, "20 February 2025", "1\u00a0kB", `<th scope="col">`, `<th scope="row">`}},
		{"/mail/?page=7", 200, []string{"3 messages"}},
		{"/mail/?page=x", 200, []string{"3 messages"}},
		{"/mail/style.css", 200, []string{"prefers-color-scheme"}},
		{"/mail/messages/1", 200, []string{`<iframe title="La Gazette`, `src="/mail/messages/1/frame"`, `href="/mail/messages/2"`, "Thursday 20 February 2025 at 11:00", "La Gazette du dépôt &lt;gazette@example.org&gt;"}},
		{"/mail/messages/1/frame", 200, []string{`<head><base target="_blank"><title>`, "L’hiver"}},
		{"/mail/messages/1/text", 200, []string{"L’hiver.", `<a href="http://127.0.0.1:8080/u/token" target="_blank" rel="noopener noreferrer">`, `aria-current="page">Text`}},
		{"/mail/messages/1/headers", 200, []string{`<th scope="row">List-Unsubscribe</th><td>&lt;http://127.0.0.1:8080/u/token&gt;</td>`}},
		{"/mail/messages/1/source", 200, []string{"L=E2=80=99hiver", `download="001-ada@example.net.eml"`}},
		{"/mail/messages/1/raw", 200, []string{"L=E2=80=99hiver"}},
		{"/mail/messages/2", 200, []string{"This message has no HTML version."}},
		{"/mail/messages/3/text", 200, []string{"This message has no text version."}},
		{"/mail/messages/4", 404, []string{"Page not found"}},
		{"/mail/messages/0/frame", 404, []string{"Page not found"}},
		{"/mail/messages/-1", 404, []string{"Page not found"}},
		{"/mail/messages/1/nothing", 404, []string{"Page not found"}},
		{"/mail/nothing", 404, []string{"Page not found"}},
	} {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			r := get(t, m, tt.path)
			got := body(t, r)
			if r.StatusCode != tt.status {
				t.Errorf("status: got %d, want %d", r.StatusCode, tt.status)
			}
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in:\n%s", want, got)
				}
			}
			if !strings.HasPrefix(r.Header.Get("Content-Security-Policy"), "default-src 'none';") {
				t.Errorf("policy: %q", r.Header.Get("Content-Security-Policy"))
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			if regexp.MustCompile(`>mailbox\.[a-z]`).MatchString(got) {
				t.Errorf("a message without words in:\n%s", got)
			}
		})
	}
}

func TestEmptyList(t *testing.T) {
	t.Parallel()
	if got := body(t, get(t, testMailbox(t), "/mail/")); !strings.Contains(got, "No message yet.") {
		t.Errorf("got:\n%s", got)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	m := testMailbox(t)
	for n := range 2*rowsPerPage + 1 {
		if err := m.add(Message{Raw: fmt.Appendf(nil, "Subject: number %d.\r\n\r\n", n+1)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		query       string
		first, last string
		links       string
	}{
		{"", "number 201.", "number 102.", `?page=2`},
		{"?page=2", "number 101.", "number 2.", `?page=1 ?page=3`},
		{"?page=3", "number 1.", "number 1.", `?page=2`},
	} {
		got := body(t, get(t, m, "/mail/"+tt.query))
		subjects := regexp.MustCompile(`number \d+\.`).FindAllString(got, -1)
		if len(subjects) == 0 || subjects[0] != tt.first || subjects[len(subjects)-1] != tt.last {
			t.Errorf("%q: got %s, want %s to %s", tt.query, subjects, tt.first, tt.last)
		}
		if links := strings.Join(regexp.MustCompile(`\?page=\d+`).FindAllString(got, -1), " "); links != tt.links {
			t.Errorf("%q: got links %s, want %s", tt.query, links, tt.links)
		}
	}
}

// Whatever a message holds, the pages around it contain no script of its own,
// and its frame may run none.
func TestHostileMessage(t *testing.T) {
	t.Parallel()
	m := testMailbox(t, "hostile.eml")
	for _, path := range []string{"/mail/", "/mail/messages/1", "/mail/messages/1/text", "/mail/messages/1/headers", "/mail/messages/1/source"} {
		doc, err := html.Parse(get(t, m, path).Body)
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Type == html.ElementNode && n.Data == "script" {
				t.Errorf("%s has a script", path)
			}
		}
	}
	policy := get(t, m, "/mail/messages/1/frame").Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "sandbox allow-popups ") || strings.Contains(policy, "script") || strings.Contains(policy, "same-origin") {
		t.Errorf("frame policy: %q", policy)
	}
	if got := get(t, m, "/mail/messages/1/raw").Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("raw type: %q", got)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	m := testMailbox(t)
	for _, tt := range []struct{ accept, want string }{
		{"", "fr"},
		{"en-GB,en;q=0.9", "en"},
		{"de, en;q=0.5, fr;q=0.8", "fr"},
		{"*", "fr"},
		{"nonsense;;;", "fr"},
	} {
		r := get(t, m, "/mail/", func(r *http.Request) { r.Header.Set("Accept-Language", tt.accept) })
		if got := r.Header.Get("Content-Language"); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.accept, got, tt.want)
		}
		if got := body(t, r); !strings.Contains(got, `<html lang="`+tt.want+`">`) {
			t.Errorf("%q: no lang=%q", tt.accept, tt.want)
		}
	}
}

func TestHost(t *testing.T) {
	t.Parallel()
	m := testMailbox(t, "issue.eml")
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:80": 200, "127.0.0.1:8025": 200, "127.1.2.3": 200, "[::1]:8025": 200, "[::1]": 200,
		"": 421, "evil.example": 421, "127.0.0.1.evil.example:80": 421, "localhost.evil.example": 421, "192.168.1.2": 421, "0.0.0.0": 421,
	} {
		for _, path := range []string{"/mail/", "/mail/messages/1/raw"} {
			r := get(t, m, path, func(r *http.Request) { r.Host = host })
			if r.StatusCode != want {
				t.Errorf("%q %s: got %d, want %d", host, path, r.StatusCode, want)
			}
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	m := testMailbox(t, "issue.eml")
	for method, want := range map[string]int{"HEAD": 200, "POST": 405, "DELETE": 405, "PUT": 405, "OPTIONS": 405} {
		r := get(t, m, "/mail/messages/1", func(r *http.Request) { r.Method = method })
		if r.StatusCode != want {
			t.Errorf("%s: got %d, want %d", method, r.StatusCode, want)
		}
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	m := testMailbox(t)
	for name, data := range map[string]any{"list.html": listPage{}, "message.html": messagePage{}, "error.html": page{}} {
		if err := templatecheck.CheckHTMLStrict(m.pages.Lookup(name), data); err != nil {
			t.Error(err)
		}
	}
}

// Every id in the templates has words, and every word of this package is used.
func TestWords(t *testing.T) {
	t.Parallel()
	used := map[string]bool{"mailbox.not-found": true, "mailbox.wrong-host": true, "mailbox.size-value": true, "mailbox.no-subject": true}
	for _, name := range views {
		used["mailbox.view."+name] = true
	}
	files, err := fs.Glob(templates.Mailbox, "mailbox/*.html")
	if err != nil || len(files) != 4 {
		t.Fatalf("templates: %q, %v", files, err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(templates.Mailbox, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`\.T "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			used[match[1]] = true
		}
	}
	catalogue := testMailbox(t).options.Catalogue
	for _, tag := range catalogue.Tags() {
		for id := range used {
			if !catalogue.Locale(tag).Has(id) {
				t.Errorf("%s: no words for %s", tag, id)
			}
		}
	}
	source, err := fs.ReadFile(locales.Files, "active.fr.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?m)^\["(mailbox\.[^"]+)"\]`).FindAllStringSubmatch(string(source), -1) {
		if !used[match[1]] {
			t.Errorf("%s is never used", match[1])
		}
	}
}

// Text stands out from its background as WCAG 2.2 §1.4.3 asks, in both themes.
func TestContrast(t *testing.T) {
	t.Parallel()
	css, err := fs.ReadFile(templates.Mailbox, "mailbox/style.css")
	if err != nil {
		t.Fatal(err)
	}
	themes := regexp.MustCompile(`--paper:.*`).FindAllString(string(css), -1)
	if len(themes) != 2 {
		t.Fatalf("got %d themes, want light and dark", len(themes))
	}
	for _, theme := range themes {
		for _, text := range []string{"ink", "quiet", "accent"} {
			for _, ground := range []string{"paper", "raised"} {
				a, b := luminance(t, theme, text), luminance(t, theme, ground)
				if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < 4.5 {
					t.Errorf("%s on %s: %.2f in %s", text, ground, got, theme)
				}
			}
		}
	}
}

// luminance is the relative luminance of a variable of the stylesheet.
func luminance(t *testing.T, theme, name string) float64 {
	t.Helper()
	match := regexp.MustCompile(`--` + name + `: #([0-9a-f]+);`).FindStringSubmatch(theme)
	if match == nil {
		t.Fatalf("no --%s in %s", name, theme)
	}
	hex := match[1]
	if len(hex) == 3 {
		hex = strings.Repeat(hex[0:1], 2) + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:3], 2)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			sum += weight * c / 12.92
			continue
		}
		sum += weight * math.Pow((c+0.055)/1.055, 2.4)
	}
	return sum
}
