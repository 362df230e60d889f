package deliver_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

// faults lists what a server can do at a step: replies of every class, with
// and without enhanced codes, whole, half, lost, wrong or followed by a close.
func faults(step smtptest.Step) []smtptest.Fault {
	var list []smtptest.Fault
	for _, action := range []smtptest.Action{smtptest.Close, smtptest.Half, smtptest.Lose, smtptest.Drop} {
		list = append(list, smtptest.Fault{Action: action})
	}
	for _, raw := range []string{"hello\r\n", "\r\n", "99\r\n", "250\x00 ok\r\n", "250-one\r\n251 two\r\n", "600 what\r\n", "2\r\n"} {
		list = append(list, smtptest.Fault{Raw: raw, Action: smtptest.Close})
	}
	for _, code := range []int{421, 450, 451, 452, 454, 500, 503, 530, 550, 551, 553, 554, 571} {
		list = append(list, smtptest.Fault{Code: code})
	}
	for code, enhanced := range map[int][]string{
		421: {"4.7.0", "4.4.2"}, 450: {"4.2.0", "4.2.2", "4.7.1"}, 550: {"5.1.1", "5.1.10", "5.2.1", "5.2.2", "5.7.1", "5.0.0"}, 554: {"5.7.1", "5.6.0"},
	} {
		for _, e := range enhanced {
			list = append(list, smtptest.Fault{Code: code, Enhanced: e}, smtptest.Fault{Code: code, Enhanced: e, Action: smtptest.Close})
		}
	}
	for i := range list {
		list[i].Step = step
	}
	return list
}

// recipients of each send of the matrix; one in 200 meets the fault.
var recipients = flag.Int("recipients", 40, "of each send of the fault matrix; `make matrix` has 1000")

// TestFaultMatrix meets every fault at every step, in the middle of a send, then again and again until a deadline has passed, and looks at what a
// sender owes: each recipient has one end, at the receiver each mail arrived
// whole and at most once but for the named, no neighbour of the fault is hit,
// and nobody is suppressed for what was not said of them.
func TestFaultMatrix(t *testing.T) {
	readers, hits := 10+fewer(*recipients-10), max(1, *recipients/200)
	steps := []smtptest.Step{smtptest.Banner, smtptest.EHLO, smtptest.Mail, smtptest.Rcpt, smtptest.Data, smtptest.Body, smtptest.Dot, smtptest.Rset, smtptest.Quit}
	for _, step := range steps {
		for i, fault := range faults(step) {
			if testing.Short() && i%5 != 0 {
				continue
			}
			for _, extensions := range [][]string{{"PIPELINING", "8BITMIME"}, {"8BITMIME"}} {
				fault := fault
				fault.Skip, fault.Times = 7, hits
				if step == smtptest.Banner || step == smtptest.EHLO {
					fault.Skip = 1
				}
				name := fmt.Sprintf("%s/%02d/%d extensions", step, i, len(extensions))
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					b := newBench(t, readers, deliver.Resend, fault)
					b.server.Close()
					b.server = smtptest.Start(t, smtptest.Script{Extensions: extensions, Faults: []smtptest.Fault{fault}})
					b.sender.Config.Servers[0].Port = b.server.Port()
					meets(b, fault, readers, hits)
				})
			}
		}
	}
}

func meets(b *bench, fault smtptest.Fault, readers, hits int) {
	b.Helper()
	suppressed := 0
	state := deliver.IssueSending
	for runs := 0; state == deliver.IssueSending && runs < 60; runs++ {
		settled, _ := b.run(1) // an error leaves deliveries for the next run
		state = settled.State
		suppressed += settled.Suppressed
		b.advance(2 * time.Hour)
	}
	tally, total := b.tally(1), 0
	for _, n := range tally {
		total += n
	}
	if state != deliver.IssueSent || total != readers || tally[deliver.Pending]+tally[deliver.Sending] > 0 {
		b.Fatalf("%+v: the issue is %s with %v", fault, state, tally)
	}
	named := map[string]bool{}
	for _, c := range b.cases() {
		named[c.Address.String()] = !c.Doubted.IsZero()
	}
	for _, m := range b.server.Messages() {
		if len(m.Data) < 900 {
			b.Errorf("%+v: a cut mail of %d bytes was accepted", fault, len(m.Data))
		}
	}
	counts := b.server.Counts()
	for i := range readers {
		address := fmt.Sprintf("r%03d@exemple.fr", i)
		if n := counts[address]; n > 1 && !named[address] {
			b.Errorf("%+v: %s got %d mails, and is not named", fault, address, n)
		}
	}
	if len(counts) < tally[deliver.Accepted] {
		b.Errorf("%+v: %d accepted, but %d got a mail", fault, tally[deliver.Accepted], len(counts))
	}
	if hit := readers - tally[deliver.Accepted]; hit > hits {
		b.Errorf("%+v: %d recipients hit by %d faults: %v", fault, hit, hits, tally)
	}
	hard := fault.Step == smtptest.Rcpt && (fault.Enhanced == "5.1.1" || fault.Enhanced == "5.1.10" || fault.Enhanced == "5.2.1")
	if suppressed > 0 != hard {
		b.Errorf("%+v: %d suppressed", fault, suppressed)
	}
	if c := b.server.Complaints(); len(c) > 0 && fault.Step != smtptest.Body { // a reply too early makes any client speak too early
		b.Errorf("%+v: the server complains: %q", fault, c)
	}
}
