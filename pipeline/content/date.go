package content

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// moment is a date as written, not yet known to exist.
type moment struct {
	year, month, day, hour, minute, second int
	clock                                  bool           // an hour was given
	zone                                   *time.Location // nil when none was given
	weekday, lang                          string         // as the words of the date tell, folded
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

// in places the moment in loc, unless it came with its own zone. An hour that
// the change to summer time skips becomes an existing one beside it; of an
// hour that comes twice it is the first.
func (m moment) in(loc *time.Location) time.Time {
	zone := m.zone
	if zone == nil {
		zone = loc
	}
	t := time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, m.second, 0, zone)
	if first := t.Add(-time.Hour); first.Hour() == t.Hour() {
		t = first
	}
	return t.In(loc)
}

// String writes the moment as front matter wants it.
func (m moment) String() string {
	s := fmt.Sprintf("%04d-%02d-%02d", m.year, m.month, m.day)
	if m.clock {
		s += fmt.Sprintf(" %02d:%02d", m.hour, m.minute)
	}
	return s
}

// frontMatterDate is the one form the front matter takes, with "T" or a space
// before the hour. Anything looser could be read in two ways by two people.
var frontMatterDate = regexp.MustCompile(
	`^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?(Z|[+-]\d\d:?\d\d))?)?$`)

func parseDate(text string) (m moment, ok bool) {
	g := frontMatterDate.FindStringSubmatch(text)
	if g == nil {
		return moment{}, false
	}
	m = moment{year: number(g[1]), month: number(g[2]), day: number(g[3]),
		hour: number(g[4]), minute: number(g[5]), second: number(g[6]), clock: g[4] != ""}
	if g[7] == "" {
		return m, true
	}
	m.zone, ok = parseOffset(g[7])
	return m, ok
}

// parseOffset reads Z, +01:00 and +0100, up to the 14 hours of Kiribati.
func parseOffset(text string) (*time.Location, bool) {
	if text == "Z" {
		return time.UTC, true
	}
	digits := strings.ReplaceAll(text[1:], ":", "")
	hours, minutes := number(digits[:2]), number(digits[2:])
	seconds := (hours*60 + minutes) * 60
	if text[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), minutes < 60 && hours*60+minutes <= 14*60
}

// number reads a short run of digits; "" is zero.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// The words people put in dates. They are read here, never shown: what is
// shown comes from locales/. Every form is folded; the first is the full one.
var (
	monthWords = map[string][12]string{
		"fr": {"janvier janv", "fevrier fevr fev", "mars", "avril avr", "mai", "juin", "juillet juil", "aout", "septembre sept", "octobre oct", "novembre nov", "decembre dec"},
		"en": {"january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug", "september sept sep", "october oct", "november nov", "december dec"},
	}
	weekdayWords = map[string][7]string{
		"fr": {"dimanche dim", "lundi lun", "mardi mar", "mercredi mer", "jeudi jeu", "vendredi ven", "samedi sam"},
		"en": {"sunday sun", "monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thur thurs", "friday fri", "saturday sat"},
	}
)

// loose lists the ways people write a date, on folded text. The day comes
// before the month, but where the month is a word.
var loose = func() []*regexp.Regexp {
	var weekdays []string
	for _, days := range weekdayWords {
		for _, forms := range days {
			weekdays = append(weekdays, strings.Fields(forms)...)
		}
	}
	head := `^(?:(?P<weekday>` + strings.Join(weekdays, "|") + `)\.?,? +)?(?:(?:le|the) +)?`
	const clock = `(?:[ ,;|·t\p{Pd}]+(?:(?:a|at) +)?(?:(?P<hour>\d{1,2}) ?(?:h(?:eures?)?|:) ?(?P<minute>\d\d)?(?: ?mi?n)?(?: ?(?P<half>[ap])\.?m\.?)?|(?P<hour12>\d{1,2}) ?(?P<half12>[ap])\.?m\.?))?[ .,;:\p{Pd}]*$`
	forms := []string{
		`(?P<day>\d{1,2})[./-](?P<month>\d{1,2})[./-](?P<year>\d{4}|\d\d)`,
		`(?P<year>\d{4})[./-](?P<month>\d{1,2})[./-](?P<day>\d{1,2})`,
		`(?P<day>\d{1,2})(?:er|st|nd|rd|th)? +(?:of +)?(?P<word>[a-z]+)\.?,? +(?P<year>\d{4}|\d\d)`,
		`(?P<word>[a-z]+)\.? +(?P<day>\d{1,2})(?:st|nd|rd|th)?,? +(?P<year>\d{4})`,
	}
	var compiled []*regexp.Regexp
	for _, form := range forms {
		compiled = append(compiled, regexp.MustCompile(head+form+clock))
	}
	return compiled
}()

// parseLooseDate reads a date as an author writes it at the top of a text:
// 20.02.25 — 11h00, jeudi 1er mars 2025 à 11 h, February 20, 2025. Two digits
// of a year are of this century.
func parseLooseDate(text string) (m moment, ok bool) {
	text = strings.TrimSpace(fold(text))
	for _, form := range loose {
		g := form.FindStringSubmatch(text)
		if g == nil {
			continue
		}
		group := func(name string) string {
			if i := form.SubexpIndex(name); i >= 0 {
				return g[i]
			}
			return ""
		}
		if m, ok := momentOf(group); ok {
			return m, true
		}
	}
	return moment{}, false
}

func momentOf(group func(string) string) (m moment, ok bool) {
	m = moment{year: number(group("year")), month: number(group("month")), day: number(group("day")), weekday: group("weekday")}
	if len(group("year")) == 2 {
		m.year += 2000
	}
	if word := group("word"); word != "" {
		if m.month, m.lang = monthOf(word); m.month == 0 {
			return m, false
		}
	}
	m.clock = group("hour")+group("hour12") != ""
	m.hour, m.minute = number(group("hour")+group("hour12")), number(group("minute"))
	if half := group("half") + group("half12"); half != "" {
		if m.hour < 1 || m.hour > 12 {
			m.hour = 24 // no such hour: the moment's fault
		} else if m.hour %= 12; half == "p" {
			m.hour += 12
		}
	}
	return m, true
}

// monthOf numbers a folded word from 1; lang is empty when several languages share the word.
func monthOf(word string) (month int, lang string) {
	for l, months := range monthWords {
		for i, forms := range months {
			if !slices.Contains(strings.Fields(forms), word) {
				continue
			}
			if month != 0 {
				return i + 1, ""
			}
			month, lang = i+1, l
		}
	}
	return month, lang
}

func weekdayOf(word string) (day time.Weekday, known bool) {
	for _, days := range weekdayWords {
		for i, forms := range days {
			if slices.Contains(strings.Fields(forms), word) {
				return time.Weekday(i), true
			}
		}
	}
	return 0, false
}
