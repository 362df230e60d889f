package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/content/git"
)

func (a *app) printReview(c config, r review, format string) error {
	switch format {
	case "json":
		return a.printJSON(a.reviewJSON(c, r))
	case "github":
		a.printAnnotations(c, r)
	case "markdown":
		_, err := io.WriteString(a.stdout, a.comment(c, r))
		return err
	default:
		a.printFindings(c, r)
	}
	return nil
}

// printFindings writes them for people, the paths as a shell or an editor
// opens them.
func (a *app) printFindings(c config, r review) {
	for _, f := range r.findings {
		where := a.words.T("check.issue-place", "Number", r.plan.Number) + ":"
		if f.File != "" {
			where = placeOf(filepath.Join(c.path(c.Content.Folder), filepath.FromSlash(f.File)), f.Line)
		}
		fmt.Fprintf(a.stdout, "%s [%s]\n", a.findingLine(where, f), name(f))
		if _, mend := a.said(f); mend != "" {
			fmt.Fprintln(a.stdout, "    → "+mend)
		}
	}
	if r.past > 0 {
		a.note("check.past", "Count", r.past)
	}
	fmt.Fprintln(a.stdout, a.summary(r))
}

// said is a finding in the user's language: what, and how to mend it.
func (a *app) said(f check.Finding) (what, mend string) {
	id := "finding." + f.ID
	if a.words.Has(id + ".mend") {
		mend = a.words.Format(id+".mend", f.Args)
	}
	return a.words.Format(id, f.Args), mend
}

// name is how a finding is known, and the criterion it stands for.
func name(f check.Finding) string {
	if f.RGAA != "" {
		return f.ID + ", RGAA " + f.RGAA
	}
	return f.ID
}

func (a *app) summary(r review) string {
	errors, warnings := r.count(content.Error), r.count(content.Warning)
	if errors+warnings == 0 {
		return a.words.T("check.nothing")
	}
	var parts []string
	if errors > 0 {
		parts = append(parts, a.words.T("check.errors", "Count", errors))
	}
	if warnings > 0 {
		parts = append(parts, a.words.T("check.warnings", "Count", warnings))
	}
	return a.words.T("check.summary", "Counts", strings.Join(parts, ", "))
}

// published is a file's path from the root of its repository, as a forge
// knows it; outside of one, from the configuration.
func (c *config) published() func(file string) string {
	below, ok := git.Path(c.path(c.Content.Folder))
	if !ok {
		below = filepath.ToSlash(c.path(c.Content.Folder))
	}
	return func(file string) string {
		if file == "" {
			return ""
		}
		return path.Join(below, file)
	}
}

// printAnnotations writes GitHub's workflow commands.
func (a *app) printAnnotations(c config, r review) {
	place := c.published()
	for _, f := range r.findings {
		command := "warning"
		if f.Severity == content.Error {
			command = "error"
		}
		var properties []string
		if f.File != "" {
			properties = append(properties, "file="+annotationProperty.Replace(place(f.File)))
		}
		if f.Line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", f.Line))
		}
		properties = append(properties, "title="+annotationProperty.Replace(name(f)))
		what, mend := a.said(f)
		if mend != "" {
			what += "\n→ " + mend
		}
		fmt.Fprintf(a.stdout, "::%s %s::%s\n", command, strings.Join(properties, ","), annotationText.Replace(what))
	}
}

// What GitHub's runner unescapes (actions/toolkit, core/src/command.ts): the
// text of a command ends with its line, a property also at a colon or comma.
var (
	annotationText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	annotationProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// reviewJSON is what check --format json prints; docs/review.md describes it.
// A new version only ever adds.
type reviewJSON struct {
	Version  int           `json:"version"`
	Since    string        `json:"since,omitempty"`
	Errors   int           `json:"errors"`
	Warnings int           `json:"warnings"`
	Findings []findingJSON `json:"findings"`
	Entries  []touchedJSON `json:"entries"`
	Issue    nextIssueJSON `json:"issue"`
}

type findingJSON struct {
	ID       string         `json:"id"`
	Severity string         `json:"severity"`
	File     string         `json:"file,omitempty"`
	Line     int            `json:"line,omitempty"`
	What     string         `json:"what"`
	Mend     string         `json:"mend,omitempty"`
	Rule     string         `json:"rule,omitempty"`
	RGAA     string         `json:"rgaa,omitempty"`
	Args     map[string]any `json:"args,omitempty"`
}

type touchedJSON struct {
	File   string    `json:"file"`
	Title  string    `json:"title"`
	Lang   string    `json:"lang"`
	Date   time.Time `json:"date"`
	Reason string    `json:"reason"`
	Number int       `json:"number,omitempty"`
	Slot   time.Time `json:"slot,omitzero"`
}

type nextIssueJSON struct {
	Number    int            `json:"number"`
	Slot      time.Time      `json:"slot"`
	Quiet     bool           `json:"quiet"`
	Documents []documentJSON `json:"documents"`
}

func (a *app) reviewJSON(c config, r review) reviewJSON {
	place := c.published()
	out := reviewJSON{
		Version: 1, Since: r.since, Errors: r.count(content.Error), Warnings: r.count(content.Warning),
		Findings: []findingJSON{}, Entries: []touchedJSON{},
		Issue: nextIssueJSON{r.plan.Number, r.plan.Slot, r.plan.Quiet, []documentJSON{}},
	}
	for _, f := range r.findings {
		j := findingJSON{ID: f.ID, Severity: "warning", File: place(f.File), Line: f.Line, Rule: f.Rule, RGAA: f.RGAA, Args: f.Args}
		if f.Severity == content.Error {
			j.Severity = "error"
		}
		j.What, j.Mend = a.said(f)
		out.Findings = append(out.Findings, j)
	}
	for _, t := range r.touched() {
		out.Entries = append(out.Entries, touchedJSON{
			place(t.entry.Path), t.entry.Title, t.entry.Lang, t.entry.Date, string(t.verdict.Reason), t.number(r), t.slot(r),
		})
	}
	for _, m := range r.mails {
		d := m.document
		out.Issue.Documents = append(out.Issue.Documents, documentJSON{d.Locale, d.Subject, d.Preheader, m.size, d.Full, d.Summarized})
	}
	return out
}

// replaceFile writes a file anew so that nobody ever sees half of it.
func replaceFile(name string, data []byte) error {
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".infolettre-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = cmp.Or(err, f.Chmod(info.Mode().Perm()), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
