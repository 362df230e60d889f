package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

var ordered = time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC)

// readers adds some, and returns their ids in the ledger's order.
func readers(t *testing.T, s *store.Store, n int) []audience.ID {
	t.Helper()
	var all []audience.Subscriber
	for i := range n {
		all = append(all, audience.Subscriber{
			ID: audience.NewID(), Address: audience.MustAddress(fmt.Sprintf("r%04d@exemple.fr", i)), Lang: "fr", Status: audience.Active,
		})
	}
	if _, err := s.AddSubscribers(t.Context(), ordered, all); err != nil {
		t.Fatal(err)
	}
	ids := make([]audience.ID, n)
	for i := range all {
		ids[i] = all[i].ID
	}
	slices.SortFunc(ids, func(a, b audience.ID) int { return strings.Compare(a.String(), b.String()) })
	return ids
}

func weekly(number int, policy deliver.Policy) deliver.Issue {
	return deliver.Issue{
		Number: number, Slot: ordered.AddDate(0, 0, 7*number), From: ordered.AddDate(0, 0, 7*number-7), To: ordered.AddDate(0, 0, 7*number),
		State: deliver.IssueSending, Policy: policy, Hash: "h", Commit: "c", Key: "k", Base: "https://exemple.fr",
		Ordered: ordered, Deadline: ordered.Add(72 * time.Hour),
	}
}

func freeze(t *testing.T, s *store.Store, number int, policy deliver.Policy) {
	t.Helper()
	if err := s.Freeze(t.Context(), weekly(number, policy), nil, nil, map[string]string{"fr": "fr"}); err != nil {
		t.Fatal(err)
	}
}

func tally(t *testing.T, s *store.Store, number int, want map[deliver.State]int) {
	t.Helper()
	got, err := s.Tally(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("issue %d (-want +got):\n%s", number, diff)
	}
}

// commit grants and records, and checks who was granted.
func commit(t *testing.T, s *store.Store, outcomes []deliver.Outcome, intents, want []audience.ID) {
	t.Helper()
	granted, err := s.Commit(t.Context(), 1, ordered.Add(time.Minute), outcomes, intents)
	if err != nil {
		t.Fatal(err)
	}
	sorted := func(ids []audience.ID) (texts []string) {
		for _, id := range ids {
			texts = append(texts, id.String())
		}
		slices.Sort(texts)
		return texts
	}
	if diff := cmp.Diff(sorted(want), sorted(granted)); diff != "" {
		t.Errorf("granted (-want +got):\n%s", diff)
	}
}

// What is frozen is read back as it was, and a slot has one issue.
func TestFreeze(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		readers(t, s, 3)
		is := weekly(1, deliver.Resend)
		items := []issue.Item{{ID: "é", Versions: nil}}
		documents := []render.Document{{Locale: "fr", Subject: "Numéro 1 : l’été", HTML: "<p>é</p>", Web: "w", Text: "t", Preheader: "p", Key: "m"}}
		if err := s.Freeze(t.Context(), is, items, documents, map[string]string{"fr": "fr"}); err != nil {
			t.Fatal(err)
		}
		got, err := s.Issue(t.Context(), 1)
		if diff := cmp.Diff(is, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		frozen, err := s.Documents(t.Context(), 1)
		if diff := cmp.Diff(documents, frozen); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		for _, again := range []deliver.Issue{weekly(1, deliver.Resend), {Number: 1, Slot: is.Slot.Add(time.Hour)}, {Number: 2, Slot: is.Slot}} {
			if err := s.Freeze(t.Context(), again, nil, nil, nil); !errors.Is(err, store.ErrFrozen) {
				t.Errorf("again: got %v", err)
			}
		}
		tally(t, s, 1, map[deliver.State]int{deliver.Pending: 3})
		past, err := s.Past(t.Context())
		if err != nil || past.Number != 1 || !past.Border.Equal(is.To) || !past.Begin.Equal(is.From) {
			t.Errorf("past: %+v, %v", past, err)
		}
		if _, err := s.Issue(t.Context(), 2); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("issue 2: got %v", err)
		}
	})
}

