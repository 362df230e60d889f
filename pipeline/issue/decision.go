package issue

import "time"

// Outcome is what was decided about a slot whose time came.
type Outcome string

// Outcomes. A slot has one, for ever; what it did not take flows on to the
// next border.
const (
	Made   Outcome = "made"   // it has its issue
	Quiet  Outcome = "quiet"  // too few entries
	Nobody Outcome = "nobody" // no reader to send to
	Passed Outcome = "passed" // missed, and made up by a later slot that was missed too
	Missed Outcome = "missed" // too long ago to be made up without an order
	Off    Outcome = "off"    // a holiday or a closure
)

// Decision is the record of one slot.
type Decision struct {
	Slot    time.Time
	Outcome Outcome
	At      time.Time // when it was decided
	Number  int       // Made: of the issue
	Reason  string    // Off: the holiday's name, or "closed"
}
