package store

import (
	"context"
	"database/sql"
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
	"github.com/infolettre/infolettre/pipeline/deliver"
)

// sqliteFile is a database in a file, for one machine.
type sqliteFile struct{ path string }

func openSQLite(ctx context.Context, path string, create bool, options []Option) (*Store, error) {
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
	connector, err := sqlite.NewConnector(dataSource(path, options))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := sql.OpenDB(remembering{connector})
	s := &Store{db: db, dialect: sqliteFile{path}}
	// A file that is there is ours, or empty.
	if err := s.alone(ctx, db, func() error { return s.migrate(ctx, true) }); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return s, nil
}

// dataSource asks for durable commits (synchronous=FULL outlives a power
// cut), for deleted rows to be overwritten and temporary tables kept off the
// disk, so that who is erased is gone, and for BEGIN IMMEDIATE always: a
// transaction that reads first and writes later fails at once when another
// wrote in between, which busy_timeout does not cure.
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

func (f sqliteFile) goose() goose.Dialect { return goose.DialectSQLite3 }

// begin has nothing to do: BEGIN IMMEDIATE waited for the others.
func (f sqliteFile) begin(context.Context, *sql.Tx) error { return nil }

// parts is one: one process sends, with all its connections.
func (f sqliteFile) parts() int { return 1 }

// alone holds the lock of a file that lies beside the database meanwhile.
func (f sqliteFile) alone(_ context.Context, _ *sql.DB, do func() error) error {
	lock, err := os.OpenFile(f.path+".migrating", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("lock database: %w", err)
	}
	defer lock.Close()
	if err := waitLock(lock); err != nil {
		return fmt.Errorf("lock database: %w", err)
	}
	defer os.Remove(lock.Name()) // who waited may have done it
	return do()
}

// importing has an import keep more of the file in memory. Ids are random, so
// rows land all over the indexes: with the usual two megabytes every page would
// be written again and again.
func (f sqliteFile) importing(ctx context.Context, tx *sql.Tx, begins bool) error {
	pragma := `PRAGMA cache_size = -2000`
	if begins {
		pragma = `PRAGMA cache_size = -18432`
	}
	_, err := tx.ExecContext(ctx, pragma)
	return err
}

func (f sqliteFile) frozen(context.Context, *sql.DB) error { return nil }

func (f sqliteFile) lockSending(context.Context, *sql.DB, bool) (lock, error) {
	file, err := os.OpenFile(f.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock database: %w", err)
	}
	if err := tryLock(file); err != nil {
		return nil, errors.Join(ErrBusy, file.Close())
	}
	return lockedFile{file}, nil
}

// Backup copies a SQLite file as it is at one moment, while others go on
// writing, to a path where there is nothing, or an empty file. ErrServer: the
// database is PostgreSQL's, which has its own ways.
func (s *Store) Backup(ctx context.Context, path string) error {
	if _, ok := s.dialect.(sqliteFile); !ok {
		return ErrServer
	}
	if _, err := s.db.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return fmt.Errorf("copy the database to %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// lockedFile is locked until it is closed.
type lockedFile struct{ *os.File }

// Held has nothing to ask.
func (lockedFile) Held(context.Context) error { return nil }

// The statements that run for every message.
const (
	issueStands = `
		SELECT state FROM issues
		WHERE number = $1 AND ($2 = '' OR EXISTS (SELECT 1 FROM ranges WHERE issue = $1 AND part = $3 AND worker = $2))`
	recordOutcome = `
		UPDATE deliveries
		SET state = $1, class = $2, code = $3, enhanced = $4, reply = $5, next_at = $6,
		    attempts = attempts + 1, updated_at = $7,
		    doubts = doubts + $8,
		    doubted_at = CASE WHEN $8 > 0 THEN $7 ELSE doubted_at END,
		    doubt      = CASE WHEN $8 > 0 THEN $5 ELSE doubt END
		WHERE issue = $9 AND subscriber = $10 AND state IN ('pending', 'sending')`
	grantDelivery = `
		UPDATE deliveries SET state = 'sending', updated_at = $1
		WHERE issue = $2 AND subscriber = $3 AND state = 'pending'
		  AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = $3 AND s.status = 'active' AND s.paused_until <= $1)`
)

func (f sqliteFile) commit(ctx context.Context, db *sql.DB, c holding, now time.Time, outcomes []deliver.Outcome, intents []audience.ID) (granted []audience.ID, err error) {
	var state deliver.IssueState
	err = inTx(ctx, db, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, issueStands, c.issue, c.worker, c.part).Scan(&state)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // the claim is void
		}
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			if _, err := tx.ExecContext(ctx, recordOutcome, string(o.State), string(o.Class), o.Reply.Code, o.Reply.Enhanced, o.Reply.Text,
				millis(o.NextAt), millis(now), doubts(o), c.issue, o.Subscriber.String()); err != nil {
				return fmt.Errorf("record the outcome for subscriber %s: %w", o.Subscriber, err)
			}
		}
		if state != deliver.IssueSending {
			return nil
		}
		for _, id := range intents {
			changed, err := changes(tx.ExecContext(ctx, grantDelivery, millis(now), c.issue, id.String()))
			if err != nil {
				return fmt.Errorf("grant the delivery to subscriber %s: %w", id, err)
			}
			if changed == 1 {
				granted = append(granted, id)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return granted, c.judge(state, len(intents))
}

// doubts is what an outcome adds to the number of doubts.
func doubts(o deliver.Outcome) int {
	if o.State == deliver.Uncertain {
		return 1
	}
	return 0
}
