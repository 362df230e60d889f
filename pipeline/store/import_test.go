package store_test

import (
	"errors"
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
			New: 2, Updated: 1, Unchanged: 195, Unsubscribed: 1, Suppressed: 1, Forgotten: 1,
			Refused: []audience.Address{crowd[1].Address, crowd[2].Address, crowd[3].Address},
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
