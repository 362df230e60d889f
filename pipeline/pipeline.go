package pipeline

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Newsletter is everything that does not change from one issue to the next.
type Newsletter struct {
	Entries   fs.FS          // the entries' folder
	Cache     *content.Cache // of Entries, for who loads them again and again; nil: none
	Commit    func() string
	Languages []string // in order; the first is the newsletter's own
	Calendar  *issue.Calendar
	Issues    issue.Config
	First     time.Time // slot of the first issue; zero: none was set
	Renderer  *render.Renderer
	Headers   message.Config
	Base      string // public URL
	Keys      *audience.Keys
	Delivery  deliver.Config

	// Witness notes, outside the ledger, how far the ledger has come, before
	// mails leave and after; its error stops the sending. Nil: nobody watches.
	Witness func(context.Context) error
}

// Plan is an issue as it would be made, and why.
type Plan struct {
	issue.Assembly
	Due       bool // its slot has come
	Quiet     bool // too few entries: there will be no issue
	Documents []render.Document
	Problems  []content.Problem
	Gate      Gate
}

// Plan works out the issue that is due at now or, when none is, the next one.
func (n *Newsletter) Plan(past issue.Past, now time.Time) (Plan, error) {
	entries, problems, err := n.Load()
	if err != nil {
		return Plan{}, err
	}
	return n.PlanOf(entries, problems, past, now)
}

// PlanOf is Plan for entries that are loaded already, with what Load said of
// them.
func (n *Newsletter) PlanOf(entries []content.Entry, problems []content.Problem, past issue.Past, now time.Time) (Plan, error) {
	plan := Plan{Problems: slices.Clone(problems)}
	if w, due := n.Calendar.Due(past, n.First, now); due {
		plan.Due = true
		n.assemble(&plan, past, w, entries)
	}
	if !plan.Due || plan.Quiet {
		plan.Due = false
		n.assemble(&plan, past, n.Calendar.Coming(past, n.First, now), entries)
	}
	plan.Problems = current(plan.Problems, plan.Verdicts)
	plan.Commit = n.Commit()
	return plan, n.render(&plan)
}

// Freezer writes an issue so that nothing of it changes any more. audience
// maps the subscribers' languages to the locale of the document they get.
type Freezer interface {
	Freeze(ctx context.Context, is deliver.Issue, items []issue.Item, documents []render.Document, audience map[string]string) error
}

// Freeze orders a planned issue to be sent: from here on, the ledger's copy is
// the issue, whatever becomes of the files.
func (n *Newsletter) Freeze(ctx context.Context, ledger Freezer, plan Plan, audience map[string]string, now time.Time) (deliver.Issue, error) {
	due := plan.Slot
	if due.Before(now) {
		due = now
	}
	is := deliver.Issue{
		Number: plan.Number, Slot: plan.Slot, From: plan.From, To: plan.To,
		Policy: n.Delivery.Policy, Hash: hash(plan.Documents), Commit: plan.Commit,
		Key: n.Keys.Current(), Base: n.Base,
		Ordered: now.Truncate(time.Second), Deadline: due.Add(n.Delivery.Deadline),
	}
	is.State, is.Release = plan.Gate.state(now)
	for _, e := range plan.Errata {
		is.Errata = append(is.Errata, e.ID)
	}
	return is, ledger.Freeze(ctx, is, plan.Items, plan.Documents, audience)
}

// Ledger is what sending needs to know of a frozen issue.
type Ledger interface {
	deliver.Ledger
	Documents(ctx context.Context, number int) ([]render.Document, error)
	Recover(ctx context.Context, number int, now time.Time) error
	Settle(ctx context.Context, number int, now time.Time) (deliver.Settled, error)
	Hold(ctx context.Context, number int, reason string) error
}

// Deliver sends what is due of a frozen issue and closes it when all
// deliveries have their end. An error says why some that were due were left.
func (n *Newsletter) Deliver(ctx context.Context, ledger Ledger, is deliver.Issue, sender deliver.Sender) (deliver.Settled, error) {
	composer, err := n.composer(ctx, ledger, is)
	if err != nil {
		return deliver.Settled{}, err
	}
	// Before the ledger is touched: its counter must not grow past what is known.
	if err := n.witness(ctx); err != nil {
		return deliver.Settled{}, err
	}
	if err := ledger.Recover(context.WithoutCancel(ctx), is.Number, sender.Now()); err != nil {
		return deliver.Settled{}, err
	}
	if err := n.witness(ctx); err != nil {
		return deliver.Settled{}, err
	}
	sender.Config, sender.Ledger, sender.Composer = n.Delivery, ledger, composer
	errRun := sender.Run(ctx, is.Number)
	ctx = context.WithoutCancel(ctx)
	// Before it is settled: of an issue that is held, nobody is suppressed.
	var breaker *deliver.BreakerError
	var errHold error
	if errors.As(errRun, &breaker) {
		errHold = ledger.Hold(ctx, is.Number, breaker.Cause().String())
	}
	settled, err := ledger.Settle(ctx, is.Number, sender.Now())
	switch {
	case breaker != nil && settled.State == deliver.IssueSent:
		errRun = nil // nothing was left to be held
	case breaker == nil && settled.State == deliver.IssueHeld && len(settled.Alarmed) > 0:
		errRun = errors.Join(errRun, &deliver.BreakerError{Domain: settled.Alarmed[0]})
	}
	return settled, errors.Join(errRun, errHold, err, n.witness(ctx))
}
