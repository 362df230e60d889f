package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

// ErrEntryGone says that an entry of a sent issue is not among the files any
// more, so that its page cannot be written anew.
var ErrEntryGone = errors.New("an entry of the issue is gone")

// Correct renders a sent issue anew from its entries as they are now, with the
// errata that say what was changed. ids are the issue's entries, in reading
// order. The mails that were sent stay as they were.
func (n *Newsletter) Correct(is deliver.Issue, ids []string, errata []issue.Erratum) ([]render.Document, []content.Problem, error) {
	entries, problems, err := n.Load()
	if err != nil {
		return nil, nil, err
	}
	whole := issue.Assemble(n.Issues, n.Calendar, issue.Past{}, issue.Window{Slot: is.Slot}, entries)
	again := issue.Issue{Number: is.Number, Slot: is.Slot, From: is.From, To: is.To, Commit: n.Commit(), Corrected: errata}
	for _, id := range ids {
		i := slices.IndexFunc(whole.Verdicts, func(v issue.Verdict) bool { return v.Item.ID == id })
		if i < 0 {
			return nil, problems, fmt.Errorf("entry %s: %w", id, ErrEntryGone)
		}
		again.Items = append(again.Items, whole.Verdicts[i].Item)
	}
	plan := Plan{Assembly: issue.Assembly{Issue: again}}
	err = n.render(&plan)
	return plan.Documents, slices.DeleteFunc(append(problems, plan.Problems...), func(p content.Problem) bool {
		return !slices.ContainsFunc(again.Items, func(it issue.Item) bool {
			return slices.ContainsFunc(it.Versions, func(e content.Entry) bool { return e.Path == p.File })
		})
	}), err
}

// Resender writes the sending of a correction, and returns it with the number
// that the ledger knows it by.
type Resender interface {
	Resend(ctx context.Context, is deliver.Issue, documents []render.Document) (deliver.Issue, error)
}

// Resend orders a correction of a sent issue to be sent to those who got the
// issue: another mail, with the same words about unsubscribing.
func (n *Newsletter) Resend(ctx context.Context, ledger Resender, is deliver.Issue, revision int, documents []render.Document, now time.Time) (deliver.Issue, error) {
	return ledger.Resend(ctx, deliver.Issue{
		Corrects: is.Number, Revision: revision, Slot: is.Slot, From: is.From, To: is.To, State: deliver.IssueSending,
		Policy: n.Delivery.Policy, Hash: hash(documents), Key: n.Keys.Current(), Base: n.Base,
		Ordered: now.Truncate(time.Second), Deadline: now.Add(n.Delivery.Deadline),
	}, documents)
}
