package main

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
)

func (a *app) retryCommand() *cobra.Command {
	var class string
	c := a.command("issues.retry", "N", func(c *cobra.Command, args []string) error {
		return a.withSending(c.Context(), args[0], func(ctx context.Context, conf config, s *store.Store, is deliver.Issue) error {
			return a.retryIssue(ctx, conf, s, is, deliver.Class(class))
		})
	})
	c.Args = a.args(1, 1)
	c.Flags().StringVar(&class, "class", "", a.words.T("flag.class"))
	return c
}

// withIssue opens the database and finds the issue of that number.
func (a *app) withIssue(ctx context.Context, number string, do func(context.Context, config, *store.Store, deliver.Issue) error) error {
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return a.misuse("issues.bad-number", "Value", number)
	}
	return a.withStore(ctx, func(ctx context.Context, c config, s *store.Store) error {
		is, err := s.Issue(ctx, n)
		if errors.Is(err, store.ErrNotFound) {
			return a.fail(nil, "issues.unknown", "Number", n)
		}
		if err != nil {
			return err
		}
		return do(ctx, c, s, is)
	})
}

func (a *app) retryIssue(ctx context.Context, c config, s *store.Store, is deliver.Issue, class deliver.Class) error {
	if class != "" && !slices.Contains(deliver.Classes, class) {
		return a.misuse("issues.bad-class", "Value", string(class))
	}
	due, err := s.Retry(ctx, is.Number, class, a.now(), a.now().Add(c.Delivery.Deadline))
	if err != nil {
		return err
	}
	if due == 0 && (is.State != deliver.IssueHeld || class != "") {
		tally, err := s.Tally(ctx, is.Number)
		if err != nil {
			return err
		}
		a.say("issues.nothing-to-retry", "Number", sendingName(a.words, is), "Refused", tally[deliver.Refused])
		return nil
	}
	a.say("issues.retried", "Number", sendingName(a.words, is), "Count", due)
	return nil
}

func (a *app) uncertainCommand() *cobra.Command {
	var resend, accepted []string
	c := a.command("issues.uncertain", "N", func(c *cobra.Command, args []string) error {
		return a.withSending(c.Context(), args[0], func(ctx context.Context, conf config, s *store.Store, is deliver.Issue) error {
			for state, addresses := range map[deliver.State][]string{deliver.Pending: resend, deliver.Accepted: accepted} {
				if err := a.decide(ctx, conf, s, is, state, addresses); err != nil {
					return err
				}
			}
			return a.listUncertain(ctx, conf, s, is)
		})
	})
	c.Args = a.args(1, 1)
	c.Flags().StringSliceVar(&resend, "resend", nil, a.words.T("flag.resend"))
	c.Flags().StringSliceVar(&accepted, "accepted", nil, a.words.T("flag.accepted"))
	return c
}

// decide ends the doubt about some deliveries, as a person orders.
func (a *app) decide(ctx context.Context, c config, s *store.Store, is deliver.Issue, state deliver.State, addresses []string) error {
	for _, text := range addresses {
		address, err := audience.ParseAddress(text)
		if err != nil {
			return a.misuse("subscribers.bad-address", "Value", text)
		}
		ok, err := s.Decide(ctx, is.Number, address, state, a.now(), a.now().Add(c.Delivery.Deadline))
		if err != nil {
			return err
		}
		if !ok {
			return a.fail(nil, "issues.not-uncertain", "Address", text, "Number", sendingName(a.words, is))
		}
	}
	return nil
}

// listUncertain lists the deliveries that wait for a decision.
func (a *app) listUncertain(ctx context.Context, c config, s *store.Store, is deliver.Issue) error {
	cases, err := s.Cases(ctx, is.Number, allCases)
	if err != nil {
		return err
	}
	none := true
	for _, k := range cases {
		if k.State == deliver.Uncertain {
			none = false
			a.say("issues.doubted", "Address", k.Address.String(), "Doubt", causeWords(a.words, k.Doubt), "When", a.words.Date("moment", k.Doubted.In(c.zone)),
				"State", a.words.T("delivery.uncertain"))
		}
	}
	if none {
		a.say("issues.none-uncertain", "Number", sendingName(a.words, is))
	}
	return nil
}
