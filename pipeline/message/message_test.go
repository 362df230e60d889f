package message

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/go-cmp/cmp"

	samples "github.com/infolettre/infolettre/content"
	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

func testComposer(t testing.TB, d *DKIM, documents ...render.Document) *Composer {
	t.Helper()
	keys, err := audience.ParseKeys("lettre.exemple.fr", audience.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := keys.Signer(keys.Current())
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewComposer(Config{
		ListID: "lettre.exemple.fr", ListName: "La lettre d’été", From: audience.MustAddress("lettre@exemple.fr"),
		Unsubscribe: audience.MustAddress("depart@exemple.fr"), DKIM: d,
	}, Issue{Number: 12, Date: time.Date(2026, 11, 19, 11, 0, 0, 0, time.UTC), Base: "https://lettre.exemple.fr/", Signer: signer}, documents)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hard is a document with all that makes a body difficult to encode.
func hard() render.Document {
	d := render.Document{Locale: "fr", Key: "0123456789abcdef", Subject: "L’été : « déjà » — un objet assez long pour être plié en deux lignes d’en-tête"}
	d.Text = ".point au début\n..deux\nFrom ici\n" + strings.Repeat("é", 300) + " \t\n" + strings.Repeat("x", 75) + "\n" + strings.Repeat("y", 76) + "\n" +
		"Partir : " + d.Mark(render.Base) + "/u/" + d.Mark(render.Unsubscribe) + "\n" + d.Mark(render.Address) + "\n\n" +
		"fin = " + d.Mark(render.Preferences) + d.Mark(render.Address) + ".\n-- \nadresse"
	d.HTML = "<!doctype html><p>" + strings.Repeat("mot ", 50) + "</p>\n<a href=\"" + d.Mark(render.Base) + "/u/" + d.Mark(render.Unsubscribe) + "\">x</a>" +
		"<p>.</p>" + d.Mark(render.Address) + strings.Repeat(".\n", 40)
	return d
}

var readers = []audience.Subscriber{
	{ID: audience.ID{1}, Address: audience.MustAddress("zoe@exemple.fr")},
	{ID: audience.ID{2}, Address: audience.MustAddress("o'brien+a=b&c@exemple.fr"), Name: "Zoé «Zaza» O’Brien-Ⅳ 😀"},
	{ID: audience.ID{3}, Address: audience.MustAddress(strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 80) + "fr"), Name: strings.Repeat("Très long nom ", 14)},
	{ID: audience.ID{4}, Address: audience.MustAddress("x@xn--ditions-9xa.fr"), Name: "Plain, Name; <odd> (chars) =?utf-8?q?x?="},
	{ID: audience.ID{5}, Address: audience.MustAddress("y@exemple.fr"), Name: strings.Repeat("é", 200)},
}

// parsed is a mail as its reader's program sees it.
type parsed struct {
	Header map[string]string
	Parts  []string
}

func parse(t *testing.T, raw []byte) parsed {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	p := parsed{Header: map[string]string{}}
	for name, values := range m.Header {
		decoded, err := new(mime.WordDecoder).DecodeHeader(strings.Join(values, " | "))
		if err != nil {
			t.Fatal(err)
		}
		p.Header[name] = strings.Join(strings.Fields(decoded), " ")
	}
	for _, name := range []string{"From", "To"} {
		list, err := m.Header.AddressList(name)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %v, %v", name, list, err)
		}
		p.Header[name] = strings.Join(strings.Fields(list[0].Name), " ") + " <" + list[0].Address + ">"
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		p.Parts = append(p.Parts, part.Header.Get("Content-Type")+"\n"+strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
}

// agrees checks that what the template writes is, once parsed, what go-mail
// writes for the same reader, and that its lines are fit for SMTP.
func agrees(t *testing.T, c *Composer, d render.Document, to audience.Subscriber) {
	t.Helper()
	got, err := c.Append(nil, to, d.Locale)
	if err != nil {
		t.Fatal(err)
	}
	text, page, err := c.Parts(to, d.Locale)
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.build(d, envelope{to.Name, to.Address.String(), string(c.appendID(nil, to.ID)), c.issue.Signer.Token(audience.Unsubscribe, to.ID)}, text, page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parse(t, want), parse(t, got)); diff != "" {
		t.Errorf("%s (-go-mail +template):\n%s", to.Address, diff)
	}
	for line := range strings.SplitSeq(string(got), "\r\n") {
		if len(line) > maxLine+len(to.Address.String()) || strings.HasPrefix(line, ".") || strings.HasPrefix(line, "From ") || strings.HasSuffix(line, " ") ||
			strings.ContainsAny(line, "\r\n\x00") || strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("%s: line %q", to.Address, line)
		}
	}
	body := got[bytes.Index(got, []byte("\r\n\r\n")):]
	for line := range strings.SplitSeq(string(body), "\r\n") {
		if len(line) > maxLine {
			t.Errorf("%s: %d characters in %q", to.Address, len(line), line)
		}
	}
	again, _ := c.Append([]byte("before"), to, d.Locale)
	if !bytes.Equal(again, append([]byte("before"), got...)) {
		t.Errorf("%s: not the same bytes twice", to.Address)
	}
}

func TestTemplateAgreesWithGoMail(t *testing.T) {
	d := hard()
	c := testComposer(t, nil, d)
	for _, to := range readers {
		agrees(t, c, d, to)
	}
}

// The same for every issue of the sample entries, in every language that the
// program speaks.
func TestSampleIssuesAgreeWithGoMail(t *testing.T) {
	catalogue, err := locales.Load(locales.Files, "en")
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := render.New(render.Config{Name: "La lettre", PostalAddress: "1 rue de l’Été, 75001 Paris"}, catalogue, render.NewAssets(samples.FS))
	if err != nil {
		t.Fatal(err)
	}
	languages := []string{"fr", "en"}
	entries, _, err := content.Load(samples.FS, content.Options{Languages: languages})
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := issue.NewCalendar("0 11 * * THU", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for end := time.Date(2026, 11, 5, 11, 0, 0, 0, time.UTC); end.Month() == time.November; end = end.AddDate(0, 0, 7) {
		assembly := issue.Assemble(issue.Config{Languages: languages}, calendar, issue.Past{}, issue.Window{From: end.AddDate(0, 0, -7), Slot: end}, entries)
		for _, lang := range languages {
			d, _, err := renderer.Document(assembly.Issue, lang)
			if errors.Is(err, render.ErrNothing) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			c := testComposer(t, nil, d)
			for _, to := range readers {
				agrees(t, c, d, to)
				compared++
			}
		}
	}
	if compared < 4*len(readers) {
		t.Errorf("only %d mails were compared", compared)
	}
}

// A template that lost a place, or has one too many, is not used.
func TestCheckPlaces(t *testing.T) {
	d := hard()
	c := testComposer(t, nil, d)
	for i := range c.templates["fr"].places {
		cut := *c.templates["fr"]
		cut.places = slices.Delete(slices.Clone(cut.places), i, i+1)
		if cut.checkPlaces(d) == nil {
			t.Errorf("a template without its place %d passes", i)
		}
		cut.places = append(slices.Clone(c.templates["fr"].places), cut.places[0])
		if cut.checkPlaces(d) == nil {
			t.Errorf("a template with place %d twice passes", cut.places[0])
		}
	}
}

func TestReadersDiffer(t *testing.T) {
	c := testComposer(t, nil, hard())
	seen := map[string]bool{}
	for _, to := range readers {
		raw, _ := c.Append(nil, to, "fr")
		p := parse(t, raw)
		token := c.issue.Signer.Token(audience.Unsubscribe, to.ID)
		if seen[p.Header["Message-Id"]] || !strings.Contains(p.Header["List-Unsubscribe"], "/u/"+token+">") || !strings.Contains(p.Parts[0], "/u/"+token+"\n") || !strings.Contains(p.Parts[1], "/u/"+token+"\"") {
			t.Errorf("%s: %v", to.Address, p.Header)
		}
		seen[p.Header["Message-Id"]] = true
	}
}

// A configuration that would put what is no address or no URL into a mail is
// refused before anything is sent.
func TestCompileRefuses(t *testing.T) {
	keys, _ := audience.ParseKeys("x", audience.NewKey())
	signer, _ := keys.Signer(keys.Current())
	config := Config{ListID: "x", ListName: "x", From: audience.MustAddress("x@exemple.fr")}
	for name, test := range map[string]struct {
		config Config
		base   string
	}{
		"no sender":         {Config{ListID: "x"}, "https://exemple.fr"},
		"a relative base":   {config, "/lettre"},
		"a base with query": {config, "https://exemple.fr/?a=b"},
		"a quote in a base": {config, "https://exemple.fr/\">"},
		"a script as base":  {config, "javascript:alert(1)"},
	} {
		if _, err := NewComposer(test.config, Issue{Base: test.base, Signer: signer}, []render.Document{hard()}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzQuoted(f *testing.F) {
	f.Add(".a\n..\nFrom x \t\né=", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ReplaceAll(a, "\r", ""), strings.ReplaceAll(b, "\r", "")
		encoded := append(appendQuoted(nil, a), "=\r\n"...)
		encoded = appendQuoted(encoded, b)
		decoded, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(encoded)))
		if got := strings.ReplaceAll(string(decoded), "\r\n", "\n"); err != nil || got != a+b {
			t.Fatalf("%q + %q became %q, %v", a, b, got, err)
		}
		for line := range strings.SplitSeq(string(encoded), "\r\n") {
			if len(line) > maxLine || strings.HasPrefix(line, ".") || strings.HasPrefix(line, "From ") || strings.TrimRight(line, " \t") != line {
				t.Fatalf("line %q", line)
			}
		}
	})
}

func testKey(t testing.TB) ([]byte, *rsa.PrivateKey) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), key
}

