package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/content"
)

type importFlags struct {
	stdout, force bool
	locale        string
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	c := a.command("import", a.words.T("argument.files"), func(_ *cobra.Command, args []string) error { return a.importFiles(args, f) })
	c.Args = a.args(1, -1)
	c.Flags().BoolVar(&f.stdout, "stdout", false, a.words.T("flag.stdout"))
	c.Flags().BoolVar(&f.force, "force", false, a.words.T("flag.force"))
	c.Flags().StringVar(&f.locale, "locale", "", a.words.T("flag.locale"))
	return c
}

// importFiles turns editorials into entries; one that is refused does not
// keep the others back.
func (a *app) importFiles(paths []string, f importFlags) error {
	c, err := a.loadConfig()
	if err != nil {
		return err
	}
	options := content.Options{Location: c.zone, Languages: c.Newsletter.Languages}
	if f.locale != "" {
		options.Languages = []string{f.locale}
	}
	failed := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return a.fail(err, "cli.unreadable", "Path", path)
		}
		entry, problems := content.Import(text, options)
		for i := range problems {
			problems[i].File = path
		}
		if a.report("", problems) > 0 {
			failed++
			continue
		}
		if err := a.writeEntry(c, entry, f); err != nil {
			return err
		}
	}
	if failed > 0 {
		return errSaid
	}
	return nil
}

func (a *app) writeEntry(c config, entry content.File, f importFlags) error {
	if f.stdout {
		_, err := a.stdout.Write(entry.Markdown())
		return err
	}
	path := filepath.Join(c.path(c.Content.Folder), entry.FileName())
	err := writeNew(path, entry.Markdown(), f.force, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return a.fail(nil, "import.exists", "Path", path)
	}
	if err != nil {
		return err
	}
	a.say("import.written", "Path", path)
	return nil
}

// writeNew writes a file that must not exist yet, unless force says otherwise.
func writeNew(path string, data []byte, force bool, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
