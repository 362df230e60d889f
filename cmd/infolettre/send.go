package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
)

type sendFlags struct {
	yes, dryRun, wait, addresses bool
	test, since                  string
}

func (a *app) sendCommand() *cobra.Command {
	var f sendFlags
	c := a.command("send", "", func(c *cobra.Command, _ []string) error {
		conf, err := a.loadConfig()
		if err != nil {
			return err
		}
		if len(conf.Delivery.Servers) == 0 {
			return a.fail(nil, "send.no-server", "Path", a.configPath)
		}
		if f.test != "" {
			return a.sendTest(c.Context(), conf, f.test)
		}
		keys, err := conf.strayExamples()
		if err != nil {
			return err
		}
		if len(keys) > 0 && !f.dryRun {
			return a.fail(nil, "send.examples", "Keys", strings.Join(keys, ", "))
		}
		return a.send(c.Context(), conf, f)
	})
	c.Args = a.args(0, 0)
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, a.words.T("flag.yes"))
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, a.words.T("flag.dry-run"))
	c.Flags().BoolVar(&f.wait, "wait", false, a.words.T("flag.wait"))
	c.Flags().BoolVar(&f.addresses, "addresses", false, a.words.T("flag.addresses"))
	c.Flags().StringVar(&f.test, "test", "", a.words.T("flag.test"))
	c.Flags().StringVar(&f.since, "since", "", a.words.T("flag.since"))
	return c
}

// send takes up the issues that are not done, then makes the one that is due.
func (a *app) send(ctx context.Context, c config, f sendFlags) error {
	keys, err := a.readKeys(c)
	if err != nil {
		return err
	}
	if err := a.pull(ctx, c); err != nil {
		return err
	}
	n, err := a.openNewsletter(c, keys)
	if err != nil {
		return err
	}
	s, err := a.openStore(ctx, c, false)
	if err != nil {
		return err
	}
	defer s.Close()
	if !f.dryRun {
		if err := s.LockSending(ctx); errors.Is(err, store.ErrBusy) {
			return a.fail(nil, "send.busy")
		} else if err != nil {
			return err
		}
	}
	witness := c.witness(s)
	if err := witness.Note(ctx); errors.Is(err, schedule.ErrSuspect) {
		return a.fail(err, "send.suspect")
	} else if err != nil {
		return err
	}
	n.Witness = witness.Note
	if !f.dryRun {
		if _, err := s.Release(ctx, a.now(), c.Delivery.Deadline); err != nil {
			return err
		}
	}
	issues, err := s.Unfinished(ctx)
	if err != nil {
		return err
	}
	for _, is := range issues {
		if is.State == deliver.IssueHeld {
			return a.fail(nil, "send.held", "Number", is.Public(), "Reason", causeWords(a.words, is.Reason))
		}
		if is.State == deliver.IssueWaiting {
			return a.waits(is, c.zone)
		}
	}
	if len(issues) == 0 {
		is, ok, err := a.order(ctx, c, n, s, f)
		if err != nil || !ok {
			return err
		}
		issues = append(issues, is)
	} else if ok, err := a.resume(ctx, s, issues, f); err != nil || !ok {
		return err
	}
	return a.deliver(ctx, n, s, issues, f)
}

// waits says that an issue is to be approved first.
func (a *app) waits(is deliver.Issue, zone *time.Location) error {
	return a.fail(nil, "send.waiting", "Number", is.Public(), "Release", a.release(is, zone))
}

// order freezes the issue that is due, after asking. ok is false when there
// is nothing to send.
func (a *app) order(ctx context.Context, c config, n *pipeline.Newsletter, s *store.Store, f sendFlags) (is deliver.Issue, ok bool, err error) {
	now := a.now().In(c.zone)
	past, err := s.Past(ctx)
	if err != nil {
		return is, false, err
	}
	if err := a.reachBack(&past, f.since, c); err != nil {
		return is, false, err
	}
	plan, err := n.Plan(past, now)
	if err != nil {
		return is, false, err
	}
	a.report(c.Content.Folder, plan.Problems)
	if !plan.Due {
		a.say("send.nothing-due", "Number", plan.Number, "Slot", a.when(plan.Slot), "Count", len(plan.Items))
		return is, false, nil
	}
	counts, err := s.ActiveByLanguage(ctx, now)
	if err != nil {
		return is, false, err
	}
	languages := n.Audience(plan.Documents, slices.Sorted(maps.Keys(counts)))
	readers := map[string]int{}
	for lang, locale := range languages {
		readers[locale] += counts[lang]
	}
	if total(readers) == 0 {
		return is, false, a.fail(nil, "send.nobody")
	}
	a.say("send.order", "Number", plan.Number, "Slot", a.when(plan.Slot), "Count", total(readers), "Entries", len(plan.Items),
		"Languages", a.byLanguage(readers), "Sender", c.Sender.Address, "Server", servers(c))
	if past.Empty() {
		a.say("send.first", "From", a.words.Date("moment", plan.From.In(c.zone)))
	}
	if f.dryRun {
		return is, false, nil
	}
	if ok, err := a.confirm(f.yes); err != nil || !ok {
		return is, false, err
	}
	if f.yes { // nobody looked at it
		plan.Gate = c.Schedule.Gate()
	}
	if is, err = n.Freeze(ctx, s, plan, languages, now); err != nil {
		return is, false, err
	}
	if plan.Gate.Waits {
		return is, false, a.waits(is, c.zone)
	}
	return is, true, nil
}

