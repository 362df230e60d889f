// Package preview shows authors the very mail in their browser, and again at each save.
package preview

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"sync"
	"sync/atomic"
	"time"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/templates"
)

// Newsletter is what the settings say.
type Newsletter struct {
	*pipeline.Newsletter
	Name     string
	Settings string // path of their file
	Folder   string // path of the entries, absolute
	Prefix   string // what findings put before an entry's path
	Editor   string // URL that opens a file at a line, "vscode://file/{path}:{line}"; "" shows it in the browser
	Ledger   Ledger // nil where there is no database

	// Compose writes the mail of a reader who does not exist.
	Compose func(base string, number int, date time.Time, d render.Document) (Mail, error)
}

// Ledger remembers the issues that were made.
type Ledger interface {
	Past(ctx context.Context) (issue.Past, error)
	Issues(ctx context.Context) ([]deliver.Issue, error)
	Documents(ctx context.Context, number int) ([]render.Document, error)
}

// Mail is what one reader gets.
type Mail struct {
	HTML, Text string // its parts
	Raw        []byte // all of it, as it goes over the wire
}

// Options are what a preview needs.
type Options struct {
	Words *locales.Locale  // of the pages
	Now   func() time.Time // as if it were; the page may choose another moment

	// Open reads the settings, at first and whenever they changed. Its error
	// is shown to the author, above what the last good settings gave.
	Open func(ctx context.Context) (*Newsletter, error)
}

// Preview holds the newsletter as it was at the last save.
type Preview struct {
	options Options
	pages   *template.Template
	watch   *watch

	rebuild sync.Mutex // one at a time
	current atomic.Pointer[snapshot]
	readers readers
}

// New reads the newsletter. Whoever has it closes it.
func New(ctx context.Context, o Options) (*Preview, error) {
	pages, err := template.ParseFS(templates.Preview, "preview/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse preview pages: %w", err)
	}
	p := &Preview{options: o, pages: pages}
	if p.watch, err = newWatch(); err != nil {
		return nil, err
	}
	if err := p.Rebuild(ctx, Change{}); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Change says what else than entries a save may have changed.
type Change struct {
	Settings bool
	Assets   bool // images, or which files there are
}

// Rebuild reads what changed, and tells the pages. The settings are read anew
// when they changed or are known to be wrong. Once something is shown,
// whatever goes wrong is shown above it; so there is an error only at first.
func (p *Preview) Rebuild(ctx context.Context, c Change) error {
	p.rebuild.Lock()
	defer p.rebuild.Unlock()
	old := p.current.Load()
	next, err := p.read(ctx, old, c)
	if err != nil && old == nil {
		return err
	}
	if err != nil {
		next = old.failed(err)
	}
	p.current.Store(next)
	p.readers.tell(next.version)
	return nil
}

func (p *Preview) read(ctx context.Context, old *snapshot, c Change) (*snapshot, error) {
	next := &snapshot{version: old.next()}
	if old != nil {
		next.newsletter, next.memory = old.newsletter, old.memory
	}
	if old == nil || c.Settings || old.failure != nil {
		n, err := p.options.Open(ctx)
		if err != nil {
			return nil, err
		}
		n.Cache = content.NewCache()
		n.Renderer = n.Renderer.WithCache(render.NewCache())
		next.newsletter, c.Assets = n, true
	}
	if c.Assets {
		next.memory = newMemory()
	}
	if err := p.watch.follow(next.newsletter); err != nil {
		return nil, err
	}
	if err := next.load(old); err != nil {
		return nil, err
	}
	_, err := next.plan(ctx, p.options.Now())
	return next, err
}