// Of several processes at one slot, one makes the issue.
func TestFreezeAtOnce(t *testing.T) {
	storetest.EachSource(t, func(t *testing.T, source string) {
		stores := make([]*store.Store, 4)
		for i := range stores {
			var err error
			if stores[i], err = store.Open(t.Context(), source, true); err != nil {
				t.Fatal(err)
			}
			defer stores[i].Close()
		}
		readers(t, stores[0], 20)
		errs := make([]error, len(stores))
		var all sync.WaitGroup
		for i, s := range stores {
			all.Go(func() {
				errs[i] = s.Freeze(context.WithoutCancel(t.Context()), weekly(1, deliver.Resend), nil, nil, map[string]string{"fr": "fr"})
			})
		}
		all.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else if !errors.Is(err, store.ErrFrozen) {
				t.Error(err)
			}
		}
		if made != 1 {
			t.Errorf("%d made the issue", made)
		}
		tally(t, stores[0], 1, map[deliver.State]int{deliver.Pending: 20})
	})
}

// A database opened by several at once, while it is empty, gets its schema once.
func TestOpenAtOnce(t *testing.T) {
	storetest.EachSource(t, func(t *testing.T, source string) {
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				s, err := store.Open(context.WithoutCancel(t.Context()), source, true)
				if errs[i] = err; err == nil {
					errs[i] = s.Close()
				}
			})
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
	})
}

// An empty database is not ours before something is put in it by order.
func TestOpenEmpty(t *testing.T) {
	storetest.EachSource(t, func(t *testing.T, source string) {
		if s, err := store.Open(t.Context(), source, false); !errors.Is(err, store.ErrNoFile) {
			t.Errorf("got %v, %v", s, err)
		}
	})
}

// Who sends keeps others from sending, until it closes.
func TestLockSending(t *testing.T) {
	storetest.EachSource(t, func(t *testing.T, source string) {
		open := func() *store.Store {
			s, err := store.Open(t.Context(), source, true)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		first, second := open(), open()
		defer second.Close()
		if err := first.LockSending(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := second.LockSending(t.Context()); !errors.Is(err, store.ErrBusy) {
			t.Errorf("got %v", err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if err := second.LockSending(t.Context()); err != nil {
			t.Errorf("after the first has gone: %v", err)
		}
	})
}

// A delivery goes through the ledger: read, granted once, recorded.
func TestCommit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ids := readers(t, s, 6)
		freeze(t, s, 1, deliver.Resend)
		due, err := s.Due(t.Context(), 1, ordered, deliver.Cursor{}, 4)
		if err != nil || len(due) != 4 || due[0].Subscriber.ID != ids[0] || due[3].Subscriber.ID != ids[3] {
			t.Fatalf("got %v, %v", due, err)
		}
		due, err = s.Due(t.Context(), 1, ordered, deliver.Cursor{Subscriber: ids[3]}, 4)
		if err != nil || len(due) != 2 || due[1].Subscriber.ID != ids[5] {
			t.Fatalf("got %v, %v", due, err)
		}
		commit(t, s, nil, ids[:3], ids[:3])
		commit(t, s, nil, ids[2:4], ids[3:4]) // the third is taken
		commit(t, s, []deliver.Outcome{
			{Subscriber: ids[0], State: deliver.Accepted, Reply: deliver.Reply{Code: 250, Text: "ok"}},
			{Subscriber: ids[1], State: deliver.Uncertain, Class: deliver.ClassNetwork, Reply: deliver.Reply{Text: "silence \x00\xff"}},
			{Subscriber: ids[2], State: deliver.Pending, Class: deliver.ClassLater, Reply: deliver.Reply{Code: 450, Enhanced: "4.2.0", Text: "later"}, NextAt: ordered.Add(time.Hour)},
		}, ids[4:5], ids[4:5])
		// An outcome comes once: what was recorded stays.
		commit(t, s, []deliver.Outcome{{Subscriber: ids[0], State: deliver.Refused, Class: deliver.ClassHard}}, nil, nil)
		tally(t, s, 1, map[deliver.State]int{deliver.Accepted: 1, deliver.Uncertain: 1, deliver.Pending: 2, deliver.Sending: 2})

		if at, ok, err := s.NextDue(t.Context(), 1); err != nil || !ok || !at.IsZero() {
			t.Errorf("next due %v, %v, %v", at, ok, err)
		}
		for _, tt := range []struct {
			now  time.Time
			want int
		}{{ordered.Add(59 * time.Minute), 0}, {ordered.Add(time.Hour), 1}} {
			due, err := s.Due(t.Context(), 1, tt.now, deliver.Cursor{Waiting: true}, 4)
			if err != nil || len(due) != tt.want {
				t.Errorf("waiting at %s: %v, %v", tt.now, due, err)
			}
		}
		cases, err := s.Cases(t.Context(), 1, 10)
		if err != nil || len(cases) == 0 || cases[0].Doubt == "" || !cases[0].Doubted.Equal(ordered.Add(time.Minute)) {
			t.Errorf("cases %+v, %v", cases, err)
		}
	})
}

// What an interrupted sender left is in doubt, and under resend goes again.
func TestRecover(t *testing.T) {
	for policy, want := range map[deliver.Policy]map[deliver.State]int{
		deliver.Resend: {deliver.Pending: 5},
		deliver.Hold:   {deliver.Pending: 3, deliver.Uncertain: 2},
	} {
		t.Run(string(policy), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				ids := readers(t, s, 5)
				freeze(t, s, 1, policy)
				commit(t, s, nil, ids[:2], ids[:2])
				if err := s.Recover(t.Context(), 1, ordered.Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
				tally(t, s, 1, want)
				cases, err := s.Cases(t.Context(), 1, 10)
				if err != nil || len(cases) != 2 {
					t.Errorf("named: %v, %v", cases, err)
				}
				if err := s.Recover(t.Context(), 1, ordered.Add(72*time.Hour)); err != nil {
					t.Fatal(err)
				}
				if got, _ := s.Tally(t.Context(), 1); got[deliver.Refused] != want[deliver.Pending] {
					t.Errorf("past the deadline: %v", got)
				}
			})
		})
	}
}

