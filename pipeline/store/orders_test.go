package store_test

import (
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// An issue that waits for approval does not go because somebody retries it.
func TestRetryWaiting(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		readers(t, s, 3)
		is := weekly(1, deliver.Resend)
		is.State = deliver.IssueWaiting
		if err := s.Freeze(t.Context(), is, nil, nil, map[string]string{"fr": "fr"}); err != nil {
			t.Fatal(err)
		}
		due, err := s.Retry(t.Context(), 1, "", ordered, ordered.Add(72*time.Hour))
		if got, _ := s.Issue(t.Context(), 1); due != 0 || err != nil || got.State != deliver.IssueWaiting {
			t.Errorf("%d due, %v: the issue is %s", due, err, got.State)
		}
	})
}

// Whom a refusal has suppressed is not tried again, and stays counted as refused.
func TestRetrySuppressed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		frozen(t, s, 1, deliver.Hold, deliver.Outcome{State: deliver.Refused, Class: deliver.ClassHard})
		if settled, err := s.Settle(t.Context(), 1, now); err != nil || settled.Suppressed != 1 {
			t.Fatal(settled, err)
		}
		if due, err := s.Retry(t.Context(), 1, deliver.ClassHard, now, now.Add(time.Hour)); err != nil || due != 0 {
			t.Errorf("%d due, %v", due, err)
		}
		tally(t, s, 1, map[deliver.State]int{deliver.Refused: 1})
	})
}

// Refusals that a person has seen, and let go on, neither stop the issue again
// nor suppress anybody.
func TestJudgedRefusals(t *testing.T) {
	for name, goOn := range map[string]func(s *store.Store) error{
		"retry": func(s *store.Store) error {
			_, err := s.Retry(t.Context(), 1, "", now.Add(time.Hour), now.Add(72*time.Hour))
			return err
		},
		"approve": func(s *store.Store) error { return s.Approve(t.Context(), 1, now.Add(time.Hour), 72*time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				outcomes := make([]deliver.Outcome, 23)
				for i := range outcomes {
					outcomes[i] = deliver.Outcome{State: deliver.Refused, Class: deliver.ClassHard}
				}
				outcomes[22] = deliver.Outcome{State: deliver.Pending, Class: deliver.ClassLater, NextAt: now.Add(time.Minute)}
				frozen(t, s, 1, deliver.Resend, outcomes...)
				settled, err := s.Settle(t.Context(), 1, now)
				if err != nil || settled.State != deliver.IssueHeld || settled.Suppressed != 0 || len(settled.Alarmed) == 0 {
					t.Errorf("22 of 22 refused: %+v, %v", settled, err)
				}
				if is, err := s.Issue(t.Context(), 1); err != nil || is.Reason != "refusals-at@exemple.fr" {
					t.Errorf("held for %q, %v", is.Reason, err)
				}
				if err := goOn(s); err != nil {
					t.Error(err)
				}
				if answers, err := s.Answers(t.Context(), 1); err != nil || len(answers) > 0 {
					t.Errorf("answers since: %v, %v", answers, err)
				}
				settled, err = s.Settle(t.Context(), 1, now.Add(2*time.Hour))
				if err != nil || settled.State != deliver.IssueSending || settled.Suppressed != 0 {
					t.Errorf("let go on: %+v, %v", settled, err)
				}
			})
		})
	}
}

// A held issue goes on by order also when those it waited for have left
// meanwhile, and is closed.
func TestRetryNobodyLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		waits := frozen(t, s, 1, deliver.Resend, deliver.Outcome{State: deliver.Pending, Class: deliver.ClassLater, NextAt: now.Add(time.Hour)})[0]
		if err := s.Hold(t.Context(), 1, "refusals"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Unsubscribe(t.Context(), now, waits.ID, audience.Consent{}); err != nil {
			t.Fatal(err)
		}
		if due, err := s.Retry(t.Context(), 1, "", now, now.Add(time.Hour)); err != nil || due != 0 {
			t.Errorf("%d due, %v", due, err)
		}
		if settled, err := s.Settle(t.Context(), 1, now); err != nil || settled.State != deliver.IssueSent {
			t.Errorf("got %+v, %v", settled, err)
		}
	})
}

// An issue that is held while its last delivery ends is closed: there is
// nothing to be held any more.
func TestHeldAtTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		frozen(t, s, 1, deliver.Resend, deliver.Outcome{State: deliver.Refused, Class: deliver.ClassHard})
		if err := s.Hold(t.Context(), 1, "refusals"); err != nil {
			t.Fatal(err)
		}
		settled, err := s.Settle(t.Context(), 1, now)
		if err != nil || settled.State != deliver.IssueSent || settled.Suppressed != 0 {
			t.Errorf("got %+v, %v", settled, err)
		}
		if is, err := s.Issue(t.Context(), 1); err != nil || is.State != deliver.IssueSent || is.Reason != "" {
			t.Errorf("got %+v, %v", is, err)
		}
		if err := s.Hold(t.Context(), 1, "late"); err != nil {
			t.Fatal(err)
		}
		if is, err := s.Issue(t.Context(), 1); err != nil || is.State != deliver.IssueSent {
			t.Errorf("held once closed: %+v, %v", is, err)
		}
	})
}

// A doubt decided of a held issue does not set it going for everybody.
func TestDecideHeld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		doubted := frozen(t, s, 1, deliver.Hold, deliver.Outcome{State: deliver.Uncertain}, deliver.Outcome{State: deliver.Pending})[0]
		if err := s.Hold(t.Context(), 1, "refusals"); err != nil {
			t.Fatal(err)
		}
		ok, err := s.Decide(t.Context(), 1, doubted.Address, deliver.Pending, now, now.Add(time.Hour))
		if is, _ := s.Issue(t.Context(), 1); !ok || err != nil || is.State != deliver.IssueHeld || is.Reason != "refusals" {
			t.Errorf("decided %v, %v: the issue is %s (%q)", ok, err, is.State, is.Reason)
		}
	})
}

