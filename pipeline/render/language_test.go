package render_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

func TestUntranslatedIsShown(t *testing.T) {
	t.Parallel()
	r := newRenderer(t, config())
	for _, test := range []struct {
		locale, title, lang, notice string
	}{
		{"fr", "A library without a roof", "en", "Ce billet n’est disponible qu’en anglais."},
		{"fr-CA", "A library without a roof", "en", "Ce billet n’est disponible qu’en anglais."},
		{"en", "Un phare rallumé", "fr", "This entry is only available in French."},
	} {
		d := document(t, r, sample(), test.locale)
		for name, part := range map[string]string{"mail": d.HTML, "web": d.Web} {
			title := find(parse(t, part), func(n *html.Node) bool {
				return (n.Data == "h2" || n.Data == "h3") && textOf(n) == test.title
			})
			if title == nil {
				t.Fatalf("%s %s lacks %q", test.locale, name, test.title)
			}
			if got := language(title); got != test.lang {
				t.Errorf("%s %s: %q is said to be in %q", test.locale, name, test.title, got)
			}
			notice := find(parse(t, part), func(n *html.Node) bool { return n.Data == "p" && textOf(n) == test.notice })
			if notice == nil {
				t.Fatalf("%s %s lacks %q", test.locale, name, test.notice)
			}
			if got := language(notice); got != test.locale {
				t.Errorf("%s %s: the notice is said to be in %q", test.locale, name, got)
			}
		}
		if !strings.Contains(d.Text, test.notice) {
			t.Errorf("%s: the text lacks %q", test.locale, test.notice)
		}
	}
}

// find is the first element that fits.
func find(root *html.Node, fits func(*html.Node) bool) *html.Node {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && fits(n) {
			return n
		}
	}
	return nil
}

// language is the one a reading program uses for a node.
func language(n *html.Node) string {
	for ; n != nil; n = n.Parent {
		for _, a := range n.Attr {
			if a.Key == "lang" {
				return a.Val
			}
		}
	}
	return ""
}

func TestUntranslatedIsOmitted(t *testing.T) {
	t.Parallel()
	c := config()
	c.Untranslated = render.Omit
	r := newRenderer(t, c)
	d := document(t, r, sample(), "fr")
	if strings.Contains(d.HTML+d.Text+d.Web, "without a roof") {
		t.Error("an English entry in a French document that omits them")
	}
	if d.Full != 2 {
		t.Errorf("%d entries, want 2", d.Full)
	}
	english := issue.Issue{Number: 1, Items: []issue.Item{{ID: "a", Versions: []content.Entry{{Lang: "en", Title: "A", Body: "B."}}}}}
	if _, _, err := r.Document(english, "fr"); !errors.Is(err, render.ErrNothing) {
		t.Errorf("error %v, want ErrNothing", err)
	}
	if _, _, err := r.Document(english, "en"); err != nil {
		t.Error(err)
	}
}

func TestSeveralVersions(t *testing.T) {
	t.Parallel()
	item := issue.Item{ID: "a", Versions: []content.Entry{
		{ID: "a", Path: "a.de.md", Lang: "de", Title: "Das Meer", Body: "Es steigt."},
		{ID: "a", Path: "a.en.md", Lang: "en", Title: "The sea", Body: "It rises."},
	}}
	d := document(t, newRenderer(t, config()), issue.Issue{Number: 1, Items: []issue.Item{item}}, "fr")
	if want := "Ce billet n’est pas disponible en français. Le voici en allemand."; !strings.Contains(d.HTML, want) {
		t.Errorf("the mail lacks %q", want)
	}
}

func TestRightToLeft(t *testing.T) {
	t.Parallel()
	d := document(t, newRenderer(t, config()), single(content.Entry{Lang: "ar", Title: "البحر", Body: "يرتفع."}), "fr")
	if !strings.Contains(d.HTML, `<div lang="ar" dir="rtl">`) {
		t.Error("an Arabic block is not written from right to left")
	}
}

