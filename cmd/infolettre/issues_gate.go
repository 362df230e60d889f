package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
)

// gateCommands decide about an issue that has not left.
func (a *app) gateCommands() []*cobra.Command {
	var reason string
	approve := a.gateCommand("issues.approve", func(ctx context.Context, c config, s *store.Store, is deliver.Issue) error {
		return s.Approve(ctx, is.Number, a.now(), c.Delivery.Deadline)
	}, "issues.approved")
	stop := a.gateCommand("issues.stop", func(ctx context.Context, _ config, s *store.Store, is deliver.Issue) error {
		if reason == "" {
			reason = a.words.T("issues.stop-reason")
		}
		return s.Stop(ctx, is.Number, reason)
	}, "issues.stopped")
	stop.Flags().StringVar(&reason, "reason", "", a.words.T("flag.reason"))
	discard := a.gateCommand("issues.discard", func(ctx context.Context, c config, s *store.Store, is deliver.Issue) error {
		return errors.Join(s.Discard(ctx, is.Number), c.witness(s).Note(ctx))
	}, "issues.discarded")
	return []*cobra.Command{approve, stop, discard}
}

// gateCommand does one thing to the issue of that number, and says it was done.
func (a *app) gateCommand(name string, do func(context.Context, config, *store.Store, deliver.Issue) error, done string) *cobra.Command {
	c := a.command(name, "N", func(c *cobra.Command, args []string) error {
		return a.withSending(c.Context(), args[0], func(ctx context.Context, conf config, s *store.Store, is deliver.Issue) error {
			err := do(ctx, conf, s, is)
			switch {
			case errors.Is(err, store.ErrNotWaiting):
				return a.fail(nil, name+".refused", "Number", is.Public(), "State", a.words.T("issue-state."+string(is.State)))
			case errors.Is(err, store.ErrUnderway):
				return a.fail(nil, "issues.underway", "Number", is.Public())
			case err != nil:
				return err
			}
			a.say(done, "Number", is.Public(), "Correction", is.Corrects > 0)
			return nil
		})
	})
	c.Args = a.args(1, 1)
	return c
}
