package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/outbox"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// post is a sender on a real store, a real server and a clock of its own.
type post struct {
	*testing.T
	*outbox.Sender
	store  *store.Store
	server *smtptest.Server
	now    time.Time
	log    bytes.Buffer
}

func newPost(t *testing.T, s *store.Store) *post {
	p := &post{T: t, store: s, server: smtptest.Start(t, smtptest.Script{}), now: time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC)}
	server := deliver.Server{Host: p.server.Host(), Port: p.server.Port()}
	p.Sender = &outbox.Sender{
		Store: s,
		Compose: func(m audience.Mail) ([]byte, error) {
			return fmt.Appendf(nil, "Message-ID: <%s@exemple.fr>\r\nTo: %s\r\n\r\nBonjour.\r\n", m.ID, m.Address), nil
		},
		Send: func(ctx context.Context, to audience.Address, mail []byte) error {
			return deliver.SendOne(ctx, server, audience.MustAddress("lettre@exemple.fr"), to, mail)
		},
		Now:    func() time.Time { return p.now },
		Logger: slog.New(slog.NewTextHandler(&p.log, nil)),
	}
	return p
}

func (p *post) queue(addresses ...string) {
	p.Helper()
	for _, a := range addresses {
		if err := p.store.Queue(p.Context(), p.now, audience.Mail{Kind: audience.MailNotice, Address: audience.MustAddress(a), Lang: "fr"}); err != nil {
			p.Fatal(err)
		}
	}
}

// flush sends what is due, and returns how many mails the server has and how
// many wait.
func (p *post) flush() (accepted, waiting int) {
	p.Helper()
	if err := p.Flush(p.Context()); err != nil {
		p.Fatal(err)
	}
	waiting, err := p.store.OutboxWaiting(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	return len(p.server.Messages()), waiting
}

func (p *post) want(name string, accepted, waiting int) {
	p.Helper()
	if a, w := p.flush(); a != accepted || w != waiting {
		p.Errorf("%s: %d accepted, %d waiting; want %d and %d", name, a, w, accepted, waiting)
	}
}

func TestSends(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := newPost(t, s)
		for n := range 25 {
			p.queue(fmt.Sprintf("lecteur%d@exemple.fr", n))
		}
		p.want("all", 25, 0)
		p.want("again", 25, 0)
		if strings.Contains(p.log.String(), "@") {
			t.Errorf("an address in the log:\n%s", &p.log)
		}
	})
}

// What a server answers decides: later is tried again and again for three
// days, a mailbox that does not exist is not.
func TestReplies(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault smtptest.Fault
		kept  bool
	}{
		{"no such mailbox", smtptest.Fault{Step: smtptest.Rcpt, Code: 550, Enhanced: "5.1.1", Text: "<zoe@exemple.fr> unknown"}, false},
		{"refused", smtptest.Fault{Step: smtptest.Dot, Code: 554, Enhanced: "5.6.0", Text: "no"}, false},
		{"later", smtptest.Fault{Step: smtptest.Rcpt, Code: 451, Enhanced: "4.3.0", Text: "later"}, true},
		{"throttled", smtptest.Fault{Step: smtptest.Mail, Code: 421, Text: "busy"}, true},
		{"unwanted", smtptest.Fault{Step: smtptest.Mail, Code: 550, Enhanced: "5.7.1", Text: "blocked"}, true},
		{"mailbox full", smtptest.Fault{Step: smtptest.Rcpt, Code: 452, Enhanced: "4.2.2", Text: "full"}, true},
		{"silence at the dot", smtptest.Fault{Step: smtptest.Dot, Action: smtptest.Drop}, true},
		{"no greeting", smtptest.Fault{Step: smtptest.Banner, Action: smtptest.Drop}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPost(t, storetest.SQLite(t))
			p.queue("zoe@exemple.fr")
			p.server.SetFaults(test.fault)
			kept := 0
			if test.kept {
				kept = 1
			}
			p.want("first", 0, kept)
			p.now = p.now.Add(4 * time.Minute)
			p.server.SetFaults()
			p.want("too early", 0, kept)
			p.now = p.now.Add(2 * time.Minute)
			p.want("second", kept, 0)
			if strings.Contains(p.log.String(), "zoe") {
				t.Errorf("an address in the log:\n%s", &p.log)
			}
		})
	}
}

func TestGivesUp(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	p.queue("zoe@exemple.fr")
	p.server.SetFaults(smtptest.Fault{Step: smtptest.Rcpt, Code: 451, Text: "later"})
	begin, attempts := p.now, 0
	for range 400 {
		if _, waiting := p.flush(); waiting == 0 {
			break
		}
		p.now = p.now.Add(15 * time.Minute)
	}
	attempts = strings.Count(p.log.String(), "letter not sent yet")
	if waited := p.now.Sub(begin); waited < 72*time.Hour || waited > 77*time.Hour || attempts < 18 || attempts > 30 {
		t.Errorf("given up after %s and %d attempts", waited, attempts)
	}
}

