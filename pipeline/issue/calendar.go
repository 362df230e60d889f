package issue

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Calendar lists slots: the moments at which issues are due.
//
// A slot is its wall-clock label in the newsletter's zone. A label that the
// clocks skip in spring is the first instant after the gap, one that they
// repeat in autumn is the first of the two, and two labels that fall on one
// instant are one slot. cron supplies the labels only, in UTC, where none is
// skipped or repeated.
type Calendar struct {
	labels cron.Schedule
	zone   *time.Location
	rules  rules
}

// Errors of NewCalendar.
var (
	ErrSchedule   = errors.New("not a cron schedule of five fields")
	ErrNeverFires = errors.New("a schedule that never fires")
)

// NewCalendar parses a schedule of five fields, or @daily and its like, in
// the wall-clock time of zone.
func NewCalendar(schedule string, zone *time.Location) (*Calendar, error) {
	// A zone inside the schedule would contradict the newsletter's, and a bare
	// "CRON_TZ=Europe/Paris" panics the parser; "@every" has no wall clock.
	if strings.Contains(schedule, "TZ=") || strings.HasPrefix(schedule, "@every") {
		return nil, fmt.Errorf("%q: %w", schedule, ErrSchedule)
	}
	labels, err := cron.ParseStandard(schedule)
	if err != nil {
		return nil, fmt.Errorf("%q: %w: %w", schedule, ErrSchedule, err)
	}
	return (&Calendar{labels: labels, zone: zone}).Observe(Rules{})
}

// Observe returns the calendar whose slots keep the rules: one of a month
// only, before or after a holiday, none while the house is closed.
func (c *Calendar) Observe(r Rules) (*Calendar, error) {
	parsed, err := r.parse()
	if err != nil {
		return nil, err
	}
	observing := &Calendar{labels: c.labels, zone: c.zone, rules: parsed}
	if observing.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, ErrNeverFires
	}
	return observing, nil
}

// Next returns the first slot after t, the zero time when there is none
// within twelve years.
func (c *Calendar) Next(t time.Time) time.Time {
	next := time.Time{}
	for s := range c.from(label(t.In(c.zone)).AddDate(0, 0, -c.reach())) {
		if !next.IsZero() && !s.Scheduled.Before(c.surpassed(next)) {
			break
		}
		if !s.Skipped && s.At.After(t) && (next.IsZero() || s.At.Before(next)) {
			next = s.At
		}
	}
	return next
}

// Last returns the last slot at or before t, the zero time when there is none
// within ten years.
func (c *Calendar) Last(t time.Time) time.Time {
	now := label(t.In(c.zone))
	for _, days := range []int{0, 1, 8, 40, 400, 3660} {
		// Two hours more than the days, for a change of clocks between.
		start := now.AddDate(0, 0, -days).Add(-2 * time.Hour)
		if last := c.lastSince(start, t); !last.IsZero() {
			return last
		}
	}
	return time.Time{}
}

// lastSince is Last, if no slot of a label before start can lie later.
func (c *Calendar) lastSince(start, t time.Time) (last time.Time) {
	end := c.surpassed(t)
	for s := range c.from(start.AddDate(0, 0, -c.reach())) {
		if s.Scheduled.After(end) {
			break
		}
		if !s.Skipped && !s.At.After(t) && s.At.After(last) {
			last = s.At
		}
	}
	if c.reach() > 0 && last.Before(instant(start, c.zone)) {
		return time.Time{}
	}
	return last
}

// surpassed is where labels must lie whose slots cannot come before t.
func (c *Calendar) surpassed(t time.Time) time.Time {
	if c.reach() == 0 {
		return t
	}
	return t.AddDate(0, 0, c.reach()).Add(26 * time.Hour) // a change of clocks, and of days (Apia, 2011)
}

