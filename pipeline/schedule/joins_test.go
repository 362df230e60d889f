package schedule_test

import (
	"errors"
	"path/filepath"
	"testing"

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
