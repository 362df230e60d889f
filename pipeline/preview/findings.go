package preview

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render/mailrules"
)

// memory is what was found in entries whose text has not changed since, for
// as long as the files around them stay the same.
type memory struct {
	mu       sync.Mutex
	findings map[string]remembered // by an entry's path, or a mail's locale
	sentKey  string                // of the entries that sent was read from
	sent     map[string]int
}

type remembered struct {
	hash     string // of what was looked at, or the bytes themselves
	findings []check.Finding
}

func newMemory() *memory { return &memory{findings: map[string]remembered{}} }

// judge finds what is to mend in an issue, and in the entries that have still
// to be sent.
func (s *snapshot) judge(p pipeline.Plan, past issue.Past, now time.Time) ([]check.Finding, error) {
	c := s.context(now)
	c.Sent = s.sentLinks(past)
	findings := check.FromAll(p.Problems)
	pending := check.Pending(p.Verdicts)
	for _, e := range pending {
		findings = append(findings, s.entryFindings(c, e)...)
	}
	findings = append(findings, check.Together(c, pending)...)
	findings = append(findings, check.Dates(c, p.Verdicts)...)
	findings = append(findings, check.Sections(p.Verdicts, s.newsletter.Languages[0], s.newsletter.Issues.Sections)...)
	for _, d := range p.Documents {
		m, err := s.newsletter.Compose(c.Base, p.Number, p.Slot, d)
		if err != nil {
			return nil, err
		}
		var entries []content.Entry
		for _, it := range p.Items {
			e, _ := it.Version(d.Locale)
			entries = append(entries, e)
		}
		findings = append(findings, s.mailFindings(m, d.Locale, entries)...)
	}
	return check.Sorted(findings), nil
}

func (s *snapshot) context(now time.Time) check.Context {
	n := s.newsletter
	return check.Context{Files: n.Entries, Renderer: n.Renderer, Base: n.Base, Now: now}
}

// entryFindings are those of an entry alone.
func (s *snapshot) entryFindings(c check.Context, e content.Entry) []check.Finding {
	return s.memory.recall(e.Path, e.Hash, func() []check.Finding { return check.Entry(c, e) })
}

// mailFindings are those of a whole mail, with the places in its entries.
func (s *snapshot) mailFindings(m Mail, locale string, entries []content.Entry) []check.Finding {
	key := string(m.Raw)
	for _, e := range entries {
		key += e.Hash
	}
	return s.memory.recall("mail "+locale, key, func() []check.Finding {
		return check.Mail(m.Raw, mailrules.Options{Locale: locale}, entries)
	})
}

// recall finds what was found in the same bytes, or looks for it.
func (m *memory) recall(name, hash string, look func() []check.Finding) []check.Finding {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.findings[name]
	if !ok || known.hash != hash {
		known = remembered{hash, look()}
		m.findings[name] = known
	}
	return known.findings
}

// sentLinks are the links of the last issues. They come from entries that
// seldom change.
func (s *snapshot) sentLinks(past issue.Past) map[string]int {
	var key strings.Builder
	for _, e := range s.entries {
		if _, in := past.Sent[e.ID]; in {
			key.WriteString(e.Hash)
		}
	}
	m := s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sent == nil || m.sentKey != key.String() {
		m.sent, m.sentKey = check.SentLinks(s.entries, past), key.String()
	}
	return m.sent
}

// about is all that was found in a file, alone and beside the others.
func (s *snapshot) about(file string, plan *plan) ([]check.Finding, error) {
	all, err := plan.findings()
	if err != nil {
		return nil, err
	}
	all = append(slices.Clone(all), check.FromAll(s.problems)...)
	if e, ok := s.entry(file); ok {
		all = append(all, s.entryFindings(s.context(e.Date), e)...)
	}
	return slices.DeleteFunc(all, func(f check.Finding) bool { return f.File != file }), nil
}
