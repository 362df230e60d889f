package issue

import (
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/setting"
)

// Closure is a stretch of days, both ends included, on which no issue is due:
// once, or every year.
type Closure struct {
	first, last string // "2026-08-01" or, each year, "12-24"
}

// ParseClosure reads "2026-08-01..2026-08-31", "12-24..01-02" or a lone day.
func ParseClosure(s string) (Closure, error) {
	first, last, ok := strings.Cut(s, "..")
	if !ok {
		last = first
	}
	c := Closure{strings.TrimSpace(first), strings.TrimSpace(last)}
	yearly := len(c.first) == len("01-02")
	for _, end := range []string{c.first, c.last} {
		layout, text := time.DateOnly, end
		if yearly {
			text = "2024-" + end // a leap year: 02-29 is a day
		}
		if _, err := time.Parse(layout, text); err != nil {
			return Closure{}, &setting.Error{Key: "closures", Value: s}
		}
	}
	if !yearly && c.last < c.first {
		return Closure{}, &setting.Error{Key: "closures", Value: s}
	}
	return c, nil
}

// holds reports that the day of t is within. ISO dates sort as text; a yearly
// closure whose end lies before its beginning runs over the new year.
func (c Closure) holds(t time.Time) bool {
	date := t.Format(time.DateOnly)
	date = date[len(date)-len(c.first):]
	if c.last < c.first {
		return date >= c.first || date <= c.last
	}
	return c.first <= date && date <= c.last
}
