package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// active subscribes Zoé and confirms.
func (l *life) active() {
	l.Helper()
	l.ask()
	l.now = l.now.Add(time.Minute)
	if _, err := l.Confirm(l.Context(), l.now, l.id, "fr", link); err != nil {
		l.Fatal(err)
	}
}

// issue freezes an issue and gives Zoé's delivery an outcome.
func (l *life) issue(number int, outcome deliver.Outcome) {
	l.Helper()
	is := deliver.Issue{Number: number, Slot: l.now, State: deliver.IssueSending, Policy: deliver.Resend, Ordered: l.now, Deadline: l.now.Add(time.Hour)}
	if err := l.Freeze(l.Context(), is, nil, nil, map[string]string{"fr": "fr"}); err != nil {
		l.Fatal(err)
	}
	outcome.Subscriber = l.id
	if _, err := l.Commit(l.Context(), number, l.now, []deliver.Outcome{outcome}, nil); err != nil {
		l.Fatal(err)
	}
}

// Who is erased is in no file of the database any more, whatever it was that
// held the address; what is kept knows the address again when it is shown.
func TestErase(t *testing.T) {
	folder := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(folder, "infolettre.db"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l := newLife(t, s)
	ctx := t.Context()
	crowd := others(300)
	if _, err := s.AddSubscribers(ctx, l.now, crowd[:150]); err != nil {
		t.Fatal(err)
	}
	l.active()
	if _, err := s.AddSubscribers(ctx, l.now, crowd[150:]); err != nil {
		t.Fatal(err)
	}
	l.issue(1, deliver.Outcome{State: deliver.Refused, Class: "soft", Reply: deliver.Reply{Code: 550, Text: "<Zoe@exemple.fr>: no"}})
	if _, err := s.Unsubscribe(ctx, l.now.Add(time.Minute), l.id, button); err != nil {
		t.Fatal(err)
	}
	if err := s.LeaveReason(ctx, l.now.Add(time.Hour), l.id, audience.Consent{Detail: "zoe@exemple.fr est ma vieille adresse"}); err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(48 * time.Hour)
	if err := s.Subscribe(ctx, l.now, audience.Request{Address: zoe, Lang: "fr"}); err != nil { // a mail that waits
		t.Fatal(err)
	}
	due, err := s.OutboxDue(ctx, l.now, 10)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	if err := s.OutboxLater(ctx, due[0].ID, l.now, errors.New("450 <Zoe@exemple.fr> greylisted")); err != nil {
		t.Fatal(err)
	}
	if n := inFiles(t, folder, "zoe@exemple.fr"); n == 0 {
		t.Fatal("the test looks in the wrong place")
	}
	l.now = l.now.Add(time.Hour)
	traces, err := s.Erase(ctx, l.now, zoe, audience.Consent{Origin: audience.Command})
	if err != nil || traces != 0 {
		t.Fatalf("%d traces, %v", traces, err)
	}
	if n := inFiles(t, folder, "zoe@exemple.fr"); n != 0 {
		t.Errorf("the address stands in the files %d times", n)
	}
	if n := inFiles(t, folder, "zoé"); n != 0 {
		t.Errorf("the name stands in the files %d times", n)
	}

	held, err := s.Held(ctx, zoe)
	if err != nil || held.Known || held.Forgotten != audience.Erased || held.ID != l.id || len(held.Deliveries) != 1 || held.Deliveries[0].Reply.Text != "" {
		t.Errorf("got %+v, %v", held, err)
	}
	want := []audience.Event{audience.Requested, audience.Confirmed, audience.Withdrawn, audience.Explained, audience.Requested, audience.Erased}
	if diff := cmp.Diff(want, l.events()); diff != "" {
		t.Errorf("the proof (-want +got):\n%s", diff)
	}
	added, err := s.AddSubscribers(ctx, l.now, []audience.Subscriber{{ID: audience.NewID(), Address: audience.MustAddress("ZOE@exemple.fr"), Lang: "fr"}})
	if err != nil || added.New != 0 || added.Forgotten != 1 {
		t.Errorf("imported again: %+v, %v", added, err)
	}
	l.active() // they come back by themselves
	if added, err = s.AddSubscribers(ctx, l.now, []audience.Subscriber{{ID: audience.NewID(), Address: zoe, Lang: "en"}}); err != nil || added.Kept != 1 {
		t.Errorf("after a fresh confirmation: %+v, %v", added, err)
	}
}

// A file from before rows were overwritten holds copies of them that no
// statement reaches: it is written anew.
func TestEraseFromOldFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "infolettre.db")
	s, err := store.Open(t.Context(), path, true)
	if err != nil {
		t.Fatal(err)
	}
	l := newLife(t, s)
	l.active()
	careless(t, path, `UPDATE subscribers SET name = name || 'x'`, `INSERT INTO consent_texts (hash, text) VALUES ('a', 'zoe@exemple.fr')`,
		`DELETE FROM consent_texts WHERE hash = 'a'`)
	if traces, err := s.Erase(t.Context(), l.now, zoe, audience.Consent{}); err != nil || traces != 0 {
		t.Errorf("%d traces, %v", traces, err)
	}
	if n := inFiles(t, folder, "zoe@exemple.fr"); n != 0 {
		t.Errorf("the address stands in the files %d times", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// careless changes the file as a program does that leaves deleted rows where
// they are.
func careless(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_pragma=secure_delete(0)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func others(n int) []audience.Subscriber {
	var all []audience.Subscriber
	for i := range n {
		all = append(all, audience.Subscriber{
			ID: audience.NewID(), Address: audience.MustAddress(fmt.Sprintf("lecteur%d@exemple.org", i)), Lang: "fr", Status: audience.Active,
		})
	}
	return all
}

// inFiles counts a text in all files of a folder, whatever its case.
func inFiles(t *testing.T, folder, text string) (n int) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(bytes.ToLower(data), []byte(strings.ToLower(text)))
	}
	return n
}

// A complaint stays, whatever is asked, confirmed or erased after it; an
// operator can lift it.
func TestComplaintStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		l.active()
		if err := s.Suppress(ctx, l.now, zoe, audience.Complained, audience.Consent{Origin: audience.Command}); err != nil {
			t.Fatal(err)
		}
		l.now = l.now.Add(48 * time.Hour)
		if got := l.ask(); got != nil {
			t.Errorf("a request after a complaint causes %v", got)
		}
		got, err := s.Confirm(ctx, l.now, l.id, "fr", link)
		l.want(got, err, audience.Suppressed)
		if _, err := s.Erase(ctx, l.now, zoe, audience.Consent{}); err != nil {
			t.Fatal(err)
		}
		if got := l.ask(); got != nil {
			t.Errorf("a request after complaint and erasure causes %v", got)
		}
		lifted, err := s.Unsuppress(ctx, l.now, zoe, audience.Consent{Origin: audience.Command})
		if err != nil || !lifted {
			t.Errorf("lifted: %v, %v", lifted, err)
		}
		if got := l.ask(); !slices.Equal(got, []audience.MailKind{audience.MailConfirm}) {
			t.Errorf("after it was lifted: %v", got)
		}
	})
}

