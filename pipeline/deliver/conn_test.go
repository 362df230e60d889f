package deliver_test

import (
	"strings"
	"testing"

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
