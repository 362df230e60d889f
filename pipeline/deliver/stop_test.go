package deliver_test

import (
	"context"
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
