package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Limits of what readers can cause.
const (
	mailEvery   = 24 * time.Hour      // one mail to an address, whoever asks
	requestLife = 30 * 24 * time.Hour // a request that nobody confirms is forgotten
	undoFor     = time.Hour           // a withdrawal can be undone, as on the page that announces it
)

// Subscribe notes a request and queues the mail that answers it: one that asks
// to confirm, or one that says they are subscribed already. A suppressed
// address, and one that had its mail of the day, get none. Whatever the
// address, the database does the same work, so that time tells nobody who is
// subscribed.
func (s *Store) Subscribe(ctx context.Context, now time.Time, r audience.Request) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		known, found, err := readerByAddress(ctx, tx, r.Address)
		if err != nil {
			return err
		}
		forgotten, err := s.forgotten(ctx, tx, r.Address)
		if err != nil {
			return err
		}
		kind := answer(known, found, forgotten, now)
		id := known.ID
		switch {
		case found:
			err = noteRequest(ctx, tx, now, known, kind)
		case kind != "":
			id = audience.NewID()
			err = insertRequest(ctx, tx, now, id, r)
		}
		if err != nil {
			return err
		}
		if kind != "" {
			if err := record(ctx, tx, now, id, audience.Requested, r.Consent); err != nil {
				return err
			}
		}
		return queue(ctx, tx, now, audience.Mail{Kind: kind, Address: r.Address, Subscriber: id, Lang: r.Lang})
	})
	if err != nil {
		return fmt.Errorf("subscribe %s: %w", r.Address.Masked(), err)
	}
	return nil
}

// answer is the mail that a request calls for, "" for none.
func answer(known reader, found bool, forgotten forgotten, now time.Time) audience.MailKind {
	switch {
	case known.Status == audience.Suppressed, forgotten.final(), found && now.Sub(known.mailed) < mailEvery:
		return ""
	case known.Status == audience.Active:
		return audience.MailKnown
	}
	return audience.MailConfirm
}

func insertRequest(ctx context.Context, tx *sql.Tx, now time.Time, id audience.ID, r audience.Request) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO subscribers (id, address, address_key, name, lang, status, created_at, requested_at, mailed_at, seen_at)
		VALUES ($1, $2, $3, $4, $5, 'pending', $6, $6, $6, $6)`,
		id.String(), r.Address.String(), r.Address.Key(), r.Name, r.Lang, millis(now))
	return err
}

// noteRequest opens a request of somebody known. It changes no name and no
// language: anybody can fill in the form with anybody's address.
func noteRequest(ctx context.Context, tx *sql.Tx, now time.Time, known reader, kind audience.MailKind) error {
	requested, mailed := known.Requested, known.mailed
	if kind != "" {
		mailed = now
	}
	if kind == audience.MailConfirm {
		requested = now
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE subscribers SET requested_at = $1, mailed_at = $2 WHERE id = $3`,
		millis(requested), millis(mailed), known.ID.String())
	return err
}

// Confirm makes the subscriber of an open request active, in the language in
// which they confirm it. It lifts an unsubscription and an erasure, never a
// suppression. Called again, it changes nothing: whoever is active then was
// welcomed already, and a request that was withdrawn meanwhile stays so.
// ErrNotFound: the request was purged.
func (s *Store) Confirm(ctx context.Context, now time.Time, id audience.ID, lang string, c audience.Consent) (audience.Subscriber, error) {
	return s.change(ctx, id, func(tx *sql.Tx, r reader) error {
		forgotten, err := s.forgotten(ctx, tx, r.Address)
		if err != nil || r.Requested.IsZero() || r.Status == audience.Suppressed || forgotten.final() {
			return err
		}
		if err := s.remember(ctx, tx, r.Address); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE subscribers SET status = 'active', lang = $1, requested_at = 0, confirmed_at = $2, seen_at = $2,
			       asked_at = 0, left_at = 0, paused_until = 0 WHERE id = $3`, lang, millis(now), id.String()); err != nil {
			return err
		}
		return record(ctx, tx, now, id, audience.Confirmed, c)
	})
}

// Unsubscribe ends a subscription or a request; who left already, left. A send
// in progress sees it at its next grant. ErrNotFound: there is nobody to write
// to any more.
func (s *Store) Unsubscribe(ctx context.Context, now time.Time, id audience.ID, c audience.Consent) (audience.Subscriber, error) {
	return s.change(ctx, id, func(tx *sql.Tx, r reader) error {
		if r.Status != audience.Active && r.Status != audience.Pending && r.Requested.IsZero() {
			return nil
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE subscribers SET status = CASE WHEN status = 'suppressed' THEN status ELSE 'unsubscribed' END,
			       requested_at = 0, left_at = $1, seen_at = $1 WHERE id = $2`, millis(now), id.String()); err != nil {
			return err
		}
		return record(ctx, tx, now, id, audience.Withdrawn, c)
	})
}

