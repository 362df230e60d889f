package deliver

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Server is an SMTP server to send through.
type Server struct {
	Host     string `yaml:"host" env:"HOST"`
	Port     int    `yaml:"port" env:"PORT"`
	TLS      TLS    `yaml:"tls" env:"TLS"`
	Username string `yaml:"username" env:"USERNAME"`
	Password string `yaml:"-" env:"PASSWORD"` // from the environment, or from PasswordFile
	// PasswordFile holds the password alone; a line end after it is left out.
	PasswordFile string `yaml:"password_file" env:"PASSWORD_FILE"`
	Hello        string `yaml:"hello" env:"HELLO"` // our name in EHLO; default the host part of the sender's domain

	// Config replaces the TLS settings; for tests with their own authority.
	Config *tls.Config `yaml:"-" env:"-"`
}

// TLS says how a connection is secured.
type TLS string

// The ways to secure a connection. StartTLS is required, not hoped for.
const (
	StartTLS TLS = "starttls" // the default off loopback
	Implicit TLS = "implicit" // RFC 8314, usually port 465
	Plain    TLS = "none"     // the default on loopback
)

func (s Server) loopback() bool {
	ip := net.ParseIP(s.Host)
	return s.Host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s Server) withDefaults() Server {
	if s.TLS == "" {
		s.TLS = StartTLS
		if s.loopback() {
			s.TLS = Plain
		}
	}
	ports := map[TLS]int{StartTLS: 587, Implicit: 465, Plain: 25}
	s.Port = cmp.Or(s.Port, ports[s.TLS])
	return s
}

func (s Server) validate() error {
	switch {
	case s.Host == "":
		return errors.New("host: missing")
	case s.Port < 1 || s.Port > 65535:
		return fmt.Errorf("port: %d is not a port", s.Port)
	case s.TLS != StartTLS && s.TLS != Implicit && s.TLS != Plain:
		return fmt.Errorf("tls: %q is none of starttls, implicit, none", s.TLS)
	case s.TLS == Plain && s.Username != "" && !s.loopback():
		return errors.New("tls: none would send the password in clear")
	}
	return nil
}

// Address is the server's host and port.
func (s Server) Address() string { return net.JoinHostPort(s.Host, fmt.Sprint(s.Port)) }

// Timeouts of RFC 5321 §4.5.3.2; shorter ones after the final dot would make
// duplicates.
const (
	connectTimeout = 30 * time.Second
	commandTimeout = 300 * time.Second
	dotTimeout     = 600 * time.Second
)

// conn is a connection that go-mail dialled, secured and authenticated. The
// mail transaction is ours: go-mail's own would follow a broken body with a
// QUIT, which delivers what came before it, and sends no RSET after a refusal
// at DATA, which gives the next recipient an innocent 503.
type conn struct {
	raw    net.Conn // closing it drops everything, whatever was begun
	text   *textproto.Conn
	client *smtp.Client
	inBody bool // between the server's 354 and its answer to the final dot
}

// SendOne sends a single mail outside any issue, without ledger or retry.
func SendOne(ctx context.Context, server Server, from, to audience.Address, message []byte) error {
	c, err := dial(ctx, server.withDefaults())
	if err != nil {
		return err
	}
	defer c.close()
	if p, r, _ := c.transact(ctx, from.String(), to.String(), message); p != phaseDot || r.Code/100 != 2 {
		return fmt.Errorf("smtp server %s: %s", server.Address(), r)
	}
	return nil
}

// dial opens a connection.
func dial(ctx context.Context, server Server) (*conn, error) {
	c := &conn{}
	// go-mail forgets a connection whose greeting or TLS failed: hold on to it.
	remember := func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		if server.TLS == Implicit {
			c.raw, err = (&tls.Dialer{Config: server.tlsConfig()}).DialContext(ctx, network, address)
		} else {
			c.raw, err = (&net.Dialer{}).DialContext(ctx, network, address)
		}
		return c.raw, err
	}
	client, err := mail.NewClient(server.Host, server.options(remember)...)
	if err != nil {
		return nil, fmt.Errorf("smtp server %s: %w", server.Address(), err)
	}
	if c.client, err = client.DialToSMTPClientWithContext(ctx); err != nil {
		if c.raw != nil {
			c.raw.Close()
		}
		return nil, fmt.Errorf("smtp server %s: %w", server.Address(), err)
	}
	c.text = c.client.Text
	return c, nil
}

