package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
)

// proofCommand prints what shows that somebody consented, as a lawyer and the
// person themselves would want it.
func (a *app) proofCommand() *cobra.Command {
	var format string
	c := a.command("subscribers.proof", a.words.T("argument.address"), func(c *cobra.Command, args []string) error {
		if format != formatText && format != formatJSON {
			return a.misuse("cli.bad-format", "Value", format)
		}
		return a.withReaders(c.Context(), false, func(ctx context.Context, conf config, s *store.Store) error {
			h, err := a.held(ctx, s, args[0])
			if err != nil {
				return err
			}
			if format == formatJSON {
				return a.printJSON(personToJSON(h))
			}
			a.printProof(conf, h)
			return nil
		})
	})
	c.Args = a.args(1, 1)
	c.Flags().StringVar(&format, "format", formatText, a.words.T("flag.proof-format"))
	return c
}

// printProof writes the statement. A text that was shown several times is
// printed once.
func (a *app) printProof(c config, h store.Held) {
	title := a.words.T("proof.title")
	fmt.Fprintln(a.stdout, title)
	fmt.Fprintln(a.stdout, strings.Repeat("=", len([]rune(title))))
	fmt.Fprintln(a.stdout)
	a.say("proof.newsletter", "Name", c.Newsletter.Name, "ID", c.Newsletter.ID)
	a.say("proof.address", "Address", h.Address.String())
	a.say("proof.drawn-up", "When", a.exactly(a.now(), c.zone))
	a.say("proof.state", "State", a.proofState(c.zone, h))
	printed := map[string]int{}
	for i, r := range h.Records {
		fmt.Fprintln(a.stdout)
		a.say("proof.event", "Number", i+1, "When", a.exactly(r.At, c.zone), "What", a.words.T("proof.event."+string(r.Event)))
		a.printCircumstances(r)
		a.printShown(i+1, r, printed)
	}
	fmt.Fprintln(a.stdout)
	a.say("proof.register")
}

func (a *app) proofState(zone *time.Location, h store.Held) string {
	since, form := h.Confirmed, "proof.state.since"
	status := string(h.Status)
	switch {
	case !h.Known:
		status, since = forgottenState(h.Forgotten), time.Time{}
		if n := len(h.Records); n > 0 {
			since = h.Records[n-1].At
		}
	case h.Status == audience.Pending:
		since = h.Requested
	case h.Status != audience.Active:
		since = h.Left
	default:
		if by := takenOver(h.Records); by != "" {
			status, form = by, "proof.state.on"
		}
	}
	if since.IsZero() {
		return a.words.T("proof.state." + status)
	}
	return a.words.T(form, "State", a.words.T("proof.state."+status), "When", a.exactly(since, zone))
}

func forgottenState(reason audience.Event) string {
	switch reason {
	case audience.Barred:
		return string(audience.Suppressed)
	case audience.Elsewhere:
		return "elsewhere"
	}
	return "forgotten"
}

// takenOver says by what somebody is subscribed who did not confirm it here.
func takenOver(records []audience.Record) string {
	for _, r := range slices.Backward(records) {
		switch {
		case r.Event == audience.Confirmed:
			return ""
		case r.Event == audience.Imported && r.Origin == audience.Command:
			return "added"
		case r.Event == audience.Imported:
			return "imported"
		}
	}
	return ""
}

func (a *app) printCircumstances(r audience.Record) {
	if r.Origin != "" {
		a.say("proof.origin", "Origin", a.words.T("proof.origin."+string(r.Origin)), "Network", r.Network, "Lang", r.Lang)
	}
	if r.Detail != "" {
		detail := "proof.detail"
		if r.Event == audience.Imported {
			detail = "proof.detail-imported"
		}
		a.say(detail, "Detail", r.Detail)
	}
}

func (a *app) printShown(number int, r audience.Record, printed map[string]int) {
	switch {
	case r.TextHash == "":
		return
	case printed[r.TextHash] > 0:
		a.say("proof.same-text", "Number", printed[r.TextHash])
		return
	}
	printed[r.TextHash] = number
	shown := "proof.text"
	if r.Event == audience.Imported {
		shown = "proof.text-imported"
	}
	a.say(shown, "Hash", r.TextHash)
	for line := range strings.Lines(r.Text) {
		fmt.Fprintln(a.stdout, "   | "+strings.TrimRight(line, "\r\n"))
	}
}

// exactly is a moment that needs no knowledge of the zone.
func (a *app) exactly(t time.Time, zone *time.Location) string {
	return a.words.T("proof.moment", "Date", a.words.Date("moment", t.In(zone)), "UTC", t.UTC().Format(time.RFC3339))
}