// An address is barred that is nobody's, or was: no import and no request
// brings it in, until an operator lets it.
func TestBarred(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		bar := func() {
			t.Helper()
			if err := s.Suppress(ctx, l.now, zoe, audience.Complained, audience.Consent{Origin: audience.Command, Detail: "liste d’opposition"}); err != nil {
				t.Fatal(err)
			}
		}
		bar()
		bar()
		if got := l.ask(); got != nil {
			t.Errorf("a request of a barred address causes %v", got)
		}
		added, err := s.AddSubscribers(ctx, l.now, []audience.Subscriber{{ID: audience.NewID(), Address: zoe, Lang: "fr"}})
		if err != nil || added.New != 0 || added.Suppressed != 1 {
			t.Errorf("imported: %+v, %v", added, err)
		}
		held, err := s.Held(ctx, zoe)
		if err != nil || held.Known || held.Forgotten != audience.Barred || len(held.Records) != 1 || held.Records[0].Event != audience.Barred {
			t.Errorf("held: %+v, %v", held, err)
		}
		figures, err := s.Figures(ctx, l.now, time.UTC, 1)
		if err != nil || figures.Weeks[0].Departed != 0 {
			t.Errorf("nobody departed: %+v, %v", figures.Weeks, err)
		}
		lifted, err := s.Unsuppress(ctx, l.now, zoe, audience.Consent{Origin: audience.Command})
		if err != nil || !lifted {
			t.Errorf("lifted: %v, %v", lifted, err)
		}
		if got := l.ask(); !slices.Equal(got, []audience.MailKind{audience.MailConfirm}) {
			t.Errorf("after it was lifted: %v", got)
		}
		if _, err := s.Erase(ctx, l.now, zoe, audience.Consent{}); err != nil {
			t.Fatal(err)
		}
		bar()
		l.now = l.now.Add(48 * time.Hour)
		if got := l.ask(); got != nil {
			t.Errorf("a request of one who was erased and barred causes %v", got)
		}
	})
}

