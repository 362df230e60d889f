package deliver_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

// A server that wants a body although it took no recipient may say 421 to the
// empty one: then nothing more is said to it, and the next reader gets another
// connection.
func TestClosingAfterAnEmptyBody(t *testing.T) {
	t.Parallel()
	b := newBench(t, 3, deliver.Resend,
		smtptest.Fault{Step: smtptest.Rcpt, Times: 1, Code: 550, Enhanced: "5.1.1"},
		smtptest.Fault{Step: smtptest.Data, Times: 1, Code: 354},
		smtptest.Fault{Step: smtptest.Dot, Times: 1, Code: 421},
	)
	b.sender.Config.Connections = 1
	if _, err := b.run(1); err != nil {
		t.Fatal(err)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: 2, deliver.Refused: 1})
	if got := strings.Join(b.server.Commands(), "\n"); strings.Contains(got, "RSET") {
		t.Errorf("commands:\n%s", got)
	}
}

// A server that has enough says so in the middle of a large body, and closes:
// its refusal is heard. Before the final dot nothing else is a verdict.
func TestRepliesInABody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault smtptest.Fault
		class deliver.Class
		reply string
	}{
		{smtptest.Fault{Code: 552, Enhanced: "5.3.4", Text: "too big", Action: smtptest.Close}, deliver.ClassOurs, "552 5.3.4 too big"},
		{smtptest.Fault{Code: 554, Text: "spam\nreally", Action: smtptest.Close}, deliver.ClassSoft, "554 spam really"},
		{smtptest.Fault{Code: 451, Text: "no room", Action: smtptest.Close}, deliver.ClassLater, "451 no room"},
		{smtptest.Fault{Code: 421, Text: "shutting down", Action: smtptest.Close}, deliver.ClassThrottle, "421 shutting down"},
		{smtptest.Fault{Code: 250, Text: "accepted", Action: smtptest.Close}, deliver.ClassNetwork, "closed"},
		{smtptest.Fault{Raw: "552 too", Action: smtptest.Close}, deliver.ClassNetwork, "closed"},
		{smtptest.Fault{Action: smtptest.Drop}, deliver.ClassNetwork, "closed"},
	} {
		test.fault.Step, test.fault.After = smtptest.Body, 10_000
		s := smtptest.Start(t, smtptest.Script{Extensions: []string{"PIPELINING", "ENHANCEDSTATUSCODES"}, Faults: []smtptest.Fault{test.fault}})
		to := audience.MustAddress(victim)
		body := bytes.Repeat([]byte("x\r\n"), 6<<20) // more than fits in the buffers of a connection
		err := deliver.SendOne(t.Context(), deliver.Server{Host: s.Host(), Port: s.Port()}, to, to, body)
		var got *deliver.ReplyError
		if !errors.As(err, &got) || got.Class != test.class || got.Reply.String() != test.reply {
			t.Errorf("%+v: got %v, want %s", test.fault, err, test.reply)
		}
	}
}
