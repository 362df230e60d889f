package deliver_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

// add subscribes n readers of a domain.
func (b *bench) add(domain string, n int) {
	b.Helper()
	var readers []audience.Subscriber
	for i := range n {
		readers = append(readers, audience.Subscriber{
			ID: audience.NewID(), Address: audience.MustAddress(fmt.Sprintf("p%04d@%s", i, domain)), Lang: "fr", Status: audience.Active,
		})
	}
	if _, err := b.store.AddSubscribers(b.Context(), ordered, readers); err != nil {
		b.Fatal(err)
	}
}

// timed notes when each mail is written, by domain.
type timed struct {
	plainMail
	clock func() time.Time
	mu    *sync.Mutex
	times map[string][]time.Time
}

func (m timed) Append(dst []byte, to audience.Subscriber, locale string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := to.Address.Domain()
	m.times[d] = append(m.times[d], m.clock())
	m.times[""] = append(m.times[""], m.clock())
	return m.plainMail.Append(dst, to, locale)
}

func (b *bench) timed() map[string][]time.Time {
	times := map[string][]time.Time{}
	b.sender.Composer = timed{clock: b.clock, mu: &sync.Mutex{}, times: times}
	return times
}

func apart(t *testing.T, times []time.Time, least time.Duration) {
	t.Helper()
	for i := 1; i < len(times); i++ {
		if d := times[i].Sub(times[i-1]); d < least {
			t.Errorf("mails %d and %d went %s apart, want %s", i, i+1, d, least)
			return
		}
	}
}

// A server's rate is exact, by the second and by the hour.
func TestServerRate(t *testing.T) {
	for name, test := range map[string]struct {
		rate deliver.Rate
		want time.Duration
	}{
		"one a second":                {deliver.Rate{PerSecond: 1}, time.Second},
		"three a second":              {deliver.Rate{PerSecond: 3}, time.Second / 3},
		"ninety an hour":              {deliver.Rate{PerHour: 90}, 40 * time.Second},
		"ten a second, sixty an hour": {deliver.Rate{PerSecond: 10, PerHour: 60}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 30, deliver.Resend)
			b.sender.Config.Servers[0].Rate = test.rate
			b.sender.Config.Connections = 1 // the clock jumps while another waits
			times := b.timed()
			if _, err := b.run(1); err != nil {
				t.Fatal(err)
			}
			b.check(1, map[deliver.State]int{deliver.Accepted: 30})
			apart(t, times[""], test.want)
		})
	}
}

// A domain's rate is exact, and holds no other domain up: not even when the
// first thousands in the ledger are of the slow one.
func TestDomainRate(t *testing.T) {
	notShort(t)
	t.Parallel()
	b := newBench(t, 0, deliver.Resend)
	b.add("lent.exemple.fr", 700) // more than the feed has room for
	for i := range 40 {
		b.add(fmt.Sprintf("d%02d.exemple.net", i), 1)
	}
	b.freeze(2, deliver.Resend)
	b.sender.Config.Domain = deliver.Rate{PerSecond: 0.1}
	b.sender.Config.Connections = 1
	times := b.timed()
	if _, err := b.run(2); err != nil {
		t.Fatal(err)
	}
	b.check(2, map[deliver.State]int{deliver.Accepted: 740})
	apart(t, times["lent.exemple.fr"], 10*time.Second)
	for _, m := range b.server.Messages()[60:] {
		if !strings.HasSuffix(m.To[0], "@lent.exemple.fr") {
			t.Errorf("%s waited for another domain", m.To[0])
		}
	}
}

// A server with a long pace holds nothing back from one that has none.
func TestSlowServerHoldsNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, 50, deliver.Resend)
	slow := smtptest.Start(t, smtptest.Script{})
	b.sender.Config.Servers = append(b.sender.Config.Servers,
		deliver.Server{Host: slow.Host(), Port: slow.Port(), TLS: deliver.Plain, Weight: 1, Rate: deliver.Rate{PerHour: 1}})
	began := b.clock()
	if _, err := b.run(1); err != nil {
		t.Fatal(err)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 50})
	if n := len(slow.Messages()); n > 1 {
		t.Errorf("the slow server got %d mails within the hour", n)
	}
	if spent := b.clock().Sub(began); spent > time.Minute {
		t.Errorf("the send took %s", spent)
	}
}