// A doubt that is looked at after the deadline is sent once more all the same.
func TestDecideLate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		doubted := frozen(t, s, 1, deliver.Hold, deliver.Outcome{State: deliver.Uncertain})[0]
		if settled, err := s.Settle(t.Context(), 1, now); err != nil || settled.State != deliver.IssueSent {
			t.Fatal(settled, err)
		}
		late := now.AddDate(0, 0, 4)
		if ok, err := s.Decide(t.Context(), 1, doubted.Address, deliver.Pending, late, late.Add(72*time.Hour)); err != nil || !ok {
			t.Fatal(ok, err)
		}
		if err := s.Recover(t.Context(), 1, late); err != nil {
			t.Fatal(err)
		}
		tally(t, s, 1, map[deliver.State]int{deliver.Pending: 1})
	})
}

// A delivery in doubt is due a minute later where it is to be sent once more.
func TestNextDueInDoubt(t *testing.T) {
	for policy, want := range map[deliver.Policy]bool{deliver.Resend: true, deliver.Hold: false} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			frozen(t, s, 1, policy, deliver.Outcome{State: deliver.Uncertain})
			if at, ok, err := s.NextDue(t.Context(), 1); err != nil || ok != want || ok && !at.Equal(now.Add(time.Minute)) {
				t.Errorf("%s: %v, %v, %v", policy, at, ok, err)
			}
		})
	}
}

// An issue whose last worker died before it closed it is taken up to be closed.
func TestOpenRangesNothingLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		frozen(t, s, 1, deliver.Resend, deliver.Outcome{State: deliver.Accepted}, deliver.Outcome{State: deliver.Refused, Class: deliver.ClassSoft})
		open, err := s.OpenRanges(t.Context(), now)
		if err != nil || len(open) != 1 {
			t.Fatalf("got %v, %v", open, err)
		}
		if err := s.Enrol(t.Context(), "w", "w", true, now); err != nil {
			t.Fatal(err)
		}
		share, err := s.Take(t.Context(), "w", open[0])
		if err != nil {
			t.Fatal(err)
		}
		if settled, err := share.Settle(t.Context(), 1, now); err != nil || settled.State != deliver.IssueSent {
			t.Errorf("got %+v, %v", settled, err)
		}
	})
}

// Workers that share an issue find together that too many are refused, though
// none of them alone would.
func TestSharedBreaker(t *testing.T) {
	s := storetest.Postgres(t)
	if err := s.Enrol(t.Context(), "w", "w", true, now); err != nil {
		t.Fatal(err)
	}
	var all []audience.Subscriber
	for i := range 64 {
		all = append(all, audience.Subscriber{ID: audience.ID{byte(i) << 2}, Address: audience.MustAddress("r" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@exemple.fr"), Lang: "fr", Status: audience.Active})
	}
	if _, err := s.AddSubscribers(t.Context(), now, all); err != nil {
		t.Fatal(err)
	}
	freeze(t, s, 1, deliver.Resend)
	ranges, err := s.OpenRanges(t.Context(), ordered)
	if err != nil || len(ranges) != 16 {
		t.Fatal(ranges, err)
	}
	for i, r := range ranges {
		share, err := s.Take(t.Context(), "w", r)
		if err != nil {
			t.Fatal(err)
		}
		due, err := share.Due(t.Context(), 1, ordered, deliver.Cursor{}, 10)
		if err != nil || len(due) == 0 {
			t.Fatal(due, err)
		}
		var refused []deliver.Outcome
		for _, d := range due {
			refused = append(refused, deliver.Outcome{Subscriber: d.Subscriber.ID, State: deliver.Refused, Class: deliver.ClassHard})
		}
		if _, err := share.Commit(t.Context(), 1, ordered, refused, nil); err != nil {
			t.Fatal(err)
		}
		settled, err := share.Settle(t.Context(), 1, ordered)
		if err != nil || settled.Suppressed > 0 {
			t.Fatalf("part %d: %+v, %v", i, settled, err)
		}
		if settled.State == deliver.IssueHeld {
			if i < 4 || i > 6 {
				t.Errorf("held after part %d", i)
			}
			return
		}
	}
	t.Error("64 of 64 are refused, and the issue was never held")
}

// A sender whose lock is gone with its connection is granted nothing more.
func TestLockLost(t *testing.T) {
	source := storetest.PostgresURL(t)
	open := func() *store.Store {
		s, err := store.Open(t.Context(), source, true)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() }) // its lock is lost
		return s
	}
	one, two := open(), open()
	ids := readers(t, one, 2)
	freeze(t, one, 1, deliver.Resend)
	if err := one.LockSending(t.Context()); err != nil {
		t.Fatal(err)
	}
	commit(t, one, nil, ids[:1], ids[:1])
	if _, err := two.DB().Exec(`SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
		WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
		  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`); err != nil {
		t.Fatal(err)
	}
	if err := two.LockSending(t.Context()); err != nil {
		t.Fatal(err)
	}
	accepted := []deliver.Outcome{{Subscriber: ids[0], State: deliver.Accepted}}
	if granted, err := one.Commit(t.Context(), 1, ordered, accepted, ids[1:]); err == nil || len(granted) > 0 {
		t.Errorf("granted %v, %v", granted, err)
	}
	tally(t, two, 1, map[deliver.State]int{deliver.Accepted: 1, deliver.Pending: 1})
}
