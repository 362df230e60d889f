package deliver

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Cursor is a place in the order in which deliveries are read: first those
// never tried, by subscriber; then those that wait, by when they are due.
type Cursor struct {
	Waiting    bool
	NextAt     time.Time
	Subscriber audience.ID
}

// How far the feed reads: enough for one query to serve many messages, and
// far enough to find another domain when some are at their limit.
const (
	readAhead = 256
	farthest  = 4096
)

// feed hands deliveries to the connections. It reads ahead, so that a
// connection knows whom it will write to next; it claims nothing, since the
// ledger grants a delivery only right before its body leaves.
type feed struct {
	run *run

	mu      sync.Mutex
	ahead   []*item
	held    map[audience.ID]bool // read, and their outcome not durable
	after   Cursor
	domains map[string]*pace

	writers sync.WaitGroup // of mails written ahead of their time
	pens    chan struct{}  // as many as there are processors
}

// item is a delivery on its way.
type item struct {
	Delivery
	written chan composed // not nil: its mail is written ahead of its time
}

type composed struct {
	mail []byte
	err  error
}

func newFeed(r *run) *feed {
	return &feed{run: r, held: map[audience.ID]bool{}, domains: map[string]*pace{}, pens: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// take returns the next delivery whose domain may be written to now. Without
// one, wait is how long until there may be; zero means that nothing is due.
func (f *feed) take() (next *item, wait time.Duration, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.run.Now()
	var soonest time.Time
	for i := 0; ; i++ {
		if i == len(f.ahead) {
			if more, err := f.read(now); err != nil || !more {
				return nil, untilFirst(soonest, now), err
			}
		}
		at, ok := f.domain(f.ahead[i]).ready(now)
		if ok {
			next = f.ahead[i]
			f.ahead = slices.Delete(f.ahead, i, i+1)
			f.writeAhead()
			return next, 0, nil
		}
		if soonest.IsZero() || at.Before(soonest) {
			soonest = at
		}
	}
}

func untilFirst(soonest, now time.Time) time.Duration {
	if soonest.IsZero() {
		return 0
	}
	return soonest.Sub(now)
}

// domain is the pace of a delivery's domain, nil without limit.
func (f *feed) domain(it *item) *pace {
	every := f.run.Config.Domain.interval()
	if every == 0 {
		return nil
	}
	name := it.Subscriber.Address.Domain()
	if f.domains[name] == nil {
		f.domains[name] = &pace{every: every, share: f.run.Workers}
	}
	return f.domains[name]
}

// read reads on in the ledger; more is false when nothing new is due, or
// enough is held already. At the end it begins anew with what waits, since a
// delivery may have come back.
func (f *feed) read(now time.Time) (more bool, err error) {
	if len(f.ahead) >= farthest {
		return false, nil
	}
	for {
		due, err := f.run.Ledger.Due(f.run.work, f.run.issue, now, f.after, readAhead)
		if err != nil {
			return false, err
		}
		for _, d := range due {
			f.after = Cursor{f.after.Waiting, d.NextAt, d.Subscriber.ID}
			if !f.held[d.Subscriber.ID] {
				f.held[d.Subscriber.ID] = true
				f.ahead = append(f.ahead, &item{Delivery: d})
				more = true
			}
		}
		waiting := f.after.Waiting
		if len(due) < readAhead {
			f.after = Cursor{Waiting: true}
		}
		if more || waiting && len(due) < readAhead {
			return more, nil
		}
	}
}

// back returns a delivery that was taken and not begun.
func (f *feed) back(it *item) {
	if it == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ahead = slices.Insert(f.ahead, 0, it)
}

// release forgets a delivery whose outcome is durable.
func (f *feed) release(id audience.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.held, id)
}

// writeAhead has the mails of the next deliveries written while the servers
// answer, when writing one is slow (DKIM): as many as the connections and the
// processors can use.
func (f *feed) writeAhead() {
	if !f.run.Composer.Slow() {
		return
	}
	for _, it := range f.ahead[:min(len(f.ahead), f.run.Config.Connections+2*cap(f.pens))] {
		if it.written != nil {
			continue
		}
		it.written = make(chan composed, 1)
		f.writers.Go(func() {
			f.pens <- struct{}{}
			defer func() { <-f.pens }()
			mail, err := f.run.Composer.Append(nil, it.Subscriber, it.Locale)
			it.written <- composed{mail, err}
		})
	}
}

// mail is the delivery's mail, written into buffer unless it was ahead of
// its time.
func (f *feed) mail(it *item, buffer []byte) ([]byte, error) {
	if it.written != nil {
		c := <-it.written
		it.written <- c // for a second attempt after a broken connection
		return c.mail, c.err
	}
	return f.run.Composer.Append(buffer[:0], it.Subscriber, it.Locale)
}
