package issue

import (
	"errors"
	"fmt"
	"iter"
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
	c := &Calendar{labels: labels, zone: zone}
	if c.nextLabel(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("%q: %w", schedule, ErrNeverFires)
	}
	return c, nil
}

// Next returns the first slot after t.
func (c *Calendar) Next(t time.Time) time.Time {
	for slot := range c.from(label(t.In(c.zone))) {
		if slot.After(t) {
			return slot
		}
	}
	return time.Time{}
}

// Last returns the last slot at or before t, the zero time when there is none
// within ten years.
func (c *Calendar) Last(t time.Time) time.Time {
	now := label(t.In(c.zone))
	for _, days := range []int{0, 1, 8, 40, 400, 3660} {
		// Two hours more than the days, for a change of clocks between.
		last := time.Time{}
		for slot := range c.from(now.AddDate(0, 0, -days).Add(-2 * time.Hour)) {
			if slot.After(t) {
				break
			}
			last = slot
		}
		if !last.IsZero() {
			return last
		}
	}
	return time.Time{}
}

// Zone is the newsletter's time zone.
func (c *Calendar) Zone() *time.Location { return c.zone }

// from yields the slots of all labels at or after start, in order, each once.
func (c *Calendar) from(start time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		previous := time.Time{}
		for l := c.nextLabel(start.Add(-time.Second)); !l.IsZero(); l = c.nextLabel(l) {
			slot := instant(l, c.zone)
			if slot.Equal(previous) {
				continue
			}
			if !yield(slot) {
				return
			}
			previous = slot
		}
	}
}

// nextLabel asks cron twice because it gives up after five years, and two
// 29ths of February can lie eight years apart.
func (c *Calendar) nextLabel(after time.Time) time.Time {
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
