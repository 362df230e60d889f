package store_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/infolettre/infolettre/pipeline/store"
)

// Statements stay prepared; nobody must notice.
func TestStatementsAreRemembered(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "infolettre.db"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := s.DB().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exec := func(statement string, args ...any) error {
		_, err := conn.ExecContext(t.Context(), statement, args...)
		return err
	}
	number := func(query string, args ...any) (n int) {
		t.Helper()
		if err := conn.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}

	// This one acts when it is parsed.
	for _, size := range []int{-100, -200, -100} {
		if err := exec(fmt.Sprintf("PRAGMA cache_size = %d", size)); err != nil {
			t.Fatal(err)
		}
		if got := number("PRAGMA cache_size"); got != size {
			t.Errorf("the cache has size %d, want %d", got, size)
		}
	}

	if err := exec("CREATE TABLE t (a INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := exec("INSERT INTO t (a) VALUES ($1)", i); err != nil {
			t.Fatal(err)
		}
	}
	if err := exec("INSERT INTO t (a) VALUES ($1)", 1); err == nil {
		t.Error("a row was inserted twice")
	}
	if err := exec("INSERT INTO t (a) VALUES ($1)", 3); err != nil {
		t.Errorf("a statement after its error: %v", err)
	}

	// While a statement runs, it runs once more.
	var pairs []string
	const from = "SELECT a FROM t WHERE a >= $1 ORDER BY a"
	each(t, conn, from, 2, func(a int) {
		each(t, conn, from, a, func(b int) { pairs = append(pairs, fmt.Sprint(a, b)) })
	})
	if want := []string{"2 2", "2 3", "3 3"}; !slices.Equal(pairs, want) {
		t.Errorf("got %q, want %q", pairs, want)
	}

	// One that was left in the middle begins at the beginning.
	for range 2 {
		if got := number("SELECT a FROM t ORDER BY a"); got != 0 {
			t.Errorf("it goes on at %d", got)
		}
	}

	if err := exec("ALTER TABLE t ADD COLUMN b INTEGER DEFAULT 7"); err != nil {
		t.Fatal(err)
	}
	if got := number("SELECT a FROM t ORDER BY a"); got != 0 {
		t.Errorf("after a change of the schema: %d", got)
	}

	for i := range 1000 {
		if got := number(fmt.Sprintf("SELECT %d", i)); got != i {
			t.Fatalf("got %d, want %d", got, i)
		}
	}
}

// each has do called while the query runs.
func each(t *testing.T, conn *sql.Conn, query string, arg int, do func(int)) {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), query, arg)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		do(n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
