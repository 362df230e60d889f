package deliver

import (
	"context"
	"errors"
	"fmt"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// session is the deliveries of one connection.
type session struct {
	*run
	conn    *conn
	server  *upstream
	from    audience.Address
	mail    []byte    // reused from one delivery to the next
	done    []Outcome // not durable yet
	granted chan bool
}

// session sends over a new connection to the server, beginning with it, until
// nothing is due or the run ends, or the connection is spent. An error is the
// server's fault, and says that the connection was of no use.
func (r *run) session(server *upstream, it *item) error {
	c, err := dial(r.stop, server.Server)
	if err != nil {
		r.feed.back(it)
		return err
	}
	defer c.close()
	defer context.AfterFunc(r.work, func() { c.raw.Close() })()
	s := &session{run: r, conn: c, server: server, from: r.Composer.From(), granted: make(chan bool, 1)}
	r.sessions.Add(1)
	defer r.sessions.Add(-1)
	defer func() { s.commit(nil) }()
	for answered, first := 0, true; it != nil; answered, first = answered+1, false {
		if first && !s.keepPace() {
			r.feed.back(it)
			return nil
		}
		o, next, err := s.deliver(it)
		if errors.Is(err, errNotGranted) {
			return nil // its reader left, or the ledger does not answer
		}
		if err != nil {
			r.feed.back(it)
			r.fail(err)
			return nil
		}
		s.done = append(s.done, o)
		if leave := s.heed(it.Delivery, o, server); leave || s.conn.spent {
			r.feed.back(next)
			if o.Reply.Code == 0 && answered == 0 {
				return fmt.Errorf("smtp server %s: %s", server.Address(), o.Reply)
			}
			return nil
		}
		if it = next; it == nil {
			s.commit(nil) // durable before this connection waits for anything
			if it = r.await(); it != nil && !s.keepPace() {
				r.feed.back(it)
				return nil
			}
		}
	}
	return nil
}

var errNotGranted = errors.New("not granted")

// deliver takes one delivery through its transaction. next is the delivery
// that comes right behind it, its envelope perhaps on its way already.
func (s *session) deliver(it *item) (o Outcome, next *item, err error) {
	if s.mail, err = s.feed.mail(it, s.mail); err != nil {
		return o, nil, fmt.Errorf("compose the mail for subscriber %s: %w", it.Subscriber.ID, err)
	}
	p, reply := s.conn.open(s.from, it.Subscriber.Address)
	if s.conn.astray {
		s.doubt(reply)
	}
	if reply.Code/100 != 3 {
		return s.decide(it.Delivery, p, reply), nil, nil
	}
	// Here the server waits for the body. Nothing but dropping the connection
	// takes the message back.
	if !s.commit(&it.Subscriber.ID) {
		s.feed.release(it.Subscriber.ID)
		return o, nil, errNotGranted
	}
	var behind []command
	if next = s.follower(); next != nil && s.conn.pipelined {
		behind = s.conn.envelope(s.from, next.Subscriber.Address)
	}
	p, reply = s.conn.finish(s.mail, behind)
	return s.decide(it.Delivery, p, reply), next, nil
}

// doubt takes back what the last reply to a dot seemed to say: it may have
// been the answer to something else.
func (s *session) doubt(why Reply) {
	for i := range s.done {
		s.done[i] = Outcome{Subscriber: s.done[i].Subscriber, State: Uncertain, Class: ClassNetwork, Reply: why}
	}
}

// follower is the delivery that may come right behind a body: one that is due
// now, within the server's pace, while the connection goes on.
func (s *session) follower() *item {
	if s.ending() || s.upstreams.over(s.server) {
		return nil
	}
	it, _, err := s.feed.take()
	if it == nil || err != nil {
		return nil // await will say why
	}
	if _, ok := s.server.pace.ready(s.Now()); !ok {
		s.feed.back(it)
		return nil
	}
	return it
}

// keepPace waits for the server's pace; false when the run ends meanwhile.
func (s *session) keepPace() bool {
	for {
		at, ok := s.server.pace.ready(s.Now())
		if ok {
			return true
		}
		if s.Sleep(s.stop, at.Sub(s.Now())) != nil {
			return false
		}
	}
}

// commit makes the outcomes so far durable and, with an intent, asks the
// ledger for that delivery.
func (s *session) commit(intent *audience.ID) (granted bool) {
	if len(s.done) == 0 && intent == nil {
		return true
	}
	s.steps <- step{s.done, intent, s.granted}
	s.done = nil
	return <-s.granted
}
