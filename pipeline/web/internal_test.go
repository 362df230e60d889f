package web

import (
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jba/templatecheck"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/templates"
)

func bare(t *testing.T) *Site {
	t.Helper()
	words, err := locales.Load(locales.Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := audience.ParseKeys("lettre", audience.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{
		Config: Config{TrustedProxies: []string{"10.0.0.0/8", "2001:db8::1"}}, Newsletter: render.Config{Name: "La Vigie"},
		Base: "https://lettre.exemple.fr", Languages: []string{"fr", "en"}, Catalogue: words, Keys: keys, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every template asks for nothing that its struct does not have.
func TestTemplates(t *testing.T) {
	t.Parallel()
	s := bare(t)
	for name, data := range map[string]any{
		"subscribe.html": subscribePage{}, "message.html": messagePage{}, "left.html": leftPage{}, "preferences.html": preferencesPage{},
		"archive.html": archivePage{}, "legal.html": legalPage{}, "figures.html": figuresPage{},
	} {
		if err := templatecheck.CheckHTML(s.pages.Lookup(name), data); err != nil {
			t.Error(err)
		}
	}
	files, err := fs.Glob(templates.Web, "web/*")
	if err != nil || len(files) != 9 {
		t.Errorf("templates: %q, %v", files, err)
	}
}

// Every message that pages and letters ask for has words, and every word is
// asked for.
func TestWords(t *testing.T) {
	t.Parallel()
	s := bare(t)
	used := map[string]bool{}
	note := func(text, pattern string, suffixes ...string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			for _, suffix := range suffixes {
				used[m[1]+suffix] = true
			}
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "s.say(") {
				note(line, `"(web\.[a-z.-]+)"`, ".title", ".text")
			} else {
				note(line, `"(web\.[a-z.-]+[a-z])"`, "")
			}
		}
	}
	pages, _ := fs.Glob(templates.Web, "web/*.html")
	for _, file := range pages {
		text, _ := fs.ReadFile(templates.Web, file)
		note(string(text), `L\.T "([^"]+)"`, "")
	}
	for _, name := range reasons {
		used["web.reason."+name] = true
	}
	for _, name := range []string{"sent", "sending", "waiting", "held", "late", "quiet", "nobody", "passed", "missed", "off", "closed"} {
		used["web.slot."+name] = true
	}
	for _, name := range privacy {
		used["web.privacy."+name] = true
	}
	for _, p := range []audience.Purpose{audience.Approve, audience.Stop} {
		for _, part := range []string{".title", ".text", ".button", ".link", "-done.title", "-done.text"} {
			used["web."+string(p)+part] = true
		}
	}
	for _, kind := range []audience.MailKind{audience.MailConfirm, audience.MailKnown, audience.MailRenew} {
		for _, part := range []string{"subject", "text", "button", "after", "why"} {
			used["letter."+string(kind)+"."+part] = true
		}
	}
	for _, tag := range s.Catalogue.Tags() {
		for id := range used {
			if !s.Catalogue.Locale(tag).Has(id) {
				t.Errorf("%s: no words for %s", tag, id)
			}
		}
	}
	source, err := fs.ReadFile(locales.Files, "active.fr.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\["((?:web|letter\.(?:confirm|known|renew))\.[^"]+)"\]`).FindAllStringSubmatch(string(source), -1) {
		if !used[m[1]] {
			t.Errorf("%s is never used", m[1])
		}
	}
	typeset(t, s.Catalogue, used)
}

// typeset holds the words to the usage of their locale.
func typeset(t *testing.T, words *locales.Catalogue, ids map[string]bool) {
	for tag, wrong := range map[string]*regexp.Regexp{
		"fr":    regexp.MustCompile(`[^\x{202f}][;!?](\s|$)|[^\x{a0}]:(\s|$)|« | »|'|\.\.\.`),
		"fr-CA": regexp.MustCompile(`\s[;!?](\s|$)|\x{202f}|[^\x{a0}]:(\s|$)|« | »|'|\.\.\.`),
		"fr-CH": regexp.MustCompile(`[^\x{202f}][;!?:](\s|$)|'|\.\.\.`),
		"en":    regexp.MustCompile(`[\s\x{a0}\x{202f}][;:!?](\s|$)|'|"|\.\.\.`),
	} {
		for id := range ids {
			if found := wrong.FindString(words.Locale(tag).T(id, "Name", "x", "Organization", "x", "Address", "x", "Date", "x", "Months", 36, "Class", "x", "Count", 2)); found != "" {
				t.Errorf("%s: %s: %q", tag, id, found)
			}
		}
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	s := bare(t)
	for _, test := range []struct{ remote, forwarded, want string }{
		{"198.51.100.7:80", "", "198.51.100.0/24"},
		{"198.51.100.7:80", "203.0.113.9", "198.51.100.0/24"}, // not a proxy of ours
		{"10.0.0.1:80", "203.0.113.9", "203.0.113.0/24"},
		{"10.0.0.1:80", "6.6.6.6, 203.0.113.9", "203.0.113.0/24"}, // the client's own lie stands further left
		{"10.0.0.1:80", "203.0.113.9, 10.1.2.3", "203.0.113.0/24"},
		{"10.0.0.1:80", "6.6.6.6, nonsense", "10.0.0.0/24"},
		{"10.0.0.1:80", "", "10.0.0.0/24"},
		{"10.0.0.1:80", "6.6.6.6:80, 203.0.113.7:4711", "203.0.113.0/24"},
		{"10.0.0.1:80", "203.0.113.7:4711, 10.1.2.3:80, 10.1.2.4", "203.0.113.0/24"},
		{"10.0.0.1:80", "[2001:db8:5::7]:4711", "2001:db8:5::/64"},
		{"10.0.0.1:80", "[2001:db8:5::7]", "2001:db8:5::/64"},
		{"10.0.0.1:80", "[::ffff:203.0.113.7]:4711", "203.0.113.0/24"},
		{"10.0.0.1:80", "[2001:db8:5::7", "10.0.0.0/24"},
		{"10.0.0.1:80", "2001:db8:5::7]", "10.0.0.0/24"},
		{"10.0.0.1:80", "[203.0.113.7]", "10.0.0.0/24"},
		{"10.0.0.1:80", "[]", "10.0.0.0/24"},
		{"10.0.0.1:80", "203.0.113.7:", "10.0.0.0/24"},
		{"10.0.0.1:80", "203.0.113.7:x", "10.0.0.0/24"},
		{"10.0.0.1:80", "\"203.0.113.7\"", "10.0.0.0/24"},
		{"10.0.0.1:80", "10.9.9.9", "10.9.9.0/24"},
		{"[2001:db8::1]:80", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
		{"[2001:db8::2]:80", "203.0.113.9", "2001:db8::/64"},
		{"[::ffff:198.51.100.7]:80", "", "198.51.100.0/24"},
		{"@", "203.0.113.9", ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = test.remote
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if got := s.network(r); got != test.want {
			t.Errorf("%s, %q: %s, want %s", test.remote, test.forwarded, got, test.want)
		}
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC)
	l := newLimiter(5, time.Hour)
	allowed := func(key string) (n int) {
		for range 10 {
			if _, ok := l.allow(key, now); ok {
				n++
			}
		}
		return n
	}
	if n := allowed("a"); n != 5 {
		t.Errorf("%d at once", n)
	}
	now = now.Add(24 * time.Minute)
	if n := allowed("a"); n != 2 {
		t.Errorf("%d after 24 minutes", n)
	}
	now = now.Add(2 * time.Hour)
	if n := allowed("a"); n != 5 {
		t.Errorf("%d after two hours", n)
	}
	for i := range 2 * maxKeys {
		l.allow(fmt.Sprint(i), now)
	}
	if len(l.paid) != maxKeys {
		t.Errorf("%d keys are kept", len(l.paid))
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if c := (Config{}).WithDefaults(); c.Listen != "127.0.0.1:8080" || c.Private != "127.0.0.1:8081" || c.Validate() != nil {
		t.Errorf("%+v", c)
	}
	for _, c := range []Config{{Listen: "x:1", Private: "x:1"}, {Private: "y", TrustedProxies: []string{"10.0.0.0/40"}}, {Private: "y", TrustedProxies: []string{"proxy"}}} {
		if c.Validate() == nil {
			t.Errorf("%+v accepted", c)
		}
	}
	for contact, want := range map[string]string{"a@exemple.fr": "mailto:a@exemple.fr", "https://exemple.fr/": "https://exemple.fr/", "javascript:alert(1)": "", "A <a@b.fr>": ""} {
		if got := (Config{Contact: contact}).contactURL(); got != want {
			t.Errorf("%s: %s", contact, got)
		}
	}
}

// A page and its style sheet together stay small.
func TestSize(t *testing.T) {
	t.Parallel()
	if n := len(bare(t).sheet); n > 8<<10 {
		t.Errorf("the style sheet weighs %d bytes", n)
	}
	if strings.Contains(string(bare(t).sheet), "url(") {
		t.Error("the style sheet fetches something")
	}
}
