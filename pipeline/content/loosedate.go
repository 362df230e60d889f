package content

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

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
// before the month, but where the month is a word. The first is all digits.
// Compiling them takes a millisecond, and few texts need them.
var loose = sync.OnceValue(func() []*regexp.Regexp {
	var weekdays []string
	for _, days := range weekdayWords {
		for _, forms := range days {
			weekdays = append(weekdays, strings.Fields(forms)...)
		}
	}
	head := `^(?:(?P<weekday>` + strings.Join(weekdays, "|") + `)\.?,? +)?(?:(?:le|the) +)?`
	const clock = `(?:[ ,;|·t\p{Pd}]+(?:(?:a|at) +)?(?:(?P<hour>\d{1,2}) ?(?:h(?:eures?)?|:) ?(?P<minute>\d\d)?(?: ?mi?n)?(?::(?P<second>\d\d))?(?: ?(?P<half>[ap])\.?m\.?)?(?: ?(?P<zone>gmt|utc|[+-]\d{4}))?|(?P<hour12>\d{1,2}) ?(?P<half12>[ap])\.?m\.?))?[ .,;:\p{Pd}]*$`
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
})

// parseLooseDate reads a date as an author writes it at the top of a text:
// 20.02.25 — 11h00, jeudi 1er mars 2025 à 11 h, February 20, 2025. Two digits
// of a year are of this century.
func parseLooseDate(text string) (m moment, ok bool) {
	text = strings.TrimSpace(fold(text))
	for i, form := range loose() {
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
			m.dayFirst = i == 0
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
	m.hour, m.minute, m.second = number(group("hour")+group("hour12")), number(group("minute")), number(group("second"))
	m.zone = strings.ToUpper(group("zone"))
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
