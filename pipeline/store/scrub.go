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

	"github.com/infolettre/infolettre/pipeline/audience"
)

// scrub makes the file itself forget. SQLite overwrites what it deletes; the
// write-ahead log is emptied. A file from before that rule may hold copies of
// old rows: then it is written anew.
func (f sqliteFile) scrub(ctx context.Context, db *sql.DB, a audience.Address) (traces int, err error) {
	if err := emptyLog(ctx, db); err != nil || a == (audience.Address{}) {
		return 0, err
	}
	if traces, err = f.traces(a); err != nil || traces == 0 {
		return traces, err
	}
	if err := rewrite(ctx, db); err != nil {
		return traces, err
	}
	return f.traces(a)
}

// ErrInUse says that another process reads an old state of the database.
var ErrInUse = errors.New("another process is using the database")

// emptyLog moves the write-ahead log into the file and truncates it.
func emptyLog(ctx context.Context, db *sql.DB) error {
	var busy, frames, moved int
	if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	if busy != 0 {
		return ErrInUse
	}
	return nil
}

// rewrite writes the file anew, with its temporary copy on disk, since it may
// be large.
func rewrite(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
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
	return emptyLog(ctx, db)
}

// traces counts how often the database's files hold an address, in either
// spelling.
func (f sqliteFile) traces(a audience.Address) (n int, err error) {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		found, err := occurrences(f.path+suffix, []byte(a.Key()))
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

// scrub frees what the deleted rows left in the tables; the server writes over
// it in its own time, and its write-ahead log is the operator's to keep short.
func (postgres) scrub(ctx context.Context, db *sql.DB, _ audience.Address) (traces int, err error) {
	if _, err := db.ExecContext(ctx, `VACUUM subscribers, outbox, deliveries`); err != nil {
		return 0, fmt.Errorf("free what was deleted: %w", err)
	}
	return 0, nil
}
