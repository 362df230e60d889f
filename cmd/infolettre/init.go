package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sample "github.com/infolettre/infolettre/content"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/templates"
)

// The sample entry of a new newsletter, and the image it shows.
const (
	sampleEntry = "2026-11-16-une-demi-seconde-de-trop"
	sampleImage = "images/cable-repare.png"
)

var dateLine = regexp.MustCompile(`(?m)^date: .*$`)

func (a *app) initCommand() *cobra.Command {
	c := a.command("init", a.words.T("argument.folder"), func(_ *cobra.Command, args []string) error {
		folder := "."
		if len(args) > 0 {
			folder = args[0]
		}
		return a.initFolder(folder)
	})
	c.Args = a.args(0, 1)
	return c
}

// initFolder writes what a newsletter needs. A file that is there already is
// left as it is.
func (a *app) initFolder(folder string) error {
	lang, _, _ := strings.Cut(a.words.Tag(), "-")
	settings, err := fs.ReadFile(templates.Init, "init/infolettre."+lang+".yaml")
	if err != nil { // a language without settings of its own
		settings, err = fs.ReadFile(templates.Init, "init/infolettre.en.yaml")
	}
	if err != nil {
		return err
	}
	files := []struct {
		path string
		data []byte
		mode fs.FileMode
	}{
		{defaultConfig, settings, 0o666},
		{".gitignore", []byte("/infolettre.db*\n/infolettre.state\n/infolettre.keys\n/smtp.password\n/apercu/\n/preview/\n/rapport/\n/report/\n"), 0o666},
		{"infolettre.keys", []byte("# " + a.words.T("init.keys-comment") + "\n" + audience.NewKey() + "\n"), 0o600},
	}
	guide := "README.en.md"
	if lang == "fr" {
		guide = "README.md"
	}
	today := a.now().Format(time.DateOnly)
	for _, name := range []string{sampleEntry + ".fr.md", sampleEntry + ".en.md", sampleImage, guide} {
		data, err := fs.ReadFile(sample.FS, name)
		if err != nil {
			return err
		}
		if name == guide {
			name = "README.md"
		}
		if path, ok := strings.CutPrefix(name, sampleEntry[:len(time.DateOnly)]); ok {
			name, data = today+path, dateLine.ReplaceAll(data, []byte("date: "+today))
		}
		files = append(files, struct {
			path string
			data []byte
			mode fs.FileMode
		}{"content/" + name, data, 0o666})
	}
	for _, f := range files {
		path := filepath.Join(folder, filepath.FromSlash(f.path))
		err := writeNew(path, f.data, false, f.mode)
		switch {
		case errors.Is(err, fs.ErrExist):
			a.note("init.kept", "Path", path)
		case err != nil:
			return fmt.Errorf("write %s: %w", path, err)
		default:
			a.say("init.written", "Path", path)
		}
	}
	a.say("init.next", "Folder", cmp.Or(folder, "."))
	return nil
}
