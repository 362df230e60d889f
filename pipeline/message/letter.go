package message

import (
	"bytes"
	"fmt"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Letter writes a mail about one matter to one person, as SMTP's DATA wants
// it. It belongs to no list, so it has no list headers, and says that a
// program wrote it (RFC 3834 §5). id makes a Message-ID that stays the same
// when the mail is sent again.
func (c Config) Letter(d render.Document, to audience.Address, id audience.ID, date time.Time) ([]byte, error) {
	composer := &Composer{config: c.withDefaults()}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithBoundary(composer.hash("letter boundary", id.String())))
	if err := composer.addresses(m, envelope{to: to.String()}); err != nil {
		return nil, fmt.Errorf("write a letter: addresses: %w", err)
	}
	m.Subject(d.Subject)
	m.SetDateWithValue(date)
	m.SetMessageIDWithValue(composer.hash("letter", id.String()) + "@" + c.From.Domain())
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(mail.TypeTextPlain, d.Text)
	m.AddAlternativeString(mail.TypeTextHTML, d.HTML)
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write a letter: %w", err)
	}
	letter := b.Bytes()
	if c.DKIM != nil {
		field, err := c.DKIM.sign(letter)
		if err != nil {
			return nil, fmt.Errorf("write a letter: %w", err)
		}
		letter = append(field, letter...)
	}
	return bytes.ReplaceAll(letter, []byte("\r\n."), []byte("\r\n..")), nil // RFC 5321 §4.5.2
}

// Envelope is the envelope's sender, where bounces go.
func (c Config) Envelope() audience.Address { return c.withDefaults().Bounce }
