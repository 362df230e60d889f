package schedule

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
)

// Crew is the ledger's list of workers.
type Crew interface {
	// Enrol begins a lease. alone says that all others are dead.
	Enrol(ctx context.Context, worker, name string, alone bool, now time.Time) error
	// RenewLease renews it, and lists all; ErrLost when it was ended by another.
	RenewLease(ctx context.Context, worker string) ([]deliver.Lease, error)
	// Dismiss ends a lease, unless it was renewed since it was read, and frees
	// its ranges.
	Dismiss(ctx context.Context, lease deliver.Lease) error
}

// Timing says how often a worker looks at the database.
type Timing struct {
	Renew time.Duration // its lease, and the others'; default 15 s
	Lost  time.Duration // without a renewal, a worker is given up; default 60 s
	Poll  time.Duration // for jobs; default 1 s
}

func (t Timing) withDefaults() Timing {
	return Timing{cmp.Or(t.Renew, 15*time.Second), cmp.Or(t.Lost, time.Minute), cmp.Or(t.Poll, time.Second)}
}

// crew keeps this process's lease, and watches those of the others. Whether
// one is lost it tells by its own clock, from how long the renewals stand
// still: the clocks of several machines need not agree.
type crew struct {
	Timing
	ledger Crew
	name   string
	logger *slog.Logger
	now    func() time.Time
	lost   func(context.Context) error // called when a worker was given up

	mu      sync.Mutex
	mine    deliver.Lease
	alive   context.Context // until the lease is in doubt
	doubt   context.CancelFunc
	renewed time.Time
	seen    map[string]sighting
}

// sighting is a lease as it was when it last changed.
type sighting struct {
	renewed int
	at      time.Time
}

// enrol begins a lease of our own.
func (c *crew) enrol(ctx context.Context, alone bool) error {
	id := rand.Text()
	if err := c.ledger.Enrol(ctx, id, c.name, alone, c.now()); err != nil {
		return fmt.Errorf("enrol as a worker: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.doubt != nil {
		c.doubt()
	}
	c.mine = deliver.Lease{Worker: id, Name: c.name}
	c.alive, c.doubt = context.WithCancel(context.WithoutCancel(ctx))
	c.renewed = time.Now()
	return nil
}

// leased is who we are, and a context that ends when that is in doubt.
func (c *crew) leased() (worker string, alive context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mine.Worker, c.alive
}

// size is how many workers share the servers.
func (c *crew) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(1, len(c.seen))
}

// keep renews the lease until ctx ends; what is being sent then ends with it.
func (c *crew) keep(ctx context.Context) {
	ticker := time.NewTicker(c.Renew)
	defer ticker.Stop()
	for {
		if err := c.renew(ctx); err != nil && ctx.Err() == nil {
			c.logger.ErrorContext(ctx, "the lease was not renewed", "error", err)
		}
		select {
		case <-ctx.Done():
			c.mu.Lock()
			defer c.mu.Unlock()
			c.doubt()
			return
		case <-ticker.C:
		}
	}
}

// renew renews our lease and gives up the workers that are lost. When it
// cannot be renewed, sending stops before others may think us lost.
func (c *crew) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Renew)
	defer cancel()
	worker, _ := c.leased()
	leases, err := c.ledger.RenewLease(ctx, worker)
	if errors.Is(err, deliver.ErrLost) {
		return c.enrol(ctx, false) // what we held is another's
	}
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if time.Since(c.renewed) > c.Lost/2 {
			c.doubt()
		}
		return err
	}
	return c.watch(ctx, leases)
}

// watch looks for leases that stand still.
func (c *crew) watch(ctx context.Context, leases []deliver.Lease) error {
	now := time.Now()
	var lost []deliver.Lease
	c.mu.Lock()
	c.renewed = now
	if c.alive.Err() != nil {
		c.alive, c.doubt = context.WithCancel(context.WithoutCancel(ctx))
	}
	seen := map[string]sighting{}
	for _, l := range leases {
		s, known := c.seen[l.Worker]
		if !known || s.renewed != l.Renewed {
			s = sighting{l.Renewed, now}
		}
		if l.Worker == c.mine.Worker {
			c.mine = l
		} else if now.Sub(s.at) >= c.Lost {
			lost = append(lost, l)
			continue
		}
		seen[l.Worker] = s
	}
	c.seen = seen
	c.mu.Unlock()
	var errs []error
	for _, l := range lost {
		c.logger.WarnContext(ctx, "a worker is lost; its work is taken up", "worker", l.Name)
		errs = append(errs, c.ledger.Dismiss(ctx, l))
	}
	if len(lost) > 0 {
		errs = append(errs, c.lost(ctx))
	}
	return errors.Join(errs...)
}

// leave ends our lease, as it stands: a renewal may have been cut short.
func (c *crew) leave(ctx context.Context) error {
	worker, _ := c.leased()
	leases, err := c.ledger.RenewLease(ctx, worker)
	for _, l := range leases {
		if l.Worker == worker {
			err = c.ledger.Dismiss(ctx, l)
		}
	}
	if err != nil && !errors.Is(err, deliver.ErrLost) {
		return fmt.Errorf("leave the workers: %w", err)
	}
	return nil
}
