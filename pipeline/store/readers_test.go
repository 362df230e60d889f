package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// life drives one reader through the store, on a clock of its own.
type life struct {
	*testing.T
	*store.Store
	now time.Time
	id  audience.ID
}

func newLife(t *testing.T, s *store.Store) *life {
	keys, err := audience.ParseKeys("lettre", audience.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	s.UseKeys(keys)
	return &life{T: t, Store: s, now: monday}
}

var zoe = audience.MustAddress("Zoe@exemple.fr")

// ask subscribes Zoé and returns the kinds of the mails that it caused.
func (l *life) ask() []audience.MailKind {
	l.Helper()
	l.now = l.now.Add(time.Second)
	if err := l.Subscribe(l.Context(), l.now, audience.Request{
		Address: zoe, Name: "Zoé", Lang: "fr",
		Consent: audience.Consent{Lang: "fr", Text: "Je m’abonne.", Origin: audience.Form, Network: "203.0.113.0/24"},
	}); err != nil {
		l.Fatal(err)
	}
	return l.mails()
}

// mails empties the outbox.
func (l *life) mails() []audience.MailKind {
	l.Helper()
	due, err := l.OutboxDue(l.Context(), l.now, 100)
	if err != nil {
		l.Fatal(err)
	}
	var kinds []audience.MailKind
	for _, m := range due {
		kinds = append(kinds, m.Kind)
		if m.Subscriber != (audience.ID{}) {
			l.id = m.Subscriber
		}
		if err := l.OutboxDone(l.Context(), m.ID); err != nil {
			l.Fatal(err)
		}
	}
	return kinds
}

func (l *life) want(got audience.Subscriber, err error, status audience.Status) {
	l.Helper()
	if err != nil || got.Status != status {
		l.Errorf("got %q, %v; want %q", got.Status, err, status)
	}
}

func (l *life) events() []audience.Event {
	l.Helper()
	records, err := l.Records(l.Context(), l.id)
	if err != nil {
		l.Fatal(err)
	}
	var events []audience.Event
	for _, r := range records {
		events = append(events, r.Event)
	}
	return events
}

var (
	link   = audience.Consent{Lang: "fr", Text: "Confirmez.", Origin: audience.Link}
	button = audience.Consent{Lang: "fr", Origin: audience.OneClick}
)

// Anybody can ask for anybody's address: what is known of somebody stays what
// they chose until they confirm, and their name after that, too.
func TestRequestChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		l.ask()
		of := func(name, lang string) {
			t.Helper()
			if got, err := s.Subscriber(t.Context(), l.id); err != nil || got.Name != name || got.Lang != lang {
				t.Errorf("got %q, %q, %v, want %q, %q", got.Name, got.Lang, err, name, lang)
			}
		}
		stranger := func() {
			t.Helper()
			l.now = l.now.Add(25 * time.Hour)
			for _, name := range []string{"", "Gros nigaud"} {
				if err := s.Subscribe(t.Context(), l.now, audience.Request{Address: zoe, Name: name, Lang: "en"}); err != nil {
					t.Fatal(err)
				}
			}
			if got := l.mails(); len(got) != 1 {
				t.Errorf("the request causes %v", got)
			}
			of("Zoé", "fr")
		}
		stranger() // while the first request is open
		if _, err := s.Confirm(t.Context(), l.now, l.id, "fr", link); err != nil {
			t.Fatal(err)
		}
		stranger()
		if _, err := s.Unsubscribe(t.Context(), l.now.Add(25*time.Hour), l.id, button); err != nil {
			t.Fatal(err)
		}
		stranger()
		if got, err := s.Restore(t.Context(), l.now, l.id, link); err != nil || got.Status != audience.Active {
			t.Errorf("restored: %+v, %v", got, err)
		}
		of("Zoé", "fr")
		if _, err := s.Unsubscribe(t.Context(), l.now, l.id, button); err != nil {
			t.Fatal(err)
		}
		stranger()
		if _, err := s.Confirm(t.Context(), l.now, l.id, "en", link); err != nil {
			t.Fatal(err)
		}
		of("Zoé", "en")
	})
}

// From the request to the withdrawal and back, each step twice: the second
// time changes nothing.
func TestLife(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		if got := l.ask(); !slices.Equal(got, []audience.MailKind{audience.MailConfirm}) {
			t.Fatalf("a request causes %v", got)
		}
		if got := l.ask(); got != nil {
			t.Errorf("a second one on the same day causes %v", got)
		}
		l.now = l.now.Add(time.Hour)
		for range 2 {
			got, err := s.Confirm(ctx, l.now, l.id, "fr", link)
			l.want(got, err, audience.Active)
		}
		l.now = l.now.Add(24 * time.Hour)
		if got := l.ask(); !slices.Equal(got, []audience.MailKind{audience.MailKnown}) {
			t.Errorf("a request of an active reader causes %v", got)
		}
		for range 2 {
			l.now = l.now.Add(time.Minute)
			got, err := s.Unsubscribe(ctx, l.now, l.id, button)
			l.want(got, err, audience.Unsubscribed)
		}
		l.now = l.now.Add(time.Minute)
		got, err := s.Restore(ctx, l.now, l.id, link)
		l.want(got, err, audience.Active)
		l.now = l.now.Add(time.Minute)
		_, err = s.Unsubscribe(ctx, l.now, l.id, button)
		if err != nil {
			t.Fatal(err)
		}
		l.now = l.now.Add(2 * time.Hour)
		got, err = s.Restore(ctx, l.now, l.id, link)
		l.want(got, err, audience.Unsubscribed)
		got, err = s.Confirm(ctx, l.now, l.id, "fr", link) // the old link
		l.want(got, err, audience.Unsubscribed)
		if err := s.LeaveReason(ctx, l.now, l.id, audience.Consent{Origin: audience.Form, Detail: "trop de mails pour zoe@exemple.fr"}); err != nil {
			t.Fatal(err)
		}
		l.now = l.now.Add(48 * time.Hour)
		if got := l.ask(); !slices.Equal(got, []audience.MailKind{audience.MailConfirm}) {
			t.Errorf("a request of who left causes %v", got)
		}
		l.now = l.now.Add(time.Minute)
		got, err = s.Confirm(ctx, l.now, l.id, "fr", link)
		l.want(got, err, audience.Active)
		want := []audience.Event{
			audience.Requested, audience.Confirmed, audience.Requested, audience.Withdrawn, audience.Restored,
			audience.Withdrawn, audience.Explained, audience.Requested, audience.Confirmed,
		}
		if diff := cmp.Diff(want, l.events()); diff != "" {
			t.Errorf("the register (-want +got):\n%s", diff)
		}
		records, err := s.Records(ctx, l.id)
		if err != nil || records[0].Text != "Je m’abonne." || records[0].Network != "203.0.113.0/24" || records[6].Detail != "trop de mails pour …@…" {
			t.Errorf("got %+v, %v", records, err)
		}
		if _, err := s.Confirm(ctx, l.now, audience.NewID(), "fr", link); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a stranger confirms: %v", err)
		}
	})
}
