package deliver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// run is one Sender.Run: connections that work, and the writer through which
// they commit together.
type run struct {
	*Sender
	stop      context.Context // done: begin nothing new
	work      context.Context // done: drop everything
	issue     int
	feed      *feed
	upstreams *upstreams
	writer    writer
	workers   sync.WaitGroup

	mu      sync.Mutex
	err     error // the first, why the run ends early
	breaker breaker
}

func (r *run) all() error {
	for range r.Config.Connections {
		r.workers.Go(r.connect)
	}
	r.workers.Wait()
	r.feed.writers.Wait()
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

// connect works through deliveries over one connection after another. It sees
// to it that there is one before it dials, so that no server is called in
// vain, and holds none while it dials or waits for a server.
func (r *run) connect() {
	for r.await() {
		server, wait, err := r.upstreams.pick(r.Now())
		switch {
		case errors.Is(err, errFull):
			return
		case err != nil:
			r.fail(err)
		case server == nil:
			_ = r.Sleep(r.stop, min(wait, longestWait)) // await looks whether the run has ended
		default:
			if err := r.session(server); err != nil {
				r.upstreams.failed(server, r.Now(), err)
			}
			r.upstreams.leave(server)
		}
	}
}

// longestWait is how long a connection that waits does not look whether the
// run has ended or other work has come back.
const longestWait = 30 * time.Second

// await waits until there is a delivery whose domain may be written to; false
// when nothing is due or the run ends.
func (r *run) await() bool {
	for !r.ending() {
		it, wait, err := r.feed.take()
		if err != nil {
			r.fail(fmt.Errorf("read the ledger: %w", err))
			return false
		}
		r.feed.back(it)
		if it != nil {
			return true
		}
		if put := r.feed.putOff(); len(put) > 0 {
			s := newStep()
			s.outcomes = put
			r.commit(&s)
			continue
		}
		if wait == 0 || r.Sleep(r.stop, min(wait, longestWait)) != nil {
			return false
		}
	}
	return false
}

// heed acts on what an outcome says about the server or about us, rather than
// about its recipient. It reports that this connection should end.
func (r *run) heed(d Delivery, o Outcome, server *upstream) (leave bool) {
	r.count(d.Subscriber.Address.Domain(), o)
	switch {
	case o.Class == ClassOurs:
		r.fail(&ReplyError{server.Address(), o.Class, o.Reply})
	case o.Class == ClassThrottle:
		r.upstreams.throttled(server, r.Now())
		return true
	case o.Class == ClassPolicy && !o.doubtsSender():
		r.feed.rest(d.Subscriber.Address.Domain(), r.Now().Add(domainRest), o.Reply)
	case o.State == Accepted:
		if r.upstreams.took(server, r.Config.Connections) {
			r.workers.Go(r.connect)
		}
	}
	return r.ending() || r.upstreams.over(server)
}

// count sees to it that the run ends when too many are refused. It knows this
// run's answers only; before it calls them too many, it asks the ledger for
// those of the issue, earlier runs and other workers included.
func (r *run) count(domain string, o Outcome) {
	r.mu.Lock()
	_, tripped := r.breaker.add(domain, o)
	r.mu.Unlock()
	if !tripped {
		return
	}
	answers, err := r.Ledger.Answers(r.work, r.issue)
	if err != nil {
		r.fail(fmt.Errorf("read the ledger: %w", err))
		return
	}
	r.mu.Lock()
	r.breaker.believe(answers)
	alarmed, tripped := r.breaker.add(domain, o) // it is not in the ledger yet
	r.mu.Unlock()
	if tripped {
		r.fail(&BreakerError{alarmed})
	}
}
