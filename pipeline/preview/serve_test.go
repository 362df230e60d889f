package preview_test

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/preview"
	"github.com/infolettre/infolettre/pipeline/render"
)

// planned composes what would be sent, without a preview.
func (d *desk) planned(t *testing.T, locale, base string) preview.Mail {
	t.Helper()
	words, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	n, err := d.newsletter(words, nil)
	if err != nil {
		t.Fatal(err)
	}
	entries, problems, err := n.Load()
	if err != nil {
		t.Fatal(err)
	}
	plan, err := n.PlanOf(entries, problems, n.Replay(entries, now()), now())
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range plan.Documents {
		if doc.Locale == locale {
			m, err := n.Compose(base, plan.Number, plan.Slot, doc)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
	}
	t.Fatalf("no document in %s", locale)
	return preview.Mail{}
}

// Whatever the switches say, the frame holds the very bytes that would be
// sent, but for where the public URL leads. Only what may be shown differs.
func TestFrameIsTheMail(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, tt := range []struct{ query, locale, images, styles string }{
		{"", "fr", "img-src 'self' https:", "style-src 'unsafe-inline'"},
		{"?lang=en", "en", "img-src 'self' https:", "style-src 'unsafe-inline'"},
		{"?images=off", "fr", "", "style-src 'unsafe-inline'"},
		{"?styles=off", "fr", "img-src 'self' https:", ""},
		{"?images=off&styles=off&lang=en", "en", "", ""},
		{"?at=2026-11-19T10:59", "fr", "img-src 'self' https:", "style-src 'unsafe-inline'"},
	} {
		r := d.get("/mail" + tt.query)
		got := d.body("/mail" + tt.query)
		if diff := cmp.Diff(d.planned(t, tt.locale, "http://127.0.0.1:8421").HTML, got); diff != "" {
			t.Errorf("%s (-sent +framed):\n%s", tt.query, diff)
		}
		if diff := cmp.Diff(d.planned(t, tt.locale, publicURL).HTML, strings.ReplaceAll(got, "http://127.0.0.1:8421", publicURL)); diff != "" {
			t.Errorf("%s, with the public URL (-sent +framed):\n%s", tt.query, diff)
		}
		policy := r.Header.Get("Content-Security-Policy")
		contains(t, policy, "default-src 'none'", "sandbox allow-same-origin", tt.images, tt.styles)
		lacks(t, policy, "script", "allow-scripts")
		for directive, want := range map[string]string{"img-src": tt.images, "style-src": tt.styles} {
			if strings.Contains(policy, directive) != (want != "") {
				t.Errorf("%s: policy %q", tt.query, policy)
			}
		}
	}
	sent := d.planned(t, "fr", publicURL)
	contains(t, d.body("/?view=text"), "Une demi-seconde de trop", publicURL+"/u/")
	contains(t, d.body("/?view=headers"), `<th scope="row">List-Unsubscribe</th><td>&lt;`+publicURL+"/u/", "Thu, 19 Nov 2026 11:00:00 &#43;0100")
	if source := d.body("/?view=source"); !strings.Contains(source, string(sent.Raw[:200])) {
		contains(t, source, "Subject: ")
	}
	contains(t, d.body("/"), `sandbox="allow-same-origin"`)
}

// Only this machine is answered, and no page of another origin.
func TestOnlyForThisMachine(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, path := range []string{"/", "/mail", "/media/images/cable-repare.png", "/preview.js", "/nowhere"} {
		for name, change := range map[string]func(*http.Request){
			"foreign host":     func(r *http.Request) { r.Host = "evil.example" },
			"lookalike host":   func(r *http.Request) { r.Host = "127.0.0.1.evil.example:8421" },
			"network address":  func(r *http.Request) { r.Host = "192.168.1.2:8421" },
			"foreign page":     func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
			"another port":     func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
			"foreign origin":   func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
			"post from a form": func(r *http.Request) { r.Method = "POST"; r.Header.Set("Sec-Fetch-Site", "cross-site") },
		} {
			if r := d.get(path, change); r.StatusCode != http.StatusForbidden {
				t.Errorf("%s, %s: status %d", path, name, r.StatusCode)
			}
		}
		if r := d.get(path, func(r *http.Request) { r.Method = "POST" }); r.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d", path, r.StatusCode)
		}
	}
	for _, host := range []string{"localhost:8421", "127.0.0.1:8421", "[::1]:8421"} {
		r := d.get("/mail", func(r *http.Request) { r.Host = host })
		if r.StatusCode != 200 {
			t.Errorf("%s: status %d", host, r.StatusCode)
		}
	}
}

