package schedule

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/deliver"
)

// Share is the ledger of one range, taken by one worker.
type Share interface {
	pipeline.Ledger
	// Release gives the range back, if it is still ours.
	Release(ctx context.Context) error
}

// Ranges is what a worker must know of the issues under way.
type Ranges interface {
	Issue(ctx context.Context, number int) (deliver.Issue, error)
	// OpenRanges lists the ranges nobody works on in which something is due.
	OpenRanges(ctx context.Context, now time.Time) ([]deliver.Range, error)
	// OnFrozen has a function called in the transaction that freezes an issue,
	// with the ranges that may be sent.
	OnFrozen(func(ctx context.Context, tx *sql.Tx, ranges []deliver.Range) error)
}

// Worker is this process's part in what the newsletter does by itself: it
// ticks, and it sends ranges of issues while its lease is alive.
type Worker struct {
	Engine   *Engine
	Ledger   Ranges
	Crew     Crew
	Take     func(ctx context.Context, worker string, r deliver.Range) (Share, error)
	Purge    func(ctx context.Context, now time.Time) error
	Sender   func() deliver.Sender
	Database Database
	Timing   Timing
	Name     string // host and process, for people
	Alone    bool   // no other process can be working
	Report   func(Report, error)
	Ready    func() // called once it works; may be nil
	Page     *Page  // shows the jobs; nil: nobody asked
	Now      func() time.Time
	Logger   *slog.Logger

	jobs *river.Client[*sql.Tx]
	crew *crew
}

// Run works until ctx ends; then it finishes what is under way, within a
// minute, and leaves.
func (w *Worker) Run(ctx context.Context) error {
	err := w.work(ctx)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // stopped before it had begun
	}
	return err
}

func (w *Worker) work(ctx context.Context) error {
	if err := w.Database.migrate(ctx, quiet(w.Logger)); err != nil {
		return err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &tickWorker{Worker: w})
	river.AddWorker(workers, &sendWorker{Worker: w})
	river.AddWorker(workers, &purgeWorker{Worker: w})
	var err error
	if w.jobs, err = w.client(workers); err != nil {
		return fmt.Errorf("begin the jobs: %w", err)
	}
	w.Ledger.OnFrozen(w.order)
	w.crew = &crew{Timing: w.Timing.withDefaults(), ledger: w.Crew, name: w.Name, logger: w.Logger, now: w.Now,
		lost: func(ctx context.Context) error { return w.sweep(ctx) }}
	if err := w.crew.enrol(ctx, w.Alone); err != nil {
		return err
	}
	// The start is not cut short with ctx: a half-begun engine cannot be stopped.
	if err := w.jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(fmt.Errorf("begin the jobs: %w", err), w.crew.leave(ctx))
	}
	if w.Page != nil {
		err = w.Page.start(ctx, w.jobs, quiet(w.Logger))
	}
	// The first tick is now, not when the jobs' leader gets to it.
	if err == nil {
		_, err = w.jobs.Insert(ctx, tickArgs{}, &river.InsertOpts{Queue: queueTick, MaxAttempts: 1})
	}
	if err == nil {
		if w.Ready != nil {
			w.Ready()
		}
		w.crew.keep(ctx)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout+15*time.Second)
	defer cancel()
	return errors.Join(err, w.jobs.Stop(stopping), w.crew.leave(stopping))
}

// Tick decides what is due, and sees to it that it is sent.
func (w *Worker) Tick(ctx context.Context) error {
	report, err := w.Engine.Tick(ctx, w.Now())
	w.Report(report, err)
	return errors.Join(err, w.sweep(ctx))
}

// send sends what is due of a range, while our lease is alive.
func (w *Worker) send(ctx context.Context, r deliver.Range) error {
	is, err := w.Ledger.Issue(ctx, r.Issue)
	if err != nil || is.State != deliver.IssueSending {
		return err
	}
	worker, leased := w.crew.leased()
	share, err := w.Take(ctx, worker, r)
	if errors.Is(err, deliver.ErrLost) {
		return nil // somebody sends it already
	}
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(leased, stop)()

	n := *w.Engine.Newsletter
	n.Delivery.Connections = max(1, n.Delivery.Connections/w.crew.size())
	sender := w.Sender()
	sender.Workers = w.crew.size
	settled, err := n.Deliver(ctx, share, is, sender)
	err = errors.Join(err, share.Release(context.WithoutCancel(ctx)))
	if errors.Is(err, deliver.ErrLost) || errors.Is(err, deliver.ErrHeld) {
		w.Logger.WarnContext(ctx, "a range was given up", "issue", is.Public(), "revision", is.Revision, "part", r.Part, "error", err)
		return nil
	}
	if ctx.Err() == nil {
		err = errors.Join(err, w.tell(ctx, is, r.Part, settled, err))
	}
	if err == nil && settled.State == deliver.IssueSent {
		w.Logger.InfoContext(ctx, "an issue is closed", "issue", is.Public(), "revision", is.Revision)
		return w.Engine.Done(ctx, r.Issue, w.Now())
	}
	return err
}

// tell says in the log, and to the team, what kept an issue from being sent.
func (w *Worker) tell(ctx context.Context, is deliver.Issue, part int, settled deliver.Settled, trouble error) error {
	log := w.Logger.With("issue", is.Public(), "revision", is.Revision, "part", part)
	if len(settled.Alarmed) > 0 {
		log.WarnContext(ctx, "too many are refused, nobody is suppressed", "domains", settled.Alarmed)
	}
	switch {
	case trouble != nil:
		log.ErrorContext(ctx, "an issue is not sent", "error", told(trouble))
	case len(settled.Alarmed) > 0: // nothing was left to be held
		trouble = &deliver.BreakerError{Domain: settled.Alarmed[0]}
	}
	return w.Engine.Settled(ctx, is, settled.State, trouble, w.Now())
}
