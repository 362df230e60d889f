package render_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render"
)

func TestSubject(t *testing.T) {
	t.Parallel()
	long := "Pourquoi les ports de la côte rehaussent tous leurs quais avant le printemps"
	for _, test := range []struct{ name, title, want string }{
		{"short", "Un phare", "Un phare · n°\u00a01"},
		{"no room for the number", "La course aux ports : le paradoxe de la lenteur permanente", "La course aux ports\u00a0: le paradoxe de la lenteur permanente"},
		{"no room, narrow space", "La course aux ports : un paradoxe de lenteur permanente !", "La course aux ports\u00a0: un paradoxe de lenteur permanente\u00a0!"},
		{"cut at a word", long, "Pourquoi les ports de la côte rehaussent tous leurs quais…"},
		{"one long word", strings.Repeat("a", 80), strings.Repeat("a", 59) + "…"},
		{"header", "Bonjour\r\nBcc: x@exemple.fr", "Bonjour Bcc: x@exemple.fr · n°\u00a01"},
		{"controls", "Un\x00 phare\x1b[31m\u2028rouge", "Un phare [31m rouge · n°\u00a01"},
		{"turned around", "Un \u202eerahp\u202c", "Un erahp · n°\u00a01"},
		{"not UTF-8", "Un \xe9t\xe9", "Un \ufffdt\ufffd · n°\u00a01"},
		{"template", "{{.Name}} et {{template \"mail\"}}", "{{.Name}} et {{template \"mail\"}} · n°\u00a01"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := content.Entry{Path: "a.md", Lang: "fr", Plain: test.name == "header" || test.name == "template", Title: test.title, Body: "Un texte."}
			d, problems, err := newRenderer(t, config()).Document(single(e), "fr")
			if err != nil {
				t.Fatal(err)
			}
			if d.Subject != test.want {
				t.Errorf("got  %q\nwant %q", d.Subject, test.want)
			}
			if got := len([]rune(d.Subject)); got > 60 {
				t.Errorf("%d characters", got)
			}
			if cut := strings.HasSuffix(d.Subject, "…"); cut != has(problems, "subject-cut") {
				t.Errorf("cut: %v, problems: %v", cut, problems)
			}
			title := find(parse(t, d.HTML), func(n *html.Node) bool { return n.Data == "title" })
			if got := textOf(title); got != d.Subject {
				t.Errorf("<title> is %q, the subject %q", got, d.Subject)
			}
		})
	}
}

func TestPreheader(t *testing.T) {
	t.Parallel()
	r := newRenderer(t, config())
	if got, want := document(t, r, sample(), "fr").Preheader, "Trois ports ont rehaussé leurs quais. · Un phare rallumé · A library without a roof"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	iss := sample()
	iss.Items[0].Versions[0].Excerpt = ""
	if got, want := document(t, r, iss, "fr").Preheader, "Un phare rallumé · A library without a roof"; got != want {
		t.Errorf("without excerpt: got %q, want %q", got, want)
	}
	iss.Items = iss.Items[:1]
	if got, want := document(t, r, iss, "fr").Preheader, "Trois ports ont rehaussé leurs quais cet hiver, et deux autres y pensent."; got != want {
		t.Errorf("alone: got %q, want %q", got, want)
	}
	iss.Items[0].Versions[0].Excerpt = strings.Repeat("La mer monte encore. ", 20)
	if got := document(t, r, iss, "fr").Preheader; len([]rune(got)) > 140 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long excerpt gives %d characters: %q", len([]rune(got)), got)
	}
}

// What an author or the configuration says stays text, wherever it lands.
func TestHostileWords(t *testing.T) {
	t.Parallel()
	hostile := `"><script>alert(1)</script><img src=x onerror=alert(1)>'</title></style><!--` + "\r\n\u202e"
	c := config()
	c.Name, c.Tagline, c.Organization, c.OnBehalfOf, c.PostalAddress = hostile, hostile, hostile, hostile, hostile
	e := content.Entry{
		Path: "a.md", Lang: "en", Slug: hostile, Title: hostile, Section: hostile, Kicker: hostile, Excerpt: hostile,
		Authors: []string{hostile}, Image: content.Image{Src: "images/phare de nuit.png", Alt: hostile},
		CTA: content.CTA{Label: hostile, URL: "https://exemple.fr/?a=" + hostile}, Body: hostile,
	}
	iss := single(e)
	iss.Items = append(iss.Items, iss.Items[0], iss.Items[0])
	d := document(t, newRenderer(t, c), iss, "fr")
	for name, part := range map[string]string{"mail": d.HTML, "web": d.Web} {
		for n := range parse(t, part).Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if n.Data == "script" {
				t.Errorf("%s: a script", name)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: <%s %s>", name, n.Data, a.Key)
				}
			}
		}
	}
}

// Front matter is plain text: its signs are not Markdown.
func TestFrontMatterIsPlainText(t *testing.T) {
	t.Parallel()
	const typed = "*tout* [voir](https://autre.exemple.fr) `x` <b> &amp; \\ ~~y~~"
	d := document(t, newRenderer(t, config()), single(content.Entry{
		Lang: "fi", Title: typed, Kicker: typed, Section: typed, Body: "Un texte.",
		CTA: content.CTA{Label: typed, URL: "https://exemple.fr/"},
	}), "fr")
	shown := textOf(parse(t, d.Web))
	if got := strings.Count(shown, typed); got != 5 {
		t.Errorf("the page shows it %d times, want 5 (title, section, kicker, heading, button):\n%s", got, shown)
	}
	if strings.Contains(d.HTML, `href="https://autre.exemple.fr`) {
		t.Error("a link out of a title")
	}
}

