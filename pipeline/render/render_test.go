package render_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/net/html"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/render/mailrules"
	"github.com/infolettre/infolettre/pipeline/setting"
)

// values are a reader's own.
var values = map[render.Slot]string{
	render.Base:        "https://lettre.exemple.fr",
	render.Unsubscribe: "jeton-de-depart",
	render.Preferences: "jeton-de-choix",
	render.Address:     "lectrice@exemple.fr",
}

func config() render.Config {
	return render.Config{
		Name: "La Vigie", Tagline: "Ce que la technique change", Organization: "Éditions de la Jetée",
		OnBehalfOf: "l’association Lanterne", PostalAddress: "12 rue des Lilas, 29900 Concarneau", Location: paris(),
	}
}

func paris() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return zone
}

// catalogue is read once: it is large, and never changes.
var catalogue = sync.OnceValues(func() (*locales.Catalogue, error) { return locales.Load(locales.Files, "fr") })

func newRenderer(t *testing.T, c render.Config) *render.Renderer {
	t.Helper()
	words, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.New(c, words, render.NewAssets(pictures(t)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func pictures(t *testing.T) fstest.MapFS {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1200, 500))); err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{
		"images/phare de nuit.png":   {Data: b.Bytes()},
		"images/e\u0301te\u0301.png": {Data: b.Bytes()}, // as a Mac names it
		"images/note.txt":            {Data: []byte("une note")},
		"images/tube.png":            {Mode: fs.ModeNamedPipe},
		"images/IMG_0001.PNG":        {Data: b.Bytes()},
		"images/phare":               {Data: b.Bytes()},
		"images/phare.jfif":          {Data: b.Bytes()},
		"images/.phare.png":          {Data: b.Bytes()},
		"_drafts/phare.png":          {Data: b.Bytes()},
	}
}

// sample is an issue with a bit of everything.
func sample() issue.Issue {
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 30, 0, 0, paris()) }
	editorial := content.Entry{
		ID: "editorial", Path: "editorial.fr.md", Lang: "fr", Slug: "la-mer-monte", Date: at(1, 11), HasClock: true,
		Title: "La mer monte, les digues aussi", Section: "Éditorial", Authors: []string{"Anne Le Gall", "Hugo Petit", "Zoé Roux"},
		Excerpt: "Trois ports ont rehaussé leurs quais.",
		Body:    "Trois ports ont rehaussé leurs quais cet hiver, et deux autres y pensent.\n\nVoir [le phare](phare.fr.md).",
		CTA:     content.CTA{Label: "Recevoir la suite"},
	}
	translated := editorial
	translated.Path, translated.Lang, translated.Title = "editorial.en.md", "en", "The sea rises, so do the dykes"
	translated.Section, translated.Excerpt = "Editorial", "Three harbours have raised their quays."
	translated.Body = "Three harbours have raised their quays this winter."
	translated.CTA.Label = "Get the rest"
	lighthouse := content.Entry{
		ID: "phare", Path: "phare.fr.md", Lang: "fr", Slug: "le-phare", Date: at(2, 9), BodyLine: 9,
		Title: "Un phare rallumé", Section: "Décryptage", Kicker: "Patrimoine",
		Image: content.Image{Src: "images/phare de nuit.png", Alt: "Le phare, de nuit"},
		Body:  "## La lampe\n\nElle date de 1902.\n\n| Poste | Prix |\n|---|---:|\n| Optique | 12 |\n\n> Une carte qui ment.\n\n- [x] Peinture\n\n[Le visiter](https://exemple.fr/visite \"bouton\")",
	}
	library := content.Entry{
		ID: "library", Path: "library.en.md", Lang: "en", Slug: "library", Date: at(3, 9),
		Title: "A library without a roof", Section: "Décryptage", Body: "The village reads outdoors.",
	}
	return issue.Issue{Number: 12, Slot: at(5, 11), Items: []issue.Item{
		{ID: "editorial", Versions: []content.Entry{editorial, translated}},
		{ID: "phare", Versions: []content.Entry{lighthouse}},
		{ID: "library", Versions: []content.Entry{library}},
	}}
}