// Nothing outside the folder of entries is served, nor anything in it that is
// neither an image nor an entry.
func TestNothingOutside(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write("secret.md", "secret")
	d.write("secret.png", "\x89PNG\r\n\x1a\nsecret")
	d.write("content/notes.txt", "secret")
	for link, target := range map[string]string{
		"content/link.md": "../secret.md", "content/link.png": d.path("secret.png"), "content/out": "..",
	} {
		if err := os.Symlink(target, d.path(link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{
		"/media/../secret.png", "/media/%2e%2e/secret.png", "/media/..%2fsecret.png", "/media/out/secret.png", "/media/link.png",
		"/media//etc/passwd", "/media/images", "/media/", "/media/notes.txt", "/media/" + editorial[len("content/"):],
		"/file?path=../secret.md", "/file?path=%2Fetc%2Fpasswd", "/file?path=link.md", "/file?path=out/secret.md", "/file?path=notes.txt",
		"/file?path=", "/file", "/file?path=.", "/?entry=../secret.md", "/mail?entry=../secret.md", "/?issue=7", "/mail?issue=7", "/?at=hier",
	} {
		r := d.get(path)
		text := new(strings.Builder)
		_, _ = bufio.NewReader(r.Body).WriteTo(text)
		if r.StatusCode != 404 && path != "/media//etc/passwd" || strings.Contains(text.String(), "secret\n") || strings.Contains(text.String(), "root:") {
			t.Errorf("%s: status %d, %s", path, r.StatusCode, excerpt(text.String()))
		}
	}
	if r := d.get("/media/images/cable-repare.png"); r.StatusCode != 200 || r.Header.Get("Content-Type") != "image/png" {
		t.Errorf("an image: status %d, %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	d.write("content/images/page.PNG", "<!doctype html><script>alert(1)</script>")
	if r := d.get("/media/images/page.PNG"); r.Header.Get("Content-Type") != "image/png" {
		t.Errorf("a page under an image's name: %s", r.Header.Get("Content-Type"))
	}
}

// The stream tells of saves, whatever they do, and ends with the preview.
func TestEvents(t *testing.T) {
	d := newDesk(t)
	url := d.serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	next := func() string {
		for lines.Scan() {
			if version, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return version
			}
		}
		t.Fatal("the stream ended: ", lines.Err())
		return ""
	}
	next() // the present one
	for _, save := range []struct {
		name string
		do   func()
		seen func() bool
	}{
		{"a text", func() { d.edit(editorial, "Fin mars", "À la fin de mars") },
			func() bool { return strings.Contains(d.body("/mail"), "À la fin de mars") }},
		{"the folder goes", func() { must(t, os.Rename(d.path("content"), d.path("ailleurs"))) },
			func() bool { return strings.Contains(d.body("/"), `id="failure"`) }},
		{"the folder comes back", func() { must(t, os.Rename(d.path("ailleurs"), d.path("content"))) },
			func() bool { return !strings.Contains(d.body("/"), `id="failure"`) }},
		{"a text in it", func() { d.edit(editorial, "À la fin", "Vers la fin") },
			func() bool { return strings.Contains(d.body("/mail"), "Vers la fin de mars") }},
		{"the settings", func() {
			must(t, os.CopyFS(d.path("autre"), os.DirFS(d.path("content"))))
			d.write("infolettre.yaml", "autre")
			d.write(strings.Replace(editorial, "content", "autre", 1), strings.Replace(d.read(editorial), "Vers la", "Après la", 1))
		}, func() bool { return strings.Contains(d.body("/mail"), "Après la fin de mars") }},
	} {
		save.do()
		for next(); !save.seen(); next() {
		}
		t.Log(save.name)
	}
}

// ledger is one that remembers an issue.
type ledger struct{ document render.Document }

func (l ledger) Past(context.Context) (issue.Past, error) {
	slot := time.Date(2026, 11, 12, 11, 0, 0, 0, time.UTC)
	return issue.Past{Begin: slot.AddDate(0, 0, -7), Border: slot, Number: 41, Sent: map[string]int{}, Hashes: map[string]string{}}, nil
}

func (l ledger) Issues(context.Context) ([]deliver.Issue, error) {
	slot := time.Date(2026, 11, 12, 11, 0, 0, 0, time.UTC)
	return []deliver.Issue{{Number: 41, Slot: slot, Ordered: slot, Base: "https://ancienne.exemple.fr"}}, nil
}

func (l ledger) Documents(context.Context, int) ([]render.Document, error) {
	return []render.Document{l.document}, nil
}

// With a ledger, numbers and past issues are its own, frozen.
func TestPastIssues(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	doc := render.Document{Locale: "fr", Key: "0123456789abcdef", Subject: "Gelé"}
	unsubscribe := doc.Mark(render.Base) + render.UnsubscribePath + doc.Mark(render.Unsubscribe)
	doc.HTML, doc.Text = `<p>Tel qu’envoyé. <a href="`+unsubscribe+`">Partir</a></p>`, "Tel qu’envoyé.\n"+unsubscribe+"\n"
	d.open("fr", ledger{doc})
	contains(t, d.body("/"), "N°\u00a042", `href="/?issue=41"`)
	contains(t, d.body("/?issue=41"), "N°\u00a041", "Gelé", `src="/mail?issue=41"`)
	contains(t, d.body("/mail?issue=41"), `<p>Tel qu’envoyé. <a href="http://127.0.0.1:8421/u/`)
	contains(t, d.body("/?issue=41&view=text"), "https://ancienne.exemple.fr/u/")
	if r := d.get("/?issue=40"); r.StatusCode != 404 {
		t.Errorf("an issue that never was: status %d", r.StatusCode)
	}
}
