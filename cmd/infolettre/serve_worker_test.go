package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// bench is a newsletter's folder, with the sample entries, and a mail server.
type bench struct {
	*testing.T
	folder string
	server *smtptest.Server
	env    []string
}

func newBench(t *testing.T, environ ...string) *bench {
	t.Helper()
	b := &bench{T: t, folder: t.TempDir(), server: smtptest.Start(t, smtptest.Script{})}
	b.env = append([]string{
		"INFOLETTRE_DELIVERY_SERVERS_0_HOST=" + b.server.Host(), fmt.Sprint("INFOLETTRE_DELIVERY_SERVERS_0_PORT=", b.server.Port()),
		"INFOLETTRE_WEB_LISTEN=127.0.0.1:0", "INFOLETTRE_WEB_PRIVATE=localhost:0",
	}, environ...)
	if code, text := b.run(time.Now(), "init", b.folder); code != exitDone {
		t.Fatal(text)
	}
	entry := []byte("---\ntitle: A word\ndate: 2026-11-10 08:00\n---\n\nA word of the week.\n")
	if err := os.WriteFile(filepath.Join(b.folder, "content", "2026-11-10-word.en.md"), entry, 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

// run is one command at one moment.
func (b *bench) run(now time.Time, args ...string) (code int, text string) {
	b.Helper()
	return b.runContext(b.Context(), now, args...)
}

func (b *bench) runContext(ctx context.Context, now time.Time, args ...string) (code int, text string) {
	b.Helper()
	var out bytes.Buffer
	args = append([]string{"--lang", "en", "--config", filepath.Join(b.folder, "infolettre.yaml")}, args...)
	a, err := newApp(args, b.env, strings.NewReader(""), &out, io.MultiWriter(&out, b.Output()))
	if err != nil {
		b.Fatal(err)
	}
	a.now = func() time.Time { return now }
	a.timing = schedule.Timing{Renew: 500 * time.Millisecond, Lost: 3 * time.Second, Poll: 100 * time.Millisecond}
	code = a.execute(ctx, args)
	return code, out.String()
}

// serve serves until done says so.
func (b *bench) serve(now time.Time, role string, done func() bool) (text string) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	var code int
	var running sync.WaitGroup
	running.Go(func() {
		defer stop()
		code, text = b.runContext(ctx, now, "serve", "--role", role)
	})
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for began := time.Now(); ctx.Err() == nil && !done(); {
		<-ticker.C
		if time.Since(began) > time.Minute {
			b.Error("serve did not do in a minute what it was to do")
			break
		}
	}
	stop()
	running.Wait()
	if code != exitDone {
		b.Fatalf("serve ends with %d: %s", code, text)
	}
	return text
}

// A server makes the issue whose slot came and sends it; while it runs, "send"
// leaves it alone.
func TestServeWorker(t *testing.T) {
	storetest.EachSource(t, func(t *testing.T, source string) {
		variable := "INFOLETTRE_DATABASE_PATH="
		if strings.Contains(source, "://") {
			variable = "INFOLETTRE_DATABASE_URL="
		}
		b := newBench(t, variable+source)
		monday := time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC)
		if code, text := b.run(monday, "subscribers", "add", "zoe@exemple.fr", "max@example.org"); code != exitDone {
			t.Fatal(text)
		}
		state := filepath.Join(b.folder, "test.state")
		b.env = append(b.env, "INFOLETTRE_DATABASE_STATE="+state)
		b.serve(monday, roleWorker, func() bool {
			_, err := os.Stat(state) // it has ticked
			return err == nil
		})
		thursday := time.Date(2026, 11, 12, 10, 0, 1, 0, time.UTC)
		text := b.serve(thursday, roleAll, func() bool {
			if len(b.server.Messages()) < 2 {
				return false
			}
			if code, text := b.run(thursday, "send", "--yes"); code != exitProblems || !strings.Contains(text, "another process is sending") {
				t.Errorf("beside a worker: %d, %s", code, text)
			}
			return true
		})
		if !strings.Contains(text, "outcome=made") {
			t.Errorf("the log: %s", text)
		}
		if _, text := b.run(thursday, "issues", "list"); !strings.Contains(text, "2 accepted") {
			t.Errorf("issues list says: %s", text)
		}
		if got := len(b.server.Messages()); got != 2 {
			t.Errorf("%d mails, want 2", got)
		}
	})
}

// The file of a newsletter that grew moves to PostgreSQL.
func TestMigrate(t *testing.T) {
	b := newBench(t)
	now := time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC)
	if code, text := b.run(now, "migrate"); code != exitUsage {
		t.Errorf("without a target: %d, %s", code, text)
	}
	if code, text := b.run(now, "subscribers", "add", "zoe@exemple.fr", "max@example.org"); code != exitDone {
		t.Fatal(text)
	}
	url := storetest.PostgresURL(t)
	code, text := b.run(now, "migrate", "--to", url)
	if code != exitDone || !strings.Contains(text, "subscribers: 2 rows") {
		t.Errorf("%d: %s", code, text)
	}
	b.env = append(b.env, "INFOLETTRE_DATABASE_URL="+url)
	if code, text := b.run(now, "subscribers", "list"); code != exitDone || !strings.Contains(text, "zoe@exemple.fr") {
		t.Errorf("after the move: %d: %s", code, text)
	}
	if code, text := b.run(now, "migrate"); code != exitProblems || !strings.Contains(text, "not empty") {
		t.Errorf("again: %d: %s", code, text)
	}
}
