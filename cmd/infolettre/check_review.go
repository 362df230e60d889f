package main

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/render/mailrules"
	"github.com/infolettre/infolettre/pipeline/store"
)

// sampleMail is a document as a reader who does not exist would get it.
type sampleMail struct {
	document   render.Document
	raw        []byte
	text, page string
	size       int // bytes of the HTML part
}

// sampleMails composes a planned issue in every language, for a reader who
// does not exist.
func sampleMails(c config, n *pipeline.Newsletter, plan pipeline.Plan) (mails []sampleMail, err error) {
	if len(plan.Documents) == 0 {
		return nil, nil
	}
	composer, err := sampleComposer(c, n.Headers, plan.Number, plan.Slot, plan.Documents, false)
	if err != nil {
		return nil, err
	}
	for _, d := range plan.Documents {
		m := sampleMail{document: d}
		reader := sampleReader(d.Locale)
		if m.raw, err = composer.Append(nil, reader, d.Locale); err != nil {
			return nil, err
		}
		if m.text, m.page, err = composer.Parts(reader, d.Locale); err != nil {
			return nil, err
		}
		m.size = len(m.page)
		mails = append(mails, m)
	}
	return mails, nil
}

// review looks at the named entries and at the next issue.
func (a *app) review(ctx context.Context, c config, n *pipeline.Newsletter, now time.Time, named selection) (review, error) {
	r := review{named: named, at: now, calendar: n.Calendar}
	entries, problems, err := n.Load()
	if err != nil {
		return r, err
	}
	r.entries = entries
	past, sent, err := a.memory(ctx, c, n, entries, now)
	if err != nil {
		return r, err
	}
	if r.plan, err = n.PlanOf(entries, problems, past, now); err != nil {
		return r, err
	}
	about := check.Context{Files: n.Entries, Renderer: n.Renderer, Base: n.Base, Now: now, Sent: sent}
	findings := slices.Concat(
		check.FromAll(problems), check.FromAll(r.plan.Problems),
		eachEntry(about, slices.DeleteFunc(slices.Clone(entries), func(e content.Entry) bool { return !named.has(e.Path) })),
		check.Together(about, check.Pending(r.plan.Verdicts)), check.Dates(about, r.plan.Verdicts),
		check.Sections(r.plan.Verdicts, n.Languages[0], n.Issues.Sections),
	)
	judged, err := r.judgeMails(c, n)
	if err != nil {
		return r, err
	}
	r.keep(append(findings, judged...))
	return r, nil
}

// eachEntry looks at the entries on all processors, and keeps their order.
func eachEntry(about check.Context, entries []content.Entry) []check.Finding {
	found := make([][]check.Finding, len(entries))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(entries)) {
		workers.Go(func() {
			for i := range next {
				found[i] = check.Entry(about, entries[i])
			}
		})
	}
	for i := range entries {
		next <- i
	}
	close(next)
	workers.Wait()
	return slices.Concat(found...)
}

// keep leaves the findings of the named files and those of the issue as a
// whole. What is wrong with an entry that was sent cannot be mended any more,
// and no reader will see what is wrong with one that is older than all issues,
// unless its date is a slip; if it was not named, it is counted only.
func (r *review) keep(findings []check.Finding) {
	gone := map[string]bool{}
	for _, v := range r.plan.Verdicts {
		for _, e := range v.Item.Versions {
			gone[e.Path] = (v.Reason == issue.Sent || v.Reason == issue.TooOld) && len(r.named) == 0
		}
	}
	for _, f := range check.Sorted(findings) {
		switch {
		case f.File != "" && !r.named.has(f.File):
		case gone[f.File] && f.ID != "date-past":
			r.past++
		default:
			r.findings = append(r.findings, f)
		}
	}
}

// judgeMails composes the next issue in every language and judges the bytes.
func (r *review) judgeMails(c config, n *pipeline.Newsletter) ([]check.Finding, error) {
	var err error
	if r.mails, err = sampleMails(c, n, r.plan); err != nil {
		return nil, err
	}
	var findings []check.Finding
	for _, m := range r.mails {
		d := m.document
		var entries []content.Entry
		for _, it := range r.plan.Items {
			e, _ := it.Version(d.Locale)
			entries = append(entries, e)
		}
		footer := []string{c.Newsletter.Organization}
		findings = append(findings, check.Mail(m.raw, mailrules.Options{Locale: d.Locale, Footer: footer}, entries)...)
		if d.Summarized > 0 {
			findings = append(findings, check.From(content.Problem{ID: "issue-shortened", Args: map[string]any{"Count": d.Summarized}}))
		}
	}
	return findings, nil
}

// memory is what earlier issues leave behind, and the links of the last of
// them: from the ledger or, without one, from the schedule and the entries.
func (a *app) memory(ctx context.Context, c config, n *pipeline.Newsletter, entries []content.Entry, now time.Time) (issue.Past, map[string]int, error) {
	s, err := store.Open(ctx, c.database(), false)
	if errors.Is(err, store.ErrNoFile) {
		past := n.Replay(entries, now)
		return past, check.SentLinks(entries, past), nil
	}
	if err != nil {
		return issue.Past{}, nil, err
	}
	defer s.Close()
	past, err := s.Past(ctx)
	if err != nil {
		return past, nil, err
	}
	sent, err := sentLinks(ctx, s, past.Number)
	return past, sent, err
}

// sentLinks reads them out of the frozen documents, which hold what was sent.
func sentLinks(ctx context.Context, s *store.Store, last int) (map[string]int, error) {
	issues, err := s.Issues(ctx)
	if err != nil {
		return nil, err
	}
	sent := map[string]int{}
	for _, is := range slices.Backward(issues) { // the newest come first
		if !check.Recent(is.Number, last) {
			continue
		}
		documents, err := s.Documents(ctx, is.Number)
		if err != nil {
			return nil, err
		}
		for _, d := range documents {
			for _, target := range mailrules.Targets([]byte(d.HTML)) {
				if page := check.Link(target); page != "" && !strings.Contains(target, d.Mark(render.Base)) {
					sent[page] = is.Number
				}
			}
		}
	}
	return sent, nil
}
