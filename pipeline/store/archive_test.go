package store_test

import (
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// The archive shows what readers have, and nothing that is held back.
func TestPublished(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for n := 1; n <= 4; n++ {
			slot := monday.AddDate(0, 0, 7*n)
			documents := []render.Document{{Locale: "fr", Subject: "Objet", Preheader: "Suite", Web: "page", Key: "clé"}}
			if n == 2 {
				documents = append(documents, render.Document{Locale: "en", Subject: "Subject", Web: "page"})
			}
			if err := s.Freeze(ctx, deliver.Issue{Number: n, Slot: slot, State: deliver.IssueSending, Ordered: slot, Deadline: slot}, nil, documents, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Hold(ctx, 4, "attend"); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			locale    string
			before, n int
			want      []int
		}{
			{"fr", 0, 10, []int{3, 2, 1}}, {"fr", 0, 2, []int{3, 2}}, {"fr", 2, 10, []int{1}}, {"en", 0, 10, []int{2}}, {"de", 0, 10, nil},
		} {
			list, err := s.Published(ctx, test.locale, test.before, test.n)
			if err != nil || len(list) != len(test.want) {
				t.Errorf("%+v: %+v, %v", test, list, err)
				continue
			}
			for i, p := range list {
				if p.Number != test.want[i] || p.Locale != test.locale || p.Subject == "" || p.Web != "" {
					t.Errorf("%+v: %+v", test, p)
				}
			}
		}
		p, ok, err := s.PublishedDocument(ctx, 1, "fr")
		if err != nil || !ok || p.Web != "page" || p.Key != "clé" || p.Preheader != "Suite" || !p.Date.Equal(monday.AddDate(0, 0, 7).Truncate(time.Millisecond)) {
			t.Errorf("%+v, %v, %v", p, ok, err)
		}
		for _, absent := range []struct {
			number int
			locale string
		}{{4, "fr"}, {1, "en"}, {9, "fr"}} {
			if _, ok, err := s.PublishedDocument(ctx, absent.number, absent.locale); ok || err != nil {
				t.Errorf("%+v: %v, %v", absent, ok, err)
			}
		}
	})
}
