// Package store keeps subscribers, frozen issues and the ledger of deliveries
// in SQLite or PostgreSQL.
//
// Both are spoken to in one SQL text, their common subset. What differs stands
// in sqlite.go and postgres.go: how a database is opened and locked, and the
// one statement that runs for every message.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open database. Its methods are safe for concurrent use.
type Store struct {
	db *sql.DB
	dialect
	lock lock           // nil until LockSending
	keys *audience.Keys // nil until UseKeys

	onFrozen func(context.Context, *sql.Tx, []deliver.Range) error // nil: nobody asked
}

// dialect is what differs between the two databases.
type dialect interface {
	goose() goose.Dialect
	// begin makes a transaction the only one that writes, but for the ledger's
	// commits, until it ends.
	begin(ctx context.Context, tx *sql.Tx) error
	// commit is Store.Commit, of a worker's range when the claim names one.
	commit(ctx context.Context, db *sql.DB, c holding, now time.Time, outcomes []deliver.Outcome, intents []audience.ID) (granted []audience.ID, err error)
	// lockSending keeps other processes from sending or, shared, those that
	// want to send alone.
	lockSending(ctx context.Context, db *sql.DB, shared bool) (lock, error)
	// parts is in how many ranges an issue's deliveries are shared out.
	parts() int
	// alone runs do while no other process changes the schema.
	alone(ctx context.Context, db *sql.DB, do func() error) error
	// frozen is called when an issue's deliveries were written.
	frozen(ctx context.Context, db *sql.DB) error
	// importing is called when a long import begins, and when it ends.
	importing(ctx context.Context, tx *sql.Tx, begins bool) error
	// scrub makes the disk forget what was deleted, and counts where it still
	// holds the address, when one is given.
	scrub(ctx context.Context, db *sql.DB, a audience.Address) (traces int, err error)
}

// lock keeps others from sending until it is closed, or lost.
type lock interface {
	io.Closer
	// Held fails when it is lost.
	Held(ctx context.Context) error
}

// Errors of Open and of the methods.
var (
	ErrNewer    = errors.New("the database was written by a newer version of infolettre")
	ErrNoFile   = errors.New("there is no database yet")
	ErrBusy     = errors.New("another process is sending")
	ErrServer   = errors.New("the database is not a file")
	ErrNotFound = audience.ErrNotFound
	ErrFrozen   = errors.New("this slot has its issue already")
	ErrNoKeys   = errors.New("the keys are needed to know a forgotten address again")

	ErrIncomplete = errors.New("not the whole audience")
)

// Option changes how Open opens a SQLite file.
type Option func(url.Values)

// Unsafe trades the power cut for speed (synchronous=NORMAL): a commit then
// outlives the death of the process, but not that of the machine. PostgreSQL
// has its own setting for that.
func Unsafe(pragmas url.Values) {
	pragmas["_pragma"] = append(pragmas["_pragma"], "synchronous(NORMAL)")
}

// Open opens the database at source, a PostgreSQL URL or the path of a SQLite
// file, and brings its schema up to date. With create, an empty one is made
// ours; a missing file is made, readable by its owner only.
func Open(ctx context.Context, source string, create bool, options ...Option) (*Store, error) {
	if IsURL(source) {
		return openPostgres(ctx, source, create)
	}
	return openSQLite(ctx, source, create, options)
}

// migrate brings the schema up to date.
func (s *Store) migrate(ctx context.Context, create bool) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(s.goose(), s.db, dir)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, want, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the schema's version: %w", err)
	case have > want:
		return fmt.Errorf("schema %d, this program knows %d: %w", have, want, ErrNewer)
	case have == want:
		return nil
	case have == 0 && !create:
		return ErrNoFile
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// UseKeys tells the store the keys by which it knows forgotten addresses
// again. It is called before the store is shared.
func (s *Store) UseKeys(keys *audience.Keys) { s.keys = keys }

// Close closes the database and lets others send.
func (s *Store) Close() error {
	var err error
	if s.lock != nil {
		err = s.lock.Close()
	}
	return errors.Join(err, s.db.Close())
}

// LockSending makes this process the only one that sends from the database,
// until Close or its death. Without it, a second sender would take deliveries
// in progress for the remains of a crash.
func (s *Store) LockSending(ctx context.Context) error {
	return s.takeLock(ctx, false)
}

// ShareSending lets other workers send as well, and keeps those out who want
// to send alone. A SQLite file has one worker: alone is true, and whoever
// worked before is dead.
func (s *Store) ShareSending(ctx context.Context) (alone bool, err error) {
	return s.parts() == 1, s.takeLock(ctx, true)
}

func (s *Store) takeLock(ctx context.Context, shared bool) error {
	lock, err := s.lockSending(ctx, s.db, shared)
	if err == nil {
		s.lock = lock
	}
	return err
}

// DB is the database itself, for the jobs that are kept beside the ledger.
func (s *Store) DB() *sql.DB { return s.db }

// Alone runs do while no other process changes the schema.
func (s *Store) Alone(ctx context.Context, do func() error) error { return s.alone(ctx, s.db, do) }

// tx runs do in one transaction. One runs at a time: what it read stays true
// until it ends.
func (s *Store) tx(ctx context.Context, do func(*sql.Tx) error) error {
	return inTx(ctx, s.db, func(tx *sql.Tx) error {
		if err := s.begin(ctx, tx); err != nil {
			return err
		}
		return do(tx)
	})
}

func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// collect reads all rows of a query.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// each goes through the rows of a query, and keeps none.
func each(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
