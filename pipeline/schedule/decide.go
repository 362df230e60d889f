package schedule

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
)

// ahead is how far the ledger may know of a later time than the clock, before
// the clock is taken to be wrong.
const ahead = 25 * time.Hour

// fresh is how old pulled entries may be.
const fresh = 10 * time.Minute

// decide decides the slots between the ledger's last decision and now.
func (e *Engine) decide(ctx context.Context, now time.Time, report *Report) error {
	standing, err := e.Store.Standing(ctx)
	if err != nil {
		return fmt.Errorf("read the ledger's standing: %w", err)
	}
	since := standing.Decided
	if since.IsZero() {
		if since, err = e.begin(ctx, now, report); err != nil {
			return err
		}
	}
	if since.After(now.Add(ahead)) {
		return e.notify(ctx, Notice{Key: keyClock, Kind: ClockNotice, At: now, Slot: since})
	}
	if err := e.over(ctx, keyClock); err != nil {
		return err
	}
	slots := slices.DeleteFunc(e.Newsletter.Calendar.Slots(since, now), func(s issue.Slot) bool {
		return s.At.Before(e.Newsletter.First)
	})
	if len(slots) > 0 {
		return e.decideSlots(ctx, now, slots, report)
	}
	if now.Before(since) {
		return nil
	}
	return e.Store.DecideSlots(ctx, nil, now)
}

// decideSlots decides slots that have come. All but the last that is to have
// an issue are recorded first: once it has its issue, nobody asks for them.
func (e *Engine) decideSlots(ctx context.Context, now time.Time, slots []issue.Slot, report *Report) error {
	past, err := e.Store.Past(ctx)
	if err != nil {
		return err
	}
	last := -1
	for i, s := range slots {
		d := issue.Decision{Slot: s.At, Outcome: issue.Passed, At: now}
		if s.Skipped {
			d.Outcome, d.Reason = issue.Off, off(s)
		} else if s.At.After(past.Border) { // else it was sent by hand, or with one that was
			last = i
		}
		report.Decisions = append(report.Decisions, d)
	}
	if last < 0 {
		return e.Store.DecideSlots(ctx, report.Decisions, now)
	}
	d := &report.Decisions[last]
	if err := e.Store.DecideSlots(ctx, report.Decisions[:last], d.Slot.Add(-time.Millisecond)); err != nil {
		return err
	}
	if err := e.due(ctx, past, now, d, report); err != nil {
		return err
	}
	return e.Store.DecideSlots(ctx, report.Decisions[last:], now)
}

// begin is where the ledger's slots begin, the first time ever. A ledger with
// issues goes on behind the last of them. Else they begin with the first slot
// that the settings name, if it came while catching up is allowed, or now:
// nobody was promised an issue before.
func (e *Engine) begin(ctx context.Context, now time.Time, report *Report) (since time.Time, err error) {
	past, err := e.Store.Past(ctx)
	if err != nil || !past.Empty() {
		return past.Border, err
	}
	since = now
	first := e.Newsletter.First
	if !first.IsZero() && !first.After(now) && now.Sub(first) <= e.Config.CatchUp {
		since = first.Add(-time.Millisecond)
	}
	w := e.Newsletter.Calendar.Coming(past, first, since)
	report.First = &w
	if err := e.Store.Open(ctx, w.From); err != nil {
		return since, fmt.Errorf("record where the first issue begins: %w", err)
	}
	return since, nil
}

func off(s issue.Slot) string {
	if s.Closed {
		return "closed"
	}
	return s.Holiday
}

