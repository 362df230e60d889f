package store_test

import (
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// A list imported twice is the same list, with what the second one says.
func TestAddSubscribersTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		reader := audience.Subscriber{ID: audience.NewID(), Address: audience.MustAddress("zoe@example.org"), Lang: "fr", Status: audience.Active}
		for _, name := range []string{"Zoé", "Zoé Lefèvre"} {
			reader.Name = name
			if _, err := s.AddSubscribers(t.Context(), time.Unix(1_800_000_000, 0), []audience.Subscriber{reader}); err != nil {
				t.Fatal(err)
			}
		}
		all, err := s.Subscribers(t.Context())
		if err != nil || len(all) != 1 || all[0].Name != "Zoé Lefèvre" {
			t.Errorf("got %v, %v", all, err)
		}
	})
}
