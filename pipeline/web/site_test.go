package web_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/web"
)

var thursday = time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC)

// site is the pages of a newsletter with one issue, on a database of its own
// and a clock that stands still.
type site struct {
	testing.TB
	*web.Site
	store   *store.Store
	path    string // of the database
	keys    *audience.Keys
	signer  audience.Signer
	handler http.Handler
	now     time.Time
}

var catalogue = sync.OnceValues(func() (*locales.Catalogue, error) { return locales.Load(locales.Files, "fr") })

// The newsletter's keys: a retired one, under which mails are still around.
const (
	currentKey = "aaaaaaaa:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
	retiredKey = "bbbbbbbb:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
)

func newSite(t testing.TB, change ...func(*web.Options)) *site {
	t.Helper()
	s := &site{TB: t, now: thursday, path: filepath.Join(t.TempDir(), "infolettre.db")}
	var err error
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s.keys, err = audience.ParseKeys("lettre.exemple.fr", currentKey+"\n"+retiredKey)
	check(err)
	s.signer, err = s.keys.Signer("aaaaaaaa")
	check(err)
	s.store, err = store.Open(context.Background(), s.path, true, store.Unsafe)
	check(err)
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
	s.store.UseKeys(s.keys)
	words, err := catalogue()
	check(err)
	o := web.Options{
		Newsletter: render.Config{
			Name: "La Vigie", Tagline: "Ce que la technique change", Organization: "Éditions de la Jetée",
			PostalAddress: "12 rue des Lilas\n29900 Concarneau", Location: time.UTC, Locales: []string{"fr", "en"},
		},
		Config: web.Config{Director: "Anne Le Gall", Contact: "donnees@exemple.fr", Host: "Hébergeur\n1 quai du Port, 29000 Quimper"},
		ID:     "lettre.exemple.fr", Base: "https://lettre.exemple.fr", Languages: []string{"fr", "en"},
		Catalogue: words, Keys: s.keys, Media: media(), Register: s.store, Readers: s.store, Archive: s.store,
		Healthy: s.store.Ping, Now: func() time.Time { return s.now },
	}
	for _, f := range change {
		f(&o)
	}
	s.Site, err = web.New(o)
	check(err)
	s.handler = s.Handler()
	s.freeze(o.Newsletter, words, 12, deliver.IssueSent)
	return s
}

func media() fstest.MapFS {
	return fstest.MapFS{
		"images/phare.png": {Data: []byte("\x89PNG\r\n\x1a\n")},
		"billet.fr.md":     {Data: []byte("---\n---\nbrouillon")},
		"images.png/x.txt": {Data: []byte("x")},
	}
}

func (s *site) freeze(c render.Config, words *locales.Catalogue, number int, state deliver.IssueState) {
	s.Helper()
	r, err := render.New(c, words, render.NewAssets(media()))
	if err != nil {
		s.Fatal(err)
	}
	entry := content.Entry{
		ID: "phare", Path: "phare.fr.md", Lang: "fr", Slug: "phare", Date: thursday,
		Title: "Le phare & la « brume »", Excerpt: "Trois éclats.", Body: "Trois éclats toutes les quinze secondes.",
		CTA: content.CTA{Label: "S’abonner"},
	}
	is := issue.Issue{Number: number, Slot: thursday.AddDate(0, 0, 7*(number-12)), Items: []issue.Item{{ID: "phare", Versions: []content.Entry{entry}}}}
	var documents []render.Document
	for _, locale := range c.Locales {
		d, _, err := r.Document(is, locale)
		if err != nil {
			s.Fatal(err)
		}
		documents = append(documents, d)
	}
	if err := s.store.Freeze(context.Background(), deliver.Issue{
		Number: number, Slot: is.Slot, State: state, Policy: deliver.Resend, Key: s.keys.Current(), Base: "https://lettre.exemple.fr",
		Ordered: is.Slot, Deadline: is.Slot.Add(72 * time.Hour),
	}, is.Items, documents, nil); err != nil {
		s.Fatal(err)
	}
	if state == deliver.IssueHeld {
		if err := s.store.Hold(context.Background(), number, "attend"); err != nil {
			s.Fatal(err)
		}
	}
}

