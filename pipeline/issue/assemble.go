package issue

import (
	"cmp"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/content"
)

// Config says how issues are numbered and ordered.
type Config struct {
	First      First    `yaml:"first" envPrefix:"FIRST_"`
	Sections   []string `yaml:"sections"`    // order of the sections; others follow
	MinEntries int      `yaml:"min_entries"` // fewer make a quiet week; default 1
	Languages  []string `yaml:"-" env:"-"`   // the newsletter's, in order
}

// First is where the numbering begins.
type First struct {
	Number int    `yaml:"number"` // default 1
	Slot   string `yaml:"slot"`   // "2026-11-19 11:00", in the newsletter's zone; empty: the first slot due
}

// WithDefaults fills in what was left out.
func (c Config) WithDefaults() Config {
	c.First.Number = cmp.Or(c.First.Number, 1)
	c.MinEntries = cmp.Or(c.MinEntries, 1)
	return c
}

// Past is what earlier issues leave behind: the ledger's memory, or Replay's
// guess where there is no ledger.
type Past struct {
	Begin  time.Time         // entries before it belong to no issue; zero: not yet decided
	Border time.Time         // where the last issue ended; zero: there was none
	Number int               // of the last issue
	Sent   map[string]int    // entry ID → the issue it was in
	Hashes map[string]string // hash of a sent file → entry ID, to know a renamed one again
	Errata []Erratum         // of sent issues, and told by none yet
}

// Empty reports that no issue was made yet.
func (p Past) Empty() bool { return p.Border.IsZero() }

// Reason says why an entry is in an issue or out of it.
type Reason string

// Reasons; their words are the messages "reason.<Reason>".
const (
	InWindow Reason = "in"     // dated within the window
	Late     Reason = "late"   // dated before it, and in no issue so far
	Draft    Reason = "draft"  // its author is not done
	Later    Reason = "later"  // dated after the border
	Sent     Reason = "sent"   // in an earlier issue
	TooOld   Reason = "old"    // dated before the first issue's window
	Unread   Reason = "unread" // in none of the newsletter's languages
)

// In reports whether the reason puts an entry into the issue.
func (r Reason) In() bool { return r == InWindow || r == Late }

// Verdict is the reason for one item.
type Verdict struct {
	Item   Item
	Reason Reason
	Number int       // Sent: the issue it was in
	Slot   time.Time // Later: when it is due
}

// Assembly is an issue and the verdict on every item, in and out.
type Assembly struct {
	Issue
	Verdicts []Verdict
}

// Quiet reports that too few entries came together for an issue.
func (a Assembly) Quiet(c Config) bool { return len(a.Items) < c.WithDefaults().MinEntries }

// Due returns the window of the issue that should exist at now and does not.
// ok is false when the last slot already has its issue.
func (c *Calendar) Due(past Past, first time.Time, now time.Time) (w Window, ok bool) {
	slot := c.Last(now)
	if slot.IsZero() || !slot.After(past.Border) || slot.Before(first) {
		return Window{}, false
	}
	return c.window(past, first, slot), true
}

// Coming returns the window of the first slot after now.
func (c *Calendar) Coming(past Past, first time.Time, now time.Time) Window {
	slot := c.Next(now)
	if slot.Before(first) {
		slot = first
	}
	return c.window(past, first, slot)
}

// Window is a slot and the entries' dates it takes: [From, Slot).
type Window struct{ From, Slot time.Time }

// window borders on the last issue. The very first one takes one period, or
// all since the period that ends at first.
func (c *Calendar) window(past Past, first, slot time.Time) Window {
	switch {
	case !past.Empty():
		return Window{past.Border, slot}
	case !past.Begin.IsZero():
		return Window{past.Begin, slot}
	case !first.IsZero() && first.Before(slot):
		return Window{c.Last(first.Add(-time.Second)), slot}
	default:
		return Window{c.Last(slot.Add(-time.Second)), slot}
	}
}

// Assemble picks, from all entries, those of the window and the late ones,
// and puts them in order. An entry belongs to the first issue not yet made
// whose border lies after its date.
func Assemble(c Config, cal *Calendar, past Past, w Window, entries []content.Entry) Assembly {
	c = c.WithDefaults()
	a := Assembly{Issue: Issue{Number: past.Number + 1, Slot: w.Slot, From: w.From, To: w.Slot, Errata: past.Errata}}
	if past.Empty() {
		a.Number = c.First.Number
	}
	begin := past.Begin
	if begin.IsZero() {
		begin = w.From
	}
	items := group(entries, c.Languages)
	present := make(map[string]bool, len(items))
	for _, it := range items {
		present[it.ID] = true
	}
	for _, it := range items {
		v := judge(it, c.Languages, begin, w)
		if n, sent := past.sent(it, present); sent {
			v = Verdict{Reason: Sent, Number: n}
		}
		if v.Reason == Later {
			v.Slot = cal.Next(it.Date())
		}
		v.Item = it.published()
		if v.Reason.In() {
			a.Items = append(a.Items, v.Item)
		}
		a.Verdicts = append(a.Verdicts, v)
	}
	order(a.Items, c.Sections)
	return a
}