// An issue closes when all have their end; a hard refusal suppresses.
func TestSettle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ids := readers(t, s, 4)
		freeze(t, s, 1, deliver.Hold)
		commit(t, s, nil, ids, ids)
		commit(t, s, []deliver.Outcome{
			{Subscriber: ids[0], State: deliver.Accepted},
			{Subscriber: ids[1], State: deliver.Refused, Class: deliver.ClassHard, Reply: deliver.Reply{Code: 550, Enhanced: "5.1.1"}},
			{Subscriber: ids[2], State: deliver.Uncertain, Class: deliver.ClassNetwork},
		}, nil, nil)
		if settled, err := s.Settle(t.Context(), 1, ordered); err != nil || settled.State != deliver.IssueSending || settled.Suppressed != 1 {
			t.Errorf("one is open: %+v, %v", settled, err)
		}
		commit(t, s, []deliver.Outcome{{Subscriber: ids[3], State: deliver.Accepted}}, nil, nil)
		if settled, err := s.Settle(t.Context(), 1, ordered); err != nil || settled.State != deliver.IssueSent {
			t.Errorf("none is open: %+v, %v", settled, err)
		}
		if open, err := s.Unfinished(t.Context()); err != nil || len(open) > 0 {
			t.Errorf("unfinished: %v, %v", open, err)
		}
		counts, err := s.ActiveByLanguage(t.Context(), ordered)
		if err != nil || counts["fr"] != 3 {
			t.Errorf("active: %v, %v", counts, err)
		}
		freeze(t, s, 2, deliver.Hold)
		tally(t, s, 2, map[deliver.State]int{deliver.Pending: 3})
	})
}

// What a person orders of a held issue, and of a doubt.
func TestRetryAndDecide(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ids := readers(t, s, 3)
		freeze(t, s, 1, deliver.Hold)
		commit(t, s, nil, ids, ids)
		commit(t, s, []deliver.Outcome{
			{Subscriber: ids[0], State: deliver.Refused, Class: deliver.ClassPolicy},
			{Subscriber: ids[1], State: deliver.Uncertain},
			{Subscriber: ids[2], State: deliver.Uncertain},
		}, nil, nil)
		if err := s.Hold(t.Context(), 1, "too many"); err != nil {
			t.Fatal(err)
		}
		if is, err := s.Issue(t.Context(), 1); err != nil || is.State != deliver.IssueHeld || is.Reason != "too many" {
			t.Errorf("held: %+v, %v", is, err)
		}
		if due, err := s.Retry(t.Context(), 1, deliver.ClassPolicy, ordered, ordered.Add(time.Hour)); err != nil || due != 1 {
			t.Errorf("retry: %d, %v", due, err)
		}
		if is, err := s.Issue(t.Context(), 1); err != nil || is.State != deliver.IssueSending || is.Reason != "" {
			t.Errorf("retried: %+v, %v", is, err)
		}
		subscribers, err := s.Subscribers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		states := map[audience.ID]deliver.State{ids[1]: deliver.Accepted, ids[2]: deliver.Pending}
		for _, sub := range subscribers {
			state, uncertain := states[sub.ID]
			ok, err := s.Decide(t.Context(), 1, sub.Address, state, ordered, ordered.Add(time.Hour))
			if err != nil || ok != uncertain {
				t.Errorf("decide %s: %v, %v", sub.Address, ok, err)
			}
		}
		tally(t, s, 1, map[deliver.State]int{deliver.Accepted: 1, deliver.Pending: 2})
	})
}
