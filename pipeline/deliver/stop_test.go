package deliver_test

import (
	"context"
	"crypto/tls"
	"errors"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

// Stopping finishes what is open and leaves the rest pending.
func TestStop(t *testing.T) {
	t.Parallel()
	hold, reached := make(chan struct{}), make(chan struct{}, 100)
	b := newBench(t, 30, deliver.Resend, smtptest.Fault{
		Step: smtptest.Dot, Skip: 5, Hold: hold, Reached: func() { reached <- struct{}{} },
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.sender.Run(ctx, 1) }()
	for range b.sender.Config.Connections {
		<-reached
	}
	stop()
	close(hold)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	tally := b.tally(1)
	if tally[deliver.Sending] != 0 || tally[deliver.Uncertain] != 0 || tally[deliver.Accepted] != len(b.server.Messages()) || tally[deliver.Pending] == 0 {
		t.Errorf("got %v for %d mails", tally, len(b.server.Messages()))
	}
}

// A server that does not answer in time leaves exactly those in doubt who
// were being sent to.
func TestStopWithoutAnswer(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{}, 100)
	b := newBench(t, 30, deliver.Hold, smtptest.Fault{Step: smtptest.Dot, Hold: make(chan struct{}), Reached: func() { reached <- struct{}{} }})
	b.sender.Grace = time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.sender.Run(ctx, 1) }()
	for range b.sender.Config.Connections {
		<-reached
	}
	stop()
	<-done // perhaps with an error: the ledger may be left behind
	if err := b.store.Recover(t.Context(), 1, b.clock()); err != nil {
		t.Fatal(err)
	}
	b.check(1, map[deliver.State]int{deliver.Uncertain: b.sender.Config.Connections, deliver.Pending: 30 - b.sender.Config.Connections})
}

// A server that is silent before the first mail holds no stop up: nothing is
// under way, and no time limit is waited for.
func TestStopBeforeTheFirstMail(t *testing.T) {
	t.Parallel()
	for _, step := range []smtptest.Step{smtptest.Banner, smtptest.EHLO, smtptest.StartTLS, smtptest.Auth} {
		ctx, stop := context.WithCancel(t.Context())
		s := smtptest.Start(t, smtptest.Script{
			Extensions: []string{"STARTTLS", "AUTH LOGIN"}, User: "lettre", Password: "secret",
			Faults: []smtptest.Fault{{Step: step, Hold: make(chan struct{}), Reached: stop}},
		})
		err := deliver.Greet(ctx, deliver.Server{
			Host: s.Host(), Port: s.Port(), TLS: deliver.StartTLS, Username: "lettre", Password: "secret",
			Config: &tls.Config{RootCAs: s.RootCAs(), ServerName: s.Host()},
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", step, err)
		}
	}
}
