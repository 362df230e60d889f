package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
	"github.com/infolettre/infolettre/pipeline/render/typography"
)

func (a *app) typoCommand() *cobra.Command {
	var locale string
	var asMarkdown, subject bool
	c := a.command("typo", "", func(*cobra.Command, []string) error { return a.typo(locale, asMarkdown, subject) })
	c.Args = a.args(0, 0)
	c.Flags().StringVar(&locale, "locale", "fr", a.words.T("flag.locale"))
	c.Flags().BoolVar(&asMarkdown, "markdown", false, a.words.T("flag.markdown"))
	c.Flags().BoolVar(&subject, "subject", false, a.words.T("flag.subject"))
	return c
}

// typo sets the text on standard input and writes it on standard output.
func (a *app) typo(locale string, asMarkdown, subject bool) error {
	if asMarkdown && subject {
		return a.misuse("cli.flags-exclude", "A", "--markdown", "B", "--subject")
	}
	text, err := io.ReadAll(a.stdin)
	if err != nil {
		return err
	}
	rules := rulesOf(locale)
	if rules == nil {
		a.note("typo.no-rules", "Locale", locale)
	}
	var out string
	switch {
	case asMarkdown:
		var findings []markdown.Finding
		out, findings, err = markdown.Bare(string(text), rules, rulesOf)
		for _, f := range findings {
			a.report("", []content.Problem{{ID: f.ID, File: "-", Line: f.Line, Args: f.Args}})
		}
	case subject:
		out = rules.Subject(string(text))
	default:
		out = rules.Text(string(text))
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.stdout, out)
	return err
}

func rulesOf(locale string) *typography.Rules {
	rules, _ := typography.New(locale, typography.Options{})
	return rules
}
