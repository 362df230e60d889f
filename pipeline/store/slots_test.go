package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

var thursday = time.Date(2026, 11, 12, 10, 0, 0, 0, time.UTC)

// waiting freezes an issue that waits.
func waiting(t *testing.T, s *store.Store, number int, slot time.Time, errata ...string) {
	t.Helper()
	is := deliver.Issue{
		Number: number, Slot: slot, From: slot.AddDate(0, 0, -7), To: slot, State: deliver.IssueWaiting, Policy: deliver.Resend,
		Ordered: slot, Deadline: slot.Add(72 * time.Hour), Release: slot.Add(4 * time.Hour), Errata: errata,
	}
	document := render.Document{Locale: "fr", Subject: "Objet", Web: "la page", Key: "k"}
	if err := s.Freeze(t.Context(), is, nil, []render.Document{document}, map[string]string{"fr": "fr"}); err != nil {
		t.Fatal(err)
	}
}

func stateOf(t *testing.T, s *store.Store, number int) deliver.IssueState {
	t.Helper()
	is, err := s.Issue(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return is.State
}

// Each slot has one decision, the first; an issue made by hand overrules one.
func TestDecideSlots(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if err := s.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, outcome := range []issue.Outcome{issue.Quiet, issue.Missed} {
			d := issue.Decision{Slot: thursday, Outcome: outcome, At: thursday}
			if err := s.DecideSlots(t.Context(), []issue.Decision{d}, thursday); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := s.QuietInARow(t.Context()); err != nil || n != 1 {
			t.Errorf("%d quiet slots, %v", n, err)
		}
		waiting(t, s, 1, thursday)
		decisions, err := s.Decisions(t.Context(), 10)
		if err != nil || len(decisions) != 1 || decisions[0].Outcome != issue.Made || decisions[0].Number != 1 {
			t.Errorf("decisions %+v, %v", decisions, err)
		}
		// Time goes forward only.
		if err := s.DecideSlots(t.Context(), nil, thursday.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		if is, err := s.Standing(t.Context()); err != nil || !is.Decided.Equal(thursday) || is.Counter != 1 || is.Issues != 1 {
			t.Errorf("standing %+v, %v", is, err)
		}
	})
}

func TestGate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if err := s.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		reader := audience.Subscriber{ID: audience.NewID(), Address: audience.MustAddress("zoe@example.org"), Lang: "fr", Status: audience.Active}
		if _, err := s.AddSubscribers(ctx, thursday, []audience.Subscriber{reader}); err != nil {
			t.Fatal(err)
		}
		waiting(t, s, 1, thursday)
		if granted, _ := s.Commit(ctx, 1, thursday, nil, []audience.ID{reader.ID}); len(granted) > 0 {
			t.Error("a waiting issue grants a delivery")
		}
		if err := s.Discard(ctx, 1); err != nil {
			t.Fatal(err)
		}
		if past, err := s.Past(ctx); err != nil || !past.Empty() {
			t.Errorf("an unmade issue leaves %+v, %v", past, err)
		}
		waiting(t, s, 1, thursday)
		if err := s.Stop(ctx, 1, "une faute"); err != nil || stateOf(t, s, 1) != deliver.IssueHeld {
			t.Errorf("stopped: %v, %s", err, stateOf(t, s, 1))
		}
		if numbers, err := s.Release(ctx, thursday.Add(48*time.Hour), time.Hour); err != nil || len(numbers) > 0 {
			t.Errorf("released %v, %v", numbers, err)
		}
		later := thursday.Add(5 * time.Hour)
		if err := s.Approve(ctx, 1, later, time.Hour); err != nil {
			t.Fatal(err)
		}
		if is, err := s.Issue(ctx, 1); err != nil || is.State != deliver.IssueSending || !is.Ordered.Equal(later) {
			t.Errorf("approved: %+v, %v", is, err)
		}
		if granted, err := s.Commit(ctx, 1, later, nil, []audience.ID{reader.ID}); err != nil || len(granted) != 1 {
			t.Errorf("an approved issue grants %v, %v", granted, err)
		}
		if err := s.Stop(ctx, 1, "trop tard"); err != nil {
			t.Fatal(err)
		}
		if err := s.Discard(ctx, 1); !errors.Is(err, store.ErrUnderway) {
			t.Errorf("an issue under way was unmade: %v", err)
		}
		// Its mails keep their Date when it goes on: one has left with it.
		if err := s.Approve(ctx, 1, later.Add(time.Hour), time.Hour); err != nil {
			t.Fatal(err)
		}
		if is, err := s.Issue(ctx, 1); err != nil || !is.Ordered.Equal(later) {
			t.Errorf("approved again: %+v, %v", is, err)
		}
		if err := s.Approve(ctx, 1, later, time.Hour); !errors.Is(err, store.ErrNotWaiting) {
			t.Errorf("approved on its way: %v", err)
		}
		if err := s.Discard(ctx, 7); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an issue that is none was unmade: %v", err)
		}
	})
}

// The team is told once, until the state of things is over.
func TestTell(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		mail := audience.Mail{Kind: audience.MailNotice, Address: audience.MustAddress("equipe@example.org"), Lang: "fr", Data: "{}"}
		tell := func() int {
			t.Helper()
			if err := s.Tell(t.Context(), thursday, "repository", "repository", "{}", mail); err != nil {
				t.Fatal(err)
			}
			n, err := s.OutboxWaiting(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		tell()
		if n := tell(); n != 1 {
			t.Errorf("%d mails wait, want 1", n)
		}
		if err := s.Over(t.Context(), "repository"); err != nil {
			t.Fatal(err)
		}
		if n := tell(); n != 2 {
			t.Errorf("%d mails wait, want 2", n)
		}
	})
}

// An erratum is told by one issue; if that is unmade, by the next.
func TestErrata(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		waiting(t, s, 1, thursday)
		if err := s.Approve(ctx, 1, thursday, time.Hour); err != nil {
			t.Fatal(err)
		}
		for i, page := range []string{"la page rectifiée", "la page rectifiée deux fois"} {
			e := issue.Erratum{ID: page, Number: 1, At: thursday.Add(time.Duration(i) * time.Hour), Reason: "une date"}
			if err := s.Correct(ctx, e, []render.Document{{Locale: "fr", Web: page, Key: "m"}}); err != nil {
				t.Fatal(err)
			}
			if p, ok, err := s.PublishedDocument(ctx, 1, "fr"); err != nil || !ok || p.Web != page || p.Key != "m" || p.Subject != "Objet" {
				t.Errorf("the page is %+v, %v, %v", p, ok, err)
			}
		}
		if d, err := s.Documents(ctx, 1); err != nil || d[0].Web != "la page" {
			t.Errorf("what was sent has changed: %+v, %v", d, err)
		}
		untold := func(want int) []string {
			t.Helper()
			past, err := s.Past(ctx)
			if err != nil || len(past.Errata) != want {
				t.Fatalf("untold: %+v, %v", past.Errata, err)
			}
			var ids []string
			for _, e := range past.Errata {
				ids = append(ids, e.ID)
			}
			return ids
		}
		waiting(t, s, 2, thursday.AddDate(0, 0, 7), untold(2)...)
		untold(0)
		if err := s.Discard(ctx, 2); err != nil {
			t.Fatal(err)
		}
		untold(2)
	})
}