// Restore undoes an unsubscription of the last hour, of somebody who was
// subscribed before it; else it changes nothing.
func (s *Store) Restore(ctx context.Context, now time.Time, id audience.ID, c audience.Consent) (audience.Subscriber, error) {
	return s.change(ctx, id, func(tx *sql.Tx, r reader) error {
		if r.Status != audience.Unsubscribed || r.Confirmed.IsZero() || now.Sub(r.Left) > undoFor {
			return nil
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE subscribers SET status = 'active', left_at = 0, seen_at = $1 WHERE id = $2`, millis(now), id.String()); err != nil {
			return err
		}
		return record(ctx, tx, now, id, audience.Restored, c)
	})
}

// LeaveReason keeps why somebody left, in their words: c.Detail.
func (s *Store) LeaveReason(ctx context.Context, now time.Time, id audience.ID, c audience.Consent) error {
	_, err := s.change(ctx, id, func(tx *sql.Tx, r reader) error {
		if r.Status != audience.Unsubscribed || strings.TrimSpace(c.Detail) == "" {
			return nil
		}
		return record(ctx, tx, now, id, audience.Explained, c)
	})
	return err
}

// SetPreferences writes what a reader chose. It is a contact: it answers the
// question whether they want to stay.
func (s *Store) SetPreferences(ctx context.Context, now time.Time, id audience.ID, p audience.Choices, c audience.Consent) (audience.Subscriber, error) {
	return s.change(ctx, id, func(tx *sql.Tx, r reader) error {
		if _, err := tx.ExecContext(ctx, `
			UPDATE subscribers SET name = $1, lang = $2, paused_until = $3, seen_at = $4, asked_at = 0 WHERE id = $5`,
			p.Name, p.Lang, millis(p.PausedUntil), millis(now), id.String()); err != nil {
			return err
		}
		if detail := changed(r.Subscriber, p); detail != "" {
			c.Detail = detail
			if err := record(ctx, tx, now, id, audience.Changed, c); err != nil {
				return err
			}
		}
		if p.PausedUntil.Equal(r.PausedUntil) {
			return nil
		}
		c.Detail = ""
		if !p.PausedUntil.IsZero() {
			c.Detail = p.PausedUntil.UTC().Format(time.RFC3339)
		}
		return record(ctx, tx, now, id, audience.Paused, c)
	})
}

// changed says what of a subscriber changed, without their name: the register
// outlives it.
func changed(before audience.Subscriber, after audience.Choices) string {
	var parts []string
	if before.Lang != after.Lang {
		parts = append(parts, fmt.Sprintf("lang: %s → %s", before.Lang, after.Lang))
	}
	if before.Name != after.Name {
		parts = append(parts, "name")
	}
	return strings.Join(parts, ", ")
}

// Renew notes that a reader wants to stay subscribed.
func (s *Store) Renew(ctx context.Context, now time.Time, id audience.ID, c audience.Consent) (audience.Subscriber, error) {
	return s.change(ctx, id, func(tx *sql.Tx, r reader) error {
		if r.Status != audience.Active {
			return nil
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE subscribers SET seen_at = $1, asked_at = 0 WHERE id = $2`, millis(now), id.String()); err != nil {
			return err
		}
		return record(ctx, tx, now, id, audience.Renewed, c)
	})
}

// change does something with one subscriber in a transaction, and returns
// what they are after it.
func (s *Store) change(ctx context.Context, id audience.ID, do func(*sql.Tx, reader) error) (audience.Subscriber, error) {
	var after reader
	err := s.tx(ctx, func(tx *sql.Tx) error {
		before, found, err := readerByID(ctx, tx, id)
		if err == nil && !found {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := do(tx, before); err != nil {
			return err
		}
		after, _, err = readerByID(ctx, tx, id)
		return err
	})
	if err != nil {
		return audience.Subscriber{}, fmt.Errorf("subscriber %s: %w", id, err)
	}
	return after.Subscriber, nil
}

// suppressReader stops all mail to a subscriber's address.
func suppressReader(ctx context.Context, tx *sql.Tx, now time.Time, id audience.ID, event audience.Event, c audience.Consent) error {
	if _, err := tx.ExecContext(ctx, `
		UPDATE subscribers SET status = 'suppressed', reason = $1, requested_at = 0, left_at = $2 WHERE id = $3`,
		string(event), millis(now), id.String()); err != nil {
		return err
	}
	return record(ctx, tx, now, id, event, c)
}

// Subscriber returns one subscriber, or ErrNotFound.
func (s *Store) Subscriber(ctx context.Context, id audience.ID) (audience.Subscriber, error) {
	r, found, err := readerByID(ctx, s.db, id)
	if err == nil && !found {
		err = ErrNotFound
	}
	if err != nil {
		return audience.Subscriber{}, fmt.Errorf("subscriber %s: %w", id, err)
	}
	return r.Subscriber, nil
}

// reader is a row of subscribers.
type reader struct {
	audience.Life
	mailed time.Time // the last mail that a request caused
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

const readerColumns = `id, address, name, lang, status, reason, paused_until, created_at, requested_at,
	mailed_at, confirmed_at, seen_at, asked_at, left_at`

func scanReader(rows *sql.Rows) (r reader, err error) {
	var id, address string
	var paused, created, requested, mailed, confirmed, seen, asked, left int64
	if err := rows.Scan(&id, &address, &r.Name, &r.Lang, &r.Status, &r.Reason, &paused, &created, &requested,
		&mailed, &confirmed, &seen, &asked, &left); err != nil {
		return r, err
	}
	r.Subscriber, err = identify(r.Subscriber, id, address)
	r.PausedUntil, r.Created, r.Requested, r.mailed = moment(paused), moment(created), moment(requested), moment(mailed)
	r.Confirmed, r.Seen, r.Asked, r.Left = moment(confirmed), moment(seen), moment(asked), moment(left)
	return r, err
}

func readerByAddress(ctx context.Context, q querier, a audience.Address) (reader, bool, error) {
	return oneReader(q.QueryContext(ctx, `SELECT `+readerColumns+` FROM subscribers WHERE address_key = $1`, a.Key()))
}

func readerByID(ctx context.Context, q querier, id audience.ID) (reader, bool, error) {
	return oneReader(q.QueryContext(ctx, `SELECT `+readerColumns+` FROM subscribers WHERE id = $1`, id.String()))
}

func oneReader(rows *sql.Rows, err error) (reader, bool, error) {
	found, err := collect(rows, err, scanReader)
	if err != nil || len(found) == 0 {
		return reader{}, false, err
	}
	return found[0], true, nil
}
