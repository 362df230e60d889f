package store_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
)

// A database of the first schema keeps its readers: who was suppressed stays
// so, with the reason, and their address stands in no other table.
func TestMigrateReaders(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "infolettre.db")
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	id := audience.NewID()
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO subscribers (id, address, address_key, name, lang, status, created_at)
		VALUES ($1, 'Zoe@exemple.fr', 'zoe@exemple.fr', 'Zoé', 'fr', 'suppressed', 1700000000000);
		INSERT INTO suppressions (address_key, reason, created_at) VALUES ('zoe@exemple.fr', 'issue 7', 1700000000000)`, id.String()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	held, err := s.Held(t.Context(), zoe)
	if err != nil || held.Status != audience.Suppressed || held.Reason != string(audience.Bounced) || held.Confirmed.UnixMilli() != 1_700_000_000_000 || held.Seen != held.Confirmed {
		t.Errorf("got %+v, %v", held, err)
	}
	keys, err := audience.ParseKeys("lettre", audience.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	s.UseKeys(keys)
	if _, err := s.Erase(t.Context(), monday, zoe, audience.Consent{}); err != nil {
		t.Fatal(err)
	}
	if n := inFiles(t, folder, "zoe@exemple.fr"); n != 0 {
		t.Errorf("the address stands in the files %d times", n)
	}
}

// A correction from before mails were kept with it is not sent; the page it
// made stays, and the next correction may be.
func TestMigrateCorrections(t *testing.T) {
	path := filepath.Join(t.TempDir(), "infolettre.db")
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO issues (number, slot, from_at, to_at, state, reason, policy, content_hash, git_commit, key_id, base_url, ordered_at, deadline_at)
		VALUES (1, 7, 1, 7, 'sent', '', 'hold', '', '', '', '', 7, 8);
		INSERT INTO documents (issue, locale, subject, preheader, html, web, text, mark) VALUES (1, 'fr', 'Objet', '', 'h', 'w', 't', 'm');
		INSERT INTO errata (id, issue, at, reason, text, shown_in) VALUES ('e', 1, 9, 'une date', '', 0);
		INSERT INTO revisions (issue, locale, revision, at, web, mark) VALUES (1, 'fr', 1, 9, 'la page rectifiée', 'm')`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if p, ok, err := s.PublishedDocument(t.Context(), 1, "fr"); err != nil || !ok || p.Web != "la page rectifiée" {
		t.Errorf("the page is %+v, %v, %v", p, ok, err)
	}
	if _, err := s.Correction(t.Context(), 1, ordered); !errors.Is(err, store.ErrUncorrected) {
		t.Errorf("got %v", err)
	}
	correct(t, s, "e2", corrected)
	if c, err := s.Correction(t.Context(), 1, ordered); err != nil || c.Revision != 2 {
		t.Errorf("got %+v, %v", c, err)
	}
}
