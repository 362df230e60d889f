package deliver_test

import (
	"context"
	"flag"
	"sync"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
)

const leavingUsual = 1000

var leavingAudience = flag.Int("audience", leavingUsual, "readers of the issue in the middle of which a tenth of them leave")

// departures notes when readers left, and looks at every grant after it.
type departures struct {
	*store.Store
	begun chan struct{} // closed at the first grant
	once  sync.Once

	mu      sync.Mutex
	left    map[audience.ID]time.Time // when Unsubscribe returned
	granted []audience.ID             // after it
}

func (d *departures) Commit(ctx context.Context, issue int, now time.Time, outcomes []deliver.Outcome, intents []audience.ID) ([]audience.ID, error) {
	gone := map[audience.ID]bool{}
	d.mu.Lock()
	for _, id := range intents {
		_, gone[id] = d.left[id]
	}
	d.mu.Unlock()
	granted, err := d.Store.Commit(ctx, issue, now, outcomes, intents)
	d.once.Do(func() { close(d.begun) })
	for _, id := range granted {
		if gone[id] {
			d.granted = append(d.granted, id)
		}
	}
	return granted, err
}

// leave unsubscribes readers, one by one, from the moment the send has begun.
func (d *departures) leave(ctx context.Context, readers []audience.ID) error {
	<-d.begun
	for _, id := range readers {
		if _, err := d.Unsubscribe(ctx, time.Now(), id, audience.Consent{Origin: audience.OneClick}); err != nil {
			return err
		}
		d.mu.Lock()
		d.left[id] = time.Now()
		d.mu.Unlock()
	}
	return nil
}

// Whoever left is not granted a delivery any more, from the moment the
// unsubscription is answered, in the middle of a send. A larger -audience also
// looks at the clock: nobody's mail is through later than one second after.
func TestManyLeaveInTheMiddle(t *testing.T) {
	t.Parallel()
	readers := fewer(*leavingAudience)
	b := newBench(t, readers, deliver.Resend)
	b.sender.Config.Connections = 8
	d := &departures{Store: b.store, begun: make(chan struct{}), left: map[audience.ID]time.Time{}}
	var late time.Duration
	b.sender.Ledger, b.sender.Report = d, func(o deliver.Outcome) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if left, ok := d.left[o.Subscriber]; ok && o.State == deliver.Accepted {
			late = max(late, time.Since(left))
		}
	}
	done := make(chan error, 1)
	leaving := tenth(t, b.store)
	go func() { done <- d.leave(t.Context(), leaving) }()
	if _, err := b.run(1); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	tally := b.tally(1)
	if len(d.granted) > 0 {
		t.Errorf("%d were granted a delivery after they had left", len(d.granted))
	}
	if tally[deliver.Suppressed] == 0 || tally[deliver.Suppressed]+tally[deliver.Accepted] != readers {
		t.Errorf("got %v", tally)
	}
	if sent := len(b.server.Messages()); sent != tally[deliver.Accepted] {
		t.Errorf("%d mails arrived, %v", sent, tally)
	}
	t.Logf("%d of %d left during the send, %d of them before their mail; the last mail to one who had left was through after %s",
		len(leaving), readers, tally[deliver.Suppressed], late)
	if *leavingAudience > leavingUsual && late > time.Second {
		t.Errorf("a mail was through %s after its reader left", late)
	}
}

// tenth are every tenth reader by address, so in no order of their turns.
func tenth(t *testing.T, s *store.Store) []audience.ID {
	t.Helper()
	readers, err := s.Subscribers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []audience.ID
	for i, r := range readers {
		if i%10 == 0 {
			ids = append(ids, r.ID)
		}
	}
	return ids
}
