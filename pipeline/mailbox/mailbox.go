// Package mailbox receives mail over SMTP on loopback and shows it in a browser, so that a demo needs no mail account.
package mailbox

import (
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/templates"
)

// ErrNotLoopback refuses a listener that other machines can reach.
var ErrNotLoopback = errors.New("the mailbox listens on loopback only")

var errFull = errors.New("the mailbox is full")

// Options adjust a mailbox; zero values take the defaults.
type Options struct {
	Catalogue *locales.Catalogue // the pages' words; required
	Language  string             // of the pages, for a visitor who prefers none; the catalogue's fallback
	Prefix    string             // path under which Handler is mounted, "/mailbox"
	Now       func() time.Time   // time.Now
	Logger    *slog.Logger       // what went wrong on a connection; discarded

	MaxMessages     int   // 10,000
	MaxMessageBytes int64 // 1 MiB
	MaxBytes        int64 // of all messages together, 256 MiB
}

func (o Options) withDefaults() Options {
	if o.Prefix == "" {
		o.Prefix = "/mailbox"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxMessages == 0 {
		o.MaxMessages = 10_000
	}
	if o.MaxMessageBytes == 0 {
		o.MaxMessageBytes = 1 << 20
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 256 << 20
	}
	return o
}

// Message is a mail as it was accepted.
type Message struct {
	From     string // of the envelope
	To       []string
	Received time.Time
	Raw      []byte // without dot-stuffing; not to be changed
}

// Mailbox keeps what it receives in memory, in order of arrival. Its methods
// are safe for concurrent use.
type Mailbox struct {
	options Options
	pages   *template.Template

	mu       sync.RWMutex
	messages []Message
	bytes    int64
}

// New returns an empty mailbox.
func New(options Options) (*Mailbox, error) {
	pages, err := template.ParseFS(templates.Mailbox, "mailbox/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse mailbox pages: %w", err)
	}
	return &Mailbox{options: options.withDefaults(), pages: pages}, nil
}

// Messages lists what was accepted, the oldest first.
func (m *Mailbox) Messages() []Message {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.messages)
}

// message returns the n-th message, counted from 1, and how many there are.
func (m *Mailbox) message(n int) (message Message, count int, ok bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if n < 1 || n > len(m.messages) {
		return Message{}, len(m.messages), false
	}
	return m.messages[n-1], len(m.messages), true
}

// add keeps a message. A full mailbox refuses new mail rather than forget
// what it has accepted.
func (m *Mailbox) add(message Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	size := int64(len(message.Raw))
	if len(m.messages) >= m.options.MaxMessages || m.bytes+size > m.options.MaxBytes {
		return errFull
	}
	m.messages = append(m.messages, message)
	m.bytes += size
	return nil
}
