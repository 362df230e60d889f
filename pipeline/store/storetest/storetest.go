// Package storetest opens a fresh database of each kind for tests.
package storetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/infolettre/infolettre/pipeline/store"
)

// Each runs a test on a fresh database of each kind.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// EachSource runs a test on what opens a fresh database of each kind, for
// tests that open it more than once.
func EachSource(t *testing.T, test func(t *testing.T, source string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "infolettre.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, PostgresURL(t)) })
}

// SQLite is a fresh database file, closed when the test ends.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	return open(t, File(t))
}

// File is the path of a fresh database file that has its schema and nothing
// else.
func File(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "infolettre.db")
	WriteFile(t, path)
	return path
}

// WriteFile writes such a file.
func WriteFile(t testing.TB, path string) {
	t.Helper()
	data, err := empty()
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// empty is made once for all tests of a process: the migrations take longer
// than many a test.
var empty = sync.OnceValues(func() (data []byte, err error) {
	dir, err := os.MkdirTemp("", "infolettre-empty-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "infolettre.db")
	s, err := store.Open(context.Background(), path, true)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Postgres is a fresh PostgreSQL database, closed when the test ends.
func Postgres(t testing.TB) *store.Store {
	t.Helper()
	return open(t, PostgresURL(t))
}

func open(t testing.TB, source string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), source, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
