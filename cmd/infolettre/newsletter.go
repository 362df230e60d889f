package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/store"
)

// newsletter builds the pipeline from a configuration. entries is the content
// folder; keys may be nil where nothing is sent.
func (a *app) newsletter(c config, entries fs.FS, keys *audience.Keys, commit func() string) (*pipeline.Newsletter, error) {
	calendar, err := c.Schedule.calendar(c.zone)
	if err != nil {
		return nil, err
	}
	renderer, err := render.New(c.Newsletter.Config, a.catalogue, render.NewAssets(entries))
	if err != nil {
		return nil, err
	}
	return &pipeline.Newsletter{
		Entries: entries, Cache: content.NewCache(), Commit: commit, Languages: c.Newsletter.Languages,
		Calendar: calendar, Issues: c.Issue, First: c.first, Renderer: renderer,
		Headers: c.headers(), Base: c.Newsletter.URL, Keys: keys, Delivery: c.Delivery,
	}, nil
}

// openNewsletter builds it from the configuration file and the entries that it
// names.
func (a *app) openNewsletter(c config, keys *audience.Keys) (*pipeline.Newsletter, error) {
	entries, commit, err := a.entries(c)
	if err != nil {
		return nil, err
	}
	return a.newsletter(c, entries, keys, commit)
}

// openStore opens the database; create makes a missing one.
func (a *app) openStore(ctx context.Context, c config, create bool) (*store.Store, error) {
	var options []store.Option
	if c.Database.Synchronous == "normal" {
		options = append(options, store.Unsafe)
	}
	s, err := store.Open(ctx, c.database(), create, options...)
	switch {
	case errors.Is(err, store.ErrNoFile):
		return nil, &failure{text: a.words.T("cli.no-database", "Path", c.databaseName()), err: err}
	case errors.Is(err, store.ErrNewer):
		return nil, a.fail(nil, "cli.newer-database", "Path", c.databaseName())
	case err != nil:
		return nil, a.fail(err, "cli.no-connection", "Path", c.databaseName())
	}
	return s, nil
}

// readKeys reads the keys that sign the links in mails.
func (a *app) readKeys(c config) (*audience.Keys, error) {
	path := c.path(c.Keys.File)
	text := a.getenv(keysVariable)
	if text == "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, a.fail(err, "cli.no-keys", "Path", path)
		}
		text = string(data)
	}
	keys, err := audience.ParseKeys(c.Newsletter.ID, text)
	if err != nil {
		return nil, a.fail(nil, "cli.bad-keys", "Path", path)
	}
	return keys, nil
}

// planNext works out the next issue for those who only look at it.
func (a *app) planNext(ctx context.Context, c config, n *pipeline.Newsletter, now time.Time) (pipeline.Plan, error) {
	entries, problems, err := n.Load()
	if err != nil {
		return pipeline.Plan{}, err
	}
	past, _, err := a.past(ctx, c, n, entries, now)
	if err != nil {
		return pipeline.Plan{}, err
	}
	return n.PlanOf(entries, problems, past, now)
}

// past is what the ledger remembers or, without a database, what follows from
// the schedule and the entries' dates. counts are the readers of each of the
// newsletter's languages, nil without a database.
func (a *app) past(ctx context.Context, c config, newsletter *pipeline.Newsletter, entries []content.Entry, now time.Time) (past issue.Past, counts map[string]int, err error) {
	s, err := store.Open(ctx, c.database(), false)
	if errors.Is(err, store.ErrNoFile) {
		return newsletter.Replay(entries, now), nil, nil
	}
	if err != nil {
		return past, nil, err
	}
	defer s.Close()
	if past, err = s.Past(ctx); err != nil {
		return past, nil, err
	}
	languages, err := s.ActiveByLanguage(ctx, now)
	counts = map[string]int{}
	for lang, n := range languages {
		counts[newsletter.Locale(lang)] += n
	}
	return past, counts, err
}
