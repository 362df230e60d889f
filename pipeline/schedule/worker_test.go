package schedule_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// addReaders adds n of them.
func addReaders(ctx context.Context, s *store.Store, n int) error {
	all := make([]audience.Subscriber, n)
	for i := range all {
		all[i] = audience.Subscriber{
			ID: audience.NewID(), Address: audience.MustAddress(fmt.Sprintf("r%06d@exemple%d.fr", i, i%50)), Lang: "fr", Status: audience.Active,
		}
	}
	_, err := s.AddSubscribers(ctx, monday, all)
	return err
}

// until asks again and again, while other processes do what is asked for.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Duration(1+weeks()) * 2 * time.Second)
	for !done() {
		if t.Failed() {
			t.FailNow()
		}
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
		_ = wait(t.Context(), 20*time.Millisecond)
	}
}

// sent waits until an issue is closed.
func sent(t testing.TB, s *store.Store, number int) {
	t.Helper()
	until(t, fmt.Sprintf("issue %d is sent", number), func() bool {
		is, err := s.Issue(t.Context(), number)
		return err == nil && is.State == deliver.IssueSent
	})
}

// A worker makes the issue when its slot has come, and sends it once to each;
// stopped and started again, it does nothing twice.
func TestWorker(t *testing.T) {
	storetest.EachSource(t, func(t *testing.T, source string) {
		server := smtptest.Start(t, smtptest.Script{Brief: true})
		n, err := newsletter(server.Host(), server.Port(), 4)
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		now := &clock{now: monday}
		page := &schedule.Page{}
		run := func(check func(s *store.Store)) {
			s, err := store.Open(t.Context(), source, true)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			alone, err := s.ShareSending(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			w := newWorker(s, n, "w", folder, alone, now.Now, slog.New(slog.NewTextHandler(t.Output(), nil)))
			w.Page = page
			var running sync.WaitGroup
			running.Go(func() {
				if err := w.Run(ctx); err != nil {
					t.Error(err)
				}
			})
			defer running.Wait()
			defer stop()
			check(s)
			stop()
			running.Wait()
			if leases, err := s.Leases(t.Context()); err != nil || len(leases) > 0 {
				t.Errorf("leases after the end: %v, %v", leases, err)
			}
		}
		run(func(s *store.Store) {
			if err := addReaders(t.Context(), s, 120); err != nil {
				t.Fatal(err)
			}
			until(t, "the first tick", func() bool {
				standing, err := s.Standing(t.Context())
				return err == nil && !standing.Decided.IsZero()
			})
			for path, want := range map[string]string{"": "<html", "api/queues": `"name":"send"`} {
				got := httptest.NewRecorder()
				page.ServeHTTP(got, httptest.NewRequest(http.MethodGet, schedule.PagePath+path, nil))
				if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), want) {
					t.Errorf("%s: %d %s", path, got.Code, got.Body)
				}
			}
		})
		for week := range 2 {
			now.set(slot(week))
			run(func(s *store.Store) {
				sent(t, s, week+1)
				tally, err := s.Tally(t.Context(), week+1)
				if diff := cmp.Diff(map[deliver.State]int{deliver.Accepted: 120}, tally); diff != "" || err != nil {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
			})
		}
		for address, mails := range server.Counts() {
			if mails != 2 {
				t.Errorf("%s got %d mails, want 2", address, mails)
			}
		}
	})
}
