package schedule_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/store"
)

// roleVariable makes the test binary a worker's process.
const roleVariable = "INFOLETTRE_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "" {
		os.Exit(m.Run())
	}
	if err := beProcess(); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// beProcess opens the database and works until its input ends. A line "tick
// <unix ms>" sets the clock and has it ask what is due.
func beProcess() error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	s, err := store.Open(ctx, os.Getenv("SOURCE"), true)
	if err != nil {
		return err
	}
	defer s.Close()
	port, _ := strconv.Atoi(os.Getenv("PORT"))
	connections, _ := strconv.Atoi(os.Getenv("CONNECTIONS"))
	n, err := newsletter(os.Getenv("HOST"), port, connections)
	if err != nil {
		return err
	}
	now := &clock{now: monday}
	alone, err := s.ShareSending(ctx)
	w := newWorker(s, n, os.Getenv("NAME"), os.Getenv("FOLDER"), alone, now.Now, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	ended := make(chan error, 1)
	tick := w.Tick
	switch {
	case errors.Is(err, store.ErrBusy): // a file has one worker; the others may still make an issue
		ended <- nil
		tick = func(ctx context.Context) error {
			_, err := w.Engine.Tick(ctx, now.Now())
			return err
		}
	case err != nil:
		return err
	default:
		ready := make(chan struct{})
		w.Ready = func() { close(ready) }
		go func() { ended <- w.Run(ctx) }()
		select {
		case <-ready:
		case err := <-ended:
			return err
		}
	}
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		ms, err := strconv.ParseInt(strings.TrimPrefix(lines.Text(), "tick "), 10, 64)
		if err != nil {
			return err
		}
		now.set(time.UnixMilli(ms).UTC())
		if err := tick(ctx); err != nil {
			return err
		}
		fmt.Println("done")
	}
	stop()
	return <-ended
}

// process is a worker's process.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// options of a process; the command runs it, "ip netns exec x" for example.
type options struct {
	command                    []string
	source, host, name, folder string
	port, connections          int
}

func startProcess(t testing.TB, o options) *process {
	t.Helper()
	args := append(o.command, os.Args[0], "-test.run=^$")
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(os.Environ(), roleVariable+"=1", "SOURCE="+o.source, "HOST="+o.host, fmt.Sprint("PORT=", o.port),
		fmt.Sprint("CONNECTIONS=", o.connections), "NAME="+o.name, "FOLDER="+o.folder)
	c.Stderr = t.Output()
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{c, in, bufio.NewScanner(out)}
	t.Cleanup(func() {
		in.Close()
		_ = c.Wait() // some were killed
	})
	return p
}

// expect reads the process's answer.
func (p *process) expect(t testing.TB, want string) {
	t.Helper()
	if !p.out.Scan() || p.out.Text() != want {
		t.Fatalf("the process says %q, want %q", p.out.Text(), want)
	}
}

func (p *process) tick(t testing.TB, now time.Time) {
	t.Helper()
	if _, err := fmt.Fprintf(p.in, "tick %d\n", now.UnixMilli()); err != nil {
		t.Fatal(err)
	}
}
