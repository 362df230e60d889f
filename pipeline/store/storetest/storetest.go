// Package storetest opens a fresh database of each kind for tests.
package storetest

import (
	"path/filepath"
	"testing"

	"github.com/infolettre/infolettre/pipeline/store"
)

// Each runs a test on a fresh database of each kind.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	EachSource(t, func(t *testing.T, source string) { test(t, open(t, source)) })
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
	return open(t, filepath.Join(t.TempDir(), "infolettre.db"))
}

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
