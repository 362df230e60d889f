package deliver_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// ordered is when the test issue was ordered.
var ordered = time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC)

// plainMail composes a small mail.
type plainMail struct{}

func (plainMail) From() audience.Address { return audience.MustAddress("lettre@exemple.fr") }

func (plainMail) Slow() bool { return false }

func (plainMail) Append(dst []byte, to audience.Subscriber, _ string) ([]byte, error) {
	return fmt.Appendf(dst, "To: <%s>\r\nSubject: test\r\n\r\n%s\r\n", to.Address, strings.Repeat("x", 900)), nil
}

// bench is an issue in a real ledger, a server, and a clock.
type bench struct {
	*testing.T
	path   string
	store  *store.Store
	server *smtptest.Server
	sender deliver.Sender

	mu  sync.Mutex
	now time.Time
}

func newBench(t *testing.T, readers int, policy deliver.Policy, faults ...smtptest.Fault) *bench {
	t.Helper()
	return newBenchAt(t, filepath.Join(t.TempDir(), "infolettre.db"), readers, policy, faults...)
}

func newBenchAt(t *testing.T, path string, readers int, policy deliver.Policy, faults ...smtptest.Fault) *bench {
	t.Helper()
	b := &bench{T: t, path: path, now: ordered, server: smtptest.Start(t, smtptest.Script{Faults: faults})}
	storetest.WriteFile(t, b.path)
	var err error
	if b.store, err = store.Open(t.Context(), b.path, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.store.Close() })
	var subscribers []audience.Subscriber
	for i := range readers {
		subscribers = append(subscribers, audience.Subscriber{
			ID: audience.NewID(), Address: audience.MustAddress(fmt.Sprintf("r%03d@exemple.fr", i)), Lang: "fr", Status: audience.Active,
		})
	}
	if _, err := b.store.AddSubscribers(t.Context(), ordered, subscribers); err != nil {
		t.Fatal(err)
	}
	b.freeze(1, policy)
	b.sender = deliver.Sender{
		Config: deliver.Config{
			Servers:     []deliver.Server{{Host: b.server.Host(), Port: b.server.Port(), TLS: deliver.Plain}},
			Connections: 3,
		}.WithDefaults(),
		Ledger: b.store, Composer: plainMail{}, Now: b.clock, Jitter: func() float64 { return 0 },
		Sleep: func(ctx context.Context, d time.Duration) error { b.advance(d); return ctx.Err() },
	}
	return b
}

// fewer is how many of some things to try: a tenth with -short, which the gate
// says under the race detector, where the database takes ten times as long.
func fewer(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// notShort leaves a test of many mails over one connection to the run without
// the race detector.
func notShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("tried whole without -short")
	}
}

