package message_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/render/mailrules"
)

var letterDate = time.Date(2026, 11, 19, 11, 0, 0, 0, time.FixedZone("", 3600))

func letterConfig(d *message.DKIM) message.Config {
	return message.Config{ListID: "lettre.exemple.fr", ListName: "La Vigie", From: audience.MustAddress("lettre@exemple.fr"), DKIM: d}
}

func letterDocument(t *testing.T) render.Document {
	t.Helper()
	words, err := locales.Load(locales.Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.New(render.Config{Name: "La Vigie", PostalAddress: "12 rue des Lilas, 29900 Concarneau"}, words, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := r.Letter(render.Letter{
		Subject: "Confirmez votre abonnement à La Vigie",
		Text:    []string{"Il ne manque plus que votre accord.", ".un point en tête de ligne"},
		Button:  "Confirmer mon abonnement", URL: "https://lettre.exemple.fr/c/jeton",
		After: []string{"Ce lien vaut sept jours."}, Why: "Cette adresse a été saisie dans un formulaire.",
	}, "fr")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A letter keeps every rule of mail that a confirmation must, and is the same
// to the byte when it is sent again.
func TestLetter(t *testing.T) {
	t.Parallel()
	d, to, id := letterDocument(t), audience.MustAddress("zoe@exemple.fr"), audience.NewID()
	letter, err := letterConfig(nil).Letter(d, to, id, letterDate)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := letterConfig(nil).Letter(d, to, id, letterDate)
	if !bytes.Equal(letter, again) {
		t.Error("not the same bytes twice")
	}
	if other, _ := letterConfig(nil).Letter(d, to, audience.NewID(), letterDate); bytes.Equal(letter, other) {
		t.Error("two letters with one Message-ID")
	}
	if !bytes.Contains(letter, []byte("\r\n..un point")) || !bytes.HasSuffix(letter, []byte("\r\n")) {
		t.Error("not as DATA wants it")
	}
	for _, v := range mailrules.Check(bytes.ReplaceAll(letter, []byte("\r\n.."), []byte("\r\n.")), mailrules.Options{Locale: "fr", Confirmation: true}) {
		t.Errorf("%+v", v)
	}
	header, _, _ := strings.Cut(string(letter), "\r\n\r\n")
	if strings.Contains(header, "List-") || strings.Contains(header, "Precedence") || !strings.Contains(header, "Auto-Submitted: auto-generated") {
		t.Errorf("header:\n%s", header)
	}
}

func TestLetterIsSigned(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	d, err := message.NewDKIM("exemple.fr", "lettre", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	if err != nil {
		t.Fatal(err)
	}
	letter, err := letterConfig(d).Letter(letterDocument(t), audience.MustAddress("zoe@exemple.fr"), audience.NewID(), letterDate)
	if err != nil {
		t.Fatal(err)
	}
	received := bytes.ReplaceAll(letter, []byte("\r\n.."), []byte("\r\n."))
	checks, err := dkim.VerifyWithOptions(bytes.NewReader(received), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) {
		return []string{"v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)}, nil
	}})
	if err != nil || len(checks) != 1 || checks[0].Err != nil {
		t.Errorf("%v, %+v", err, checks)
	}
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	c := letterConfig(nil)
	if got := c.Envelope(); got != c.From {
		t.Errorf("%s", got)
	}
	c.Bounce = audience.MustAddress("retours@exemple.fr")
	if got := c.Envelope(); got != c.Bounce {
		t.Errorf("%s", got)
	}
}
