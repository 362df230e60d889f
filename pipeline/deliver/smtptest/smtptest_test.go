package smtptest_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// envelope opens a transaction up to its body.
const envelope = `> MAIL FROM:<n@example.org>
< 250 2.1.0 sender ok
> RCPT TO:<ada@example.net>
< 250 2.1.5 recipient ok
> DATA
< 354 end with a dot
`

var conversations = []struct {
	name       string
	extensions []string
	faults     []smtptest.Fault
	talk       string // after the banner and EHLO; see converse
	want       []smtptest.Message
	complaints []string
}{
	{
		name: "a good server undoes dot-stuffing",
		talk: envelope + "> Subject: x\n> \n> ..dot\n> .\n< 250 2.0.0 accepted\n> QUIT\n< 221 2.0.0 bye\n< EOF",
		want: []smtptest.Message{message("Subject: x\r\n\r\n.dot\r\n")},
	},
	{
		name: "pipelined commands are answered in order",
		talk: "> MAIL FROM:<n@example.org>| RCPT TO:<ada@example.net>| DATA\n< 250 2.1.0 sender ok\n< 250 2.1.5 recipient ok\n< 354 end with a dot\n" +
			"> a| .| MAIL FROM:<n@example.org>| RCPT TO:<ada@example.net>| DATA\n< 250 2.0.0 accepted\n< 250 2.1.0 sender ok\n< 250 2.1.5 recipient ok\n< 354 end with a dot\n" +
			"> b| .\n< 250 2.0.0 accepted",
		want: []smtptest.Message{message("a\r\n"), message("b\r\n")},
	},
	{
		name:       "pipelining that was not offered",
		extensions: []string{"8BITMIME"},
		talk:       "> MAIL FROM:<n@example.org>| RCPT TO:<ada@example.net>\n< 250 sender ok\n< 250 recipient ok",
		complaints: []string{"connection 1: more commands behind MAIL before its reply"},
	},
	{
		name:       "pipelining behind the final dot that was not offered",
		extensions: []string{"8BITMIME"},
		talk:       plain(envelope) + "> .| RSET\n< 250 accepted\n< 250 flushed",
		want:       []smtptest.Message{message("")},
		complaints: []string{"connection 1: more commands behind the final dot before its reply"},
	},
	{
		name:       "a line of 1001 bytes",
		talk:       envelope + "> " + strings.Repeat("x", 998) + "\n> " + strings.Repeat("y", 999) + "\n> .\n< 250 2.0.0 accepted",
		want:       []smtptest.Message{message(strings.Repeat("x", 998) + "\r\n" + strings.Repeat("y", 999) + "\r\n")},
		complaints: []string{"connection 1: line of 1001 bytes"},
	},
	{
		name:       "a body sent before 354",
		talk:       "> MAIL FROM:<n@example.org>\n< 250 2.1.0 sender ok\n> RCPT TO:<ada@example.net>\n< 250 2.1.5 recipient ok\n> DATA| a| .\n< 354 end with a dot\n< 250 2.0.0 accepted",
		want:       []smtptest.Message{message("a\r\n")},
		complaints: []string{"connection 1: more commands behind DATA before its reply"},
	},
	{
		name:       "only CRLF dot CRLF ends a body",
		talk:       envelope + ">raw a\\n.\\nb\\n.\\r\\n.\\r\\n\n< 250 2.0.0 accepted",
		want:       []smtptest.Message{message("a\n.\nb\n.\r\n")},
		complaints: []string{`connection 1: bare CR or LF in "a\n"`, `connection 1: bare CR or LF in ".\n"`, `connection 1: bare CR or LF in "b\n"`},
	},
	{
		name:       "eight bits that were not offered",
		extensions: []string{"PIPELINING"},
		talk:       plain(envelope) + "> é\n> .\n< 250 accepted",
		want:       []smtptest.Message{message("é\r\n")},
		complaints: []string{`connection 1: eight-bit text in "é\r\n"`},
	},
	{
		name:   "a refused recipient leaves no transaction to send",
		faults: []smtptest.Fault{{Step: smtptest.Rcpt, To: "ADA@example.net", Code: 550, Enhanced: "5.1.1", Text: "unknown"}},
		talk:   "> MAIL FROM:<n@example.org>| RCPT TO:<ada@example.net>| DATA\n< 250 2.1.0 sender ok\n< 550 5.1.1 unknown\n< 503 5.5.1 no valid recipient",
	},
	{
		name:   "a body is read although every recipient was refused",
		faults: []smtptest.Fault{{Step: smtptest.Rcpt, Code: 550}, {Step: smtptest.Data, Code: 354}},
		talk:   "> MAIL FROM:<n@example.org>| RCPT TO:<ada@example.net>| DATA\n< 250 2.1.0 sender ok\n< 550 \n< 354 \n> .\n< 554 5.5.1 no valid recipient",
	},
	{
		name:   "a refused DATA keeps the transaction open until RSET",
		faults: []smtptest.Fault{{Step: smtptest.Data, Times: 1, Code: 451, Text: "later"}},
		talk: "> MAIL FROM:<n@example.org>\n< 250 2.1.0 sender ok\n> RCPT TO:<ada@example.net>\n< 250 2.1.5 recipient ok\n> DATA\n< 451 later\n" +
			"> MAIL FROM:<n@example.org>\n< 503 5.5.1 bad sequence of commands\n> RSET\n< 250 2.0.0 flushed\n" + envelope + "> .\n< 250 2.0.0 accepted",
		want: []smtptest.Message{message("")},
	},
	{
		name:   "a domain's recipients",
		faults: []smtptest.Fault{{Step: smtptest.Rcpt, To: "@example.net", Code: 450}},
		talk:   "> MAIL FROM:<n@example.org>\n< 250 2.1.0 sender ok\n> RCPT TO:<ada@example.net>\n< 450 \n> RCPT TO:<ada@sub.example.net>\n< 250 2.1.5 recipient ok",
	},
	{
		name:   "the second transaction of a connection",
		faults: []smtptest.Fault{{Step: smtptest.Mail, Transaction: 2, Code: 421, Action: smtptest.Close}},
		talk:   envelope + "> .\n< 250 2.0.0 accepted\n> MAIL FROM:<n@example.org>\n< 421 \n< EOF",
		want:   []smtptest.Message{message("")},
	},
	{
		name:   "the third match only",
		faults: []smtptest.Fault{{Step: smtptest.Rset, Skip: 2, Times: 1, Code: 500}},
		talk:   "> RSET\n< 250 2.0.0 flushed\n> RSET\n< 250 2.0.0 flushed\n> RSET\n< 500 \n> RSET\n< 250 2.0.0 flushed",
	},
	{
		name:   "dropped before the reply to the dot",
		faults: []smtptest.Fault{{Step: smtptest.Dot, Action: smtptest.Drop}},
		talk:   envelope + "> .\n< EOF",
	},
	{
		name:   "accepted, but the reply is lost",
		faults: []smtptest.Fault{{Step: smtptest.Dot, Action: smtptest.Lose}},
		talk:   envelope + "> .\n< EOF",
		want:   []smtptest.Message{lost("")},
	},
	{
		name:   "accepted, half the reply",
		faults: []smtptest.Fault{{Step: smtptest.Dot, Action: smtptest.Half}},
		talk:   envelope + "> .\n< 250 2.0.0 \n< EOF",
		want:   []smtptest.Message{lost("")},
	},
	{
		name:   "accepted, then closed",
		faults: []smtptest.Fault{{Step: smtptest.Dot, Action: smtptest.Close}},
		talk:   envelope + "> .\n< 250 2.0.0 accepted\n< EOF",
		want:   []smtptest.Message{message("")},
	},
	{
		name:   "accepted, the reply is garbage",
		faults: []smtptest.Fault{{Step: smtptest.Dot, Raw: "hello\r\n"}},
		talk:   envelope + "> .\n< hello",
		want:   []smtptest.Message{lost("")},
	},
	{
		name:   "refused at the dot",
		faults: []smtptest.Fault{{Step: smtptest.Dot, Code: 554, Enhanced: "5.7.1", Text: "spam\nreally"}},
		talk:   envelope + "> .\n< 554-5.7.1 spam\n< 554 5.7.1 really",
	},
	{
		name:   "closed in the middle of a body",
		faults: []smtptest.Fault{{Step: smtptest.Body, After: 6, Action: smtptest.Drop}},
		talk:   envelope + "> four\n> more\n< EOF",
	},
	{
		name:   "a reply in the middle of a body",
		faults: []smtptest.Fault{{Step: smtptest.Body, Code: 421, Text: "shutting down", Action: smtptest.Close}},
		talk:   envelope + "< 421 shutting down\n< EOF",
	},
	{
		name: "a client that goes away in a body",
		talk: envelope + "> four",
	},
	{
		name:       "a message over the size offered",
		extensions: []string{"SIZE 4", "ENHANCEDSTATUSCODES"},
		talk:       "> MAIL FROM:<n@example.org> SIZE=5\n< 552 5.3.4 message too big\n" + envelope + "> four\n> .\n< 552 5.3.4 message too big",
	},
	{
		name: "unknown and misplaced commands",
		talk: "> DATA\n< 503 5.5.1 no valid recipient\n> VRFY x\n< 500 5.5.1 no such command\n> MAIL <x>\n< 501 5.5.4 syntax: MAIL FROM:<address>\n> NOOP\n< 250 2.0.0 ok",
	},
}

