package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
)

func (a *app) resendCommand() *cobra.Command {
	var yes bool
	c := a.command("issues.resend", "N", func(c *cobra.Command, args []string) error {
		return a.withIssue(c.Context(), args[0], func(ctx context.Context, conf config, s *store.Store, is deliver.Issue) error {
			return a.resendIssue(ctx, conf, s, is, yes)
		})
	})
	c.Args = a.args(1, 1)
	c.Flags().BoolVarP(&yes, "yes", "y", false, a.words.T("flag.yes"))
	return c
}

// resendIssue orders the last correction of an issue to be sent to those who
// got the issue, after asking. The mail is the one that was frozen with the
// correction, so that it says what the page says.
func (a *app) resendIssue(ctx context.Context, c config, s *store.Store, is deliver.Issue, yes bool) error {
	if len(c.Delivery.Servers) == 0 {
		return a.fail(nil, "send.no-server", "Path", a.configPath)
	}
	correction, err := s.Correction(ctx, is.Number, a.now())
	if err != nil {
		return a.notResent(is, err)
	}
	count := total(correction.Readers)
	if count == 0 {
		return a.fail(nil, "issues.resend.nobody", "Number", is.Number)
	}
	keys, err := a.readKeys(c)
	if err != nil {
		return err
	}
	n, err := a.openNewsletter(c, keys)
	if err != nil {
		return err
	}
	a.say("issues.resend.order", "Number", is.Number, "Slot", a.words.Date("moment", is.Slot.In(c.zone)), "Count", count,
		"Languages", a.byLanguage(correction.Readers), "Sender", c.Sender.Address, "Server", servers(c))
	if ok, err := a.confirm(yes); err != nil || !ok {
		return err
	}
	if _, err := n.Resend(ctx, s, is, correction.Revision, correction.Documents, a.now()); err != nil {
		return a.notResent(is, err)
	}
	a.say("issues.resend.ordered", "Number", is.Number)
	return nil
}

// notResent says why a correction is not sent.
func (a *app) notResent(is deliver.Issue, err error) error {
	for reason, id := range map[error]string{
		store.ErrOpen: "issues.resend.open", store.ErrUncorrected: "issues.resend.uncorrected", store.ErrResent: "issues.resend.again",
	} {
		if errors.Is(err, reason) {
			return a.fail(nil, id, "Number", is.Number)
		}
	}
	return err
}

// withSending is withIssue for the last sending of the issue: that of its
// correction, once there is one.
func (a *app) withSending(ctx context.Context, number string, do func(context.Context, config, *store.Store, deliver.Issue) error) error {
	return a.withIssue(ctx, number, func(ctx context.Context, c config, s *store.Store, is deliver.Issue) error {
		again, err := s.Resends(ctx, is.Number)
		if err != nil {
			return err
		}
		if len(again) > 0 {
			is = again[len(again)-1]
		}
		return do(ctx, c, s, is)
	})
}

// sendingName is an issue's number, and says when it is its correction that is sent.
func sendingName(l *locales.Locale, is deliver.Issue) any {
	if is.Corrects == 0 {
		return is.Number
	}
	return l.T("issues.correction", "Number", is.Corrects)
}
