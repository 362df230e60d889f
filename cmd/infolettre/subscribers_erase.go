package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
)

func (a *app) eraseCommand() *cobra.Command {
	var yes bool
	c := a.command("subscribers.erase", a.words.T("argument.address"), func(c *cobra.Command, args []string) error {
		return a.withReaders(c.Context(), false, func(ctx context.Context, _ config, s *store.Store) error {
			return a.erase(ctx, s, args[0], yes)
		})
	})
	c.Args = a.args(1, 1)
	c.Flags().BoolVarP(&yes, "yes", "y", false, a.words.T("flag.erase-yes"))
	return c
}

func (a *app) erase(ctx context.Context, s *store.Store, text string, yes bool) error {
	h, err := a.held(ctx, s, text)
	if err != nil {
		return err
	}
	if !h.Known {
		return a.fail(nil, "subscribers.erased-already", "Address", h.Address.String())
	}
	if ok, err := a.agree(yes, "subscribers.erase-ask", "subscribers.declined"); err != nil || !ok {
		return err
	}
	traces, err := s.Erase(ctx, a.now(), h.Address, audience.Consent{Origin: audience.Command})
	if errors.Is(err, store.ErrInUse) {
		return a.fail(nil, "subscribers.in-use")
	}
	if err != nil {
		return a.storeError(err)
	}
	a.say("subscribers.erased", "Address", h.Address.String())
	if traces > 0 {
		a.note("subscribers.traces", "Count", traces)
		return errSaid
	}
	return nil
}

func (a *app) suppressCommand() *cobra.Command {
	var reason string
	c := a.command("subscribers.suppress", a.words.T("argument.addresses"), func(c *cobra.Command, args []string) error {
		addresses, err := a.addresses(args)
		if err != nil {
			return err
		}
		return a.withReaders(c.Context(), true, func(ctx context.Context, _ config, s *store.Store) error {
			for _, address := range addresses {
				if err := s.Suppress(ctx, a.now(), address, audience.Complained, audience.Consent{Origin: audience.Command, Detail: reason}); err != nil {
					return a.storeError(err)
				}
				a.say("subscribers.suppressed", "Address", address.String())
			}
			return nil
		})
	})
	c.Args = a.args(1, -1)
	c.Flags().StringVar(&reason, "reason", "", a.words.T("flag.proof-reason"))
	return c
}

func (a *app) unsuppressCommand() *cobra.Command {
	var reason string
	c := a.command("subscribers.unsuppress", a.words.T("argument.address"), func(c *cobra.Command, args []string) error {
		address, err := a.address(args[0])
		if err != nil {
			return err
		}
		if reason == "" {
			return a.misuse("subscribers.needs-reason")
		}
		return a.withReaders(c.Context(), false, func(ctx context.Context, _ config, s *store.Store) error {
			lifted, err := s.Unsuppress(ctx, a.now(), address, audience.Consent{Origin: audience.Command, Detail: reason})
			if err != nil {
				return a.storeError(err)
			}
			if !lifted {
				return a.fail(nil, "subscribers.not-suppressed", "Address", address.String())
			}
			a.say("subscribers.unsuppressed", "Address", address.String())
			return nil
		})
	})
	c.Args = a.args(1, 1)
	c.Flags().StringVar(&reason, "reason", "", a.words.T("flag.proof-reason"))
	return c
}
