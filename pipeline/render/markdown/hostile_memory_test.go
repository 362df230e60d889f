//go:build !race

// The race detector allocates on its own account, and would hide what is
// counted here.

package markdown

import (
	"runtime"
	"sort"
	"testing"
)

// accepted is the longest form of an input, give or take a step, that the
// limits let through.
func accepted(input func(int) string) string {
	const step = 512
	steps := sort.Search(maxSource/step-1, func(i int) bool { return Limits(input(i*step+32)) != nil })
	return input(max(steps-1, 0)*step + 32)
}

// TestHostile converts, of each hostile input, the longest form that the
// limits accept, and counts what is allocated, which unlike time is the same
// on every machine. The slowness that allocates nothing is bounded by
// maxMatching, and TestLimits.
func TestHostile(t *testing.T) {
	const most = 128 << 20 // twice the worst, 62 MiB, which was never all alive at once
	c := New(Options{Styles: classes{}, Typography: rulesOf("fr")})
	for name, input := range hostile {
		source := accepted(input)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := c.Convert(source)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > most {
			t.Errorf("%s: %d bytes allocate %d MiB, want at most %d", name, len(source), got>>20, most>>20)
		}
		if refusal, ok := err.(*Refusal); err != nil && (!ok || refusal.ID != "limit-output" && refusal.ID != "limit-references") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
