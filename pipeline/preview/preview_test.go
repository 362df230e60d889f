package preview_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	sample "github.com/infolettre/infolettre/content"
	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/preview"
	"github.com/infolettre/infolettre/pipeline/render"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const publicURL = "https://lettre.exemple.fr"

var catalogue = sync.OnceValues(func() (*locales.Catalogue, error) { return locales.Load(locales.Files, "fr") })

// desk is an author's: a folder of entries, settings beside it, a preview.
type desk struct {
	*preview.Preview
	t      testing.TB
	folder string
}

// now is just before the border of the sample entries' second issue.
func now() time.Time { return time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC) }

// newDesk lays out two of the sample entries, one of them translated.
func newDesk(t testing.TB) *desk {
	t.Helper()
	d := emptyDesk(t)
	must(t, os.Mkdir(d.path("content/images"), 0o777))
	for _, name := range []string{editorial, strings.Replace(editorial, ".fr.", ".en.", 1), border, picture, strings.Replace(picture, "cable-repare", "frontiere-du-nuage", 1)} {
		text, err := fs.ReadFile(sample.FS, strings.TrimPrefix(name, "content/"))
		must(t, err)
		d.write(name, string(text))
	}
	d.open("fr", nil)
	return d
}

// fullDesk lays out all of them.
func fullDesk(t testing.TB) *desk {
	t.Helper()
	d := emptyDesk(t)
	must(t, os.CopyFS(d.path("content"), sample.FS))
	d.open("fr", nil)
	return d
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func emptyDesk(t testing.TB) *desk {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, folder: folder}
	if err := os.Mkdir(d.path("content"), 0o777); err != nil {
		t.Fatal(err)
	}
	d.write("infolettre.yaml", "content")
	return d
}

func (d *desk) open(lang string, ledger preview.Ledger) {
	d.t.Helper()
	words, err := catalogue()
	if err != nil {
		d.t.Fatal(err)
	}
	d.Preview, err = preview.New(d.t.Context(), preview.Options{
		Words: words.Locale(lang), Now: now,
		Open: func(context.Context) (*preview.Newsletter, error) { return d.newsletter(words, ledger) },
	})
	if err != nil {
		d.t.Fatal(err)
	}
	pages := d.Preview
	d.t.Cleanup(func() { must(d.t, pages.Close()) })
}

// newsletter reads the settings, which are no more than the folder's name.
func (d *desk) newsletter(words *locales.Catalogue, ledger preview.Ledger) (*preview.Newsletter, error) {
	settings, err := os.ReadFile(d.path("infolettre.yaml"))
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(string(settings))
	if name == "" {
		return nil, errors.New("infolettre.yaml:1: le dossier manque")
	}
	root, err := os.OpenRoot(d.path(name))
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, err
	}
	calendar, err := issue.NewCalendar("0 11 * * THU", zone)
	if err != nil {
		return nil, err
	}
	look := render.Config{Name: "La Vigie", PostalAddress: "12 rue des Lilas, 29900 Concarneau", Location: zone}
	renderer, err := render.New(look, words, render.NewAssets(root.FS()))
	if err != nil {
		return nil, err
	}
	headers := message.Config{
		ListID: "lettre.exemple.fr", ListName: "La Vigie", FromName: "La Vigie",
		From: audience.MustAddress("lettre@exemple.fr"), Unsubscribe: audience.MustAddress("depart@exemple.fr"),
	}
	return &preview.Newsletter{
		Newsletter: &pipeline.Newsletter{
			Entries: root.FS(), Commit: func() string { return "" }, Languages: []string{"fr", "en"}, Calendar: calendar,
			Issues: issue.Config{Languages: []string{"fr", "en"}}.WithDefaults(), Renderer: renderer, Headers: headers, Base: publicURL,
			First: time.Date(2026, 11, 5, 11, 0, 0, 0, zone),
		},
		Name: "La Vigie", Settings: d.path("infolettre.yaml"), Folder: d.path(name), Prefix: name + "/", Ledger: ledger,
		Compose: func(base string, number int, date time.Time, doc render.Document) (preview.Mail, error) {
			return compose(headers, base, number, date, doc)
		},
	}, nil
}

var reader = audience.Subscriber{Address: audience.MustAddress("lectrice@example.org")}

func compose(headers message.Config, base string, number int, date time.Time, d render.Document) (m preview.Mail, err error) {
	keys, err := audience.ParseKeys("lettre.exemple.fr", "00000000:c2FtcGxlLXNhbXBsZS1zYW1wbGUtc2FtcGxlLXNhbXA=")
	if err != nil {
		return m, err
	}
	signer, err := keys.Signer(keys.Current())
	if err != nil {
		return m, err
	}
	composer, err := message.NewComposer(headers, message.Issue{Number: number, Date: date, Base: base, Signer: signer}, []render.Document{d})
	if err != nil {
		return m, err
	}
	if m.Text, m.HTML, err = composer.Parts(reader, d.Locale); err != nil {
		return m, err
	}
	m.Raw, err = composer.Append(nil, reader, d.Locale)
	return m, err
}

func (d *desk) path(name string) string { return filepath.Join(d.folder, filepath.FromSlash(name)) }

// write saves a file, as simple editors do.
func (d *desk) write(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(d.path(name), []byte(text), 0o666); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) read(name string) string {
	d.t.Helper()
	text, err := os.ReadFile(d.path(name))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

// edit replaces a piece of a file.
func (d *desk) edit(name, old, new string) {
	d.t.Helper()
	text := d.read(name)
	if !strings.Contains(text, old) {
		d.t.Fatalf("no %q in %s", old, name)
	}
	d.write(name, strings.Replace(text, old, new, 1))
}

// rebuild does what the watcher does after a save.
func (d *desk) rebuild(c preview.Change) {
	d.t.Helper()
	if err := d.Rebuild(d.t.Context(), c); err != nil {
		d.t.Fatal(err)
	}
}

// get asks as a page of the preview does.
func (d *desk) get(path string, change ...func(*http.Request)) *http.Response {
	d.t.Helper()
	r := httptest.NewRequest("GET", "http://127.0.0.1:8421"+path, nil) // ".." stays, as no browser would leave it
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	d.Handler().ServeHTTP(w, r)
	return w.Result()
}

func (d *desk) body(path string) string {
	d.t.Helper()
	r := d.get(path)
	text, err := io.ReadAll(r.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if r.StatusCode != 200 {
		d.t.Fatalf("%s: status %d", path, r.StatusCode)
	}
	return string(text)
}

// entries are the sample's files of the second issue.
const (
	editorial = "content/2026-11-16-une-demi-seconde-de-trop.fr.md"
	picture   = "content/images/cable-repare.png"
	border    = "content/2026-11-17-ou-passe-la-frontiere-du-nuage.fr.md"
)

func contains(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in:\n%s", w, excerpt(text))
		}
	}
}

func lacks(t *testing.T, text string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(text, w) {
			t.Errorf("%q in:\n%s", w, excerpt(text))
		}
	}
}

func excerpt(text string) string { return fmt.Sprintf("%.300s", text) }
