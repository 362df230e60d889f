package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
)

// touchedEntry is an entry of the change, and where it goes.
type touchedEntry struct {
	entry   content.Entry
	verdict issue.Verdict
}

// touched are the entries of the change; without one, those that were named
// or else those of the next issue.
func (r review) touched() []touchedEntry {
	var list []touchedEntry
	for _, v := range r.plan.Verdicts {
		for _, e := range r.entries {
			if e.ID == v.Item.ID && r.concerns(e, v) {
				list = append(list, touchedEntry{e, v})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b touchedEntry) int {
		return cmp.Or(a.entry.Date.Compare(b.entry.Date), strings.Compare(a.entry.Path, b.entry.Path))
	})
	return list
}

func (r review) concerns(e content.Entry, v issue.Verdict) bool {
	switch {
	case !r.named.has(e.Path):
		return false
	case r.since != "":
		return r.changes.Touched[e.Path] || r.changes.Renamed[e.Path] != ""
	}
	return len(r.named) > 0 || v.Reason.In()
}

// slot is when the entry is, or was, due; zero for one that no issue takes.
func (t touchedEntry) slot(r review) time.Time {
	if t.verdict.Reason.In() {
		return r.plan.Slot
	}
	return t.verdict.Slot
}

// number is that of the entry's issue, 0 when it cannot be foretold.
func (t touchedEntry) number(r review) int {
	switch v := t.verdict; {
	case v.Reason.In():
		return r.plan.Number
	case v.Reason == issue.Later:
		if ahead := slotsBetween(r.calendar, r.plan.Slot, v.Slot); ahead > 0 {
			return r.plan.Number + ahead
		}
	case v.Reason == issue.Sent:
		return v.Number
	}
	return 0
}

// destination says in which issue an entry goes, and when.
func (a *app) destination(r review, t touchedEntry) string {
	switch v := t.verdict; {
	case v.Reason.In():
		return a.words.T("check.goes", "Number", r.plan.Number, "Slot", a.when(r.plan.Slot.In(r.calendar.Zone())))
	case v.Reason == issue.Later && t.number(r) > 0:
		return a.words.T("check.goes-later", "Number", t.number(r), "Slot", a.when(v.Slot.In(r.calendar.Zone())))
	default:
		return a.reason(t.verdict)
	}
}

// commentMark begins a comment, for the job that posts it to find it again.
const commentMark = "<!-- infolettre-check -->"

// maxComment bounds the findings of a comment: GitHub takes 65,536 characters.
const maxComment = 50

// comment is the report of a pull request in a forge's Markdown. All that
// authors wrote stands in code spans, in which no forge looks for links,
// mentions, references or HTML.
func (a *app) comment(c config, r review) string {
	place := c.published()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n### %s\n", commentMark, a.words.T("check.comment-title", "Summary", a.summary(r)))
	entries, findings := "check.comment-entries", "check.comment-findings"
	if r.since != "" {
		entries, findings = "check.comment-changed", "check.comment-new"
	}
	if touched := r.touched(); len(touched) > 0 {
		fmt.Fprintf(&b, "\n**%s**\n\n", a.words.T(entries, "Count", len(touched)))
		for _, t := range touched {
			fmt.Fprintf(&b, "- %s (%s, %s)\n  %s\n", code(t.entry.Title), t.entry.Lang, code(place(t.entry.Path)), escaped(a.destination(r, t)))
		}
	}
	if len(r.findings) > 0 {
		fmt.Fprintf(&b, "\n**%s**\n\n", a.words.T(findings))
		a.commentFindings(&b, r, place)
	}
	if len(r.mails) > 0 {
		fmt.Fprintf(&b, "\n**%s**\n\n", a.words.T("check.comment-mail", "Number", r.plan.Number, "Slot", a.when(r.plan.Slot.In(c.zone))))
		for _, m := range r.mails {
			fmt.Fprintf(&b, "- %s\n", a.words.T("check.comment-document", "Locale", m.document.Locale, "Subject", code(m.document.Subject),
				"Length", len([]rune(m.document.Subject)), "Preheader", code(m.document.Preheader), "Size", a.kilobytes(m.size), "Limit", a.kilobytes(c.Newsletter.Budget)))
		}
	}
	return b.String()
}

func (a *app) commentFindings(b *strings.Builder, r review, place func(string) string) {
	shown := slices.Clone(r.findings)
	slices.SortStableFunc(shown, func(f, g check.Finding) int { return cmp.Compare(g.Severity, f.Severity) })
	for _, f := range shown[:min(len(shown), maxComment)] {
		where := a.words.T("check.issue-place", "Number", r.plan.Number)
		if f.File != "" {
			where = code(strings.TrimSuffix(placeOf(place(f.File), f.Line), ":"))
		}
		kind := "check.comment-warning"
		if f.Severity == content.Error {
			kind = "check.comment-error"
		}
		fmt.Fprintf(b, "- %s\n  %s", a.words.T(kind, "Place", where), a.quoted("finding."+f.ID, f.Args))
		if mend := "finding." + f.ID + ".mend"; a.words.Has(mend) {
			fmt.Fprintf(b, " %s", a.quoted(mend, f.Args))
		}
		fmt.Fprintf(b, " (%s)\n", code(name(f)))
	}
	if more := len(shown) - maxComment; more > 0 {
		fmt.Fprintf(b, "- %s\n", a.words.T("check.comment-more", "Count", more))
	}
}

// kilobytes is a size as mail programs count it, rounded up.
func (a *app) kilobytes(size int) string { return a.words.Number((size + 999) / 1000) }

// quoted is a message as Markdown, its textual arguments in code spans. They
// are put in last: until then private characters stand for them.
func (a *app) quoted(id string, args map[string]any) string {
	const private = '\uE000'
	stand, pairs := map[string]any{}, []string{}
	for name, value := range args {
		text, ok := value.(string)
		if !ok || text == "" {
			stand[name] = value
			continue
		}
		mark := string(private + rune(len(pairs)/2))
		stand[name] = mark
		pairs = append(pairs, mark, code(text))
	}
	return strings.NewReplacer(pairs...).Replace(escaped(a.words.Format(id, stand)))
}

// markdownSigns are those that mean something inside a line.
var markdownSigns = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "#", `\#`, "|", `\|`, "~", `\~`, "@", `\@`, "&", `\&`, "://", `\://`,
)

// escaped is a line of ours as Markdown.
func escaped(text string) string { return markdownSigns.Replace(text) }

// code is a text as a code span, on one line: its fence is longer than any
// run of backticks in it (CommonMark 0.31, 6.1).
func code(text string) string {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text))
	if text == "" {
		return "–"
	}
	longest, run := 0, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}
