package deliver_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

// slowMail is worth writing ahead of its time, as a signed one is.
type slowMail struct{ plainMail }

func (slowMail) Slow() bool { return true }

// Mails written ahead of their time reach their own readers, once, also when
// connections break and theirs are begun anew.
func TestWrittenAhead(t *testing.T) {
	t.Parallel()
	const readers = 300
	var breaks []smtptest.Fault
	for skip := 10; skip < readers; skip += 20 {
		breaks = append(breaks,
			smtptest.Fault{Step: smtptest.Mail, Skip: skip, Times: 1, Action: smtptest.Drop},
			smtptest.Fault{Step: smtptest.Data, Skip: skip + 10, Times: 1, Action: smtptest.Drop})
	}
	b := newBench(t, readers, deliver.Resend, breaks...)
	b.sender.Composer = slowMail{}
	for range 3 { // who meets two broken connections waits for a while
		if _, err := b.run(1); err != nil {
			t.Fatal(err)
		}
		b.advance(time.Hour)
	}
	b.check(1, map[deliver.State]int{deliver.Accepted: readers})
	got := map[string]int{}
	for _, m := range b.server.Messages() {
		got[m.To[0]]++
		if want := []byte("To: <" + m.To[0] + ">\r\n"); !bytes.HasPrefix(m.Data, want) {
			t.Errorf("%s got the mail of another: %.60q", m.To[0], m.Data)
		}
	}
	if len(got) != readers || len(b.server.Messages()) != readers {
		t.Errorf("%d mails for %d readers", len(b.server.Messages()), len(got))
	}
}
