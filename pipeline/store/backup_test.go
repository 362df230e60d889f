package store_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// A backup holds what was written a moment ago, which is not in the database's
// own file yet.
func TestBackup(t *testing.T) {
	s := storetest.SQLite(t)
	ids := readers(t, s, 3)
	if _, err := s.Unsubscribe(t.Context(), ordered, ids[0], audience.Consent{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), path); err == nil {
		t.Error("a backup is overwritten")
	}
	copied, err := store.Open(t.Context(), path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if counts, err := copied.ActiveByLanguage(t.Context(), ordered); err != nil || counts["fr"] != 2 {
		t.Errorf("active: %v, %v", counts, err)
	}
	if err := storetest.Postgres(t).Backup(t.Context(), path); !errors.Is(err, store.ErrServer) {
		t.Errorf("of PostgreSQL: %v", err)
	}
}

// Once something was made, each departure is counted, for the witness.
func TestDeparturesAreCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ids := readers(t, s, 2)
		counter := func() int64 {
			t.Helper()
			is, err := s.Standing(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return is.Departed
		}
		leave := func(id audience.ID) {
			t.Helper()
			if _, err := s.Unsubscribe(t.Context(), ordered, id, audience.Consent{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		leave(ids[0])
		if n := counter(); n != 0 {
			t.Errorf("nothing was made, and %d have left", n)
		}
		freeze(t, s, 1, deliver.Hold)
		before := counter()
		leave(ids[1])
		if n := counter(); n != before+1 {
			t.Errorf("from %d to %d", before, n)
		}
	})
}
