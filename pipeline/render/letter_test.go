package render_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/render/mailrules"
)

func letter() render.Letter {
	return render.Letter{
		Subject: "Confirmez votre abonnement à La *Vigie*",
		Text:    []string{"Vous avez demandé à recevoir La *Vigie* <b>.", "Un dernier geste suffit."},
		Button:  "Confirmer mon abonnement",
		URL:     "https://lettre.exemple.fr/c/jeton_-x",
		After:   []string{"Ce lien vaut sept jours."},
		Why:     "Cette adresse a été saisie dans un formulaire d’abonnement.",
	}
}

func TestLetter(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"fr", "fr-CA", "en", "de"} {
		d, err := newRenderer(t, config()).Letter(letter(), locale)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"de": "fr"}[locale] // no words for it: the fallback, and it says so
		if want == "" {
			want = locale
		}
		if d.Locale != want || !strings.Contains(d.HTML, `<html lang="`+want+`"`) {
			t.Errorf("%s: rendered as %s", locale, d.Locale)
		}
		options := mailrules.Options{
			Locale: want, Subject: d.Subject, Confirmation: true,
			Footer: []string{"Éditions de la Jetée", "12 rue des Lilas"},
		}
		for _, v := range append(mailrules.CheckHTML([]byte(d.HTML), options), mailrules.CheckText([]byte(d.Text), []byte(d.HTML), options)...) {
			t.Errorf("%s: %+v", locale, v)
		}
		if !strings.Contains(d.HTML, "La *Vigie* &lt;b&gt;") || !strings.Contains(d.Text, "La *Vigie* <b>") {
			t.Errorf("%s: a text was taken for Markdown:\n%s", locale, d.Text)
		}
		if regexp.MustCompile(`slot-|/u/|/p/`).MatchString(d.HTML + d.Text) {
			t.Errorf("%s: a letter with a reader's links", locale)
		}
	}
}

// Texts in another language than the reader's take the frame with them.
func TestLetterInItsOwnLanguage(t *testing.T) {
	t.Parallel()
	l := letter()
	l.Locale = "fr"
	d, err := newRenderer(t, config()).Letter(l, "en")
	if err != nil || d.Locale != "fr" || !strings.Contains(d.Text, "Envoyé par") {
		t.Errorf("%s, %v:\n%s", d.Locale, err, d.Text)
	}
}

// A page of the archive names itself and its translations, and nothing of
// any reader.
func TestArchiveHead(t *testing.T) {
	t.Parallel()
	c := config()
	c.Locales = []string{"fr", "en"}
	d := document(t, newRenderer(t, c), sample(), "fr")
	page := d.Fill(d.Web, values)
	for _, want := range []string{
		`<link rel="canonical" href="https://lettre.exemple.fr/fr/12">`,
		`<link rel="alternate" hreflang="fr" href="https://lettre.exemple.fr/fr/12">`,
		`<link rel="alternate" hreflang="en" href="https://lettre.exemple.fr/en/12">`,
		`<link rel="alternate" type="application/atom+xml" title="La Vigie" href="https://lettre.exemple.fr/fr/feed.xml">`,
		`<meta property="og:type" content="article">`,
		`<meta property="og:url" content="https://lettre.exemple.fr/fr/12">`,
		`<meta property="og:locale" content="fr_FR">`,
		`href="https://lettre.exemple.fr/subscribe?lang=fr"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, private := range []string{render.UnsubscribePath, render.PreferencesPath, values[render.Address]} {
		if strings.Contains(page, private) {
			t.Errorf("%s in a public page", private)
		}
	}
	c.Untranslated = render.Omit
	only := sample()
	only.Items = only.Items[:1]
	only.Items[0].Versions = only.Items[0].Versions[:1]
	if d := document(t, newRenderer(t, c), only, "fr"); strings.Contains(d.Web, "hreflang") {
		t.Error("a page names a translation that does not exist")
	}
}
