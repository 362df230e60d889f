package store_test

import (
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// What an import makes of everybody it can meet, more than one batch of them.
func TestImport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		crowd := others(200)
		if added, err := s.AddSubscribers(ctx, l.now, append(crowd[:199:199], crowd[0])); err != nil || added.New != 199 || added.Unchanged != 1 {
			t.Fatal(added, err)
		}
		if _, err := s.Unsubscribe(ctx, l.now, crowd[1].ID, button); err != nil {
			t.Fatal(err)
		}
		if err := s.Suppress(ctx, l.now, crowd[2].Address, audience.Complained, audience.Consent{}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Erase(ctx, l.now, crowd[3].Address, audience.Consent{}); err != nil {
			t.Fatal(err)
		}
		l.ask() // asked, not confirmed
		l.now = l.now.Add(time.Minute)

		rows := []audience.Row{{Line: 2, Subscriber: audience.Subscriber{ID: audience.NewID(), Address: zoe}, Since: "2024-01-01", Network: "203.0.113.0/24"}}
		for i, sub := range crowd {
			sub.ID = audience.NewID()
			if sub.Lang = ""; i == 4 {
				sub.Name, sub.Lang = "Quatre", "en"
			}
			rows = append(rows, audience.Row{Line: 3 + i, Subscriber: sub})
		}
		rows = append(rows, audience.Row{Line: 300, Subscriber: audience.Subscriber{Address: audience.MustAddress("non@exemple.fr")}, Skipped: audience.Left})
		do := func(last error) (store.Added, error) {
			return s.Import(ctx, l.now, "fr", audience.Consent{Text: "Formulaire", Origin: audience.Import}, func(yield func(audience.Row, error) bool) {
				for _, row := range rows {
					if !yield(row, nil) {
						return
					}
				}
				if last != nil {
					yield(audience.Row{}, last)
				}
			})
		}
		before, err := s.Subscribers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		refusal := &audience.Refusal{Line: 301, ID: "address"}
		if _, err := do(refusal); !errors.Is(err, refusal) {
			t.Errorf("got %v", err)
		}
		after, err := s.Subscribers(ctx)
		if diff := cmp.Diff(before, after, cmp.Comparer(func(a, b audience.Address) bool { return a == b })); diff != "" || err != nil {
			t.Errorf("an import that failed changed the list: %v\n%s", err, diff)
		}

		added, err := do(nil)
		want := store.Added{
			New: 2, Updated: 1, Unchanged: 195, Remembered: 1, Unsubscribed: 1, Suppressed: 1, Forgotten: 1,
			Refused: []store.Refused{{crowd[1].Address, store.LeftHere}, {crowd[2].Address, store.Suppressed}, {crowd[3].Address, store.Forgotten}},
		}
		if diff := cmp.Diff(want, added, cmp.Comparer(func(a, b audience.Address) bool { return a == b })); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		got, err := s.Subscriber(ctx, l.id)
		l.want(got, err, audience.Active)
		if got.Name != "Zoé" {
			t.Errorf("a row without a name took it away: %q", got.Name)
		}
		records, err := s.Records(ctx, l.id)
		if last := records[len(records)-1]; err != nil || last.Event != audience.Imported || last.Text != "Formulaire" || last.Detail != "2024-01-01" || last.Network != "203.0.113.0/24" {
			t.Errorf("got %+v, %v", last, err)
		}
	})
}

// rowsOf gives rows to Import.
func rowsOf(rows ...audience.Row) iter.Seq2[audience.Row, error] {
	return func(yield func(audience.Row, error) bool) {
		for _, row := range rows {
			row.ID = audience.NewID()
			if !yield(row, nil) {
				return
			}
		}
	}
}

var file = audience.Consent{Text: "Formulaire", Origin: audience.Import}

