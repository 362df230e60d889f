package schedule_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
)

// weekly is a newsletter due on Thursdays at eleven, begun on a Monday, with
// an entry of that Tuesday.
func weekly(t *testing.T, config schedule.Config) *world {
	w := newWorld(t, 1)
	cal, err := issue.NewCalendar("0 11 * * THU", w.zone)
	w.must(err)
	w.calendar, w.min, w.config = cal, 1, config.WithDefaults()
	w.restart()
	w.engine.Notify = func(_ context.Context, n schedule.Notice) error {
		if !slices.ContainsFunc(w.notices, func(m schedule.Notice) bool { return m.Key == n.Key }) {
			w.notices = append(w.notices, n)
		}
		return nil
	}
	w.engine.Over = func(_ context.Context, key string) error {
		w.notices = slices.DeleteFunc(w.notices, func(n schedule.Notice) bool { return n.Key == key })
		return nil
	}
	w.at("2026-11-09 09:00") // a Monday
	w.ask()
	w.post("un", "2026-11-10 10:00")
	return w
}

func (w *world) at(moment string) {
	w.Helper()
	var err error
	w.now, err = time.ParseInLocation("2006-01-02 15:04", moment, w.zone)
	w.must(err)
}

func (w *world) post(name, date string) {
	w.files[name+".md"] = &fstest.MapFile{Data: []byte("---\ntitle: " + name + "\ndate: " + date + "\n---\nTexte.\n")}
}

func (w *world) ask() schedule.Report {
	w.Helper()
	report, err := w.engine.Tick(w.Context(), w.now)
	w.must(err)
	return report
}

// outcomes lists what the last tick decided.
func outcomes(r schedule.Report) (list []issue.Outcome) {
	for _, d := range r.Decisions {
		list = append(list, d.Outcome)
	}
	return list
}

func (w *world) wants(what string, got []issue.Outcome, want ...issue.Outcome) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func (w *world) told(kinds ...schedule.Kind) {
	w.Helper()
	var got []schedule.Kind
	for _, n := range w.notices {
		got = append(got, n.Kind)
	}
	if !slices.Equal(got, kinds) {
		w.Errorf("the team was told %v, want %v", got, kinds)
	}
}

func TestTickMakesASlotOnce(t *testing.T) {
	w := weekly(t, schedule.Config{})
	w.at("2026-11-12 10:59")
	w.wants("before the slot", outcomes(w.ask()))
	w.at("2026-11-12 11:00")
	w.wants("at the slot", outcomes(w.ask()), issue.Made)
	w.wants("again", outcomes(w.ask()))
	w.post("tardif", "2026-11-11 10:00")
	w.at("2026-11-12 12:00")
	w.wants("a late post waits for the next slot", outcomes(w.ask()))
	w.at("2026-11-19 11:10")
	w.wants("the next slot", outcomes(w.ask()), issue.Made)
	w.told()
}

func TestTickCatchesUp(t *testing.T) {
	w := weekly(t, schedule.Config{})
	w.at("2026-11-13 10:59")
	w.wants("within a day", outcomes(w.ask()), issue.Made)
	w.post("deux", "2026-11-16 10:00")
	w.at("2026-11-20 11:01")
	w.wants("after a day", outcomes(w.ask()), issue.Missed)
	w.told(schedule.MissedNotice)
	w.at("2026-11-20 12:00")
	w.wants("it is said once", outcomes(w.ask()))
	w.told(schedule.MissedNotice)
	w.at("2026-12-10 11:05")
	report := w.ask()
	w.wants("two more were missed", outcomes(report), issue.Passed, issue.Passed, issue.Made)
	if report.Made == nil || report.Made.Number != 2 || !report.Made.From.Equal(w.slot("2026-11-12 11:00")) {
		t.Errorf("made %+v", report.Made)
	}
}

func (w *world) slot(moment string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", moment, w.zone)
	w.must(err)
	return t
}

func TestTickIsQuiet(t *testing.T) {
	w := weekly(t, schedule.Config{QuietNotice: 2})
	delete(w.files, "un.md")
	for i, thursday := range []string{"2026-11-12", "2026-11-19", "2026-11-26", "2026-12-03"} {
		w.at(thursday + " 11:00")
		w.wants(thursday, outcomes(w.ask()), issue.Quiet)
		if i == 0 {
			w.told()
		} else {
			w.told(schedule.QuietNotice)
		}
	}
	// Nothing written in the quiet weeks is lost, the very first included.
	w.post("du premier jour", "2026-11-09 10:00")
	w.at("2026-12-10 11:00")
	w.wants("an entry at last", outcomes(w.ask()), issue.Made)
}