// An entry is typeset as its language wants, whoever reads it.
func TestTypography(t *testing.T) {
	t.Parallel()
	french := content.Entry{Path: "a.md", Lang: "fr", Title: "Le 1er port : quel \"bruit\" !", Body: "Quel \"bruit\" !"}
	english := content.Entry{Path: "a.md", Lang: "en", Title: "The \"noise\"", Body: "What \"noise\"!"}
	plain := french
	plain.Plain = true
	unknown := content.Entry{Path: "a.md", Lang: "fi", Title: "Mikä \"ääni\"!", Body: "Mikä \"ääni\"!"}
	for _, test := range []struct {
		name, locale string
		entry        content.Entry
		subject      string
		body         string
	}{
		{"fr", "fr", french, "Le 1er port\u00a0: quel «\u00a0bruit\u00a0»\u00a0! · n°\u00a01", "Quel «\u00a0bruit\u00a0»\u202f!"},
		{"fr for fr-CA", "fr-CA", french, "Le 1er port\u00a0: quel «\u00a0bruit\u00a0»! · n°\u00a01", "Quel «\u00a0bruit\u00a0»!"},
		{"fr for fr-CH", "fr-CH", french, "Le 1er port\u00a0: quel «\u00a0bruit\u00a0»\u00a0! · n°\u00a01", "Quel «\u202fbruit\u202f»\u202f!"},
		{"fr for en", "en", french, "Le 1er port\u00a0: quel «\u00a0bruit\u00a0»\u00a0! · no.\u00a01", "Quel «\u00a0bruit\u00a0»\u202f!"},
		{"en", "en", english, "The “noise” · no.\u00a01", "What “noise”!"},
		{"en for fr", "fr", english, "The “noise” · n°\u00a01", "What “noise”!"},
		{"as typed", "fr", plain, "Le 1er port : quel \"bruit\" ! · n°\u00a01", "Quel &#34;bruit&#34; !"},
		{"no rules", "fr", unknown, "Mikä \"ääni\"! · n°\u00a01", "Mikä &#34;ääni&#34;!"},
	} {
		d := document(t, newRenderer(t, config()), single(test.entry), test.locale)
		if d.Subject != test.subject {
			t.Errorf("%s: subject %q, want %q", test.name, d.Subject, test.subject)
		}
		if html := strings.ReplaceAll(d.HTML, "&quot;", "&#34;"); !strings.Contains(html, test.body) {
			t.Errorf("%s: the mail lacks %q", test.name, test.body)
		}
	}
}

// A block whose author named its language is typeset as that language wants,
// and says so, whatever the entry's language and the reader's.
func TestLanguageOfABlock(t *testing.T) {
	t.Parallel()
	const french, english = "\n\n> Quel \"bruit\" !\n{lang=fr}", "\n\n> What \"noise\" !\n{lang=en}"
	for _, test := range []struct {
		name, locale string
		entry        content.Entry
		want, text   string
	}{
		{"en in fr", "fr", content.Entry{Lang: "fr", Body: "Oui." + english}, `<blockquote lang="en" | What “noise”!`, "> What “noise”!"},
		{"fr in en", "en", content.Entry{Lang: "en", Body: "Yes." + french}, "<blockquote lang=\"fr\" | Quel «\u00a0bruit\u00a0»\u202f!", "> Quel «\u00a0bruit\u00a0»\u00a0!"},
		{"fr in en for fr-CA", "fr-CA", content.Entry{Lang: "en", Body: "Yes." + french}, "<blockquote lang=\"fr\" | Quel «\u00a0bruit\u00a0»!", "> Quel «\u00a0bruit\u00a0»!"},
		{"fr in ar", "fr", content.Entry{Lang: "ar", Body: "نعم." + french}, "<blockquote lang=\"fr\" dir=\"ltr\" | Quel «\u00a0bruit\u00a0»\u202f!", "> Quel «\u00a0bruit\u00a0»\u00a0!"},
		{"as typed", "fr", content.Entry{Lang: "fr", Plain: true, Body: "Oui." + english}, `<blockquote lang="en" | What &quot;noise&quot; !`, "> What \"noise\" !"},
	} {
		test.entry.Path, test.entry.Title = "a.md", "A"
		d := document(t, newRenderer(t, config()), single(test.entry), test.locale)
		for _, want := range strings.Split(test.want, " | ") {
			if !strings.Contains(d.HTML, want) || !strings.Contains(d.Web, want) {
				t.Errorf("%s: the mail or the page lacks %q", test.name, want)
			}
		}
		if !strings.Contains(d.Text, test.text+"\n") {
			t.Errorf("%s: the text lacks %q", test.name, test.text)
		}
	}
}

// A summary is in the entry's language.
func TestExcerptPassesOverOtherLanguages(t *testing.T) {
	t.Parallel()
	d := document(t, newRenderer(t, config()), single(content.Entry{Lang: "fr", Title: "A", Body: "What \"noise\"!\n{lang=en}\n\nQuel bruit !"}), "fr")
	if want := "Quel bruit\u00a0!"; d.Preheader != want {
		t.Errorf("preheader %q, want %q", d.Preheader, want)
	}
}

func TestRaisedOrdinals(t *testing.T) {
	t.Parallel()
	d := document(t, newRenderer(t, config()), single(content.Entry{Lang: "fr", Title: "Le 1er port", Body: "Le 2e aussi."}), "fr")
	for _, want := range []string{"Le 1<sup ", ">er</sup> port", "Le 2<sup ", ">e</sup> aussi."} {
		if !strings.Contains(d.HTML, want) {
			t.Errorf("the mail lacks %q", want)
		}
	}
	if strings.Contains(d.Text+d.Subject, "<sup") {
		t.Error("markup in plain text")
	}
}

func TestWideSpaces(t *testing.T) {
	t.Parallel()
	c := config()
	c.Typography.NarrowSpace = "nbsp"
	d := document(t, newRenderer(t, c), single(content.Entry{Lang: "fr", Title: "Quel bruit !", Body: "Quel bruit !"}), "fr")
	if strings.Contains(d.HTML+d.Web, "\u202f") {
		t.Error("narrow spaces against the newsletter's wish")
	}
}
