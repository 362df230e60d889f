package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	sample "github.com/infolettre/infolettre/content"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/mailbox"
	"github.com/infolettre/infolettre/pipeline/outbox"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/web"
)

// axeScript is the accessibility checker, in its place after `make setup`.
const axeScript = "../../.ci/tools/node_modules/axe-core/axe.min.js"

// newspaper is a newsletter in full: its pages and the demo's mailbox on
// loopback, its database, and a clock that the test moves.
type newspaper struct {
	*testing.T
	app     *app
	letters *pipeline.Newsletter
	store   *store.Store
	box     *mailbox.Mailbox
	outbox  *outbox.Sender
	url     string
	team    string // URL of the team's pages
	now     time.Time
	tab     context.Context
	axe     string
}

func newNewspaper(t *testing.T) *newspaper {
	t.Helper()
	p := &newspaper{T: t, now: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	script, err := os.ReadFile(axeScript)
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("no axe-core: make setup")
	}
	check(err)
	p.axe = string(script)
	browser := startBrowser(t)

	p.app, err = newApp([]string{"--lang", "fr"}, nil, nil, io.Discard, io.Discard)
	check(err)
	p.app.now = func() time.Time { return p.now }
	page, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	smtp, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	p.url = "http://" + page.Addr().String()
	folder := t.TempDir()
	c, letters, err := p.app.demoNewsletter(demoFlags{folder: folder}, p.url, smtp.Addr().(*net.TCPAddr).Port)
	check(err)
	p.letters = letters
	p.store, err = store.Open(t.Context(), filepath.Join(folder, "infolettre.db"), true)
	check(err)
	p.store.UseKeys(letters.Keys)
	p.box, err = mailbox.New(mailbox.Options{Catalogue: p.app.catalogue})
	check(err)
	logger := slog.New(slog.DiscardHandler)
	site, err := p.app.site(c, letters, p.store, sample.FS, logger)
	check(err)
	p.outbox = p.app.outbox(c, letters, p.store, site, logger)
	team := httptest.NewServer(site.Private(p.store))
	t.Cleanup(team.Close)
	p.team = team.URL

	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- together(ctx,
			func(ctx context.Context) error { return web.Serve(ctx, page, demoHandler(site, p.box), logger) },
			func(ctx context.Context) error { return p.box.ServeSMTP(ctx, smtp) })
	}()
	t.Cleanup(func() {
		stop()
		check(<-ended)
		check(p.store.Close())
	})
	tab, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	p.tab = tab
	check(chromedp.Do(tab, chromedp.EmulateViewport(390, 800)))
	return p
}

// open shows a page and checks it.
func (p *newspaper) open(address string) {
	p.Helper()
	if err := chromedp.Do(p.tab, chromedp.Navigate(address)); err != nil {
		p.Fatalf("%s: %v", address, err)
	}
	p.look(address)
}

// press clicks the button with that label, waits for the page it leads to,
// and checks it.
func (p *newspaper) press(label string) {
	p.Helper()
	p.now = p.now.Add(5 * time.Second) // a person is no faster
	button := chromedp.Search(`//button[normalize-space()="` + label + `"]`)
	if err := chromedp.Do(p.tab, chromedp.Click(button), chromedp.WaitNotPresent(chromedp.CSS(`html[data-seen]`)), chromedp.WaitReady(chromedp.CSS("h1"))); err != nil {
		p.Fatalf("press %s: %v", label, err)
	}
	p.look("after " + label)
}

