package deliver_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/store"
)

var errDisk = errors.New("no space left on device")

// failing is a ledger whose n-th commit fails, before or after it was made.
type failing struct {
	*store.Store
	every int64
	after bool
	calls atomic.Int64
}

func (f *failing) Commit(ctx context.Context, issue int, now time.Time, outcomes []deliver.Outcome, intents []audience.ID) ([]audience.ID, error) {
	fails := f.calls.Add(1)%f.every == 0
	if fails && !f.after {
		return nil, errDisk
	}
	granted, err := f.Store.Commit(ctx, issue, now, outcomes, intents)
	if fails && err == nil {
		return nil, errDisk
	}
	return granted, err
}

// A ledger that fails now and then loses nobody, and names whom it doubts.
func TestFailingLedger(t *testing.T) {
	for every := int64(1); every <= 6; every++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("every %d, after %v", every, after), func(t *testing.T) {
				t.Parallel()
				const readers = 30
				b := newBench(t, readers, deliver.Resend)
				b.sender.Ledger = &failing{Store: b.store, every: every, after: after}
				_, err := b.run(1)
				if every == 1 && !errors.Is(err, errDisk) {
					t.Errorf("got %v", err)
				}
				if every == 1 && !after && len(b.server.Messages()) > 0 {
					t.Error("a dot went out without a durable note")
				}
				b.sender.Ledger = b.store
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
				for address, n := range b.server.Counts() {
					if n != 1 && !named[address] {
						t.Errorf("%s got %d mails, and is not named", address, n)
					}
				}
				if got := len(b.server.Counts()); got != readers {
					t.Errorf("%d readers got a mail, want %d", got, readers)
				}
			})
		}
	}
}

// A server whose replies take their time is served over several connections
// with one commit for many, and never more than Connections at once.
func TestConnections(t *testing.T) {
	t.Parallel()
	b := newBench(t, 60, deliver.Resend, smtptest.Fault{Step: smtptest.Dot, Delay: time.Millisecond})
	if _, err := b.run(1); err != nil {
		t.Fatal(err)
	}
	if _, peak := b.server.Connections(); peak > b.sender.Config.Connections {
		t.Errorf("%d connections at once", peak)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 60})
}

// A server that asks for less gets half the connections, and in the end one
// that pauses.
func TestThrottled(t *testing.T) {
	t.Parallel()
	b := newBench(t, 60, deliver.Resend, smtptest.Fault{Step: smtptest.Rcpt, Code: 421, Enhanced: "4.7.0", Action: smtptest.Close, Skip: 5, Times: 6})
	began := b.clock()
	for range 20 {
		if settled, err := b.run(1); err != nil {
			t.Fatal(err)
		} else if settled.State == deliver.IssueSent {
			break
		}
		b.advance(10 * time.Minute)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 60})
	if spent := b.clock().Sub(began); spent < time.Minute {
		t.Errorf("the last connection paused for %s", spent)
	}
}

// Several connections together keep a server's rate.
func TestSharedRate(t *testing.T) {
	t.Parallel()
	b := newBench(t, 30, deliver.Resend)
	b.sender.Config.Servers[0].Rate = deliver.Rate{PerHour: 3600}
	began := b.clock()
	if _, err := b.run(1); err != nil {
		t.Fatal(err)
	}
	if spent := b.clock().Sub(began); spent < 29*time.Second {
		t.Errorf("30 mails at one a second took %s", spent)
	}
}

// Several servers share the work by weight, and one that is down is done
// without.
func TestServers(t *testing.T) {
	t.Parallel()
	b := newBench(t, 60, deliver.Resend)
	second := smtptest.Start(t, smtptest.Script{})
	down := smtptest.Start(t, smtptest.Script{})
	down.Close()
	b.sender.Config.Servers = []deliver.Server{
		{Host: down.Host(), Port: down.Port(), TLS: deliver.Plain, Weight: 5},
		{Host: b.server.Host(), Port: b.server.Port(), TLS: deliver.Plain, Weight: 1},
		{Host: second.Host(), Port: second.Port(), TLS: deliver.Plain, Weight: 1},
	}
	if _, err := b.run(1); err != nil {
		t.Fatal(err)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 60})
	if n := len(b.server.Messages()) + len(second.Messages()); n != 60 {
		t.Errorf("%d mails arrived", n)
	}
}