func TestTickWaitsForApproval(t *testing.T) {
	w := weekly(t, schedule.Config{Approval: schedule.Delay, ApprovalDelay: 2 * time.Hour})
	w.at("2026-11-12 11:00")
	made := w.ask().Made
	if made == nil || made.State != deliver.IssueWaiting {
		t.Fatalf("made %+v", made)
	}
	w.told(schedule.ApprovalNotice)
	w.at("2026-11-12 12:59")
	if released := w.ask().Released; len(released) > 0 {
		t.Errorf("released %v before its time", released)
	}
	w.at("2026-11-12 13:00")
	if released := w.ask().Released; !slices.Equal(released, []int{1}) {
		t.Errorf("released %v", released)
	}
	is, err := w.store.Issue(t.Context(), 1)
	w.must(err)
	if is.State != deliver.IssueSending || !is.Ordered.Equal(w.now) {
		t.Errorf("the issue is %s, ordered %s", is.State, is.Ordered)
	}
	if err := w.store.Discard(t.Context(), 1); !errors.Is(err, store.ErrNotWaiting) {
		t.Errorf("an issue on its way was unmade: %v", err)
	}

	// Stopped, it does not go by itself; unmade, its slot is made anew.
	w.post("deux", "2026-11-16 10:00")
	w.at("2026-11-19 11:00")
	w.wants("the next slot", outcomes(w.ask()), issue.Made)
	w.must(w.store.Stop(t.Context(), 2, "une faute"))
	w.at("2026-11-19 20:00")
	if released := w.ask().Released; len(released) > 0 {
		t.Errorf("released %v though it was stopped", released)
	}
	w.must(w.store.Discard(t.Context(), 2))
	w.post("deux bis", "2026-11-16 11:00")
	report := w.ask()
	w.wants("made anew", outcomes(report), issue.Made)
	titles, err := w.store.Titles(t.Context(), 2)
	if err != nil || len(titles) != 2 {
		t.Errorf("entries %v, %v", titles, err)
	}
}

// A backup that is put back, and a copy without its witness, decide nothing
// until a person accepts them; and a run of sending that a witness forbids
// does not touch the ledger.
func TestTickMistrustsARestoredDatabase(t *testing.T) {
	w := weekly(t, schedule.Config{})
	file := filepath.Join(w.dir, "infolettre.state")
	before, err := os.ReadFile(file)
	w.must(err)
	w.at("2026-11-12 11:00")
	w.ask()
	after, err := os.ReadFile(file)
	w.must(err)
	if string(before) == string(after) {
		t.Fatal("the witness did not notice an issue")
	}
	w.must(os.Remove(file))
	w.post("deux", "2026-11-16 10:00")
	w.at("2026-11-19 11:00")
	for range 2 {
		if report := w.ask(); !errors.Is(report.Suspect, schedule.ErrSuspect) || len(report.Decisions) > 0 {
			t.Errorf("a copy decided %+v", report)
		}
	}
	w.told(schedule.DatabaseNotice)

	standing, err := w.store.Standing(t.Context())
	w.must(err)
	w.engine.Newsletter.Witness = w.engine.Witness.Note
	is, err := w.store.Issue(t.Context(), 1)
	w.must(err)
	if _, err := w.engine.Newsletter.Deliver(t.Context(), w.store, is, deliver.Sender{Now: time.Now}); !errors.Is(err, schedule.ErrSuspect) {
		t.Errorf("a copy sends: %v", err)
	}
	if again, err := w.store.Standing(t.Context()); err != nil || again != standing {
		t.Errorf("the ledger was touched: %+v, %+v, %v", standing, again, err)
	}

	w.must(w.engine.Witness.Accept(t.Context()))
	w.wants("accepted", outcomes(w.ask()), issue.Made)
	w.told()
}

// A clock far behind what the ledger knows decides nothing.
func TestTickMistrustsTheClock(t *testing.T) {
	w := weekly(t, schedule.Config{})
	w.at("2027-11-11 11:00")
	w.ask()
	w.at("2026-11-19 11:00")
	w.wants("a year back", outcomes(w.ask()))
	w.told(schedule.ClockNotice)
}

// What cannot be pulled is said once while it lasts, and keeps no issue back.
func TestTickWithoutRepository(t *testing.T) {
	w := weekly(t, schedule.Config{})
	away := errors.New("away")
	w.engine.Refresh = func(context.Context) error { return away }
	w.at("2026-11-12 11:00")
	w.wants("the last good entries", outcomes(w.ask()), issue.Made)
	w.at("2026-11-12 11:30")
	w.ask()
	w.told(schedule.RepositoryNotice)
	away = nil
	w.at("2026-11-12 12:00")
	w.ask()
	w.told()
}

// The first tick says where it begins; nobody was promised an older issue.
func TestFirstTick(t *testing.T) {
	w := newWorld(t, 1)
	cal, err := issue.NewCalendar("0 11 * * THU", w.zone)
	w.must(err)
	w.calendar, w.min, w.config = cal, 1, schedule.Config{}.WithDefaults()
	w.restart()
	w.post("ancien", "2026-11-10 10:00")
	w.at("2026-11-12 11:20")
	report := w.ask()
	if report.First == nil || !report.First.Slot.Equal(w.slot("2026-11-19 11:00")) || !report.First.From.Equal(w.slot("2026-11-12 11:00")) || len(report.Decisions) > 0 {
		t.Errorf("the first tick: %+v", report)
	}
	if report := w.ask(); report.First != nil {
		t.Error("the second tick takes itself for the first")
	}
}
