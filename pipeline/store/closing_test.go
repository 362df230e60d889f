package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

var now = time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC)

// frozen is an issue to n readers, all of them claimed and recorded as given.
func frozen(t *testing.T, s *store.Store, number int, policy deliver.Policy, outcomes ...deliver.Outcome) []audience.Subscriber {
	t.Helper()
	var readers []audience.Subscriber
	for i := range outcomes {
		readers = append(readers, audience.Subscriber{
			ID: audience.ID{byte(number), byte(i)}, Address: audience.MustAddress(fmt.Sprintf("r%d.%d@exemple.fr", number, i)), Lang: "fr", Status: audience.Active,
		})
	}
	if _, err := s.AddSubscribers(t.Context(), now, readers); err != nil {
		t.Fatal(err)
	}
	is := deliver.Issue{Number: number, Slot: now.AddDate(0, 0, number), Policy: policy, Ordered: now, Deadline: now.Add(72 * time.Hour)}
	if err := s.Freeze(t.Context(), is, nil, nil, map[string]string{"fr": "fr"}); err != nil {
		t.Fatal(err)
	}
	for i := range outcomes {
		outcomes[i].Subscriber = readers[i].ID
	}
	if _, err := s.Commit(t.Context(), number, now, outcomes, nil); err != nil {
		t.Fatal(err)
	}
	return readers
}

// An issue closes when the ends of its deliveries add up to its audience, and
// not before.
func TestClosing(t *testing.T) {
	accepted := deliver.Outcome{State: deliver.Accepted}
	for _, test := range []struct {
		name   string
		policy deliver.Policy
		last   deliver.Outcome
		want   deliver.IssueState
	}{
		{"all accepted", deliver.Resend, accepted, deliver.IssueSent},
		{"one refused", deliver.Resend, deliver.Outcome{State: deliver.Refused, Class: deliver.ClassSoft}, deliver.IssueSent},
		{"one waits", deliver.Resend, deliver.Outcome{State: deliver.Pending, Class: deliver.ClassLater, NextAt: now.Add(time.Hour)}, deliver.IssueSending},
		{"one in doubt, to be sent again", deliver.Resend, deliver.Outcome{State: deliver.Uncertain}, deliver.IssueSending},
		{"one in doubt, held", deliver.Hold, deliver.Outcome{State: deliver.Uncertain}, deliver.IssueSent},
	} {
		t.Run(test.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				frozen(t, s, 1, test.policy, accepted, accepted, test.last)
				if settled, err := s.Settle(t.Context(), 1, now); err != nil || settled.State != test.want {
					t.Errorf("got %+v, %v", settled, err)
				}
			})
		})
	}
}

// A delivery that is gone keeps its issue open, with an error.
func TestClosingIncomplete(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		frozen(t, s, 1, deliver.Resend, deliver.Outcome{State: deliver.Accepted}, deliver.Outcome{State: deliver.Accepted})
		if err := s.Forget(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Settle(t.Context(), 1, now); !errors.Is(err, store.ErrIncomplete) {
			t.Errorf("got %v", err)
		}
		if is, err := s.Issue(t.Context(), 1); err != nil || is.State != deliver.IssueSending {
			t.Errorf("got %+v, %v", is, err)
		}
	})
}

// Who is taken up again by hand: all that wait, or those of one class.
func TestRetry(t *testing.T) {
	outcomes := func() []deliver.Outcome {
		return []deliver.Outcome{
			{State: deliver.Accepted},
			{State: deliver.Refused, Class: deliver.ClassSoft},
			{State: deliver.Refused, Class: deliver.ClassFull},
			{State: deliver.Pending, Class: deliver.ClassLater, NextAt: now.Add(time.Hour)},
			{State: deliver.Pending, Class: deliver.ClassPolicy, NextAt: now.Add(time.Hour)},
		}
	}
	for class, want := range map[deliver.Class]int{"": 2, deliver.ClassSoft: 1, deliver.ClassPolicy: 1, deliver.ClassHard: 0} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			frozen(t, s, 1, deliver.Resend, outcomes()...)
			due, err := s.Retry(t.Context(), 1, class, now, now.Add(time.Hour))
			if err != nil || due != want {
				t.Errorf("%q: %d due, %v; want %d", class, due, err, want)
			}
		})
	}
}
