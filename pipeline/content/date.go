package content

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// moment is a date as written, not yet known to exist.
type moment struct {
	year, month, day, hour, minute, second int
	clock                                  bool   // an hour was given
	zone                                   string // as written: "+0100", "Z", "CET"; "" when none was given
	weekday, lang                          string // as the words of the date tell, folded
	dayFirst                               bool   // in digits, which an American reads the other way round
}

// Years outside these are slips of the finger.
const firstYear, lastYear = 1970, 2200

// fault is the id of the problem with the moment, "" when it exists.
func (m moment) fault() string {
	day := time.Date(m.year, time.Month(m.month), m.day, 0, 0, 0, 0, time.UTC)
	if day.Day() != m.day || int(day.Month()) != m.month || m.hour > 23 || m.minute > 59 || m.second > 59 {
		return "date-impossible"
	}
	if m.year < firstYear || m.year > lastYear {
		return "date-year"
	}
	return ""
}

// in places the moment in loc, unless it came with another place's offset.
// doubt says that its offset cannot be right, and the hour was taken as loc's
// clocks show it.
func (m moment) in(loc *time.Location) (t time.Time, doubt bool) {
	wall := m.wall(loc)
	if m.zone == "" || !m.clock {
		return wall, false
	}
	name, right := wall.Zone()
	if m.zone == name || m.zone == loc.String() {
		return wall, false
	}
	offset, known := parseOffset(m.zone)
	written := m.zone[0] == '+' || m.zone[0] == '-' // whoever writes UTC means it
	if !known || written && offset != right && otherSeason(wall, offset) {
		return wall, true
	}
	return m.wall(time.FixedZone("", offset)).In(loc), false
}

// wall is the moment at which clocks in loc show it. An hour that the change
// to summer time skips becomes an existing one beside it; of an hour that
// comes twice it is the first.
func (m moment) wall(loc *time.Location) time.Time {
	t := time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, m.second, 0, loc)
	if first := t.Add(-time.Hour); first.Hour() == t.Hour() {
		t = first
	}
	return t
}

// otherSeason reports that t's zone has the offset, in seconds, at another
// time of that year: somebody writes +0100 in June too.
func otherSeason(t time.Time, offset int) bool {
	for _, month := range []time.Month{time.January, time.July} {
		if _, o := time.Date(t.Year(), month, 1, 12, 0, 0, 0, t.Location()).Zone(); o == offset {
			return true
		}
	}
	return false
}

// midnight reports the hour that programs write for a day without one.
func (m moment) midnight() bool { return m.hour == 0 && m.minute == 0 && m.second == 0 }

// String writes the moment as front matter wants it.
func (m moment) String() string {
	s := fmt.Sprintf("%04d-%02d-%02d", m.year, m.month, m.day)
	if m.clock {
		s += fmt.Sprintf(" %02d:%02d", m.hour, m.minute)
	}
	return s
}

// frontMatterDate begins with the year, so that nobody can read it in two
// ways: 2026-11-19, 2026/11/19, 20261119, with an hour and a zone or without.
var frontMatterDate = regexp.MustCompile(
	`^(\d{4})(?:([-/.])(\d{1,2})([-/.])(\d{1,2})|(\d\d)(\d\d))` +
		`(?:(?:[Tt]| *, *| +)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)?(?: *(Z|z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d\d)?|[A-Z]{2,5}|[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_]+)+))?$`)

func parseDate(text string) (m moment, ok bool) {
	g := frontMatterDate.FindStringSubmatch(text)
	if g == nil || g[2] != g[4] || g[11] == "AM" || g[11] == "PM" { // no zone, but half a day
		return moment{}, false
	}
	m = moment{year: number(g[1]), month: number(g[3] + g[6]), day: number(g[5] + g[7]),
		hour: number(g[8]), minute: number(g[9]), second: number(g[10]), clock: g[8] != "", zone: strings.ToUpper(withoutUTC(g[11]))}
	if strings.Contains(g[11], "/") {
		m.zone = g[11]
	}
	if m.midnight() && (m.zone != "" || g[10] != "") {
		m.clock = false
	}
	return m, true
}

// withoutUTC writes UTC+01:00, as Nikola does, as +01:00.
func withoutUTC(zone string) string {
	if len(zone) > 3 && (zone[3] == '+' || zone[3] == '-') {
		return zone[3:]
	}
	return zone
}

// parseOffset reads, in seconds, Z, UTC, GMT, +1, +01:00 and +0100, up to the
// 14 hours of Kiribati.
func parseOffset(zone string) (seconds int, ok bool) {
	switch {
	case zone == "Z" || zone == "UTC" || zone == "GMT":
		return 0, true
	case zone[0] != '+' && zone[0] != '-':
		return 0, false
	}
	digits := strings.ReplaceAll(zone[1:], ":", "")
	if len(digits) <= 2 {
		digits += "00"
	}
	hours, minutes := number(digits[:len(digits)-2]), number(digits[len(digits)-2:])
	seconds = (hours*60 + minutes) * 60
	if zone[0] == '-' {
		seconds = -seconds
	}
	return seconds, minutes < 60 && hours*60+minutes <= 14*60
}

// number reads a short run of digits; "" is zero.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
