package preview

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

// shown is the mail that a page is about.
type shown struct {
	plan     *plan           // at the moment chosen
	past     *deliver.Issue  // a past issue, as it was frozen
	entry    *content.Entry  // an entry alone, as it was last good
	issue    issue.Issue     // what the document was made of; none for a past issue
	document render.Document // Locale is "" when there is none
	others   []render.Document
	base     string    // public URL
	date     time.Time // of the mail
	findings func() ([]check.Finding, error)
}

// errNotFound says that an address names no mail.
var errNotFound = errors.New("there is no such mail")

// show finds the mail that an address means.
func (p *Preview) show(ctx context.Context, s *snapshot, st state) (shown, error) {
	at, err := p.moment(s, st.at)
	if err != nil {
		return shown{}, err
	}
	plan, err := s.plan(ctx, at)
	if err != nil {
		return shown{}, err
	}
	sh := shown{plan: plan, base: s.newsletter.Base, date: plan.Slot, findings: plan.findings}
	switch {
	case st.entry != "":
		return sh, sh.alone(s, st)
	case st.issue > 0:
		return sh, sh.frozen(ctx, s, st)
	}
	sh.issue, sh.others = plan.Issue, plan.Documents
	sh.choose(s.newsletter, st.locale)
	return sh, nil
}

// moment is now, or the one chosen in the page, in the newsletter's zone.
func (p *Preview) moment(s *snapshot, at string) (time.Time, error) {
	if at == "" {
		return p.options.Now(), nil
	}
	for _, layout := range []string{formMoment, "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, at, s.newsletter.Calendar.Zone()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("moment %q: %w", at, errNotFound)
}

// formMoment is how a browser's field writes a moment.
const formMoment = "2006-01-02T15:04"

// choose takes the document for readers of a locale.
func (sh *shown) choose(n *Newsletter, locale string) {
	locale = n.Locale(locale)
	for _, d := range sh.others {
		if d.Locale == locale {
			sh.document = d
		}
	}
	if sh.document.Locale == "" && len(sh.others) > 0 {
		sh.document = sh.others[0]
	}
}

// noFindings are those of an issue that nobody can change any more.
func noFindings() ([]check.Finding, error) { return nil, nil }

func (sh *shown) frozen(ctx context.Context, s *snapshot, st state) error {
	n := s.newsletter
	if n.Ledger == nil {
		return errNotFound
	}
	issues, err := n.Ledger.Issues(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(issues, func(is deliver.Issue) bool { return is.Number == st.issue })
	if i < 0 {
		return errNotFound
	}
	if sh.others, err = n.Ledger.Documents(ctx, st.issue); err != nil {
		return err
	}
	sh.past, sh.base, sh.date, sh.findings = &issues[i], issues[i].Base, issues[i].Ordered.In(n.Calendar.Zone()), noFindings
	sh.choose(n, st.locale)
	return nil
}

func (sh *shown) alone(s *snapshot, st state) error {
	n := s.newsletter
	e, ok := s.entry(st.entry)
	known := ok || slices.ContainsFunc(s.problems, func(p content.Problem) bool { return p.File == st.entry })
	if !known {
		return errNotFound
	}
	sh.findings = func() ([]check.Finding, error) { return s.about(st.entry, sh.plan) }
	if !ok {
		return nil // broken from the start: there is nothing but the findings
	}
	sh.entry, sh.date = &e, e.Date
	sh.issue = issue.Issue{Slot: e.Date, Items: []issue.Item{{ID: e.ID, Versions: []content.Entry{e}}}}
	locale := n.Locale(e.Lang)
	if st.locale != "" {
		locale = n.Locale(st.locale)
	}
	d, _, err := n.Renderer.Entry(e, locale)
	if errors.Is(err, render.ErrNothing) {
		return nil
	}
	if err != nil {
		return err
	}
	sh.document, sh.others = d, []render.Document{d}
	return nil
}

// compose writes the mail, with the public URL or that of the preview.
func (sh *shown) compose(n *Newsletter, base string) (Mail, error) {
	number := sh.issue.Number
	if sh.past != nil {
		number = sh.past.Number
	}
	m, err := n.Compose(base, number, sh.date, sh.document)
	if err != nil {
		return m, fmt.Errorf("compose the mail: %w", err)
	}
	return m, nil
}
