package audience

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// Event is what happened to a subscription: an entry of the consent register.
type Event string

// The events of a subscription.
const (
	Requested  Event = "requested"  // asked for; nothing is sent before the confirmation
	Confirmed  Event = "confirmed"  // the second step of the double opt-in
	Imported   Event = "imported"   // consent was given elsewhere
	Changed    Event = "changed"    // language or name
	Paused     Event = "paused"     // or the pause ended
	Withdrawn  Event = "withdrawn"  // unsubscribed
	Explained  Event = "explained"  // the reason given for it
	Restored   Event = "restored"   // the withdrawal undone, from the page that announced it
	Complained Event = "complained" // reported a mail as spam
	Bounced    Event = "bounced"    // the address refuses mail
	Lifted     Event = "lifted"     // a suppression, by the operator
	Barred     Event = "barred"     // suppressed by the operator, without being a subscriber
	Readmitted Event = "readmitted" // no longer barred
	Elsewhere  Event = "elsewhere"  // left another service, whose file says so, without being a subscriber
	Asked      Event = "asked"      // whether they want to stay
	Renewed    Event = "renewed"    // they want to
	Lapsed     Event = "lapsed"     // a request that nobody confirmed in time
	Purged     Event = "purged"     // data deleted: no contact for too long
	Erased     Event = "erased"     // data deleted at their request
)

// Origin is where an event came from.
type Origin string

// The origins of an event.
const (
	Form     Origin = "form"      // a page of ours
	Link     Origin = "link"      // the button of a page that a mail leads to
	OneClick Origin = "one-click" // RFC 8058: the mail program's own button
	Mailto   Origin = "mailto"    // a mail to the address in List-Unsubscribe
	Import   Origin = "import"    // a file
	Command  Origin = "command"   // the operator's command line
	Server   Origin = "server"    // what a mail server answered
	Clock    Origin = "clock"     // a time limit
)

// Consent says in which circumstances an event took place: what the person
// was shown and from where they answered. It holds neither address nor name,
// since it is kept when the person is forgotten.
type Consent struct {
	Lang    string // of Text
	Text    string // all that was shown, "" when nothing was
	Origin  Origin
	Network string // of Network; "" when unknown
	Detail  string // free text; addresses in it are struck out
}

// Record is one entry of the consent register.
type Record struct {
	Event Event
	At    time.Time
	Consent
	TextHash string // of Hash
}

// Request is a subscription asked for on a page of ours.
type Request struct {
	Address Address
	Name    string
	Lang    string
	Consent Consent
}

// Choices are what readers decide for themselves.
type Choices struct {
	Name        string
	Lang        string
	PausedUntil time.Time // zero: not paused
}

// Life is the history of one subscriber, as dates.
type Life struct {
	Subscriber
	Reason    string    // why the address is suppressed
	Created   time.Time // first known
	Requested time.Time // of a request that is not confirmed yet
	Confirmed time.Time
	Seen      time.Time // the last contact
	Asked     time.Time // whether they want to stay; zero: answered, or never asked
	Left      time.Time
}

// Hash names a text shown to people; the register keeps each text once.
func Hash(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Network is the prefix of an IP address that the register keeps, and that
// limits count by: a /24 of IPv4, a /64 of IPv6.
func Network(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	ip = ip.Unmap().WithZone("")
	bits := 64
	if ip.Is4() {
		bits = 24
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return ""
	}
	return prefix.String()
}

// maxDetail bounds what a person can have the register keep.
const maxDetail = 500

var addressLike = regexp.MustCompile(`[^\s<>()\[\],;:"«»]+@[^\s<>()\[\],;:"«»]+`)

// Redact makes a free text fit for the register: without addresses, and no
// longer than 500 characters, all of which a database takes.
func Redact(s string) string {
	s = Storable(s)
	if len(s) <= maxDetail && !strings.Contains(s, "@") {
		return s // as a million imported dates are
	}
	runes := []rune(addressLike.ReplaceAllString(s, "…@…"))
	return string(runes[:min(len(runes), maxDetail)])
}

// Storable is a foreign text as every database takes it: PostgreSQL refuses
// what is not UTF-8, and NUL. Controls other than white space become spaces.
func Storable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}
