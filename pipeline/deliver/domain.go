package deliver

import (
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// domain is what a run keeps of one domain of recipients: its pace, and its
// rest after a refusal that is about us. A nil domain has neither.
type domain struct {
	pace   pace
	ahead  int       // deliveries in the feed
	missed bool      // the ledger has more, for which there was no room
	until  time.Time // at rest
	why    Reply     // of its server
}

// roomOfDomain is how many deliveries the feed holds for a domain that has a
// pace: the others of a slow domain stay in the ledger, and do not stand in
// the way of those behind them.
const roomOfDomain = 512

func (d *domain) count(n int) {
	if d != nil {
		d.ahead += n
	}
}

// wait is how long until the domain may be written to again.
func (d *domain) wait(now time.Time) time.Duration {
	if d == nil {
		return 0
	}
	return d.pace.wait(now)
}

func (d *domain) full() bool { return d != nil && d.pace.every > 0 && d.ahead >= roomOfDomain }

func (d *domain) resting(now time.Time) bool { return d != nil && d.until.After(now) }

// idle reports that nothing is worth keeping.
func (d *domain) idle(now time.Time) bool {
	return d.ahead == 0 && !d.missed && !d.resting(now) && d.wait(now) == 0
}

// putOff is the outcome of a delivery that waits with its domain, untried.
func (d *domain) putOff(id audience.ID) Outcome {
	return Outcome{Subscriber: id, State: Pending, Class: ClassPolicy, Reply: d.why, NextAt: d.until}
}
