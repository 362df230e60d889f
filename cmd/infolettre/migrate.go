package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/store"
)

func (a *app) migrateCommand() *cobra.Command {
	var to string
	c := a.command("migrate", "", func(c *cobra.Command, _ []string) error {
		conf, err := a.loadConfig()
		if err != nil {
			return err
		}
		return a.migrate(c.Context(), conf, cmp.Or(to, conf.Database.URL))
	})
	c.Args = a.args(0, 0)
	c.Flags().StringVar(&to, "to", "", a.words.T("flag.to"))
	return c
}

// migrate moves the file's content into an empty PostgreSQL database, while
// nobody sends.
func (a *app) migrate(ctx context.Context, c config, to string) error {
	if !store.IsURL(to) {
		return a.misuse("migrate.no-target")
	}
	c.Database.URL = ""
	file := c
	from, err := a.openStore(ctx, file, false)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := from.LockSending(ctx); errors.Is(err, store.ErrBusy) {
		return a.fail(nil, "send.busy")
	} else if err != nil {
		return err
	}
	c.Database.URL = to
	target, err := a.openStore(ctx, c, true)
	if err != nil {
		return a.fail(err, "cli.no-connection", "Path", c.databaseName())
	}
	defer target.Close()
	total := 0
	err = store.Move(ctx, from, target, func(table string, rows int) {
		total += rows
		a.note("migrate.table", "Table", table, "Count", rows)
	})
	if errors.Is(err, store.ErrNotEmpty) {
		return a.fail(nil, "migrate.not-empty", "URL", c.databaseName())
	}
	if err != nil {
		return a.fail(err, "migrate.failed")
	}
	a.say("migrate.done", "Count", total, "Path", file.databaseName(), "URL", c.databaseName())
	return nil
}
