// Package stats counts what ledger and register know, and draws it.
//
// Nothing in it comes from readers' machines: no pixel, no rewritten link.
package stats

import (
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
)

// Figures are those of a newsletter: its last slots and issues, the newest
// first, and its last weeks, the oldest first.
type Figures struct {
	Slots  []Slot
	Issues []Issue
	Weeks  []Week
}

// Slot is what became of a moment at which an issue was due.
type Slot struct {
	issue.Decision
	State   deliver.IssueState // of its issue, if it has one
	Held    string             // why its issue is held
	Release time.Time          // when its issue goes by itself, if it waits for that
}

// Issue is what became of one issue.
type Issue struct {
	Number       int
	Slot         time.Time
	States       map[deliver.State]int // deliveries
	Refused      map[deliver.Class]int // those refused
	Unsubscribed int                   // of its readers, until the next issue
}

// Week is what happened to the list in one week, from Monday to Sunday.
type Week struct {
	Begin     time.Time // Monday, 0 h
	Requested int       // asked for on a page
	Confirmed int
	Imported  int
	Departed  int // withdrawn, complained or bounced, less what was undone
}

// Count is how often something happened in a quarter of an hour.
type Count struct {
	Event audience.Event
	At    time.Time // its beginning
	N     int
}

// Quarter is the grain of a Count: weeks begin on one in every zone.
const Quarter = 15 * time.Minute

// Since is when the first of n weeks, of which now is in the last, begins.
func Since(now time.Time, zone *time.Location, n int) time.Time {
	return monday(now, zone).AddDate(0, 0, -7*(n-1))
}

// Weeks sums counts up to n weeks, of which now is in the last.
func Weeks(counts []Count, now time.Time, zone *time.Location, n int) []Week {
	weeks := make([]Week, n)
	index := map[time.Time]int{}
	begin := Since(now, zone, n)
	for i := range weeks {
		weeks[i].Begin = begin.AddDate(0, 0, 7*i)
		index[weeks[i].Begin] = i
	}
	for _, c := range counts {
		if i, ok := index[monday(c.At, zone)]; ok {
			weeks[i].add(c)
		}
	}
	return weeks
}

func (w *Week) add(c Count) {
	switch c.Event {
	case audience.Requested:
		w.Requested += c.N
	case audience.Confirmed:
		w.Confirmed += c.N
	case audience.Imported:
		w.Imported += c.N
	case audience.Withdrawn, audience.Complained, audience.Bounced:
		w.Departed += c.N
	case audience.Restored, audience.Lifted:
		w.Departed -= c.N
	}
}

// monday is the beginning of t's week.
func monday(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day()-(int(t.Weekday())+6)%7, 0, 0, 0, 0, zone)
}
