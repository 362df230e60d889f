package deliver

import (
	"cmp"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Refusal is a recipient whose delivery ended refused in an issue, with what
// came before.
type Refusal struct {
	Subscriber audience.ID
	Domain     string
	Class      Class
	Count      int       // issues refused in a row, this one included
	First      time.Time // of them
	Last       time.Time
}

// When a refusal ends in a suppression.
const (
	bareRefusals = 2
	bareSpan     = 24 * time.Hour
	softRefusals = 3
	softSpan     = 14 * 24 * time.Hour
)

// suppresses reports that the address is never to be written to again.
func (r Refusal) suppresses() bool {
	switch r.Class {
	case ClassHard:
		return true
	case ClassBare:
		return r.Count >= bareRefusals && r.Last.Sub(r.First) >= bareSpan
	case ClassSoft, ClassFull:
		return r.Count >= softRefusals && r.Last.Sub(r.First) >= softSpan
	}
	return false
}

// The breaker: so many refusals at once say more about us, or about a server
// in trouble, than about the recipients.
const (
	domainRefusals = 20   // more than this at one domain, and
	domainShare    = 0.02 // more than this share of what was tried there
	totalShare     = 0.05 // or this share of all,
	totalTried     = 200  // once so many were tried
)

// Settle decides, when an issue's run has ended, whose address is suppressed.
// tried counts the attempts that got an answer, by domain. alarmed names the
// domains ("" for all together) whose refusals are too many to be believed:
// then nobody is suppressed.
func Settle(refusals []Refusal, tried map[string]int) (suppress []audience.ID, alarmed []string) {
	refused := map[string]int{}
	total, all := 0, 0
	for _, r := range refusals {
		if r.Class != ClassExpired {
			refused[r.Domain]++
			total++
		}
		if r.suppresses() {
			suppress = append(suppress, r.Subscriber)
		}
	}
	for domain, n := range tried {
		all += n
		if r := refused[domain]; r > domainRefusals && float64(r) > domainShare*float64(n) {
			alarmed = append(alarmed, domain)
		}
	}
	if all >= totalTried && float64(total) >= totalShare*float64(all) {
		alarmed = append(alarmed, "")
	}
	if len(alarmed) > 0 {
		slices.SortFunc(alarmed, cmp.Compare)
		return nil, alarmed
	}
	return suppress, nil
}
