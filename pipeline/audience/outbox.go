package audience

import "time"

// MailKind says which small mail is to be written.
type MailKind string

// The kinds of mail in the outbox.
const (
	MailConfirm MailKind = "confirm" // asks to confirm a request
	MailKnown   MailKind = "known"   // answers a request of somebody who is subscribed
	MailRenew   MailKind = "renew"   // asks whether they want to stay
	MailNotice  MailKind = "notice"  // tells the team something
)

// Mail is a small mail that waits to be sent: to a reader because of something
// they did, or to the team.
type Mail struct {
	ID         ID // names the row; a Message-ID made of it is the same at each attempt
	Kind       MailKind
	Address    Address
	Subscriber ID // zero for a notice
	Lang       string
	Data       string // JSON, of the kind's own shape; "" when it needs none
	Created    time.Time
	Attempts   int // that failed
	Error      string
}
