package schedule_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// A machine that joins others is held until a person accepts it; the others
// go on.
func TestMachineJoins(t *testing.T) {
	s := storetest.SQLite(t)
	first := &schedule.Witness{File: filepath.Join(t.TempDir(), "first"), Ledger: s, Shared: true}
	second := &schedule.Witness{File: filepath.Join(t.TempDir(), "second"), Ledger: s, Shared: true}
	if err := first.Accept(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Note(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Recover(t.Context(), 1, monday); err != nil { // a step
		t.Fatal(err)
	}
	if err := second.Check(t.Context()); !errors.Is(err, schedule.ErrSuspect) {
		t.Errorf("a new machine: %v", err)
	}
	if err := second.Accept(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, w := range []*schedule.Witness{first, second} {
		if err := w.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// Departures from a restored copy do not make up for what it does not know of.
func TestDeparturesProveNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	was, restored := storetest.SQLite(t), storetest.SQLite(t)
	witness := &schedule.Witness{File: file, Ledger: was}
	if err := witness.Accept(t.Context()); err != nil {
		t.Fatal(err)
	}
	is, err := was.Standing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := restored.DB().Exec(`INSERT INTO standing (one, instance, counter, decided, begun) VALUES (1, $1, $2, 0, 0)`, is.Instance, is.Counter); err != nil {
		t.Fatal(err)
	}
	if err := was.Recover(t.Context(), 1, monday); err != nil { // a step
		t.Fatal(err)
	}
	if err := witness.Note(t.Context()); err != nil {
		t.Fatal(err)
	}
	copied := &schedule.Witness{File: file, Ledger: restored}
	for range 3 {
		if err := copied.Check(t.Context()); !errors.Is(err, schedule.ErrSuspect) {
			t.Fatalf("got %v", err)
		}
		sub := audience.Subscriber{ID: audience.NewID(), Address: audience.MustAddress(audience.NewID().String() + "@exemple.fr"), Lang: "fr", Status: audience.Active}
		if _, err := restored.AddSubscribers(t.Context(), monday, []audience.Subscriber{sub}); err != nil {
			t.Fatal(err)
		}
		if _, err := restored.Unsubscribe(t.Context(), monday, sub.ID, audience.Consent{}); err != nil {
			t.Fatal(err)
		}
	}
}
