package schedule_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/store"
)

// The only worker of a file is killed in the middle of a send. Started again,
// it goes on at once: it need not wait for the lease of the dead one.
func TestRestart(t *testing.T) {
	const readers, connections = 1000, 3
	server := smtptest.Start(t, smtptest.Script{Brief: true})
	o := options{source: filepath.Join(t.TempDir(), "infolettre.db"), host: server.Host(), port: server.Port(),
		connections: connections, name: "w", folder: t.TempDir()}
	s, err := store.Open(t.Context(), o.source, true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := addReaders(t.Context(), s, readers); err != nil {
		t.Fatal(err)
	}
	first := startProcess(t, o)
	first.expect(t, "ready")
	first.tick(t, monday)
	first.expect(t, "done")
	first.tick(t, slot(0))
	first.expect(t, "done")
	until(t, "a quarter is sent", func() bool {
		tally, err := s.Tally(t.Context(), 1)
		return err == nil && tally[deliver.Accepted] > readers/4
	})
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // killed
	began, before := time.Now(), len(server.Counts())
	again := startProcess(t, o)
	again.expect(t, "ready")
	again.tick(t, slot(0))
	again.expect(t, "done")
	until(t, "it goes on", func() bool { return len(server.Counts()) > before })
	t.Logf("it went on %s after the restart", time.Since(began).Round(time.Millisecond))
	sent(t, s, 1)
	checkTakeover(t, s, server, readers, connections)
}
