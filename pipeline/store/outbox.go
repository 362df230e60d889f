package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// OutboxPerHour is how many mails readers can cause in an hour by asking for a
// subscription, all of them together. What is above it leaves later.
const OutboxPerHour = 200

// outboxLease is how long a mail handed out is not handed out again: longer
// than a sender waits for the answer to the final dot (RFC 5321 §4.5.3.2).
const outboxLease = 15 * time.Minute

// queue puts a mail into the outbox, in the transaction of the event that
// calls for it. One without a kind is work without effect, for Subscribe.
func queue(ctx context.Context, tx *sql.Tx, now time.Time, m audience.Mail) error {
	subscriber := ""
	if m.Subscriber != (audience.ID{}) {
		subscriber = m.Subscriber.String()
	}
	id := audience.NewID().String()
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO outbox (id, kind, address, subscriber, lang, data, created_at, next_at, attempts, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0, '')`,
		id, string(m.Kind), m.Address.String(), subscriber, m.Lang, m.Data, millis(now)); err != nil {
		return fmt.Errorf("queue a mail: %w", err)
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE id = $1 AND kind = ''`, id)
	return err
}

// Queue puts mails into the outbox: notices to the team.
func (s *Store) Queue(ctx context.Context, now time.Time, mails ...audience.Mail) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		for _, m := range mails {
			if err := queue(ctx, tx, now, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// OutboxDue hands out up to n mails that may be tried at now, the oldest
// first. They are the caller's for a quarter of an hour; OutboxDone or
// OutboxLater ends it before. Of the mails that requests cause, it hands out
// no more than OutboxPerHour in any hour.
func (s *Store) OutboxDue(ctx context.Context, now time.Time, n int) (due []audience.Mail, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		due = nil
		free, err := takeMails(ctx, tx, now, `kind NOT IN ('confirm', 'known')`, n)
		if err != nil {
			return err
		}
		left, err := leftOfHour(ctx, tx, now)
		if err != nil {
			return err
		}
		counted, err := takeMails(ctx, tx, now, `kind IN ('confirm', 'known')`, min(n-len(free), left))
		if err != nil {
			return err
		}
		due = append(free, counted...)
		slices.SortStableFunc(due, func(a, b audience.Mail) int { return a.Created.Compare(b.Created) })
		return countMails(ctx, tx, now, len(counted))
	})
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return due, nil
}

// takeMails takes mails of some kinds for the length of a lease.
func takeMails(ctx context.Context, tx *sql.Tx, now time.Time, kinds string, n int) ([]audience.Mail, error) {
	if n <= 0 {
		return nil, nil
	}
	rows, err := tx.QueryContext(ctx, `
		UPDATE outbox SET next_at = $1
		WHERE next_at <= $2 AND id IN (SELECT id FROM outbox WHERE next_at <= $2 AND `+kinds+` ORDER BY next_at, id LIMIT $3)
		RETURNING id, kind, address, subscriber, lang, data, created_at, attempts, error`,
		millis(now.Add(outboxLease)), millis(now), n)
	return collect(rows, err, func(rows *sql.Rows) (m audience.Mail, err error) {
		var id, address, subscriber string
		var created int64
		if err := rows.Scan(&id, &m.Kind, &address, &subscriber, &m.Lang, &m.Data, &created, &m.Attempts, &m.Error); err != nil {
			return m, err
		}
		to, err := identify(audience.Subscriber{}, id, address)
		m.ID, m.Address, m.Created = to.ID, to.Address, moment(created)
		m.Subscriber, _ = audience.ParseID(subscriber)
		return m, err
	})
}

const minute = int64(time.Minute / time.Millisecond)

// leftOfHour is how many mails may still leave. The hour is that before now,
// to the minute, in the direction of fewer mails.
func leftOfHour(ctx context.Context, tx *sql.Tx, now time.Time) (int, error) {
	since := millis(now)/minute - 60
	if _, err := tx.ExecContext(ctx, `DELETE FROM outbox_sent WHERE minute < $1`, since); err != nil {
		return 0, err
	}
	sent := 0
	err := tx.QueryRowContext(ctx, `SELECT COALESCE(SUM(mails), 0) FROM outbox_sent WHERE minute >= $1`, since).Scan(&sent)
	return OutboxPerHour - sent, err
}

func countMails(ctx context.Context, tx *sql.Tx, now time.Time, n int) error {
	if n == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO outbox_sent (minute, mails) VALUES ($1, $2)
		ON CONFLICT (minute) DO UPDATE SET mails = outbox_sent.mails + excluded.mails`, millis(now)/minute, n)
	return err
}

// OutboxDone takes a mail out that a server accepted, or that no server ever
// will.
func (s *Store) OutboxDone(ctx context.Context, id audience.ID) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM outbox WHERE id = $1`, id.String())
	if err != nil {
		return fmt.Errorf("take a mail out of the outbox: %w", err)
	}
	return nil
}

// OutboxLater puts a mail back, to be tried again at next, with what went
// wrong.
func (s *Store) OutboxLater(ctx context.Context, id audience.ID, next time.Time, cause error) error {
	_, err := s.db.ExecContext(ctx, `
		UPDATE outbox SET next_at = $1, attempts = attempts + 1, error = $2 WHERE id = $3`,
		millis(next), audience.Redact(cause.Error()), id.String())
	if err != nil {
		return fmt.Errorf("put a mail back into the outbox: %w", err)
	}
	return nil
}

// OutboxWaiting counts the mails in the outbox.
func (s *Store) OutboxWaiting(ctx context.Context) (n int, err error) {
	return n, s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM outbox`).Scan(&n)
}