func (s Server) tlsConfig() *tls.Config {
	if s.Config != nil {
		return s.Config
	}
	return &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
}

func (s Server) options(dial mail.DialContextFunc) []mail.Option {
	options := []mail.Option{
		mail.WithPort(s.Port),
		mail.WithTimeout(connectTimeout),
		mail.WithTLSConfig(s.tlsConfig()),
		mail.WithDialContextFunc(dial),
		mail.WithoutSMTPUTF8(), // our addresses are ASCII
		mail.WithHELO(cmp.Or(s.Hello, "localhost")),
	}
	switch s.TLS {
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.Username), mail.WithPassword(s.Password))
	}
	return options
}

// transact sends one mail to one recipient and says how far it came and what
// the server answered last. usable is false when the connection is spent.
func (c *conn) transact(ctx context.Context, from, to string, message []byte) (p phase, r Reply, usable bool) {
	stop := context.AfterFunc(ctx, func() { c.raw.Close() })
	defer stop()

	sender := "MAIL FROM:<" + from + ">"
	if ok, _ := c.client.Extension("8BITMIME"); ok {
		sender += " BODY=8BITMIME"
	}
	for _, command := range []struct {
		phase phase
		line  string
		want  int
	}{
		{phaseMail, sender, 2},
		{phaseRcpt, "RCPT TO:<" + to + ">", 2},
		{phaseData, "DATA", 3},
	} {
		r = c.command(command.line)
		if r.Code/100 != command.want {
			return command.phase, r, c.reset(r)
		}
	}
	c.inBody = true
	p, r = c.body(message)
	c.inBody = r.Code == 0
	return p, r, r.Code != 0 && r.Code != 421
}

// body writes the message and its final dot. The message may be the server's
// from the moment the dot leaves, not before.
func (c *conn) body(message []byte) (phase, Reply) {
	if err := c.client.UpdateDeadline(dotTimeout); err != nil {
		return phaseData, noReply(err)
	}
	w := c.text.DotWriter()
	if _, err := w.Write(message); err != nil {
		return phaseData, noReply(err)
	}
	if err := w.Close(); err != nil {
		return phaseDot, noReply(err)
	}
	return phaseDot, c.read()
}

func (c *conn) command(line string) Reply {
	if err := c.client.UpdateDeadline(commandTimeout); err != nil {
		return noReply(err)
	}
	if err := c.text.PrintfLine("%s", line); err != nil {
		return noReply(err)
	}
	return c.read()
}

// maxReply bounds a reply, all its lines together.
const maxReply = 64 << 10

// read reads a reply (RFC 5321 §4.2.1). Unlike textproto's, it takes a last
// line without line end for what it is: a connection that broke.
func (c *conn) read() Reply {
	var text []string
	for size := 0; size < maxReply; {
		line, err := c.text.R.ReadString('\n')
		if err != nil {
			return noReply(err)
		}
		size += len(line)
		line = strings.TrimRight(line, "\r\n")
		code, err := strconv.Atoi(line[:min(3, len(line))])
		if err != nil || code < 200 || code > 599 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
			return Reply{Text: "the server answered with something that is no reply"}
		}
		text = append(text, line[min(4, len(line)):])
		if len(line) <= 3 || line[3] == ' ' {
			return newReply(code, strings.Join(text, "\n"))
		}
	}
	return Reply{Text: "the server's reply has no end"}
}

// reset clears the transaction after a refusal; it reports that the
// connection can go on.
func (c *conn) reset(r Reply) bool {
	if r.Code == 0 || r.Code == 421 {
		return false
	}
	return c.command("RSET").Code/100 == 2
}

// close says goodbye when nothing is under way, and does not wait long: what
// was accepted is accepted. In the middle of a body it drops the connection,
// since a QUIT there would deliver the half that came before it.
func (c *conn) close() {
	defer c.raw.Close()
	if c.inBody || c.raw.SetDeadline(time.Now().Add(5*time.Second)) != nil {
		return
	}
	if err := c.text.PrintfLine("QUIT"); err == nil {
		_, _ = c.text.ReadLine()
	}
}

// noReply keeps the reason, without the addresses of the two ends.
func noReply(err error) Reply {
	var op *net.OpError
	if errors.As(err, &op) {
		err = fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Reply{Text: "the server closed the connection"}
	}
	return Reply{Text: strings.TrimSpace(err.Error())}
}
