package pipeline

import (
	"errors"
	"slices"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

// assemble fills the plan, without the entries that no document can hold.
func (n *Newsletter) assemble(plan *Plan, past issue.Past, w issue.Window, entries []content.Entry) {
	plan.Assembly = issue.Assemble(n.Issues, n.Calendar, past, w, entries)
	unfit := map[string]bool{}
	for _, it := range plan.Items {
		for _, e := range it.Versions {
			for _, p := range n.Renderer.Check(e) {
				plan.Problems = append(plan.Problems, p)
				unfit[e.Path] = unfit[e.Path] || p.Severity == content.Error
			}
		}
	}
	fit := slices.DeleteFunc(slices.Clone(entries), func(e content.Entry) bool { return unfit[e.Path] })
	if len(fit) < len(entries) {
		plan.Assembly = issue.Assemble(n.Issues, n.Calendar, past, w, fit)
	}
	plan.Quiet = plan.Assembly.Quiet(n.Issues)
}

func (n *Newsletter) render(plan *Plan) error {
	if plan.Quiet {
		return nil
	}
	for _, lang := range n.Languages {
		d, problems, err := n.Renderer.Document(plan.Issue, lang)
		plan.Problems = append(plan.Problems, problems...)
		if errors.Is(err, render.ErrNothing) {
			continue
		}
		if err != nil {
			return err
		}
		plan.Documents = append(plan.Documents, d)
	}
	return nil
}