// Slots lists the slots in (from, to], in order, each once, those that are
// skipped among them.
func (c *Calendar) Slots(from, to time.Time) []Slot {
	var slots []Slot
	// From the beginning of a day, or a closed one would be told of again.
	y, m, d := from.In(c.zone).Date()
	for s := range c.from(time.Date(y, m, d-c.reach(), 0, 0, 0, 0, time.UTC)) {
		if s.Scheduled.After(c.surpassed(to)) {
			break
		}
		if s.At.After(from) && !s.At.After(to) {
			slots = append(slots, s)
		}
	}
	// Of two slots on one moment, the one that was scheduled there stays.
	rank := func(s Slot) int {
		switch {
		case s.Skipped:
			return 2
		case s.Moved():
			return 1
		}
		return 0
	}
	slices.SortStableFunc(slots, func(a, b Slot) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(rank(a), rank(b))) })
	return slices.CompactFunc(slots, func(a, b Slot) bool { return a.At.Equal(b.At) })
}

// horizon is how far a search goes past its start: two 29ths of February can
// lie eight years apart.
const horizon = 12

func (c *Calendar) reach() int {
	if c.rules.moves() {
		return reach
	}
	return 0
}

// Zone is the newsletter's time zone.
func (c *Calendar) Zone() *time.Location { return c.zone }

// from yields the slots of all labels at or after start, in the order of the
// labels; of a closed day's slots only the first, which says it for all.
func (c *Calendar) from(start time.Time) iter.Seq[Slot] {
	return func(yield func(Slot) bool) {
		end := start.AddDate(horizon, 0, 0)
		for l := c.nextLabel(start.Add(-time.Second)); !l.IsZero() && l.Before(end); {
			moved, why, ok := c.rules.place(l)
			s := Slot{At: instant(moved, c.zone), Scheduled: instant(l, c.zone), Shift: why, Skipped: !ok}
			if !yield(s) {
				return
			}
			if why.Closed {
				l = time.Date(l.Year(), l.Month(), l.Day()+1, 0, 0, 0, 0, time.UTC).Add(-time.Second)
			}
			l = c.nextLabel(l)
		}
	}
}

// nextLabel is the first label after a moment that Only lets stand.
func (c *Calendar) nextLabel(after time.Time) time.Time {
	l := c.cronLabel(after)
	switch c.rules.only {
	case OnlyFirst:
		if first := c.cronLabel(firstOfMonth(l, 0)); !first.Equal(l) {
			l = c.cronLabel(firstOfMonth(l, 1))
		}
	case OnlyLast:
		for {
			next := c.cronLabel(l)
			if next.IsZero() || next.Month() != l.Month() || next.Year() != l.Year() {
				break
			}
			l = next
		}
	}
	return l
}

// firstOfMonth is just before a month begins, so many months after that of l.
func firstOfMonth(l time.Time, months int) time.Time {
	return time.Date(l.Year(), l.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC).Add(-time.Second)
}

// cronLabel asks cron twice because it gives up after five years, and two
// 29ths of February can lie eight years apart.
func (c *Calendar) cronLabel(after time.Time) time.Time {
	next := c.labels.Next(after)
	if next.IsZero() {
		next = c.labels.Next(after.AddDate(4, 11, 0))
	}
	return next
}

// label is what a clock on the wall shows at t, as a time in UTC.
func label(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// instant finds the moment at which a clock in zone shows the label: the
// first of two, or the first instant after a gap.
func instant(l time.Time, zone *time.Location) time.Time {
	// Offsets more than a day away are those before and after any transition
	// near the label; the largest known one is 24 hours.
	for _, around := range []time.Duration{-25 * time.Hour, 25 * time.Hour} {
		_, offset := l.Add(around).In(zone).Zone()
		t := l.Add(-time.Duration(offset) * time.Second).In(zone)
		if label(t).Equal(l) {
			return t
		}
	}
	_, before := l.Add(-25 * time.Hour).In(zone).Zone()
	afterGap, _ := l.Add(-time.Duration(before) * time.Second).In(zone).ZoneBounds()
	return afterGap
}