// due decides the last slot that has come: earlier ones that were missed with
// it are made up by it.
func (e *Engine) due(ctx context.Context, past issue.Past, now time.Time, d *issue.Decision, report *Report) error {
	if now.Sub(d.Slot) > e.Config.CatchUp {
		d.Outcome = issue.Missed
		return e.notify(ctx, Notice{Key: keyOf(MissedNotice, d.Slot), Kind: MissedNotice, At: now, Slot: d.Slot})
	}
	if err := e.refresh(ctx, now, report); err != nil {
		return err
	}
	plan, err := e.Newsletter.Plan(past, now)
	if err != nil {
		return err
	}
	report.Problems = plan.Problems
	if !plan.Due {
		d.Outcome = issue.Quiet
		return e.quiet(ctx, now, d.Slot)
	}
	counts, err := e.Store.ActiveByLanguage(ctx, now)
	if err != nil {
		return err
	}
	languages := e.Newsletter.Audience(plan.Documents, slices.Sorted(maps.Keys(counts)))
	if len(languages) == 0 {
		d.Outcome = issue.Nobody
		return nil
	}
	plan.Gate = e.Config.Gate()
	is, err := e.Newsletter.Freeze(ctx, e.Store, plan, languages, now)
	if err != nil {
		return e.overtaken(ctx, d, err)
	}
	d.Outcome, d.Number = issue.Made, is.Number
	report.Made = &is
	if plan.Gate.Waits {
		return e.notify(ctx, Notice{Key: keyOf(ApprovalNotice, d.Slot), Kind: ApprovalNotice, At: now, Slot: d.Slot,
			Number: is.Number, Until: is.Release, Findings: plan.Problems})
	}
	return nil
}

// overtaken looks whether a slot could not be taken because another process
// has made its issue meanwhile.
func (e *Engine) overtaken(ctx context.Context, d *issue.Decision, cause error) error {
	past, err := e.Store.Past(ctx)
	if err != nil || past.Border.Before(d.Slot) {
		return cause
	}
	d.Outcome, d.Number = issue.Made, past.Number
	return nil
}

// Done tells the team, if it wants to know, that an issue is closed.
func (e *Engine) Done(ctx context.Context, number int, now time.Time) error {
	if !e.Config.DoneNotice {
		return nil
	}
	return e.notify(ctx, Notice{Key: fmt.Sprintf("%s:%d", DoneNotice, number), Kind: DoneNotice, At: now, Number: number})
}

// Settled tells the team what kept an issue, or what was due of it, from being
// sent: of too many refusals once for each time the issue is taken up, of other
// troubles once until an issue is closed.
func (e *Engine) Settled(ctx context.Context, is deliver.Issue, state deliver.IssueState, trouble error, now time.Time) error {
	var breaker *deliver.BreakerError
	switch {
	case trouble == nil && state == deliver.IssueSent:
		return e.over(ctx, keySending)
	case trouble == nil:
		return nil
	case errors.As(trouble, &breaker):
		return e.notify(ctx, Notice{Key: fmt.Sprintf("%s:%d:%d", HeldNotice, is.Number, is.Deadline.UnixMilli()), Kind: HeldNotice,
			At: now, Number: is.Number, Reason: breaker.Cause().String()})
	}
	return e.notify(ctx, Notice{Key: keySending, Kind: SendingNotice, At: now, Number: is.Number, Reason: told(trouble)})
}

// quiet tells the team of a silence that has lasted.
func (e *Engine) quiet(ctx context.Context, now, slot time.Time) error {
	if e.Config.QuietNotice == 0 {
		return nil
	}
	before, err := e.Store.QuietInARow(ctx)
	if err != nil {
		return err
	}
	if before+1 != e.Config.QuietNotice {
		return nil
	}
	return e.notify(ctx, Notice{Key: keyOf(QuietNotice, slot), Kind: QuietNotice, At: now, Slot: slot, Count: before + 1})
}

// keepFresh refreshes between assemblies: pages show the entries' images, and
// a repository that is away is better known of before the slot.
func (e *Engine) keepFresh(ctx context.Context, now time.Time, report *Report) error {
	e.mu.Lock()
	due := e.Refresh != nil && now.Sub(e.refreshed).Abs() >= fresh
	e.mu.Unlock()
	if !due {
		return nil
	}
	return e.refresh(ctx, now, report)
}

// refresh brings the entries up to date. When that fails, the last good ones
// serve, and the team is told once.
func (e *Engine) refresh(ctx context.Context, now time.Time, report *Report) error {
	if e.Refresh == nil {
		return nil
	}
	e.mu.Lock()
	e.refreshed = now
	e.mu.Unlock()
	if report.Refresh = e.Refresh(ctx); report.Refresh == nil {
		return e.over(ctx, keyRepository)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return e.notify(ctx, Notice{Key: keyRepository, Kind: RepositoryNotice, At: now, Reason: told(report.Refresh)})
}
