package preview

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

// nextIssue is what enters the issue that a plan is about, and what does not.
type nextIssue struct {
	Link    option
	Slot    string
	Quiet   bool
	Due     bool
	Size    int // bytes of the mail's HTML; 0 without a mail
	Limit   int
	Weight  string // the same, in words
	Cut     bool   // a mail program will hide its end
	In      []entryLine
	Out     []entryLine // drafts and what is due later
	Refused []entryLine // files without an entry
	Gone    gone        // sent, or older than all issues
}

// gone are the entries that no issue will have any more. There may be a
// thousand, so they have a page of their own, and each save draws only the
// link to it anew.
type gone struct {
	Count int
	URL   string
}

// entryLine is an entry in a list.
type entryLine struct {
	L             *locales.Locale
	Title, Reason string
	Lang          string
	Links         []option // one for each language
	Current       bool
	Bytes, Limit  int // of its share of the mail
	Size          string
	Shortened     bool // only its summary is in the mail
	Findings      int
	Error, Stale  bool
}

func (p *Preview) nextIssue(s *snapshot, st state, plan *plan) (nextIssue, error) {
	l := p.options.Words
	out := nextIssue{Quiet: plan.Quiet, Due: plan.Due}
	out.Link = option{
		Label: l.T("preview.heading.issue", "Number", plan.Number), URL: st.next().page(), ID: "next", Key: "n",
		Current: st.entry == "" && st.issue == 0,
	}
	out.Slot = l.Date("moment", plan.Slot.In(s.newsletter.Calendar.Zone()))
	sh := shown{issue: plan.Issue, others: plan.Documents, date: plan.Slot}
	sh.choose(s.newsletter, st.locale)
	shares, err := p.weigh(s, &out, sh)
	if err != nil {
		return out, err
	}
	reasons := map[string]issue.Verdict{}
	for _, v := range plan.Verdicts {
		reasons[v.Item.ID] = v
	}
	found, err := plan.findings()
	if err != nil {
		return out, err
	}
	count := tally(found)
	for _, it := range plan.Items {
		line := p.entryLine(s, st, it, count)
		for _, share := range shares {
			if slices.ContainsFunc(it.Versions, func(e content.Entry) bool { return e.Path == share.Path }) {
				line.Bytes, line.Limit, line.Size, line.Shortened = share.Bytes, gmail, p.kilobytes(share.Bytes), !share.Full
			}
		}
		if reasons[it.ID].Reason == issue.Late {
			line.Reason = p.reason(reasons[it.ID])
		}
		out.In = append(out.In, line)
	}
	for _, v := range plan.Verdicts {
		switch {
		case isGone(v):
			out.Gone.Count++
		case !v.Reason.In():
			line := p.entryLine(s, st, v.Item, count)
			line.Reason = p.reason(v)
			out.Out = append(out.Out, line)
		}
	}
	out.Gone.URL = address("/gone", st.query())
	out.Refused = p.refusedLines(s, st)
	return out, nil
}

func isGone(v issue.Verdict) bool { return v.Reason == issue.Sent || v.Reason == issue.TooOld }

// gonePage fills templates/preview/gone.html.
type gonePage struct {
	shell
	Back    string
	Entries []entryLine
}

func (p *Preview) serveGone(w http.ResponseWriter, r *http.Request) {
	s, st := p.current.Load(), stateOf(r.URL.Query())
	sh, err := p.show(r.Context(), s, st)
	if err != nil {
		p.fail(w, err)
		return
	}
	out := gonePage{shell: p.shell(s), Back: st.page()}
	for _, v := range slices.Backward(sh.plan.Verdicts) { // the latest first, as far as their names tell
		if isGone(v) {
			line := p.entryLine(s, st, v.Item, nil)
			line.Reason = p.reason(v)
			out.Entries = append(out.Entries, line)
		}
	}
	out.Title = p.options.Words.T("preview.gone", "Count", len(out.Entries))
	p.render(w, "gone", out)
}

// weigh says how much of what mail programs show the issue takes, and each
// entry of it.
func (p *Preview) weigh(s *snapshot, out *nextIssue, sh shown) ([]render.Share, error) {
	if sh.document.Locale == "" {
		return nil, nil
	}
	m, err := sh.compose(s.newsletter, s.newsletter.Base)
	if err != nil {
		return nil, err
	}
	out.Size, out.Limit, out.Cut = len(m.HTML), gmail, len(m.HTML) > gmail
	out.Weight = p.options.Words.T("preview.weight", "Size", p.kilobytes(out.Size))
	return s.newsletter.Renderer.Shares(sh.issue, sh.document)
}

