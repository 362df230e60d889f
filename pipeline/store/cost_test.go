package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// BenchmarkLedger has ten issues go through the ledger on PostgreSQL, as
// sixteen connections commit them, and reports what the tenth adds to the
// database's size for a million recipients, beside what the second adds: the
// two are alike when nothing bloats.
func BenchmarkLedger(b *testing.B) {
	const readers, connections = 5_000, 16
	for range b.N {
		s := storetest.Postgres(b)
		all := make([]audience.Subscriber, readers)
		ids := make([]audience.ID, readers)
		for i := range all {
			ids[i] = audience.NewID()
			all[i] = audience.Subscriber{ID: ids[i], Address: audience.MustAddress(fmt.Sprintf("r%06d@exemple.fr", i)), Lang: "fr", Status: audience.Active}
		}
		if _, err := s.AddSubscribers(b.Context(), ordered, all); err != nil {
			b.Fatal(err)
		}
		sizes := make([]int64, 11)
		sizes[0] = size(b, s)
		b.ResetTimer()
		for number := 1; number <= 10; number++ {
			if err := s.Freeze(b.Context(), weekly(number, deliver.Resend), nil, nil, map[string]string{"fr": "fr"}); err != nil {
				b.Fatal(err)
			}
			began := time.Now()
			goThrough(b, s, number, ids, connections)
			b.ReportMetric(float64(time.Since(began).Microseconds())/readers, "µs/delivery")
			sizes[number] = size(b, s)
		}
		const million = 1_000_000 / readers
		b.ReportMetric(float64(sizes[2]-sizes[1])*million/1e6, "MB/million-2nd")
		b.ReportMetric(float64(sizes[10]-sizes[9])*million/1e6, "MB/million-10th")
		b.ReportMetric(float64(sizes[10]-sizes[0])/10*million/1e6, "MB/million")
	}
}

// goThrough accepts every delivery of an issue.
func goThrough(b *testing.B, s *store.Store, number int, ids []audience.ID, at int) {
	var outcomes []deliver.Outcome
	for i := 0; i < len(ids)+at; i += at {
		next := ids[min(i, len(ids)):min(i+at, len(ids))]
		if _, err := s.Commit(b.Context(), number, ordered, outcomes, next); err != nil {
			b.Fatal(err)
		}
		outcomes = outcomes[:0]
		for _, id := range next {
			outcomes = append(outcomes, deliver.Outcome{Subscriber: id, State: deliver.Accepted, Reply: deliver.Reply{Code: 250, Text: "2.0.0 Ok: queued as 4XyZ1234567"}})
		}
	}
	if settled, err := s.Settle(b.Context(), number, ordered); err != nil || settled.State != deliver.IssueSent {
		b.Fatalf("issue %d: %+v, %v", number, settled, err)
	}
}

// size is the whole database's, in bytes.
func size(b *testing.B, s *store.Store) (n int64) {
	if err := s.DB().QueryRowContext(b.Context(), `SELECT pg_database_size(current_database())`).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}