// plain is a conversation without enhanced status codes.
func plain(talk string) string {
	return strings.NewReplacer("2.1.0 ", "", "2.1.5 ", "").Replace(talk)
}

func message(data string) smtptest.Message {
	return smtptest.Message{Conn: 1, From: "n@example.org", To: []string{"ada@example.net"}, Data: []byte(data)}
}

func lost(data string) smtptest.Message {
	m := message(data)
	m.ReplyLost = true
	return m
}

func TestConversations(t *testing.T) {
	t.Parallel()
	for _, tt := range conversations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := smtptest.Start(t, smtptest.Script{Extensions: tt.extensions, Faults: tt.faults})
			c := dial(t, s)
			c.greet()
			c.converse(tt.talk)
			c.conn.Close()
			s.Close() // a message the client got no answer for is settled by then
			if diff := cmp.Diff(tt.want, s.Messages(), cmp.Transformer("text", func(b []byte) string { return string(b) })); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.complaints, s.Complaints()); diff != "" {
				t.Errorf("complaints (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBannerAndEHLO(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault smtptest.Fault
		talk  string
	}{
		{"refused", smtptest.Fault{Step: smtptest.Banner, Code: 554, Text: "go away"}, "< 554 go away\n< EOF"},
		{"silent", smtptest.Fault{Step: smtptest.Banner, Action: smtptest.Drop}, "< EOF"},
		{"half", smtptest.Fault{Step: smtptest.Banner, Action: smtptest.Half}, "< 220 smtpte\n< EOF"},
		{"EHLO unknown", smtptest.Fault{Step: smtptest.EHLO, Times: 1, Code: 502}, "< 220 smtptest ESMTP\n> EHLO x\n< 502 \n> MAIL FROM:<>\n< 503 bad sequence of commands\n> HELO x\n< 250 smtptest"},
		{"lost at QUIT", smtptest.Fault{Step: smtptest.Quit, Action: smtptest.Lose}, "< 220 smtptest ESMTP\n> QUIT\n< EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := smtptest.Start(t, smtptest.Script{Extensions: []string{"HELP"}, Faults: []smtptest.Fault{tt.fault}})
			dial(t, s).converse(tt.talk)
		})
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	reached, release := make(chan struct{}), make(chan struct{})
	s := smtptest.Start(t, smtptest.Script{Faults: []smtptest.Fault{
		{Step: smtptest.Dot, Delay: time.Millisecond, Hold: release, Reached: func() { close(reached) }},
	}})
	c := dial(t, s)
	c.greet()
	c.converse(envelope + "> .")
	<-reached
	if got := s.Messages(); len(got) != 0 {
		t.Errorf("accepted %d messages before the release", len(got))
	}
	close(release)
	c.converse("< 250 2.0.0 accepted")
	if got := s.Counts()["ada@example.net"]; got != 1 {
		t.Errorf("accepted %d messages after the release, want 1", got)
	}
}

