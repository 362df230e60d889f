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
		if (count{n, refused[domain]}).tooManyAtDomain() {
			alarmed = append(alarmed, domain)
		}
	}
	if (count{all, total}).tooMany() {
		alarmed = append(alarmed, "")
	}
	if len(alarmed) > 0 {
		slices.SortFunc(alarmed, cmp.Compare)
		return nil, alarmed
	}
	return suppress, nil
}

// BreakerError stops an issue whose refusals are too many to be believed.
type BreakerError struct{ Domain string } // "" for all together

// Cause is what the ledger keeps of it.
func (e *BreakerError) Cause() Cause {
	if e.Domain == "" {
		return Cause{Name: "refusals"}
	}
	return Cause{"refusals-at", e.Domain}
}

func (e *BreakerError) Error() string {
	if e.Domain == "" {
		return "too many recipients are refused"
	}
	return "too many recipients are refused at " + e.Domain
}

// breaker counts a run's answers as they come.
type breaker struct {
	all     count
	domains map[string]*count
}

type count struct{ tried, refused int }

// add counts an answer, and reports when the refusals have become too many.
func (b *breaker) add(domain string, o Outcome) (alarmed string, tripped bool) {
	if o.State != Accepted && o.State != Refused {
		return "", false
	}
	if b.domains == nil {
		b.domains = map[string]*count{}
	}
	at := b.domains[domain]
	if at == nil {
		at = &count{}
		b.domains[domain] = at
	}
	for _, c := range []*count{at, &b.all} {
		c.tried++
		if o.State == Refused {
			c.refused++
		}
	}
	switch {
	case o.State != Refused:
		return "", false
	case at.tooManyAtDomain():
		return domain, true
	}
	return "", b.all.tooMany()
}

func (c count) tooManyAtDomain() bool {
	return c.refused > domainRefusals && float64(c.refused) > domainShare*float64(c.tried)
}

func (c count) tooMany() bool {
	return c.tried >= totalTried && float64(c.refused) >= totalShare*float64(c.tried)
}
