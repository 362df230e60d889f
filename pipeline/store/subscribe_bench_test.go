package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
)

// BenchmarkSubscribe measures requests for addresses of each kind, in turn,
// and reports the median of each: time must not tell who is subscribed.
func BenchmarkSubscribe(b *testing.B) {
	s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "infolettre.db"), true)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	keys, err := audience.ParseKeys("lettre", audience.NewKey())
	if err != nil {
		b.Fatal(err)
	}
	s.UseKeys(keys)
	now := monday
	subscribe := func(address audience.Address) time.Duration {
		began := time.Now()
		err := s.Subscribe(b.Context(), now, audience.Request{
			Address: address, Lang: "fr", Consent: audience.Consent{Lang: "fr", Text: "Je m’abonne.", Origin: audience.Form},
		})
		if err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	address := func(kind string, i int) audience.Address {
		return audience.MustAddress(fmt.Sprintf("%s%d@exemple.fr", kind, i))
	}
	kinds := []string{"new", "active", "complained", "erased", "again"}
	var known []audience.Subscriber
	for i := range 2000 {
		for _, kind := range []string{"active", "complained", "erased"} {
			known = append(known, audience.Subscriber{ID: audience.NewID(), Address: address(kind, i), Lang: "fr"})
		}
	}
	if _, err := s.AddSubscribers(b.Context(), now, known); err != nil {
		b.Fatal(err)
	}
	spent := map[string][]time.Duration{}
	i := 0
	for ; b.Loop() && i < 2000; i++ {
		b.StopTimer()
		if err := s.Suppress(b.Context(), now, address("complained", i), audience.Complained, audience.Consent{}); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Erase(b.Context(), now, address("erased", i), audience.Consent{}); err != nil {
			b.Fatal(err)
		}
		subscribe(address("again", i))
		b.StartTimer()
		for k := range kinds {
			kind := kinds[(i+k)%len(kinds)] // each is the first after other work as often as the others
			spent[kind] = append(spent[kind], subscribe(address(kind, i)))
		}
	}
	for _, kind := range kinds {
		slices.Sort(spent[kind])
		b.ReportMetric(float64(spent[kind][len(spent[kind])/2].Microseconds()), "µs-"+kind)
	}
}