type count struct {
	all int
	bad bool
}

// tally counts the findings of each file.
func tally(findings []check.Finding) map[string]count {
	counts := map[string]count{}
	for _, f := range findings {
		c := counts[f.File]
		counts[f.File] = count{c.all + 1, c.bad || f.Severity == content.Error}
	}
	return counts
}

func (p *Preview) entryLine(s *snapshot, st state, it issue.Item, counts map[string]count) entryLine {
	e, _ := it.Version(cmp.Or(st.locale, s.newsletter.Languages[0]))
	line := entryLine{L: p.options.Words, Title: cmp.Or(e.Title, e.Path), Lang: e.Lang}
	for _, v := range it.Versions {
		current := st.entry == v.Path
		line.Links = append(line.Links, option{Label: v.Lang, URL: st.alone(v.Path, "").page(), Current: current})
		line.Current = line.Current || current
		line.Findings += counts[v.Path].all
		line.Error = line.Error || counts[v.Path].bad
		line.Stale = line.Stale || s.stale[v.Path]
	}
	return line
}

// refusedLines are the files that give no entry, and never gave one.
func (p *Preview) refusedLines(s *snapshot, st state) []entryLine {
	var lines []entryLine
	told := map[string]bool{}
	for _, problem := range s.problems {
		if _, ok := s.entry(problem.File); ok || told[problem.File] || problem.Severity != content.Error {
			continue
		}
		told[problem.File] = true
		lines = append(lines, entryLine{
			L: p.options.Words, Title: problem.File, Error: true, Reason: p.options.Words.Format("finding."+problem.ID, problem.Args),
			Links: []option{{URL: st.alone(problem.File, "").page(), Current: st.entry == problem.File}}, Current: st.entry == problem.File,
		})
	}
	return lines
}

func (p *Preview) reason(v issue.Verdict) string {
	l, slot := p.options.Words, ""
	if !v.Slot.IsZero() {
		slot = l.Date("moment", v.Slot)
	}
	return l.T("reason."+string(v.Reason), "Number", v.Number, "Slot", slot, "Path", v.Item.Versions[0].Path)
}

// past lists the issues that the ledger remembers, the newest first.
func (p *Preview) past(ctx context.Context, s *snapshot, st state) ([]option, error) {
	if s.newsletter.Ledger == nil {
		return nil, nil
	}
	issues, err := s.newsletter.Ledger.Issues(ctx)
	if err != nil {
		return nil, err
	}
	l := p.options.Words
	var options []option
	for _, is := range issues {
		options = append(options, option{
			Label: l.T("preview.heading.issue", "Number", is.Number), Note: l.Date("short", is.Slot.In(s.newsletter.Calendar.Zone())),
			URL: st.past(is.Number).page(), ID: "issue-" + strconv.Itoa(is.Number), Current: st.issue == is.Number,
		})
	}
	return options, nil
}

// finding is something to mend, in the author's words.
type finding struct {
	Error      bool
	Place      string
	URL        template.URL // opens the place; "" when there is none
	What, Mend string
	Rule, RGAA string
}

func (p *Preview) findings(s *snapshot, found []check.Finding) []finding {
	l := p.options.Words
	var list []finding
	for _, f := range check.Sorted(found) {
		out := finding{
			Error: f.Severity == content.Error, Rule: f.Rule, RGAA: f.RGAA,
			What: l.Format("finding."+f.ID, f.Args),
		}
		if f.File != "" {
			out.Place = s.newsletter.Prefix + f.File
			if f.Line > 0 {
				out.Place += ":" + strconv.Itoa(f.Line)
			}
			out.URL = s.newsletter.opener(f.File, f.Line)
		}
		if mend := "finding." + f.ID + ".mend"; l.Has(mend) {
			out.Mend = l.Format(mend, f.Args)
		}
		list = append(list, out)
	}
	return list
}

// opener is the address that opens a file at a line: the editor's, whose form
// the settings give and were checked for, or a page of the preview.
func (n *Newsletter) opener(file string, line int) template.URL {
	line = max(line, 1)
	if n.Editor == "" || !utf8.ValidString(file) {
		return template.URL(fileAddress(file, line))
	}
	path := filepath.ToSlash(filepath.Join(n.Folder, filepath.FromSlash(file)))
	escaped := (&url.URL{Path: path}).EscapedPath()
	return template.URL(strings.NewReplacer("{path}", escaped, "{line}", strconv.Itoa(line)).Replace(n.Editor))
}