// resume says what is left of issues begun earlier, and asks.
func (a *app) resume(ctx context.Context, s *store.Store, issues []deliver.Issue, f sendFlags) (ok bool, err error) {
	for _, is := range issues {
		tally, err := s.Tally(ctx, is.Number)
		if err != nil {
			return false, err
		}
		a.say("send.resume", "Number", sendingName(a.words, is), "Count", tally[deliver.Pending]+tally[deliver.Sending], "Doubtful", tally[deliver.Sending]+tally[deliver.Uncertain])
	}
	if f.dryRun {
		return false, nil
	}
	return a.confirm(f.yes)
}

// confirm asks whether to send.
func (a *app) confirm(yes bool) (bool, error) { return a.agree(yes, "send.ask", "send.declined") }

func (a *app) deliver(ctx context.Context, n *pipeline.Newsletter, s *store.Store, issues []deliver.Issue, f sendFlags) error {
	complete := true
	for _, is := range issues {
		for {
			done, err := a.deliverOnce(ctx, n, s, is, f.addresses)
			if err != nil {
				return err
			}
			if done {
				break
			}
			if !f.wait {
				complete = false
				break
			}
			more, err := a.await(ctx, s, is)
			if ctx.Err() != nil {
				return a.fail(nil, "send.stopped", "Number", sendingName(a.words, is))
			}
			if err != nil || !more {
				return cmp.Or(err, errSaid)
			}
		}
	}
	if !complete {
		return errSaid
	}
	return nil
}

// await sleeps until the next delivery of an issue is due; false when nothing
// is left to wait for.
func (a *app) await(ctx context.Context, s *store.Store, is deliver.Issue) (bool, error) {
	at, ok, err := s.NextDue(ctx, is.Number)
	if err != nil || !ok || at.After(is.Deadline) {
		return false, err
	}
	return true, sleep(ctx, at.Sub(a.now()))
}

// deliverOnce sends what is due of an issue now and says how it stands.
func (a *app) deliverOnce(ctx context.Context, n *pipeline.Newsletter, s *store.Store, is deliver.Issue, addresses bool) (done bool, err error) {
	before, err := s.Tally(ctx, is.Number)
	if err != nil {
		return false, err
	}
	progress := a.progress(sendingName(a.words, is), before[deliver.Pending]+before[deliver.Sending])
	settled, errRun := n.Deliver(ctx, s, is, a.sender(progress.outcome))
	progress.finish()
	tally, err := s.Tally(context.WithoutCancel(ctx), is.Number)
	if err != nil {
		return false, errors.Join(errRun, err)
	}
	a.printTally(is, tally)
	if len(settled.Alarmed) > 0 {
		a.note("send.alarm", "Domains", strings.TrimSpace(strings.Join(settled.Alarmed, " ")))
	}
	if len(settled.Resting) > 0 {
		a.note("send.resting", "Domains", strings.Join(settled.Resting, " "))
	}
	if settled.Suppressed > 0 {
		a.say("send.suppressed", "Count", settled.Suppressed)
	}
	if errRun != nil || ctx.Err() != nil && settled.State != deliver.IssueSent {
		return false, a.fail(errRun, "send.stopped", "Number", sendingName(a.words, is))
	}
	if settled.State != deliver.IssueSent {
		return false, a.printWaiting(ctx, s, is, n.Calendar.Zone(), tally[deliver.Pending]+tally[deliver.Uncertain], addresses)
	}
	if tally[deliver.Accepted] == 0 && tally[deliver.Refused] > 0 {
		a.note("send.all-refused", "Number", is.Public())
		return true, errSaid
	}
	return true, nil
}

