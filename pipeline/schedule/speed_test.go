package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// BenchmarkWorkers sends to one receiver with one worker and with four, each a
// process, on PostgreSQL; the connections are the same in all.
func BenchmarkWorkers(b *testing.B) {
	for _, workers := range []int{1, 4} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			const readers, connections = 8_000, 16
			for range b.N {
				b.StopTimer()
				server := smtptest.Start(b, smtptest.Script{Brief: true})
				source := storetest.PostgresURL(b)
				s, err := store.Open(b.Context(), source, true)
				if err != nil {
					b.Fatal(err)
				}
				if err := addReaders(b.Context(), s, readers); err != nil {
					b.Fatal(err)
				}
				var all []*process
				for i := range workers {
					all = append(all, startProcess(b, options{source: source, host: server.Host(), port: server.Port(),
						connections: connections, name: fmt.Sprint("w", i), folder: b.TempDir()}))
				}
				for _, p := range all {
					p.expect(b, "ready")
					p.tick(b, monday)
					p.expect(b, "done")
				}
				began := time.Now()
				b.StartTimer()
				all[0].tick(b, slot(0))
				all[0].expect(b, "done")
				sent(b, s, 1)
				b.StopTimer()
				b.ReportMetric(float64(time.Since(began).Microseconds())/readers, "µs/mail")
				for _, p := range all {
					p.in.Close()
					_ = p.Wait()
				}
				if got := len(server.Counts()); got != readers {
					b.Fatalf("%d got a mail, want %d", got, readers)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
