package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/web"
)

// told is a notice as the outbox keeps it.
type told struct {
	schedule.Notice
	Findings []string `json:"findings,omitempty"`
}

// notices writes the mails to the team, in the newsletter's own language.
type notices struct {
	config     config
	newsletter *pipeline.Newsletter
	store      *store.Store
	site       *web.Site
	words      *locales.Locale
}

// document is the mail of one notice.
func (w notices) document(ctx context.Context, m audience.Mail) (render.Document, error) {
	var n told
	if err := json.Unmarshal([]byte(m.Data), &n); err != nil {
		return render.Document{}, fmt.Errorf("read the notice %s: %w", m.ID, err)
	}
	switch n.Kind {
	case schedule.DoneNotice, schedule.HeldNotice, schedule.SendingNotice:
		return w.sending(ctx, n.Notice, m)
	}
	letter := w.letter(n.Notice)
	if n.Kind != schedule.ApprovalNotice {
		return w.newsletter.Renderer.Letter(letter, m.Lang)
	}
	is, err := w.store.Issue(ctx, n.Number)
	if err != nil {
		return render.Document{}, err
	}
	letter.Button, letter.URL = w.words.T("notice.approval.button"), w.site.GateURL(audience.Approve, gateMark(is))
	letter.After = append(w.findings(n.Findings), w.words.T("notice.approval.stop", "URL", w.site.GateURL(audience.Stop, gateMark(is))))
	return w.approval(ctx, is, m, letter)
}

// sending says what became of an issue, or of the sending of its correction.
func (w notices) sending(ctx context.Context, n schedule.Notice, m audience.Mail) (render.Document, error) {
	is, err := w.store.Issue(ctx, n.Number)
	if err != nil {
		return render.Document{}, err
	}
	if n.Kind == schedule.DoneNotice {
		tally, err := w.store.Tally(ctx, n.Number)
		if err != nil {
			return render.Document{}, err
		}
		n.Reason = tallyWords(w.words, tally)
	}
	n.Number = is.Public()
	return w.newsletter.Renderer.Letter(w.letter(n, "Sending", sendingName(w.words, is)), m.Lang)
}

// approval is the issue itself, as the team would get it, with a preface.
func (w notices) approval(ctx context.Context, is deliver.Issue, m audience.Mail, letter render.Letter) (render.Document, error) {
	documents, err := w.store.Documents(ctx, is.Number)
	if err != nil {
		return render.Document{}, err
	}
	if len(documents) == 0 {
		return render.Document{}, fmt.Errorf("issue %d has no document", is.Number)
	}
	d := documents[0]
	for _, candidate := range documents {
		if candidate.Locale == m.Lang {
			d = candidate
		}
	}
	composer, err := sampleComposer(w.config, w.newsletter.Headers, is.Number, is.Ordered, documents, true)
	if err != nil {
		return render.Document{}, err
	}
	letter.Subject = w.words.T("notice.approval.subject", "Subject", d.Subject)
	if d.Text, d.HTML, err = composer.Parts(audience.Subscriber{Address: m.Address, Lang: d.Locale}, d.Locale); err != nil {
		return render.Document{}, err
	}
	return w.newsletter.Renderer.Preface(d, letter)
}

// letter says what happened, and what happens next.
func (w notices) letter(n schedule.Notice, more ...any) render.Letter {
	id := "notice." + string(n.Kind)
	args := append([]any{
		"Name", w.config.Newsletter.Name, "Number", n.Number, "Count", n.Count, "Reason", causeWords(w.words, n.Reason),
		"Slot", w.moment(n.Slot), "Until", w.moment(n.Until),
	}, more...)
	letter := render.Letter{
		Subject: w.words.T(id+".subject", args...), Text: []string{w.words.T(id+".text", args...)}, Why: w.words.T("notice.why", args...),
	}
	if w.words.Has(id + ".after") {
		letter.After = []string{w.words.T(id+".after", args...)}
	}
	return letter
}

func (w notices) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return w.words.Date("moment", t.In(w.config.zone))
}

// findings lists what may be wrong with the issue's entries, one a paragraph.
func (w notices) findings(lines []string) []string {
	if len(lines) == 0 {
		return []string{w.words.T("notice.approval.clean")}
	}
	return lines
}

// findingLines writes findings as the team reads them.
func (a *app) findingLines(problems []content.Problem) (lines []string) {
	for _, f := range check.Sorted(check.FromAll(problems)) {
		lines = append(lines, a.findingLine(placeOf(f.File, f.Line), f))
	}
	return lines
}
