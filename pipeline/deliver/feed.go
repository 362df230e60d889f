package deliver

import (
	"maps"
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
// not so far that a large audience takes much memory.
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
	every   time.Duration // the pace of each domain
	domains map[string]*domain
	missed  *Cursor   // behind it, deliveries were passed by
	put     []Outcome // put off with their domain, not in the ledger yet

	writers sync.WaitGroup // of mails written ahead of their time
	pens    chan struct{}  // as many as there are processors
	spare   chan []byte    // buffers that such mails may be written into
}

// item is a delivery on its way.
type item struct {
	Delivery
	taken   time.Time     // from the feed
	written chan composed // not nil: its mail is written ahead of its time
}

type composed struct {
	mail []byte
	err  error
}

func newFeed(r *run) *feed {
	return &feed{
		run: r, held: map[audience.ID]bool{}, pens: make(chan struct{}, runtime.GOMAXPROCS(0)),
		spare: make(chan []byte, r.Config.Connections),
		every: r.Config.Domain.interval(), domains: map[string]*domain{},
	}
}

// take returns the next delivery whose domain may be written to now. Without
// one, wait is how long until there may be; zero means that nothing is due.
func (f *feed) take() (next *item, wait time.Duration, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.run.Now()
	for i := 0; ; i++ {
		if i == len(f.ahead) {
			if more, err := f.read(now); err != nil || !more {
				return nil, wait, err
			}
		}
		it := f.ahead[i]
		d := f.domain(it)
		if d == nil || d.pace.take(now) {
			f.ahead = slices.Delete(f.ahead, i, i+1)
			d.count(-1)
			it.taken = now
			f.writeAhead()
			return it, 0, nil
		}
		if left := d.wait(now); wait == 0 || left < wait {
			wait = left
		}
	}
}

// domain is what is kept of a delivery's domain, nil when nothing is.
func (f *feed) domain(it *item) *domain {
	name := it.Subscriber.Address.Domain()
	d := f.domains[name]
	if d == nil && f.every > 0 {
		d = &domain{pace: pace{every: f.every, share: f.run.Workers}}
		f.domains[name] = d
	}
	return d
}

// read reads on in the ledger; more is false when nothing new is due. At the
// end it begins anew: with what was passed by, once a domain has room again,
// and with what waits, since a delivery may have come back.
func (f *feed) read(now time.Time) (more bool, err error) {
	f.forget(now)
	if f.after.Waiting && f.missed != nil && f.hungry(now) {
		f.after, f.missed = *f.missed, nil
	}
	for {
		due, err := f.run.Ledger.Due(f.run.work, f.run.issue, now, f.after, readAhead)
		if err != nil {
			return false, err
		}
		for _, d := range due {
			more = f.admit(&item{Delivery: d}, now) || more
			f.after = Cursor{f.after.Waiting, d.NextAt, d.Subscriber.ID}
		}
		ended := f.after.Waiting && len(due) < readAhead
		if len(due) < readAhead {
			f.after = Cursor{Waiting: true}
		}
		if more || ended || len(f.put) >= readAhead {
			return more, nil
		}
	}
}

// admit takes a delivery in, unless its domain rests or has no room.
func (f *feed) admit(it *item, now time.Time) bool {
	id := it.Subscriber.ID
	if f.held[id] {
		return false
	}
	d := f.domain(it)
	switch {
	case d.resting(now):
		f.held[id] = true
		f.put = append(f.put, d.putOff(id))
		return false
	case d.full(), len(f.ahead) >= farthest && d.wait(now) > 0:
		d.missed = true
		if f.missed == nil {
			at := f.after
			f.missed = &at
		}
		return false
	}
	f.held[id] = true
	d.count(1)
	f.ahead = append(f.ahead, it)
	return true
}

// hungry reports that a domain may take what was passed by for lack of room.
func (f *feed) hungry(now time.Time) bool {
	found := false
	for _, d := range f.domains {
		if d.missed && d.ahead == 0 && (len(f.ahead) < farthest || d.wait(now) == 0) {
			d.missed, found = false, true
		}
	}
	return found
}

// forget keeps the table of domains small.
func (f *feed) forget(now time.Time) {
	if len(f.domains) > 2*farthest {
		maps.DeleteFunc(f.domains, func(_ string, d *domain) bool { return d.idle(now) })
	}
}

// rest keeps a domain alone for a while: what of it was read, and what is
// read later, waits until then.
func (f *feed) rest(name string, until time.Time, why Reply) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.domains[name]
	if d == nil {
		d = &domain{pace: pace{every: f.every}}
		f.domains[name] = d
	}
	d.until, d.why = until, why
	f.ahead = slices.DeleteFunc(f.ahead, func(it *item) bool {
		of := it.Subscriber.Address.Domain() == name
		if of {
			f.put = append(f.put, d.putOff(it.Subscriber.ID))
		}
		return of
	})
	d.ahead = 0
}

// putOff hands out the outcomes of deliveries that wait with their domain.
func (f *feed) putOff() []Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	put := f.put
	f.put = nil
	return put
}

// back returns a delivery that was taken and not begun, and its domain's turn.
func (f *feed) back(it *item) {
	if it == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.domain(it)
	if d.resting(it.taken) {
		f.put = append(f.put, d.putOff(it.Subscriber.ID))
		return
	}
	if d != nil {
		d.pace.back(it.taken)
	}
	d.count(1)
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
			var buffer []byte
			select {
			case buffer = <-f.spare:
			default:
			}
			mail, err := f.run.Composer.Append(buffer[:0], it.Subscriber, it.Locale)
			it.written <- composed{mail, err}
		})
	}
}

// mail is the delivery's mail, written into buffer or, when it was written
// ahead of its time, in place of it. A second attempt writes it anew.
func (f *feed) mail(it *item, buffer []byte) ([]byte, error) {
	if it.written == nil {
		return f.run.Composer.Append(buffer[:0], it.Subscriber, it.Locale)
	}
	c := <-it.written
	it.written = nil
	select {
	case f.spare <- buffer:
	default:
	}
	return c.mail, c.err
}