func (b *bench) freeze(number int, policy deliver.Policy) {
	b.Helper()
	is := deliver.Issue{
		Number: number, Slot: ordered.AddDate(0, 0, 7*number), State: deliver.IssueSending, Policy: policy,
		Ordered: b.clock(), Deadline: b.clock().Add(72 * time.Hour),
	}
	if err := b.store.Freeze(b.Context(), is, nil, nil, map[string]string{"fr": "fr"}); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// run does what one "send" does: recover, send, settle.
func (b *bench) run(number int) (deliver.Settled, error) {
	b.Helper()
	if err := b.store.Recover(b.Context(), number, b.clock()); err != nil {
		b.Fatal(err)
	}
	err := b.sender.Run(b.Context(), number)
	settled, errSettle := b.store.Settle(b.Context(), number, b.clock())
	if errSettle != nil {
		b.Fatal(errSettle)
	}
	return settled, err
}

func (b *bench) tally(number int) map[deliver.State]int {
	b.Helper()
	tally, err := b.store.Tally(b.Context(), number)
	if err != nil {
		b.Fatal(err)
	}
	return tally
}

func (b *bench) cases() []deliver.Case {
	b.Helper()
	cases, err := b.store.Cases(b.Context(), 1, 100_000)
	if err != nil {
		b.Fatal(err)
	}
	return cases
}

func (b *bench) check(number int, want map[deliver.State]int) {
	b.Helper()
	got := b.tally(number)
	for _, state := range deliver.States {
		if got[state] != want[state] {
			b.Errorf("issue %d: %d %s, want %d", number, got[state], state, want[state])
		}
	}
	if c := b.server.Complaints(); len(c) > 0 {
		b.Errorf("the server complains: %q", c)
	}
}

const victim = "r004@exemple.fr"

// Each row is one fault for one recipient of ten; nobody else may be hit.
func TestReplies(t *testing.T) {
	for _, test := range []struct {
		name       string
		fault      smtptest.Fault
		want       deliver.State
		class      deliver.Class
		suppressed bool
		delivered  int // to the victim, in the first run
	}{
		{"accepted", smtptest.Fault{Step: smtptest.Quit, Code: 500}, deliver.Accepted, "", false, 1},
		{"unknown mailbox", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Code: 550, Enhanced: "5.1.1"}, deliver.Refused, deliver.ClassHard, true, 0},
		{"unknown mailbox, said after the dot", smtptest.Fault{Step: smtptest.Dot, To: victim, Code: 550, Enhanced: "5.1.1"}, deliver.Refused, deliver.ClassSoft, false, 0},
		{"bare 550", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Code: 550}, deliver.Refused, deliver.ClassBare, false, 0},
		{"mailbox full, permanent", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Code: 552, Enhanced: "5.2.2"}, deliver.Refused, deliver.ClassFull, false, 0},
		{"mailbox full, for now", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Code: 452, Enhanced: "4.2.2"}, deliver.Pending, deliver.ClassFull, false, 0},
		{"greylisted", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Code: 451, Enhanced: "4.3.0"}, deliver.Pending, deliver.ClassLater, false, 0},
		{"4xx at DATA", smtptest.Fault{Step: smtptest.Data, To: victim, Code: 451}, deliver.Pending, deliver.ClassLater, false, 0},
		{"5xx at DATA", smtptest.Fault{Step: smtptest.Data, To: victim, Code: 554, Enhanced: "5.6.0"}, deliver.Refused, deliver.ClassSoft, false, 0},
		{"4xx at the dot", smtptest.Fault{Step: smtptest.Dot, To: victim, Code: 452}, deliver.Pending, deliver.ClassLater, false, 0},
		{"dropped at RCPT, once", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Action: smtptest.Drop, Times: 1}, deliver.Accepted, "", false, 1},
		{"dropped at RCPT, always", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Action: smtptest.Drop}, deliver.Pending, deliver.ClassNetwork, false, 0},
		{"dropped at DATA, once", smtptest.Fault{Step: smtptest.Data, To: victim, Action: smtptest.Drop, Times: 1}, deliver.Accepted, "", false, 1},
		{"dropped at the dot", smtptest.Fault{Step: smtptest.Dot, To: victim, Action: smtptest.Drop}, deliver.Uncertain, deliver.ClassNetwork, false, 0},
		{"accepted, and the reply lost", smtptest.Fault{Step: smtptest.Dot, To: victim, Action: smtptest.Lose}, deliver.Uncertain, deliver.ClassNetwork, false, 1},
		{"half a reply to the dot", smtptest.Fault{Step: smtptest.Dot, To: victim, Action: smtptest.Half}, deliver.Uncertain, deliver.ClassNetwork, false, 1},
		{"250 and closed", smtptest.Fault{Step: smtptest.Dot, To: victim, Action: smtptest.Close}, deliver.Accepted, "", false, 1},
		{"nonsense at RCPT, once", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Raw: "hello there\r\n", Times: 1}, deliver.Accepted, "", false, 1},
		{"421 at RCPT, once", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Code: 421, Enhanced: "4.7.0", Action: smtptest.Close, Times: 1}, deliver.Pending, deliver.ClassThrottle, false, 0},
		{"greylisted by a policy service", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Code: 450, Enhanced: "4.7.1"}, deliver.Pending, deliver.ClassLater, false, 0},
		{"an enhanced code that contradicts", smtptest.Fault{Step: smtptest.Rcpt, To: victim, Code: 450, Enhanced: "5.1.1"}, deliver.Pending, deliver.ClassLater, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 10, deliver.Hold, test.fault)
			settled, err := b.run(1)
			if err != nil {
				t.Fatal(err)
			}
			want := map[deliver.State]int{deliver.Accepted: 9}
			want[test.want]++
			b.check(1, want)
			for address, n := range b.server.Counts() {
				if expected := 1; address != victim && n != expected {
					t.Errorf("%s got %d mails", address, n)
				}
			}
			if n := b.server.Counts()[victim]; n != test.delivered {
				t.Errorf("the victim got %d mails, want %d", n, test.delivered)
			}
			if got := settled.Suppressed == 1; got != test.suppressed {
				t.Errorf("suppressed: %v, want %v", got, test.suppressed)
			}
			if test.class == "" {
				return
			}
			cases := b.cases()
			if len(cases) != 1 || cases[0].Address.String() != victim || cases[0].Class != test.class {
				t.Errorf("cases: %+v, want %s of class %s", cases, victim, test.class)
			}
		})
	}
}

func TestSendingAgainSendsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, 20, deliver.Resend)
	for range 2 {
		settled, err := b.run(1)
		if err != nil || settled.State != deliver.IssueSent {
			t.Fatalf("got %+v, %v", settled, err)
		}
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 20})
	if n := len(b.server.Messages()); n != 20 {
		t.Errorf("%d mails, want 20", n)
	}
	want := "To: <r004@exemple.fr>\r\nSubject: test\r\n\r\nxxx"
	i := slices.IndexFunc(b.server.Messages(), func(m smtptest.Message) bool { return m.To[0] == victim })
	if got := string(b.server.Messages()[i].Data); !strings.HasPrefix(got, want) {
		t.Errorf("the mail arrived as %q", got)
	}
}

// A refusal for now is tried again after 5 min, then later and later, and
// given up at the deadline without ever counting as a bounce.
func TestRetries(t *testing.T) {
	t.Parallel()
	b := newBench(t, 3, deliver.Resend, smtptest.Fault{Step: smtptest.Rcpt, To: "r000@exemple.fr", Code: 451})
	for _, wait := range []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute, 80 * time.Minute, 160 * time.Minute, 4 * time.Hour, 4 * time.Hour} {
		settled, err := b.run(1)
		if err != nil || settled.State != deliver.IssueSending {
			t.Fatalf("got %+v, %v", settled, err)
		}
		at, ok, err := b.store.NextDue(t.Context(), 1)
		if err != nil || !ok || at.Sub(b.clock()) != wait {
			t.Fatalf("next attempt in %s, %v, %v; want %s", at.Sub(b.clock()), ok, err, wait)
		}
		b.advance(wait)
	}
	b.advance(72 * time.Hour)
	settled, err := b.run(1)
	if err != nil || settled.State != deliver.IssueSent || settled.Suppressed != 0 {
		t.Fatalf("got %+v, %v", settled, err)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 2, deliver.Refused: 1})
	if c := b.cases(); c[0].Class != deliver.ClassExpired {
		t.Errorf("class %s", c[0].Class)
	}
}

