package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// A flood of requests leaves at no more than 200 mails in any hour, the oldest
// first, one to each address a day; none is lost. A notice does not wait.
func TestOutboxLimits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		const readers = 500
		for range 2 {
			for i := range readers {
				err := s.Subscribe(ctx, l.now, audience.Request{Address: audience.MustAddress(fmt.Sprintf("r%d@exemple.fr", i)), Lang: "fr"})
				if err != nil {
					t.Fatal(err)
				}
			}
			l.now = l.now.Add(time.Minute)
		}
		if err := s.Queue(ctx, l.now, audience.Mail{Kind: audience.MailNotice, Address: zoe, Lang: "fr"}); err != nil {
			t.Fatal(err)
		}
		var left []time.Time
		notices := 0
		for range 4 * 60 { // four hours, minute by minute
			due, err := s.OutboxDue(ctx, l.now, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range due {
				if m.Kind == audience.MailNotice {
					notices++
				} else {
					left = append(left, l.now)
				}
				if err := s.OutboxDone(ctx, m.ID); err != nil {
					t.Fatal(err)
				}
			}
			if notices == 0 {
				t.Error("the notice waits")
			}
			l.now = l.now.Add(time.Minute)
		}
		if len(left) != readers || notices != 1 {
			t.Errorf("%d mails, %d notices left", len(left), notices)
		}
		for i := store.OutboxPerHour; i < len(left); i++ {
			if left[i].Sub(left[i-store.OutboxPerHour]) < time.Hour {
				t.Fatalf("%d mails left between %s and %s", store.OutboxPerHour+1, left[i-store.OutboxPerHour], left[i])
			}
		}
		if n, err := s.OutboxWaiting(ctx); n != 0 || err != nil {
			t.Errorf("%d wait, %v", n, err)
		}
	})
}

// A mail handed out is handed out to nobody else, until its lease ends: then
// its sender is taken for dead.
func TestOutboxLease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		if err := s.Queue(ctx, l.now, audience.Mail{Kind: audience.MailNotice, Address: zoe, Lang: "fr", Data: `{"a":1}`}); err != nil {
			t.Fatal(err)
		}
		take := func(want int) []audience.Mail {
			t.Helper()
			due, err := s.OutboxDue(ctx, l.now, 10)
			if err != nil || len(due) != want {
				t.Fatalf("got %v, %v", due, err)
			}
			return due
		}
		first := take(1)[0]
		take(0)
		l.now = l.now.Add(15 * time.Minute)
		again := take(1)[0]
		if again.ID != first.ID || again.Data != `{"a":1}` || again.Attempts != 0 {
			t.Errorf("got %+v after %+v", again, first)
		}
		if err := s.OutboxLater(ctx, again.ID, l.now.Add(time.Hour), errors.New("450 <zoe@exemple.fr> later")); err != nil {
			t.Fatal(err)
		}
		l.now = l.now.Add(59 * time.Minute)
		take(0)
		l.now = l.now.Add(time.Minute)
		if got := take(1)[0]; got.Attempts != 1 || got.Error != "450 <…@…> later" {
			t.Errorf("got %+v", got)
		}
	})
}
