package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
)

// leaveCommand takes off who asked for it otherwise than by a link of ours.
func (a *app) leaveCommand() *cobra.Command {
	var reason string
	c := a.command("subscribers.unsubscribe", a.words.T("argument.addresses"), func(c *cobra.Command, args []string) error {
		addresses, err := a.addresses(args)
		if err != nil {
			return err
		}
		return a.withReaders(c.Context(), false, func(ctx context.Context, _ config, s *store.Store) error {
			var failed error
			for _, address := range addresses {
				switch err := a.leave(ctx, s, address, reason); {
				case errors.Is(err, errSaid):
					failed = err
				case err != nil:
					return err
				}
			}
			return failed
		})
	})
	c.Args = a.args(1, -1)
	c.Flags().StringVar(&reason, "reason", "", a.words.T("flag.proof-reason"))
	return c
}

// leave takes one person off; whoever is not known is told, and the others
// are taken off all the same.
func (a *app) leave(ctx context.Context, s *store.Store, address audience.Address, reason string) error {
	h, err := s.Held(ctx, address)
	switch {
	case errors.Is(err, store.ErrNotFound):
		a.note("subscribers.unknown", "Address", address.String())
		return errSaid
	case err != nil:
		return a.storeError(err)
	case h.Status != audience.Active && h.Status != audience.Pending && h.Requested.IsZero():
		a.say("subscribers.unsubscribed-already", "Address", address.String())
		return nil
	}
	if _, err := s.Unsubscribe(ctx, a.now(), h.ID, audience.Consent{Origin: audience.Command, Detail: reason}); err != nil {
		return err
	}
	a.say("subscribers.unsubscribed", "Address", address.String())
	return nil
}
