// Package message turns a document into the mail of one reader, to the byte.
package message

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Config is who writes, as the headers say it.
type Config struct {
	ListID      string           // "lettre.exemple.fr": RFC 2919, and the name of the tokens' newsletter
	ListName    string           // the newsletter's name
	FromName    string           // default ListName
	From        audience.Address // header and, without Bounce, envelope
	ReplyTo     audience.Address // none when zero
	Bounce      audience.Address // envelope sender, where bounces go
	Unsubscribe audience.Address // takes unsubscriptions by mail; none when zero
	DKIM        *DKIM            // signs every mail; nil leaves it to the relay
}

func (c Config) withDefaults() Config {
	c.FromName = cmp.Or(c.FromName, c.ListName)
	c.Bounce = cmp.Or(c.Bounce, c.From)
	return c
}

// Issue is what all mails of an issue share.
type Issue struct {
	Number   int
	Revision int       // which of the issue's corrections is sent; 0: the issue itself
	Date     time.Time // of the order to send, in the newsletter's zone
	Base     string    // public URL, without final slash; see CheckBase
	Signer   audience.Signer
	Test     bool // the subject says so
}

// Composer writes the mails of one issue. It is safe for concurrent use.
type Composer struct {
	config    Config
	issue     Issue
	documents map[string]render.Document // by locale
	templates map[string]*Template
}

// ErrBase is what CheckBase refuses.
var ErrBase = errors.New("not an absolute http or https URL without query and fragment")

// CheckBase returns a public URL without its final slash. It stands unescaped
// in HTML, text and headers, so it may hold no character that means something
// there.
func CheckBase(base string) (string, error) {
	base = strings.TrimSuffix(base, "/")
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil ||
		strings.ContainsFunc(base, func(r rune) bool {
			return r <= ' ' || r > '~' || strings.ContainsRune("<>\"'&?#\\`{}|^", r)
		}) {
		return "", fmt.Errorf("%q: %w", base, ErrBase)
	}
	return base, nil
}

// NewComposer prepares the mails of an issue.
func NewComposer(c Config, is Issue, documents []render.Document) (*Composer, error) {
	if c.From == (audience.Address{}) {
		return nil, errors.New("compose: no sender address")
	}
	base, err := CheckBase(is.Base)
	if err != nil {
		return nil, fmt.Errorf("compose: public URL: %w", err)
	}
	is.Base = base
	composer := &Composer{config: c.withDefaults(), issue: is, documents: map[string]render.Document{}, templates: map[string]*Template{}}
	for _, d := range documents {
		composer.documents[d.Locale] = d
		if composer.templates[d.Locale], err = composer.compile(d); err != nil {
			return nil, err
		}
	}
	return composer, nil
}

// From is the envelope sender of all mails.
func (c *Composer) From() audience.Address { return c.config.Bounce }

// Append writes the mail of one reader behind dst, the same bytes each time,
// ready for SMTP's DATA: CRLF line ends, and no line begins with a dot.
func (c *Composer) Append(dst []byte, to audience.Subscriber, locale string) ([]byte, error) {
	t, ok := c.templates[locale]
	if !ok {
		return dst, fmt.Errorf("issue %d has no document in %s", c.issue.Number, locale)
	}
	if c.config.DKIM == nil {
		return t.append(dst, to), nil
	}
	start := len(dst)
	dst = t.append(slices.Grow(dst, t.size+maxSignature), to)
	field, err := c.config.DKIM.sign(dst[start:])
	if err != nil {
		return dst[:start], err
	}
	return slices.Insert(dst, start, field...), nil
}

// Slow reports that writing a mail costs about as much as a disk write, and
// is better done ahead of its time.
func (c *Composer) Slow() bool { return c.config.DKIM != nil }

// Parts are the two bodies of one reader's mail.
func (c *Composer) Parts(to audience.Subscriber, locale string) (text, page string, err error) {
	d, ok := c.documents[locale]
	if !ok {
		return "", "", fmt.Errorf("issue %d has no document in %s", c.issue.Number, locale)
	}
	values := map[render.Slot]string{
		render.Base:        c.issue.Base,
		render.Unsubscribe: c.issue.Signer.Token(audience.Unsubscribe, to.ID),
		render.Preferences: c.issue.Signer.Token(audience.Preferences, to.ID),
		render.Address:     to.Address.String(),
	}
	text = d.Fill(d.Text, values)
	values[render.Address] = html.EscapeString(to.Address.String())
	return text, d.Fill(d.HTML, values), nil
}

