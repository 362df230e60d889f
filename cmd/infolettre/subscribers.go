package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
)

func (a *app) subscribersCommand() *cobra.Command {
	c := a.command("subscribers", "", nil)
	a.group(c)
	c.AddCommand(a.listCommand(), a.addCommand(), a.importSubscribersCommand(), a.exportCommand(), a.proofCommand(),
		a.leaveCommand(), a.eraseCommand(), a.suppressCommand(), a.unsuppressCommand(), a.retentionCommand())
	return c
}

// withReaders opens the database, with the keys that know forgotten addresses.
func (a *app) withReaders(ctx context.Context, create bool, do func(context.Context, config, *store.Store) error) error {
	return a.useStore(ctx, create, func(ctx context.Context, c config, s *store.Store) error {
		keys, err := a.readKeys(c)
		if err != nil {
			return err
		}
		s.UseKeys(keys)
		return do(ctx, c, s)
	})
}

func (a *app) addCommand() *cobra.Command {
	var name, lang, consent string
	c := a.command("subscribers.add", a.words.T("argument.addresses"), func(c *cobra.Command, args []string) error {
		return a.withReaders(c.Context(), true, func(ctx context.Context, conf config, s *store.Store) error {
			return a.addSubscribers(ctx, conf, s, args, name, lang, consent)
		})
	})
	c.Args = a.args(1, -1)
	c.Flags().StringVar(&name, "name", "", a.words.T("flag.name"))
	c.Flags().StringVar(&lang, "locale", "", a.words.T("flag.reader-locale"))
	c.Flags().StringVar(&consent, "consent", "", a.words.T("flag.consent"))
	return c
}

func (a *app) addSubscribers(ctx context.Context, c config, s *store.Store, addresses []string, name, lang, consent string) error {
	name, err := audience.ParseName(name)
	switch {
	case errors.Is(err, audience.ErrLongName):
		return a.misuse("subscribers.long-name")
	case err != nil:
		return a.misuse("subscribers.bad-name")
	}
	if lang != "" {
		tag, ok := audience.ParseLanguage(lang)
		if !ok {
			return a.misuse("subscribers.bad-language", "Value", lang)
		}
		lang = tag
	}
	var rows []audience.Row
	for i, text := range addresses {
		address, err := audience.ParseAddress(text)
		if err != nil {
			return a.misuse(addressMessage(err), "Value", text)
		}
		rows = append(rows, audience.Row{Line: i + 1, Subscriber: audience.Subscriber{
			ID: audience.NewID(), Address: address, Name: name, Lang: lang, Status: audience.Active,
		}})
	}
	added, err := s.Import(ctx, a.now(), c.Newsletter.Languages[0], audience.Consent{
		Lang: cmp.Or(lang, c.Newsletter.Languages[0]), Text: consent, Origin: audience.Command,
	}, func(yield func(audience.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		return a.storeError(err)
	}
	return a.sayAdded(added)
}

// address reads an address that somebody typed.
func (a *app) address(text string) (audience.Address, error) {
	address, err := audience.ParseAddress(text)
	if err != nil {
		return address, a.misuse(addressMessage(err), "Value", text)
	}
	return address, nil
}

// addresses are those that somebody typed or, for "-", those of standard
// input, one per line.
func (a *app) addresses(args []string) ([]audience.Address, error) {
	if len(args) == 1 && args[0] == "-" {
		args = nil
		lines := bufio.NewScanner(a.stdin)
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); line != "" {
				args = append(args, line)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, err
		}
		if len(args) == 0 {
			return nil, a.misuse("subscribers.no-addresses")
		}
	}
	var addresses []audience.Address
	for _, text := range args {
		address, err := a.address(text)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

func addressMessage(err error) string {
	if errors.Is(err, audience.ErrLocalPart) {
		return "subscribers.local-part"
	}
	return "subscribers.bad-address"
}

// storeError says in the user's words what the store says for us.
func (a *app) storeError(err error) error {
	if errors.Is(err, store.ErrNoKeys) {
		return a.fail(err, "subscribers.no-keys")
	}
	return err
}

// sayAdded says what became of the persons; who was refused, or left elsewhere
// and is active here, is named, up to a handful.
func (a *app) sayAdded(added store.Added) error {
	a.say("subscribers.added", "Count", added.New, "Updated", added.Updated)
	for _, part := range []struct {
		id    string
		count int
	}{
		{"subscribers.unchanged", added.Unchanged},
		{"subscribers.kept", added.Kept},
		{"subscribers.remembered", added.Remembered},
	} {
		if part.count > 0 {
			a.say(part.id, "Count", part.count)
		}
	}
	if added.Active > 0 {
		for _, address := range added.ActiveFirst {
			a.note("subscribers.active-here", "Address", address.String())
		}
		a.note("subscribers.active-count", "Count", added.Active)
	}
	return a.sayRefused(added)
}

func (a *app) sayRefused(added store.Added) error {
	refused := added.Unsubscribed + added.LeftElsewhere + added.Suppressed + added.Forgotten
	if refused == 0 {
		return nil
	}
	for _, r := range added.Refused {
		a.note("subscribers.refused", "Address", r.Address.String(), "Why", a.words.T("subscribers.why."+string(r.Why)))
	}
	a.note("subscribers.refused-count", "Count", refused, "Unsubscribed", added.Unsubscribed, "Elsewhere", added.LeftElsewhere,
		"Suppressed", added.Suppressed, "Forgotten", added.Forgotten)
	return errSaid
}

func (a *app) listCommand() *cobra.Command {
	var asJSON bool
	c := a.command("subscribers.list", "", func(c *cobra.Command, _ []string) error {
		return a.withStore(c.Context(), func(ctx context.Context, _ config, s *store.Store) error {
			return a.listSubscribers(ctx, s, asJSON)
		})
	})
	c.Args = a.args(0, 0)
	c.Flags().BoolVar(&asJSON, "json", false, a.words.T("flag.json"))
	return c
}

func (a *app) listSubscribers(ctx context.Context, s *store.Store, asJSON bool) error {
	subscribers, err := s.Subscribers(ctx)
	if err != nil {
		return err
	}
	type subscriberJSON struct {
		Email  string          `json:"email"`
		Name   string          `json:"name"`
		Lang   string          `json:"lang"`
		Status audience.Status `json:"status"`
	}
	list := []subscriberJSON{}
	for _, sub := range subscribers {
		list = append(list, subscriberJSON{sub.Address.String(), sub.Name, sub.Lang, sub.Status})
	}
	if asJSON {
		return a.printJSON(list)
	}
	for _, sub := range list {
		fmt.Fprintf(a.stdout, "%s\t%s\t%s\t%s\n", sub.Email, sub.Lang, a.words.T("status."+string(sub.Status)), sub.Name)
	}
	return nil
}
