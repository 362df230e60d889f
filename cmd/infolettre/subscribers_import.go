package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime/debug"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
)

type csvFlags struct {
	consent     string
	ignored     []string // names of columns
	yes, dryRun bool
}

func (a *app) importSubscribersCommand() *cobra.Command {
	var f csvFlags
	c := a.command("subscribers.import", a.words.T("argument.file"), func(c *cobra.Command, args []string) error {
		if strings.TrimSpace(f.consent) == "" && !f.dryRun {
			return a.misuse("subscribers.needs-consent")
		}
		return a.withReaders(c.Context(), true, func(ctx context.Context, conf config, s *store.Store) error {
			return a.importSubscribers(ctx, conf, s, args[0], f)
		})
	})
	c.Args = a.args(1, 1)
	c.Flags().StringVar(&f.consent, "consent", "", a.words.T("flag.consent"))
	c.Flags().StringArrayVar(&f.ignored, "ignore", nil, a.words.T("flag.ignore"))
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, a.words.T("flag.import-yes"))
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, a.words.T("flag.import-dry-run"))
	return c
}

// importSubscribers says how it understands the file, then takes all lines of
// it or, when one of them is wrong, none.
func (a *app) importSubscribers(ctx context.Context, c config, s *store.Store, path string, f csvFlags) error {
	// What a million rows leave behind is mostly one table without pointers:
	// collecting garbage often costs little, and keeps the peak near it.
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	file, err := a.seekable(path)
	if err != nil {
		return a.fail(err, "cli.unreadable", "Path", path)
	}
	defer file.Close()
	layout, err := audience.Detect(file, f.ignored...)
	if err != nil {
		return a.badFile(path, err)
	}
	a.sayLayout(layout)
	in, err := a.survey(c, path, file, &layout)
	if err != nil {
		return err
	}
	var nobody error // a file of those who left has its use all the same
	if in.found == 0 {
		nobody = a.fail(nil, "import.nobody")
	}
	if f.dryRun || in.found+in.skipped[audience.Left] == 0 {
		return nobody
	}
	if terminal(a.stdin) { // without one, whoever wrote the command has decided
		if ok, err := a.agree(f.yes, "import.ask", "subscribers.declined"); err != nil || !ok {
			return err
		}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return a.fail(err, "cli.unreadable", "Path", path)
	}
	added, err := s.Import(ctx, a.now(), c.Newsletter.Languages[0], audience.Consent{
		Lang: c.Newsletter.Languages[0], Text: f.consent, Origin: audience.Import,
	}, a.counted(in.found, layout.Rows(file)))
	if err != nil {
		return a.storeError(err)
	}
	return cmp.Or(a.sayAdded(added), nobody)
}

// seekable opens a file that is read more than once. What comes through a pipe
// is kept in a file of its own, which is gone once it is closed.
func (a *app) seekable(path string) (*os.File, error) {
	if path != "-" {
		return os.Open(path)
	}
	f, err := os.CreateTemp("", "infolettre-import-")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(f, a.stdin)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err := errors.Join(err, os.Remove(f.Name())); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// badFile reports what makes a whole file unreadable.
func (a *app) badFile(path string, err error) error {
	var refusal *audience.Refusal
	if !errors.As(err, &refusal) {
		return a.fail(err, "cli.unreadable", "Path", path)
	}
	a.sayRefusal(path, refusal)
	return a.fail(nil, "subscribers.nothing-imported", "Count", 1)
}

func (a *app) sayRefusal(path string, r *audience.Refusal) {
	fmt.Fprintln(a.stderr, a.words.T("cli.error", "Place", placeOf(path, r.Line), "What", a.words.T("csv."+r.ID, "Value", r.Value, "Detail", r.Detail)))
}

// barStep keeps the bar from costing more than the rows.
const barStep = 500

// counted shows on a terminal how far the rows have come.
func (a *app) counted(total int, rows iter.Seq2[audience.Row, error]) iter.Seq2[audience.Row, error] {
	if !terminal(a.stderr) {
		return rows
	}
	return func(yield func(audience.Row, error) bool) {
		bar := progressbar.NewOptions(total, progressbar.OptionSetWriter(a.stderr), progressbar.OptionShowCount(),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription(a.words.T("import.progress")))
		n := 0
		for row, err := range rows {
			if row.Skipped == "" {
				n++
			}
			if n%barStep == 0 {
				_ = bar.Set(min(n, total))
			}
			if !yield(row, err) {
				break
			}
		}
		_ = bar.Finish()
	}
}
