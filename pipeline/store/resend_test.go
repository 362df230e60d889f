package store_test

import (
	"errors"
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

// correct records a correction of issue 1.
func correct(t *testing.T, s *store.Store, id string, documents ...render.Document) {
	t.Helper()
	if err := s.Correct(t.Context(), issue.Erratum{ID: id, Number: 1, At: ordered, Reason: "une date"}, documents); err != nil {
		t.Fatal(err)
	}
}

// again is the order to send a correction of issue 1.
func again(revision int, policy deliver.Policy) deliver.Issue {
	is := weekly(1, policy)
	is.Number, is.Corrects, is.Revision, is.Ordered = 0, 1, revision, ordered.Add(time.Hour)
	return is
}

var corrected = render.Document{Locale: "fr", Subject: "Rectificatif", Preheader: "p", HTML: "<p>é</p>", Web: "w", Text: "t", Key: "m"}

// closed sends issue 1 to six readers: the first got it, the second perhaps;
// the third and the last were refused; the fourth left afterwards, the fifth
// makes a pause. Somebody else subscribes later.
func closed(t *testing.T, s *store.Store) []audience.ID {
	t.Helper()
	ids := readers(t, s, 6)
	freeze(t, s, 1, deliver.Hold)
	commit(t, s, nil, ids, ids)
	commit(t, s, []deliver.Outcome{
		{Subscriber: ids[0], State: deliver.Accepted},
		{Subscriber: ids[1], State: deliver.Uncertain},
		{Subscriber: ids[2], State: deliver.Refused, Class: deliver.ClassSoft},
		{Subscriber: ids[3], State: deliver.Accepted},
		{Subscriber: ids[4], State: deliver.Accepted},
		{Subscriber: ids[5], State: deliver.Refused, Class: deliver.ClassHard},
	}, nil, nil)
	if settled, err := s.Settle(t.Context(), 1, ordered); err != nil || settled.State != deliver.IssueSent {
		t.Fatalf("got %+v, %v", settled, err)
	}
	if _, err := s.Unsubscribe(t.Context(), ordered, ids[3], button); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SetPreferences(t.Context(), ordered, ids[4], audience.Choices{Lang: "fr", PausedUntil: ordered.AddDate(0, 1, 0)}, link); err != nil {
		t.Fatal(err)
	}
	late := audience.Subscriber{ID: audience.NewID(), Address: audience.MustAddress("tard@exemple.fr"), Lang: "fr", Status: audience.Active}
	if _, err := s.AddSubscribers(t.Context(), ordered, []audience.Subscriber{late}); err != nil {
		t.Fatal(err)
	}
	return ids
}

// A correction goes to those who got the issue, or may have, and still read;
// it is a sending of its own, that nothing but the ledger takes for an issue.
func TestResend(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ids := closed(t, s)
		past, err := s.Past(ctx)
		if err != nil {
			t.Fatal(err)
		}
		correct(t, s, "e1", corrected, render.Document{Locale: "en", HTML: "<p>nobody</p>"})
		c, err := s.Correction(ctx, 1, ordered)
		if diff := cmp.Diff(map[string]int{"fr": 2}, c.Readers); diff != "" || err != nil || c.Revision != 1 || len(c.Documents) != 2 || c.Documents[1] != corrected {
			t.Fatalf("got %+v, %v", c, err)
		}
		is, err := s.Resend(ctx, again(c.Revision, deliver.Hold), c.Documents)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := s.Issue(ctx, is.Number)
		if diff := cmp.Diff(is, kept); diff != "" || err != nil || is.Number >= 0 || is.Public() != 1 {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if frozen, err := s.Documents(ctx, is.Number); err != nil || len(frozen) != 2 || frozen[1] != corrected {
			t.Errorf("documents: %+v, %v", frozen, err)
		}
		tally(t, s, is.Number, map[deliver.State]int{deliver.Pending: 2})
		granted, err := s.Commit(ctx, is.Number, ordered, nil, ids)
		if err != nil || len(granted) != 2 {
			t.Fatalf("granted %v, %v", granted, err)
		}
		if _, err := s.Commit(ctx, is.Number, ordered, []deliver.Outcome{
			{Subscriber: ids[0], State: deliver.Accepted}, {Subscriber: ids[1], State: deliver.Accepted},
		}, nil); err != nil {
			t.Fatal(err)
		}
		if settled, err := s.Settle(ctx, is.Number, ordered); err != nil || settled.State != deliver.IssueSent {
			t.Errorf("settled %+v, %v", settled, err)
		}
		// The first sending is what it was.
		tally(t, s, 1, map[deliver.State]int{deliver.Accepted: 3, deliver.Uncertain: 1, deliver.Refused: 2})
		resends, err := s.Resends(ctx, 1)
		if err != nil || len(resends) != 1 || resends[0].State != deliver.IssueSent || !resends[0].Slot.Equal(weekly(1, "").Slot) {
			t.Errorf("resends: %+v, %v", resends, err)
		}
		issues, err := s.Issues(ctx)
		if err != nil || len(issues) != 1 || issues[0].Number != 1 {
			t.Errorf("issues: %+v, %v", issues, err)
		}
		if list, err := s.Published(ctx, "fr", 0, 10); err != nil || len(list) != 0 {
			t.Errorf("published: %+v, %v", list, err)
		}
		after, err := s.Past(ctx)
		if after.Errata = nil; err != nil || !cmp.Equal(past, after) {
			t.Errorf("the next issue is another: %s, %v", cmp.Diff(past, after), err)
		}
	})
}

