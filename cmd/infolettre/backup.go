package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/store"
)

func (a *app) backupCommand() *cobra.Command {
	c := a.command("backup", a.words.T("argument.folder"), func(c *cobra.Command, args []string) error {
		return a.withStore(c.Context(), func(ctx context.Context, conf config, s *store.Store) error {
			return a.backup(ctx, conf, s, args[0])
		})
	})
	c.Args = a.args(1, 1)
	return c
}

// backup copies the database and the keys. The witness stays behind: a copy
// that is put to work without it, or beside one that knows more, sends nothing
// before a person accepts it.
func (a *app) backup(ctx context.Context, c config, s *store.Store, folder string) error {
	path := filepath.Join(folder, filepath.Base(c.path(c.Database.Path)))
	if err := writeNew(path, nil, false, 0o600); errors.Is(err, fs.ErrExist) {
		return a.fail(nil, "import.exists", "Path", path)
	} else if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := s.Backup(ctx, path); err != nil {
		err = errors.Join(err, os.Remove(path))
		if errors.Is(err, store.ErrServer) {
			return a.fail(nil, "backup.server")
		}
		return err
	}
	a.say("init.written", "Path", path)
	keys := filepath.Join(folder, filepath.Base(c.path(c.Keys.File)))
	data, err := os.ReadFile(c.path(c.Keys.File))
	if errors.Is(err, fs.ErrNotExist) { // they are in the environment
		a.note("backup.no-keys", "Path", c.path(c.Keys.File))
		return nil
	}
	if err == nil {
		err = writeNew(keys, data, false, 0o600)
	}
	if errors.Is(err, fs.ErrExist) {
		return a.fail(nil, "import.exists", "Path", keys)
	}
	if err != nil {
		return fmt.Errorf("copy the keys: %w", err)
	}
	a.say("init.written", "Path", keys)
	return nil
}