// A forgotten address is known again after its key was retired, and not at all
// without it: then nothing is imported.
func TestForgottenSurvivesRotation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		old, fresh := audience.NewKey(), audience.NewKey()
		use := func(text string) {
			keys, err := audience.ParseKeys("lettre", text)
			if err != nil {
				t.Fatal(err)
			}
			s.UseKeys(keys)
		}
		use(old)
		l.active()
		if _, err := s.Erase(ctx, l.now, zoe, audience.Consent{}); err != nil {
			t.Fatal(err)
		}
		again := []audience.Subscriber{{ID: audience.NewID(), Address: zoe, Lang: "fr"}}
		use(fresh + "\n" + old)
		if added, err := s.AddSubscribers(ctx, l.now, again); err != nil || added.Forgotten != 1 {
			t.Errorf("after rotation: %+v, %v", added, err)
		}
		use(fresh)
		if _, err := s.AddSubscribers(ctx, l.now, again); !errors.Is(err, store.ErrNoKeys) {
			t.Errorf("without its key: %v", err)
		}
	})
}

// Three years without contact: asked, then erased; an answer is a contact.
func TestRetention(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		if _, err := s.AddSubscribers(ctx, l.now, others(3)); err != nil {
			t.Fatal(err)
		}
		l.active()
		check := func(when string, want store.Overdue, r store.Retention) {
			t.Helper()
			if got, err := s.Overdue(ctx, r); err != nil || got != want {
				t.Errorf("%s: got %+v, %v; want %+v", when, got, err, want)
			}
		}
		limits := func() store.Retention {
			return store.Retention{Contact: l.now.AddDate(-3, 0, 0), Asked: l.now.AddDate(0, 0, -30)}
		}
		check("at once", store.Overdue{}, limits())
		l.now = l.now.AddDate(3, 0, 1)
		check("after three years", store.Overdue{ToAsk: 4}, limits())
		if n, err := s.AskToRenew(ctx, l.now, limits()); n != 4 || err != nil {
			t.Errorf("asked %d, %v", n, err)
		}
		if kinds := l.mails(); len(kinds) != 4 || kinds[0] != audience.MailRenew {
			t.Errorf("queued %v", kinds)
		}
		check("asked", store.Overdue{Waiting: 4}, limits())
		if _, err := s.Renew(ctx, l.now, l.id, link); err != nil {
			t.Fatal(err)
		}
		l.now = l.now.AddDate(0, 0, 31)
		check("a month later", store.Overdue{ToPurge: 3}, limits())
		if n, err := s.Purge(ctx, l.now, limits()); n != 3 || err != nil {
			t.Errorf("purged %d, %v", n, err)
		}
		left, err := s.Subscribers(ctx)
		if err != nil || len(left) != 1 || left[0].ID != l.id {
			t.Errorf("left: %v, %v", left, err)
		}
	})
}

// Requests that nobody confirmed are forgotten after 30 days; who had left
// before asking stays as they were.
func TestPurgeRequests(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		l.ask()
		l.now = l.now.AddDate(0, 0, 31)
		if n, err := s.PurgeRequests(ctx, l.now); n != 1 || err != nil {
			t.Errorf("purged %d, %v", n, err)
		}
		if _, err := s.Confirm(ctx, l.now, l.id, "fr", link); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("confirmed after the purge: %v", err)
		}
		l.active()
		if _, err := s.Unsubscribe(ctx, l.now, l.id, button); err != nil {
			t.Fatal(err)
		}
		l.now = l.now.AddDate(0, 0, 2)
		l.ask()
		l.now = l.now.AddDate(0, 0, 31)
		if n, err := s.PurgeRequests(ctx, l.now); n != 1 || err != nil {
			t.Errorf("purged %d, %v", n, err)
		}
		got, err := s.Confirm(ctx, l.now, l.id, "fr", link)
		l.want(got, err, audience.Unsubscribed)
	})
}
