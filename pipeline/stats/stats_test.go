package stats

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// A week is Monday to Sunday on the wall clock, also when a day of it has 25
// hours: the 25th of October 2026 in Paris.
func TestWeeks(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	counts := []Count{
		{audience.Confirmed, at("2026-10-18 23:45"), 100}, // before
		{audience.Confirmed, at("2026-10-19 00:00"), 1},
		{audience.Confirmed, at("2026-10-25 23:45"), 2},
		{audience.Requested, at("2026-10-26 00:00"), 4},
		{audience.Imported, at("2026-10-26 00:00"), 8},
		{audience.Withdrawn, at("2026-10-26 10:00"), 3},
		{audience.Restored, at("2026-10-26 10:15"), 1},
		{audience.Complained, at("2026-11-01 10:15"), 1},
		{audience.Changed, at("2026-11-01 10:15"), 50},
	}
	want := []Week{
		{Begin: at("2026-10-19 00:00"), Confirmed: 3},
		{Begin: at("2026-10-26 00:00"), Requested: 4, Imported: 8, Departed: 3},
	}
	if diff := cmp.Diff(want, Weeks(counts, at("2026-10-31 12:00").UTC(), zone, 2)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The chart is well-formed whatever the figures and the words, and says in
// words what it shows.
func TestChart(t *testing.T) {
	for _, weeks := range [][]Week{nil, make([]Week, 1), {{Confirmed: 3}, {Departed: 1_000_000}, {Departed: -2}, {Confirmed: 7, Departed: 2}}, {{Imported: 5000}}} {
		var b strings.Builder
		if err := WriteChart(&b, weeks, Words{
			Title: "L’audience & <la liste>", Description: "4 semaines", Confirmed: "abonnés", Imported: "importés", Departed: "partis",
			Day: func(time.Time) string { return "23 nov." },
		}); err != nil {
			t.Fatal(err)
		}
		decoder := xml.NewDecoder(strings.NewReader(b.String()))
		seen := map[string]int{}
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in %s", err, b.String())
			}
			if start, ok := token.(xml.StartElement); ok {
				seen[start.Name.Local]++
				for _, a := range start.Attr {
					if strings.HasPrefix(a.Value, "-") || strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
						t.Errorf("%s %s=%q", start.Name.Local, a.Name.Local, a.Value)
					}
				}
			}
		}
		if seen["title"] != 1+len(weeks) || seen["desc"] != 1 || !strings.Contains(b.String(), "L’audience &amp; &lt;la liste&gt;") {
			t.Errorf("%s", b.String())
		}
		if fmt.Sprint(weeks) == "[]" && seen["rect"] != 3 {
			t.Errorf("an empty chart has bars: %s", b.String())
		}
		if len(weeks) == 1 && weeks[0].Imported > 0 && seen["rect"] != 4 {
			t.Errorf("a chart of imports alone is empty: %s", b.String())
		}
	}
}
