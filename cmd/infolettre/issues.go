package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
)

// allCases is no limit: who asks for an issue wants every name.
const allCases = math.MaxInt32

func (a *app) issuesCommand() *cobra.Command {
	c := a.command("issues", "", nil)
	a.group(c)
	var asJSON bool
	list := a.command("issues.list", "", func(c *cobra.Command, _ []string) error {
		return a.withStore(c.Context(), func(ctx context.Context, conf config, s *store.Store) error {
			return a.listIssues(ctx, conf, s, asJSON)
		})
	})
	list.Args = a.args(0, 0)
	show := a.command("issues.show", "N", func(c *cobra.Command, args []string) error {
		return a.withIssue(c.Context(), args[0], func(ctx context.Context, conf config, s *store.Store, is deliver.Issue) error {
			return a.showIssue(ctx, conf, s, is, asJSON)
		})
	})
	show.Args = a.args(1, 1)
	for _, sub := range []*cobra.Command{list, show} {
		sub.Flags().BoolVar(&asJSON, "json", false, a.words.T("flag.json"))
		c.AddCommand(sub)
	}
	c.AddCommand(a.retryCommand(), a.uncertainCommand())
	c.AddCommand(a.gateCommands()...)
	c.AddCommand(a.correctCommand(), a.resendCommand())
	return c
}

// withStore opens the database that the configuration names.
func (a *app) withStore(ctx context.Context, do func(context.Context, config, *store.Store) error) error {
	return a.useStore(ctx, false, do)
}

func (a *app) useStore(ctx context.Context, create bool, do func(context.Context, config, *store.Store) error) error {
	c, err := a.loadConfig()
	if err != nil {
		return err
	}
	s, err := a.openStore(ctx, c, create)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, c, s), s.Close())
}

// issueJSON is what issues list|show --json print. Times are RFC 3339.
type issueJSON struct {
	Number     int                   `json:"number"`
	Revision   int                   `json:"revision,omitempty"` // which correction was sent
	Slot       time.Time             `json:"slot"`
	From       time.Time             `json:"from"`
	To         time.Time             `json:"to"`
	State      deliver.IssueState    `json:"state"`
	Policy     deliver.Policy        `json:"uncertain_policy"`
	Hash       string                `json:"hash"`
	Commit     string                `json:"commit,omitempty"`
	Ordered    time.Time             `json:"ordered"`
	Deadline   time.Time             `json:"deadline"`
	Deliveries map[deliver.State]int `json:"deliveries"` // by state, all of them
	Entries    []titleJSON           `json:"entries,omitempty"`
	Uncertain  []caseJSON            `json:"uncertain"` // ever in doubt, whatever became of them
	Waiting    []caseJSON            `json:"waiting,omitempty"`
	Refused    []caseJSON            `json:"refused,omitempty"`
	Errata     []erratumJSON         `json:"errata,omitempty"`  // what was corrected on its page, the oldest first
	Resends    []issueJSON           `json:"resends,omitempty"` // of its corrections, the oldest first
}

type erratumJSON struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	Text   string    `json:"text,omitempty"`
}

type titleJSON struct {
	ID    string `json:"id"`
	Path  string `json:"path"`
	Lang  string `json:"lang"`
	Title string `json:"title"`
	Hash  string `json:"hash"`
}

type caseJSON struct {
	Address string        `json:"address"`
	Locale  string        `json:"locale"`
	State   deliver.State `json:"state"`
	Class   deliver.Class `json:"class,omitempty"`
	Reply   string        `json:"reply,omitempty"`
	Until   *time.Time    `json:"until,omitempty"`
	Doubted *time.Time    `json:"doubted,omitempty"`
	Doubt   string        `json:"doubt,omitempty"`
}

func issueToJSON(ctx context.Context, s *store.Store, is deliver.Issue, zone *time.Location) (issueJSON, error) {
	tally, err := s.Tally(ctx, is.Number)
	if err != nil {
		return issueJSON{}, err
	}
	cases, err := s.Cases(ctx, is.Number, allCases)
	if err != nil {
		return issueJSON{}, err
	}
	j := issueJSON{
		Number: is.Public(), Revision: is.Revision, Slot: is.Slot.In(zone), From: is.From.In(zone), To: is.To.In(zone), State: is.State, Policy: is.Policy,
		Hash: is.Hash, Commit: is.Commit, Ordered: is.Ordered.In(zone), Deadline: is.Deadline.In(zone),
		Deliveries: map[deliver.State]int{}, Uncertain: []caseJSON{},
	}
	for _, state := range deliver.States {
		j.Deliveries[state] = tally[state]
	}
	for _, c := range cases {
		row := caseJSON{Address: c.Address.String(), Locale: c.Locale, State: c.State, Class: c.Class, Reply: c.Reply.String(), Doubt: c.Doubt}
		if !c.Doubted.IsZero() {
			doubted := c.Doubted.In(zone)
			row.Doubted = &doubted
			j.Uncertain = append(j.Uncertain, row)
		}
		switch c.State {
		case deliver.Pending:
			until := c.NextAt.In(zone)
			row.Until = &until
			j.Waiting = append(j.Waiting, row)
		case deliver.Refused:
			j.Refused = append(j.Refused, row)
		}
	}
	return j, nil
}