// Closing the server must not wait for a fault that holds.
func TestCloseWhileHolding(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{})
	s := smtptest.Start(t, smtptest.Script{Faults: []smtptest.Fault{
		{Step: smtptest.Banner, Delay: time.Hour, Hold: make(chan struct{}), Reached: func() { close(reached) }},
	}})
	dial(t, s)
	<-reached
	s.Close()
	s.Close()
}

// A well-made foreign client: STARTTLS, AUTH, and a recovery of the server.
func TestForeignClient(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Script{
		Extensions: append(smtptest.DefaultExtensions(), "STARTTLS", "AUTH PLAIN LOGIN"),
		User:       "user", Password: "secret",
		Faults: []smtptest.Fault{{Step: smtptest.Rcpt, Code: 451, Enhanced: "4.3.0", Text: "later"}},
	})
	send := func(password string) error {
		client, err := smtp.Dial(s.Addr())
		if err != nil {
			return err
		}
		defer client.Close()
		if err := client.StartTLS(&tls.Config{RootCAs: s.RootCAs(), ServerName: s.Host()}); err != nil {
			return err
		}
		if err := client.Auth(smtp.PlainAuth("", "user", password, s.Host())); err != nil {
			return err
		}
		if err := errors.Join(client.Mail("n@example.org"), client.Rcpt("Ada@example.net")); err != nil {
			return err
		}
		w, err := client.Data()
		if err != nil {
			return err
		}
		fmt.Fprint(w, "Subject: x\n\n.dot\n")
		return errors.Join(w.Close(), client.Quit())
	}
	if got, want := code(send("secret")), 451; got != want {
		t.Errorf("got the reply %d, want %d", got, want)
	}
	s.SetFaults()
	if got, want := code(send("wrong")), 535; got != want {
		t.Errorf("got the reply %d, want %d", got, want)
	}
	if err := send("secret"); err != nil {
		t.Error(err)
	}
	if got, want := s.Counts(), map[string]int{"ada@example.net": 1}; !maps.Equal(got, want) {
		t.Errorf("accepted %v, want %v", got, want)
	}
	if got := s.Complaints(); got != nil {
		t.Errorf("complaints: %q", got)
	}
	if got := strings.Join(s.Commands(), "\n"); strings.Contains(got, "secret") || !strings.Contains(got, "3 AUTH PLAIN") {
		t.Errorf("commands:\n%s", got)
	}
}

