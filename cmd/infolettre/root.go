package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// root builds the command tree in the user's language, cobra's own words
// included.
func (a *app) root() *cobra.Command {
	root := a.command("infolettre", "", nil)
	root.Use = "infolettre"
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetUsageTemplate(a.usageTemplate())
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return a.misuse("cli.bad-flag", "What", a.flagError(err), "Usage", c.UseLine())
	})
	a.group(root)
	root.Version = version
	root.SetVersionTemplate(a.words.T("cli.version", "Version", version) + "\n")
	root.Flags().Bool("version", false, a.words.T("flag.version"))
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		lang := c.Flag("lang")
		if _, ok := a.catalogue.Match(lang.Value.String()); lang.Changed && !ok {
			return a.misuse("cli.bad-language", "Value", lang.Value, "Languages", strings.Join(a.catalogue.Tags(), ", "))
		}
		return nil
	}
	root.PersistentFlags().StringVarP(&a.configPath, "config", "c", defaultConfig, a.words.T("flag.config"))
	root.PersistentFlags().String("lang", "", a.words.T("flag.lang"))

	root.AddCommand(
		a.demoCommand(),
		a.initCommand(),
		a.newCommand(),
		a.importCommand(),
		a.typoCommand(),
		a.checkCommand(),
		a.renderCommand(),
		a.previewCommand(),
		a.planCommand(),
		a.sendCommand(),
		a.backupCommand(),
		a.migrateCommand(),
		a.serveCommand(),
		a.issuesCommand(),
		a.subscribersCommand(),
		a.doctorCommand(),
		a.unsubscribeCommand(),
		a.statsCommand(),
		a.versionCommand(),
	)
	root.SetHelpCommand(a.helpCommand(root))
	hideDefaults(root)
	return root
}

// group makes of a command one that only has others: alone it shows its help.
func (a *app) group(c *cobra.Command) {
	c.SuggestionsMinimumDistance = 2
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return a.misuse("cli.unknown-command", "Command", args[0], "Near", strings.Join(c.SuggestionsFor(args[0]), ", "))
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
}

// hideDefaults keeps pflag from adding "(default …)" in English; the flags'
// own words say it.
func hideDefaults(c *cobra.Command) {
	hide := func(f *pflag.Flag) {
		switch f.Value.Type() {
		case "string":
			f.DefValue = ""
		case "int":
			f.DefValue = "0"
		}
	}
	c.Flags().VisitAll(hide)
	c.PersistentFlags().VisitAll(hide)
	for _, sub := range c.Commands() {
		hideDefaults(sub)
	}
}

// flagError says in the user's language what pflag says in English.
func (a *app) flagError(err error) string {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return a.words.T("cli.flag-unknown", "Flag", dashes(unknown.GetSpecifiedName()))
	case errors.As(err, &missing):
		return a.words.T("cli.flag-needs-value", "Flag", dashes(missing.GetSpecifiedName()))
	case errors.As(err, &invalid):
		return a.words.T("cli.flag-value", "Flag", dashes(invalid.GetFlag().Name), "Value", invalid.GetValue())
	}
	return err.Error()
}

func dashes(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

func (a *app) helpCommand(root *cobra.Command) *cobra.Command {
	c := a.command("help", a.words.T("argument.command"), func(_ *cobra.Command, args []string) error {
		found, rest, err := root.Find(args)
		if err != nil || len(rest) > 0 {
			return a.misuse("cli.unknown-command", "Command", strings.Join(args, " "), "Near", "")
		}
		return found.Help()
	})
	return c
}

func (a *app) versionCommand() *cobra.Command {
	c := a.command("version", "", func(*cobra.Command, []string) error {
		a.say("cli.version", "Version", version)
		return nil
	})
	c.Args = a.args(0, 0)
	return c
}

// usageTemplate is cobra's, with the catalogue's words.
func (a *app) usageTemplate() string {
	return strings.NewReplacer(
		"Usage:", a.words.T("usage.usage"), "Commands:", a.words.T("usage.commands"), "Flags:", a.words.T("usage.flags"),
		"Everywhere:", a.words.T("usage.global"), "MORE", a.words.T("usage.more", "Command", "{{.CommandPath}}"),
	).Replace(`Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} …

Commands:{{range .Commands}}{{if (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Everywhere:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

MORE{{end}}
`)
}