// envelope is what the header of one reader's mail holds of the reader.
type envelope struct{ name, to, id, token string }

// build has go-mail write a mail with the bodies given.
func (c *Composer) build(d render.Document, e envelope, text, page string) ([]byte, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithBoundary(c.hash("boundary", d.Locale)))
	if err := c.addresses(m, e); err != nil {
		return nil, fmt.Errorf("addresses: %w", err)
	}
	c.headers(m, d, e)
	m.SetBodyString(mail.TypeTextPlain, text)
	m.AddAlternativeString(mail.TypeTextHTML, page)
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	return b.Bytes(), nil
}

func (c *Composer) addresses(m *mail.Msg, e envelope) error {
	if err := m.FromFormat(c.config.FromName, c.config.From.String()); err != nil {
		return err
	}
	if c.config.ReplyTo != (audience.Address{}) {
		if err := m.ReplyTo(c.config.ReplyTo.String()); err != nil {
			return err
		}
	}
	if e.name == "" {
		return m.To(e.to)
	}
	return m.AddToFormat(e.name, e.to)
}

// headers sets what every mail of a list owes its reader: RFC 2369, 2919,
// 8058. The values hold nothing a reader or an author typed but the subject,
// which go-mail encodes.
func (c *Composer) headers(m *mail.Msg, d render.Document, e envelope) {
	subject := d.Subject
	if c.issue.Test {
		subject = "[Test] " + subject
	}
	m.Subject(subject)
	m.SetDateWithValue(c.issue.Date)
	m.SetMessageIDWithValue(e.id + "@" + c.config.From.Domain())

	owner := c.config.From
	if c.config.ReplyTo != (audience.Address{}) {
		owner = c.config.ReplyTo
	}
	unsubscribe := "<" + c.issue.Base + render.UnsubscribePath + e.token + ">"
	if c.config.Unsubscribe != (audience.Address{}) {
		unsubscribe += ", <mailto:" + c.config.Unsubscribe.String() + "?subject=" + e.token + ">"
	}
	for _, h := range []struct{ name, value string }{
		{"List-Id", c.listID()},
		{"List-Unsubscribe", unsubscribe},
		{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"},
		{"List-Help", "<" + c.issue.Base + ">"},
		{"List-Owner", "<mailto:" + owner.String() + ">"},
		{"Precedence", "bulk"},
		{"Feedback-ID", fmt.Sprintf("%d:%s:%s:infolettre", c.issue.Number, d.Locale, c.config.ListID)},
	} {
		m.SetGenHeader(mail.Header(h.name), h.value)
	}
}

// listID is RFC 2919's; a name with accents would be encoded together with
// the identifier, so it is left out.
func (c *Composer) listID() string {
	for _, r := range c.config.ListName {
		if r < ' ' || r > '~' || strings.ContainsRune("\"<>()[]\\,;:@", r) {
			return "<" + c.config.ListID + ">"
		}
	}
	return c.config.ListName + " <" + c.config.ListID + ">"
}

// MessageID is the same whenever this issue is sent to this reader, so that a
// mail sent again after a crash is recognised as the same. A correction of the
// issue is another mail.
func (c *Composer) MessageID(to audience.ID) string {
	return string(c.appendID(nil, to)) + "@" + c.config.From.Domain()
}

func (c *Composer) appendID(dst []byte, to audience.ID) []byte {
	return c.appendHash(dst, "message", to.String())
}

// Lengths of what hash and a token give.
const (
	idLength    = 26
	tokenLength = 48
)

func (c *Composer) hash(purpose, of string) string { return string(c.appendHash(nil, purpose, of)) }

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// appendHash appends a name that no other issue, correction and purpose has:
// 26 letters and digits.
func (c *Composer) appendHash(dst []byte, purpose, of string) []byte {
	var room [128]byte
	named := append(append(room[:0], purpose...), 0)
	named = append(append(named, c.config.ListID...), 0)
	named = append(strconv.AppendInt(named, int64(c.issue.Number), 10), 0)
	named = append(strconv.AppendBool(named, c.issue.Test), 0)
	named = append(named, of...)
	if c.issue.Revision > 0 {
		named = strconv.AppendInt(append(named, 0), int64(c.issue.Revision), 10)
	}
	sum := sha256.Sum256(named)
	return lowerBase32.AppendEncode(dst, sum[:16])
}
