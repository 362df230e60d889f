package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Timeouts of RFC 5321 §4.5.3.2; shorter ones after the final dot would make
// duplicates.
const (
	connectTimeout = 30 * time.Second
	commandTimeout = 300 * time.Second
	dotTimeout     = 600 * time.Second
	quitTimeout    = 5 * time.Second
)

// conn is a connection that go-mail secured and authenticated. The
// mail transactions on it are ours: go-mail's own would follow a broken body
// with a QUIT, which delivers what came before it, and would send no RSET
// after a refusal at DATA, which gives the next recipient an innocent 503.
//
// Where the server offers PIPELINING (RFC 2920), the envelope of the next
// message travels behind the body of this one, in one write: a message costs
// one round trip. Elsewhere the same steps go one by one.
type conn struct {
	raw       net.Conn // closing it drops everything, whatever was begun
	client    *smtp.Client
	pipelined bool
	mail8     bool   // 8BITMIME is offered
	body      []byte // reused: the mail, and what follows it in the same write
	out       []byte // reused: an envelope that goes before its mail
	inData    bool   // DATA was written, and nothing shows that the server is out of it
	refused   bool   // a transaction was refused: RSET before the next
	written   bool   // the next envelope has been written already
	astray    bool   // the replies do not belong to the commands any more
	spent     bool   // nothing more is to be said on it
}

// SendOne sends a single mail outside any issue, without ledger or retry. A
// refusal is a *ReplyError; any other error happened before the server was
// asked to take the mail.
func SendOne(ctx context.Context, server Server, from, to audience.Address, message []byte) error {
	c, err := dial(ctx, server.withDefaults())
	if err != nil {
		return err
	}
	defer c.close()
	defer context.AfterFunc(ctx, func() { c.raw.Close() })()
	at, r := c.open(from, to)
	if r.Code/100 == 3 {
		c.body = append(c.body, message...)
		at, r = c.finish(from, audience.Address{})
	}
	if r.Code/100 != 2 {
		return &ReplyError{Server: server.Address(), Class: classify(at, r), Reply: r}
	}
	return nil
}

// Greet opens a connection as a run does, its encryption and authentication
// included, and leaves it: nothing is sent.
func Greet(ctx context.Context, server Server) error {
	c, err := dial(ctx, server.withDefaults())
	if err != nil {
		return err
	}
	c.close()
	return nil
}

// steps are those of an envelope, and the class of the reply hoped for.
var steps = [...]struct {
	phase phase
	want  int
}{{phaseMail, 2}, {phaseRcpt, 2}, {phaseData, 3}}

// appendEnvelope appends the commands before a body. After a refusal they
// begin with RSET.
func (c *conn) appendEnvelope(dst []byte, from, to audience.Address) []byte {
	if c.refused {
		dst = append(dst, "RSET\r\n"...)
	}
	dst = append(append(dst, "MAIL FROM:<"...), from.String()...)
	dst = append(dst, '>')
	if c.mail8 {
		dst = append(dst, " BODY=8BITMIME"...)
	}
	dst = append(append(dst, "\r\nRCPT TO:<"...), to.String()...)
	return append(dst, ">\r\nDATA\r\n"...)
}

// open goes through the envelope of a message until the server asks for the
// body, with 354, or refuses.
func (c *conn) open(from, to audience.Address) (phase, Reply) {
	if !c.written {
		c.out = c.appendEnvelope(c.out[:0], from, to)
	}
	lines, reset := c.out, c.refused
	if c.pipelined && !c.written {
		c.inData = true
		if err := c.write(lines, commandTimeout); err != nil {
			c.spent = true
			return phaseMail, noReply(err)
		}
	}
	c.written, c.refused = false, false
	if reset {
		var r Reply
		if lines, r = c.reset(lines); r.Code/100 != 2 {
			return phaseMail, r
		}
	}
	return c.envelope(lines)
}

// reset takes a refused transaction back; without a server's 2xx the
// connection is spent.
func (c *conn) reset(lines []byte) ([]byte, Reply) {
	lines, r := c.ask(lines, phaseConnect)
	switch {
	case r.Code == 0, r.Code == 421, r.Code/100 == 2:
		c.spent = r.Code/100 != 2
	case r.Code < 400:
		r = c.outOfStep()
	default:
		c.spent = true
		r = Reply{Text: Cause{causeReset, r.String()}.String()}
	}
	return lines, r
}

// envelope goes through MAIL, RCPT and DATA.
func (c *conn) envelope(lines []byte) (phase, Reply) {
	at, refusal := phaseConnect, Reply{}
	for _, step := range steps {
		var r Reply
		lines, r = c.ask(lines, step.phase)
		switch {
		case r.Code == 0, r.Code == 421:
			c.spent = true
			if refusal.Code == 0 {
				at, refusal = step.phase, r
			}
			return at, refusal // what was said before the connection ended
		case r.Code < 400 && r.Code/100 != step.want:
			return step.phase, c.outOfStep()
		case refusal.Code == 0 && step.phase == phaseData && r.Code/100 == 3:
			if c.client.Text.R.Buffered() > 0 {
				return phaseData, c.outOfStep()
			}
			return phaseData, r
		case refusal.Code == 0 && r.Code/100 != step.want:
			at, refusal = step.phase, r
		case step.phase == phaseData && r.Code/100 == 3 && !c.drain():
			return at, refusal
		}
		if refusal.Code != 0 && !c.pipelined {
			break
		}
	}
	if c.client.Text.R.Buffered() > 0 {
		return at, c.outOfStep()
	}
	c.inData, c.refused = false, true
	return at, refusal
}

