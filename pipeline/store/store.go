// Package store keeps subscribers, frozen issues and the ledger of deliveries in SQLite.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"github.com/infolettre/infolettre/pipeline/audience"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open database. Its methods are safe for concurrent use.
type Store struct {
	db            *sql.DB
	record, grant *sql.Stmt // of Commit
	lock          *os.File  // nil until LockSending
	path          string
	keys          *audience.Keys // nil until UseKeys
}

// Errors of Open and of the methods.
var (
	ErrNewer    = errors.New("the database was written by a newer version of infolettre")
	ErrNoFile   = errors.New("there is no database yet")
	ErrBusy     = errors.New("another process is sending")
	ErrNotFound = audience.ErrNotFound
	ErrFrozen   = errors.New("this slot has its issue already")
	ErrNoKeys   = errors.New("the keys are needed to know a forgotten address again")
)

// Option changes how Open opens a file.
type Option func(url.Values)

// Unsafe trades the power cut for speed (synchronous=NORMAL): a commit then
// outlives the death of the process, but not that of the machine.
func Unsafe(pragmas url.Values) {
	pragmas["_pragma"] = append(pragmas["_pragma"], "synchronous(NORMAL)")
}

// Open opens the SQLite file at path and brings its schema up to date. With
// create, a missing file is made, readable by its owner only.
func Open(ctx context.Context, path string, create bool, options ...Option) (*Store, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) && !create {
		return nil, fmt.Errorf("open %s: %w", path, ErrNoFile)
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	// What other builds of SQLite do on Linux: the same durability, without a
	// second write for the file's times. Elsewhere it says that it cannot.
	_, _ = sqlite.Fdatasync(true)
	db, err := sql.Open("sqlite", dataSource(path, options))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Store{db: db, path: path}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	for _, p := range []struct {
		statement **sql.Stmt
		text      string
	}{{&s.record, recordOutcome}, {&s.grant, grantIntent}} {
		if *p.statement, err = db.PrepareContext(ctx, p.text); err != nil {
			return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
		}
	}
	return s, nil
}

// dataSource asks for durable commits (synchronous=FULL outlives a power
// cut), for deleted rows to be overwritten and temporary tables kept off the
// disk, so that who is erased is gone, and for BEGIN IMMEDIATE always: a transaction that reads first and writes later
// fails at once when another wrote in between, which busy_timeout does not
// cure.
func dataSource(path string, options []Option) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}
	query := url.Values{
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(4000)", "foreign_keys(1)",
			"secure_delete(1)", "temp_store(memory)"},
		"_txlock": {"immediate"},
	}
	for _, option := range options {
		option(query)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func (s *Store) migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, s.db, dir)
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
	return errors.Join(s.db.Close(), err)
}

// LockSending makes this process the only one that sends from the file, until
// Close or its death. Without it, a second sender would take deliveries in
// progress for the remains of a crash.
func (s *Store) LockSending() error {
	f, err := os.OpenFile(s.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("lock database: %w", err)
	}
	if err := tryLock(f); err != nil {
		return errors.Join(ErrBusy, f.Close())
	}
	s.lock = f
	return nil
}

// tx runs do in one transaction.
func (s *Store) tx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
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
