package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"syscall"
)

// Cause names what stopped something. It is kept in place of a sentence, and
// becomes one in the language of whoever reads it: the message "cause.<Name>",
// with Detail for its argument.
type Cause struct{ Name, Detail string }

// String is how the ledger keeps a cause: "refusals-at@example.org".
func (c Cause) String() string {
	if c.Detail == "" {
		return c.Name
	}
	return c.Name + "@" + c.Detail
}

// ParseCause reads what String wrote.
func ParseCause(text string) Cause {
	name, detail, _ := strings.Cut(text, "@")
	return Cause{name, detail}
}

// Causes that are not those of an error.
const (
	causeAstray  = "astray"        // replies do not follow the commands
	causeNoReply = "no-reply"      // something came that is no reply
	causeEndless = "endless-reply" // a reply without end
	causeReset   = "reset"         // RSET is refused
	causeNoTLS   = "no-starttls"   // STARTTLS is refused
	causeNoLogin = "no-login"      // no way to log in that both sides know
)

// Interrupted is the doubt about what a dead sender left under way.
var Interrupted = Cause{Name: "interrupted"}

// CauseOf names the commonest causes of an error; ok is false for another.
func CauseOf(err error) (c Cause, ok bool) {
	var own interface{ Cause() Cause }
	if errors.As(err, &own) {
		return own.Cause(), true
	}
	c.Name = network(err)
	var reply *textproto.Error // go-mail hands a server's greeting on as such
	if errors.As(err, &reply) {
		c = Cause{"answered", replyText(reply)}
		switch reply.Code {
		case 530, 534, 535, 538: // RFC 4954 §6
			c.Name = "login"
		}
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		c.Detail = name.Name
	}
	return c, c.Name != ""
}

// network names what may happen to a connection, "" for anything else.
func network(err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timed net.Error
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return "no-host"
	case errors.As(err, &name):
		return "no-names"
	case errors.As(err, &certificate):
		return "certificate"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "unreachable"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "closed"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timed) && timed.Timeout():
		return "timeout"
	}
	return ""
}

// ended is an error of a connection, where an end of file, which may be any
// file's, is the other side's doing.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &causeError{Cause{Name: "closed"}, err}
	}
	return err
}

// replyText is a reply as a cause has it.
func replyText(reply *textproto.Error) string {
	return fmt.Sprintf("%d %s", reply.Code, kept(reply.Msg))
}

// causeError is an error whose cause is known where it happens.
type causeError struct {
	cause Cause
	error
}

func (e *causeError) Unwrap() error { return e.error }

func (e *causeError) Cause() Cause { return e.cause }
