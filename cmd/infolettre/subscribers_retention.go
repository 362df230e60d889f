package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/store"
)

// retentionConfig says how long people are kept without contact.
type retentionConfig struct {
	Months int `yaml:"months"` // default: 36
	Answer int `yaml:"answer"` // days to answer whether they want to stay; default: 30
}

// complete fills in defaults; it is false for limits that make no sense.
func (c *retentionConfig) complete() bool {
	c.Months, c.Answer = cmp.Or(c.Months, 36), cmp.Or(c.Answer, 30)
	return c.Months > 0 && c.Answer > 0
}

func (c *retentionConfig) limits(now time.Time) store.Retention {
	return store.Retention{Contact: now.AddDate(0, -c.Months, 0), Asked: now.AddDate(0, 0, -c.Answer)}
}

func (a *app) retentionCommand() *cobra.Command {
	var ask, purge, yes bool
	c := a.command("subscribers.retention", "", func(c *cobra.Command, _ []string) error {
		return a.withReaders(c.Context(), false, func(ctx context.Context, conf config, s *store.Store) error {
			limits := conf.Retention.limits(a.now())
			if err := a.sayOverdue(ctx, conf, s, limits); err != nil || !ask && !purge {
				return err
			}
			if ok, err := a.agree(yes, "retention.go-on", "subscribers.declined"); err != nil || !ok {
				return err
			}
			return a.applyRetention(ctx, s, limits, ask, purge)
		})
	})
	c.Args = a.args(0, 0)
	c.Flags().BoolVar(&ask, "ask", false, a.words.T("flag.ask"))
	c.Flags().BoolVar(&purge, "purge", false, a.words.T("flag.purge"))
	c.Flags().BoolVarP(&yes, "yes", "y", false, a.words.T("flag.erase-yes"))
	return c
}

func (a *app) sayOverdue(ctx context.Context, c config, s *store.Store, limits store.Retention) error {
	o, err := s.Overdue(ctx, limits)
	if err != nil {
		return err
	}
	a.say("retention.limit", "When", a.words.Date("moment", limits.Contact.In(c.zone)))
	a.say("retention.to-ask", "Count", o.ToAsk)
	a.say("retention.waiting", "Count", o.Waiting)
	a.say("retention.to-purge", "Count", o.ToPurge)
	a.say("retention.departed", "Count", o.Departed)
	return nil
}

func (a *app) applyRetention(ctx context.Context, s *store.Store, limits store.Retention, ask, purge bool) error {
	if ask {
		asked, err := s.AskToRenew(ctx, a.now(), limits)
		if err != nil {
			return err
		}
		a.say("retention.asked", "Count", asked)
	}
	if !purge {
		return nil
	}
	purged, err := s.Purge(ctx, a.now(), limits)
	if errors.Is(err, store.ErrInUse) {
		return a.fail(nil, "subscribers.in-use")
	}
	if err != nil {
		return a.storeError(err)
	}
	a.say("retention.purged", "Count", purged)
	return nil
}
