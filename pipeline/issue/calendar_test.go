package issue

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func calendar(t *testing.T, schedule, zoneName string) *Calendar {
	t.Helper()
	c, err := NewCalendar(schedule, zone(t, zoneName))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNewCalendarRefuses(t *testing.T) {
	for schedule, want := range map[string]error{
		"CRON_TZ=Europe/Paris":            ErrSchedule,
		"CRON_TZ=Europe/Paris 0 11 * * 4": ErrSchedule,
		"TZ=UTC 0 11 * * 4":               ErrSchedule,
		"@every 1h":                       ErrSchedule,
		"":                                ErrSchedule,
		"0 11 * *":                        ErrSchedule,
		"0 25 * * *":                      ErrSchedule,
		"0 0 30 2 *":                      ErrNeverFires,
		"0 0 31 4,6,9,11 *":               ErrNeverFires,
	} {
		if _, err := NewCalendar(schedule, time.UTC); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", schedule, err, want)
		}
	}
	if _, err := NewCalendar("0 0 29 2 *", time.UTC); err != nil {
		t.Errorf("leap day: %v", err)
	}
}

func TestSlotsAtClockChanges(t *testing.T) {
	for _, test := range []struct {
		name, schedule, zone, after string
		want                        []string
	}{
		{"gap: first instant after it", "30 2 * * 0", "Europe/Paris", "2026-03-28T12:00:00+01:00",
			[]string{"2026-03-29T03:00:00+02:00", "2026-04-05T02:30:00+02:00"}},
		{"repeated hour: the first of the two", "30 2 * * 0", "Europe/Paris", "2026-10-24T12:00:00+02:00",
			[]string{"2026-10-25T02:30:00+02:00", "2026-11-01T02:30:00+01:00"}},
		{"two labels on one instant are one slot", "0,30 2,3 29 3 *", "Europe/Paris", "2026-03-28T12:00:00+01:00",
			[]string{"2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00", "2027-03-29T02:00:00+02:00"}},
		{"hourly through the repeated hour", "0 * * * *", "Europe/Paris", "2026-10-25T01:30:00+02:00",
			[]string{"2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00"}},
		{"half-hour change", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30",
			[]string{"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"}},
		{"a day that never was", "0 11 * * *", "Pacific/Apia", "2011-12-29T12:00:00-10:00",
			[]string{"2011-12-31T00:00:00+14:00", "2011-12-31T11:00:00+14:00"}},
		{"midnight gap", "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00-04:00",
			[]string{"2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"}},
		{"leap day across 2100", "0 0 29 2 *", "Europe/Paris", "2097-01-01T00:00:00+01:00",
			[]string{"2104-02-29T00:00:00+01:00"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := calendar(t, test.schedule, test.zone)
			at, _ := time.Parse(time.RFC3339, test.after)
			for _, want := range test.want {
				at = c.Next(at)
				if got := at.Format(time.RFC3339); got != want {
					t.Fatalf("got %s, want %s", got, want)
				}
			}
		})
	}
}

// Last and Next must agree at every quarter of an hour around the changes of
// clocks: the last slot after t is at or before t, and nothing lies between.
func TestLastAgreesWithNext(t *testing.T) {
	for _, name := range []string{"Europe/Paris", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia", "UTC", "America/New_York"} {
		for _, schedule := range []string{"0 * * * *", "30 2 * * *", "30 2 * * 0", "0 11 * * 4", "0 9 1 * *"} {
			c := calendar(t, schedule, name)
			for _, from := range []string{"2026-03-20", "2026-10-20", "2026-09-01", "2011-12-25"} {
				start, _ := time.ParseInLocation("2006-01-02", from, c.Zone())
				for i := range 15 * 24 * 4 {
					at := start.Add(time.Duration(i) * 15 * time.Minute)
					last := c.Last(at)
					if last.After(at) || last.IsZero() {
						t.Fatalf("%s %s: Last(%s) = %s", name, schedule, at, last)
					}
					if next := c.Next(last); !next.After(at) {
						t.Fatalf("%s %s: %s is a slot between %s and %s", name, schedule, next, last, at)
					}
					if again := c.Next(last.Add(-time.Nanosecond)); !again.Equal(last) {
						t.Fatalf("%s %s: Next just before %s is %s", name, schedule, last, again)
					}
				}
			}
		}
	}
}

// However often one asks, a closed day with two slots is told of once.
func TestClosedDayIsToldOnce(t *testing.T) {
	c, err := calendar(t, "0 8,20 * * MON,FRI", "Europe/Paris").Observe(Rules{Closures: []string{"08-01..08-31"}})
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 8, 1, 0, 0, 0, 0, c.Zone())
	whole := c.Slots(from, from.AddDate(0, 1, 0))
	parts := 0
	for at := from; at.Before(from.AddDate(0, 1, 0)); at = at.Add(time.Hour) {
		parts += len(c.Slots(at, at.Add(time.Hour)))
	}
	if len(whole) != 9 || parts != len(whole) {
		t.Errorf("%d slots in a month, %d hour by hour", len(whole), parts)
	}
}
