package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
	traces, err = s.scrub(ctx, a)
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
	if err := s.forget(ctx, tx, now, r, reason); err != nil {
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

// scrub makes the file itself forget. SQLite overwrites what it deletes; the
// write-ahead log is emptied. A file from before that rule may hold copies of
// old rows: then it is written anew.
func (s *Store) scrub(ctx context.Context, a audience.Address) (traces int, err error) {
	if err := s.emptyLog(ctx); err != nil {
		return 0, err
	}
	if traces, err = s.traces(a); err != nil || traces == 0 {
		return traces, err
	}
	if err := s.rewrite(ctx); err != nil {
		return traces, err
	}
	return s.traces(a)
}

// ErrInUse says that another process reads an old state of the database.
var ErrInUse = errors.New("another process is using the database")

// emptyLog moves the write-ahead log into the file and truncates it.
func (s *Store) emptyLog(ctx context.Context) error {
	var busy, frames, moved int
	if err := s.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	if busy != 0 {
		return ErrInUse
	}
	return nil
}

// rewrite writes the file anew, with its temporary copy on disk, since it may
// be large.
func (s *Store) rewrite(ctx context.Context) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	for _, statement := range []string{`PRAGMA temp_store = FILE`, `VACUUM`, `PRAGMA temp_store = MEMORY`} {
		if _, errExec := conn.ExecContext(ctx, statement); errExec != nil {
			err = errors.Join(err, fmt.Errorf("write the database anew: %w", errExec))
		}
	}
	if err := errors.Join(err, conn.Close()); err != nil {
		return err
	}
	return s.emptyLog(ctx)
}

// traces counts how often the database's files hold an address, in either
// spelling.
func (s *Store) traces(a audience.Address) (n int, err error) {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		found, err := occurrences(s.path+suffix, []byte(a.Key()))
		if err != nil {
			return n, fmt.Errorf("look for traces: %w", err)
		}
		n += found
	}
	return n, nil
}

// occurrences counts a text in a file, whatever its case.
func occurrences(path string, text []byte) (n int, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buffer := make([]byte, 1<<20)
	kept := 0
	for {
		read, err := io.ReadFull(f, buffer[kept:])
		chunk := buffer[:kept+read]
		n += bytes.Count(bytes.ToLower(chunk), text)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		kept = copy(buffer, chunk[len(chunk)-len(text)+1:])
	}
}

// Suppress stops all mail to the address of somebody known, for good:
// audience.Complained or audience.Bounced. Only Unsuppress lifts it.
func (s *Store) Suppress(ctx context.Context, now time.Time, a audience.Address, event audience.Event, c audience.Consent) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		r, found, err := readerByAddress(ctx, tx, a)
		switch {
		case err != nil:
			return err
		case !found:
			return ErrNotFound
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
		id := r.ID
		if f.subscriber != "" {
			if id, lifted = audience.ParseID(f.subscriber); !lifted {
				return fmt.Errorf("subscriber id %q in the database is damaged", f.subscriber)
			}
			if err := s.remember(ctx, tx, a); err != nil {
				return err
			}
		}
		if found && r.Status == audience.Suppressed {
			id, lifted = r.ID, true
			if _, err := tx.ExecContext(ctx, `
				UPDATE subscribers SET status = CASE WHEN confirmed_at > 0 THEN 'active' ELSE 'unsubscribed' END,
				       reason = '', left_at = 0 WHERE id = $1`, id.String()); err != nil {
				return err
			}
		}
		if !lifted {
			return nil
		}
		return record(ctx, tx, now, id, audience.Lifted, c)
	})
	if err != nil {
		return false, fmt.Errorf("unsuppress %s: %w", a.Masked(), err)
	}
	return lifted, nil
}
