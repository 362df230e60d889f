package schedule_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing/fstest"
	"time"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
)

// monday is before all slots of the tests, which come on Thursdays at eleven.
var monday = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// slot is the moment right after the slot of week n, from 0.
func slot(n int) time.Time { return monday.AddDate(0, 0, 7*n+3).Add(90 * time.Minute) }

// weeks is for how many there are entries: as many as processes race for slots.
func weeks() int {
	races, _ := strconv.Atoi(os.Getenv(racesVariable))
	return max(races, 30)
}

// newsletter has one entry a week.
func newsletter(host string, port, connections int) (*pipeline.Newsletter, error) {
	entries := fstest.MapFS{}
	for n := range weeks() {
		day := monday.AddDate(0, 0, 7*n+1).Format(time.DateOnly)
		entries[day+"-billet.fr.md"] = &fstest.MapFile{Data: fmt.Appendf(nil, "---\ntitle: Semaine %d\ndate: %s 08:00\n---\n\nUn mot de la semaine.\n", n, day)}
	}
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, err
	}
	calendar, err := issue.NewCalendar("0 11 * * THU", zone)
	if err != nil {
		return nil, err
	}
	catalogue, err := locales.Load(locales.Files, "en")
	if err != nil {
		return nil, err
	}
	renderer, err := render.New(render.Config{Name: "Lettre", PostalAddress: "Paris", Location: zone}, catalogue, render.NewAssets(entries))
	if err != nil {
		return nil, err
	}
	keys, err := audience.ParseKeys("lettre.exemple.fr", "00000000:c2FtcGxlLXNhbXBsZS1zYW1wbGUtc2FtcGxlLXNhbXA=")
	if err != nil {
		return nil, err
	}
	return &pipeline.Newsletter{
		Entries: entries, Commit: func() string { return "" }, Languages: []string{"fr"}, Calendar: calendar,
		Issues: issue.Config{Languages: []string{"fr"}}.WithDefaults(), Renderer: renderer,
		Headers: message.Config{ListID: "lettre.exemple.fr", ListName: "Lettre", From: audience.MustAddress("lettre@exemple.fr")},
		Base:    "https://lettre.exemple.fr", Keys: keys,
		Delivery: deliver.Config{
			Servers: []deliver.Server{{Host: host, Port: port, TLS: deliver.Plain}}, Connections: connections,
		}.WithDefaults(),
	}, nil
}

// clock stands still until it is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// timing is short, since what it is about does not depend on it.
var timing = schedule.Timing{Renew: 500 * time.Millisecond, Lost: 3 * time.Second, Poll: 100 * time.Millisecond}

// newWorker is a process's worker, as the command makes one. The clock serves
// the schedule; sending has its own.
func newWorker(s *store.Store, n *pipeline.Newsletter, name, folder string, alone bool, now func() time.Time, logger *slog.Logger) *schedule.Worker {
	witness := &schedule.Witness{File: filepath.Join(folder, name+".state"), Ledger: s}
	return &schedule.Worker{
		Engine: &schedule.Engine{Newsletter: n, Config: schedule.Config{}.WithDefaults(), Store: s, Witness: witness},
		Ledger: s, Crew: s,
		Take: func(ctx context.Context, worker string, r deliver.Range) (schedule.Share, error) {
			return s.Take(ctx, worker, r)
		},
		Purge: func(context.Context, time.Time) error { return nil },
		Sender: func() deliver.Sender {
			return deliver.Sender{Now: now, Jitter: rand.Float64, Sleep: wait}
		},
		Database: schedule.Database{DB: s.DB(), Postgres: !alone, Alone: s.Alone},
		Timing:   timing, Name: name, Alone: alone, Now: now, Logger: logger,
		Report: func(_ schedule.Report, err error) {
			if err != nil {
				logger.Error("tick", "error", err)
			}
		},
	}
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(min(d, 200*time.Millisecond)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
