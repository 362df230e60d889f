package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/schedule"
)

// app is what every command shares: the streams, the language, the clock.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	catalogue      *locales.Catalogue
	words          *locales.Locale
	now            func() time.Time
	configPath     string
	timing         schedule.Timing // shorter in tests
	pullEvery      time.Duration   // shorter in tests; default pullEvery
}

func newApp(args, environ []string, stdin io.Reader, stdout, stderr io.Writer) (*app, error) {
	catalogue, err := locales.Load(locales.Files, "en")
	if err != nil {
		return nil, err
	}
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, environ: environ, catalogue: catalogue}
	a.words = catalogue.Locale(a.language(args))
	return a, nil
}

// language is that of help, findings and messages: --lang, else the
// environment's, else the newsletter's first. It is known before the command
// tree is built, since help is part of the tree.
func (a *app) language(args []string) string {
	for i, arg := range args {
		value, ok := strings.CutPrefix(arg, "--lang=")
		if arg == "--lang" && i+1 < len(args) {
			value, ok = args[i+1], true
		}
		if _, known := a.catalogue.Match(value); ok && known {
			return value
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if tag := locales.Canonical(a.getenv(name)); tag != "" {
			return tag
		}
	}
	return firstLanguage(configPath(args))
}

func (a *app) getenv(name string) string {
	for _, pair := range slices.Backward(a.environ) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// failure is an error in the user's own words; the cause, for operators,
// follows it. An exit code of 0 means exitProblems.
type failure struct {
	text string
	code int
	err  error
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() error { return f.err }

// errSaid ends a command with exit code 1 when all has been said already.
var errSaid = errors.New("said already")

// fail is a failure with a message of the catalogue.
func (a *app) fail(err error, id string, args ...any) error {
	text := a.words.T(id, args...)
	if err != nil {
		text = a.words.T("cli.cause", "What", text, "Cause", a.cause(err, text))
	}
	return &failure{text: text, err: err}
}

// misuse is a failure of the command line.
func (a *app) misuse(id string, args ...any) error {
	return &failure{text: a.words.T(id, args...), code: exitUsage}
}

func (a *app) execute(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var f *failure
	code := exitProblems
	if errors.As(err, &f) && f.code != 0 {
		code = f.code
	}
	if !errors.Is(err, errSaid) {
		fmt.Fprintln(a.stderr, "infolettre: "+err.Error())
	}
	return code
}

// say writes a result: a line of the catalogue on standard output.
func (a *app) say(id string, args ...any) { fmt.Fprintln(a.stdout, a.words.T(id, args...)) }

// note writes a remark: a line of the catalogue on standard error.
func (a *app) note(id string, args ...any) {
	fmt.Fprintln(a.stderr, "infolettre: "+a.words.T(id, args...))
}

// report writes findings on standard error, each with its place and its mend,
// the paths as the user can open them. It returns how many are errors.
func (a *app) report(folder string, problems []content.Problem) (failed int) {
	for _, f := range check.Sorted(check.FromAll(problems)) {
		if f.Severity == content.Error {
			failed++
		}
		fmt.Fprintln(a.stderr, a.findingLine(placeOf(path.Join(folder, f.File), f.Line), f))
		if _, mend := a.said(f); mend != "" {
			fmt.Fprintln(a.stderr, "    → "+mend)
		}
	}
	return failed
}

// findingLine says where a finding is, what it is, and how grave.
func (a *app) findingLine(place string, f check.Finding) string {
	kind := "cli.warning"
	if f.Severity == content.Error {
		kind = "cli.error"
	}
	what, _ := a.said(f)
	return a.words.T(kind, "Place", place, "What", what)
}

// placeOf writes "file:line:", as editors understand it.
func placeOf(file string, line int) string {
	if line == 0 {
		return file + ":"
	}
	return fmt.Sprintf("%s:%d:", file, line)
}

// terminal reports that a stream is one at which a person sits.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// agree asks a question on a terminal; elsewhere only --yes will do.
func (a *app) agree(yes bool, question, declined string) (bool, error) {
	if yes {
		return true, nil
	}
	if !terminal(a.stdin) {
		return false, a.misuse("send.needs-yes")
	}
	fmt.Fprint(a.stderr, a.words.T(question)+" ")
	answer, _ := bufio.NewReader(a.stdin).ReadString('\n')
	if slices.Contains(strings.Fields(a.words.T("send.ask.yes")), strings.ToLower(strings.TrimSpace(answer))) {
		return true, nil
	}
	a.note(declined)
	return false, nil
}

// command is a cobra command whose words come from the catalogue:
// "help.<name>" and, when there is one, "help.<name>.long".
func (a *app) command(name, usage string, run func(*cobra.Command, []string) error) *cobra.Command {
	use := strings.TrimSpace(name[strings.LastIndexByte(name, '.')+1:] + " " + usage)
	c := &cobra.Command{Use: use, Short: a.words.T("help." + name), RunE: run, DisableFlagsInUseLine: true}
	if long := "help." + name + ".long"; a.words.Has(long) {
		c.Long = a.words.T(long)
	}
	c.Flags().BoolP("help", "h", false, a.words.T("flag.help"))
	return c
}

// args checks the number of arguments.
func (a *app) args(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least {
			return a.misuse("cli.too-few-arguments", "Usage", c.UseLine())
		}
		if most >= 0 && len(args) > most {
			return a.misuse("cli.too-many-arguments", "Argument", args[most], "Usage", c.UseLine())
		}
		return nil
	}
}
