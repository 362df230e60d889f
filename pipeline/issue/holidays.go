package issue

import (
	"maps"
	"slices"
	"time"
)

// day is a day of any year.
type day struct {
	month time.Month
	day   int
}

// The legal holidays of France: article L3133-1 of the Code du travail. The
// words for each are the message "holiday.<name>".
var (
	fixedHolidays = map[day]string{
		{time.January, 1}: "new-year", {time.May, 1}: "labour", {time.May, 8}: "victory", {time.July, 14}: "national",
		{time.August, 15}: "assumption", {time.November, 1}: "all-saints", {time.November, 11}: "armistice", {time.December, 25}: "christmas",
	}
	// Days after Easter Sunday.
	movingHolidays = map[int]string{1: "easter-monday", 39: "ascension", 50: "whit-monday"}
)

// region is where days are off besides those of all France.
type region struct {
	fixed  map[day]string
	moving map[int]string
}

// Alsace and Moselle: article L3134-13 (Good Friday by law only where there
// is a Protestant church). Overseas, slavery's abolition: article L3422-2.
var regions = map[string]region{
	"france":           {},
	"alsace-moselle":   {map[day]string{{time.December, 26}: "saint-stephen"}, map[int]string{-2: "good-friday"}},
	"mayotte":          {fixed: map[day]string{{time.April, 27}: "abolition"}},
	"martinique":       {fixed: map[day]string{{time.May, 22}: "abolition"}},
	"guadeloupe":       {fixed: map[day]string{{time.May, 27}: "abolition"}},
	"saint-martin":     {fixed: map[day]string{{time.May, 28}: "abolition"}},
	"guyane":           {fixed: map[day]string{{time.June, 10}: "abolition"}},
	"saint-barthelemy": {fixed: map[day]string{{time.October, 9}: "abolition"}},
	"reunion":          {fixed: map[day]string{{time.December, 20}: "abolition"}},
}

// Regions lists what Rules.Holidays may say.
func Regions() []string { return slices.Sorted(maps.Keys(regions)) }

// holiday names the holiday on the day of t, "" when it is none.
func (r region) holiday(t time.Time) string {
	_, month, d := t.Date()
	date := day{month, d}
	if name := fixedHolidays[date]; name != "" {
		return name
	}
	if name := r.fixed[date]; name != "" {
		return name
	}
	after := t.YearDay() - easter(t.Year()).YearDay()
	if name := movingHolidays[after]; name != "" {
		return name
	}
	return r.moving[after]
}

// easter is Easter Sunday of a Gregorian year, by Meeus, Jones and Butcher.
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	e := (32 + 2*(b%4) + 2*(c/4) - d - c%4) % 7
	f := d + e - 7*((a+11*d+22*e)/451) + 114
	return time.Date(year, time.Month(f/31), f%31+1, 0, 0, 0, 0, time.UTC)
}
