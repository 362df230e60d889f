package render_test

import (
	"strings"
	"testing"

	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render/mailrules"
)

// The mail of a corrected issue says so in its subject, and when and why above
// its entries; the page says the latter.
func TestCorrection(t *testing.T) {
	t.Parallel()
	r := newRenderer(t, config())
	for locale, want := range map[string]struct{ subject, title, line string }{
		"fr": {"Rectificatif\u00a0: La mer monte, les digues aussi · n°\u00a012", "La mer monte, les digues aussi · n°\u00a012", "Rectifié le 6\u00a0mars 2026\u00a0: La date était fausse."},
		"en": {"Correction: The sea rises, so do the dykes · no.\u00a012", "The sea rises, so do the dykes · no.\u00a012", "Corrected on 6 March 2026: La date était fausse."},
	} {
		iss := sample()
		iss.Corrected = []issue.Erratum{{ID: "e", Number: 12, Slot: iss.Slot, At: iss.Slot.AddDate(0, 0, 1), Reason: "La date était fausse."}}
		d := document(t, r, iss, locale)
		if d.Subject != want.subject {
			t.Errorf("the subject is %q", d.Subject)
		}
		if !strings.Contains(d.Web, `og:title" content="`+want.title+`"`) {
			t.Errorf("%s: the page has the mail's subject", locale)
		}
		text := textOf(parse(t, d.HTML))
		for name, part := range map[string]string{"mail": text, "page": textOf(parse(t, d.Web)), "text": d.Text} {
			if at := strings.Index(part, want.line); at < 0 || at > strings.Index(part, "Editorial") && at > strings.Index(part, "Éditorial") {
				t.Errorf("%s: the %s does not begin with %q", locale, name, want.line)
			}
		}
		options := mailrules.Options{Locale: locale, Subject: d.Subject, Unsubscribe: "https://lettre.exemple.fr/u/jeton-de-depart"}
		mail := []byte(d.Fill(d.HTML, values))
		for _, v := range append(mailrules.CheckHTML(mail, options), mailrules.CheckText([]byte(d.Fill(d.Text, values)), mail, options)...) {
			t.Errorf("%s: %+v", locale, v)
		}
		if before := document(t, r, sample(), locale); before.Subject != want.title || strings.Contains(before.HTML+before.Text, "Rectifi") || before.Key == d.Key {
			t.Errorf("%s: an issue without errata speaks of them", locale)
		}
	}
}

// A long title is cut for the word before it, never the word.
func TestCorrectionOfLongTitle(t *testing.T) {
	t.Parallel()
	iss := sample()
	iss.Items[0].Versions[0].Title = "Une correspondance ferroviaire manquée en gare de Quimperlé"
	iss.Corrected = []issue.Erratum{{ID: "e", Number: 12, Reason: "La gare."}}
	d := document(t, newRenderer(t, config()), iss, "fr")
	if !strings.HasPrefix(d.Subject, "Rectificatif\u00a0: Une correspondance") || !strings.HasSuffix(d.Subject, "…") || len([]rune(d.Subject)) > 60 {
		t.Errorf("the subject is %q", d.Subject)
	}
}

// The block below the entries is headed by how many errata it tells.
func TestErrataTitle(t *testing.T) {
	t.Parallel()
	r := newRenderer(t, config())
	for n, want := range map[int]string{1: ">Erratum</h2>", 2: ">Errata</h2>"} {
		iss := sample()
		for range n {
			iss.Errata = append(iss.Errata, issue.Erratum{ID: "e", Number: 11, Slot: iss.Slot.AddDate(0, 0, -7), Reason: "La date était fausse."})
		}
		for _, locale := range []string{"fr", "en"} {
			if d := document(t, r, iss, locale); strings.Count(d.HTML, want) != 1 || strings.Count(d.Web, want) != 1 {
				t.Errorf("%s: %d errata are not headed by %q", locale, n, want)
			}
		}
	}
}
