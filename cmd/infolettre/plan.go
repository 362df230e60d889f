package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
)

func (a *app) planCommand() *cobra.Command {
	var asJSON bool
	var at, since string
	var weeks int
	c := a.command("plan", "", func(c *cobra.Command, _ []string) error {
		if c.Flags().Changed("weeks") && (weeks < 1 || weeks > maxWeeks) {
			return a.misuse("stats.bad-weeks", "Most", maxWeeks)
		}
		return a.plan(c.Context(), at, since, weeks, asJSON)
	})
	c.Args = a.args(0, 0)
	c.Flags().BoolVar(&asJSON, "json", false, a.words.T("flag.json"))
	c.Flags().IntVar(&weeks, "weeks", 0, a.words.T("flag.weeks"))
	c.Flags().StringVar(&at, "at", "", a.words.T("flag.at"))
	c.Flags().StringVar(&since, "since", "", a.words.T("flag.since"))
	return c
}

func (a *app) plan(ctx context.Context, at, since string, weeks int, asJSON bool) error {
	c, err := a.loadConfig()
	if err != nil {
		return err
	}
	n, err := a.openNewsletter(c, nil)
	if err != nil {
		return err
	}
	now, err := a.moment(at, c.zone)
	if err != nil {
		return err
	}
	entries, problems, err := n.Load()
	if err != nil {
		return err
	}
	past, counts, err := a.past(ctx, c, n, entries, now)
	if err != nil {
		return err
	}
	if err := a.reachBack(&past, since, c); err != nil {
		return err
	}
	if weeks > 0 {
		return a.planWeeks(ctx, c, n.Forecast(entries, past, now, now.AddDate(0, 0, 7*weeks)), weeks, asJSON)
	}
	plan, err := n.PlanOf(entries, problems, past, now)
	if err != nil {
		return err
	}
	mails, err := sampleMails(c, n, plan)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(a.planJSON(c, n, plan, mails, counts))
	}
	a.printPlan(n, plan, mails, counts)
	a.report(c.Content.Folder, plan.Problems)
	return nil
}

// moment reads a time given on the command line; none means now.
func (a *app) moment(s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return a.now().In(zone), nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t.In(zone), nil
		}
	}
	return time.Time{}, a.misuse("cli.bad-time", "Value", s)
}

// reachBack sets how far back the very first issue reaches.
func (a *app) reachBack(past *issue.Past, since string, c config) error {
	if since == "" {
		return nil
	}
	if !past.Empty() {
		return a.misuse("cli.since-too-late", "Number", past.Number)
	}
	begin, err := a.moment(since, c.zone)
	past.Begin = begin
	return err
}

// when writes a moment with its zone, in the user's language.
func (a *app) when(t time.Time) string {
	return a.words.Date("moment", t) + " (" + t.Format("MST") + ")"
}

func (a *app) printPlan(n *pipeline.Newsletter, plan pipeline.Plan, mails []sampleMail, counts map[string]int) {
	zone := n.Calendar.Zone()
	title := "plan.coming"
	switch {
	case plan.Quiet:
		title = "plan.quiet"
	case plan.Due:
		title = "plan.due"
	}
	a.say(title, "Number", plan.Number, "Slot", a.when(plan.Slot.In(zone)), "Zone", zone.String())
	a.say("plan.window", "From", a.words.Date("moment", plan.From.In(zone)), "To", a.words.Date("moment", plan.To.In(zone)))
	verdicts := ordered(plan)
	a.printVerdicts("plan.in", verdicts, func(r issue.Reason) bool { return r.In() })
	a.printVerdicts("plan.out", verdicts, func(r issue.Reason) bool { return !r.In() && r != issue.Sent })
	if sent := countReason(plan.Verdicts, issue.Sent); sent > 0 {
		a.say("plan.sent", "Count", sent)
	}
	if counts != nil && total(counts) == 0 {
		a.say("plan.no-readers")
	} else if counts != nil {
		a.say("plan.readers", "Count", total(counts), "Languages", a.byLanguage(counts))
	}
	for _, m := range mails {
		d := m.document
		a.say("plan.document", "Locale", d.Locale, "Subject", d.Subject, "Size", a.kilobytes(m.size))
		if d.Summarized > 0 {
			a.say("plan.summarized", "Count", d.Summarized)
		}
	}
}

// ordered are the verdicts as readers will see the entries, then, by their
// dates, those on the others.
func ordered(plan pipeline.Plan) []issue.Verdict {
	position := map[string]int{}
	for i, it := range plan.Items {
		position[it.ID] = i - len(plan.Items) // below nought: before the others
	}
	return slices.SortedStableFunc(slices.Values(plan.Verdicts), func(x, y issue.Verdict) int {
		return cmp.Or(cmp.Compare(position[x.Item.ID], position[y.Item.ID]), x.Item.Date().Compare(y.Item.Date()))
	})
}