// withCorrections is issueToJSON with the issue's errata and the sendings of
// its corrections.
func withCorrections(ctx context.Context, s *store.Store, is deliver.Issue, zone *time.Location) (issueJSON, error) {
	j, err := issueToJSON(ctx, s, is, zone)
	if err != nil {
		return j, err
	}
	errata, err := s.Errata(ctx, is.Number)
	if err != nil {
		return j, err
	}
	for _, e := range errata {
		j.Errata = append(j.Errata, erratumJSON{e.At.In(zone), e.Reason, e.Text})
	}
	resends, err := s.Resends(ctx, is.Number)
	if err != nil {
		return j, err
	}
	for _, again := range resends {
		r, err := issueToJSON(ctx, s, again, zone)
		if err != nil {
			return j, err
		}
		j.Resends = append(j.Resends, r)
	}
	return j, nil
}

func (a *app) listIssues(ctx context.Context, c config, s *store.Store, asJSON bool) error {
	issues, err := s.Issues(ctx)
	if err != nil {
		return err
	}
	list := []issueJSON{}
	for _, is := range issues {
		j, err := withCorrections(ctx, s, is, c.zone)
		if err != nil {
			return err
		}
		list = append(list, j)
	}
	if asJSON {
		return a.printJSON(list)
	}
	if len(list) == 0 {
		a.say("issues.none")
	}
	for _, j := range list {
		a.printIssue(j)
		a.printErrata(j)
		for _, r := range j.Resends {
			a.printResend(r)
		}
	}
	return nil
}

func (a *app) printIssue(j issueJSON) {
	a.say("issues.line", "Number", j.Number, "Slot", a.words.Date("moment", j.Slot), "State", a.words.T("issue-state."+string(j.State)),
		"States", a.tallyWords(j.Deliveries))
}

// printErrata says it as the page does.
func (a *app) printErrata(j issueJSON) {
	for _, e := range j.Errata {
		fmt.Fprintln(a.stdout, "  "+a.words.T("erratum.corrected", "Date", a.words.Date("short", e.At), "What", strings.TrimSpace(e.Reason+" "+e.Text)))
	}
}

func (a *app) printResend(j issueJSON) {
	a.say("issues.resent", "When", a.words.Date("moment", j.Ordered), "State", a.words.T("issue-state."+string(j.State)),
		"States", a.tallyWords(j.Deliveries))
}

func (a *app) showIssue(ctx context.Context, c config, s *store.Store, is deliver.Issue, asJSON bool) error {
	j, err := withCorrections(ctx, s, is, c.zone)
	if err != nil {
		return err
	}
	titles, err := s.Titles(ctx, is.Number)
	if err != nil {
		return err
	}
	for _, t := range titles {
		j.Entries = append(j.Entries, titleJSON{t.Entry, t.Path, t.Lang, t.Title, t.Hash})
	}
	if asJSON {
		return a.printJSON(j)
	}
	a.printIssue(j)
	a.say("plan.window", "From", a.words.Date("moment", j.From), "To", a.words.Date("moment", j.To))
	if j.Commit != "" {
		a.say("issues.commit", "Commit", j.Commit)
	}
	for _, e := range j.Entries {
		fmt.Fprintf(a.stdout, "  %s (%s)\n", e.Title, e.Path)
	}
	a.printErrata(j)
	a.printCases(j)
	for _, r := range j.Resends {
		a.printResend(r)
		a.printCases(r)
	}
	return nil
}

// printCases lists the deliveries that somebody may have to look after.
func (a *app) printCases(j issueJSON) {
	for _, row := range j.Uncertain {
		a.say("issues.doubted", "Address", row.Address, "Doubt", causeWords(a.words, row.Doubt), "When", a.words.Date("moment", *row.Doubted),
			"State", a.words.T("delivery."+string(row.State)))
	}
	for _, row := range j.Waiting {
		a.say("send.waits", "Address", row.Address, "Until", a.words.Date("moment", *row.Until), "Reply", causeWords(a.words, row.Reply))
	}
	for _, row := range j.Refused {
		a.say("issues.refused", "Address", row.Address, "Class", a.words.T("class."+string(row.Class)), "Reply", causeWords(a.words, row.Reply), "Key", string(row.Class))
	}
}
