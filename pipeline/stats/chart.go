package stats

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/infolettre/infolettre/locales"
)

// Words are those of a chart, in the language of whoever looks at it.
type Words struct {
	Title       string
	Description string // what the chart shows, for who does not see it
	Confirmed   string
	Imported    string
	Departed    string
	Day         func(time.Time) string // short: a week's first day
}

// ChartWords says in a language what the chart of some weeks shows.
func ChartWords(l *locales.Locale, weeks []Week) Words {
	var sum Week
	for _, week := range weeks {
		sum.Confirmed, sum.Imported, sum.Departed = sum.Confirmed+week.Confirmed, sum.Imported+week.Imported, sum.Departed+week.Departed
	}
	return Words{
		Title:       l.T("stats.chart"),
		Description: l.T("stats.chart-description", "Weeks", len(weeks), "Confirmed", sum.Confirmed, "Imported", sum.Imported, "Departed", sum.Departed),
		Confirmed:   l.T("stats.confirmed"), Imported: l.T("stats.imported"), Departed: l.T("stats.departed"),
		Day: func(t time.Time) string { return l.Date("short", t) },
	}
}

// The chart's measures, in its own units.
const (
	chartWidth  = 640
	chartHeight = 240
	chartTop    = 40 // legend above
	chartBottom = 24 // dates below
	chartLeft   = 40 // figures on the left
)

// WriteChart draws the weeks as SVG: confirmations above a line and imports, in
// outline, upon them, departures below it. It needs nothing else to be seen,
// follows light and dark, and tells the three apart by place and outline, not
// by colour alone.
func WriteChart(w io.Writer, weeks []Week, words Words) error {
	up, down := 1, 0
	for _, week := range weeks {
		up, down = max(up, week.Confirmed+week.Imported), max(down, week.Departed)
	}
	scale := float64(chartHeight-chartTop-chartBottom) / float64(up+down)
	zero := chartTop + float64(up)*scale
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="chart-title chart-desc">`+"\n", chartWidth, chartHeight)
	fmt.Fprintf(&b, "<title id=\"chart-title\">%s</title>\n<desc id=\"chart-desc\">%s</desc>\n%s\n", escape(words.Title), escape(words.Description), chartStyle)
	for i, key := range [][2]string{{"in", words.Confirmed}, {"taken", words.Imported}, {"out", words.Departed}} {
		x := chartLeft + i*(chartWidth-chartLeft)/3
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="8" width="12" height="12"/><text x="%d" y="18">%s</text>`+"\n", key[0], x, x+18, escape(key[1]))
	}
	fmt.Fprintf(&b, `<text class="figure" x="%d" y="%d">%d</text>`+"\n", chartLeft-6, chartTop+10, up)
	if down > 0 {
		fmt.Fprintf(&b, `<text class="figure" x="%d" y="%d">%d</text>`+"\n", chartLeft-6, chartHeight-chartBottom, down)
	}
	step := float64(chartWidth-chartLeft) / float64(max(len(weeks), 1))
	for i, week := range weeks {
		x, width := chartLeft+float64(i)*step+step*0.15, step*0.7
		b.WriteString("<g>")
		fmt.Fprintf(&b, "<title>%s, +%d, −%d</title>", escape(words.Day(week.Begin)), week.Confirmed+week.Imported, max(week.Departed, 0))
		bar(&b, "in", x, zero-float64(week.Confirmed)*scale, width, float64(week.Confirmed)*scale)
		bar(&b, "taken", x, zero-float64(week.Confirmed+week.Imported)*scale, width, float64(week.Imported)*scale)
		bar(&b, "out", x, zero, width, float64(max(week.Departed, 0))*scale)
		b.WriteString("</g>\n")
	}
	fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>`+"\n", chartLeft, zero, chartWidth, zero)
	if len(weeks) > 0 {
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", chartLeft, chartHeight-6, escape(words.Day(weeks[0].Begin)))
		fmt.Fprintf(&b, `<text class="figure" x="%d" y="%d">%s</text>`+"\n", chartWidth, chartHeight-6, escape(words.Day(weeks[len(weeks)-1].Begin)))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// chartStyle has a contrast of 4.5:1 for the words on white and on near-black,
// and of 3:1 for the bars (WCAG 1.4.3, 1.4.11).
const chartStyle = `<style>
text { font: 13px system-ui, sans-serif; fill: #333 } .figure { text-anchor: end }
line { stroke: #666 } .in { fill: #2563a8 } .taken { fill: none; stroke: #2563a8; stroke-width: 2 } .out { fill: #b3541e }
@media (prefers-color-scheme: dark) {
text { fill: #ddd } line { stroke: #999 } .in { fill: #7db0ea } .taken { stroke: #7db0ea } .out { fill: #e89a6c }
}
</style>`

func bar(b *strings.Builder, class string, x, y, width, height float64) {
	if height > 0 {
		fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, class, x, y, width, height)
	}
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}
