package deliver

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// step is what a connection asks of the writer: record these, grant this.
type step struct {
	outcomes []Outcome
	intent   *audience.ID
	granted  chan<- bool
}

// How long the ledger may be out of reach (locked, disk full) before the run
// ends. Nothing is sent meanwhile.
const (
	ledgerBackoff  = 100 * time.Millisecond
	ledgerPatience = 2 * time.Minute
)

// longestPatience bounds how long a commit waits for company.
const longestPatience = 2 * time.Millisecond

// write commits for all connections: whatever waits goes into one
// transaction. There is one writer, so that a commit costs one flush to disk
// however many connections wait for it. A flush costs as much as several
// messages, so it pays to wait a little for those that are about to ask:
// half as long as the last commit took.
func (r *run) write() {
	var steps []step
	patience := time.Duration(0)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for first := range r.steps {
		steps = append(steps[:0], first)
		timer.Reset(patience)
		for waiting := true; waiting && int64(len(steps)) < r.sessions.Load(); {
			select {
			case s, ok := <-r.steps:
				if waiting = ok; ok {
					steps = append(steps, s)
				}
			case <-timer.C:
				waiting = false
			}
		}
		began := time.Now()
		r.commitAll(steps)
		patience = min(time.Since(began)/2, longestPatience)
	}
}

func (r *run) commitAll(steps []step) {
	var outcomes []Outcome
	var intents []audience.ID
	for _, s := range steps {
		outcomes = append(outcomes, s.outcomes...)
		if s.intent != nil {
			intents = append(intents, *s.intent)
		}
	}
	granted, err := r.patiently(outcomes, intents)
	if err != nil {
		r.fail(fmt.Errorf("write the ledger: %w", err))
	}
	for _, o := range outcomes {
		if err != nil {
			break // the rows stay as they were: a restart reads them as doubt
		}
		r.feed.release(o.Subscriber)
		if r.Report != nil {
			r.Report(o)
		}
	}
	for _, s := range steps {
		s.granted <- err == nil && (s.intent == nil || slices.Contains(granted, *s.intent))
	}
}

// patiently commits, again and again while the ledger is out of reach.
func (r *run) patiently(outcomes []Outcome, intents []audience.ID) ([]audience.ID, error) {
	wait := ledgerBackoff
	for waited := time.Duration(0); ; waited += wait {
		granted, err := r.Ledger.Commit(r.work, r.issue, r.Now(), outcomes, intents)
		if err == nil {
			return granted, nil
		}
		if waited >= ledgerPatience || r.work.Err() != nil || errors.Is(err, ErrLost) || errors.Is(err, ErrHeld) {
			return nil, err
		}
		if r.stop.Err() != nil {
			intents = nil
		}
		if r.Sleep(r.work, wait) != nil {
			return nil, errors.Join(err, r.work.Err())
		}
		wait = min(2*wait, 5*time.Second)
	}
}
