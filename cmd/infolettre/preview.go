package main

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/loopback"
	"github.com/infolettre/infolettre/pipeline/preview"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/store"
)

// previewConfig is for authors' machines only.
type previewConfig struct {
	Editor string `yaml:"editor"` // "vscode://file/{path}:{line}"; default: files are shown in the browser
}

// validate takes an address that opens a program, and none that runs in a page.
func (c previewConfig) validate(at *place) error {
	if c.Editor == "" {
		return nil
	}
	u, err := url.Parse(strings.NewReplacer("{path}", "/a.md", "{line}", "1").Replace(c.Editor))
	if err != nil || u.Scheme == "" || slices.Contains([]string{"javascript", "data", "vbscript", "blob"}, u.Scheme) || !strings.Contains(c.Editor, "{path}") {
		return at.fail("preview.editor", "editor", nil, "Value", c.Editor)
	}
	return nil
}

// previewPort is the usual one; any free one will do.
const previewPort = 8421

func (a *app) previewCommand() *cobra.Command {
	var port int
	var at string
	var open bool
	c := a.command("preview", "", func(c *cobra.Command, _ []string) error {
		return a.preview(c.Context(), at, port, !c.Flags().Changed("port"), open)
	})
	c.Args = a.args(0, 0)
	c.Flags().StringVar(&at, "at", "", a.words.T("flag.at"))
	c.Flags().IntVar(&port, "port", previewPort, a.words.T("flag.preview-port"))
	c.Flags().BoolVar(&open, "open", false, a.words.T("flag.preview-open"))
	return c
}

// preview serves the pages until interrupted. It sends and writes nothing.
func (a *app) preview(ctx context.Context, at string, port int, anyPort, open bool) error {
	c, err := a.loadConfig()
	if err != nil {
		return err
	}
	now := a.now
	if at != "" {
		moment, err := a.moment(at, c.zone)
		if err != nil {
			return err
		}
		now = func() time.Time { return moment }
	}
	source := &previewSource{app: a}
	defer source.close()
	pages, err := preview.New(ctx, preview.Options{Words: a.words, Now: now, Open: source.open})
	if err != nil {
		return a.unwatched(err)
	}
	defer pages.Close()
	l, err := a.page(port, anyPort)
	if err != nil {
		return err
	}
	group, serve := errgroup.WithContext(ctx)
	group.Go(func() error { return loopback.Serve(serve, l, pages.Handler()) })
	group.Go(func() error { return a.unwatched(pages.Watch(serve)) })
	address := "http://" + l.Addr().String() + "/"
	a.say("preview.listening", "URL", address)
	if open {
		openBrowser(address)
	}
	return group.Wait()
}

// unwatched says in the user's language that the system tells of no saves.
func (a *app) unwatched(err error) error {
	if errors.Is(err, preview.ErrWatch) {
		return a.fail(err, "preview.no-watch")
	}
	return err
}

// previewSource opens the newsletter as often as its settings change, and its
// database once.
type previewSource struct {
	app    *app
	ledger *store.Store
	path   string
}

func (p *previewSource) open(ctx context.Context) (*preview.Newsletter, error) {
	c, err := p.app.loadConfig()
	if err != nil {
		return nil, err
	}
	n, err := p.app.openNewsletter(c, nil)
	if err != nil {
		return nil, err
	}
	out := &preview.Newsletter{
		Newsletter: n, Name: c.Newsletter.Name, Prefix: c.Content.Folder + "/", Editor: c.Preview.Editor,
		Compose: func(base string, number int, date time.Time, d render.Document) (preview.Mail, error) {
			c := c
			c.Newsletter.URL = base
			return composeSample(c, number, date, d)
		},
	}
	if out.Settings, err = filepath.Abs(p.app.configPath); err != nil {
		return nil, err
	}
	if out.Folder, err = realPath(c.path(c.Content.Folder)); err != nil {
		return nil, err
	}
	if err := p.openLedger(ctx, c); err != nil {
		return nil, err
	}
	if p.ledger != nil {
		out.Ledger = p.ledger
	}
	return out, nil
}

func (p *previewSource) openLedger(ctx context.Context, c config) error {
	if p.ledger != nil && p.path == c.database() {
		return nil
	}
	p.close()
	s, err := p.app.openStore(ctx, c, false)
	if errors.Is(err, store.ErrNoFile) {
		return nil
	}
	p.ledger, p.path = s, c.database()
	return err
}

func (p *previewSource) close() {
	if p.ledger != nil {
		_ = p.ledger.Close() // it was only read
		p.ledger = nil
	}
}

// realPath is where a folder lies: what is below a link cannot be watched
// through it.
func realPath(folder string) (string, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(absolute)
	return cmp.Or(real, absolute), err
}

// composeSample is the mail of a reader who does not exist.
func composeSample(c config, number int, date time.Time, d render.Document) (m preview.Mail, err error) {
	composer, err := sampleComposer(c, c.headers(), number, date, []render.Document{d}, false)
	if err != nil {
		return m, err
	}
	reader := sampleReader(d.Locale)
	if m.Text, m.HTML, err = composer.Parts(reader, d.Locale); err != nil {
		return m, err
	}
	m.Raw, err = composer.Append(nil, reader, d.Locale)
	return m, err
}

func sampleReader(locale string) audience.Subscriber {
	return audience.Subscriber{Address: audience.MustAddress("lectrice@example.org"), Lang: locale}
}