// An independent library verifies the signatures, and no changed byte of what
// they cover.
func TestDKIM(t *testing.T) {
	text, key := testKey(t)
	d, err := NewDKIM("exemple.fr", "lettre._x", text)
	if err != nil {
		t.Fatal(err)
	}
	public, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
	verify := func(raw []byte) error {
		got, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
			if name != "lettre._x._domainkey.exemple.fr" {
				t.Errorf("looked up %s", name)
			}
			return []string{"v=DKIM1; p=" + base64.StdEncoding.EncodeToString(public)}, nil
		}})
		if err != nil {
			return err
		}
		if len(got) != 1 {
			t.Fatalf("%d signatures", len(got))
		}
		for _, name := range []string{"From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"} {
			if !slices.Contains(got[0].HeaderKeys, name) {
				t.Errorf("%s is not covered", name)
			}
		}
		return got[0].Err
	}
	c := testComposer(t, d, hard())
	for _, to := range readers {
		raw, err := c.Append(nil, to, "fr")
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(raw); err != nil {
			t.Errorf("%s: %v", to.Address, err)
		}
		again, _ := c.Append(nil, to, "fr")
		if !bytes.Equal(raw, again) {
			t.Errorf("%s: two signatures differ", to.Address)
		}
		if err := verify(bytes.Replace(raw, []byte("List-Unsubscribe=One-Click"), []byte("List-Unsubscribe=One-Clack"), 1)); err == nil {
			t.Errorf("%s: a changed header passes", to.Address)
		}
		if err := verify(bytes.Replace(raw, []byte("doctype"), []byte("doctypo"), 1)); err == nil {
			t.Errorf("%s: a changed body passes", to.Address)
		}
	}
}

