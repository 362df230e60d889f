package issue

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Rules say which of a schedule's slots are moved or left out.
type Rules struct {
	Only      Only      `yaml:"only"`       // of each month's slots; default: all
	Holidays  string    `yaml:"holidays"`   // one of Regions; default: no day is a holiday
	OnHoliday OnHoliday `yaml:"on_holiday"` // default: send
	Closures  []string  `yaml:"closures"`   // days without an issue; see ParseClosure
}

// Only picks one slot of each month: "the last Friday", which cron cannot say,
// since it takes the 22nd to the 31st and Fridays for either.
type Only string

// What Only may say.
const (
	OnlyFirst Only = "first"
	OnlyLast  Only = "last"
)

// OnHoliday says what becomes of a slot on a holiday.
type OnHoliday string

// What OnHoliday may say. Before and After take the nearest day that is
// neither a holiday nor closed, at the same hour.
const (
	SendAnyway OnHoliday = "send"
	Before     OnHoliday = "before"
	After      OnHoliday = "after"
	SkipIt     OnHoliday = "skip"
)

// Errors of Observe.
var (
	ErrOnly      = errors.New("neither first nor last")
	ErrOnHoliday = errors.New("none of before, after, skip, send")
	ErrRegion    = errors.New("a region whose holidays are not known")
)

// rules are Rules, checked.
type rules struct {
	only     Only
	on       OnHoliday
	region   *region // nil: no holidays
	closures []Closure
}

// parse checks the rules.
func (r Rules) parse() (rules, error) {
	parsed := rules{only: r.Only, on: cmp.Or(r.OnHoliday, SendAnyway)}
	switch r.Only {
	case "", OnlyFirst, OnlyLast:
	default:
		return rules{}, fmt.Errorf("only %q: %w", r.Only, ErrOnly)
	}
	switch parsed.on {
	case SendAnyway, Before, After, SkipIt:
	default:
		return rules{}, fmt.Errorf("on_holiday %q: %w", r.OnHoliday, ErrOnHoliday)
	}
	if r.Holidays != "" {
		known, ok := regions[r.Holidays]
		if !ok {
			return rules{}, fmt.Errorf("holidays %q: %w", r.Holidays, ErrRegion)
		}
		parsed.region = &known
	}
	for _, s := range r.Closures {
		c, err := ParseClosure(s)
		if err != nil {
			return rules{}, err
		}
		parsed.closures = append(parsed.closures, c)
	}
	return parsed, nil
}

// reach is the farthest that a slot is moved, in days. A week farther stands
// the next slot of a weekly schedule, which takes the entries just as well.
const reach = 7

// moves reports that some slot may be moved.
func (r rules) moves() bool { return r.region != nil && (r.on == Before || r.on == After) }

func (r rules) holiday(t time.Time) string {
	if r.region == nil {
		return ""
	}
	return r.region.holiday(t)
}

func (r rules) closed(t time.Time) bool {
	for _, c := range r.closures {
		if c.holds(t) {
			return true
		}
	}
	return false
}

// place says where the slot of a label goes: the label itself, another day's
// or, when ok is false, nowhere.
func (r rules) place(label time.Time) (moved time.Time, why Shift, ok bool) {
	if r.closed(label) {
		return label, Shift{Closed: true}, false
	}
	name := r.holiday(label)
	if name == "" || r.on == SendAnyway {
		return label, Shift{}, true
	}
	why = Shift{Holiday: name}
	step := 0
	switch r.on {
	case Before:
		step = -1
	case After:
		step = 1
	default:
		return label, why, false
	}
	for n := 1; n <= reach; n++ {
		there := label.AddDate(0, 0, n*step)
		if r.holiday(there) == "" && !r.closed(there) {
			return there, why, true
		}
	}
	return label, why, false
}

// Shift says why a slot is not where the schedule put it.
type Shift struct {
	Holiday string // name of the holiday it gave way to; see "holiday.<name>"
	Closed  bool   // it fell into a closure
}

// Slot is a moment of the schedule, and what became of it.
type Slot struct {
	At        time.Time // when it is due or, skipped, would have been
	Scheduled time.Time // where the schedule alone puts it
	Shift               // why At is another moment, or none
	Skipped   bool
}

// Moved reports that the slot is due at another moment than the schedule's.
func (s Slot) Moved() bool { return !s.Skipped && !s.At.Equal(s.Scheduled) }
