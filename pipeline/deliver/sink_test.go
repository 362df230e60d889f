package deliver_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
)

// startSink runs Postfix's smtp-sink, with its own ways of misbehaving.
func startSink(t testing.TB, arguments ...string) (port int) {
	t.Helper()
	program, err := exec.LookPath("smtp-sink")
	wants(t, err == nil, "smtp-sink, of Postfix")
	port = freePort(t)
	if os.Getuid() == 0 {
		arguments = append(arguments, "-u", "nobody") // it does not run as root
	}
	sink := exec.Command(program, append(arguments, fmt.Sprint("127.0.0.1:", port), "100")...)
	if err := sink.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sink.Process.Kill()
		_ = sink.Wait()
	})
	awaitPort(t, port)
	return port
}

// The faults that Postfix's smtp-sink knows, at every command: each recipient
// has one end, nobody is suppressed, and a connection that broke, or a reply
// that asks for patience, refuses nobody before the deadline.
func TestSmtpSink(t *testing.T) {
	for _, flag := range []struct {
		name      string
		permanent bool
	}{{"-f", true}, {"-r", false}, {"-Q", false}, {"-q", false}} {
		for _, command := range []string{"connect", "ehlo", "mail", "rcpt", "data", ".", "rset", "quit"} {
			t.Run(flag.name+" "+command, func(t *testing.T) {
				t.Parallel()
				arguments := []string{flag.name, command}
				if flag.name != "-f" {
					arguments = append(arguments, "-p") // without PIPELINING
				}
				meetSink(t, startSink(t, arguments...), flag.permanent)
			})
		}
	}
}

func meetSink(t *testing.T, port int, permanent bool) {
	t.Helper()
	const readers = 30
	b := newBench(t, readers, deliver.Resend)
	b.sender.Config.Servers[0].Port = port
	var settled deliver.Settled
	for run := range 12 {
		settled, _ = b.run(1) // an error leaves deliveries for the next run
		if settled.Suppressed > 0 {
			t.Errorf("%d suppressed", settled.Suppressed)
		}
		if run == 10 {
			b.advance(72 * time.Hour)
		} else {
			b.advance(10 * time.Minute)
		}
	}
	tally, total := b.tally(1), 0
	for _, n := range tally {
		total += n
	}
	if settled.State != deliver.IssueSent || total != readers || tally[deliver.Pending]+tally[deliver.Sending] > 0 {
		t.Errorf("the issue is %s with %v", settled.State, tally)
	}
	for _, c := range b.cases() {
		if c.State == deliver.Refused && c.Class != deliver.ClassExpired && !permanent {
			t.Errorf("%s: refused, class %s, %s", c.Address, c.Class, c.Reply)
		}
	}
}
