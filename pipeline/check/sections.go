package check

import (
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
)

// Sections finds the entries, still to be sent, whose section is one of those
// listed but for an accent, a capital or a plural: it would stand last, under
// a heading of its own. Any other section may be meant. As in the order of an
// issue, an item's first version speaks for its translations; the list is in
// the newsletter's own language, lang.
func Sections(verdicts []issue.Verdict, lang string, listed []string) []Finding {
	var findings []Finding
	for _, v := range verdicts {
		e := v.Item.Versions[0]
		if v.Reason == issue.Sent || e.Lang != lang || slices.Contains(listed, e.Section) {
			continue
		}
		at := slices.IndexFunc(listed, func(s string) bool { return singular(s) == singular(e.Section) })
		if at < 0 {
			continue
		}
		findings = append(findings, From(content.Problem{
			ID: "section-near", File: e.Path, Line: e.Lines["section"], Args: map[string]any{"Section": e.Section, "Instead": listed[at]},
		}))
	}
	return findings
}

func singular(section string) string { return strings.TrimSuffix(content.Slugify(section), "s") }
