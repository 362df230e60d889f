// Package outbox sends the small mails that an event calls for: confirmations, answers, notices.
package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
)

// Store keeps the mails until a server has accepted them. What OutboxDue
// hands out is ours for a while; if we die, it is handed out again, and the
// mail is recognised by its Message-ID.
type Store interface {
	OutboxDue(ctx context.Context, now time.Time, n int) ([]audience.Mail, error)
	OutboxDone(ctx context.Context, id audience.ID) error
	OutboxLater(ctx context.Context, id audience.ID, next time.Time, cause error) error
}

// Sender empties an outbox, one mail after the other.
type Sender struct {
	Store   Store
	Compose func(audience.Mail) ([]byte, error)
	Send    func(ctx context.Context, to audience.Address, mail []byte) error
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
	Logger  *slog.Logger
}

const (
	every = 3 * time.Second // between two looks into the outbox: somebody waits for a confirmation
	batch = 10              // mails in one look; all of them are sent before the store hands them out again

	firstDelay   = 5 * time.Minute
	longestDelay = 4 * time.Hour
	deadline     = 72 * time.Hour // of attempts, after which nobody waits any more

	grace = 30 * time.Second // for the mail in transit when we are stopped
)

// Run sends until ctx ends. A store that fails is asked again: the server it
// runs in is worth more than its complaint.
func (s *Sender) Run(ctx context.Context) error {
	for {
		if err := s.Flush(ctx); err != nil && ctx.Err() == nil {
			s.Logger.ErrorContext(ctx, "the outbox cannot be read", "error", err)
		}
		if s.Sleep(ctx, every) != nil {
			return nil // stopped
		}
	}
}

// Flush sends what is due.
func (s *Sender) Flush(ctx context.Context) error {
	for ctx.Err() == nil {
		mails, err := s.Store.OutboxDue(ctx, s.Now(), batch)
		if err != nil || len(mails) == 0 {
			return err
		}
		for _, m := range mails {
			if ctx.Err() != nil {
				return nil // handed out again later
			}
			if err := s.one(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// one sends a mail and notes what became of it, also when we are stopped
// meanwhile.
func (s *Sender) one(ctx context.Context, m audience.Mail) error {
	work, stop := graceful(ctx)
	defer stop()
	mail, err := s.Compose(m)
	if err == nil {
		err = s.Send(work, m.Address, mail)
	}
	var reply *deliver.ReplyError
	final := errors.As(err, &reply) && reply.Final()
	work = context.WithoutCancel(ctx)
	switch {
	case err == nil:
		s.Logger.InfoContext(ctx, "letter sent", "kind", m.Kind, "letter", m.ID)
		return s.Store.OutboxDone(work, m.ID)
	case final || m.Attempts > 0 && s.Now().Sub(m.Created) > deadline:
		s.Logger.WarnContext(ctx, "letter given up", "kind", m.Kind, "letter", m.ID, "attempts", m.Attempts+1, cause(err))
		return s.Store.OutboxDone(work, m.ID)
	}
	delay := min(firstDelay<<min(m.Attempts, 10), longestDelay)
	s.Logger.WarnContext(ctx, "letter not sent yet", "kind", m.Kind, "letter", m.ID, "attempts", m.Attempts+1, "again", delay, cause(err))
	return s.Store.OutboxLater(work, m.ID, s.Now().Add(delay), err)
}

// cause is what a log may know of a failure: servers quote addresses.
func cause(err error) slog.Attr {
	if reply := (*deliver.ReplyError)(nil); errors.As(err, &reply) {
		return slog.String("class", string(reply.Class))
	}
	return slog.Any("error", err)
}

// graceful is a context that outlives ctx by the grace.
func graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(work, func() { timer.Stop() })
	})
	return work, func() { stop(); cancel() }
}
