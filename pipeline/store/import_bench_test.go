package store_test

import (
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
)

var importRows = flag.Int("rows", 100_000, "rows of the file that BenchmarkImport imports")

// BenchmarkImport reads a file twice, as the command does, and imports it.
func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "infolettre.db"), true)
		if err != nil {
			b.Fatal(err)
		}
		before := cpu(b)
		layout, err := audience.Detect(listOf(*importRows))
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range layout.Rows(listOf(*importRows)) {
			if err != nil {
				b.Fatal(err)
			}
		}
		read := cpu(b)
		added, err := s.Import(b.Context(), time.Unix(1_800_000_000, 0), "fr",
			audience.Consent{Text: "Formulaire", Origin: audience.Import}, layout.Rows(listOf(*importRows)))
		if err != nil || added.New != *importRows {
			b.Fatal(added, err)
		}
		million := 1e6 / float64(*importRows)
		b.ReportMetric((read-before).Seconds()*million, "cpu-s/million-read")
		b.ReportMetric((cpu(b)-before).Seconds()*million, "cpu-s/million")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(usage.Maxrss)/1024, "peak-MiB")
}

func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// list is a CSV file of n persons, made as it is read.
type list struct {
	next, n int
	buffer  []byte
}

func listOf(n int) io.Reader {
	return &list{n: n, buffer: []byte("email;prénom;nom;langue;date d'inscription\n")}
}

func (l *list) Read(p []byte) (int, error) {
	for len(l.buffer) < len(p) && l.next < l.n {
		// A multiplier scatters the addresses, as a real list does.
		l.buffer = fmt.Appendf(l.buffer, "r%d.lecteur@d%d.exemple.fr;Zoé;Lefèvre;fr;2023-05-04 10:11:12\n",
			uint32(l.next)*2654435761, l.next%997)
		l.next++
	}
	n := copy(p, l.buffer)
	l.buffer = l.buffer[:copy(l.buffer, l.buffer[n:])]
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}
