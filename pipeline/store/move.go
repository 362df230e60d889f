package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// ErrNotEmpty says that a database to move into holds something already.
var ErrNotEmpty = errors.New("the database is not empty")

// Move copies all that a SQLite file holds into an empty PostgreSQL database,
// in one transaction, and compares what has arrived, row by row. Jobs are left
// behind: the ledger knows what is to be done. progress is called with each
// table and its rows.
func Move(ctx context.Context, from, to *Store, progress func(table string, rows int)) error {
	tables, err := from.tables(ctx)
	if err != nil {
		return err
	}
	reading, err := from.db.BeginTx(ctx, nil) // nobody writes meanwhile
	if err != nil {
		return err
	}
	defer reading.Rollback() // nothing was written
	conn, err := to.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		return pgx.BeginFunc(ctx, driver.(*stdlib.Conn).Conn(), func(writing pgx.Tx) error {
			for _, t := range tables {
				rows, err := t.move(ctx, reading, writing)
				if err != nil {
					return fmt.Errorf("move %s: %w", t.name, err)
				}
				progress(t.name, rows)
			}
			return nil
		})
	})
}

// table is one of ours, with its columns.
type table struct {
	name    string
	columns []string
}

// tables lists those of a SQLite file, what others refer to first.
func (s *Store) tables(ctx context.Context) ([]table, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT m.name, group_concat(c.name), (SELECT COUNT(*) FROM pragma_foreign_key_list(m.name))
		FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'river%'
		GROUP BY m.name ORDER BY 3, 1`)
	return collect(rows, err, func(rows *sql.Rows) (t table, err error) {
		var columns string
		var references int
		err = rows.Scan(&t.name, &columns, &references)
		t.columns = strings.Split(columns, ",")
		return t, err
	})
}

// move copies a table and compares its rows with those that arrived.
func (t table) move(ctx context.Context, reading *sql.Tx, writing pgx.Tx) (n int, err error) {
	columns := strings.Join(t.columns, ", ")
	var before int
	if err := writing.QueryRow(ctx, `SELECT COUNT(*) FROM `+t.name).Scan(&before); err != nil {
		return 0, err
	}
	if before > 0 {
		return 0, ErrNotEmpty
	}
	rows, err := reading.QueryContext(ctx, `SELECT `+columns+` FROM `+t.name)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	source := &counted{rows: rows, width: len(t.columns)}
	if _, err := writing.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, source); err != nil {
		return 0, err
	}
	arrived, err := writing.Query(ctx, `SELECT `+columns+` FROM `+t.name)
	if err != nil {
		return 0, err
	}
	var got sum
	for arrived.Next() {
		values, err := arrived.Values()
		if err != nil {
			return 0, err
		}
		got.add(values)
	}
	if err := arrived.Err(); err != nil {
		return 0, err
	}
	if got != source.sum {
		return 0, fmt.Errorf("%d rows were sent and %d have arrived, or they differ", source.sum.rows, got.rows)
	}
	return got.rows, nil
}

// sum is how many rows there are, and what they hold, in whatever order.
type sum struct {
	rows   int
	digest uint64
}

func (s *sum) add(values []any) {
	h := fnv.New64a()
	for _, v := range values {
		text := fmt.Sprint(v)
		fmt.Fprintf(h, "%d:%s", len(text), text)
	}
	s.rows++
	s.digest += h.Sum64()
}

// counted gives rows to pgx, and sums them up on the way.
type counted struct {
	rows  *sql.Rows
	width int
	sum   sum
}

// Next is pgx.CopyFromSource's.
func (c *counted) Next() bool { return c.rows.Next() }

// Err is pgx.CopyFromSource's.
func (c *counted) Err() error { return c.rows.Err() }

// Values is pgx.CopyFromSource's.
func (c *counted) Values() ([]any, error) {
	values := make([]any, c.width)
	pointers := make([]any, c.width)
	for i := range values {
		pointers[i] = &values[i]
	}
	if err := c.rows.Scan(pointers...); err != nil {
		return nil, err
	}
	for i, v := range values {
		if text, ok := v.(string); ok {
			values[i] = storable(text)
		}
	}
	c.sum.add(values)
	return values, nil
}
