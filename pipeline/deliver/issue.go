package deliver

import (
	"cmp"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Issue is a frozen issue as the ledger keeps it, or the sending of its
// correction, which has deliveries of its own.
type Issue struct {
	Number   int // in the ledger; of a correction's sending below nought
	Slot     time.Time
	From, To time.Time // the window of its entries
	State    IssueState
	Reason   string // why it is held
	Policy   Policy
	Hash     string    // of its documents
	Commit   string    // git commit of its entries, "" outside git
	Key      string    // id of the key that signs its tokens
	Base     string    // public URL in its links
	Ordered  time.Time // when it was ordered to be sent: the Date of its mails
	Deadline time.Time // deliveries still waiting then are given up
	Errata   []string  // ids of those that it tells; known when it is frozen
	Release  time.Time // when a waiting issue goes by itself; zero: only when a person approves
	Corrects int       // number of the issue that is sent again, corrected; 0: this is an issue
	Revision int       // which of its corrections; 0 for an issue
}

// Public is the number that people know.
func (is Issue) Public() int { return cmp.Or(is.Corrects, is.Number) }

// IssueState is where an issue stands.
type IssueState string

// The states of an issue.
const (
	IssueWaiting IssueState = "waiting" // made, and not to be sent before it is approved or its time comes
	IssueSending IssueState = "sending"
	IssueHeld    IssueState = "held" // until a person decides
	IssueSent    IssueState = "sent" // closed: every delivery has its end
)

// Settled is how an issue's run ended.
type Settled struct {
	State      IssueState
	Suppressed int      // addresses that are never to be written to again
	Alarmed    []string // domains whose refusals are too many to be believed, "" for all together
	Resting    []string // domains that do not want us, and wait for another try
}

// Case is a delivery that a person may want to know of: one that waits, was
// refused, or was ever in doubt.
type Case struct {
	Address audience.Address
	Locale  string
	State   State
	Class   Class
	Reply   Reply
	NextAt  time.Time // of a waiting one
	Doubted time.Time // zero: never in doubt
	Doubt   string    // what was known then
}