// ask has a command answered, the first of lines, unless all of them are
// written already; the others are left.
func (c *conn) ask(lines []byte, p phase) (left []byte, r Reply) {
	if c.pipelined {
		return lines, c.read(false)
	}
	end := bytes.IndexByte(lines, '\n') + 1
	c.inData = p == phaseData
	if err := c.write(lines[:end], commandTimeout); err != nil {
		return nil, noReply(err)
	}
	return lines[end:], c.read(false)
}

// drain gives a server that wants a body although it took no recipient an
// empty one (RFC 2920 §3.1). It reports that the connection goes on.
func (c *conn) drain() bool {
	r := Reply{}
	if c.write([]byte(".\r\n"), dotTimeout) == nil {
		r = c.read(false)
	}
	c.spent = r.Code == 0 || r.Code == 421
	return !c.spent
}

// outOfStep gives the connection up: a reply came that no command asked for,
// and from then on every reply is the answer to an earlier command. Going on
// would take one recipient's refusal for another's, or send commands as a body.
func (c *conn) outOfStep() Reply {
	c.astray, c.inData, c.spent = true, true, true
	return Reply{Text: causeAstray}
}

// finish writes the body and its final dot, with the envelope of the next
// message behind it where there is a next reader and it is possible, and
// returns the reply to the dot. The message may be the server's from the
// moment the dot leaves, not before.
func (c *conn) finish(from, next audience.Address) (phase, Reply) {
	c.body = append(c.body, ".\r\n"...)
	dot := len(c.body)
	c.written = c.pipelined && next != audience.Address{}
	if c.written {
		c.body = c.appendEnvelope(c.body, from, next)
	}
	c.spent = true // until the reply says otherwise
	if err := c.client.UpdateDeadline(dotTimeout); err != nil {
		return phaseData, noReply(err)
	}
	at := phaseDot
	n, err := c.client.Text.W.Write(c.body)
	if err != nil && n < dot {
		at = phaseData
	}
	if err == nil {
		err = c.client.Text.W.Flush()
	}
	if err != nil {
		return c.lastWords(at, err)
	}
	r := c.read(true)
	c.spent = r.Code == 0 || r.Code == 421
	if r.Code/100 == 3 || !c.written && c.client.Text.R.Buffered() > 0 {
		return phaseDot, c.outOfStep()
	}
	c.inData = r.Code == 0 || c.written
	return phaseDot, r
}

// lastWords is the reply to a body that could not be written to its end: a
// server that has enough says why before it closes. A refusal is one, wherever
// it comes; to take the message, a server needs a final dot, and what else it
// says leaves things as they were.
func (c *conn) lastWords(at phase, err error) (phase, Reply) {
	if c.client.UpdateDeadline(quitTimeout) == nil {
		if r := c.read(true); r.Code >= 400 {
			return phaseDot, r
		}
	}
	return at, noReply(err)
}

// write sends what is not a body.
func (c *conn) write(p []byte, timeout time.Duration) error {
	if err := c.client.UpdateDeadline(timeout); err != nil {
		return err
	}
	if _, err := c.client.Text.W.Write(p); err != nil {
		return err
	}
	return c.client.Text.W.Flush()
}

// maxReply bounds the lines of a reply, and the client's buffer each of them.
const maxReply = 100

// read reads a reply (RFC 5321 §4.2.1). Unlike textproto's, it takes a last
// line without line end for what it is: a connection that broke. The text of
// a reply that was hoped for is read only when asked for.
func (c *conn) read(whole bool) Reply {
	var text []string
	for range maxReply {
		line, err := c.client.Text.R.ReadSlice('\n')
		if err != nil {
			return noReply(err)
		}
		line = bytes.TrimRight(line, "\r\n")
		code, err := strconv.Atoi(string(line[:min(3, len(line))]))
		if err != nil || code < 200 || code > 599 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
			return Reply{Text: causeNoReply}
		}
		last := len(line) <= 3 || line[3] == ' '
		if whole || code >= 400 {
			text = append(text, string(line[min(4, len(line)):]))
		}
		if last {
			return newReply(code, text)
		}
	}
	return Reply{Text: causeEndless}
}

// close says goodbye when nothing is under way, and does not wait long: what
// was accepted is accepted. In the middle of DATA it drops the connection,
// since a QUIT there would deliver the half that came before it.
func (c *conn) close() {
	defer c.raw.Close()
	if c.inData {
		return
	}
	if c.write([]byte("QUIT\r\n"), quitTimeout) == nil {
		_, _ = c.client.Text.R.ReadString('\n')
	}
}

// noReply keeps the reason, without the addresses of the two ends.
func noReply(err error) Reply {
	if cause, ok := CauseOf(ended(err)); ok {
		return Reply{Text: cause.String()}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return Reply{Text: strings.TrimSpace(err.Error())}
}
