package schedule_test

import (
	"context"
	"errors"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/store"
)

var errCrash = errors.New("the process died")

// crasher is a ledger at whose nth call the process dies, before the call or
// after it.
type crasher struct {
	*store.Store
	in int // 0: it lives
}

func (c *crasher) dies() bool {
	if c.in == 0 {
		return false
	}
	c.in--
	return c.in == 0
}

func (c *crasher) Freeze(ctx context.Context, is deliver.Issue, items []issue.Item, documents []render.Document, languages map[string]string) error {
	if c.dies() {
		return errCrash
	}
	if err := c.Store.Freeze(ctx, is, items, documents, languages); err != nil {
		return err
	}
	if c.dies() {
		return errCrash
	}
	return nil
}

func (c *crasher) DecideSlots(ctx context.Context, decisions []issue.Decision, until time.Time) error {
	if c.dies() {
		return errCrash
	}
	if err := c.Store.DecideSlots(ctx, decisions, until); err != nil {
		return err
	}
	if c.dies() {
		return errCrash
	}
	return nil
}

func (c *crasher) Past(ctx context.Context) (issue.Past, error) {
	if c.dies() {
		return issue.Past{}, errCrash
	}
	return c.Store.Past(ctx)
}

func (c *crasher) Standing(ctx context.Context) (deliver.Standing, error) {
	if c.dies() {
		return deliver.Standing{}, errCrash
	}
	return c.Store.Standing(ctx)
}

func (c *crasher) Release(ctx context.Context, now time.Time, deadline time.Duration) ([]int, error) {
	numbers, err := c.Store.Release(ctx, now, deadline)
	if c.dies() {
		return nil, errCrash
	}
	return numbers, err
}
