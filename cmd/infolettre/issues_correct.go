package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/store"
)

func (a *app) correctCommand() *cobra.Command {
	var reason, text string
	c := a.command("issues.correct", "N", func(c *cobra.Command, args []string) error {
		if strings.TrimSpace(reason) == "" {
			return a.misuse("issues.correct.no-reason")
		}
		return a.withIssue(c.Context(), args[0], func(ctx context.Context, conf config, s *store.Store, is deliver.Issue) error {
			return a.correctIssue(ctx, conf, s, is, strings.TrimSpace(reason), strings.TrimSpace(text))
		})
	})
	c.Args = a.args(1, 1)
	c.Flags().StringVar(&reason, "reason", "", a.words.T("flag.erratum-reason"))
	c.Flags().StringVar(&text, "text", "", a.words.T("flag.erratum-text"))
	return c
}

// correctIssue writes the issue's pages anew from its entries as they are, and
// leaves a word about it for the next issue.
func (a *app) correctIssue(ctx context.Context, c config, s *store.Store, is deliver.Issue, reason, text string) error {
	if is.State == deliver.IssueWaiting {
		return a.fail(nil, "issues.correct.waiting", "Number", is.Number)
	}
	if err := a.pull(ctx, c); err != nil {
		return err
	}
	n, err := a.openNewsletter(c, nil)
	if err != nil {
		return err
	}
	titles, err := s.Titles(ctx, is.Number)
	if err != nil {
		return err
	}
	errata, err := s.Errata(ctx, is.Number)
	if err != nil {
		return err
	}
	erratum := issue.Erratum{ID: audience.NewID().String(), Number: is.Number, Slot: is.Slot, At: a.now(), Reason: reason, Text: text}
	documents, problems, err := n.Correct(is, entryIDs(titles), append(errata, erratum))
	a.report(c.Content.Folder, problems)
	if errors.Is(err, pipeline.ErrEntryGone) {
		return a.fail(err, "issues.correct.gone", "Number", is.Number)
	}
	if err != nil {
		return err
	}
	if err := s.Correct(ctx, erratum, documents); err != nil {
		return err
	}
	a.say("issues.corrected", "Number", is.Number)
	return nil
}

// entryIDs lists the entries of an issue in reading order, each once.
func entryIDs(titles []store.Title) []string {
	var ids []string
	for _, t := range titles {
		if !slices.Contains(ids, t.Entry) {
			ids = append(ids, t.Entry)
		}
	}
	return ids
}
