package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Erase forgets a person: the row, the mails that wait for them, and what
// servers answered about the address are deleted and overwritten. What stays
// names nobody: a keyed hash that keeps an import from bringing the address
// back, the deliveries as figures, and the proof of consent. ErrNotFound:
// there is nobody of that address.
//
// traces counts the places where the file still holds the address, after all
// was rewritten: an entry whose author wrote it, for instance.
func (s *Store) Erase(ctx context.Context, now time.Time, a audience.Address, c audience.Consent) (traces int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		r, found, err := readerByAddress(ctx, tx, a)
		if err == nil && !found {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return s.erase(ctx, tx, now, r, audience.Erased, c)
	})
	if err != nil {
		return 0, fmt.Errorf("erase %s: %w", a.Masked(), err)
	}
	traces, err = s.scrub(ctx, s.db, a)
	if err != nil {
		return traces, fmt.Errorf("erase %s: deleted, but not yet from the disk: %w", a.Masked(), err)
	}
	return traces, nil
}

// erase deletes one reader. Whoever complained, or whose address bounces, is
// remembered for that: no later request lifts it.
func (s *Store) erase(ctx context.Context, tx *sql.Tx, now time.Time, r reader, event audience.Event, c audience.Consent) error {
	reason := event
	if r.Status == audience.Suppressed {
		reason = audience.Event(r.Reason)
	}
	if err := s.forget(ctx, tx, now, r.ID, r.Address, reason); err != nil {
		return err
	}
	if err := deleteReader(ctx, tx, r); err != nil {
		return err
	}
	if r.Status == audience.Active {
		if err := record(ctx, tx, now, r.ID, audience.Withdrawn, c); err != nil {
			return err
		}
	}
	return record(ctx, tx, now.Add(time.Millisecond), r.ID, event, c) // after it, in the order of the register
}

// Suppress stops all mail to an address, for good: of somebody known, for the
// event audience.Complained or audience.Bounced. Whoever is not known is barred
// from being imported or subscribed. Only Unsuppress lifts it.
func (s *Store) Suppress(ctx context.Context, now time.Time, a audience.Address, event audience.Event, c audience.Consent) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		r, found, err := readerByAddress(ctx, tx, a)
		switch {
		case err != nil:
			return err
		case !found:
			return s.bar(ctx, tx, now, a, c)
		case r.Status == audience.Suppressed:
			return nil
		}
		return suppressReader(ctx, tx, now, r.ID, event, c)
	})
	if err != nil {
		return fmt.Errorf("suppress %s: %w", a.Masked(), err)
	}
	return nil
}

// Unsuppress lets an address be written to again: whoever is known and had
// confirmed is active again, and a forgotten address may come back. lifted is
// false when nothing stood against it.
func (s *Store) Unsuppress(ctx context.Context, now time.Time, a audience.Address, c audience.Consent) (lifted bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		r, found, err := readerByAddress(ctx, tx, a)
		if err != nil {
			return err
		}
		f, err := s.forgotten(ctx, tx, a)
		if err != nil {
			return err
		}
		id, event := r.ID, audience.Lifted
		if f.subscriber != "" {
			if id, lifted = audience.ParseID(f.subscriber); !lifted {
				return fmt.Errorf("subscriber id %q in the database is damaged", f.subscriber)
			}
			if err := s.remember(ctx, tx, a); err != nil {
				return err
			}
			if f.reason == audience.Barred {
				event = audience.Readmitted
			}
		}
		if found && r.Status == audience.Suppressed {
			id, event, lifted = r.ID, audience.Lifted, true
			if _, err := tx.ExecContext(ctx, `
				UPDATE subscribers SET status = CASE WHEN confirmed_at > 0 THEN 'active' ELSE 'unsubscribed' END,
				       reason = '', left_at = 0 WHERE id = $1`, id.String()); err != nil {
				return err
			}
		}
		if !lifted {
			return nil
		}
		return record(ctx, tx, now, id, event, c)
	})
	if err != nil {
		return false, fmt.Errorf("unsuppress %s: %w", a.Masked(), err)
	}
	return lifted, nil
}
