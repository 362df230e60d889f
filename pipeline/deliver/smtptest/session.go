package smtptest

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
)

// errHangUp ends a conversation by closing the connection.
var errHangUp = errors.New("hang up")

// session is one connection's conversation.
type session struct {
	server *Server
	conn   net.Conn
	id     int
	r      *bufio.Reader
	w      *bufio.Writer

	greeted, secure bool

	transaction int // the number of MAIL commands so far
	from        string
	inMail      bool     // MAIL was accepted
	named       []string // recipients asked for, the refused ones too
	to          []string // recipients accepted
}

func newSession(s *Server, conn net.Conn, id int) *session {
	c := &session{server: s, id: id, secure: s.tls}
	if s.tls {
		conn = s.secured(conn)
	}
	c.use(conn)
	return c
}

func (c *session) use(conn net.Conn) {
	c.conn = conn
	c.r = bufio.NewReaderSize(conn, bufferSize)
	c.w = bufio.NewWriter(conn)
}

// serve talks until either side ends the conversation; a broken connection
// is the client's matter, so its error is not kept.
func (c *session) serve() {
	ok, err := c.answer(Banner, reply{220, "", "smtptest ESMTP"})
	for ok && err == nil {
		err = c.exchange()
	}
	c.w.Flush()
}

// exchange reads one command and answers it.
func (c *session) exchange() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	verb, arg, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	if verb == "AUTH" {
		mechanism, _, _ := strings.Cut(arg, " ")
		c.server.note(c.id, "AUTH "+mechanism)
	} else {
		c.server.note(c.id, line)
	}
	c.watchPipelining(verb)
	return c.command(verb, arg)
}

func (c *session) command(verb, arg string) error {
	switch verb {
	case "EHLO", "HELO":
		return c.ehlo(verb)
	case "STARTTLS":
		return c.startTLS()
	case "AUTH":
		return c.auth(arg)
	case "MAIL":
		return c.mail(arg)
	case "RCPT":
		return c.rcpt(arg)
	case "DATA":
		return c.data()
	case "RSET":
		ok, err := c.answer(Rset, reply{250, "2.0.0", "flushed"})
		if ok {
			c.reset()
		}
		return err
	case "NOOP":
		return c.say(reply{250, "2.0.0", "ok"})
	case "QUIT":
		if _, err := c.answer(Quit, reply{221, "2.0.0", "bye"}); err != nil {
			return err
		}
		return errHangUp
	}
	return c.say(reply{500, "5.5.1", "no such command"})
}

func (c *session) ehlo(verb string) error {
	lines := []string{"smtptest"}
	if verb == "EHLO" {
		for _, extension := range c.server.extensions {
			if c.secure && strings.EqualFold(extension, "STARTTLS") {
				continue
			}
			lines = append(lines, extension)
		}
	}
	ok, err := c.answer(EHLO, reply{250, "", strings.Join(lines, "\n")})
	c.greeted = c.greeted || ok
	if ok {
		c.reset()
	}
	return err
}

func (c *session) startTLS() error {
	normal := reply{220, "2.0.0", "go ahead"}
	if c.server.certificate == nil || c.secure {
		normal = reply{503, "5.5.1", "not now"}
	}
	ok, err := c.answer(StartTLS, normal)
	if !ok || err != nil {
		return err
	}
	if c.server.certificate == nil {
		return errHangUp // a fault said 220 in the name of a server without TLS
	}
	if err := c.w.Flush(); err != nil {
		return err
	}
	// The new reader forgets whatever the client said in the clear too early.
	c.use(c.server.secured(c.conn))
	c.secure, c.greeted = true, false
	return nil
}

func (s *Server) secured(conn net.Conn) net.Conn {
	return tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*s.certificate}})
}

// auth speaks PLAIN (RFC 4616), LOGIN and CRAM-MD5 (RFC 2195).
func (c *session) auth(arg string) error {
	mechanism, initial, _ := strings.Cut(arg, " ")
	var user, password string
	switch strings.ToUpper(mechanism) {
	case "PLAIN":
		credentials, err := c.challenge("", initial)
		if err != nil {
			return err
		}
		_, pair, _ := strings.Cut(credentials, "\x00")
		user, password, _ = strings.Cut(pair, "\x00")
	case "LOGIN":
		var err error
		if user, err = c.challenge("Username:", initial); err != nil {
			return err
		}
		if password, err = c.challenge("Password:", ""); err != nil {
			return err
		}
	case "CRAM-MD5":
		const prompt = "<1896.697170952@smtptest>"
		answer, err := c.challenge(prompt, "")
		if err != nil {
			return err
		}
		mac := hmac.New(md5.New, []byte(c.server.password))
		mac.Write([]byte(prompt))
		if answer == fmt.Sprintf("%s %x", c.server.user, mac.Sum(nil)) {
			user, password = c.server.user, c.server.password
		}
	default:
		return c.say(reply{504, "5.5.4", "no such mechanism"})
	}
	normal := reply{235, "2.7.0", "welcome"}
	if !c.server.offers("AUTH") || user != c.server.user || password != c.server.password {
		normal = reply{535, "5.7.8", "credentials refused"}
	}
	_, err := c.answer(Auth, normal)
	return err
}

