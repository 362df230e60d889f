package deliver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
)

// BenchmarkMillion sends an issue to a hundred thousand and to a million
// readers, from a process of its own, and prints how long the order takes, how
// soon the first mail is out, and how much memory the process has at most.
func BenchmarkMillion(b *testing.B) {
	fmt.Printf("\n%9s %9s %12s %10s %9s %9s %9s\n", "readers", "snapshot", "first mail", "send", "settle", "msg/s", "peak MiB")
	for _, n := range []int{100_000, 1_000_000} {
		if err := sendMany(b.Context(), b.TempDir(), n); err != nil {
			b.Fatal(err)
		}
	}
}

// span is what a send to many took.
type span struct{ Snapshot, First, Send, Settle time.Duration }

func sendMany(ctx context.Context, dir string, n int) error {
	path := filepath.Join(dir, "million.db")
	s, err := store.Open(ctx, path, true)
	if err != nil {
		return err
	}
	if err := addReaders(ctx, s, n); err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	receiver, err := startReceiver(0)
	if err != nil {
		return err
	}
	defer receiver.stop()
	sender := processAs("million", "DATABASE="+path, "PORT="+receiver.port)
	sender.Stderr = os.Stderr
	out, err := sender.Output()
	if err != nil {
		return err
	}
	var took span
	if err := json.Unmarshal(out, &took); err != nil {
		return err
	}
	counts, err := receiver.counts()
	if err != nil || len(counts) != n {
		return fmt.Errorf("%d readers got a mail, %w", len(counts), err)
	}
	peak := sender.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	fmt.Printf("%9d %8.2fs %11.2fs %9.1fs %8.2fs %9.0f %9.1f\n", n, took.Snapshot.Seconds(), took.First.Seconds(), took.Send.Seconds(),
		took.Settle.Seconds(), float64(n)/took.Send.Seconds(), float64(peak)/(1<<20))
	return nil
}

// million is the sender that sendMany starts.
func million() error {
	ctx := context.Background()
	port, _ := strconv.Atoi(os.Getenv("PORT"))
	s, err := store.Open(ctx, os.Getenv("DATABASE"), false)
	if err != nil {
		return err
	}
	defer s.Close()
	sender, err := benchSenderTo(port, 10, s)
	if err != nil {
		return err
	}
	var took span
	began := time.Now()
	if err := s.Freeze(ctx, benchIssue, nil, nil, map[string]string{"fr": "fr"}); err != nil {
		return err
	}
	took.Snapshot = time.Since(began)
	if err := s.Recover(ctx, 1, time.Now()); err != nil {
		return err
	}
	var first sync.Once
	sender.Report = func(deliver.Outcome) { first.Do(func() { took.First = time.Since(began) }) }
	if err := sender.Run(ctx, 1); err != nil {
		return err
	}
	took.Send = time.Since(began) - took.Snapshot
	ended := time.Now()
	if _, err := s.Settle(ctx, 1, time.Now()); err != nil {
		return err
	}
	took.Settle = time.Since(ended)
	return json.NewEncoder(os.Stdout).Encode(took)
}
