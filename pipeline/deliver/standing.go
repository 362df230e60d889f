package deliver

import "time"

// Standing says which database a ledger is, and how far it has come.
type Standing struct {
	Instance string    // drawn at random when the ledger began; "" before
	Counter  int64     // grows with each issue made and each run of sending
	Departed int64     // how many people left, since something was made
	Issues   int       // in the ledger
	Decided  time.Time // all slots up to here are decided; zero: none was yet
}
