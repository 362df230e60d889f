package deliver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// run is one Sender.Run: connections that work, and the one writer that
// commits for all of them.
type run struct {
	*Sender
	stop  context.Context // done: begin nothing new
	work  context.Context // done: drop everything
	issue int
	steps chan step

	mu    sync.Mutex
	err   error         // the first, why the run ends early
	pause time.Duration // the last one the server made us take
	open  int           // connections that work
}

// step is what a connection asks of the writer: record this, claim the next.
type step struct {
	outcome *Outcome
	claim   bool
	next    chan<- *Delivery // closed without a value: nothing more to do
}

// Limits on the way back to a server that does not answer or asks for less.
const (
	maxFailures    = 5 // in a row, of one connection
	firstBackoff   = time.Second
	firstPause     = time.Minute
	longestPause   = 15 * time.Minute
	ledgerBackoff  = 100 * time.Millisecond
	ledgerPatience = 2 * time.Minute
)

func (r *run) all() error {
	var connections, writer sync.WaitGroup
	writer.Go(r.write)
	r.open = r.Config.Connections
	for i := range r.Config.Connections {
		connections.Go(func() { r.connection(i) })
	}
	connections.Wait()
	close(r.steps)
	writer.Wait()
	return r.err
}

// fail ends the run; the first reason stays.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

// ending reports that no new delivery is to be begun.
func (r *run) ending() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err != nil || r.stop.Err() != nil
}

// connection works through deliveries over one connection after another. It
// dials before it claims, so an unreachable server costs nobody an attempt.
func (r *run) connection(n int) {
	for failures := 0; !r.ending(); {
		c, err := dial(r.stop, r.Config.Servers[(n+failures)%len(r.Config.Servers)])
		if err == nil {
			var sent int
			if sent, err = r.use(c); err == nil {
				return
			}
			if sent > 0 {
				failures = 0
				continue
			}
		}
		failures++
		if failures == maxFailures {
			r.fail(err)
			return
		}
		if r.Sleep(r.stop, firstBackoff<<(failures-1)) != nil {
			return
		}
	}
}

// use sends over c until the ledger has nothing due or the run ends (err is
// nil), or the connection is spent. sent counts the messages that got an
// answer.
func (r *run) use(c *conn) (sent int, err error) {
	defer c.close()
	for d := r.step(nil, true); d != nil; {
		o, usable := r.attempt(c, *d)
		leave, pause := r.heed(o)
		if leave || pause > 0 || !usable || r.ending() {
			r.step(&o, false)
			if leave || r.Sleep(r.stop, pause) != nil {
				return sent, nil
			}
			return sent, fmt.Errorf("smtp: %s", o.Reply)
		}
		sent++
		d = r.step(&o, true)
	}
	return sent, nil
}

// attempt makes one transaction; usable is false when the connection is not
// to be used again.
func (r *run) attempt(c *conn, d Delivery) (o Outcome, usable bool) {
	from, mail, err := r.Composer.Compose(d.Subscriber, d.Locale)
	if err != nil {
		r.fail(fmt.Errorf("compose the mail for subscriber %s: %w", d.Subscriber.ID, err))
		return r.decide(d, phaseMail, Reply{Code: 552, Text: "compose: " + err.Error()}), true
	}
	p, reply, usable := c.transact(r.work, from.String(), d.Subscriber.Address.String(), mail)
	return r.decide(d, p, reply), usable
}

// heed acts on what an outcome says about us rather than about its recipient:
// whether this connection should end for good, or all should pause.
func (r *run) heed(o Outcome) (leave bool, pause time.Duration) {
	switch o.Class {
	case ClassOurs:
		r.fail(fmt.Errorf("the server refuses the message itself: %s", o.Reply))
		return true, 0
	case ClassThrottle:
		return r.slowDown()
	}
	return false, 0
}

// slowDown takes one connection of two away; the last one pauses instead, 1
// to 15 min.
func (r *run) slowDown() (leave bool, pause time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open > 1 {
		r.open--
		return true, 0
	}
	r.pause = min(max(2*r.pause, firstPause), longestPause)
	return false, r.pause
}

// step hands an outcome to the writer, returns when it is durable, and gives
// the next delivery, nil when there is none.
func (r *run) step(o *Outcome, claim bool) *Delivery {
	next := make(chan *Delivery, 1)
	r.steps <- step{o, claim, next}
	return <-next
}

// write commits for all connections: whatever waits goes into one
// transaction. One writer, so that a commit costs one flush to disk however
// many connections there are.
func (r *run) write() {
	for first := range r.steps {
		steps := []step{first}
		for more := true; more; {
			select {
			case s, ok := <-r.steps:
				if more = ok; ok {
					steps = append(steps, s)
				}
			default:
				more = false
			}
		}
		r.commit(steps)
	}
}

func (r *run) commit(steps []step) {
	var outcomes []Outcome
	claims := 0
	for _, s := range steps {
		if s.outcome != nil {
			outcomes = append(outcomes, *s.outcome)
		}
		if s.claim {
			claims++
		}
	}
	claimed, err := r.advance(outcomes, claims)
	if err != nil {
		r.fail(fmt.Errorf("write the ledger: %w", err))
	} else if r.Report != nil {
		for _, o := range outcomes {
			r.Report(o)
		}
	}
	for _, s := range steps {
		if s.claim && len(claimed) > 0 {
			s.next <- &claimed[0]
			claimed = claimed[1:]
		}
		close(s.next)
	}
}

// advance holds on for two minutes when the ledger cannot be written (locked,
// disk full): nothing is sent meanwhile, and what was sent stays "sending",
// which a restart reads as doubt.
func (r *run) advance(outcomes []Outcome, claims int) ([]Delivery, error) {
	wait := ledgerBackoff
	for waited := time.Duration(0); ; waited += wait {
		claimed, err := r.Ledger.Advance(r.work, r.issue, r.Now(), outcomes, claims)
		if err == nil {
			return claimed, nil
		}
		if waited >= ledgerPatience || r.work.Err() != nil {
			return nil, errors.Join(err, context.Cause(r.work))
		}
		if r.stop.Err() != nil {
			claims = 0
		}
		if errSleep := r.Sleep(r.work, wait); errSleep != nil {
			return nil, err
		}
		wait = min(2*wait, 5*time.Second)
	}
}