func judge(it Item, languages []string, begin time.Time, w Window) Verdict {
	date := it.Date()
	switch {
	case it.draft():
		return Verdict{Reason: Draft}
	case !it.writtenIn(languages):
		return Verdict{Reason: Unread}
	case date.Before(begin):
		return Verdict{Reason: TooOld}
	case !date.Before(w.Slot):
		return Verdict{Reason: Later}
	case date.Before(w.From):
		return Verdict{Reason: Late}
	}
	return Verdict{Reason: InWindow}
}

// sent finds the issue that an item was in, also when its file was renamed
// since: the same bytes under a name that is gone.
func (p Past) sent(it Item, present map[string]bool) (number int, ok bool) {
	if n, ok := p.Sent[it.ID]; ok {
		return n, true
	}
	for _, v := range it.Versions {
		if old, ok := p.Hashes[v.Hash]; ok && !present[old] {
			return p.Sent[old], true
		}
	}
	return 0, false
}

// writtenIn reports that some version is in one of the languages; an empty
// list takes all.
func (it Item) writtenIn(languages []string) bool {
	if len(languages) == 0 {
		return true
	}
	return slices.ContainsFunc(it.Versions, func(e content.Entry) bool {
		return slices.ContainsFunc(languages, func(l string) bool { return base(l) == base(e.Lang) })
	})
}

// group brings the translations of an entry together, in the order of the
// newsletter's languages, and sorts the items by ID.
func group(entries []content.Entry, languages []string) []Item {
	items := map[string]*Item{}
	for _, e := range entries {
		it := items[e.ID]
		if it == nil {
			it = &Item{ID: e.ID}
			items[e.ID] = it
		}
		it.Versions = append(it.Versions, e)
	}
	rank := func(e content.Entry) int {
		if i := slices.Index(languages, e.Lang); i >= 0 {
			return i
		}
		return len(languages)
	}
	var out []Item
	for _, it := range items {
		slices.SortFunc(it.Versions, func(a, b content.Entry) int {
			return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Lang, b.Lang))
		})
		out = append(out, *it)
	}
	slices.SortFunc(out, func(a, b Item) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// draft reports that no version is ready.
func (it Item) draft() bool {
	return !slices.ContainsFunc(it.Versions, func(e content.Entry) bool { return !e.Draft })
}

// published leaves out the versions still in draft, unless all are.
func (it Item) published() Item {
	if it.draft() {
		return it
	}
	it.Versions = slices.DeleteFunc(slices.Clone(it.Versions), func(e content.Entry) bool { return e.Draft })
	return it
}

// order sorts by section, then date. Sections that are not listed follow those
// that are, by their earliest entry. Entries without a section come last, so
// that none takes the issue's subject from an editorial.
func order(items []Item, sections []string) {
	earliest := map[string]time.Time{}
	for _, it := range items {
		s := it.Versions[0].Section
		if t, ok := earliest[s]; !ok || it.Date().Before(t) {
			earliest[s] = it.Date()
		}
	}
	rank := func(it Item) int {
		section := it.Versions[0].Section
		if section == "" {
			return len(sections) + 1
		}
		if i := slices.Index(sections, section); i >= 0 {
			return i
		}
		return len(sections)
	}
	slices.SortFunc(items, func(a, b Item) int {
		sa, sb := a.Versions[0].Section, b.Versions[0].Section
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)),
			earliest[sa].Compare(earliest[sb]), cmp.Compare(sa, sb),
			a.Date().Compare(b.Date()), cmp.Compare(a.ID, b.ID),
		)
	})
}

// Replay works out, without a ledger, what the issues since first would have
// been, up to now.
func Replay(c Config, cal *Calendar, first time.Time, entries []content.Entry, now time.Time) Past {
	c = c.WithDefaults()
	past := Past{}
	if first.IsZero() {
		return past
	}
	past.Begin = cal.Last(first.Add(-time.Second))
	for _, slot := range cal.ends(entries, first, now) {
		a := Assemble(c, cal, past, cal.window(past, first, slot), entries)
		if !a.Quiet(c) {
			past.Add(a.Issue)
		}
	}
	return past
}

// ends lists the slots in [first, now] that can have an issue: each ends the
// window of some entry.
func (c *Calendar) ends(entries []content.Entry, first, now time.Time) []time.Time {
	dates := make([]time.Time, len(entries))
	for i, e := range entries {
		dates[i] = e.Date
	}
	slices.SortFunc(dates, time.Time.Compare)
	var slots []time.Time
	last := time.Time{}
	for _, date := range dates {
		if date.Before(last) { // asking the calendar costs more than all the rest
			continue
		}
		slot := c.Next(date)
		if slot.Before(first) {
			slot = first
		}
		if slot.After(last) && !slot.After(now) {
			slots = append(slots, slot)
		}
		last = slot
	}
	return slots
}

// Add remembers an issue that was made.
func (p *Past) Add(is Issue) {
	if p.Sent == nil {
		p.Sent, p.Hashes = map[string]int{}, map[string]string{}
	}
	if p.Begin.IsZero() {
		p.Begin = is.From
	}
	p.Border, p.Number, p.Errata = is.To, is.Number, nil
	for _, it := range is.Items {
		p.Sent[it.ID] = is.Number
		for _, v := range it.Versions {
			p.Hashes[v.Hash] = it.ID
		}
	}
}
