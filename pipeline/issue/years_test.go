package issue

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var (
	years = flag.Int("years", 1, "how many years TestSlotsOverYears lives through")
	seed  = flag.Uint64("seed", 0, "the seed of TestSlotsOverYears; 0: one for each case")
)

// Somebody asks every quarter of an hour which slots have come since they last
// asked, with stops, suspends and a clock that is set forward and back. They
// hear of each slot once. What the slots are is known from the clock on the
// wall alone, without cron: a moment whose label comes up for the first time,
// or was jumped over.
func TestSlotsOverYears(t *testing.T) {
	if testing.Short() {
		t.Skip("nothing in it runs at the same time as anything else")
	}
	const quarter = 15 * time.Minute
	schedules := []struct {
		name, cron string
		rules      Rules
		at         func(label time.Time) bool
	}{
		{"hourly", "0 * * * *", Rules{}, func(l time.Time) bool { return l.Minute() == 0 }},
		{"daily", "30 2 * * *", Rules{}, func(l time.Time) bool { return l.Hour() == 2 && l.Minute() == 30 }},
		{"weekly", "30 2 * * SUN", Rules{}, func(l time.Time) bool {
			return l.Weekday() == time.Sunday && l.Hour() == 2 && l.Minute() == 30
		}},
		{"monthly", "0 0 1 * *", Rules{}, func(l time.Time) bool { return l.Day() == 1 && l.Hour() == 0 && l.Minute() == 0 }},
		{"last-friday", "0 11 * * FRI", Rules{Only: OnlyLast}, func(l time.Time) bool {
			return l.Weekday() == time.Friday && l.AddDate(0, 0, 7).Month() != l.Month() && l.Hour() == 11 && l.Minute() == 0
		}},
	}
	zones := []string{"Europe/Paris", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"}
	for _, schedule := range schedules {
		for i, zoneName := range zones {
			t.Run(schedule.name+"/"+zoneName, func(t *testing.T) {
				t.Parallel()
				cal, err := calendar(t, schedule.cron, zoneName).Observe(schedule.rules)
				if err != nil {
					t.Fatal(err)
				}
				s := *seed
				if s == 0 {
					s = uint64(i + 1)
				}
				random := rand.New(rand.NewPCG(s, 0))
				first := 2001 + random.IntN(30)
				if *years >= 30 {
					first = 2001
				}
				now := time.Date(first, 1, 1, 0, 0, 0, 0, time.UTC)
				end := now.AddDate(*years, 0, 0)
				asked, seen := now, label(now.In(cal.Zone()))
				var due []time.Time // and not yet heard of
				down := 0           // quarters of an hour
				for now.Before(end) {
					now = now.Add(quarter)
					wall := label(now.In(cal.Zone()))
					hit := false
					for l := seen.Add(quarter); !l.After(wall); l = l.Add(quarter) {
						hit = hit || schedule.at(l)
						seen = l
					}
					if hit {
						due = append(due, now)
					}
					if down > 0 {
						down--
						continue
					}
					clock := now
					switch random.IntN(400) {
					case 0:
						down = random.IntN(4 * 24 * 10)
					case 1:
						clock = now.Add(-time.Duration(random.IntN(72)) * time.Hour)
					}
					for _, s := range cal.Slots(asked, clock) {
						if len(due) == 0 || !s.At.Equal(due[0]) {
							t.Fatalf("seed %d: heard of %s at %s, due were %v", *seed, s.At, now, due)
						}
						due = due[1:]
					}
					if clock.After(asked) {
						asked = clock
					}
					if clock.Equal(now) && len(due) > 0 {
						t.Fatalf("seed %d: at %s nobody said that %v came", *seed, now, due)
					}
				}
			})
		}
	}
}

// A slot that gives way to a holiday is still one slot, and Next, Last and
// Slots tell the same story, hour after hour.
func TestNextLastAndSlotsAgree(t *testing.T) {
	for _, rules := range []Rules{
		{Holidays: "france", OnHoliday: Before}, {Holidays: "alsace-moselle", OnHoliday: After},
		{Holidays: "reunion", OnHoliday: SkipIt}, {Closures: []string{"12-24..01-02", "2026-08-01..2026-08-31"}},
		{Holidays: "france", OnHoliday: After, Closures: []string{"05-15"}, Only: OnlyFirst},
	} {
		for _, schedule := range []string{"0 11 * * THU", "0 11 * * *", "0 8,20 * * 1-5"} {
			cal, err := calendar(t, schedule, "Europe/Paris").Observe(rules)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, cal.Zone())
			var want []time.Time
			for _, s := range cal.Slots(start, start.AddDate(1, 0, 0)) {
				if !s.Skipped {
					want = append(want, s.At)
				}
			}
			next := cal.Next(start)
			for i, slot := range want {
				if !next.Equal(slot) {
					t.Fatalf("%s %v: Next gives %s, Slots %s", schedule, rules, next, slot)
				}
				for _, d := range []time.Duration{0, time.Minute, 5 * time.Hour} {
					if at := slot.Add(d); (i+1 == len(want) || at.Before(want[i+1])) && !cal.Last(at).Equal(slot) {
						t.Fatalf("%s %v: Last(%s) = %s, want %s", schedule, rules, at, cal.Last(at), slot)
					}
				}
				next = cal.Next(next)
			}
			if len(want) < 10 {
				t.Fatalf("%s %v: only %d slots in a year", schedule, rules, len(want))
			}
		}
	}
}

