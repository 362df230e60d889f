package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/deliver"
)

// Kind is what a notice is about; its words are the messages "notice.<kind>".
type Kind string

// The kinds of notices.
const (
	MissedNotice     Kind = "missed"     // a slot is too long ago to be made up
	QuietNotice      Kind = "quiet"      // nothing was published for a while
	RepositoryNotice Kind = "repository" // the entries cannot be brought up to date
	DatabaseNotice   Kind = "database"   // it was restored or copied
	ClockNotice      Kind = "clock"      // it shows an earlier time than the ledger knows
	ApprovalNotice   Kind = "approval"   // an issue waits
	DoneNotice       Kind = "done"       // an issue is closed
	HeldNotice       Kind = "held"       // too many recipients refuse an issue
	SendingNotice    Kind = "sending"    // mails cannot be sent
)

// Keys of the states of things that are told once while they last.
const (
	keyDatabase   = "database"
	keyRepository = "repository"
	keyClock      = "clock"
	keySending    = "sending"
)

func keyOf(k Kind, slot time.Time) string { return fmt.Sprintf("%s:%d", k, slot.UnixMilli()) }

// Notice is something the team is told by mail, once for each key.
type Notice struct {
	Key    string    `json:"-"`
	Kind   Kind      `json:"kind"`
	At     time.Time `json:"at"`
	Slot   time.Time `json:"slot,omitzero"`
	Number int       `json:"number,omitempty"` // of the issue
	Count  int       `json:"count,omitempty"`  // of quiet slots
	Until  time.Time `json:"until,omitzero"`   // when a waiting issue goes by itself
	Reason string    `json:"reason,omitempty"` // a deliver.Cause or, of a rare one, the error

	Findings []content.Problem `json:"-"` // in the entries of a waiting issue
}

func (e *Engine) notify(ctx context.Context, n Notice) error {
	if e.Notify == nil {
		return nil
	}
	if err := e.Notify(ctx, n); err != nil {
		return fmt.Errorf("tell the team (%s): %w", n.Kind, err)
	}
	return nil
}

func (e *Engine) over(ctx context.Context, key string) error {
	if e.Over == nil {
		return nil
	}
	return e.Over(ctx, key)
}

// told is an error as a notice keeps it.
func told(err error) string {
	if cause, ok := deliver.CauseOf(err); ok {
		return cause.String()
	}
	return err.Error()
}
