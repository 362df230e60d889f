package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
)

func (a *app) subscribersCommand() *cobra.Command {
	c := a.command("subscribers", "", nil)
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.Args = a.args(0, 0)

	var name, lang string
	add := a.command("subscribers.add", a.words.T("argument.addresses"), func(c *cobra.Command, args []string) error {
		return a.withNewStore(c.Context(), func(ctx context.Context, conf config, s *store.Store) error {
			return a.addSubscribers(ctx, conf, s, args, name, lang)
		})
	})
	add.Args = a.args(1, -1)
	add.Flags().StringVar(&name, "name", "", a.words.T("flag.name"))
	add.Flags().StringVar(&lang, "locale", "", a.words.T("flag.reader-locale"))

	imports := a.command("subscribers.import", a.words.T("argument.file"), func(c *cobra.Command, args []string) error {
		return a.withNewStore(c.Context(), func(ctx context.Context, conf config, s *store.Store) error {
			return a.importSubscribers(ctx, conf, s, args[0])
		})
	})
	imports.Args = a.args(1, 1)

	var asJSON bool
	list := a.command("subscribers.list", "", func(c *cobra.Command, _ []string) error {
		return a.withStore(c.Context(), func(ctx context.Context, _ config, s *store.Store) error {
			return a.listSubscribers(ctx, s, asJSON)
		})
	})
	list.Args = a.args(0, 0)
	list.Flags().BoolVar(&asJSON, "json", false, a.words.T("flag.json"))
	c.AddCommand(add, imports, list)
	return c
}

func (a *app) addSubscribers(ctx context.Context, c config, s *store.Store, addresses []string, name, lang string) error {
	name, err := audience.ParseName(name)
	if err != nil {
		return a.misuse("subscribers.bad-name")
	}
	if lang != "" && locales.Canonical(lang) == "" {
		return a.misuse("subscribers.bad-language", "Value", lang)
	}
	var subscribers []audience.Subscriber
	for _, text := range addresses {
		address, err := audience.ParseAddress(text)
		if err != nil {
			return a.misuse(addressMessage(err), "Value", text)
		}
		subscribers = append(subscribers, audience.Subscriber{
			ID: audience.NewID(), Address: address, Name: name, Lang: cmp.Or(locales.Canonical(lang), c.Newsletter.Languages[0]), Status: audience.Active,
		})
	}
	return a.store(ctx, s, subscribers)
}

func addressMessage(err error) string {
	if errors.Is(err, audience.ErrLocalPart) {
		return "subscribers.local-part"
	}
	return "subscribers.bad-address"
}

// importSubscribers takes all lines of a CSV file or, when one of them is
// wrong, none.
func (a *app) importSubscribers(ctx context.Context, c config, s *store.Store, path string) error {
	in := a.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return a.fail(err, "cli.unreadable", "Path", path)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return a.fail(err, "cli.unreadable", "Path", path)
	}
	subscribers, refused := audience.ReadCSV(data, c.Newsletter.Languages[0])
	for _, r := range refused {
		fmt.Fprintln(a.stderr, a.words.T("cli.error", "Place", placeOf(path, r.Line), "What", a.words.T("csv."+r.ID, "Value", r.Value)))
	}
	if len(refused) > 0 {
		return a.fail(nil, "subscribers.nothing-imported", "Count", len(refused))
	}
	return a.store(ctx, s, subscribers)
}

func (a *app) store(ctx context.Context, s *store.Store, subscribers []audience.Subscriber) error {
	added, err := s.AddSubscribers(ctx, a.now(), subscribers)
	if err != nil {
		return err
	}
	a.say("subscribers.added", "Count", added.New, "Updated", added.Updated)
	for _, address := range added.Refused {
		a.note("subscribers.refused", "Address", address.String())
	}
	if len(added.Refused) > 0 {
		return errSaid
	}
	return nil
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