// The breaker stops an issue before it has burnt its list, and suppresses
// nobody.
func TestBreakerStops(t *testing.T) {
	t.Parallel()
	b := newBench(t, 300, deliver.Resend, smtptest.Fault{Step: smtptest.Rcpt, Code: 550, Enhanced: "5.1.1", Skip: 30})
	settled, err := b.run(1)
	var breaker *deliver.BreakerError
	if !errors.As(err, &breaker) || settled.State != deliver.IssueHeld || settled.Suppressed != 0 {
		t.Errorf("got %+v, %v", settled, err)
	}
	tally := b.tally(1)
	if tally[deliver.Pending] < 200 {
		t.Errorf("stopped at %v", tally)
	}
}

// The breaker counts the issue, not the run: thirty refused of sixteen
// hundred are believed, though a run that tries those thirty alone meets nothing else.
func TestBreakerCountsTheIssue(t *testing.T) {
	var later, never []smtptest.Fault
	for i := range 30 {
		to := fmt.Sprintf("r%03d@exemple.fr", i)
		later = append(later, smtptest.Fault{Step: smtptest.Rcpt, To: to, Code: 451, Text: "greylisted"})
		never = append(never, smtptest.Fault{Step: smtptest.Rcpt, To: to, Code: 550, Enhanced: "5.1.1", Text: "no such user"})
	}
	b := newBench(t, 1600, deliver.Resend, later...)
	if _, err := b.run(1); err != nil {
		t.Fatal(err)
	}
	b.server.SetFaults(never...)
	b.advance(10 * time.Minute)
	settled, err := b.run(1)
	if err != nil || settled.State != deliver.IssueSent || settled.Suppressed != 30 || len(settled.Alarmed) > 0 {
		t.Errorf("got %+v, %v", settled, err)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 1570, deliver.Refused: 30})
}

// Who leaves while the server already waits for their mail gets none.
func TestLeavesInTheMiddle(t *testing.T) {
	t.Parallel()
	b := newBench(t, 40, deliver.Resend)
	b.sender.Config.Connections = 1
	left := map[string]bool{}
	b.sender.Ledger = &leaving{Store: b.store, other: b.another(), left: left}
	if _, err := b.run(1); err != nil {
		t.Fatal(err)
	}
	if len(left) == 0 || b.tally(1)[deliver.Suppressed] != len(left) || b.tally(1)[deliver.Accepted] != 40-len(left) {
		t.Errorf("%d left; %v", len(left), b.tally(1))
	}
	for _, m := range b.server.Messages() {
		if left[m.To[0]] {
			t.Errorf("%s left, and got a mail", m.To[0])
		}
	}
}

// leaving is a ledger in which every tenth reader leaves at the last moment.
type leaving struct {
	*store.Store
	other *sql.DB
	left  map[string]bool
	calls int
}

func (l *leaving) Commit(ctx context.Context, issue int, now time.Time, outcomes []deliver.Outcome, intents []audience.ID) ([]audience.ID, error) {
	if l.calls++; l.calls%10 == 0 && len(intents) == 1 {
		readers, err := l.Subscribers(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range readers {
			if r.ID == intents[0] {
				l.left[r.Address.String()] = true
				if _, err := l.other.ExecContext(ctx, `UPDATE subscribers SET status = 'unsubscribed' WHERE id = $1`, r.ID.String()); err != nil {
					return nil, err
				}
			}
		}
	}
	return l.Store.Commit(ctx, issue, now, outcomes, intents)
}
