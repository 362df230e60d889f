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
// hands out is ours for a quarter of an hour; if we die, it is handed out
// again, and the mail is recognised by its Message-ID.
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
	every    = 3 * time.Second  // between two looks into the outbox: somebody waits for a confirmation
	longest  = 14 * time.Minute // for one mail: less than the store's quarter of an hour, and more than a server may take for the final dot
	deadline = 72 * time.Hour   // of attempts, after which nobody waits any more
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

// Flush sends what is due. It has one mail handed out at a time, since a slow
// server would use up the time of those behind it, and goes on after one whose
// end the store could not note.
func (s *Sender) Flush(ctx context.Context) error {
	var failed error
	for ctx.Err() == nil {
		mails, err := s.Store.OutboxDue(ctx, s.Now(), 1)
		if err != nil || len(mails) == 0 {
			return errors.Join(failed, err)
		}
		failed = errors.Join(failed, s.one(ctx, mails[0]))
	}
	return failed
}

// one sends a mail and notes what became of it, also when we are stopped
// meanwhile.
func (s *Sender) one(ctx context.Context, m audience.Mail) error {
	work, stop := deliver.Graceful(ctx, 0)
	defer stop()
	work, end := context.WithTimeout(work, longest)
	defer end()
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
	delay := deliver.Delay(m.Attempts)
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