func TestNewDKIMRefuses(t *testing.T) {
	text, _ := testKey(t)
	for _, test := range [][3]string{
		{"exemple.fr", "s", "no key"}, {"exemple.fr\r\nX: y", "s", string(text)}, {"exemple.fr", "", string(text)}, {"exemple.fr", "a;b", string(text)},
	} {
		if _, err := NewDKIM(test[0], test[1], []byte(test[2])); err == nil {
			t.Errorf("%q accepted", test)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	d := hard()
	d.HTML += strings.Repeat("<p>Quarante kilo-octets de texte.</p>\n", 1000)
	c := testComposer(b, nil, d)
	buffer, err := c.Append(nil, readers[0], "fr")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(buffer)))
	for b.Loop() {
		buffer, _ = c.Append(buffer[:0], readers[0], "fr")
	}
}

func BenchmarkDKIM(b *testing.B) {
	text, key := testKey(b)
	d, _ := NewDKIM("exemple.fr", "s", text)
	b.Run("bare signature", func(b *testing.B) {
		for b.Loop() {
			_, _ = rsa.SignPKCS1v15(rand.Reader, key, 5, make([]byte, 32))
		}
	})
	b.Run("mail", func(b *testing.B) {
		doc := hard()
		doc.HTML += strings.Repeat("<p>Quarante kilo-octets de texte.</p>\n", 1000)
		c := testComposer(b, d, doc)
		var buffer []byte
		var err error
		for b.Loop() {
			if buffer, err = c.Append(buffer[:0], readers[0], "fr"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
