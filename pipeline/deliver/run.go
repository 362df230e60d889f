package deliver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// run is one Sender.Run: connections that work, and the one writer that
// commits for all of them.
type run struct {
	*Sender
	stop      context.Context // done: begin nothing new
	work      context.Context // done: drop everything
	issue     int
	feed      *feed
	upstreams *upstreams
	steps     chan step
	workers   sync.WaitGroup
	sessions  atomic.Int64 // connections at work, which may ask for a commit

	mu      sync.Mutex
	err     error // the first, why the run ends early
	breaker breaker
}

func (r *run) all() error {
	var writer sync.WaitGroup
	writer.Go(r.write)
	for range r.Config.Connections {
		r.workers.Go(r.connect)
	}
	r.workers.Wait()
	close(r.steps)
	writer.Wait()
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

// connect works through deliveries over one connection after another. It
// takes the first delivery before it dials, so that no server is called in
// vain, and begins it afterwards, so that an unreachable server costs nobody
// an attempt.
func (r *run) connect() {
	for !r.ending() {
		first := r.await()
		if first == nil {
			return
		}
		server, wait, err := r.upstreams.pick(r.Now())
		if errors.Is(err, errFull) {
			r.feed.back(first)
			return
		}
		if err != nil {
			r.feed.back(first)
			r.fail(err)
			return
		}
		if server == nil {
			r.feed.back(first)
			if r.Sleep(r.stop, wait) != nil {
				return
			}
			continue
		}
		if err := r.session(server, first); err != nil {
			r.upstreams.failed(server, r.Now(), err)
		}
		r.upstreams.leave(server)
	}
}

// await takes the next delivery, waiting for its domain's pace; nil when
// nothing is due or the run ends.
func (r *run) await() *item {
	for !r.ending() {
		it, wait, err := r.feed.take()
		if err != nil {
			r.fail(fmt.Errorf("read the ledger: %w", err))
			return nil
		}
		if it != nil || wait == 0 {
			return it
		}
		if r.Sleep(r.stop, wait) != nil {
			return nil
		}
	}
	return nil
}

// heed acts on what an outcome says about the server or about us, rather than
// about its recipient. It reports that this connection should end.
func (r *run) heed(d Delivery, o Outcome, server *upstream) (leave bool) {
	r.mu.Lock()
	domain, tripped := r.breaker.add(d.Subscriber.Address.Domain(), o)
	r.mu.Unlock()
	switch {
	case tripped:
		r.fail(&BreakerError{domain})
	case o.Class == ClassOurs:
		r.fail(fmt.Errorf("the server refuses the message itself: %s", o.Reply))
	case o.Class == ClassThrottle:
		r.upstreams.throttled(server, r.Now())
		return true
	case o.State == Accepted:
		if r.upstreams.took(server, r.Config.Connections) {
			r.workers.Go(r.connect)
		}
	}
	return r.ending() || r.upstreams.over(server)
}