func (a *app) sender(report func(deliver.Outcome)) deliver.Sender {
	return deliver.Sender{Now: a.now, Sleep: sleep, Jitter: rand.Float64, Report: report}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *app) printTally(is deliver.Issue, tally map[deliver.State]int) {
	a.say("send.tally", "Number", sendingName(a.words, is), "States", a.tallyWords(tally))
}

// tallyWords writes "40 acceptés, 2 en attente".
func tallyWords(l *locales.Locale, tally map[deliver.State]int) string {
	var parts []string
	for _, state := range deliver.States {
		if tally[state] > 0 {
			parts = append(parts, l.T("state."+string(state), "Count", tally[state]))
		}
	}
	return strings.Join(parts, ", ")
}

func (a *app) tallyWords(tally map[deliver.State]int) string { return tallyWords(a.words, tally) }

// waitingShown keeps what send says of a bad day short enough for a mail from
// cron. It is looked for among casesRead, which begin with those in doubt.
const (
	waitingShown = 10
	casesRead    = 1000
)

// printWaiting lists who is waited for and until when: the first of the open
// deliveries. What send writes ends up in logs and mails of cron, so it masks
// the addresses, unless asked not to.
func (a *app) printWaiting(ctx context.Context, s *store.Store, is deliver.Issue, zone *time.Location, open int, addresses bool) error {
	cases, err := s.Cases(ctx, is.Number, casesRead)
	if err != nil {
		return err
	}
	shown := 0
	for _, c := range cases {
		address, reply, doubt := c.Address.String(), causeWords(a.words, c.Reply.String()), causeWords(a.words, c.Doubt)
		if !addresses {
			address = c.Address.Masked()
		}
		switch {
		case shown == waitingShown:
		case c.State == deliver.Pending:
			a.say("send.waits", "Address", address, "Until", a.words.Date("moment", c.NextAt.In(zone)), "Reply", reply)
			shown++
		case c.State == deliver.Uncertain:
			a.say("send.uncertain", "Address", address, "Reply", doubt)
			shown++
		}
	}
	if open > shown {
		a.say("send.others", "Count", open-shown, "Number", is.Public())
	}
	return nil
}

// sendTest sends the next issue to one address. It has no store to write to:
// it can touch neither the list nor the ledger.
func (a *app) sendTest(ctx context.Context, c config, address string) error {
	to, err := audience.ParseAddress(address)
	if err != nil {
		return a.misuse("send.bad-test-address", "Address", address)
	}
	n, err := a.openNewsletter(c, nil)
	if err != nil {
		return err
	}
	now := a.now().In(c.zone)
	plan, err := a.planNext(ctx, c, n, now)
	if err != nil {
		return err
	}
	a.report(c.Content.Folder, plan.Problems)
	if plan.Quiet {
		return a.fail(nil, "send.nothing-to-test")
	}
	composer, err := sampleComposer(c, n.Headers, plan.Number, now, plan.Documents, true)
	if err != nil {
		return err
	}
	for _, d := range plan.Documents {
		mail, err := composer.Append(nil, audience.Subscriber{Address: to, Lang: d.Locale}, d.Locale)
		if err != nil {
			return err
		}
		if err := deliver.SendOne(ctx, c.Delivery.Servers[0], composer.From(), to, mail); err != nil {
			return a.fail(err, "send.test-failed", "Locale", d.Locale)
		}
		a.say("send.tested", "Number", plan.Number, "Locale", d.Locale, "Address", to.String())
	}
	return nil
}

// sampleComposer composes mails for a reader who does not exist: their tokens
// are signed with a key that nothing accepts.
func sampleComposer(c config, headers message.Config, number int, date time.Time, documents []render.Document, test bool) (*message.Composer, error) {
	keys, err := audience.ParseKeys(c.Newsletter.ID, sampleKey)
	if err != nil {
		return nil, err
	}
	signer, err := keys.Signer(keys.Current())
	if err != nil {
		return nil, err
	}
	return message.NewComposer(headers, message.Issue{Number: number, Date: date, Base: c.Newsletter.URL, Signer: signer, Test: test}, documents)
}

// sampleKey is no secret, and no key file holds it.
const sampleKey = "00000000:c2FtcGxlLXNhbXBsZS1zYW1wbGUtc2FtcGxlLXNhbXA="

func servers(c config) string {
	var list []string
	for _, s := range c.Delivery.Servers {
		list = append(list, s.Address())
	}
	return strings.Join(list, ", ")
}
