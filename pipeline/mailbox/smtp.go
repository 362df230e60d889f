package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"
)

// idleTimeout is generous: the sender may think between two messages.
const idleTimeout = 5 * time.Minute

// ServeSMTP accepts mail from l, which must be on loopback, until ctx ends. It
// closes l, and returns once every connection is closed. PIPELINING, 8BITMIME
// and SIZE are offered.
func (m *Mailbox) ServeSMTP(ctx context.Context, l net.Listener) error {
	defer l.Close()
	if addr, ok := l.Addr().(*net.TCPAddr); !ok || !addr.IP.IsLoopback() {
		return fmt.Errorf("serve SMTP on %s: %w", l.Addr(), ErrNotLoopback)
	}
	connections, closeConnections := context.WithCancel(ctx)
	defer closeConnections()
	defer context.AfterFunc(ctx, func() { l.Close() })()

	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{mailbox: m}, nil
	}))
	server.Domain = "localhost"
	server.MaxMessageBytes = m.options.MaxMessageBytes
	server.ReadTimeout = idleTimeout
	server.WriteTimeout = idleTimeout
	server.ErrorLog = slog.NewLogLogger(m.options.Logger.Handler(), slog.LevelWarn)

	err := server.Serve(bound{l, func(f func()) (stop func() bool) { return context.AfterFunc(connections, f) }})
	closeConnections()
	// Nothing is left to close; this waits for the connections' goroutines.
	if waitErr := server.Shutdown(context.WithoutCancel(ctx)); waitErr != nil && !errors.Is(waitErr, net.ErrClosed) {
		return fmt.Errorf("stop SMTP server: %w", waitErr)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serve SMTP: %w", err)
}

// bound is a listener whose connections close when afterEnd says so. go-smtp
// alone waits for idle clients.
type bound struct {
	net.Listener
	afterEnd func(func()) (stop func() bool)
}

func (b bound) Accept() (net.Conn, error) {
	conn, err := b.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return boundConn{conn, b.afterEnd(func() { conn.Close() })}, nil
}

type boundConn struct {
	net.Conn
	forget func() bool
}

func (c boundConn) Close() error {
	c.forget()
	return c.Conn.Close()
}

// session is one connection; it holds the envelope of the current transaction.
type session struct {
	mailbox *Mailbox
	from    string
	to      []string
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data keeps a message that came whole: the reader fails when the final dot is missing.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	err = s.mailbox.add(Message{From: s.from, To: s.to, Received: s.mailbox.options.Now().UTC(), Raw: raw})
	if errors.Is(err, errFull) {
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: errFull.Error()}
	}
	return err
}