// What was being sent when a process died is in doubt, named, and sent once
// more; its name stays.
func TestDoubt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		policy deliver.Policy
		state  deliver.State
		mails  int
	}{{deliver.Resend, deliver.Accepted, 2}, {deliver.Hold, deliver.Uncertain, 1}} {
		b := newBench(t, 5, test.policy, smtptest.Fault{Step: smtptest.Dot, To: victim, Action: smtptest.Lose, Times: 1})
		if _, err := b.run(1); err != nil {
			t.Fatal(err)
		}
		b.check(1, map[deliver.State]int{deliver.Accepted: 4, deliver.Uncertain: 1})
		settled, err := b.run(1)
		if err != nil || settled.State != deliver.IssueSent {
			t.Fatalf("%s: got %+v, %v", test.policy, settled, err)
		}
		cases := b.cases()
		if len(cases) != 1 || cases[0].Address.String() != victim || cases[0].State != test.state || cases[0].Doubted.IsZero() || cases[0].Doubt == "" {
			t.Errorf("%s: cases %+v", test.policy, cases)
		}
		if n := b.server.Counts()[victim]; n != test.mails {
			t.Errorf("%s: %d mails, want %d", test.policy, n, test.mails)
		}
	}
}

// A server that never answers a final dot gets the same mail a few times only.
func TestDoubtHasAnEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1, deliver.Resend, smtptest.Fault{Step: smtptest.Dot, Action: smtptest.Lose})
	for range 2 * deliver.MaxDoubts {
		_, _ = b.run(1) // each run ends with the connection lost
	}
	b.check(1, map[deliver.State]int{deliver.Uncertain: 1})
	if n := len(b.server.Messages()); n != deliver.MaxDoubts {
		t.Errorf("%d mails, want %d", n, deliver.MaxDoubts)
	}
}

// Whoever leaves after the snapshot is not written to.
func TestLeftMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench(t, 6, deliver.Resend, smtptest.Fault{Step: smtptest.Rcpt, To: victim, Code: 550, Enhanced: "5.1.1"})
	b.freeze(2, deliver.Resend)
	for number := 1; number <= 2; number++ {
		if _, err := b.run(number); err != nil {
			t.Fatal(err)
		}
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 5, deliver.Refused: 1})
	b.check(2, map[deliver.State]int{deliver.Accepted: 5, deliver.Suppressed: 1})
}

func TestUnreachableServer(t *testing.T) {
	t.Parallel()
	b := newBench(t, 4, deliver.Resend)
	b.server.Close()
	if _, err := b.run(1); err == nil || strings.Contains(err.Error(), "exemple.fr") {
		t.Errorf("got %v", err)
	}
	b.check(1, map[deliver.State]int{deliver.Pending: 4})
}

// A message that the server refuses for its own sake stops the issue.
func TestOurFault(t *testing.T) {
	t.Parallel()
	b := newBench(t, 50, deliver.Resend, smtptest.Fault{Step: smtptest.Dot, Code: 552, Enhanced: "5.3.4"})
	if _, err := b.run(1); err == nil {
		t.Error("no error")
	}
	if tally := b.tally(1); tally[deliver.Pending] != 50 || len(b.server.Messages()) != 0 {
		t.Errorf("got %v", tally)
	}
}

func TestStartTLSIsRequired(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Script{Extensions: []string{"PIPELINING"}})
	secured := smtptest.Start(t, smtptest.Script{Extensions: []string{"STARTTLS", "AUTH PLAIN LOGIN"}, User: "lettre", Password: "secret"})
	to := audience.MustAddress(victim)
	send := func(s deliver.Server) error {
		return deliver.SendOne(t.Context(), s, to, to, []byte("Subject: x\r\n\r\nx\r\n"))
	}
	if err := send(deliver.Server{Host: server.Host(), Port: server.Port(), TLS: deliver.StartTLS}); err == nil {
		t.Error("a server without STARTTLS was accepted")
	}
	if err := send(deliver.Server{Host: secured.Host(), Port: secured.Port(), TLS: deliver.StartTLS}); err == nil {
		t.Error("an unknown certificate was accepted")
	}
	if err := send(deliver.Server{
		Host: secured.Host(), Port: secured.Port(), TLS: deliver.StartTLS, Username: "lettre", Password: "secret",
		Config: &tls.Config{RootCAs: secured.RootCAs(), ServerName: secured.Host()},
	}); err != nil {
		t.Error(err)
	}
	if len(server.Messages()) != 0 || len(secured.Messages()) != 1 {
		t.Error("mail went out in clear")
	}
}
