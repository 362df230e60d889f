// Package audience knows who receives: subscribers, their addresses, and the tokens that stand for them in links.
package audience

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"
)

// Subscriber is someone who asked to receive the newsletter.
type Subscriber struct {
	ID      ID
	Address Address
	Name    string // as given, "" when unknown
	Lang    string // BCP 47 tag
	Status  Status

	PausedUntil time.Time // nothing is sent before; zero: not paused
}

// ErrNotFound says that somebody is not known, or not any more.
var ErrNotFound = errors.New("not found")

// Status says whether a subscriber is written to.
type Status string

// The statuses of a subscriber.
const (
	Pending      Status = "pending" // asked, not confirmed
	Active       Status = "active"
	Unsubscribed Status = "unsubscribed"
	Suppressed   Status = "suppressed" // the address is never to be written to
)

// ID is a subscriber's random identity: 16 bytes, no address in it.
type ID [16]byte

// NewID draws an identity.
func NewID() ID {
	var id ID
	rand.Read(id[:]) // never fails (crypto/rand, since Go 1.24)
	return id
}

// String is the identity in base64url, 22 characters.
func (id ID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// ParseID reads what String wrote.
func ParseID(s string) (ID, bool) {
	var id ID
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return ID{}, false
	}
	copy(id[:], b)
	return id, true
}
