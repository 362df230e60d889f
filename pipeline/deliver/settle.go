package deliver

import (
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Refusal is a recipient whose delivery ended refused in an issue, with what
// came before.
type Refusal struct {
	Subscriber audience.ID
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

// Count is how many attempts got an answer that ends them, and how many of the
// answers were refusals.
type Count struct{ Tried, Refused int }

// Answers are an issue's counts by domain of recipients.
type Answers map[string]Count

// Add counts an answer.
func (a Answers) Add(domain string, refused bool) {
	c := a[domain]
	c.Tried++
	if refused {
		c.Refused++
	}
	a[domain] = c
}

// Alarmed names the domains ("" for all together) whose refusals are too many
// to be believed.
func (a Answers) Alarmed() (alarmed []string) {
	var all Count
	for domain, c := range a {
		all.Tried += c.Tried
		all.Refused += c.Refused
		if c.tooManyAtDomain() {
			alarmed = append(alarmed, domain)
		}
	}
	if all.tooMany() {
		alarmed = append(alarmed, "")
	}
	slices.Sort(alarmed)
	return alarmed
}

func (c Count) tooManyAtDomain() bool {
	return c.Refused > domainRefusals && float64(c.Refused) > domainShare*float64(c.Tried)
}

func (c Count) tooMany() bool {
	return c.Tried >= totalTried && float64(c.Refused) >= totalShare*float64(c.Tried)
}

// Settle decides whose address is suppressed. When an issue's refusals are too
// many to be believed, it is nobody's.
func Settle(refusals []Refusal, answers Answers) (suppress []audience.ID, alarmed []string) {
	if alarmed = answers.Alarmed(); len(alarmed) > 0 {
		return nil, alarmed
	}
	for _, r := range refusals {
		if r.suppresses() {
			suppress = append(suppress, r.Subscriber)
		}
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

// Refusals reports the cause of a BreakerError: only a person may send on.
func (c Cause) Refusals() bool { return c.Name == "refusals" || c.Name == "refusals-at" }

// breaker counts answers as they come.
type breaker struct {
	all     Count
	domains Answers
}

// believe takes the ledger's counts for those so far.
func (b *breaker) believe(answers Answers) {
	b.all, b.domains = Count{}, answers
	for _, c := range answers {
		b.all.Tried += c.Tried
		b.all.Refused += c.Refused
	}
}

// add counts an answer, and reports when the refusals have become too many.
func (b *breaker) add(domain string, o Outcome) (alarmed string, tripped bool) {
	if o.State != Accepted && o.State != Refused {
		return "", false
	}
	if b.domains == nil {
		b.domains = Answers{}
	}
	refused := o.State == Refused
	b.domains.Add(domain, refused)
	b.all.Tried++
	if !refused {
		return "", false
	}
	b.all.Refused++
	if b.domains[domain].tooManyAtDomain() {
		return domain, true
	}
	return "", b.all.tooMany()
}
