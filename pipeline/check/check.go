// Package check finds what authors should mend before an issue is sent.
//
// It has three layers, each cheaper to repeat than the whole: Entry looks at
// one entry alone, Together at entries side by side, Mail at the bytes of the
// assembled issue. None prints; the words are in locales/, as those of every
// finding are.
package check

import (
	"cmp"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Finding is a content.Problem with the rule behind it. Without a file it is
// about the issue as a whole.
type Finding struct {
	content.Problem
	Rule string // of a mail: "H12"; "" for what is no rule of mails
	RGAA string // criterion of RGAA 4.1, "" where none applies
}

// Context is what one must know to judge entries. It is not written to.
type Context struct {
	Files    fs.FS            // the entries' folder
	Renderer *render.Renderer // as the newsletter's mails are made
	Base     string           // the newsletter's public URL
	Now      time.Time        // in the newsletter's zone
	Sent     map[string]int   // links of the last issues, as Link writes them → the number
}

// rules are the criteria behind findings that are no violations of a mail's
// rules: those have theirs.
var rules = map[string]struct{ rule, rgaa string }{
	"image-alt":         {"H11", "1.1"},
	"image-alt-vague":   {"H11", "1.3"},
	"image-key-alt":     {"H11", "1.1"},
	"image-size":        {"H11", ""},
	"image-format":      {"H11", ""},
	"image-insecure":    {"H11", ""},
	"image-refused":     {"H16", ""},
	"link-vague":        {"H12", "6.1"},
	"link-mismatch":     {"H12", "6.1"},
	"link-without-text": {"H12", "6.2"},
	"link-insecure":     {"H16", ""},
	"link-refused":      {"H16", ""},
	"link-anchor":       {"H14", ""},
	"heading-skipped":   {"H10", "9.1"},
	"heading-empty":     {"H10", "9.1"},
	"html-dropped":      {"H16", ""},
	"html-text-dropped": {"H16", ""},
	"target-outside":    {"H16", ""},
	"language-unknown":  {"H1", "8.8"},
	"language-alone":    {"H1", "8.7"},
	"subject-cut":       {"headers", ""},
	"issue-too-large":   {"H15", ""},
	"issue-shortened":   {"H15", ""},
}

// lost are the findings after which readers miss what an author put there.
// The mail is sent without it; a check had better stop before that.
var lost = []string{
	"image-missing", "image-unreadable", "image-format", "image-hidden", "image-refused", "image-insecure",
	"leftover-image", "leftover-link", "link-empty", "link-refused", "target-outside", "target-missing", "html-text-dropped",
}

// From makes a finding of a problem.
func From(p content.Problem) Finding {
	if slices.Contains(lost, p.ID) {
		p.Severity = content.Error
	}
	r := rules[p.ID]
	return Finding{Problem: p, Rule: r.rule, RGAA: r.rgaa}
}

// FromAll makes findings of problems.
func FromAll(problems []content.Problem) []Finding {
	var findings []Finding
	for _, p := range problems {
		findings = append(findings, From(p))
	}
	return findings
}

// Sorted puts findings in the order of their files and lines, each once: what
// every language's mail has is one thing to mend. Those of the whole issue
// come last.
func Sorted(findings []Finding) []Finding {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b Finding) int {
		return cmp.Or(
			last(a)-last(b), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.ID, b.ID),
			cmp.Compare(fmt.Sprint(a.Args), fmt.Sprint(b.Args)),
		)
	})
	return slices.CompactFunc(sorted, func(a, b Finding) bool { return reflect.DeepEqual(a, b) || repeats(b, a) })
}

// repeats reports a link that leads to none of the entries because,
// as said already, there is no such entry at all.
func repeats(f, said Finding) bool {
	return f.ID == "target-unknown" && said.ID == "target-missing" && f.File == said.File && f.Line == said.Line && f.Args["URL"] == said.Args["URL"]
}

// last is 1 for what has no file, and 0 for the rest.
func last(f Finding) int {
	if f.File == "" {
		return 1
	}
	return 0
}