// A domain that refuses us rests as a whole, suppresses nobody, and says so;
// others go on. After the rest another of its readers is tried first.
func TestPolicy(t *testing.T) {
	t.Parallel()
	b := newBench(t, 0, deliver.Resend, smtptest.Fault{Step: smtptest.Rcpt, To: "@ferme.exemple.fr", Code: 550, Enhanced: "5.7.1", Times: 1})
	b.add("ferme.exemple.fr", 900)
	b.add("ouvert.exemple.fr", 20)
	b.freeze(2, deliver.Resend)
	b.sender.Config.Connections = 1
	settled, err := b.run(2)
	if err != nil || settled.Suppressed > 0 || len(settled.Resting) != 1 || settled.Resting[0] != "ferme.exemple.fr" {
		t.Errorf("got %+v, %v", settled, err)
	}
	tally := b.tally(2)
	if tally[deliver.Accepted] < 20 || tally[deliver.Accepted] > 21 || tally[deliver.Pending] != 920-tally[deliver.Accepted] {
		t.Errorf("got %v", tally)
	}
	at, ok, err := b.store.NextDue(t.Context(), 2)
	if err != nil || !ok || at.Sub(b.clock()) != time.Hour {
		t.Errorf("next due in %s, %v, %v", at.Sub(b.clock()), ok, err)
	}
	b.advance(time.Hour)
	if _, err := b.run(2); err != nil {
		t.Fatal(err)
	}
	b.check(2, map[deliver.State]int{deliver.Accepted: 919, deliver.Pending: 1})
}

// What a server says of one reader is written down of all who wait with their
// domain, without the reader whom it may quote.
func TestPolicyQuotesNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, 10, deliver.Resend, smtptest.Fault{Step: smtptest.Rcpt, Times: 1, Code: 554, Enhanced: "5.7.1", Text: "<" + victim + ">: access denied"})
	b.sender.Config.Connections = 1
	if _, err := b.run(1); err != nil {
		t.Fatal(err)
	}
	waiting := 0
	want := deliver.Reply{Code: 554, Enhanced: "5.7.1", Text: "<…@…>: access denied"}
	for _, c := range b.cases() {
		if waiting++; c.Reply != want {
			t.Errorf("%s: got %q, want %q", c.Address, c.Reply, want)
		}
	}
	if waiting < 2 {
		t.Errorf("%d wait", waiting)
	}
}

// A server that does not take our sender is done without, at no recipient's
// cost: another server gets the mail in the same run. When there is no
// other the send ends and says why; nobody is refused or suppressed for it.
// A server may say so at RCPT only, as Postfix does, with the code of RFC 3463 §3.2.
func TestSenderRefused(t *testing.T) {
	t.Parallel()
	for _, fault := range []smtptest.Fault{
		{Step: smtptest.Mail, Code: 550, Enhanced: "5.7.1", Text: "not from you"},
		{Step: smtptest.Mail, Code: 550, Text: "not from you"},
	} {
		senderRefused(t, fault, 0)
	}
	for _, fault := range []smtptest.Fault{
		{Step: smtptest.Rcpt, Code: 550, Enhanced: "5.1.8", Text: "<lettre@exemple.fr>: not from you"},
		{Step: smtptest.Rcpt, Code: 553, Enhanced: "5.1.7", Text: "not from you, to <r000@exemple.fr>"},
	} {
		senderRefused(t, fault, 1)
	}
}

// A refusal of the sender that one recipient alone meets, at RCPT, keeps
// nobody else waiting.
func TestSenderRefusedByOne(t *testing.T) {
	t.Parallel()
	b := newBench(t, 30, deliver.Resend, smtptest.Fault{Step: smtptest.Rcpt, To: victim, Code: 550, Enhanced: "5.1.8", Text: "not from you"})
	b.sender.Config.Connections = 1
	if settled, err := b.run(1); err != nil || settled.Suppressed > 0 {
		t.Errorf("got %+v, %v", settled, err)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 29, deliver.Pending: 1})
}

// senderRefused has doubtful recipients wait for a second one to say the same.
func senderRefused(t *testing.T, fault smtptest.Fault, doubtful int) {
	t.Helper()
	b := newBench(t, 30, deliver.Resend, fault)
	if settled, err := b.run(1); err == nil || !strings.Contains(err.Error(), "not from you") || strings.Contains(err.Error(), "r000") || settled.Suppressed > 0 {
		t.Errorf("%+v: got %+v, %v", fault, settled, err)
	}
	b.check(1, map[deliver.State]int{deliver.Pending: 30})

	b = newBench(t, 30, deliver.Resend, fault)
	second := smtptest.Start(t, smtptest.Script{})
	b.sender.Config.Servers = append(b.sender.Config.Servers, deliver.Server{Host: second.Host(), Port: second.Port(), TLS: deliver.Plain, Weight: 1})
	if _, err := b.run(1); err != nil {
		t.Fatal(err)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 30 - doubtful, deliver.Pending: doubtful})
}
