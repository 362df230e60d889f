package check

import (
	"slices"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
)

// Together finds what only entries side by side show: a link that comes twice
// in one language, or that readers got in one of the last issues. The entries
// are those that have still to be sent.
func Together(c Context, entries []content.Entry) []Finding {
	first := map[[2]string]place{} // language and page → the link
	var findings []Finding
	for _, e := range entries {
		out, err := outline(e)
		if err != nil {
			continue // rendering refuses the entry
		}
		for _, l := range out.Links {
			page := Link(l.URL)
			if page == "" || page == Link(c.Base) {
				continue
			}
			if number := c.Sent[page]; number > 0 {
				findings = append(findings, From(content.Problem{ID: "link-sent", File: e.Path, Line: l.Line,
					Args: map[string]any{"URL": shown(l.URL), "Number": number}}))
			}
			key := [2]string{e.Lang, page}
			at, twice := first[key]
			if !twice {
				first[key] = place{e.Path, l.Line}
				continue
			}
			if at != (place{e.Path, l.Line}) {
				findings = append(findings, From(content.Problem{ID: "link-duplicate", File: e.Path, Line: l.Line,
					Args: map[string]any{"URL": shown(l.URL), "File": at.file, "Line": at.line}}))
			}
		}
	}
	return findings
}

type place struct {
	file string
	line int
}

// Beyond these an entry's date is more likely a slip than a plan.
const (
	farFuture = 92 * 24 * time.Hour
	farPast   = 366 * 24 * time.Hour

	archive = 20 // so many entries that are too old were meant to be
)

// Dates finds entries that no issue, or only one far away, will have, going
// by their dates. A team that brings its archive along is told nothing of it.
func Dates(c Context, verdicts []issue.Verdict) []Finding {
	var future, past []Finding
	for _, v := range verdicts {
		for _, e := range v.Item.Versions {
			args := map[string]any{"Date": e.Date}
			p := content.Problem{File: e.Path, Line: e.Lines["date"], Args: args}
			switch {
			case v.Reason == issue.Later && e.Date.Sub(c.Now) > farFuture:
				p.ID = "date-future"
				future = append(future, From(p))
			case (v.Reason == issue.TooOld || v.Reason == issue.Late) && c.Now.Sub(e.Date) > farPast:
				p.ID = "date-past"
				past = append(past, From(p))
			}
		}
	}
	if len(past) > archive {
		past = nil
	}
	return slices.Concat(future, past)
}

// Pending are the entries that have still to be sent, in the order of their
// verdicts.
func Pending(verdicts []issue.Verdict) []content.Entry {
	var entries []content.Entry
	for _, v := range verdicts {
		if v.Reason.In() || v.Reason == issue.Later {
			entries = append(entries, v.Item.Versions...)
		}
	}
	slices.SortStableFunc(entries, func(a, b content.Entry) int {
		if d := a.Date.Compare(b.Date); d != 0 {
			return d
		}
		return strings.Compare(a.Path, b.Path)
	})
	return entries
}