// challenge asks for a Base64 line unless the client gave it already. What is
// not Base64 cannot be the right credential, so it counts as an empty one.
func (c *session) challenge(prompt, given string) (string, error) {
	if given == "" {
		if err := c.say(reply{334, "", base64.StdEncoding.EncodeToString([]byte(prompt))}); err != nil {
			return "", err
		}
		line, err := c.line()
		if err != nil {
			return "", err
		}
		given = line
	}
	decoded, err := base64.StdEncoding.DecodeString(given)
	if err != nil {
		return "", nil
	}
	return string(decoded), nil
}

func (c *session) mail(arg string) error {
	c.transaction++
	from, params, valid := path(arg, "FROM:")
	normal := reply{250, "2.1.0", "sender ok"}
	switch {
	case !c.greeted || c.inMail:
		normal = reply{503, "5.5.1", "bad sequence of commands"}
	case !valid:
		normal = reply{501, "5.5.4", "syntax: MAIL FROM:<address>"}
	case declaredSize(params) > c.server.maxSize():
		normal = reply{552, "5.3.4", "message too big"}
	}
	ok, err := c.answer(Mail, normal)
	if ok {
		c.from, c.inMail = from, true
	}
	return err
}

func (c *session) rcpt(arg string) error {
	to, _, valid := path(arg, "TO:")
	c.named = append(c.named, to)
	normal := reply{250, "2.1.5", "recipient ok"}
	switch {
	case !c.inMail:
		normal = reply{503, "5.5.1", "bad sequence of commands"}
	case !valid || to == "":
		normal = reply{501, "5.5.4", "syntax: RCPT TO:<address>"}
	}
	ok, err := c.answer(Rcpt, normal)
	if ok {
		c.to = append(c.to, to)
	}
	return err
}

func (c *session) data() error {
	normal := reply{354, "", "end with a dot"}
	if len(c.to) == 0 {
		normal = reply{503, "5.5.1", "no valid recipient"}
	}
	ok, err := c.answer(Data, normal)
	if !ok || err != nil {
		return err
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	return c.dot(body)
}

// body reads up to the final dot: a dot alone between two CRLF, and nothing
// else. It undoes the dot-stuffing.
func (c *session) body() ([]byte, error) {
	fault, pending := c.server.fault(Body, c)
	var body []byte
	read, afterCRLF := 0, true
	for {
		if pending && read >= fault.After {
			if _, err := c.perform(fault, reply{}, nil); err != nil {
				return nil, err
			}
			pending = false
		}
		if err := c.flushIfIdle(); err != nil {
			return nil, err
		}
		line, err := c.r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		read += len(line)
		if afterCRLF && string(line) == ".\r\n" {
			return body, nil
		}
		c.inspect(line)
		if afterCRLF && line[0] == '.' {
			line = line[1:]
		}
		if len(body) <= c.server.maxSize() { // one line more tells that it was too big
			body = append(body, line...)
		}
		afterCRLF = bytes.HasSuffix(line, []byte("\r\n"))
	}
}

func (c *session) dot(body []byte) error {
	normal := reply{250, "2.0.0", "accepted"}
	switch {
	case len(c.to) == 0:
		normal = reply{554, "5.5.1", "no valid recipient"}
	case len(body) > c.server.maxSize():
		normal = reply{552, "5.3.4", "message too big"}
	}
	c.watchPipelining("the final dot")
	fault, _ := c.server.fault(Dot, c)
	message := Message{Conn: c.id, From: c.from, To: c.to, Data: body, ReplyLost: fault.unseen()}
	kept := -1
	_, err := c.perform(fault, normal, func() { kept = c.server.keep(message) })
	if err == nil {
		err = c.flushIfIdle()
	}
	if kept >= 0 && err != nil && !errors.Is(err, errHangUp) {
		c.server.markLost(kept)
	}
	c.reset()
	return err
}

func (c *session) reset() {
	c.from, c.inMail, c.named, c.to = "", false, nil, nil
}