func document(t *testing.T, r *render.Renderer, iss issue.Issue, locale string) render.Document {
	t.Helper()
	d, problems, err := r.Document(iss, locale)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if p.Severity == content.Error {
			t.Errorf("%s: %+v", locale, p)
		}
	}
	return d
}

// single is an issue of one entry.
func single(e content.Entry) issue.Issue {
	return issue.Issue{Number: 1, Slot: e.Date, Items: []issue.Item{{ID: e.ID, Versions: []content.Entry{e}}}}
}

func TestDocumentsKeepTheRules(t *testing.T) {
	t.Parallel()
	tight := config()
	tight.Budget = 24_000
	for name, c := range map[string]render.Config{"whole": config(), "summarized": tight} {
		r := newRenderer(t, c)
		for _, locale := range []string{"fr", "en", "fr-CA", "fr-CH"} {
			t.Run(name+" "+locale, func(t *testing.T) {
				t.Parallel()
				d := document(t, r, sample(), locale)
				mail := d.Fill(d.HTML, values)
				options := mailrules.Options{
					Locale: locale, Subject: d.Subject, Unsubscribe: "https://lettre.exemple.fr/u/jeton-de-depart",
					Footer: []string{
						c.Organization, c.OnBehalfOf, c.PostalAddress, values[render.Address],
						"https://lettre.exemple.fr/p/jeton-de-choix", "https://lettre.exemple.fr/" + locale + "/12",
					},
				}
				for _, v := range mailrules.CheckHTML([]byte(mail), options) {
					t.Errorf("HTML: %+v", v)
				}
				for _, v := range mailrules.CheckText([]byte(d.Fill(d.Text, values)), []byte(mail), options) {
					t.Errorf("text: %+v", v)
				}
			})
		}
	}
}

func TestSameIssueSameBytes(t *testing.T) {
	t.Parallel()
	first := document(t, newRenderer(t, config()), sample(), "fr")
	for range 5 {
		if got := document(t, newRenderer(t, config()), sample(), "fr"); got != first {
			t.Fatal("two renderings differ")
		}
	}
}

func TestContentsAndHeadings(t *testing.T) {
	t.Parallel()
	r := newRenderer(t, config())
	d := document(t, r, sample(), "fr")
	for _, part := range []string{d.HTML, d.Web} {
		got := strings.Join(headings(t, part), "\n")
		want := strings.Join([]string{
			"h1 La Vigie",
			"h2 Éditorial", "h3 La mer monte, les digues aussi",
			"h2 Décryptage", "h3 Un phare rallumé", "h4 La lampe",
			"h3 A library without a roof",
		}, "\n")
		if got != want {
			t.Errorf("headings:\n%s\nwant:\n%s", got, want)
		}
		if !strings.Contains(part, "Au sommaire") {
			t.Error("three entries, and no table of contents")
		}
	}
	two := sample()
	two.Items = two.Items[:2]
	if d := document(t, r, two, "fr"); strings.Contains(d.HTML+d.Web+d.Text, "Au sommaire") {
		t.Error("two entries need no table of contents")
	}
}

// headings lists the headings of a page with their levels.
func headings(t *testing.T, page string) []string {
	t.Helper()
	var list []string
	for n := range parse(t, page).Descendants() {
		if n.Type == html.ElementNode && len(n.Data) == 2 && n.Data[0] == 'h' && n.Data != "hr" {
			list = append(list, n.Data+" "+strings.ReplaceAll(textOf(n), "\u00a0", " "))
		}
	}
	return list
}