func (a *app) printVerdicts(heading string, verdicts []issue.Verdict, which func(issue.Reason) bool) {
	chosen := slices.DeleteFunc(slices.Clone(verdicts), func(v issue.Verdict) bool { return !which(v.Reason) })
	if len(chosen) == 0 {
		return
	}
	fmt.Fprintln(a.stdout)
	a.say(heading, "Count", len(chosen))
	for _, v := range chosen {
		e := v.Item.Versions[0]
		fmt.Fprintf(a.stdout, "  %s  %s (%s)\n", e.Date.Format("2006-01-02"), cmp.Or(e.Title, e.Path), a.languages(v.Item))
		fmt.Fprintf(a.stdout, "              %s\n", a.reason(v))
	}
}

func (a *app) reason(v issue.Verdict) string {
	slot := ""
	if !v.Slot.IsZero() {
		slot = a.words.Date("moment", v.Slot)
	}
	return a.words.T("reason."+string(v.Reason), "Number", v.Number, "Slot", slot, "Path", v.Item.Versions[0].Path)
}

func (a *app) languages(it issue.Item) string {
	list := ""
	for i, v := range it.Versions {
		if i > 0 {
			list += ", "
		}
		list += v.Lang
	}
	return list
}

func countReason(verdicts []issue.Verdict, reason issue.Reason) int {
	n := 0
	for _, v := range verdicts {
		if v.Reason == reason {
			n++
		}
	}
	return n
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// byLanguage writes "fr 5, en 3".
func (a *app) byLanguage(counts map[string]int) string {
	list := ""
	for _, lang := range slices.Sorted(maps.Keys(counts)) {
		if list != "" {
			list += ", "
		}
		list += lang + "\u00a0" + a.words.Number(counts[lang])
	}
	return list
}

// planJSON is what plan --json prints. Times are RFC 3339, sizes bytes.
type planJSON struct {
	Number     int            `json:"number"`
	Slot       time.Time      `json:"slot"`
	From       time.Time      `json:"from"`
	To         time.Time      `json:"to"`
	Zone       string         `json:"zone"`
	Due        bool           `json:"due"`
	Quiet      bool           `json:"quiet"`
	Commit     string         `json:"commit,omitempty"`
	Entries    []entryJSON    `json:"entries"`
	Recipients map[string]int `json:"recipients"` // by language; null without a database
	Documents  []documentJSON `json:"documents"`
	Problems   []problemJSON  `json:"problems"`
}

type entryJSON struct {
	ID     string     `json:"id"`
	Title  string     `json:"title"`
	Date   time.Time  `json:"date"`
	Paths  []string   `json:"paths"`
	In     bool       `json:"in"`
	Reason string     `json:"reason"`
	Number int        `json:"number,omitempty"`
	Slot   *time.Time `json:"slot,omitempty"`
}

type documentJSON struct {
	Locale     string `json:"locale"`
	Subject    string `json:"subject"`
	Preheader  string `json:"preheader"`
	Size       int    `json:"size"`
	Full       int    `json:"full"`
	Summarized int    `json:"summarized"`
}

type problemJSON struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	What     string `json:"what"`
	Mend     string `json:"mend,omitempty"`
}

func (a *app) planJSON(c config, n *pipeline.Newsletter, plan pipeline.Plan, mails []sampleMail, counts map[string]int) planJSON {
	out := planJSON{
		Number: plan.Number, Slot: plan.Slot, From: plan.From, To: plan.To, Zone: n.Calendar.Zone().String(),
		Due: plan.Due, Quiet: plan.Quiet, Commit: plan.Commit, Recipients: counts,
		Entries: []entryJSON{}, Documents: []documentJSON{}, Problems: a.problemsJSON(c.Content.Folder, plan.Problems),
	}
	for _, v := range ordered(plan) {
		e := entryJSON{ID: v.Item.ID, Title: v.Item.Versions[0].Title, Date: v.Item.Date(), In: v.Reason.In(), Reason: string(v.Reason), Number: v.Number}
		if !v.Slot.IsZero() {
			e.Slot = &v.Slot
		}
		for _, version := range v.Item.Versions {
			e.Paths = append(e.Paths, version.Path)
		}
		out.Entries = append(out.Entries, e)
	}
	for _, m := range mails {
		d := m.document
		out.Documents = append(out.Documents, documentJSON{d.Locale, d.Subject, d.Preheader, m.size, d.Full, d.Summarized})
	}
	return out
}

func (a *app) problemsJSON(folder string, problems []content.Problem) []problemJSON {
	out := []problemJSON{}
	for _, f := range check.Sorted(check.FromAll(problems)) {
		j := problemJSON{ID: f.ID, Severity: "warning", File: folder + "/" + f.File, Line: f.Line}
		if f.Severity == content.Error {
			j.Severity = "error"
		}
		j.What, j.Mend = a.said(f)
		out = append(out, j)
	}
	return out
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
