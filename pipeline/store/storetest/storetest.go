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
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
}

// SQLite is a fresh database file, closed when the test ends.
func SQLite(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "infolettre.db"), true)
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
