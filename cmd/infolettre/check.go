package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/content/git"
	"github.com/infolettre/infolettre/pipeline/issue"
)

type checkFlags struct {
	since, format, output, at string
	fix                       bool
}

var checkFormats = []string{"text", "json", "github", "markdown"}

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	c := a.command("check", a.words.T("argument.paths"), func(c *cobra.Command, args []string) error {
		return a.check(c.Context(), args, f)
	})
	c.Flags().StringVar(&f.since, "since", "", a.words.T("flag.since-ref"))
	c.Flags().StringVar(&f.format, "format", "text", a.words.T("flag.check-format"))
	c.Flags().StringVarP(&f.output, "output", "o", "", a.words.T("flag.check-output"))
	c.Flags().StringVar(&f.at, "at", "", a.words.T("flag.at"))
	c.Flags().BoolVar(&f.fix, "fix", false, a.words.T("flag.fix"))
	return c
}

// check says what is to mend in the entries and in the next issue; an error
// among it is the command's.
func (a *app) check(ctx context.Context, paths []string, f checkFlags) error {
	if !slices.Contains(checkFormats, f.format) {
		return a.misuse("check.bad-format", "Value", f.format, "Formats", strings.Join(checkFormats, ", "))
	}
	c, err := a.loadConfig()
	if err != nil {
		return err
	}
	named, err := a.named(c, paths)
	if err != nil {
		return err
	}
	if f.fix {
		if err := a.fix(c, named); err != nil {
			return err
		}
	}
	n, err := a.openNewsletter(c, nil)
	if err != nil {
		return err
	}
	now, err := a.moment(f.at, c.zone)
	if err != nil {
		return err
	}
	r, err := a.review(ctx, c, n, now, named)
	if err != nil {
		return err
	}
	if f.since != "" {
		if err := a.subtract(ctx, c, n, &r, f.since); err != nil {
			return err
		}
	}
	if f.output != "" {
		if err := a.writeReport(c, n, r, f.output); err != nil {
			return err
		}
	}
	if err := a.printReview(c, r, f.format); err != nil {
		return err
	}
	if r.errors() > 0 {
		return errSaid
	}
	return nil
}

// selection is what the paths of a command line name below the content
// folder; none name everything.
type selection []string

// named finds the paths, which may be files or folders, as the shell sees them.
func (a *app) named(c config, paths []string) (selection, error) {
	folder, err := filepath.Abs(c.path(c.Content.Folder))
	if err != nil {
		return nil, err
	}
	var s selection
	for _, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(abs); errors.Is(err, fs.ErrNotExist) {
			return nil, a.misuse("check.no-file", "Path", p)
		}
		rel, err := filepath.Rel(folder, abs)
		if err == nil && rel != "." && !filepath.IsLocal(rel) {
			if back, errBack := filepath.Rel(abs, folder); errBack == nil && filepath.IsLocal(back) {
				rel = "." // a folder that holds the entries' folder
			} else {
				return nil, a.misuse("check.outside", "Path", p, "Folder", c.path(c.Content.Folder))
			}
		}
		if err != nil {
			return nil, err
		}
		s = append(s, filepath.ToSlash(rel))
	}
	return s, nil
}

// has reports whether a file is one of those that are named.
func (s selection) has(file string) bool {
	return len(s) == 0 || slices.ContainsFunc(s, func(name string) bool {
		return name == "." || file == name || strings.HasPrefix(file, name+"/")
	})
}

// review is the next issue, and what is to mend.
type review struct {
	named    selection
	at       time.Time
	calendar *issue.Calendar
	entries  []content.Entry
	plan     pipeline.Plan
	mails    []sampleMail
	changes  check.Changes // since a ref; empty without one
	since    string
	findings []check.Finding
	past     int // findings in entries that no issue will have any more, left out
}

func (r review) errors() int { return r.count(content.Error) }

func (r review) count(s content.Severity) int {
	n := 0
	for _, f := range r.findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// subtract leaves what the change since a ref brought.
func (a *app) subtract(ctx context.Context, c config, n *pipeline.Newsletter, r *review, ref string) error {
	folder := c.path(c.Content.Folder)
	before, err := git.Before(folder, ref)
	switch {
	case errors.Is(err, git.ErrNoRepository):
		return a.misuse("check.no-repository", "Folder", folder)
	case errors.Is(err, git.ErrUnknownRef):
		return a.misuse("check.unknown-ref", "Ref", ref)
	case errors.Is(err, git.ErrUnrelated):
		return a.misuse("check.shallow", "Ref", ref)
	case err != nil:
		return err
	}
	if r.changes, err = check.Compare(before, n.Entries); err != nil {
		return err
	}
	old, err := a.newsletter(c, before, nil, func() string { return "" })
	if err != nil {
		return err
	}
	was, err := a.review(ctx, c, old, r.at, r.suspects())
	if err != nil {
		return err
	}
	r.since = ref
	r.findings = check.New(r.findings, was.findings, r.changes.Renamed)
	return nil
}

// suspects are the files, as they were named before, that have findings now:
// there is no need to look at others.
func (r review) suspects() selection {
	s := selection{""} // nothing, rather than everything
	for _, f := range r.findings {
		name := f.File
		if old, ok := r.changes.Renamed[name]; ok {
			name = old
		}
		if name != s[len(s)-1] {
			s = append(s, name)
		}
	}
	return s
}

// fix mends in the files what a program can.
func (a *app) fix(c config, named selection) error {
	folder := c.path(c.Content.Folder)
	root, err := os.OpenRoot(folder)
	if err != nil {
		return a.fail(err, "cli.no-content", "Path", folder)
	}
	defer root.Close()
	names, err := content.Names(root.FS())
	if err != nil {
		return err
	}
	for _, name := range names {
		if !named.has(name) {
			continue
		}
		path := filepath.Join(folder, filepath.FromSlash(name))
		info, err := root.Lstat(name)
		if err != nil || !info.Mode().IsRegular() {
			continue // a link's file is mended under its own name
		}
		data, err := root.ReadFile(name)
		if err != nil {
			continue // the review says so
		}
		tidy, mended := content.Tidy(name, data, content.Options{Location: c.zone, Languages: c.Newsletter.Languages})
		if len(mended) == 0 {
			continue
		}
		if err := replaceFile(path, tidy); err != nil {
			return err
		}
		var what []string
		for _, m := range mended {
			what = append(what, a.words.T("fix."+string(m)))
		}
		a.note("check.fixed", "Path", path, "What", strings.Join(what, ", "))
	}
	return nil
}
