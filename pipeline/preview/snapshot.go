package preview

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
)

// snapshot is the newsletter at one moment. It does not change, but for what
// it remembers of its own plans.
type snapshot struct {
	version    string
	newsletter *Newsletter
	entries    []content.Entry
	problems   []content.Problem
	stale      map[string]bool // path → the file broke, and this is its last good entry
	failure    error           // why nothing newer could be read
	memory     *memory

	mu    sync.Mutex
	plans map[time.Time]*plan
}

// plan is an issue as it would be made, and what is to mend in it: worked out
// when a page asks, so that the mail itself need not wait for it.
type plan struct {
	pipeline.Plan
	findings func() ([]check.Finding, error)
}

// maxPlans bounds what a snapshot remembers: one plan a minute, and those of
// the moments an author looks at.
const maxPlans = 60

// next is a version that no page has seen, of this process or an earlier one.
func (s *snapshot) next() string {
	process, n := rand.Text(), 0
	if s != nil {
		var count string
		process, count, _ = strings.Cut(s.version, ".")
		n, _ = strconv.Atoi(count) // our own
	}
	return fmt.Sprintf("%s.%d", process, n+1)
}

// failed is the same newsletter with the reason why there is no newer one.
func (s *snapshot) failed(err error) *snapshot {
	return &snapshot{
		version: s.next(), newsletter: s.newsletter, failure: err,
		entries: s.entries, problems: s.problems, stale: s.stale, memory: s.memory,
	}
}

// load reads the entries. What was good before and is broken now stays as it
// was, beside the problem that says why.
func (s *snapshot) load(old *snapshot) error {
	var err error
	s.entries, s.problems, err = s.newsletter.Load()
	if err != nil || old == nil {
		return err
	}
	s.stale = map[string]bool{}
	good := map[string]content.Entry{}
	for _, e := range old.entries {
		good[e.Path] = e
	}
	s.replaceUnfit(good)
	s.restoreRefused(good)
	return nil
}

// replaceUnfit looks at the entries that changed: one that no document can
// hold gives way to what it was.
func (s *snapshot) replaceUnfit(good map[string]content.Entry) {
	for i, e := range s.entries {
		before, ok := good[e.Path]
		if !ok || before.Hash == e.Hash {
			continue
		}
		problems := s.newsletter.Renderer.Check(e)
		if refused(problems, e.Path) {
			s.entries[i] = before
			s.problems = append(s.problems, problems...)
			s.stale[e.Path] = true
		}
	}
}

// restoreRefused puts back the entries that could not be read, unless another
// file took their place.
func (s *snapshot) restoreRefused(good map[string]content.Entry) {
	type place struct{ id, lang string }
	paths, places := map[string]bool{}, map[place]bool{}
	for _, e := range s.entries {
		paths[e.Path], places[place{e.ID, e.Lang}] = true, true
	}
	for _, path := range slices.Sorted(func(yield func(string) bool) {
		for path := range good {
			if !paths[path] && refused(s.problems, path) && !yield(path) {
				return
			}
		}
	}) {
		if e := good[path]; !places[place{e.ID, e.Lang}] {
			s.entries = append(s.entries, e)
			s.stale[path] = true
		}
	}
}

func refused(problems []content.Problem, path string) bool {
	return slices.ContainsFunc(problems, func(p content.Problem) bool {
		return p.File == path && p.Severity == content.Error
	})
}

// plan is the issue as it would be made at a moment; what follows from it is
// the same for a minute.
func (s *snapshot) plan(ctx context.Context, now time.Time) (*plan, error) {
	now = now.In(s.newsletter.Calendar.Zone()).Truncate(time.Minute)
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.plans[now]; known != nil {
		return known, nil
	}
	past, err := s.past(ctx, now)
	if err != nil {
		return nil, err
	}
	made := &plan{}
	if made.Plan, err = s.newsletter.PlanOf(s.entries, s.problems, past, now); err != nil {
		return nil, err
	}
	made.findings = sync.OnceValues(func() ([]check.Finding, error) { return s.judge(made.Plan, past, now) })
	if s.plans == nil || len(s.plans) >= maxPlans {
		s.plans = map[time.Time]*plan{}
	}
	s.plans[now] = made
	return made, nil
}

// past is what the ledger remembers or, without one, what follows from the
// schedule and the entries' dates.
func (s *snapshot) past(ctx context.Context, now time.Time) (issue.Past, error) {
	n := s.newsletter
	if n.Ledger == nil {
		return n.Replay(s.entries, now), nil
	}
	past, err := n.Ledger.Past(ctx)
	if err != nil {
		return past, fmt.Errorf("read the past issues: %w", err)
	}
	return past, nil
}

// entry finds an entry by its file.
func (s *snapshot) entry(path string) (content.Entry, bool) {
	i := slices.IndexFunc(s.entries, func(e content.Entry) bool { return e.Path == path })
	if i < 0 {
		return content.Entry{}, false
	}
	return s.entries[i], true
}