// Two entries may share a slug; their places in the page differ.
func TestAnchorsAreUnique(t *testing.T) {
	t.Parallel()
	iss := sample()
	for i := range iss.Items {
		iss.Items[i].Versions[0].Slug = "la-mer"
	}
	d := document(t, newRenderer(t, config()), iss, "fr")
	for _, id := range []string{"la-mer", "la-mer-2", "la-mer-3"} {
		if strings.Count(d.Web, `id="`+id+`"`) != 1 || strings.Count(d.Web, `href="#`+id+`"`) < 1 {
			t.Errorf("no place called %s, or several", id)
		}
	}
}

func TestDestinations(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, body, image, cta, want string }{
		{"script", "[a b](javascript:alert(1))", "", "", "link-refused"},
		{"button script", "", "", "javascript:alert(1)", "link-refused"},
		{"button host", "", "", "//exemple.fr", "link-refused"},
		{"button breaks out", "", "", "https://exemple.fr/>) [x](javascript:alert(1)", ""},
		{"outside", "[le port](../../etc/passwd)", "", "", "target-outside"},
		{"nothing there", "[le port](images/port.pdf)", "", "", "target-unknown"},
		{"no image", "![port](images/port.png)", "", "", "image-missing"},
		{"no image in front", "", "images/port.png", "", "image-missing"},
		{"image outside", "", "../port.png", "", "target-outside"},
		{"not an image", "", "images/note.txt", "", "image-format"},
		{"a pipe", "", "images/tube.png", "", "image-unreadable"},
		{"image from a camera", "![phare](images/IMG_0001.PNG)", "", "", ""},
		{"image without extension", "![phare](images/phare)", "", "", "image-format"},
		{"image of another extension", "![phare](images/phare.jfif)", "", "", "image-format"},
		{"image among drafts", "![phare](_drafts/phare.png)", "", "", "image-hidden"},
		{"hidden image", "![phare](images/.phare.png)", "", "", "image-hidden"},
		{"image script", "", "javascript:alert(1)", "", "image-refused"},
		{"image data", "", "data:image/png;base64,AAAA", "", "image-refused"},
		{"remote image", "", "https://exemple.fr/port.png", "", "image-size"},
		{"image named on a Mac", "![port](images/e\u0301te\u0301.png) ![port](images/%C3%A9t%C3%A9.png)", "", "", ""},
		{"image from the root", "", "/images/phare%20de%20nuit.png", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := content.Entry{Path: "a.md", Lang: "fr", Title: "Un titre", Body: test.body, BodyLine: 5, Image: content.Image{Src: test.image, Alt: "Le port"}}
			if test.cta != "" {
				e.CTA = content.CTA{Label: "Voir l’agenda", URL: test.cta}
			}
			d, problems, err := newRenderer(t, config()).Document(single(e), "fr")
			if err != nil {
				t.Fatal(err)
			}
			if test.want == "" && len(problems) > 0 || test.want != "" && !has(problems, test.want) {
				t.Errorf("problems %v, want %q", problems, test.want)
			}
			for _, p := range problems {
				wantLine := 0
				if test.body != "" {
					wantLine = 5
				}
				if p.File != "a.md" || p.Line != wantLine {
					t.Errorf("%s at %s:%d, want a.md:%d", p.ID, p.File, p.Line, wantLine)
				}
			}
			if strings.Contains(d.HTML, `="javascript:`) || strings.Contains(d.HTML, `="data:`) {
				t.Error("a destination that runs")
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	r := newRenderer(t, config())
	good := content.Entry{Path: "a.md", Lang: "fr", Title: "Un titre", Body: "Voir [un voisin](b.fr.md), [un autre](c.markdown) et [un dernier](D.MD)."}
	if got := r.Check(good); len(got) > 0 {
		t.Errorf("a good entry: %v", got)
	}
	deep := content.Entry{Path: "b.md", Lang: "fr", Title: "Profond", BodyLine: 4, Body: strings.Repeat("> ", 400) + "fond"}
	problems := r.Check(deep)
	if len(problems) != 1 || problems[0].Severity != content.Error || problems[0].File != "b.md" || problems[0].Line != 4 {
		t.Fatalf("an entry past a limit: %v", problems)
	}
	iss := sample()
	iss.Items[1].Versions[0].Body = deep.Body
	d, problems, err := r.Document(iss, "fr")
	if err != nil {
		t.Fatal(err)
	}
	if d.Full != 2 || strings.Contains(d.HTML, "Un phare rallumé") || !has(problems, r.Check(deep)[0].ID) {
		t.Errorf("%d entries, problems %v", d.Full, problems)
	}
}

func TestEntryAlone(t *testing.T) {
	t.Parallel()
	d, _, err := newRenderer(t, config()).Entry(sample().Items[1].Versions[0], "en")
	if err != nil {
		t.Fatal(err)
	}
	if d.Subject != "Un phare rallumé" || strings.Contains(d.HTML, "No.") || d.Full != 1 {
		t.Errorf("subject %q", d.Subject)
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	files := render.NewAssets(pictures(t))
	got, err := files.Image("images/phare de nuit.png")
	if want := (render.Asset{Path: "images/phare de nuit.png", Width: 1200, Height: 500}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := files.Image("images/note.txt"); !errors.Is(err, render.ErrImageFormat) {
		t.Errorf("a text: %v", err)
	}
	if _, err := files.Image("images"); err == nil {
		t.Error("a folder is no image")
	}
	if _, err := files.Image("nulle-part.png"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	cut := render.NewAssets(fstest.MapFS{"a.png": {Data: []byte("\x89PNG\r\n\x1a\n")}})
	if _, err := cut.Image("a.png"); err == nil {
		t.Error("half an image is no image")
	}
}
