package check_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render/mailrules"
)

// A mail that breaks rules: some by an entry, which is named; some that Entry
// tells by the line, which are not told twice; some by whoever made it.
const badMail = "From: a@example.org\r\nTo: b@example.org\r\nSubject: UN TITRE QUI CRIE\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
	"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nun\r\n" +
	"--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p><a href=\"https://user@example.org/\">compte</a> <a href=\"https://example.org/ici\">ici</a></p></body></html>\r\n--x--\r\n"

func TestMail(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"2026-11-17-a.fr.md": {Data: []byte(
		"---\ntitle: UN TITRE QUI CRIE\n---\nUn [compte](https://user@example.org/) et un lien [ici](https://example.org/ici).\n")}}
	entries, _, err := content.Load(fsys, content.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range check.Mail([]byte(badMail), mailrules.Options{Locale: "fr"}, entries) {
		place := f.File
		if f.Severity == content.Error {
			place += " !"
		}
		if _, known := got[f.ID]; !known {
			got[f.ID] = place
		}
		if f.ID == "mail-link-target" && (f.Line != 4 || f.Rule != "H16") || f.ID == "mail-subject-capitals" && f.Line != 2 {
			t.Errorf("%+v", f)
		}
	}
	for id, want := range map[string]string{
		"mail-link-target":      "2026-11-17-a.fr.md !",
		"mail-subject-capitals": "2026-11-17-a.fr.md",
		"mail-doctype":          "",
		"mail-date":             "absent", "mail-link-vague": "absent",
		"mail-header-missing": "",
	} {
		place, found := got[id]
		if !found {
			place = "absent"
		}
		if place != want {
			t.Errorf("%s: %q, want %q", id, place, want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 18, 9, 0, 0, 0, paris)
	verdict := func(path string, reason issue.Reason, date time.Time) issue.Verdict {
		e := content.Entry{ID: path, Path: path, Date: date, Lines: map[string]int{"date": 3}}
		return issue.Verdict{Item: issue.Item{ID: path, Versions: []content.Entry{e}}, Reason: reason}
	}
	verdicts := []issue.Verdict{
		verdict("soon.md", issue.Later, now.AddDate(0, 2, 0)),
		verdict("far.md", issue.Later, now.AddDate(1, 0, 0)),
		verdict("recent.md", issue.TooOld, now.AddDate(0, -6, 0)),
		verdict("old.md", issue.TooOld, now.AddDate(-10, 0, 0)),
		verdict("late.md", issue.Late, now.AddDate(-2, 0, 0)),
		verdict("sent.md", issue.Sent, now.AddDate(-2, 0, 0)),
	}
	want := "far.md:3 date-future Date=2027-11-18\nold.md:3 date-past Date=2016-11-18\nlate.md:3 date-past Date=2024-11-18\n"
	if diff := cmp.Diff(want, lines(check.Dates(check.Context{Now: now}, verdicts))); diff != "" {
		t.Error(diff)
	}
	for range 20 { // an archive
		verdicts = append(verdicts, verdict("archive.md", issue.TooOld, now.AddDate(-5, 0, 0)))
	}
	if diff := cmp.Diff("far.md:3 date-future Date=2027-11-18\n", lines(check.Dates(check.Context{Now: now}, verdicts))); diff != "" {
		t.Error(diff)
	}
}

// A section that is almost one of the letter's stands alone by mistake.
func TestSections(t *testing.T) {
	t.Parallel()
	var verdicts []issue.Verdict
	for _, s := range []string{"Éditorial", "EDITORIAL", "en brefs", "Courrier", ""} {
		e := content.Entry{Path: s + ".md", Lang: "fr", Section: s, Lines: map[string]int{"section": 4}}
		verdicts = append(verdicts, issue.Verdict{Item: issue.Item{Versions: []content.Entry{e, {Path: "en.md", Lang: "en", Section: "Editorial"}}}, Reason: issue.InWindow})
	}
	english := issue.Verdict{Item: issue.Item{Versions: []content.Entry{{Path: "only.en.md", Lang: "en", Section: "Editorial"}}}, Reason: issue.Later}
	sent := issue.Verdict{Item: issue.Item{Versions: []content.Entry{{Path: "sent.md", Lang: "fr", Section: "editorial"}}}, Reason: issue.Sent}
	want := "EDITORIAL.md:4 section-near Instead=Éditorial Section=EDITORIAL\nen brefs.md:4 section-near Instead=En bref Section=en brefs\n"
	if diff := cmp.Diff(want, lines(check.Sections(append(verdicts, english, sent), "fr", []string{"Éditorial", "En bref"}))); diff != "" {
		t.Error(diff)
	}
}

// Without a ledger, what was sent follows from the entries of the last issues.
func TestSentLinks(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"2026-11-03-a.fr.md": {Data: []byte("---\ntitle: A\n---\nLe [rapport](https://www.example.org/rapport/?utm_source=x).\n")},
		"2026-01-06-b.fr.md": {Data: []byte("---\ntitle: B\n---\nLe [vieux rapport](https://example.org/vieux).\n")},
		"2026-11-17-c.fr.md": {Data: []byte("---\ntitle: C\n---\nEncore le [rapport](https://example.org/rapport), et le [vieux](https://example.org/vieux).\n")},
	}
	entries, _, err := content.Load(fsys, content.Options{})
	if err != nil {
		t.Fatal(err)
	}
	past := issue.Past{Number: 45, Sent: map[string]int{"2026-11-03-a": 45, "2026-01-06-b": 1}}
	sent := check.SentLinks(entries, past)
	if diff := cmp.Diff(map[string]int{"example.org/rapport": 45}, sent); diff != "" {
		t.Fatal(diff)
	}
	about := check.Context{Files: fsys, Sent: sent}
	want := "2026-11-17-c.fr.md:4 link-sent Number=45 URL=https://example.org/rapport\n"
	if diff := cmp.Diff(want, lines(check.Together(about, entries[2:]))); diff != "" {
		t.Error(diff)
	}
}
