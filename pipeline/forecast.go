package pipeline

import (
	"time"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
)

// Expected is a slot to come, and what its issue would be with the entries
// known today.
type Expected struct {
	issue.Slot
	Number  int // 0: there would be none
	Entries int
}

// Forecast lists the slots in (now, until], as if nobody wrote any more, and
// before them the one that is due and has no issue yet.
func (n *Newsletter) Forecast(entries []content.Entry, past issue.Past, now, until time.Time) []Expected {
	since := now
	if w, due := n.Calendar.Due(past, n.First, now); due {
		since = w.Slot.Add(-time.Millisecond)
	}
	var list []Expected
	for _, slot := range n.Calendar.Slots(since, until) {
		expected := Expected{Slot: slot}
		if w, due := n.Calendar.Due(past, n.First, slot.At); due && !slot.Skipped {
			var plan Plan
			n.assemble(&plan, past, w, entries)
			expected.Entries = len(plan.Items)
			if !plan.Quiet {
				expected.Number = plan.Number
				past.Add(plan.Issue)
			}
		}
		if slot.At.After(now) || expected.Number > 0 {
			list = append(list, expected)
		}
	}
	return list
}