// reader makes a subscriber of a status.
func (s *site) reader(address string, status audience.Status) audience.ID {
	s.Helper()
	ctx, id := context.Background(), audience.NewID()
	if _, err := s.store.AddSubscribers(ctx, s.now, []audience.Subscriber{{
		ID: id, Address: audience.MustAddress(address), Name: "Zoé", Lang: "fr", Status: audience.Active,
	}}); err != nil {
		s.Fatal(err)
	}
	if status == audience.Active {
		return id
	}
	s.exec(`UPDATE subscribers SET status = ?, requested_at = CASE WHEN ? = 'pending' THEN ? ELSE 0 END WHERE id = ?`,
		string(status), string(status), s.now.UnixMilli(), id.String())
	return id
}

// exec changes the database behind the store's back.
func (s *site) exec(query string, args ...any) {
	s.Helper()
	db := s.open()
	defer db.Close()
	if _, err := db.Exec(query, args...); err != nil {
		s.Fatal(err)
	}
}

func (s *site) open() *sql.DB {
	s.Helper()
	db, err := sql.Open("sqlite", "file:"+s.path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		s.Fatal(err)
	}
	return db
}

// dump is every row of every table.
func (s *site) dump() string {
	s.Helper()
	db := s.open()
	defer db.Close()
	tables, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	if err != nil {
		s.Fatal(err)
	}
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			s.Fatal(err)
		}
		names = append(names, name)
	}
	var out strings.Builder
	for _, name := range names {
		rows, err := db.Query(`SELECT * FROM "` + name + `"`)
		if err != nil {
			s.Fatal(err)
		}
		columns, _ := rows.Columns()
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				s.Fatal(err)
			}
			fmt.Fprint(&out, name)
			for _, v := range values {
				fmt.Fprintf(&out, "\t%v", *v.(*any))
			}
			out.WriteByte('\n')
		}
		if err := rows.Err(); err != nil {
			s.Fatal(err)
		}
	}
	return out.String()
}

func (s *site) status(id audience.ID) audience.Status {
	s.Helper()
	sub, err := s.store.Subscriber(context.Background(), id)
	if err != nil {
		s.Fatal(err)
	}
	return sub.Status
}

// answer is what a browser gets.
type answer struct {
	status int
	header http.Header
	body   string
}

// do answers a request, a moment after the last one.
func (s *site) do(r *http.Request) answer {
	s.now = s.now.Add(time.Millisecond)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

func (s *site) get(path string, change ...func(*http.Request)) answer {
	r := httptest.NewRequest("GET", "https://lettre.exemple.fr"+path, nil)
	for _, f := range change {
		f(r)
	}
	return s.do(r)
}

func form(path string, fields url.Values) *http.Request {
	r := httptest.NewRequest("POST", "https://lettre.exemple.fr"+path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

func (s *site) post(path string, fields url.Values) answer { return s.do(form(path, fields)) }

var servedField = regexp.MustCompile(`name="served" value="([^"]+)"`)

// filled is a subscription form as a person sends it, after a few seconds.
func (s *site) filled(address string) url.Values {
	s.Helper()
	m := servedField.FindStringSubmatch(s.get("/subscribe?lang=fr").body)
	if m == nil {
		s.Fatal("no form")
	}
	s.now = s.now.Add(5 * time.Second)
	return url.Values{"served": {m[1]}, "address": {address}, "topic": {""}, "language": {"fr"}}
}

// mails empties the outbox and returns what was in it.
func (s *site) mails() []audience.Mail {
	s.Helper()
	due, err := s.store.OutboxDue(context.Background(), s.now, 1000)
	if err != nil {
		s.Fatal(err)
	}
	for _, m := range due {
		if err := s.store.OutboxDone(context.Background(), m.ID); err != nil {
			s.Fatal(err)
		}
	}
	return due
}

func multipartBody(boundary, name, value string) *bytes.Buffer {
	return bytes.NewBufferString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n--" + boundary + "--\r\n")
}
