package deliver

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// writer commits for all connections: whatever waits goes into one
// transaction, so that a flush to disk is paid once however many of them wait
// for it. The first to ask leads, and commits for those who come meanwhile; a
// goroutine for it alone would cost every message two switches.
type writer struct {
	mu       sync.Mutex
	asking   int           // connections at work, which may ask
	waiting  []*step       // asked for and in no transaction yet
	led      bool          // one of those asking commits, or is about to
	complete chan struct{} // tells it that all who may ask have asked

	// Of the one who leads, the slices reused.
	patience time.Duration // how long it waits for them
	steps    []*step
	outcomes []Outcome
	intents  []audience.ID
}

// step is what a connection asks of the ledger: record these, grant this.
type step struct {
	outcomes []Outcome
	intent   *audience.ID
	granted  bool
	turn     chan bool // ends a wait: true to lead, false when it is committed
}

func newWriter() writer { return writer{complete: make(chan struct{}, 1)} }

func newStep() step { return step{turn: make(chan bool, 1)} }

// A flush costs as much as several messages, so it pays to wait a little for
// those that are about to ask: half as long as the last commit took, within
// these bounds. What is shorter is not worth a timer.
const (
	shortestPatience = 20 * time.Microsecond
	longestPatience  = 2 * time.Millisecond
)

// How long the ledger may be out of reach (locked, disk full) before the run
// ends. Nothing is sent meanwhile.
const (
	ledgerBackoff  = 100 * time.Millisecond
	ledgerPatience = 2 * time.Minute
)

// enter counts a connection among those that may ask; leave ends that.
func (w *writer) enter() { w.count(1) }
func (w *writer) leave() { w.count(-1) }

func (w *writer) count(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asking += n
	w.tell()
}

// tell lets the one who leads know when nobody is left to wait for.
func (w *writer) tell() {
	if w.led && len(w.waiting) >= w.asking {
		select {
		case w.complete <- struct{}{}:
		default:
		}
	}
}

// join puts a step among those that wait; lead says that it is the first.
func (w *writer) join(s *step) (lead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, s)
	lead = !w.led
	w.led = true
	w.tell()
	return lead
}

// await gives those that are about to ask the time to.
func (w *writer) await() {
	if w.patience < shortestPatience {
		return
	}
	timer := time.NewTimer(w.patience)
	defer timer.Stop()
	for !w.all() {
		select {
		case <-w.complete:
		case <-timer.C:
			return
		}
	}
}

func (w *writer) all() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.waiting) >= w.asking
}

// gather takes all that wait.
func (w *writer) gather() []*step {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps, w.waiting = w.waiting, w.steps[:0]
	return w.steps
}

// part wakes those whose step is committed, and the one who leads next.
func (w *writer) part(steps []*step, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.patience = min(took/2, longestPatience)
	for _, s := range steps[1:] {
		s.turn <- false
	}
	if w.led = len(w.waiting) > 0; w.led {
		w.waiting[0].turn <- true
	}
}

// commit returns when a step is durable; not granted, nothing is to be sent.
func (r *run) commit(s *step) (granted bool) {
	if lead := r.writer.join(s) || <-s.turn; lead {
		r.writer.await()
		steps := r.writer.gather()
		began := time.Now()
		r.commitAll(steps)
		r.writer.part(steps, time.Since(began))
	}
	return s.granted
}

func (r *run) commitAll(steps []*step) {
	outcomes, intents := r.writer.outcomes[:0], r.writer.intents[:0]
	for _, s := range steps {
		outcomes = append(outcomes, s.outcomes...)
		if s.intent != nil {
			intents = append(intents, *s.intent)
		}
	}
	r.writer.outcomes, r.writer.intents = outcomes, intents
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
		s.granted = err == nil && (s.intent == nil || slices.Contains(granted, *s.intent))
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
