package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// forgotten is what is left of an address whose row is gone, or that never had
// one.
type forgotten struct {
	subscriber string // "" when nothing is
	reason     audience.Event
}

// final reports that the address must not be written to, even when asked.
func (f forgotten) final() bool {
	return f.reason == audience.Complained || f.reason == audience.Bounced || f.reason == audience.Barred
}

// forgotten looks an address up among those that must not come back, under
// each key of the key file.
func (s *Store) forgotten(ctx context.Context, q querier, a audience.Address) (f forgotten, err error) {
	if s.keys == nil {
		return f, s.nothingForgotten(ctx, q)
	}
	for _, h := range s.keys.Hashes(a) {
		rows, err := q.QueryContext(ctx, `SELECT subscriber, reason FROM suppressed WHERE hash = $1`, h.Hash)
		found, err := collect(rows, err, func(rows *sql.Rows) (f forgotten, err error) {
			return f, rows.Scan(&f.subscriber, &f.reason)
		})
		if err != nil {
			return f, fmt.Errorf("look up a forgotten address: %w", err)
		}
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return f, nil
}

// nothingForgotten is the answer without keys: it is known only as long as no
// address was forgotten.
func (s *Store) nothingForgotten(ctx context.Context, q querier) error {
	rows, err := q.QueryContext(ctx, `SELECT 1 FROM suppressed LIMIT 1`)
	found, err := collect(rows, err, func(rows *sql.Rows) (one int, err error) { return one, rows.Scan(&one) })
	if err == nil && len(found) > 0 {
		err = ErrNoKeys
	}
	return err
}

// forget keeps the hash of an address, so that an import does not bring it
// back.
func (s *Store) forget(ctx context.Context, tx *sql.Tx, now time.Time, id audience.ID, a audience.Address, reason audience.Event) error {
	if s.keys == nil {
		return ErrNoKeys
	}
	h := s.keys.Hashes(a)[0]
	_, err := tx.ExecContext(ctx, `
		INSERT INTO suppressed (hash, key_id, subscriber, reason, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (hash) DO UPDATE SET subscriber = excluded.subscriber, reason = excluded.reason, created_at = excluded.created_at`,
		h.Hash, h.Key, id.String(), string(reason), millis(now))
	return err
}

// bar keeps an address off that is not a subscriber's; what stays of it is its
// hash and, of the register's entries, those of an id of its own.
func (s *Store) bar(ctx context.Context, tx *sql.Tx, now time.Time, a audience.Address, c audience.Consent) error {
	f, err := s.forgotten(ctx, tx, a)
	if err != nil || f.final() {
		return err
	}
	id, was := audience.ParseID(f.subscriber)
	if !was {
		id = audience.NewID()
	}
	if err := s.forget(ctx, tx, now, id, a, audience.Barred); err != nil {
		return err
	}
	return record(ctx, tx, now, id, audience.Barred, c)
}

// remember lets an address come back.
func (s *Store) remember(ctx context.Context, tx *sql.Tx, a audience.Address) error {
	if s.keys == nil {
		return nil
	}
	for _, h := range s.keys.Hashes(a) {
		if _, err := tx.ExecContext(ctx, `DELETE FROM suppressed WHERE hash = $1`, h.Hash); err != nil {
			return err
		}
	}
	return nil
}
