package mailrules_test

import (
	"bytes"
	"fmt"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/render/mailrules"
)

var options = mailrules.Options{
	Locale: "fr",
	Hosts:  []string{"machine-42"},
	Footer: []string{"Association des Cahiers, 12 rue de l’Horloge, 35000 Rennes", "https://lettre.cahiers.example/p/jeton"},
}

// letter is a mail whose parts can be changed before it is put together.
type letter struct{ headers, text, html string }

func goodLetter(t *testing.T) letter {
	t.Helper()
	return letter{
		headers: read(t, "good/headers.txt"),
		text:    read(t, "good/body.txt"),
		html:    read(t, "good/body.html"),
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (l letter) bytes(t *testing.T) []byte {
	t.Helper()
	var b strings.Builder
	b.WriteString(l.headers)
	b.WriteString("Content-Type: multipart/alternative; boundary=borne\n\n")
	for _, part := range [][2]string{{"plain", l.text}, {"html", l.html}} {
		fmt.Fprintf(&b, "--borne\nContent-Type: text/%s; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n%s\n", part[0], quoted(t, part[1]))
	}
	b.WriteString("--borne--\n")
	return bytes.ReplaceAll(bytes.ReplaceAll([]byte(b.String()), []byte("\r"), nil), []byte("\n"), []byte("\r\n"))
}

func quoted(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// ids lists the violations' names, each once, sorted.
func ids(violations []mailrules.Violation) []string {
	list := []string{}
	for _, v := range violations {
		list = append(list, v.ID)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestGoodMail(t *testing.T) {
	t.Parallel()
	if got := mailrules.Check(goodLetter(t).bytes(t), options); len(got) > 0 {
		t.Errorf("a good mail has violations: %+v", got)
	}
}

// change is one block of testdata/mutations.txt: what to replace by what in
// one part of the good mail, and the violations this must bring.
type change struct {
	part, old, new string
	want           []string
}

func readChanges(t *testing.T) []change {
	t.Helper()
	var changes []change
	for _, block := range strings.Split(read(t, "mutations.txt"), "\n=== ")[1:] {
		head, body, _ := strings.Cut(block, "\n")
		old, replacement, ok := strings.Cut(body, "\n---\n")
		part, want, named := strings.Cut(head, " ")
		if !ok || !named {
			t.Fatalf("mutations.txt: malformed block %q", head)
		}
		expected := strings.Fields(want)
		slices.Sort(expected)
		changes = append(changes, change{part, old, strings.TrimSuffix(replacement, "\n"), slices.DeleteFunc(expected, func(s string) bool { return s == "none" })})
	}
	return changes
}

func (c change) apply(t *testing.T, l letter) letter {
	t.Helper()
	target := map[string]*string{"headers": &l.headers, "text": &l.text, "html": &l.html}[c.part]
	if target == nil || !strings.Contains(*target, c.old) {
		t.Fatalf("nothing to replace in %s: %q", c.part, c.old)
	}
	*target = strings.ReplaceAll(*target, c.old, c.new)
	return l
}

func TestMutations(t *testing.T) {
	t.Parallel()
	for _, c := range readChanges(t) {
		t.Run(strings.Join(c.want, "+")+"/"+c.new, func(t *testing.T) {
			t.Parallel()
			got := mailrules.Check(c.apply(t, goodLetter(t)).bytes(t), options)
			if diff := cmp.Diff(c.want, ids(got)); diff != "" {
				t.Errorf("violations (-want +got):\n%s%+v", diff, got)
			}
		})
	}
}

// wireCase is a mail that is wrong as bytes, before any part is read.
type wireCase struct {
	name string
	mail []byte
	want []string
}

func wireCases(t *testing.T) []wireCase {
	t.Helper()
	good := goodLetter(t).bytes(t)
	replace := func(old, replacement string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("nothing to replace: %q", old)
		}
		return bytes.Replace(good, []byte(old), []byte(replacement), 1)
	}
	return []wireCase{
		{"bare LF", replace("Precedence: bulk\r\n", "Precedence: bulk\n"), []string{"mail-line-ending"}},
		{"bare CR", replace("R=C3=A9parer", "R=C3=A9parer\r"), []string{"mail-encoding", "mail-line-ending"}},
		{"NUL", replace("boundary=borne", "boundary=borne;\r\n x=\x00"), []string{"mail-line-ending", "mail-unreadable"}},
		{"no end", good[:len(good)-2], []string{"mail-line-ending"}},
		{"long line", replace("Precedence: bulk\r\n", "Precedence: bulk\r\nX-Long: "+strings.Repeat("x", 991)+"\r\n"), []string{"mail-line-length"}},
		{"998 characters", replace("Precedence: bulk\r\n", "Precedence: bulk\r\nX-Long: "+strings.Repeat("x", 990)+"\r\n"), []string{}},
		{"header in UTF-8", replace("Les Cahiers du code <", "Les Cahiers né <"), []string{"mail-not-ascii"}},
		{"body in UTF-8", replace("R=C3=A9parer", "Réparer"), []string{"mail-encoding", "mail-not-ascii"}},
		{"invalid escape", replace("R=C3=A9parer", "R=c3=a9parer"), []string{"mail-encoding"}},
		{"other charset", replace("text/html; charset=utf-8", "text/html; charset=iso-8859-1"), []string{"mail-encoding"}},
		{"one part", replace("multipart/alternative; boundary=borne", "text/plain; charset=utf-8"), []string{"mail-parts"}},
		{"no last boundary", replace("--borne--\r\n", ""), []string{"mail-parts"}},
		{"no header", []byte("Bonjour\r\n\r\nle texte\r\n"), []string{"mail-unreadable"}},
	}
}

func TestWire(t *testing.T) {
	t.Parallel()
	for _, c := range wireCases(t) {
		if diff := cmp.Diff(c.want, ids(mailrules.Check(c.mail, options))); diff != "" {
			t.Errorf("%s: violations (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestPartOrder(t *testing.T) {
	t.Parallel()
	l := goodLetter(t)
	mail := bytes.NewBuffer(nil)
	fmt.Fprintf(mail, "%sContent-Type: multipart/alternative; boundary=b\n\n", l.headers)
	for _, part := range [][2]string{{"html", l.html}, {"plain", l.text}} {
		fmt.Fprintf(mail, "--b\nContent-Type: text/%s; charset=utf-8\nContent-Transfer-Encoding: base64\n\n\n", part[0])
	}
	mail.WriteString("--b--\n")
	if got := ids(mailrules.Check(bytes.ReplaceAll(mail.Bytes(), []byte("\n"), []byte("\r\n")), options)); !slices.Contains(got, "mail-parts") {
		t.Errorf("HTML before text: got %v, want mail-parts among them", got)
	}
}

func TestConfirmation(t *testing.T) {
	t.Parallel()
	const headers = "From: a@cahiers.example\r\nTo: b@lecteur.example\r\nSubject: Confirmez\r\nDate: Thu, 12 Nov 2026 11:00:00 +0100\r\n" +
		"Message-ID: <1@cahiers.example>\r\nMIME-Version: 1.0\r\n"
	tests := []struct {
		name, more string
		want       []string
	}{
		{"complete", "Auto-Submitted: auto-generated\r\n\r\n", []string{}},
		{"without", "\r\n", []string{"mail-header-missing"}},
		{"as a reply", "Auto-Submitted: auto-replied\r\n\r\n", []string{"mail-auto-submitted"}},
	}
	for _, tt := range tests {
		got := mailrules.CheckHeaders([]byte(headers+tt.more), mailrules.Options{Confirmation: true})
		if diff := cmp.Diff(tt.want, ids(got)); diff != "" {
			t.Errorf("%s: violations (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	page := goodLetter(t).html
	tests := []struct {
		size int
		want []string
	}{
		{89_999, []string{}},
		{90_000, []string{"mail-size-near"}},
		{101_999, []string{"mail-size-near"}},
		{102_000, []string{"mail-size"}},
	}
	for _, tt := range tests {
		padded := page + strings.Repeat("\n", tt.size-len(page))
		if diff := cmp.Diff(tt.want, ids(mailrules.CheckHTML([]byte(padded), options))); diff != "" {
			t.Errorf("%d bytes (-want +got):\n%s", tt.size, diff)
		}
	}
}

// TestLoopback: a demonstration on the author's machine has no certificate.
func TestLoopback(t *testing.T) {
	t.Parallel()
	l := goodLetter(t)
	for _, base := range []string{"http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"} {
		local := letter{
			headers: strings.ReplaceAll(l.headers, "https://lettre.cahiers.example", base),
			text:    strings.ReplaceAll(l.text, "https://lettre.cahiers.example", base),
			html:    strings.ReplaceAll(l.html, "https://lettre.cahiers.example", base),
		}
		if got := mailrules.Check(local.bytes(t), mailrules.Options{}); len(got) > 0 {
			t.Errorf("%s: %+v", base, got)
		}
	}
}

// The host that the DNS wants is the one that readers are shown.
func TestShownHost(t *testing.T) {
	for shown, want := range map[string]bool{"https://été.fr/a": false, "www.été.fr": false, "https://ete.fr/": true} {
		page := []byte(`<a href="https://xn--t-9fab.fr/a">` + shown + `</a>`)
		got := slices.ContainsFunc(mailrules.CheckHTML(page, mailrules.Options{}), func(v mailrules.Violation) bool { return v.ID == "mail-link-host" })
		if got != want {
			t.Errorf("%s: %v", shown, got)
		}
	}
}

func TestViolationSaysWhere(t *testing.T) {
	t.Parallel()
	l := goodLetter(t)
	l.html = strings.Replace(l.html, ` alt="Un établi couvert d’outils"`, "", 1)
	l.text = strings.Replace(l.text, "Image :", "Image\u202f:", 1)
	got := mailrules.Check(l.bytes(t), options)
	if len(got) != 2 {
		t.Fatalf("got %d violations, want 2: %+v", len(got), got)
	}
	image, space := got[0], got[1]
	if image.Rule != "H11" || image.RGAA != "1.1" || image.Part != mailrules.HTML || image.Severity != mailrules.Error || !strings.Contains(image.Where, "atelier.png") {
		t.Errorf("image without alternative: %+v", image)
	}
	if space.Part != mailrules.Text || space.Line != 10 {
		t.Errorf("narrow space: %+v, want line 10 of the text", space)
	}
}

// allCases is every violation that the tables of this file bring about.
func allCases(t *testing.T) []mailrules.Violation {
	t.Helper()
	var all []mailrules.Violation
	for _, c := range readChanges(t) {
		all = append(all, mailrules.Check(c.apply(t, goodLetter(t)).bytes(t), options)...)
	}
	for _, c := range wireCases(t) {
		all = append(all, mailrules.Check(c.mail, options)...)
	}
	all = append(all, mailrules.CheckHeaders([]byte("Auto-Submitted: no\r\n\r\n"), mailrules.Options{Confirmation: true})...)
	all = append(all, mailrules.CheckHTML([]byte("<img src=https://cahiers.example/affiche.png>"), options)...)
	for _, size := range []int{16_384, 90_000, 102_000} {
		style := "<style>" + strings.Repeat(" ", size) + "</style>"
		all = append(all, mailrules.CheckHTML([]byte(style), options)...)
	}
	return all
}

// TestEveryRuleFires: a violation that no case brings about may be dead.
func TestEveryRuleFires(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(mailrules.IDs(), ids(allCases(t))); diff != "" {
		t.Errorf("violations known (-) and met (+):\n%s", diff)
	}
}

// TestWords: every violation has its words, and they use no argument that it
// lacks.
func TestWords(t *testing.T) {
	t.Parallel()
	catalogue, err := locales.Load(locales.Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range allCases(t) {
		for _, tag := range catalogue.Tags() {
			for _, id := range []string{"finding." + v.ID, "finding." + v.ID + ".mend"} {
				said, err := catalogue.Locale(tag).Localize(id, v.Args)
				if err != nil || strings.Contains(said, "<no value>") {
					t.Errorf("%s %s: %q, %v", tag, id, said, err)
				}
			}
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, name := range []string{"good/headers.txt", "good/body.html"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("<a href=x><style>@media{a{b:c}<!--[if mso]>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		first := mailrules.CheckHTML(data, options)
		if diff := cmp.Diff(first, mailrules.CheckHTML(data, options)); diff != "" {
			t.Errorf("two looks at one page differ:\n%s", diff)
		}
		mailrules.Check(data, options)
		mailrules.CheckText(data, data, options)
	})
}

func BenchmarkCheck(b *testing.B) {
	data, err := os.ReadFile("testdata/good/body.html")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		mailrules.CheckHTML(data, options)
	}
}