// A mail that cannot be written waits for a program that can.
func TestCannotCompose(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	p.queue("zoe@exemple.fr")
	compose := p.Compose
	p.Compose = func(audience.Mail) ([]byte, error) { return nil, errors.New("no words") }
	p.want("old program", 0, 1)
	p.now, p.Compose = p.now.Add(6*time.Minute), compose
	p.want("new program", 1, 0)
}

// The program dies after the server took a mail and before that was noted:
// the mail goes out once more, with the same Message-ID.
func TestCrash(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	p.queue("zoe@exemple.fr", "noel@exemple.fr")
	ctx, die := context.WithCancel(t.Context())
	p.Store = dying{p.store, die}
	if err := p.Flush(ctx); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	p.Store = p.store
	p.want("at once", 2, 1)
	p.now = p.now.Add(16 * time.Minute)
	p.want("later", 3, 0)
	ids := map[string]int{}
	for _, m := range p.server.Messages() {
		id, _, _ := strings.Cut(string(m.Data), "\r\n")
		ids[id]++
	}
	if len(ids) != 2 {
		t.Errorf("%v", ids)
	}
}

var errDied = errors.New("died")

type dying struct {
	*store.Store
	die func()
}

func (d dying) OutboxDone(context.Context, audience.ID) error {
	d.die()
	return errDied
}

// A mail whose end cannot be noted does not hold up the others.
func TestGoesOn(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	p.queue("zoe@exemple.fr", "noel@exemple.fr", "ana@exemple.fr")
	p.Store = &failing{Store: p.store}
	if err := p.Flush(t.Context()); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	p.want("the others", 3, 1)
}

// failing notes no end of the first mail.
type failing struct {
	*store.Store
	failed bool
}

func (f *failing) OutboxDone(ctx context.Context, id audience.ID) error {
	if !f.failed {
		f.failed = true
		return errDied
	}
	return f.Store.OutboxDone(ctx, id)
}

// A server may answer anything, and a database does not take all of it.
func TestReplyOfAnyBytes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, step := range []smtptest.Step{smtptest.Banner, smtptest.Rcpt} {
			p := newPost(t, s)
			p.queue("zoe@exemple.fr")
			p.server.SetFaults(smtptest.Fault{Step: step, Code: 451, Text: "caf\x00 ferm\xe9"})
			p.want(string(step), 0, 1)
			p.now = p.now.Add(6 * time.Minute)
			p.server.SetFaults()
			p.want(string(step)+", later", 1, 0)
		}
	})
}

// However slow a server is, another sender is not handed a mail that this one
// is about to send.
func TestSlowServer(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	for n := range 10 {
		p.queue(fmt.Sprintf("lecteur%d@exemple.fr", n))
	}
	taken := map[audience.ID]int{}
	p.Send = func(context.Context, audience.Address, []byte) error {
		p.now = p.now.Add(100 * time.Second)
		return nil
	}
	p.Compose = func(m audience.Mail) ([]byte, error) {
		taken[m.ID]++
		return nil, nil
	}
	p.Store = shared{p.store, func() {
		mails, err := p.store.OutboxDue(t.Context(), p.now, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mails {
			taken[m.ID]++
		}
	}}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(taken) != 10 {
		t.Errorf("%d of 10 mails were taken", len(taken))
	}
	for id, n := range taken {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
}

// shared is a store that another sender uses, too, after each of our mails.
type shared struct {
	*store.Store
	other func()
}

func (s shared) OutboxDone(ctx context.Context, id audience.ID) error {
	err := s.Store.OutboxDone(ctx, id)
	s.other()
	return err
}

// One mail is given up for now before the store hands it out again.
func TestOneMailHasItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		sender := &outbox.Sender{
			Store: &single{}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
			Compose: func(audience.Mail) ([]byte, error) { return nil, nil },
			Send:    func(ctx context.Context, _ audience.Address, _ []byte) error { <-ctx.Done(); return ctx.Err() },
		}
		if err := sender.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 10*time.Minute || took >= 15*time.Minute {
			t.Errorf("given up after %s", took)
		}
	})
}

// single holds one mail, until it is tried.
type single struct{ tried bool }

func (s *single) OutboxDue(context.Context, time.Time, int) ([]audience.Mail, error) {
	if s.tried {
		return nil, nil
	}
	return []audience.Mail{{}}, nil
}

func (s *single) OutboxDone(context.Context, audience.ID) error { return errors.New("done") }

func (s *single) OutboxLater(context.Context, audience.ID, time.Time, error) error {
	s.tried = true
	return nil
}

// When stopped, the mail in transit is finished and noted, and no other begun.
func TestStop(t *testing.T) {
	p := newPost(t, storetest.SQLite(t))
	p.queue("zoe@exemple.fr", "noel@exemple.fr")
	ctx, stop := context.WithCancel(t.Context())
	send := p.Send
	p.Send = func(ctx context.Context, to audience.Address, mail []byte) error {
		stop()
		return send(ctx, to, mail)
	}
	p.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	if err := p.Sender.Run(ctx); err != nil {
		t.Fatal(err)
	}
	waiting, err := p.store.OutboxWaiting(t.Context())
	if got := len(p.server.Messages()); got != 1 || waiting != 1 || err != nil {
		t.Errorf("%d accepted, %d waiting, %v", got, waiting, err)
	}
}
