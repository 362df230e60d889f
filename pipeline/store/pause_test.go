package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// Who paused is in no snapshot before the pause ends, and who pauses in the
// middle of a send is not granted a delivery.
func TestPause(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		l.active()
		l.now = l.now.Add(time.Minute)
		pause := func(until time.Time) {
			t.Helper()
			got, err := s.SetPreferences(ctx, l.now, l.id, audience.Choices{Name: "Zoé", Lang: "fr", PausedUntil: until}, link)
			l.want(got, err, audience.Active)
		}
		snapshot := func(number int) []deliver.Delivery {
			t.Helper()
			is := deliver.Issue{Number: number, Slot: l.now, State: deliver.IssueSending, Policy: deliver.Resend, Ordered: l.now, Deadline: l.now.Add(time.Hour)}
			if err := s.Freeze(ctx, is, nil, nil, map[string]string{"fr": "fr"}); err != nil {
				t.Fatal(err)
			}
			due, err := s.Due(ctx, number, l.now, deliver.Cursor{}, 10)
			if err != nil {
				t.Fatal(err)
			}
			return due
		}
		pause(l.now.AddDate(0, 1, 0))
		if due := snapshot(1); len(due) != 0 {
			t.Errorf("a paused reader is due: %v", due)
		}
		l.now = l.now.AddDate(0, 1, 0)
		if due := snapshot(2); len(due) != 1 {
			t.Errorf("after the pause: %v", due)
		}
		pause(l.now.AddDate(0, 1, 0))
		granted, err := s.Commit(ctx, 2, l.now, nil, []audience.ID{l.id})
		if err != nil || len(granted) != 0 {
			t.Errorf("granted to a paused reader: %v, %v", granted, err)
		}
		if _, err := s.Settle(ctx, 2, l.now); err != nil {
			t.Fatal(err)
		}
		if tally, err := s.Tally(ctx, 2); err != nil || tally[deliver.Suppressed] != 1 {
			t.Errorf("got %v, %v", tally, err)
		}
		l.now = l.now.Add(time.Minute)
		pause(time.Time{})
		want := []audience.Event{audience.Requested, audience.Confirmed, audience.Paused, audience.Paused, audience.Paused}
		if got := l.events(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// A reader's own words change what they are called, never what the register
// says of them: it outlives the name.
func TestPreferencesRecordNoName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		l.active()
		l.now = l.now.Add(time.Hour)
		got, err := s.SetPreferences(t.Context(), l.now, l.id, audience.Choices{Name: "Zoé Lefèvre", Lang: "en"}, link)
		l.want(got, err, audience.Active)
		records, err := s.Records(t.Context(), l.id)
		if err != nil {
			t.Fatal(err)
		}
		if last := records[len(records)-1]; last.Event != audience.Changed || last.Detail != "lang: fr → en, name" {
			t.Errorf("got %+v", last)
		}
	})
}
