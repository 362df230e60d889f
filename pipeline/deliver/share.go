package deliver

import "errors"

// Range is a part of an issue's deliveries, those to an interval of ids, which
// one worker sends at a time.
type Range struct {
	Issue, Part int
	Turn        int // how often it was taken from a lost worker
}

// Lease says that a worker is alive.
type Lease struct {
	Worker  string
	Name    string // host and process, for people
	Renewed int    // grows with every renewal
}

// What a ledger answers to a worker that may begin nothing more. Trying again
// is of no use.
var (
	ErrLost = errors.New("the deliveries were given to another worker")
	ErrHeld = errors.New("the issue is held")
)
