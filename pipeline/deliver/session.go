package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// session is the deliveries of one connection.
type session struct {
	*run
	conn   *conn
	server *upstream
	from   audience.Address
	done   []Outcome // not durable yet
	step   step
}

// session sends over a new connection to the server, until nothing is due or
// the run ends, or the connection is spent. An error is the server's fault,
// and says that the connection was of no use.
func (r *run) session(server *upstream) error {
	c, err := dial(r.stop, server.Server)
	if err != nil {
		return err
	}
	defer c.close()
	defer context.AfterFunc(r.work, func() { c.raw.Close() })()
	s := &session{run: r, conn: c, server: server, from: r.Composer.From(), step: newStep()}
	r.writer.enter()
	defer r.writer.leave()
	defer func() { s.commit(nil) }()
	it := s.idle()
	for answered := 0; it != nil; answered++ {
		o, next, err := s.deliver(it)
		if errors.Is(err, errNotGranted) {
			return nil // its reader left, or the ledger does not answer
		}
		if err != nil {
			r.feed.back(it)
			r.fail(err)
			return nil
		}
		if o.refusesSender() || o.doubtsSender() && r.upstreams.refuses(server, it.Subscriber.ID) {
			r.feed.back(it) // it says nothing of its recipient, whom another server may still serve
			return &ReplyError{server.Address(), o.Class, o.Reply}
		}
		s.done = append(s.done, o)
		if leave := s.heed(it.Delivery, o, server); leave || s.conn.spent {
			r.feed.back(next)
			if o.Reply.Code == 0 && answered == 0 {
				return &ReplyError{server.Address(), o.Class, o.Reply}
			}
			return nil
		}
		if it = next; it == nil {
			it = s.idle()
		}
	}
	return nil
}

var errNotGranted = errors.New("not granted")

// deliver takes one delivery through its transaction. next is the delivery
// that comes right behind it, its envelope perhaps on its way already.
func (s *session) deliver(it *item) (o Outcome, next *item, err error) {
	if s.conn.body, err = s.feed.mail(it, s.conn.body); err != nil {
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
	var behind audience.Address
	if !s.paced() {
		if next, _ = s.follower(); next != nil {
			behind = next.Subscriber.Address
		}
	}
	p, reply = s.conn.finish(s.from, behind)
	return s.decide(it.Delivery, p, reply), next, nil
}

// doubt takes back what the last reply to a dot seemed to say: it may have
// been the answer to something else.
func (s *session) doubt(why Reply) {
	for i := range s.done {
		s.done[i] = Outcome{Subscriber: s.done[i].Subscriber, State: Uncertain, Class: ClassNetwork, Reply: why}
	}
}

// follower is the next delivery that the paces of the server and of its
// domain allow now, while the connection goes on. Without one, wait is how
// long until there may be; zero means that there is none for this connection.
func (s *session) follower() (next *item, wait time.Duration) {
	if s.ending() || s.upstreams.over(s.server) {
		return nil, 0
	}
	if wait := s.server.pace.wait(s.Now()); wait > 0 {
		return nil, wait
	}
	next, wait, err := s.feed.take()
	if err != nil {
		s.fail(fmt.Errorf("read the ledger: %w", err))
	}
	if next != nil && !s.server.pace.take(s.Now()) {
		s.feed.back(next)
		return nil, s.server.pace.wait(s.Now())
	}
	return next, wait
}

// paced reports that deliveries have to keep a rate, to be exact from when
// their own transaction begins.
func (s *session) paced() bool { return s.server.pace.every > 0 || s.feed.every > 0 }

// longestIdle is how long a connection is kept for a pace: a server would not
// wait much longer, and another one may have work for us meanwhile.
const longestIdle = 10 * time.Second

// idle waits for the next delivery, holding none meanwhile; nil ends the
// connection.
func (s *session) idle() *item {
	for {
		s.commit(nil) // durable before this connection waits for anything
		next, wait := s.follower()
		if next != nil {
			return next
		}
		if s.done = s.feed.putOff(); len(s.done) > 0 {
			continue
		}
		if wait == 0 || wait > longestIdle || s.Sleep(s.stop, wait) != nil {
			return nil
		}
	}
}

// commit makes the outcomes so far durable and, with an intent, asks the
// ledger for that delivery.
func (s *session) commit(intent *audience.ID) (granted bool) {
	if len(s.done) == 0 && intent == nil {
		return true
	}
	s.step.outcomes, s.step.intent = s.done, intent
	granted = s.run.commit(&s.step)
	s.done = s.done[:0]
	return granted
}