func TestSlotsGiveWay(t *testing.T) {
	for _, test := range []struct {
		name, schedule string
		rules          Rules
		day, want      string // of the schedule; what Slots says of it
	}{
		{"an ordinary day", "0 11 * * THU", Rules{Holidays: "france", OnHoliday: Before}, "2026-05-07", "2026-05-07 11:00"},
		{"before", "0 11 * * THU", Rules{Holidays: "france", OnHoliday: Before}, "2026-05-14", "2026-05-13 11:00 ascension"},
		{"after", "0 11 * * THU", Rules{Holidays: "france", OnHoliday: After}, "2026-05-14", "2026-05-15 11:00 ascension"},
		{"skip", "0 11 * * THU", Rules{Holidays: "france", OnHoliday: SkipIt}, "2026-05-14", "skipped ascension"},
		{"send", "0 11 * * THU", Rules{Holidays: "france"}, "2026-05-14", "2026-05-14 11:00"},
		{"past a closed day", "0 11 * * THU", Rules{Holidays: "france", OnHoliday: After, Closures: []string{"2026-05-15..2026-05-17"}}, "2026-05-14", "2026-05-18 11:00 ascension"},
		{"past a second holiday", "0 11 * * FRI", Rules{Holidays: "alsace-moselle", OnHoliday: After}, "2026-12-25", "2026-12-27 11:00 christmas"},
		{"nowhere within a week", "0 11 * * THU", Rules{Holidays: "france", OnHoliday: Before, Closures: []string{"05-01..05-13"}}, "2026-05-14", "skipped ascension"},
		{"onto a slot of its own", "0 11 * * *", Rules{Holidays: "france", OnHoliday: Before}, "2026-05-13", "2026-05-13 11:00"},
		{"closed once", "0 11 * * THU", Rules{Closures: []string{"2026-08-01..2026-08-31"}}, "2026-08-06", "skipped closed"},
		{"not the year after", "0 11 * * THU", Rules{Closures: []string{"2026-08-01..2026-08-31"}}, "2027-08-05", "2027-08-05 11:00"},
		{"closed over new year", "0 11 * * THU", Rules{Closures: []string{"12-24..01-02"}}, "2026-12-31", "skipped closed"},
		{"the first day of the year", "0 11 * * FRI", Rules{Closures: []string{"12-24..01-02"}}, "2027-01-01", "skipped closed"},
		{"open again", "0 11 * * SUN", Rules{Closures: []string{"12-24..01-02"}}, "2027-01-03", "2027-01-03 11:00"},
		{"a lone day", "0 11 * * THU", Rules{Closures: []string{"2026-08-06"}}, "2026-08-06", "skipped closed"},
		{"the last of a month", "0 11 * * FRI", Rules{Only: OnlyLast}, "2026-05-29", "2026-05-29 11:00"},
		{"the first of a month", "0 11 * * MON", Rules{Only: OnlyFirst}, "2026-06-01", "2026-06-01 11:00"},
	} {
		cal, err := calendar(t, test.schedule, "Europe/Paris").Observe(test.rules)
		if err != nil {
			t.Fatal(err)
		}
		day := at(test.day + " 00:00")
		got := ""
		for _, s := range cal.Slots(day.AddDate(0, 0, -9), day.AddDate(0, 0, 9)) {
			if s.Scheduled.Format(time.DateOnly) == test.day {
				got = s.At.Format("2006-01-02 15:04")
				switch {
				case s.Skipped && s.Closed:
					got = "skipped closed"
				case s.Skipped:
					got = "skipped " + s.Holiday
				case s.Moved():
					got += " " + s.Holiday
				}
			}
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestOnlyOneOfAMonth(t *testing.T) {
	for _, test := range []struct {
		only Only
		want string
	}{{OnlyFirst, "01-02 02-06 03-06 04-03 05-01"}, {OnlyLast, "01-30 02-27 03-27 04-24 05-29"}} {
		cal, err := calendar(t, "0 11 * * FRI", "Europe/Paris").Observe(Rules{Only: test.only})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, s := range cal.Slots(at("2026-01-01 00:00"), at("2026-06-01 00:00")) {
			got += s.At.Format("01-02 ")
		}
		if got != test.want+" " {
			t.Errorf("%s: got %q, want %q", test.only, got, test.want)
		}
	}
}

// Easter, and so the holidays that follow it, as the almanacs have them.
func TestHolidays(t *testing.T) {
	for year, want := range map[int]string{1999: "04-04", 2000: "04-23", 2008: "03-23", 2011: "04-24", 2019: "04-21", 2024: "03-31", 2026: "04-05", 2027: "03-28", 2038: "04-25", 2049: "04-18"} {
		if got := easter(year).Format("01-02"); got != want {
			t.Errorf("Easter %d: got %s, want %s", year, got, want)
		}
	}
	for name, want := range map[string]string{
		"":                 "2026-12-25 christmas,2026-11-11 armistice,2026-05-14 ascension,2026-05-25 whit-monday,2026-04-06 easter-monday,2026-12-26 ,2026-04-03 ",
		"alsace-moselle":   "2026-12-26 saint-stephen,2026-04-03 good-friday,2026-07-14 national",
		"mayotte":          "2026-04-27 abolition,2026-05-22 ",
		"martinique":       "2026-05-22 abolition",
		"guadeloupe":       "2026-05-27 abolition",
		"saint-martin":     "2026-05-28 abolition",
		"guyane":           "2026-06-10 abolition",
		"saint-barthelemy": "2026-10-09 abolition",
		"reunion":          "2026-12-20 abolition,2026-12-26 ",
	} {
		for day := range strings.SplitSeq(want, ",") {
			date, holiday, _ := strings.Cut(day, " ")
			r := regions[name]
			if day, err := time.Parse(time.DateOnly, date); err != nil || r.holiday(day) != holiday {
				t.Errorf("%s in %q: got %q, want %q", date, name, r.holiday(day), holiday)
			}
		}
	}
}

func TestObserveRefuses(t *testing.T) {
	for name, rules := range map[string]Rules{
		"a region": {Holidays: "bretagne"}, "a word": {OnHoliday: "never"}, "another word": {Only: "second"},
		"a day that is none": {Closures: []string{"2026-02-30"}}, "ends before it begins": {Closures: []string{"2026-08-31..2026-08-01"}},
		"half of each": {Closures: []string{"2026-08-01..08-31"}}, "never open": {Closures: []string{"01-01..12-31"}},
	} {
		if _, err := calendar(t, "* * * * *", "Europe/Paris").Observe(rules); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := calendar(t, "0 0 29 2 *", "Europe/Paris").Observe(Rules{Closures: []string{"2028-02-01..2029-01-01"}}); err != nil {
		t.Errorf("a leap day four years on: %v", err)
	}
}
