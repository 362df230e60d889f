package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
)

// Formats of exports and statements.
const (
	formatText = "text"
	formatJSON = "json"
	formatCSV  = "csv"
	formatSVG  = "svg"
)

// exportCommand writes the list or, with an address, everything held on one
// person.
func (a *app) exportCommand() *cobra.Command {
	var format string
	c := a.command("subscribers.export", a.words.T("argument.one-address"), func(c *cobra.Command, args []string) error {
		if format != "" && format != formatCSV && format != formatJSON {
			return a.misuse("cli.bad-format", "Value", format)
		}
		return a.withReaders(c.Context(), false, func(ctx context.Context, _ config, s *store.Store) error {
			if len(args) == 0 {
				return a.exportList(ctx, s, format)
			}
			return a.exportPerson(ctx, s, args[0], format)
		})
	})
	c.Args = a.args(0, 1)
	c.Flags().StringVar(&format, "format", "", a.words.T("flag.export-format"))
	return c
}

func (a *app) exportList(ctx context.Context, s *store.Store, format string) error {
	if format == formatJSON {
		list := []personJSON{}
		err := s.Lives(ctx, func(l audience.Life) error {
			list = append(list, personToJSON(store.Held{Life: l, Known: true}))
			return nil
		})
		if err != nil {
			return err
		}
		return a.printJSON(list)
	}
	w, err := audience.NewCSVWriter(a.stdout, audience.ListColumns()...)
	if err != nil {
		return err
	}
	err = s.Lives(ctx, func(l audience.Life) error { return w.Write(audience.ListCells(l)...) })
	return errors.Join(err, w.Flush())
}

// held reads everything on one person; nothing held is said kindly.
func (a *app) held(ctx context.Context, s *store.Store, text string) (store.Held, error) {
	address, err := a.address(text)
	if err != nil {
		return store.Held{}, err
	}
	h, err := s.Held(ctx, address)
	if errors.Is(err, store.ErrNotFound) {
		return h, a.fail(nil, "subscribers.unknown", "Address", address.String())
	}
	return h, a.storeError(err)
}

func (a *app) exportPerson(ctx context.Context, s *store.Store, text, format string) error {
	h, err := a.held(ctx, s, text)
	if err != nil {
		return err
	}
	person := personToJSON(h)
	if format == formatCSV {
		return person.writeCSV(a.stdout)
	}
	return a.printJSON(person)
}

// personJSON is everything held on one person. Times are RFC 3339, UTC.
type personJSON struct {
	Email     string          `json:"email"`
	ID        string          `json:"id"`
	Name      string          `json:"name,omitempty"`
	Lang      string          `json:"lang,omitempty"`
	Status    audience.Status `json:"status,omitempty"`
	Reason    string          `json:"reason,omitempty"`    // why it is suppressed
	Forgotten audience.Event  `json:"forgotten,omitempty"` // why there is no more than this
	Created   *time.Time      `json:"created,omitempty"`
	Requested *time.Time      `json:"requested,omitempty"`
	Confirmed *time.Time      `json:"confirmed,omitempty"`
	Seen      *time.Time      `json:"last_contact,omitempty"`
	Asked     *time.Time      `json:"asked_to_renew,omitempty"`
	Left      *time.Time      `json:"left,omitempty"`
	Paused    *time.Time      `json:"paused_until,omitempty"`
	Events    []eventJSON     `json:"events,omitempty"`
	Issues    []sentJSON      `json:"issues,omitempty"`
}

type eventJSON struct {
	Event    audience.Event  `json:"event"`
	At       time.Time       `json:"at"`
	Lang     string          `json:"lang,omitempty"`
	Origin   audience.Origin `json:"origin,omitempty"`
	Network  string          `json:"network,omitempty"`
	Detail   string          `json:"detail,omitempty"`
	Text     string          `json:"text,omitempty"`
	TextHash string          `json:"text_sha256,omitempty"`
}

type sentJSON struct {
	Issue    int           `json:"issue"`
	Revision int           `json:"revision,omitempty"` // of the issue, when it was its correction
	Locale   string        `json:"locale"`
	State    deliver.State `json:"state"`
	Reply    string        `json:"reply,omitempty"`
	At       time.Time     `json:"at"`
}

func personToJSON(h store.Held) personJSON {
	p := personJSON{
		Email: h.Address.String(), ID: h.ID.String(), Name: h.Name, Lang: h.Lang, Status: h.Status, Reason: h.Reason, Forgotten: h.Forgotten,
		Created: optional(h.Created), Requested: optional(h.Requested), Confirmed: optional(h.Confirmed), Seen: optional(h.Seen),
		Asked: optional(h.Asked), Left: optional(h.Left), Paused: optional(h.PausedUntil),
	}
	for _, r := range h.Records {
		p.Events = append(p.Events, eventJSON{r.Event, r.At, r.Lang, r.Origin, r.Network, r.Detail, r.Text, r.TextHash})
	}
	for _, d := range h.Deliveries {
		p.Issues = append(p.Issues, sentJSON{d.Issue, d.Revision, d.Locale, d.State, d.Reply.String(), d.At})
	}
	return p
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// writeCSV writes the same as a table: what, when, and the rest in columns
// that each kind of line uses as it needs.
func (p personJSON) writeCSV(out io.Writer) error {
	w, err := audience.NewCSVWriter(out, "kind", "what", "at", "lang", "origin", "network", "detail", "text")
	if err != nil {
		return err
	}
	lines := [][]string{
		{"subscriber", "email", "", "", "", "", p.Email},
		{"subscriber", "id", "", "", "", "", p.ID},
		{"subscriber", "name", "", "", "", "", p.Name},
		{"subscriber", "lang", "", p.Lang},
		{"subscriber", "status", "", "", "", "", cmp.Or(string(p.Status), string(p.Forgotten)), p.Reason},
	}
	for _, date := range []struct {
		what string
		at   *time.Time
	}{
		{"created", p.Created}, {"requested", p.Requested}, {"confirmed", p.Confirmed}, {"last_contact", p.Seen},
		{"asked_to_renew", p.Asked}, {"left", p.Left}, {"paused_until", p.Paused},
	} {
		if date.at != nil {
			lines = append(lines, []string{"date", date.what, date.at.Format(time.RFC3339)})
		}
	}
	for _, e := range p.Events {
		lines = append(lines, []string{"event", string(e.Event), e.At.Format(time.RFC3339), e.Lang, string(e.Origin), e.Network, e.Detail, e.Text})
	}
	for _, i := range p.Issues {
		kind := "issue"
		if i.Revision > 0 {
			kind = "correction"
		}
		lines = append(lines, []string{kind, strconv.Itoa(i.Issue), i.At.Format(time.RFC3339), i.Locale, "", "", string(i.State), i.Reply})
	}
	const columns = 8
	for _, line := range lines {
		if err := w.Write(append(line, make([]string, columns-len(line))...)...); err != nil {
			return err
		}
	}
	return w.Flush()
}