// Who left elsewhere is not brought in by a file that does not know it, and
// comes back by a confirmation of their own. Who is active here stays.
func TestImportLeftElsewhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		here := others(1)[0]
		if _, err := s.AddSubscribers(ctx, l.now, []audience.Subscriber{here}); err != nil {
			t.Fatal(err)
		}
		left := func(a audience.Address) audience.Row {
			return audience.Row{Subscriber: audience.Subscriber{Address: a}, Skipped: audience.Left}
		}
		stays := audience.Row{Subscriber: audience.Subscriber{Address: zoe}}
		for _, test := range []struct {
			name string
			rows []audience.Row
			want store.Added
		}{
			{"left", []audience.Row{left(zoe), left(zoe), left(audience.Address{}), left(here.Address)},
				store.Added{Remembered: 1, Active: 1, ActiveFirst: []audience.Address{here.Address}}},
			{"the same file again", []audience.Row{left(zoe)}, store.Added{}},
			{"another file", []audience.Row{stays}, store.Added{LeftElsewhere: 1, Refused: []store.Refused{{zoe, store.LeftElsewhere}}}},
		} {
			got, err := s.Import(ctx, l.now, "fr", file, rowsOf(test.rows...))
			if diff := cmp.Diff(test.want, got, cmp.Comparer(func(a, b audience.Address) bool { return a == b })); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", test.name, err, diff)
			}
		}
		held, err := s.Held(ctx, zoe)
		if err != nil || held.Known || held.Forgotten != audience.Elsewhere || len(held.Records) != 1 || held.Records[0].Event != audience.Elsewhere {
			t.Errorf("got %+v, %v", held, err)
		}
		l.active()
		if got, err := s.Import(ctx, l.now, "fr", file, rowsOf(stays)); err != nil || got.Unchanged != 1 {
			t.Errorf("after a confirmation of their own: %+v, %v", got, err)
		}
	})
}

// A request that is not confirmed, which anybody can make, does not keep a
// departure elsewhere from being remembered.
func TestImportLeftElsewhereAndPending(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		l.ask()
		left := audience.Row{Subscriber: audience.Subscriber{Address: zoe}, Skipped: audience.Left}
		if got, err := s.Import(t.Context(), l.now, "fr", file, rowsOf(left)); err != nil || got.Remembered != 1 {
			t.Errorf("left: %+v, %v", got, err)
		}
		stays := audience.Row{Subscriber: audience.Subscriber{Address: zoe}}
		if got, err := s.Import(t.Context(), l.now, "fr", file, rowsOf(stays)); err != nil || got.New != 0 || got.LeftElsewhere != 1 {
			t.Errorf("another file: %+v, %v", got, err)
		}
	})
}

// Without keys nobody can be remembered: nothing is imported then.
func TestImportLeftElsewhereWithoutKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		row := audience.Row{Subscriber: audience.Subscriber{Address: zoe}, Skipped: audience.Left}
		if _, err := s.Import(t.Context(), monday, "fr", file, rowsOf(row)); !errors.Is(err, store.ErrNoKeys) {
			t.Errorf("got %v", err)
		}
	})
}

// What readers chose on a page of ours wins over a file; a name that they
// never gave is filled in, until they take it out.
func TestImportOwnChoice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		l.active()
		row := audience.Row{Subscriber: audience.Subscriber{Address: zoe, Name: "Z. Lefèvre", Lang: "en"}}
		step := func(name string, want store.Added, wantName string) {
			t.Helper()
			l.now = l.now.Add(time.Minute)
			got, err := s.Import(ctx, l.now, "fr", file, rowsOf(row))
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
			if sub, err := s.Subscriber(ctx, l.id); err != nil || sub.Name != wantName || sub.Lang != "fr" {
				t.Errorf("%s: got %+v, %v", name, sub, err)
			}
		}
		step("a name of their own", store.Added{Kept: 1}, "Zoé")
		if _, err := s.SetPreferences(ctx, l.now, l.id, audience.Choices{Lang: "fr"}, audience.Consent{Origin: audience.Form}); err != nil {
			t.Fatal(err)
		}
		step("a name taken out", store.Added{Kept: 1}, "")
	})
}

// A name that somebody never gave is filled in.
func TestImportFillsBlanks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := newLife(t, s)
		ctx := t.Context()
		if err := l.Subscribe(ctx, l.now, audience.Request{Address: zoe, Lang: "fr", Consent: audience.Consent{Origin: audience.Form}}); err != nil {
			t.Fatal(err)
		}
		l.mails()
		if _, err := l.Confirm(ctx, l.now, l.id, "fr", link); err != nil {
			t.Fatal(err)
		}
		row := audience.Row{Subscriber: audience.Subscriber{Address: zoe, Name: "Zoé", Lang: "en"}}
		got, err := s.Import(ctx, l.now, "fr", file, rowsOf(row))
		if diff := cmp.Diff(store.Added{Updated: 1, Kept: 1}, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if sub, err := s.Subscriber(ctx, l.id); err != nil || sub.Name != "Zoé" || sub.Lang != "fr" {
			t.Errorf("got %+v, %v", sub, err)
		}
	})
}
