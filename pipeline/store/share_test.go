package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// enrol begins the leases of some workers.
func enrol(t *testing.T, s *store.Store, workers ...string) {
	t.Helper()
	for _, w := range workers {
		if err := s.Enrol(t.Context(), w, w+"@host", false, ordered); err != nil {
			t.Fatal(err)
		}
	}
}

func openRanges(t *testing.T, s *store.Store) []deliver.Range {
	t.Helper()
	open, err := s.OpenRanges(t.Context(), ordered)
	if err != nil {
		t.Fatal(err)
	}
	return open
}

func take(t *testing.T, s *store.Store, worker string, r deliver.Range) *store.Share {
	t.Helper()
	share, err := s.Take(t.Context(), worker, r)
	if err != nil {
		t.Fatal(err)
	}
	return share
}

func due(t *testing.T, share *store.Share) (ids []audience.ID) {
	t.Helper()
	all, err := share.Due(t.Context(), 1, ordered, deliver.Cursor{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		ids = append(ids, d.Subscriber.ID)
	}
	return ids
}

// The ranges of an issue hold every reader once, and one worker each.
func TestRanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		want := readers(t, s, 200)
		freeze(t, s, 1, deliver.Resend)
		enrol(t, s, "a", "b")
		var got []audience.ID
		for _, r := range openRanges(t, s) {
			got = append(got, due(t, take(t, s, "a", r))...)
			if _, err := s.Take(t.Context(), "b", r); !errors.Is(err, deliver.ErrLost) {
				t.Errorf("taken twice: %v", err)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d readers in ranges, want %d in the same order", len(got), len(want))
		}
		if open := openRanges(t, s); len(open) > 0 {
			t.Errorf("still open: %v", open)
		}
	})
}

// A range taken from a lost worker is the other's: what the first was sending
// is in doubt, and when it comes back it is granted nothing and undoes nothing.
func TestLostWorker(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		readers(t, s, 400)
		freeze(t, s, 1, deliver.Resend)
		enrol(t, s, "a", "b")
		r := openRanges(t, s)[0]
		lost := take(t, s, "a", r)
		ids := due(t, lost)
		if granted, err := lost.Commit(t.Context(), 1, ordered, nil, ids[:2]); err != nil || len(granted) != 2 {
			t.Fatalf("granted %v, %v", granted, err)
		}
		leases, err := s.Leases(t.Context())
		if err != nil || len(leases) != 2 {
			t.Fatalf("leases %v, %v", leases, err)
		}
		if _, err := s.RenewLease(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if err := s.Dismiss(t.Context(), leases[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := s.RenewLease(t.Context(), "a"); err != nil {
			t.Errorf("dismissed although it had renewed: %v", err)
		}
		leases, _ = s.Leases(t.Context())
		if err := s.Dismiss(t.Context(), leases[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := s.RenewLease(t.Context(), "a"); !errors.Is(err, deliver.ErrLost) {
			t.Errorf("renewed after its end: %v", err)
		}
		if _, err := s.Take(t.Context(), "b", r); !errors.Is(err, deliver.ErrLost) {
			t.Errorf("an order from before: %v", err)
		}
		again := openRanges(t, s)
		if again[0].Turn != 1 {
			t.Errorf("open again: %v", again[0])
		}
		second := take(t, s, "b", again[0])
		if err := second.Recover(t.Context(), 1, ordered); err != nil {
			t.Fatal(err)
		}
		if got := due(t, second); !slices.Equal(got, ids) {
			t.Errorf("%d are due, want %d", len(got), len(ids))
		}
		accepted := deliver.Outcome{Subscriber: ids[0], State: deliver.Accepted, Reply: deliver.Reply{Code: 250, Text: "late"}}
		if granted, err := lost.Commit(t.Context(), 1, ordered, []deliver.Outcome{accepted}, ids[2:3]); !errors.Is(err, deliver.ErrLost) || len(granted) > 0 {
			t.Errorf("the lost worker is granted %v, %v", granted, err)
		}
		if got, _ := s.Tally(t.Context(), 1); got[deliver.Pending] != 400 {
			t.Errorf("after its return: %v", got)
		}
		cases, err := s.Cases(t.Context(), 1, 10)
		if err != nil || len(cases) != 2 || !strings.Contains(cases[0].Doubt+cases[1].Doubt, "late") {
			t.Errorf("named: %+v, %v", cases, err)
		}
	})
}

// The restart of the only process takes over at once.
func TestRestartAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		readers(t, s, 50)
		freeze(t, s, 1, deliver.Resend)
		enrol(t, s, "dead")
		all := openRanges(t, s)
		for _, r := range all {
			take(t, s, "dead", r)
		}
		if err := s.Enrol(t.Context(), "new", "new", true, ordered); err != nil {
			t.Fatal(err)
		}
		if got := openRanges(t, s); len(got) != len(all) {
			t.Errorf("%d ranges are open, want %d", len(got), len(all))
		}
		if leases, err := s.Leases(t.Context()); err != nil || len(leases) != 1 {
			t.Errorf("leases %v, %v", leases, err)
		}
	})
}

// A held issue grants nothing to anybody; what was under way is recorded.
func TestHeldShare(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		readers(t, s, 400)
		freeze(t, s, 1, deliver.Resend)
		enrol(t, s, "a")
		share := take(t, s, "a", openRanges(t, s)[0])
		ids := due(t, share)
		if _, err := share.Commit(t.Context(), 1, ordered, nil, ids[:1]); err != nil {
			t.Fatal(err)
		}
		if err := s.Hold(t.Context(), 1, "stop"); err != nil {
			t.Fatal(err)
		}
		_, err := share.Commit(t.Context(), 1, ordered, []deliver.Outcome{{Subscriber: ids[0], State: deliver.Accepted}}, ids[1:2])
		if !errors.Is(err, deliver.ErrHeld) {
			t.Errorf("got %v", err)
		}
		tally(t, s, 1, map[deliver.State]int{deliver.Accepted: 1, deliver.Pending: 399})
		if _, err := share.Settle(t.Context(), 1, ordered); err != nil {
			t.Fatal(err)
		}
		if is, err := s.Issue(t.Context(), 1); err != nil || is.State != deliver.IssueHeld {
			t.Errorf("got %+v, %v", is, err)
		}
		if open := openRanges(t, s); len(open) > 0 {
			t.Errorf("a held issue is to be sent: %v", open)
		}
	})
}

// Each worker settles what is its own; the last closes the issue.
func TestSettleShares(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		readers(t, s, 100)
		freeze(t, s, 1, deliver.Resend)
		enrol(t, s, "a", "b")
		open := openRanges(t, s)
		for i, r := range open {
			share := take(t, s, []string{"a", "b"}[i%2], r)
			ids := due(t, share)
			if _, err := share.Commit(t.Context(), 1, ordered, nil, ids); err != nil {
				t.Fatal(err)
			}
			var outcomes []deliver.Outcome
			for _, id := range ids {
				outcomes = append(outcomes, deliver.Outcome{Subscriber: id, State: deliver.Accepted})
			}
			if _, err := share.Commit(t.Context(), 1, ordered.Add(time.Second), outcomes, nil); err != nil {
				t.Fatal(err)
			}
			settled, err := share.Settle(t.Context(), 1, ordered)
			want := deliver.IssueSending
			if i == len(open)-1 {
				want = deliver.IssueSent
			}
			if err != nil || settled.State != want {
				t.Errorf("after %d of %d ranges: %+v, %v", i+1, len(open), settled, err)
			}
		}
		tally(t, s, 1, map[deliver.State]int{deliver.Accepted: 100})
	})
}
