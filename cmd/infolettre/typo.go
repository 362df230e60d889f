package main

import (
	"io"

	"github.com/spf13/cobra"

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
	rules, ok := typography.New(locale, typography.Options{})
	if !ok {
		a.note("typo.no-rules", "Locale", locale)
	}
	var out string
	switch {
	case asMarkdown:
		if out, err = markdown.Bare(string(text), rules); err != nil {
			return err
		}
	case subject:
		out = rules.Subject(string(text))
	default:
		out = rules.Text(string(text))
	}
	_, err = io.WriteString(a.stdout, out)
	return err
}
