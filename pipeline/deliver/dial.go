package deliver

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// dial opens a connection, secures it and logs in. When ctx ends, it ends at
// once: nothing is under way before the first mail.
func dial(ctx context.Context, server Server) (*conn, error) {
	c := &conn{}
	err := c.dial(ctx, server)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		if c.raw != nil {
			c.raw.Close() // go-mail forgets a connection whose greeting or TLS failed
		}
		return nil, &ServerError{server.Address(), ended(err)}
	}
	return c, nil
}

func (c *conn) dial(ctx context.Context, server Server) error {
	connecting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(connecting, "tcp", server.Address())
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	bound := &opening{raw, longestOpening}
	c.raw = bound
	if server.TLS == Implicit {
		secured := tls.Client(bound, server.tlsConfig())
		if err := secured.HandshakeContext(connecting); err != nil {
			return err
		}
		c.raw = secured
	}
	if err := c.introduce(server); err != nil {
		return err
	}
	bound.left = math.MaxInt
	return nil
}

// introduce has go-mail go through all that comes before a mail: greeting,
// EHLO, STARTTLS, AUTH. Its smtp.Client, not its Client: that one takes a
// connection which it did not dial itself for one in clear, and knows STARTTLS
// in capitals only.
func (c *conn) introduce(server Server) (err error) {
	if err := c.raw.SetDeadline(time.Now().Add(connectTimeout)); err != nil {
		return err
	}
	if c.client, err = smtp.NewClient(c.raw, server.Host); err != nil {
		return err
	}
	if err := c.client.UpdateDeadline(connectTimeout); err != nil {
		return err
	}
	name := cmp.Or(server.Hello, "localhost")
	if err := c.client.Hello(name); err != nil {
		return err
	}
	if server.TLS == StartTLS {
		if err := c.client.StartTLS(server.tlsConfig()); err != nil {
			return withoutTLS(err)
		}
	}
	extensions, err := c.extensions(name, server.Username != "")
	if err != nil {
		return err
	}
	_, c.pipelined = extensions("PIPELINING")
	_, c.mail8 = extensions("8BITMIME")
	if server.Username == "" {
		return nil
	}
	offered, _ := extensions("AUTH")
	return c.login(server, strings.Fields(offered))
}

// withoutTLS is the error of a STARTTLS that the server refused, for which it
// need not have offered it.
func withoutTLS(err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code >= 500 {
		return &causeError{Cause{causeNoTLS, replyText(reply)}, fmt.Errorf("STARTTLS: %w", err)}
	}
	return err
}

// extensions looks up what the server offers, with its parameters. Keywords
// have no case (RFC 5321 §2.4), but go-mail finds those in capitals only: where
// it finds no way to log in, and one is needed, the server is asked once more.
func (c *conn) extensions(name string, login bool) (func(keyword string) (parameters string, ok bool), error) {
	if ok, _ := c.client.Extension("AUTH"); ok || !login {
		return func(keyword string) (string, bool) {
			ok, parameters := c.client.Extension(keyword)
			return parameters, ok
		}, nil
	}
	offered := map[string]string{}
	if err := c.client.Text.PrintfLine("EHLO %s", name); err != nil {
		return nil, err
	}
	_, text, err := c.client.Text.ReadResponse(250)
	if reply := (*textproto.Error)(nil); err != nil && (!errors.As(err, &reply) || reply.Code < 500) {
		return nil, err // a lasting refusal is that of a server which knows HELO only
	}
	if err == nil {
		for line := range strings.Lines(text) {
			keyword, parameters, _ := strings.Cut(strings.TrimSpace(line), " ")
			offered[strings.ToUpper(keyword)] = parameters
		}
	}
	return func(keyword string) (string, bool) {
		parameters, ok := offered[keyword]
		return parameters, ok
	}, nil
}

// login says who we are, in the best of the ways that both sides know: the
// order is go-mail's. PLAIN and LOGIN show the password, and serve within TLS
// or on loopback only; what ends in PLUS needs TLS to bind to.
func (c *conn) login(server Server, offered []string) error {
	user, password := server.Username, server.Password
	state, secured := c.client.TLSConnectionState()
	shown := secured || server.loopback()
	for _, way := range []struct {
		name  string
		fits  bool
		start smtp.Auth
	}{
		{"SCRAM-SHA-256-PLUS", secured, smtp.ScramSHA256PlusAuth(user, password, &state)},
		{"SCRAM-SHA-256", true, smtp.ScramSHA256Auth(user, password)},
		{"SCRAM-SHA-1-PLUS", secured, smtp.ScramSHA1PlusAuth(user, password, &state)},
		{"SCRAM-SHA-1", true, smtp.ScramSHA1Auth(user, password)},
		{"NTLM", true, smtp.NTLMAuth(user, password, "")},
		{"CRAM-MD5", true, smtp.CRAMMD5Auth(user, password)},
		{"PLAIN", shown, smtp.PlainAuth("", user, password, server.Host, server.loopback())},
		{"LOGIN", shown, smtp.LoginAuth(user, password, server.Host, server.loopback())},
	} {
		if way.fits && slices.Contains(offered, way.name) {
			return c.client.Auth(way.start)
		}
	}
	return &causeError{Cause{causeNoLogin, kept(strings.Join(offered, " "))}, errors.New("no way to log in")}
}

// longestOpening bounds what a server says before the first mail, certificates
// included: a reply without end would be read, and kept, for as long.
const longestOpening = 64 << 10

// opening is a connection of which no more is read than is left.
type opening struct {
	net.Conn
	left int
}

func (o *opening) Read(p []byte) (int, error) {
	if o.left <= 0 {
		return 0, &causeError{Cause{Name: causeEndless}, fmt.Errorf("more than %d bytes before the first mail", longestOpening)}
	}
	n, err := o.Conn.Read(p[:min(len(p), o.left)])
	o.left -= n
	return n, err
}
