package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// BenchmarkLedger has ten issues go through the ledger, a hundred thousand
// deliveries in all, read and committed as sixteen connections do, and reports
// what a million recipients cost: the CPU time of this process and of
// PostgreSQL's, and what the database grows by. The tenth issue costs what the
// second does when nothing bloats.
func BenchmarkLedger(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		for range b.N {
			s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "infolettre.db"), true)
			if err != nil {
				b.Fatal(err)
			}
			measureLedger(b, s, `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`, func() time.Duration { return 0 })
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("PostgreSQL", func(b *testing.B) {
		for range b.N {
			s := storetest.Postgres(b)
			measureLedger(b, s, `SELECT pg_database_size(current_database())`, serverTime(b, s))
		}
	})
}

// cost is what an issue has taken.
type cost struct {
	own, server time.Duration
	size        int64
}

func measureLedger(b *testing.B, s *store.Store, sizeQuery string, server func() time.Duration) {
	const readers, issues, connections = 10_000, 10, 16
	all := make([]audience.Subscriber, readers)
	for i := range all {
		all[i] = audience.Subscriber{ID: audience.NewID(), Address: audience.MustAddress(fmt.Sprintf("r%06d@exemple.fr", i)), Lang: "fr", Status: audience.Active}
	}
	if _, err := s.AddSubscribers(b.Context(), ordered, all); err != nil {
		b.Fatal(err)
	}
	so := func() (c cost) {
		if err := s.DB().QueryRowContext(b.Context(), sizeQuery).Scan(&c.size); err != nil {
			b.Fatal(err)
		}
		c.own, c.server = cpu(b), server()
		return c
	}
	b.ResetTimer()
	at := []cost{so()}
	for number := 1; number <= issues; number++ {
		if err := s.Freeze(b.Context(), weekly(number, deliver.Resend), nil, nil, map[string]string{"fr": "fr"}); err != nil {
			b.Fatal(err)
		}
		goThrough(b, s, number, connections)
		at = append(at, so())
	}
	report := func(what string, from, to cost, n float64) {
		million := 1e6 / (readers * n)
		b.ReportMetric((to.own-from.own).Seconds()*million, "s/million-"+what)
		b.ReportMetric((to.server-from.server).Seconds()*million, "server-s/million-"+what)
		b.ReportMetric(float64(to.size-from.size)*million/1e6, "MB/million-"+what)
	}
	report("2nd", at[1], at[2], 1)
	report("10th", at[issues-1], at[issues], 1)
	report("all", at[0], at[issues], issues)
}

// goThrough accepts every delivery of an issue.
func goThrough(b *testing.B, s *store.Store, number, connections int) {
	var outcomes []deliver.Outcome
	commit := func(next []audience.ID) {
		if _, err := s.Commit(b.Context(), number, ordered, outcomes, next); err != nil {
			b.Fatal(err)
		}
		outcomes = outcomes[:0]
		for _, id := range next {
			outcomes = append(outcomes, deliver.Outcome{Subscriber: id, State: deliver.Accepted, Reply: deliver.Reply{Code: 250, Text: "2.0.0 Ok: queued as 4XyZ1234567"}})
		}
	}
	var after deliver.Cursor
	for {
		due, err := s.Due(b.Context(), number, ordered, after, 256)
		if err != nil {
			b.Fatal(err)
		}
		if len(due) == 0 {
			break
		}
		after.Subscriber = due[len(due)-1].Subscriber.ID
		for ; len(due) > 0; due = due[min(connections, len(due)):] {
			var next []audience.ID
			for _, d := range due[:min(connections, len(due))] {
				next = append(next, d.Subscriber.ID)
			}
			commit(next)
		}
	}
	commit(nil)
	if settled, err := s.Settle(b.Context(), number, ordered); err != nil || settled.State != deliver.IssueSent {
		b.Fatalf("issue %d: %+v, %v", number, settled, err)
	}
}

// serverTime returns what the CPU time of all processes of the server comes
// to, those that have ended included, as Linux keeps it; of a server on
// another machine, nothing.
func serverTime(b *testing.B, s *store.Store) func() time.Duration {
	var backend int
	if err := s.DB().QueryRowContext(b.Context(), `SELECT pg_backend_pid()`).Scan(&backend); err != nil {
		b.Fatal(err)
	}
	postmaster, _ := statOf(strconv.Itoa(backend))
	return func() (sum time.Duration) {
		processes, err := os.ReadDir("/proc")
		if err != nil {
			return 0
		}
		for _, process := range processes {
			parent, spent := statOf(process.Name())
			if parent != "" && (parent == postmaster || process.Name() == postmaster) {
				sum += spent
			}
		}
		return sum
	}
}

// statOf is a process's parent, "" when there is no such process, and the CPU
// time of it and of its children that have ended; see proc_pid_stat(5).
func statOf(process string) (parent string, spent time.Duration) {
	stat, err := os.ReadFile(filepath.Join("/proc", process, "stat"))
	if err != nil {
		return "", 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest) // from the third on
	for _, field := range fields[11:15] {
		ticks, _ := strconv.Atoi(field)
		spent += time.Duration(ticks) * time.Second / 100
	}
	return fields[1], spent
}