// code is the reply's code in an error of net/smtp, 0 for other errors.
func code(err error) int {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code
	}
	return 0
}

// RFC 3207 §4.2: after STARTTLS the server has forgotten the EHLO before it.
func TestStartTLSStartsOver(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Script{Extensions: []string{"STARTTLS"}})
	c := dial(t, s)
	c.greet()
	c.converse("> STARTTLS\n< 220 go ahead")
	conn := tls.Client(c.conn, &tls.Config{RootCAs: s.RootCAs(), ServerName: s.Host()})
	secured := &client{t, conn, bufio.NewReader(conn)}
	secured.converse("> MAIL FROM:<n@example.org>\n< 503 bad sequence of commands\n> EHLO x\n< 250 smtptest")
}

func TestAuthLogin(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Script{Extensions: []string{"AUTH LOGIN"}, User: "user", Password: "secret"})
	c := dial(t, s)
	c.converse("< 220 smtptest ESMTP\n> EHLO x\n< 250-smtptest\n< 250 AUTH LOGIN\n" +
		"> AUTH LOGIN\n< 334 VXNlcm5hbWU6\n> dXNlcg==\n< 334 UGFzc3dvcmQ6\n> !\n< 535 credentials refused\n" +
		"> AUTH LOGIN dXNlcg==\n< 334 UGFzc3dvcmQ6\n> c2VjcmV0\n< 235 welcome\n> AUTH SCRAM-SHA-1\n< 504 no such mechanism\n> STARTTLS\n< 503 not now")
}

func TestConcurrentConnections(t *testing.T) {
	t.Parallel()
	const connections, each = 8, 20
	s := smtptest.Start(t, smtptest.Script{Brief: true})
	var clients sync.WaitGroup
	for range connections {
		c := dial(t, s)
		clients.Go(func() {
			c.greet()
			for range each {
				c.converse(envelope + "> .\n< 250 2.0.0 accepted")
			}
		})
	}
	clients.Wait()
	if got := s.Counts()["ada@example.net"]; got != connections*each {
		t.Errorf("accepted %d messages, want %d", got, connections*each)
	}
	if total, peak := s.Connections(); total != connections || peak != connections {
		t.Errorf("connections: got %d in all and %d at once, want %d", total, peak, connections)
	}
	if got := s.Commands(); got != nil {
		t.Errorf("a brief server kept %d commands", len(got))
	}
}

// client plays one side of a conversation.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func dial(t *testing.T, s *smtptest.Server) *client {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) greet() {
	c.t.Helper()
	c.converse("> EHLO x")
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Errorf("greet: %v", err)
			return
		}
		if strings.HasPrefix(line, "250 ") {
			return
		}
	}
}

// converse sends the lines after "> ", several in one write where "| " parts
// them, writes what follows ">raw " with its escapes, and expects the lines
// after "< ".
func (c *client) converse(talk string) {
	c.t.Helper()
	for step := range strings.SplitSeq(strings.TrimSuffix(talk, "\n"), "\n") {
		if text, ok := strings.CutPrefix(step, "> "); ok {
			c.write(strings.ReplaceAll(text, "| ", "\r\n") + "\r\n")
			continue
		}
		if text, ok := strings.CutPrefix(step, ">raw "); ok {
			c.write(strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(text))
			continue
		}
		want, got := strings.TrimPrefix(step, "< "), c.read()
		if got != want {
			c.t.Errorf("got %q, want %q", got, want)
			return
		}
	}
}

func (c *client) write(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Errorf("write: %v", err)
	}
}

// read returns a line without its end, or EOF for a connection closed or reset.
func (c *client) read() string {
	line, err := c.r.ReadString('\n')
	if err != nil && line == "" {
		return "EOF"
	}
	return strings.TrimRight(line, "\r\n")
}
