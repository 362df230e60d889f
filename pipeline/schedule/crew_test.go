package schedule

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
)

// roll is a crew's list in memory, which can be out of reach.
type roll struct {
	mu     sync.Mutex
	leases map[string]int
	away   bool
}

var errAway = errors.New("no route to host")

func (r *roll) Enrol(_ context.Context, worker, _ string, _ bool, _ time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leases[worker] = 0
	return nil
}

func (r *roll) RenewLease(_ context.Context, worker string) (all []deliver.Lease, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return nil, errAway
	}
	if _, ok := r.leases[worker]; !ok {
		return nil, deliver.ErrLost
	}
	r.leases[worker]++
	for _, id := range slices.Sorted(maps.Keys(r.leases)) {
		all = append(all, deliver.Lease{Worker: id, Name: id, Renewed: r.leases[id]})
	}
	return all, nil
}

func (r *roll) Dismiss(_ context.Context, l deliver.Lease) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leases[l.Worker] == l.Renewed {
		delete(r.leases, l.Worker)
	}
	return nil
}

// change does something with the list, as another process would.
func (r *roll) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
}

// aboard has a crew keep its lease while a test goes on.
func aboard(t *testing.T, test func(r *roll, c *crew, lost *atomic.Int32)) {
	synctest.Test(t, func(t *testing.T) {
		r, lost := &roll{leases: map[string]int{}}, new(atomic.Int32)
		c := &crew{Timing: Timing{}.withDefaults(), ledger: r, name: "me", logger: slog.New(slog.DiscardHandler), now: time.Now,
			lost: func(context.Context) error { lost.Add(1); return nil }}
		if err := c.enrol(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go c.keep(ctx)
		pass(time.Minute)
		test(r, c, lost)
		stop()
		synctest.Wait()
		if _, alive := c.leased(); alive.Err() == nil {
			t.Error("what is being sent goes on after the end")
		}
		if err := c.leave(t.Context()); err != nil || len(r.leases) > 0 && !r.away {
			t.Errorf("left behind: %v, %v", r.leases, err)
		}
	})
}

// pass lets time pass, a little beyond what is due then.
func pass(d time.Duration) {
	<-time.After(d + time.Millisecond)
	synctest.Wait()
}

// Whoever stands still for a minute is given up, and no sooner.
func TestCrewGivesUp(t *testing.T) {
	aboard(t, func(r *roll, c *crew, lost *atomic.Int32) {
		r.change(func() { r.leases["other"] = 7 })
		pass(15 * time.Second)
		if c.size() != 2 {
			t.Errorf("%d workers", c.size())
		}
		pass(45 * time.Second)
		if lost.Load() != 0 {
			t.Error("given up too soon")
		}
		pass(15 * time.Second)
		if _, there := r.leases["other"]; there || lost.Load() != 1 || c.size() != 1 {
			t.Errorf("after 75 seconds: %v, %d", r.leases, lost.Load())
		}
		r.change(func() { r.leases["slow"] = 0 })
		for range 10 {
			r.change(func() { r.leases["slow"]++ })
			pass(40 * time.Second)
		}
		if lost.Load() != 1 {
			t.Error("a slow one was given up")
		}
		r.change(func() { delete(r.leases, "slow") })
	})
}

// Who cannot renew stops sending before others may give them up, and goes on
// when the ledger is back.
func TestCrewInDoubt(t *testing.T) {
	aboard(t, func(r *roll, c *crew, _ *atomic.Int32) {
		worker, alive := c.leased()
		r.change(func() { r.away = true })
		pass(30 * time.Second)
		if alive.Err() != nil {
			t.Error("stopped too soon")
		}
		pass(29 * time.Second)
		if alive.Err() == nil {
			t.Error("still sending after 59 seconds")
		}
		r.change(func() { r.away = false })
		pass(15 * time.Second)
		if again, alive := c.leased(); alive.Err() != nil || again != worker {
			t.Errorf("back as %q, %v", again, alive.Err())
		}
	})
}

// Who was given up meanwhile comes back as another.
func TestCrewLost(t *testing.T) {
	aboard(t, func(r *roll, c *crew, _ *atomic.Int32) {
		worker, alive := c.leased()
		r.change(func() { clear(r.leases) })
		pass(15 * time.Second)
		again, now := c.leased()
		if again == worker || alive.Err() == nil || now.Err() != nil || len(r.leases) != 1 {
			t.Errorf("%q is back as %q; %v", worker, again, r.leases)
		}
	})
}
