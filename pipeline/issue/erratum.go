package issue

import "time"

// Erratum is what was wrong in an issue that was sent.
type Erratum struct {
	ID     string
	Number int       // of the issue that was wrong
	Slot   time.Time // of that issue
	At     time.Time // when it was corrected
	Reason string    // what was wrong
	Text   string    // how it should read, "" for nothing to add
}
