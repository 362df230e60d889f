package smtptest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// RFC 5321 §4.5.3.1: a text line has at most 1000 octets with its CRLF. Our
// buffer is the limit of a command line.
const (
	maxLine     = 1000
	bufferSize  = 64 << 10
	defaultSize = 64 << 20 // of a message, where SIZE sets none
)

// reply is a server's answer; a text of several lines makes a reply of several lines.
type reply struct {
	code     int
	enhanced string
	text     string
}

func (r reply) String() string {
	lines := strings.Split(r.text, "\n")
	var b strings.Builder
	for i, line := range lines {
		separator := "-"
		if i == len(lines)-1 {
			separator = " "
		}
		if r.enhanced != "" { // on every line, RFC 2034 §4
			line = r.enhanced + " " + line
		}
		fmt.Fprintf(&b, "%d%s%s\r\n", r.code, separator, line)
	}
	return b.String()
}

// answer gives the reply to a step, or what a fault makes of it; ok tells
// whether the server does what it was asked.
func (c *session) answer(step Step, normal reply) (ok bool, err error) {
	fault, _ := c.server.fault(step, c)
	return c.perform(fault, normal, nil)
}

// perform does what a fault says; the zero Fault gives the normal reply. do
// is called before a positive reply is written, so that whoever reads the
// reply finds it done.
func (c *session) perform(f Fault, normal reply, do func()) (ok bool, err error) {
	if !c.server.offers("ENHANCEDSTATUSCODES") {
		normal.enhanced = ""
	}
	if err := c.wait(f); err != nil {
		return false, err
	}
	if f.Action == Drop {
		return false, errHangUp
	}
	verdict := f.verdict(normal)
	ok = verdict.code >= 200 && verdict.code < 400
	if ok && do != nil {
		do()
	}
	out := f.Raw
	if out == "" && verdict.code != 0 {
		out = verdict.String()
	}
	switch f.Action {
	case Half:
		out = out[:len(out)/2]
	case Lose:
		out = ""
	}
	if _, err := c.w.WriteString(out); err != nil {
		return ok, err
	}
	if f.Action == Send {
		return ok, nil
	}
	return ok, errHangUp
}

// say gives a reply no fault can touch.
func (c *session) say(r reply) error {
	_, err := c.perform(Fault{}, r, nil)
	return err
}

// wait lets the test know, then waits as the fault says.
func (c *session) wait(f Fault) error {
	if f.Reached == nil && f.Delay == 0 && f.Hold == nil {
		return nil
	}
	if err := c.w.Flush(); err != nil {
		return err
	}
	if f.Reached != nil {
		f.Reached()
	}
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-c.server.done:
			return errHangUp
		}
	}
	if f.Hold != nil {
		select {
		case <-f.Hold:
		case <-c.server.done:
			return errHangUp
		}
	}
	return nil
}

// line reads a command line without its end.
func (c *session) line() (string, error) {
	if err := c.flushIfIdle(); err != nil {
		return "", err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	c.inspect(line)
	return strings.TrimRight(string(line), "\r\n"), nil
}

// flushIfIdle sends the replies together once no pipelined command is left
// to read (RFC 2920 §3.2).
func (c *session) flushIfIdle() error {
	if c.r.Buffered() > 0 {
		return nil
	}
	return c.w.Flush()
}

// inspect complains about a line that breaks RFC 5321 §2.3.8 or §4.5.3.1, or
// is not ASCII where that was not offered (RFC 6152).
func (c *session) inspect(line []byte) {
	text, ended := bytes.CutSuffix(line, []byte("\r\n"))
	if !ended || bytes.ContainsAny(text, "\r\n") {
		c.server.complain(c.id, fmt.Sprintf("bare CR or LF in %.60q", line))
	}
	if len(line) > maxLine {
		c.server.complain(c.id, fmt.Sprintf("line of %d bytes", len(line)))
	}
	if !c.server.offers("8BITMIME") && bytes.ContainsFunc(text, func(r rune) bool { return r > 0x7f }) {
		c.server.complain(c.id, fmt.Sprintf("eight-bit text in %.60q", line))
	}
}

// watchPipelining complains about bytes that came too early. RFC 2920 §3.1:
// some commands end a group also where pipelining is offered.
func (c *session) watchPipelining(verb string) {
	if c.r.Buffered() == 0 {
		return
	}
	switch verb {
	case "MAIL", "RCPT", "RSET", "the final dot":
		if c.server.offers("PIPELINING") {
			return
		}
	}
	c.server.complain(c.id, "more commands behind "+verb+" before its reply")
}

// path splits "FROM:<address> params".
func path(arg, prefix string) (address, params string, ok bool) {
	if len(arg) < len(prefix) || !strings.EqualFold(arg[:len(prefix)], prefix) {
		return "", "", false
	}
	rest, ok := strings.CutPrefix(arg[len(prefix):], "<")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ">")
}

// declaredSize is the SIZE parameter of MAIL (RFC 1870), 0 without one.
func declaredSize(params string) int {
	for param := range strings.FieldsSeq(params) {
		if name, value, _ := strings.Cut(param, "="); strings.EqualFold(name, "SIZE") {
			n, err := strconv.Atoi(value)
			if err == nil {
				return n
			}
		}
	}
	return 0
}
