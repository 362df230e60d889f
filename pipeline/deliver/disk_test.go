package deliver_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/store"
)

// These tests meet a real database that fails: nothing may go out without a
// durable note of it, and once the cause is gone the send goes on.

// impatient has the database say at once that it is locked.
func impatient(pragmas url.Values) {
	all := pragmas["_pragma"]
	all[slices.IndexFunc(all, func(s string) bool { return strings.HasPrefix(s, "busy_timeout") })] = "busy_timeout(1)"
}

// another is the database as another process has it open.
func (b *bench) another() *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(b.path)+"?_txlock=immediate&_pragma=busy_timeout(10000)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}

// noted has the server look, before it answers a final dot, whether the
// ledger has a note of who is being sent to.
func (b *bench) noted() *atomic.Int64 {
	dots := &atomic.Int64{}
	db := b.another()
	b.server.SetFaults(smtptest.Fault{Step: smtptest.Dot, Reached: func() {
		dots.Add(1)
		var sending int
		if err := db.QueryRow(`SELECT COUNT(*) FROM deliveries WHERE state = 'sending'`).Scan(&sending); err != nil || sending == 0 {
			b.Errorf("a dot without a durable note: %d rows, %v", sending, err)
		}
	}})
	return dots
}

// whole checks that after all every reader has one mail, or is named.
func (b *bench) whole(readers int) {
	b.Helper()
	for range 10 {
		if settled, _ := b.run(1); settled.State == deliver.IssueSent {
			break
		}
		b.advance(2 * time.Hour)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: readers})
	named := map[string]bool{}
	for _, c := range b.cases() {
		named[c.Address.String()] = true
	}
	counts := b.server.Counts()
	for address, n := range counts {
		if n != 1 && !named[address] {
			b.Errorf("%s got %d mails, and is not named", address, n)
		}
	}
	if len(counts) != readers {
		b.Errorf("%d readers got a mail, want %d", len(counts), readers)
	}
}

// The database fails at one write in n, wherever in a transaction that falls.
func TestFailingWrites(t *testing.T) {
	for _, n := range []int{4, 20, 100} {
		t.Run(fmt.Sprint("one in ", n), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 60, deliver.Resend)
			b.noted()
			db := b.another()
			if _, err := db.Exec(fmt.Sprintf(`CREATE TRIGGER failing BEFORE UPDATE ON deliveries
				WHEN abs(random()) %% %d = 0 BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END`, n)); err != nil {
				t.Fatal(err)
			}
			err := b.sender.Run(t.Context(), 1)
			if err != nil && !strings.Contains(err.Error(), "disk I/O error") {
				t.Errorf("got %v", err)
			}
			if _, err := db.Exec(`DROP TRIGGER failing`); err != nil {
				t.Fatal(err)
			}
			b.whole(60)
		})
	}
}

// While another process holds the database, nothing is sent, for a minute as
// for ever; afterwards the send goes on by itself.
func TestLockedLedger(t *testing.T) {
	t.Parallel()
	b := newBench(t, 20, deliver.Resend)
	dots := b.noted()
	hasty, err := store.Open(t.Context(), b.path, false, impatient)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hasty.Close() })
	b.sender.Ledger = hasty
	locked, err := b.another().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	began := b.clock()
	held := atomic.Bool{}
	held.Store(true)
	sleep := b.sender.Sleep
	b.sender.Sleep = func(ctx context.Context, d time.Duration) error {
		if b.clock().Sub(began) >= time.Minute && held.CompareAndSwap(true, false) {
			if n := dots.Load(); n > 0 {
				t.Errorf("%d mails went out while the ledger was locked", n)
			}
			if err := locked.Rollback(); err != nil {
				t.Error(err)
			}
		}
		return sleep(ctx, d)
	}
	if err := b.sender.Run(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if held.Load() {
		t.Error("the ledger was never found locked")
	}
	b.whole(20)
}

// Locked for good, the run ends and says why.
func TestLockedForGood(t *testing.T) {
	t.Parallel()
	b := newBench(t, 20, deliver.Resend)
	hasty, err := store.Open(t.Context(), b.path, false, impatient)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hasty.Close() })
	b.sender.Ledger = hasty
	locked, err := b.another().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.sender.Run(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("got %v", err)
	}
	if n := len(b.server.Messages()); n > 0 {
		t.Errorf("%d mails went out", n)
	}
	if err := locked.Rollback(); err != nil {
		t.Fatal(err)
	}
	b.sender.Ledger = b.store
	b.whole(20)
}

// mounted is a file system of its own, of that many bytes.
func mounted(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprint("size=", size)); err != nil {
		t.Skipf("a small file system takes root's rights: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A full disk stops the send before a mail goes out without a note, says so,
// and once there is room again nobody is lost.
func TestDiskFull(t *testing.T) {
	notShort(t)
	t.Parallel()
	dir := mounted(t, 32<<20)
	b := newBenchAt(t, filepath.Join(dir, "infolettre.db"), 2000, deliver.Resend)
	dots := b.noted()
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	for chunk := make([]byte, 32<<10); err == nil; {
		_, err = filler.Write(chunk)
	}
	info, err := filler.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := filler.Truncate(info.Size() - 256<<10); err != nil { // enough to begin
		t.Fatal(err)
	}
	if err := b.sender.Run(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("got %v", err)
	}
	if n := dots.Load(); n == 0 || n == 2000 {
		t.Errorf("%d mails before the disk was full", n)
	}
	if err := filler.Truncate(0); err != nil {
		t.Fatal(err)
	}
	b.whole(2000)
}

// A database that cannot be written says so when it is opened.
func TestReadOnlyLedger(t *testing.T) {
	t.Parallel()
	dir := mounted(t, 8<<20)
	path := filepath.Join(dir, "infolettre.db")
	s, err := store.Open(t.Context(), path, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if s, err := store.Open(t.Context(), path, true); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("got %v", err)
		if err == nil {
			s.Close()
		}
	}
}
