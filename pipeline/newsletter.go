package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Audience maps each of the subscribers' languages to a document's locale:
// the same language, else the newsletter's own. Readers for whom nothing was
// written this time get nothing.
func (n *Newsletter) Audience(documents []render.Document, languages []string) map[string]string {
	audience := map[string]string{}
	for _, lang := range languages {
		locale := n.Locale(lang)
		if slices.ContainsFunc(documents, func(d render.Document) bool { return d.Locale == locale }) {
			audience[lang] = locale
		}
	}
	return audience
}

// Speaks reports that the newsletter has a reader's language, or a variant of
// it.
func (n *Newsletter) Speaks(lang string) bool {
	base, _, _ := strings.Cut(lang, "-")
	return strings.HasPrefix(n.Locale(lang)+"-", base+"-")
}

// Locale is the newsletter's language nearest to a reader's.
func (n *Newsletter) Locale(lang string) string {
	if slices.Contains(n.Languages, lang) {
		return lang
	}
	base, _, _ := strings.Cut(lang, "-")
	for _, l := range n.Languages {
		if b, _, _ := strings.Cut(l, "-"); b == base {
			return l
		}
	}
	return n.Languages[0]
}

// Replay works out what the ledger would remember at now, for machines that
// have none.
func (n *Newsletter) Replay(entries []content.Entry, now time.Time) issue.Past {
	return issue.Replay(n.Issues, n.Calendar, n.First, entries, now)
}

// Load reads the entries, and says what is wrong with those it refuses.
func (n *Newsletter) Load() ([]content.Entry, []content.Problem, error) {
	entries, problems, err := content.Load(n.Entries, content.Options{
		Location: n.Calendar.Zone(), Languages: n.Languages, Cache: n.Cache,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("load entries: %w", err)
	}
	return entries, problems, nil
}

// current leaves out the warnings about entries that no issue will have any
// more: an archive of a thousand posts may have thousands.
func current(problems []content.Problem, verdicts []issue.Verdict) []content.Problem {
	past := map[string]bool{}
	for _, v := range verdicts {
		for _, e := range v.Item.Versions {
			past[e.Path] = v.Reason == issue.Sent || v.Reason == issue.TooOld
		}
	}
	return slices.DeleteFunc(problems, func(p content.Problem) bool { return p.Severity == content.Warning && past[p.File] })
}

// hash is the same for the same documents, to the byte.
func hash(documents []render.Document) string {
	h := sha256.New()
	for _, d := range documents {
		for _, part := range []string{d.Locale, d.Subject, d.Preheader, d.HTML, d.Web, d.Text} {
			fmt.Fprintf(h, "%d:%s", len(part), part)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Gate is what stands between a frozen issue and its sending; the zero Gate is
// open.
type Gate struct {
	Waits bool
	Delay time.Duration // after which the issue goes by itself; 0: only when approved
}

// state is that of an issue frozen at now behind the gate.
func (g Gate) state(now time.Time) (state deliver.IssueState, release time.Time) {
	if !g.Waits {
		return deliver.IssueSending, time.Time{}
	}
	if g.Delay > 0 {
		release = now.Add(g.Delay)
	}
	return deliver.IssueWaiting, release
}

func (n *Newsletter) witness(ctx context.Context) error {
	if n.Witness == nil {
		return nil
	}
	return n.Witness(ctx)
}

// composer writes a frozen issue's mails, from the ledger's copy of it.
func (n *Newsletter) composer(ctx context.Context, ledger Ledger, is deliver.Issue) (*message.Composer, error) {
	documents, err := ledger.Documents(ctx, is.Number)
	if err != nil {
		return nil, fmt.Errorf("read issue %d: %w", is.Number, err)
	}
	signer, err := n.Keys.Signer(is.Key)
	if err != nil {
		return nil, fmt.Errorf("issue %d: %w", is.Number, err)
	}
	return message.NewComposer(n.Headers, message.Issue{
		Number: is.Public(), Revision: is.Revision, Date: is.Ordered.In(n.Calendar.Zone()), Base: is.Base, Signer: signer,
	}, documents)
}