// look holds the page in the tab to the rules of accessibility and to the
// width of the screen, and marks it, so that the next one can be told from it.
func (p *newspaper) look(where string) {
	p.Helper()
	found, err := chromedp.Run(p.tab, chromedp.Evaluate[string](p.axe+`;
		document.documentElement.dataset.seen = "1";
		axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" "))))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%s: %v", where, err)
	}
	var violations []string
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		p.Fatal(err)
	}
	for _, v := range violations {
		p.Errorf("%s: %s", where, v)
	}
	width, err := chromedp.Run(p.tab, chromedp.Evaluate[int]("document.documentElement.scrollWidth"))
	if err != nil || width > 390 {
		p.Errorf("%s is %d px wide on a screen of 390, %v", where, width, err)
	}
}

func (p *newspaper) wantTitle(want string) {
	p.Helper()
	got, err := chromedp.Run(p.tab, chromedp.Text(chromedp.CSS("h1")))
	if err != nil || got != want {
		p.Fatalf("the page says %q, want %q; %v", got, want, err)
	}
}

// lastMail is the newest mail in the mailbox, which must then hold n.
func (p *newspaper) lastMail(n int) string {
	p.Helper()
	if err := p.outbox.Flush(p.Context()); err != nil {
		p.Fatal(err)
	}
	messages := p.box.Messages()
	if len(messages) != n {
		p.Fatalf("%d mails in the mailbox, want %d", len(messages), n)
	}
	return string(messages[n-1].Raw)
}

// link finds a link of ours in a mail, whose lines are folded.
func (p *newspaper) link(mail, path string) string {
	p.Helper()
	unfolded := strings.NewReplacer("=\r\n", "", "=3D", "=").Replace(mail)
	found := regexp.MustCompile(regexp.QuoteMeta(p.url+path) + `[A-Za-z0-9_-]+(\?lang=[a-z]+)?`).FindString(unfolded)
	if found == "" {
		p.Fatalf("no %s in %s", path, unfolded)
	}
	return found
}

// publish sends the issue of the week.
func (p *newspaper) publish(day int) {
	p.Helper()
	p.now = time.Date(2026, 11, day, 10, 0, 0, 0, time.UTC) // 11 h in Paris
	ctx := p.Context()
	past, err := p.store.Past(ctx)
	if err != nil {
		p.Fatal(err)
	}
	if past.Number == 0 {
		p.letters.First = p.now
	}
	plan, err := p.letters.Plan(past, p.now)
	if err != nil || !plan.Due {
		p.Fatalf("nothing is due at %s, %v", p.now, err)
	}
	counts, err := p.store.ActiveByLanguage(ctx, p.now)
	if err != nil {
		p.Fatal(err)
	}
	is, err := p.letters.Freeze(ctx, p.store, plan, p.letters.Audience(plan.Documents, slices.Sorted(maps.Keys(counts))), p.now)
	if err != nil {
		p.Fatal(err)
	}
	settled, err := p.letters.Deliver(ctx, p.store, is, deliver.Sender{Now: p.app.now, Sleep: sleep, Jitter: func() float64 { return 0 }})
	if err != nil || settled.State != deliver.IssueSent {
		p.Fatalf("%+v, %v", settled, err)
	}
}

// A reader's whole life, in a browser: subscribe, confirm, receive an issue,
// change language, receive the next one in it, leave, change their mind, leave
// with one click, and receive nothing more.
func TestReadersLife(t *testing.T) {
	p := newNewspaper(t)
	p.open(p.url + "/subscribe?lang=fr")
	if err := chromedp.Do(p.tab, chromedp.SendKeys(chromedp.CSS("#address"), "claire@exempl")); err != nil {
		t.Fatal(err)
	}
	p.press("M’abonner")
	p.wantTitle("S’abonner à La lettre d’exemple") // again: that was no address
	if err := chromedp.Do(p.tab, chromedp.SetValue(chromedp.CSS("#address"), "claire@exemple.fr")); err != nil {
		t.Fatal(err)
	}
	p.press("M’abonner")
	p.wantTitle("Vérifiez votre messagerie")

	mail := p.lastMail(1)
	p.open(p.url + "/mailbox/messages/1")
	p.open(p.link(mail, "/c/"))
	p.wantTitle("Confirmez votre abonnement")
	p.press("Confirmer mon abonnement")
	p.wantTitle("Bienvenue\u202f!")

	p.publish(5)
	mail = p.lastMail(2)
	if !strings.Contains(mail, `<html lang=3D"fr"`) {
		t.Error("the first issue is not in French")
	}
	p.open(p.link(mail, "/p/"))
	p.wantTitle("Vos préférences")
	if err := chromedp.Do(p.tab, chromedp.Click(chromedp.CSS(`input[value="en"]`))); err != nil {
		t.Fatal(err)
	}
	p.press("Enregistrer")
	p.wantTitle("Your preferences")

	p.publish(12)
	mail = p.lastMail(3)
	if !strings.Contains(mail, `<html lang=3D"en"`) {
		t.Error("the second issue is not in English")
	}
	leave := p.link(mail, "/u/")
	p.open(leave)
	p.wantTitle("Unsubscribe from La lettre d’exemple")
	p.press("Unsubscribe")
	p.wantTitle("Done")
	p.press("Undo and stay subscribed")
	p.wantTitle("You stay subscribed")
	p.oneClick(leave)
	p.open(leave)
	p.wantTitle("This address is not subscribed")
	p.publish(19)
	p.lastMail(3)

	for _, page := range []string{"/fr", "/en", "/fr/1", "/en/2", "/legal?lang=fr", "/legal?lang=en", "/subscribe?lang=en", "/nope", "/c/nope"} {
		p.open(p.url + page)
	}
	p.open(p.team + "/")
	id := p.reader()
	signer, err := p.letters.Keys.Signer(p.letters.Keys.Current())
	if err != nil {
		t.Fatal(err)
	}
	p.open(p.url + "/r/" + signer.Token(audience.Renew, id))
	p.press("Garder mon abonnement")
	p.wantTitle("Merci de votre fidélité")
	p.open(p.url + "/u/" + signer.Token(audience.Unsubscribe, id))
	p.press("Me désabonner")
	p.press("Envoyer ma réponse")
	p.wantTitle("Merci")
	p.refusals()
}

// refusals are the pages of who posts too much, too often, or from elsewhere.
func (p *newspaper) refusals() {
	p.Helper()
	const subscribe = "/subscribe?lang=fr"
	p.open(p.url + subscribe)
	p.submit(`document.querySelector("#address").value = "a".repeat(17 << 10) + "@exemple.fr"`)
	p.wantTitle("Envoi trop volumineux")
	p.open("data:text/html,<html lang=fr><title>-</title><main><h1>-</h1><form method=post action=" + url.QueryEscape(p.url+subscribe) + "></form></main>")
	p.submit("")
	p.wantTitle("Formulaire refusé")
	for range 6 {
		p.open(p.url + subscribe)
		p.submit(`document.querySelector("#address").value = "trop@exemple.fr"`)
	}
	p.wantTitle("Trop de demandes")
}

// submit sends the page's form as it is, past what the browser would check.
func (p *newspaper) submit(before string) {
	p.Helper()
	p.now = p.now.Add(5 * time.Second)
	if _, err := chromedp.Run(p.tab, chromedp.Evaluate[bool](before+`; document.forms[0].submit(); true`)); err != nil {
		p.Fatalf("submit: %v", err)
	}
	if err := chromedp.Do(p.tab, chromedp.WaitNotPresent(chromedp.CSS(`html[data-seen]`)), chromedp.WaitReady(chromedp.CSS("h1"))); err != nil {
		p.Fatalf("submit: %v", err)
	}
	p.look("after a form")
}

// reader is somebody imported.
func (p *newspaper) reader() audience.ID {
	p.Helper()
	id := audience.NewID()
	if _, err := p.store.AddSubscribers(p.Context(), p.now, []audience.Subscriber{{
		ID: id, Address: audience.MustAddress("noel@exemple.fr"), Lang: "fr", Status: audience.Active,
	}}); err != nil {
		p.Fatal(err)
	}
	return id
}

// oneClick does what the button of a mail program does (RFC 8058).
func (p *newspaper) oneClick(address string) {
	p.Helper()
	response, err := http.PostForm(address, url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		p.Errorf("one click: %s", response.Status)
	}
}
