package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
)

// The roles of a server.
const (
	roleAll    = "all"
	roleWorker = "worker" // the schedule and the sending
	roleWeb    = "web"    // the pages
)

var roles = []string{roleAll, roleWorker, roleWeb}

// checkRole refuses what is no role.
func (a *app) checkRole(role string) error {
	if slices.Contains(roles, role) {
		return nil
	}
	return a.misuse("serve.bad-role", "Value", role)
}

// worker is this process's part in the schedule and the sending. It is the
// database's only sender or, on PostgreSQL, one of several.
func (a *app) worker(ctx context.Context, c config, n *pipeline.Newsletter, s *store.Store, logger *slog.Logger) (*schedule.Worker, error) {
	alone, err := s.ShareSending(ctx)
	if errors.Is(err, store.ErrBusy) {
		return nil, a.fail(nil, "send.busy")
	}
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	return &schedule.Worker{
		Engine: a.engine(c, n, s),
		Ledger: s,
		Crew:   s,
		Take: func(ctx context.Context, worker string, r deliver.Range) (schedule.Share, error) {
			return s.Take(ctx, worker, r)
		},
		Purge:    func(ctx context.Context, now time.Time) error { return purge(ctx, s, now, logger) },
		Sender:   func() deliver.Sender { return a.sender(nil) },
		Database: schedule.Database{DB: s.DB(), Postgres: !alone, Alone: s.Alone},
		Timing:   a.timing,
		Name:     fmt.Sprintf("%s, process %d", host, os.Getpid()),
		Alone:    alone,
		Report:   func(r schedule.Report, err error) { a.reportTick(c, logger, r, err) },
		Now:      a.now,
		Logger:   logger,
	}, nil
}

// purge forgets the requests that nobody confirmed.
func purge(ctx context.Context, s *store.Store, now time.Time, logger *slog.Logger) error {
	purged, err := s.PurgeRequests(ctx, now)
	if err == nil && purged > 0 {
		logger.InfoContext(ctx, "forgotten: requests that nobody confirmed", "count", purged)
	}
	return err
}

// reportTick writes what a tick did to the log; most do nothing.
func (a *app) reportTick(c config, logger *slog.Logger, r schedule.Report, err error) {
	if err != nil {
		logger.Error("the schedule", "error", err)
	}
	if r.Suspect != nil {
		logger.Warn("nothing is sent before a person accepts the database", "reason", r.Suspect)
	}
	if r.Refresh != nil {
		logger.Warn("the entries were not brought up to date", "error", r.Refresh)
	}
	if r.First != nil {
		logger.Info("the first tick: nothing older than one period will be sent", "slot", r.First.Slot, "from", r.First.From)
	}
	for _, d := range r.Decisions {
		logger.Info("a slot", "slot", d.Slot.In(c.zone), "outcome", d.Outcome, "issue", d.Number, "reason", d.Reason)
	}
	for _, number := range r.Released {
		logger.Info("an issue may go", "issue", number)
	}
	if len(r.Problems) > 0 && r.Made != nil {
		a.report(c.Content.Folder, r.Problems)
	}
}
