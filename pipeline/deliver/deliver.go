// Package deliver sends one issue to its recipients, once each, through any failure.
//
// The order of things is the promise. The ledger grants a connection its next
// delivery (the row becomes "sending") in the commit that makes its previous
// result durable, and only then does the body leave. So at any moment at most
// one delivery per open connection is in doubt, and its row names it.
//
//	run.go       a run: its connections, and what an outcome says of a server
//	feed.go      reads ahead in the ledger
//	domain.go    a domain's pace, and its rest
//	session.go   one connection's deliveries, in that order
//	dial.go      a connection: greeting, TLS, login
//	conn.go      the SMTP transaction, pipelined
//	writer.go    one commit for whatever the connections wait for
//	upstream.go  which server, how many connections
//	reply.go     what a reply means
//	cause.go     what stopped something, by a name that has words in every language
//	settle.go    who is suppressed, and when refusals are not believed
package deliver

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/setting"
)

// State is where a delivery stands.
type State string

// The states of a delivery. A pending one whose time has not come is waiting.
const (
	Pending    State = "pending"
	Sending    State = "sending"
	Accepted   State = "accepted"
	Refused    State = "refused"
	Suppressed State = "suppressed" // left out: unsubscribed or suppressed since the snapshot
	Uncertain  State = "uncertain"  // sent, and the server's answer is not known
)

// States lists all, in the order in which they are shown.
var States = []State{Pending, Sending, Accepted, Refused, Suppressed, Uncertain}

// Policy says what becomes of an uncertain delivery.
type Policy string

// Resend sends an uncertain delivery once more, the same to the byte; Hold
// never does, and leaves it to a person.
const (
	Resend Policy = "resend"
	Hold   Policy = "hold"
)

// MaxDoubts is how often a delivery may end in doubt before Resend stops
// sending it: a server that never answers a final dot would otherwise get the
// same mail for three days.
const MaxDoubts = 5

// Delivery is one issue to one subscriber, as claimed from the ledger.
type Delivery struct {
	Subscriber audience.Subscriber
	Locale     string
	Attempts   int       // earlier ones
	NextAt     time.Time // when it was due; zero when never tried
}

// Outcome is what became of an attempt.
type Outcome struct {
	Subscriber audience.ID
	State      State
	Class      Class
	Reply      Reply
	NextAt     time.Time // when a pending delivery is due again

	phase phase // in which the reply came
}

// Ledger is the durable record of deliveries.
type Ledger interface {
	// Due reads up to n deliveries that are pending and due at now, in the
	// order of Cursor and behind after. It claims nothing.
	Due(ctx context.Context, issue int, now time.Time, after Cursor, n int) ([]Delivery, error)
	// Commit records the outcomes and claims the deliveries of the intents, in
	// one durable transaction. It grants none to somebody who unsubscribed or
	// was suppressed meanwhile, nor one that is not pending any more.
	Commit(ctx context.Context, issue int, now time.Time, outcomes []Outcome, intents []audience.ID) (granted []audience.ID, err error)
	// Answers counts what was accepted and refused of the issue since a person
	// last took it up again.
	Answers(ctx context.Context, issue int) (Answers, error)
}

// Composer writes the mails of an issue.
type Composer interface {
	// From is the envelope's sender.
	From() audience.Address
	// Append writes the mail for one reader behind dst, the whole message with
	// CRLF line ends, none of its lines beginning with a dot.
	Append(dst []byte, to audience.Subscriber, locale string) ([]byte, error)
	// Slow reports that writing a mail is worth doing ahead of its time.
	Slow() bool
}

// Config says how to send. Durations of zero take their defaults.
type Config struct {
	Servers     []Server      `yaml:"servers" envPrefix:"SERVERS_"`
	Connections int           `yaml:"connections"`                          // at once, all servers together; default 4
	Domain      Rate          `yaml:"domain_rate" envPrefix:"DOMAIN_RATE_"` // to any one domain of recipients; default none
	Deadline    time.Duration `yaml:"deadline"`                             // after the slot, the waiting are given up; default 72 h
	Policy      Policy        `yaml:"uncertain" env:"UNCERTAIN"`            // resend or hold; default resend
}

// WithDefaults fills in what was left out.
func (c Config) WithDefaults() Config {
	c.Connections = cmp.Or(c.Connections, 4)
	c.Deadline = cmp.Or(c.Deadline, 72*time.Hour)
	c.Policy = cmp.Or(c.Policy, Resend)
	servers := make([]Server, len(c.Servers))
	for i, s := range c.Servers {
		servers[i] = s.withDefaults()
	}
	c.Servers = servers
	return c
}

// Validate names what cannot work.
func (c Config) Validate() error {
	if c.Connections < 1 || c.Connections > 100 {
		return &setting.Error{Key: "connections", Value: c.Connections}
	}
	if c.Policy != Resend && c.Policy != Hold {
		return &setting.Error{Key: "uncertain", Value: c.Policy}
	}
	if c.Deadline < time.Hour {
		return &setting.Error{Key: "deadline", Value: c.Deadline}
	}
	if len(c.Servers) == 0 {
		return &setting.Error{Key: "servers", Value: 0}
	}
	if err := c.Domain.validate(); err != nil {
		return setting.Below("domain_rate", err)
	}
	for i, s := range c.Servers {
		if err := s.validate(); err != nil {
			return setting.Below(fmt.Sprintf("servers.%d", i), err)
		}
	}
	return nil
}

// Sender sends the deliveries of one issue that are due.
type Sender struct {
	Config   Config
	Ledger   Ledger
	Composer Composer
	Now      func() time.Time
	Sleep    func(context.Context, time.Duration) error // between attempts to reach a server
	Jitter   func() float64                             // in [0, 1)
	Workers  func() int                                 // among how many the rates are shared; nil: one
	Report   func(Outcome)                              // called after each outcome is durable; may be nil
	Grace    time.Duration                              // for open transactions when a run is stopped; default 30 s
}

// Graceful is the context of what is not to be dropped at once when ctx ends:
// it goes on for the grace, 30 s where that is zero.
func Graceful(ctx context.Context, grace time.Duration) (work context.Context, cancel context.CancelFunc) {
	work, drop := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(cmp.Or(grace, 30*time.Second), drop)
		context.AfterFunc(work, func() { timer.Stop() })
	})
	return work, func() { stop(); drop() }
}

// Run sends until nothing is due, the servers cannot be reached, or ctx ends.
// When ctx ends, open transactions are finished, within Grace; nothing new is
// begun. An error says why deliveries that are due were left.
func (s *Sender) Run(ctx context.Context, issue int) error {
	work, abandon := Graceful(ctx, s.Grace)
	defer abandon()
	r := &run{Sender: s, stop: ctx, work: work, issue: issue, upstreams: newUpstreams(s.Config, s.Workers), writer: newWriter()}
	r.feed = newFeed(r)
	return r.all()
}