func parse(t *testing.T, page string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// Outlook's blocks come from Go, since html/template drops comments.
func TestConditionalComments(t *testing.T) {
	t.Parallel()
	d := document(t, newRenderer(t, config()), sample(), "fr")
	const buttons = 2
	if got, want := strings.Count(d.HTML, "<!--[if mso]>"), 3+buttons; got != want {
		t.Errorf("%d blocks for Outlook, want %d", got, want)
	}
	if opened, closed := strings.Count(d.HTML, "<!--[if"), strings.Count(d.HTML, "<![endif]-->"); opened != closed {
		t.Errorf("%d conditional comments opened, %d closed", opened, closed)
	}
	if strings.Contains(d.Web, "<!--") || !strings.Contains(d.Web, "Recevoir la suite</a>") {
		t.Error("the page has comments, or lost a button")
	}
	if strings.Contains(d.HTML, "ZgotmplZ") || strings.Contains(d.Web, "ZgotmplZ") {
		t.Error("html/template refused a value")
	}
}

func TestImagesAndLinks(t *testing.T) {
	t.Parallel()
	d := document(t, newRenderer(t, config()), sample(), "fr")
	mail := d.Fill(d.HTML, values)
	for _, want := range []string{
		`src="https://lettre.exemple.fr/media/images/phare%20de%20nuit.png"`,
		`alt="Le phare, de nuit" width="600" height="250"`,
		`href="https://lettre.exemple.fr/subscribe?lang=fr"`,  // a call to action without address
		`href="https://lettre.exemple.fr/fr/12#le-phare"`,     // a link to a neighbour's file
		`href="https://lettre.exemple.fr/fr/12#la-mer-monte"`, // the table of contents
	} {
		if !strings.Contains(mail, want) {
			t.Errorf("the mail lacks %s", want)
		}
	}
	if !strings.Contains(d.Web, `id="le-phare"`) || !strings.Contains(d.Web, `href="#le-phare"`) {
		t.Error("the page's table of contents leads nowhere")
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string][]string{
		"fr": {"N° 12 · jeudi 5 mars 2026", "Dimanche 1er mars 2026, 11 h 30 · par Anne Le Gall, Hugo Petit et Zoé Roux", "Lundi 2 mars 2026"},
		"en": {"No. 12 · Thursday 5 March 2026", "Sunday 1 March 2026, 11:30 · by Anne Le Gall, Hugo Petit and Zoé Roux", "Monday 2 March 2026"},
	} {
		d := document(t, newRenderer(t, config()), sample(), locale)
		text := strings.Join(strings.Fields(strings.ReplaceAll(d.Text, "\u00a0", " ")), " ")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: the text lacks %q", locale, w)
			}
		}
		if strings.Contains(text, "Lundi 2 mars 2026,") {
			t.Error("an hour that its author did not give")
		}
	}
}

func TestNoValueIsMissing(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"fr", "en", "fr-CA", "fr-CH"} {
		d := document(t, newRenderer(t, config()), sample(), locale)
		for name, part := range map[string]string{"HTML": d.HTML, "text": d.Text, "web": d.Web, "subject": d.Subject} {
			if strings.Contains(part, "<no value>") || strings.Contains(part, "no value") {
				t.Errorf("%s %s: a message lacks a value", locale, name)
			}
		}
		if strings.Contains(d.Text+d.Subject+d.Preheader, "\u202f") {
			t.Errorf("%s: a narrow no-break space where fonts lack it", locale)
		}
	}
}

func TestUnknownLocale(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"", "tlh", "pas une langue"} {
		if _, _, err := newRenderer(t, config()).Document(sample(), locale); err == nil {
			t.Errorf("%q: no error", locale)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*render.Config){
		"name":                    func(c *render.Config) { c.Name = "" },
		"postal_address":          func(c *render.Config) { c.PostalAddress = "" },
		"untranslated":            func(c *render.Config) { c.Untranslated = "hide" },
		"budget":                  func(c *render.Config) { c.Budget = -1 },
		"typography.inner_quotes": func(c *render.Config) { c.Typography.InnerQuotes = "double" },
	} {
		c := config()
		change(&c)
		var bad *setting.Error
		if err := c.WithDefaults().Validate(); !errors.As(err, &bad) || bad.Key != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := config().WithDefaults().Validate(); err != nil {
		t.Error(err)
	}
}