// A correction is sent once, after its issue and after the sending before it
// have closed.
func TestResendRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		wants := func(want error) {
			t.Helper()
			if _, err := s.Correction(ctx, 1, ordered); !errors.Is(err, want) {
				t.Errorf("looked up: %v, not %v", err, want)
			}
			for revision := range 3 {
				if _, err := s.Resend(ctx, again(revision, deliver.Resend), nil); !errors.Is(err, want) {
					t.Errorf("ordered: %v, not %v", err, want)
				}
			}
		}
		wants(store.ErrNotFound)
		ids := readers(t, s, 1)
		freeze(t, s, 1, deliver.Resend)
		correct(t, s, "e1", render.Document{Locale: "fr", Web: "from before mails were kept"})
		wants(store.ErrOpen)
		commit(t, s, nil, ids, ids)
		commit(t, s, []deliver.Outcome{{Subscriber: ids[0], State: deliver.Accepted}}, nil, nil)
		if _, err := s.Settle(ctx, 1, ordered); err != nil {
			t.Fatal(err)
		}
		wants(store.ErrUncorrected)
		correct(t, s, "e2", corrected)
		is, err := s.Resend(ctx, again(2, deliver.Resend), []render.Document{corrected})
		if err != nil {
			t.Fatal(err)
		}
		wants(store.ErrResent)
		correct(t, s, "e3", corrected)
		wants(store.ErrOpen)
		if err := s.Stop(ctx, is.Number, "attendez"); err != nil {
			t.Fatal(err)
		}
		wants(store.ErrOpen)
		// One of which nothing has left can be unmade, and no slot with it.
		if err := errors.Join(s.Begin(ctx), s.DecideSlots(ctx, nil, ordered)); err != nil {
			t.Fatal(err)
		}
		if err := s.Discard(ctx, is.Number); err != nil {
			t.Fatal(err)
		}
		if standing, err := s.Standing(ctx); err != nil || !standing.Decided.Equal(ordered) {
			t.Errorf("standing: %+v, %v", standing, err)
		}
		if _, err := s.Resend(ctx, again(2, deliver.Resend), nil); err == nil {
			t.Error("an old correction was sent")
		}
		if _, err := s.Resend(ctx, again(3, deliver.Resend), []render.Document{corrected}); err != nil {
			t.Error(err)
		}
	})
}

// Workers share a correction out as they do an issue, and a lost one's doubts
// are its own.
func TestResendShared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if err := s.Begin(ctx); err != nil {
			t.Fatal(err)
		}
		ids := closed(t, s)
		correct(t, s, "e1", corrected)
		is, err := s.Resend(ctx, again(1, deliver.Resend), []render.Document{corrected})
		if err != nil {
			t.Fatal(err)
		}
		enrol(t, s, "a")
		var granted []audience.ID
		for _, r := range openRanges(t, s) {
			share := take(t, s, "a", r)
			due, err := share.Due(ctx, is.Number, ordered, deliver.Cursor{}, 10)
			if err != nil {
				t.Fatal(err)
			}
			var intents []audience.ID
			for _, d := range due {
				intents = append(intents, d.Subscriber.ID)
			}
			got, err := share.Commit(ctx, is.Number, ordered, nil, intents)
			if err != nil {
				t.Fatal(err)
			}
			granted = append(granted, got...)
		}
		if !cmp.Equal(granted, ids[:2]) {
			t.Errorf("granted %v of %v", granted, ids[:2])
		}
		if err := s.Recover(ctx, is.Number, ordered); err != nil {
			t.Fatal(err)
		}
		tally(t, s, is.Number, map[deliver.State]int{deliver.Pending: 2})
		cases, err := s.Cases(ctx, is.Number, 10)
		if err != nil || len(cases) != 2 || cases[0].Doubted.IsZero() {
			t.Errorf("cases: %+v, %v", cases, err)
		}
	})
}

// A refusal of a correction counts among those in a row: an address that is
// gone is suppressed, and a bare refusal is the second on another day.
func TestResendRefusals(t *testing.T) {
	for class, want := range map[deliver.Class]int{deliver.ClassHard: 1, deliver.ClassBare: 0} {
		storetest.Each(t, func(t *testing.T, s *store.Store) {
			ctx := t.Context()
			ids := closed(t, s)
			correct(t, s, "e1", corrected)
			is, err := s.Resend(ctx, again(1, deliver.Resend), []render.Document{corrected})
			if err != nil {
				t.Fatal(err)
			}
			refuse := func(number int, at time.Time) deliver.Settled {
				t.Helper()
				if _, err := s.Commit(ctx, number, at, []deliver.Outcome{{Subscriber: ids[0], State: deliver.Refused, Class: class}}, nil); err != nil {
					t.Fatal(err)
				}
				settled, err := s.Settle(ctx, number, at)
				if err != nil {
					t.Fatal(err)
				}
				return settled
			}
			if got := refuse(is.Number, ordered.Add(time.Hour)); got.Suppressed != want {
				t.Errorf("%s: the correction suppressed %d", class, got.Suppressed)
			}
			if class != deliver.ClassBare {
				return
			}
			freeze(t, s, 2, deliver.Resend)
			if got := refuse(2, ordered.AddDate(0, 0, 7)); got.Suppressed != 1 {
				t.Errorf("%s: the next issue suppressed %d", class, got.Suppressed)
			}
		})
	}
}
