package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// PurgeRequests forgets the requests that nobody confirmed in 30 days: whoever
// was not known before is no longer, and the others are as they were.
func (s *Store) PurgeRequests(ctx context.Context, now time.Time) (purged int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		purged = 0
		rows, err := tx.QueryContext(ctx, `
			SELECT `+readerColumns+` FROM subscribers WHERE requested_at > 0 AND requested_at < $1`, millis(now.Add(-requestLife)))
		stale, err := collect(rows, err, scanReader)
		if err != nil {
			return err
		}
		for _, r := range stale {
			if err := purgeRequest(ctx, tx, now, r); err != nil {
				return fmt.Errorf("subscriber %s: %w", r.ID, err)
			}
		}
		purged = len(stale)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("purge requests: %w", err)
	}
	return purged, nil
}

func purgeRequest(ctx context.Context, tx *sql.Tx, now time.Time, r reader) error {
	if r.Status == audience.Pending {
		if err := deleteReader(ctx, tx, r); err != nil {
			return err
		}
	} else if _, err := tx.ExecContext(ctx, `UPDATE subscribers SET requested_at = 0 WHERE id = $1`, r.ID.String()); err != nil {
		return err
	}
	return record(ctx, tx, now, r.ID, audience.Lapsed, audience.Consent{Origin: audience.Clock})
}

// deleteReader removes all that says who a subscriber is: their row, the mails
// that wait for them, and what servers answered about their address. Their
// deliveries and their consents stay, under an id that names nobody.
func deleteReader(ctx context.Context, tx *sql.Tx, r reader) error {
	for _, statement := range []string{
		`DELETE FROM outbox WHERE subscriber = $1`,
		`UPDATE deliveries SET reply = '', doubt = ''
		 WHERE issue IN (SELECT number FROM issues) AND subscriber = $1 AND (reply <> '' OR doubt <> '')`,
		`DELETE FROM subscribers WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, r.ID.String()); err != nil {
			return err
		}
	}
	return nil
}

// Retention are the limits after which people are asked, and forgotten.
type Retention struct {
	Contact time.Time // without contact since then
	Asked   time.Time // asked before then, and no answer
}

// Overdue counts who is past the limits.
type Overdue struct {
	ToAsk    int // active, without contact, not asked yet
	Waiting  int // asked, and still time to answer
	ToPurge  int // asked, without an answer in time
	Departed int // to purge too: left, or never written to, without contact
}

const (
	toAsk    = `status = 'active' AND seen_at < $1 AND asked_at = 0`
	silent   = `status = 'active' AND seen_at < $1 AND asked_at > 0`
	departed = `status <> 'active' AND requested_at = 0 AND seen_at < $1`
)

// Overdue counts who is past the limits of retention.
func (s *Store) Overdue(ctx context.Context, r Retention) (o Overdue, err error) {
	for _, c := range []struct {
		count *int
		where string
		args  []any
	}{
		{&o.ToAsk, toAsk, []any{millis(r.Contact)}},
		{&o.Waiting, silent + ` AND asked_at >= $2`, []any{millis(r.Contact), millis(r.Asked)}},
		{&o.ToPurge, silent + ` AND asked_at < $2`, []any{millis(r.Contact), millis(r.Asked)}},
		{&o.Departed, departed, []any{millis(r.Contact)}},
	} {
		if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM subscribers WHERE `+c.where, c.args...).Scan(c.count); err != nil {
			return o, fmt.Errorf("count who is past the limits: %w", err)
		}
	}
	return o, nil
}

// AskToRenew queues the mail that asks whether people want to stay, to all who
// had no contact for too long and were not asked yet.
func (s *Store) AskToRenew(ctx context.Context, now time.Time, r Retention) (asked int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		readers, err := s.readersWhere(ctx, tx, toAsk, millis(r.Contact))
		if err != nil {
			return err
		}
		for _, reader := range readers {
			if _, err := tx.ExecContext(ctx, `UPDATE subscribers SET asked_at = $1 WHERE id = $2`, millis(now), reader.ID.String()); err != nil {
				return err
			}
			if err := record(ctx, tx, now, reader.ID, audience.Asked, audience.Consent{Origin: audience.Command}); err != nil {
				return err
			}
			if err := queue(ctx, tx, now, audience.Mail{
				Kind: audience.MailRenew, Address: reader.Address, Subscriber: reader.ID, Lang: reader.Lang,
			}); err != nil {
				return err
			}
		}
		asked = len(readers)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("ask who wants to stay: %w", err)
	}
	return asked, nil
}

// Purge erases who was asked and did not answer in time, and who left and is
// past the limit.
func (s *Store) Purge(ctx context.Context, now time.Time, r Retention) (purged int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		silent, err := s.readersWhere(ctx, tx, silent+` AND asked_at < $2`, millis(r.Contact), millis(r.Asked))
		if err != nil {
			return err
		}
		departed, err := s.readersWhere(ctx, tx, departed, millis(r.Contact))
		if err != nil {
			return err
		}
		for _, reader := range append(silent, departed...) {
			if err := s.erase(ctx, tx, now, reader, audience.Purged, audience.Consent{Origin: audience.Clock}); err != nil {
				return fmt.Errorf("subscriber %s: %w", reader.ID, err)
			}
		}
		purged = len(silent) + len(departed)
		return nil
	})
	if err == nil {
		_, err = s.scrub(ctx, s.db, audience.Address{})
	}
	if err != nil {
		return purged, fmt.Errorf("purge: %w", err)
	}
	return purged, nil
}

func (s *Store) readersWhere(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]reader, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+readerColumns+` FROM subscribers WHERE `+where, args...)
	return collect(rows, err, scanReader)
}
