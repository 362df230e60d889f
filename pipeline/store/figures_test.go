package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/stats"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// The figures of an issue are its deliveries by state and class, and who left
// between it and the next; those of a week are what the register says.
func TestFigures(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		if _, err := s.AddSubscribers(ctx, l.now, others(2)); err != nil {
			t.Fatal(err)
		}
		l.active()
		l.issue(1, deliver.Outcome{State: deliver.Refused, Class: "full"})
		first := l.now
		l.now = l.now.AddDate(0, 0, 7)
		l.issue(2, deliver.Outcome{State: deliver.Accepted})
		second := l.now
		l.now = l.now.Add(time.Hour)
		if _, err := s.Unsubscribe(ctx, l.now, l.id, button); err != nil {
			t.Fatal(err)
		}
		got, err := s.Figures(ctx, l.now, time.UTC, 2)
		if err != nil {
			t.Fatal(err)
		}
		want := stats.Figures{
			Slots: []stats.Slot{
				{Decision: issue.Decision{Slot: second, Outcome: issue.Made, At: second, Number: 2}, State: deliver.IssueSending},
				{Decision: issue.Decision{Slot: first, Outcome: issue.Made, At: first, Number: 1}, State: deliver.IssueSending},
			},
			Issues: []stats.Issue{
				{Number: 2, Slot: second, States: map[deliver.State]int{deliver.Pending: 2, deliver.Accepted: 1}, Refused: map[deliver.Class]int{}, Unsubscribed: 1},
				{Number: 1, Slot: first, States: map[deliver.State]int{deliver.Pending: 2, deliver.Refused: 1}, Refused: map[deliver.Class]int{"full": 1}},
			},
			Weeks: []stats.Week{
				{Begin: monday.Truncate(24 * time.Hour), Requested: 1, Confirmed: 1, Imported: 2},
				{Begin: monday.Truncate(24*time.Hour).AddDate(0, 0, 7), Departed: 1},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if _, err := s.Restore(ctx, l.now.Add(time.Minute), l.id, audience.Consent{}); err != nil {
			t.Fatal(err)
		}
		if got, err = s.Figures(ctx, l.now, time.UTC, 1); err != nil || len(got.Issues) != 1 || got.Weeks[0].Departed != 0 {
			t.Errorf("after it was undone: %+v, %v", got, err)
		}
	})
}
