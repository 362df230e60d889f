package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/content/git"
	"github.com/infolettre/infolettre/pipeline/issue"
)

func (a *app) newCommand() *cobra.Command {
	var locale, date string
	c := a.command("new", a.words.T("argument.title"), func(c *cobra.Command, args []string) error {
		return a.newEntry(c.Context(), args[0], locale, date)
	})
	c.Args = a.args(1, 1)
	c.Flags().StringVar(&locale, "locale", "", a.words.T("flag.locale"))
	c.Flags().StringVar(&date, "date", "", a.words.T("flag.date"))
	return c
}

// newEntry writes an entry for its author to fill, and says when it is sent.
func (a *app) newEntry(ctx context.Context, title, locale, date string) error {
	c, err := a.loadConfig()
	if err != nil {
		return err
	}
	entry, err := a.emptyEntry(c, title, locale, date)
	if err != nil {
		return err
	}
	folder := c.path(c.Content.Folder)
	if author := git.Author(folder); author != "" {
		entry.Authors = []string{author}
	}
	path := filepath.Join(folder, entry.FileName())
	err = writeNew(path, entry.Markdown(), false, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return a.fail(nil, "new.exists", "Path", path)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, path)
	n, err := a.openNewsletter(c, nil)
	if err != nil {
		return err
	}
	return a.sayIssue(ctx, c, n, entry.FileName())
}

func (a *app) emptyEntry(c config, title, locale, date string) (content.File, error) {
	title = strings.TrimSpace(title)
	if title == "" || strings.ContainsFunc(title, unicode.IsControl) {
		return content.File{}, a.misuse("new.bad-title")
	}
	lang := c.Newsletter.Languages[0]
	if locale != "" {
		lang = locales.Canonical(locale)
	}
	if !slices.Contains(c.Newsletter.Languages, lang) {
		return content.File{}, a.misuse("new.bad-locale", "Value", locale, "Languages", strings.Join(c.Newsletter.Languages, ", "))
	}
	at, err := a.moment(date, c.zone)
	if err != nil {
		return content.File{}, err
	}
	return content.File{
		Title: title, Lang: lang, Date: at, HasClock: len(date) != len(time.DateOnly), Comments: a.hints(c.Issue.Sections),
	}, nil
}

// hints are the lines that an author may want, each behind a #.
func (a *app) hints(sections []string) []string {
	var lines []string
	if len(sections) > 0 {
		lines = append(lines, a.words.T("new.section", "First", sections[0], "Others", strings.Join(sections[1:], ", ")))
	}
	return append(lines, a.words.T("new.excerpt"), a.words.T("new.comment"))
}

// sayIssue names the issue of a file in the content folder: the first, not
// yet made, whose border lies after its date.
func (a *app) sayIssue(ctx context.Context, c config, n *pipeline.Newsletter, name string) error {
	now := a.now().In(c.zone)
	plan, err := a.planNext(ctx, c, n, now)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(plan.Verdicts, func(v issue.Verdict) bool {
		return slices.ContainsFunc(v.Item.Versions, func(e content.Entry) bool { return e.Path == name })
	})
	if at < 0 {
		a.report(c.Content.Folder, slices.DeleteFunc(plan.Problems, func(p content.Problem) bool { return p.File != name }))
		return errSaid
	}
	switch v := plan.Verdicts[at]; {
	case v.Reason.In():
		a.say("new.issue", "Number", plan.Number, "Slot", a.when(plan.Slot.In(c.zone)))
	case v.Reason == issue.Later:
		number := ""
		if ahead := slotsBetween(n.Calendar, plan.Slot, v.Slot); ahead > 0 {
			number = strconv.Itoa(plan.Number + ahead)
		}
		a.say("new.issue-later", "Number", number, "Slot", a.when(v.Slot.In(c.zone)))
	default:
		a.say("new.no-issue", "Reason", a.reason(v))
	}
	return nil
}

// slotsBetween counts the slots after one up to another, as far as a number
// can be foretold: 0 when there are more than a year's weeks.
func slotsBetween(calendar *issue.Calendar, from, to time.Time) int {
	const foreseeable = 53
	slot := from
	for n := range foreseeable {
		if !slot.Before(to) {
			return n
		}
		slot = calendar.Next(slot)
	}
	return 0
}
