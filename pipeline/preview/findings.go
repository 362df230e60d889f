package preview

import (
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
	findings map[string]remembered // by path
	sentKey  string                // of the entries that sent was read from
	sent     map[string]int
}

type remembered struct {
	hash     string
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
		findings = append(findings, check.Mail(m.Raw, mailrules.Options{Locale: d.Locale}, entries)...)
	}
	return check.Sorted(findings), nil
}

func (s *snapshot) context(now time.Time) check.Context {
	n := s.newsletter
	return check.Context{Files: n.Entries, Renderer: n.Renderer, Base: n.Base, Now: now}
}

// entryFindings are those of an entry alone.
func (s *snapshot) entryFindings(c check.Context, e content.Entry) []check.Finding {
	m := s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.findings[e.Path]
	if !ok || known.hash != e.Hash {
		known = remembered{e.Hash, check.Entry(c, e)}
		m.findings[e.Path] = known
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
