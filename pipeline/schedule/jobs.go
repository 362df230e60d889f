package schedule

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/infolettre/infolettre/pipeline/deliver"
)

// Jobs wake the workers; what is to be done, the ledger knows. So a job that
// is lost costs a minute, until the next tick, and one that runs twice finds
// its work taken. Arguments hold numbers only.

// tickArgs asks what is due, and puts jobs to ranges that have none.
type tickArgs struct{}

// Kind names the job.
func (tickArgs) Kind() string { return "tick" }

// sendArgs has a range of an issue sent. Turn keeps an order given before the
// range was taken from a lost worker from being one afterwards.
type sendArgs struct {
	Issue int `json:"issue"`
	Part  int `json:"part"`
	Turn  int `json:"turn"`
}

// Kind names the job.
func (sendArgs) Kind() string { return "send" }

// purgeArgs has forgotten what must not be kept.
type purgeArgs struct{}

// Kind names the job.
func (purgeArgs) Kind() string { return "purge" }

// The queues: sending takes hours, and nothing else waits for it.
const (
	queueTick = "tick"
	queueSend = "send"
)

const (
	tickEvery   = time.Minute
	tickTimeout = 10 * time.Minute
	purgeEvery  = time.Hour
	stopTimeout = 45 * time.Second // longer than deliver's grace
)

// Database is where the jobs are kept: beside the ledger, so that they are
// written in its transactions.
type Database struct {
	DB       *sql.DB
	Postgres bool
	// Alone runs do while no other process changes the schema.
	Alone func(ctx context.Context, do func() error) error
}

func (d Database) driver() riverdriver.Driver[*sql.Tx] {
	if d.Postgres {
		return riverdatabasesql.New(d.DB)
	}
	return riversqlite.New(d.DB)
}

// migrate brings the tables of the jobs up to date.
func (d Database) migrate(ctx context.Context, logger *slog.Logger) error {
	migrator, err := rivermigrate.New(d.driver(), &rivermigrate.Config{Logger: logger})
	if err != nil {
		return fmt.Errorf("migrate the jobs: %w", err)
	}
	return d.Alone(ctx, func() error {
		_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		if err != nil {
			return fmt.Errorf("migrate the jobs: %w", err)
		}
		return nil
	})
}

// client is the jobs' engine, with this process's workers.
func (w *Worker) client(workers *river.Workers) (*river.Client[*sql.Tx], error) {
	return river.NewClient(w.Database.driver(), &river.Config{
		FetchPollInterval: w.Timing.withDefaults().Poll,
		Logger:            quiet(w.Logger),
		JobTimeout:        tickTimeout,
		SoftStopTimeout:   stopTimeout,
		Workers:           workers,
		Queues: map[string]river.QueueConfig{
			queueTick: {MaxWorkers: 1},
			queueSend: {MaxWorkers: 1}, // one range at a time, with all connections
		},
		PeriodicJobs: []*river.PeriodicJob{
			river.NewPeriodicJob(river.PeriodicInterval(tickEvery), func() (river.JobArgs, *river.InsertOpts) {
				return tickArgs{}, &river.InsertOpts{Queue: queueTick, MaxAttempts: 1}
			}, nil),
			river.NewPeriodicJob(river.PeriodicInterval(purgeEvery), func() (river.JobArgs, *river.InsertOpts) {
				return purgeArgs{}, &river.InsertOpts{Queue: queueTick, MaxAttempts: 1}
			}, &river.PeriodicJobOpts{RunOnStart: true}),
		},
	})
}

// quiet leaves out what the engine says of its ordinary life.
func quiet(logger *slog.Logger) *slog.Logger { return slog.New(warnings{logger.Handler()}) }

// warnings is a handler of what is at least one.
type warnings struct{ slog.Handler }

// Enabled leaves out what is less than a warning.
func (h warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// orders are the jobs for some ranges. While a range has its job, another is
// none.
func orders(ranges []deliver.Range) []river.InsertManyParams {
	params := make([]river.InsertManyParams, len(ranges))
	for i, r := range ranges {
		params[i] = river.InsertManyParams{
			Args: sendArgs{r.Issue, r.Part, r.Turn},
			InsertOpts: &river.InsertOpts{Queue: queueSend, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
				rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
				rivertype.JobStateRetryable, rivertype.JobStateScheduled,
			}}},
		}
	}
	return params
}

// order writes the jobs that send a frozen issue, in the transaction that
// freezes it.
func (w *Worker) order(ctx context.Context, tx *sql.Tx, ranges []deliver.Range) error {
	if _, err := w.jobs.InsertManyTx(ctx, tx, orders(ranges)); err != nil {
		return fmt.Errorf("order the sending: %w", err)
	}
	return nil
}

// sweep puts jobs to the ranges in which something is due and that nobody
// works on: of issues released or retried, and of lost workers.
func (w *Worker) sweep(ctx context.Context) error {
	open, err := w.Ledger.OpenRanges(ctx, w.Now())
	if err != nil || len(open) == 0 {
		return err
	}
	if _, err := w.jobs.InsertMany(ctx, orders(open)); err != nil {
		return fmt.Errorf("order the sending: %w", err)
	}
	return nil
}

// tickWorker does the tick job.
type tickWorker struct {
	river.WorkerDefaults[tickArgs]
	*Worker
}

// Work ticks.
func (w *tickWorker) Work(ctx context.Context, _ *river.Job[tickArgs]) error { return w.Tick(ctx) }

// sendWorker does the send job.
type sendWorker struct {
	river.WorkerDefaults[sendArgs]
	*Worker
}

// Timeout is none: one final dot alone may take ten minutes, and a range at a
// low rate takes days.
func (w *sendWorker) Timeout(*river.Job[sendArgs]) time.Duration { return -1 }

// NextRetry is soon: what failed is a server or the database, and both come
// back.
func (w *sendWorker) NextRetry(*river.Job[sendArgs]) time.Time { return time.Now().Add(time.Minute) }

// Work sends what is due of a range.
func (w *sendWorker) Work(ctx context.Context, job *river.Job[sendArgs]) error {
	return w.send(ctx, deliver.Range{Issue: job.Args.Issue, Part: job.Args.Part, Turn: job.Args.Turn})
}

// purgeWorker does the purge job.
type purgeWorker struct {
	river.WorkerDefaults[purgeArgs]
	*Worker
}

// Work forgets what must not be kept any longer.
func (w *purgeWorker) Work(ctx context.Context, _ *river.Job[purgeArgs]) error {
	return w.Purge(ctx, w.Now())
}
