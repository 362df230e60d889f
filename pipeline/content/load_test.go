package content

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
)

const sound = "---\ntitle: Titre\ndate: 2026-11-19\n---\nTexte.\n"

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// paris is the zone of the newsletter in these tests.
func paris(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestLoadReadsEveryField(t *testing.T) {
	t.Parallel()
	const text = `---
title: 'L’eau : un bien commun'
date: 2026-11-19 11:00
lang: fr_ca
section: Climat
kicker: Enquête
excerpt: >
  Deux lignes
  d’extrait.
authors: [Jeanne Martin, Ali Ben]
tags: eau, climat
image: {src: images/eau.png, alt: Une source}
cta: {label: Lire la suite, url: https://example.org/eau}
draft: non
slug: eau
typography: false
---

Le texte.
`
	entries, problems, err := Load(folder(map[string]string{"dossier/billet.md": text}), Options{Location: paris(t), Languages: []string{"fr"}})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	want := []Entry{{
		ID: "dossier/billet", Path: "dossier/billet.md", Lang: "fr-CA",
		Date: time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC), HasClock: true,
		Title: "L’eau : un bien commun", Slug: "eau", Section: "Climat", Kicker: "Enquête", Excerpt: "Deux lignes d’extrait.",
		Authors: []string{"Jeanne Martin", "Ali Ben"}, Tags: []string{"eau", "climat"},
		Image: Image{"images/eau.png", "Une source"}, CTA: CTA{"Lire la suite", "https://example.org/eau"},
		Plain: true, Body: "Le texte.\n", BodyLine: 19, Hash: entries[0].Hash,
		Lines: map[string]int{
			"title": 2, "date": 3, "lang": 4, "section": 5, "kicker": 6, "excerpt": 7, "authors": 10, "tags": 11,
			"image": 12, "image.src": 12, "image.alt": 12, "cta": 13, "cta.label": 13, "cta.url": 13,
			"draft": 14, "slug": 15, "typography": 16,
		},
	}}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Error(diff)
	}
	if got := entries[0].Date.Location().String(); got != "Europe/Paris" {
		t.Errorf("date in %s", got)
	}
	if len(entries[0].Hash) != 64 {
		t.Errorf("hash %q", entries[0].Hash)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, id, lang, date, slug string }{
		{"titre.md", "titre", "", "", "titre"},
		{"titre.fr.md", "titre", "fr", "", "titre"},
		{"titre.fr-ca.markdown", "titre", "fr-CA", "", "titre"},
		{"titre.FR_CA.MD", "titre", "fr-CA", "", "titre"},
		{"titre.de.md", "titre", "de", "", "titre"},
		{"titre.old.md", "titre.old", "", "", "titre-old"},
		{"titre.gsw.md", "titre", "gsw", "", "titre"},
		{"titre.v2.md", "titre.v2", "", "", "titre-v2"},
		{"index.md", "index", "", "", "index"},
		{"eau/index.fr.md", "eau", "fr", "", "eau"},
		{"2026-11-19-titre.fr.md", "2026-11-19-titre", "fr", "2026-11-19", "titre"},
		{"2026-11-19.md", "2026-11-19", "", "2026-11-19", ""},
		{"2026-11-19-titre/index.en.md", "2026-11-19-titre", "en", "2026-11-19", "titre"},
		{"2026/11/19/titre.md", "2026/11/19/titre", "", "2026-11-19", "titre"},
		{"2026/11-19-titre.md", "2026/11-19-titre", "", "2026-11-19", "titre"},
		{"2026/2026-11-19-titre.md", "2026/2026-11-19-titre", "", "2026-11-19", "titre"},
		{"2025/01/01/2026-11-19-titre.md", "2025/01/01/2026-11-19-titre", "", "2026-11-19", "titre"},
		{"12026-11-19-titre.md", "12026-11-19-titre", "", "", "12026-11-19-titre"},
		{"docs/rdp/2026/rdp_2026-06-19.md", "docs/rdp/2026/rdp_2026-06-19", "", "2026-06-19", "rdp-2026-06-19"},
		{"20260625-titre.md", "20260625-titre", "", "2026-06-25", "titre"},
		{"20260625.md", "20260625", "", "2026-06-25", ""},
		{"reference-20267725.md", "reference-20267725", "", "", "reference-20267725"},
		{"120260625.md", "120260625", "", "", "120260625"},
		{"2026-6-5-titre.md", "2026-6-5-titre", "", "2026-06-05", "titre"},
		{"2026_06_25_titre.md", "2026_06_25_titre", "", "2026-06-25", "titre"},
		{"2026.06.25 - Titre.md", "2026.06.25 - Titre", "", "2026-06-25", "titre"},
		{"2026-11-19-retour-sur-le-2025-01-02.md", "2026-11-19-retour-sur-le-2025-01-02", "", "2026-11-19", "retour-sur-le-2025-01-02"},
		{"2026-17-01-titre.md", "2026-17-01-titre", "", "2026-17-01", "titre"},
		{"posts/2026/titre/index.fr.md", "posts/2026/titre", "fr", "", "titre"},
		{"posts/2026-06-25-titre/texte.md", "posts/2026-06-25-titre/texte", "", "2026-06-25", "texte"},
		{"posts/2026/06/25/titre/index.md", "posts/2026/06/25/titre", "", "2026-06-25", "titre"},
		{"en/blog/2026-06-25-titre.md", "blog/2026-06-25-titre", "en", "2026-06-25", "titre"},
		{"en/blog/2026-06-25-titre.fr.md", "en/blog/2026-06-25-titre", "fr", "2026-06-25", "titre"},
		{"de/titre.md", "de/titre", "", "", "titre"},
		{"2026-06-25-en.md", "2026-06-25-en", "", "2026-06-25", "en"},
		{"Été à l’île.md", "Été à l’île", "", "", "ete-a-l-ile"},
	}
	for _, tt := range tests {
		want := place{id: tt.id, lang: tt.lang, date: tt.date, slug: tt.slug}
		want.leads = tt.date != "" && tt.slug != Slugify(path.Base(tt.id))
		if got := placeOf(tt.name, []string{"fr", "en", "gsw"}); got != want {
			t.Errorf("placeOf(%q) = %+v, want %+v", tt.name, got, want)
		}
	}
}

func TestLoadPassesOver(t *testing.T) {
	t.Parallel()
	fsys := folder(map[string]string{
		"b.md": sound, "a/c.MD": sound, "a.markdown": sound,
		"_brouillon.md": "x", "_modeles/a.md": "x", "_brouillons/2026-11-19-a.md": "x", "node_modules/a/b.md": "x",
		"blog/_posts/2026-11-19-d.md": sound, "_newsletters/2026-11-19-e.md": sound, "_posts/_a.md": "x", "_posts.md": "x",
		".cache/a.md": "x", ".a.md": "x", "README.md": "x", "lisezmoi.fr.md": "x",
		"a/ReadMe.markdown": "x", "notes.txt": "x", "image.png": "x", "md": "x",
	})
	fsys["pipe.md"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	fsys["dossier.md/a.md"] = &fstest.MapFile{Data: []byte(sound)}
	entries, problems, err := Load(fsys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "+ _newsletters/2026-11-19-e.md\n+ a.markdown\n+ a/c.MD\n+ b.md\n+ blog/_posts/2026-11-19-d.md\n+ dossier.md/a.md\n"
	if got := summary(entries, problems); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestLoadBytes(t *testing.T) {
	t.Parallel()
	latin1, err := charmap.ISO8859_1.NewEncoder().String("---\ntitle: A\ndate: 2026-11-19\n---\n\nUn été.\n")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, text, want string }{
		{"bom", "\uFEFF" + sound, "+ a.md\n"},
		{"crlf", strings.ReplaceAll(sound, "\n", "\r\n"), "+ a.md\n"},
		{"lone cr", strings.ReplaceAll(sound, "\n", "\r"), "+ a.md\n"},
		{"blank lines first", "\n \n" + sound, "+ a.md\n"},
		{"blanks after the fences", strings.ReplaceAll(sound, "---", "--- \t"), "+ a.md\n"},
		{"no last line end", "---\ntitle: A\ndate: 2026-11-19\nexcerpt: B\n---", "+ a.md\n"},
		{"latin-1", latin1, "a.md:6 encoding-guessed\n+ a.md\n"},
		{"latin-1 in the title", "---\ntitle: \xe9t\xe9\ndate: 2026-11-19\n---\nB", "a.md:2 encoding-guessed\n+ a.md\n"},
		{"latin-1 pasted into utf-8", sound + "é\xe9", "a.md:6 file-encoding !\n"},
		{"no letter of windows-1252", sound + "\x81", "a.md:6 file-encoding !\n"},
		{"utf-16", "\xff\xfe-\x00-\x00-\x00", "a.md:1 encoding-guessed\na.md:1 control-character ! Code=U+0000\n"},
		{"cut in a letter", sound + "é\n\xc3", "a.md:7 file-encoding !\n"},
		{"nul", sound + "a\x00b\n", "a.md:6 control-character ! Code=U+0000\n"},
		{"escape", sound + "\n\x1b[2J\n", "a.md:7 control-character ! Code=U+001B\n"},
		{"c1", sound + "l\u0092eau\n", "a.md:6 control-mended Code=U+0092\n+ a.md\n"},
		{"del in the front matter", "---\ntitle: a\x7fb\ndate: 2026-11-19\n---\nB", "a.md:2 control-mended Code=U+007F\n+ a.md\n"},
		{"vertical tab", sound + "a\vb\n", "a.md:6 control-mended Code=U+000B\n+ a.md\n"},
		{"bidi", sound + "a\u202Eb\n", "a.md:6 bidi-control Code=U+202E\n+ a.md\n"},
		{"bidi isolate", sound + "a\u2066b\u2069\n", "a.md:6 bidi-control Code=U+2066\n+ a.md\n"},
		{"long line", sound + strings.Repeat("é", maxLine/2) + "\n", "+ a.md\n"},
		{"too long a line", sound + "\n" + strings.Repeat("a", maxLine+1) + "\n", "a.md:7 line-too-long ! Limit=16\n"},
		{"too long a last line", sound + strings.Repeat("a", maxLine+1), "a.md:6 line-too-long ! Limit=16\n"},
		{"full file", sound + strings.Repeat("abcdefg\n", (maxFile-len(sound))/8), "+ a.md\n"},
		{"300 KiB", sound + strings.Repeat("abcdefg\n", 300<<10/8), "a.md:0 file-too-large ! Limit=262\n"},
		{"front matter", "---\n" + strings.Repeat("# un\n", maxHeader/5+1) + "---\n", "a.md:1 front-matter-too-large ! Limit=65\n"},
		{"toml brackets", "+++\na = " + strings.Repeat("[", maxLine/2-10) + strings.Repeat("]", maxLine/2-10) + "\n+++\n", "a.md:2 front-matter-nested !\n"},
		{"toml keys", "+++\na" + strings.Repeat(".a", maxLine/2-10) + " = 1\n+++\n", "a.md:2 front-matter-nested !\n"},
		{"toml tables", "+++\na = " + strings.Repeat("{a=", 4000) + "1" + strings.Repeat("}", 4000) + "\n+++\n", "a.md:2 front-matter-nested !\n"},
		{"brackets", "---\na: " + strings.Repeat("[", maxLine-10) + "\n---\n", "a.md:2 front-matter-nested !\n"},
		{"braces", "---\na: " + strings.Repeat("{a: ", maxLine/4-10) + "\n---\n", "a.md:2 front-matter-nested !\n"},
		{"dashes", "---\n" + strings.Repeat("- ", maxLine/2-10) + "a\n---\n", "a.md:2 front-matter-nested !\n"},
		{"keys", "---\n" + strings.Repeat("? ", maxLine/2-10) + "a\n---\n", "a.md:2 front-matter-nested !\n"},
		{"empty file", "", "a.md:0 date-missing !\na.md:0 title-from-name Title=A\na.md:0 body-empty\n"},
		{"empty front matter", "---\n---\n", "a.md:0 body-empty\na.md:1 date-missing !\na.md:1 title-from-name Title=A\n"},
		{"comments only", "---\n# rien\n---\nTexte.", "a.md:1 date-missing !\na.md:1 title-from-text Title=Texte.\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			entries, problems, err := Load(folder(map[string]string{"a.md": tt.text, "sain.md": sound}), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want+"+ sain.md\n", summary(entries, problems)); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
			if i := strings.IndexByte(entries[0].Body, '\r'); i >= 0 {
				t.Errorf("CR in the body: %q", entries[0].Body)
			}
		})
	}
}

func TestLoadTellsTheFirstProblems(t *testing.T) {
	t.Parallel()
	text := "---\ndate: 2026-11-19\ntitle: A\ntitle: B\n---\n" + strings.Repeat("{{ a }}\n", 60)
	_, problems, err := Load(folder(map[string]string{"a.md": text, "b.md": sound + "{{ b }}\n"}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "a.md:4 key-duplicate ! First=3 Key=title\n"
	if got := summary(nil, problems[:1]); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// The refusal kept the body from being read: one line, not sixty.
	if got := summary(nil, problems[1:]); got != "b.md:6 residue-liquid Text={{ b }}\n" {
		t.Errorf("got %q", got)
	}
	_, problems, err = Load(folder(map[string]string{"a.md": strings.Replace(text, "title: B\n", "", 1), "b.md": sound + "{{ b }}\n"}), Options{})
	if err != nil || len(problems) != maxProblems+2 {
		t.Fatal(len(problems), err)
	}
	if got, want := summary(nil, problems[maxProblems:]), "a.md:0 problems-more Count=10\nb.md:6 residue-liquid Text={{ b }}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLoadOfNames(t *testing.T) {
	t.Parallel()
	fsys := folder(map[string]string{"a\r\nBcc: b.md": sound, "bon.md": sound})
	entries, problems, err := Load(fsys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "a\uFFFD\uFFFDBcc: b.md:0 file-name ! Name=a\uFFFD\uFFFDBcc: b.md\n+ bon.md\n"
	if got := summary(entries, problems); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLoadKeepsLinksInside(t *testing.T) {
	t.Parallel()
	outside, inside := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(inside, name)); err != nil {
			t.Skip(err)
		}
	}
	write(filepath.Join(outside, "secret.md"), sound)
	write(filepath.Join(inside, "bon.md"), sound)
	link(filepath.Join(outside, "secret.md"), "absolu.md")
	link("../"+filepath.Base(outside)+"/secret.md", "relatif.md")
	link("nulle-part.md", "perdu.md")
	link("boucle.md", "boucle.md")
	link("bon.md", "interieur.md")
	link(outside, "dossier")
	link(inside, "dossier.md")
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	entries, problems, err := Load(root.FS(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "absolu.md:0 link-outside !\nboucle.md:0 link-outside !\ndossier.md:0 link-outside !\n" +
		"perdu.md:0 link-outside !\nrelatif.md:0 link-outside !\n+ bon.md\n+ interieur.md\n"
	if diff := cmp.Diff(want, summary(entries, problems)); diff != "" {
		t.Error(diff)
	}
}

// locked is a folder in which some names cannot be opened.
type locked struct {
	fstest.MapFS
	names map[string]bool
}

func (l locked) Open(name string) (fs.File, error) {
	if l.names[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.Open(name)
}

func (l locked) ReadDir(name string) ([]fs.DirEntry, error) {
	if l.names[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.ReadDir(name)
}

func TestLoadGoesOnBesideWhatIsLocked(t *testing.T) {
	t.Parallel()
	files := folder(map[string]string{"a.md": sound, "b.md": sound, "c/d.md": sound})
	entries, problems, err := Load(locked{files, map[string]bool{"a.md": true, "c": true}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := summary(entries, problems), "a.md:0 file-unreadable !\nc:0 folder-unreadable !\n+ b.md\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if _, _, err := Load(locked{files, map[string]bool{".": true}}, Options{}); err == nil {
		t.Error("no error for a root that cannot be read")
	}
}

func TestSlugsAreUniqueAndStay(t *testing.T) {
	t.Parallel()
	entry := func(extra string) string { return "---\ntitle: Edito\n" + extra + "\n---\nTexte.\n" }
	files := map[string]string{
		"2026-11-26-edito.md":    entry(""),
		"2026-11/2026-12-03.md":  entry("slug: hiver"),
		"0/2026-12-10-edito.md":  entry(""),
		"2026-11-19-edito.md":    entry(""),
		"2026-11-19-edito.en.md": entry(""),
		"z/2026-11-19-edito.md":  entry(""),
		"zz/2026-11-19-edito.md": entry(""),
		"2026-11-12-choisi.md":   entry("slug: eau"),
		"2026-11-01-eau.md":      entry(""),
		"2026-11-02.md":          entry(""),
	}
	entries, problems, err := Load(folder(files), Options{Languages: []string{"fr", "en"}})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	got := map[string]string{}
	for _, e := range entries {
		got[e.Path] = e.Slug
	}
	want := map[string]string{
		"2026-11-26-edito.md": "edito-2026-11-26", "2026-11/2026-12-03.md": "hiver", "0/2026-12-10-edito.md": "edito-2026-12-10", "2026-11-19-edito.md": "edito", "2026-11-19-edito.en.md": "edito",
		"z/2026-11-19-edito.md": "edito-2026-11-19", "zz/2026-11-19-edito.md": "edito-2026-11-19-2",
		"2026-11-12-choisi.md": "eau", "2026-11-01-eau.md": "eau-2026-11-01", "2026-11-02.md": "2026-11-02",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLanguageOfAnEntry(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, lang, want string }{
		{"a.md", "", "fr"},
		{"a.en.md", "", "en"},
		{"a.en.md", "lang: fr", "fr"},
		{"a.md", "lang: en-gb", "en-GB"},
		{"a.md", "lang:", "fr"},
		{"a.md", "lang: no", "no"},
	}
	for _, tt := range tests {
		text := "---\ntitle: A\ndate: 2026-11-19\n" + tt.lang + "\n---\nTexte.\n"
		entries, _, err := Load(folder(map[string]string{tt.name: text}), Options{Languages: []string{"FR", "en"}})
		if err != nil || len(entries) != 1 || entries[0].Lang != tt.want {
			t.Errorf("%s with %q: got %v %v, want %s", tt.name, tt.lang, entries, err, tt.want)
		}
	}
}

func TestSlugify(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"La course à l'IA : le paradoxe de l'accélération permanente", "la-course-a-l-ia-le-paradoxe-de-l-acceleration-permanente"},
		{"Un cœur, une ÆON — Straße ﬁne", "un-coeur-une-aeon-strasse-fine"},
		{"L’Œuvre n°\u00A05 : 50\u202F%", "l-oeuvre-n-5-50"},
		{"1ᵉʳ janvier", "1er-janvier"},
		{"???", ""},
		{"日本", ""},
		{strings.Repeat("mot ", 30), strings.TrimSuffix(strings.Repeat("mot-", 15), "-")},
		{strings.Repeat("a", 70), strings.Repeat("a", 60)},
	}
	for _, tt := range tests {
		if got := Slugify(tt.in); got != tt.want {
			t.Errorf("Slugify(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sound))
	f.Add([]byte("\uFEFF---\r\ntitle: \"a\\r\\nb\"\r\ndate: 23/11/2026\r\ntags: [a, [b]]\r\n---\r\n# Titre\r\n"))
	f.Add([]byte("---\n<<: *a\nimage: {src: x}\ncta: [\n---\n"))
	f.Add([]byte("+++\ntitle = '''a'''\ndate = 2026-11-19T08:00:00\n[image]\nsrc = \"a\"\n[[author]]\nname = \"b\"\n+++\n{{< a >}}\n"))
	f.Add([]byte("Title: a\nDate: 2026-06-25 13:00 +0100\nTags: a, b\n\n{% a %}\n\n    {{ b }}\n`` c ` {{ ``\n"))
	f.Add([]byte("---\ndate: {created: 25 juin 2026}\nauthors: [&a b, *a, {name: *a}]\nsummary: \"<b>&#13;&#10;a\"\n...\n\xe9"))
	f.Add([]byte("# _Titre_ `a`\n===\n~~~\n# b\n~~~\n1. \\# c [d](e)"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := parse("2026-11-19-a.md", data, time.Time{}, Options{}.WithDefaults())
		if refused(r.problems) {
			return
		}
		e := r.entry
		if e.Title == "" || e.Date.IsZero() || e.Lang == "" || e.ID == "" {
			t.Errorf("neither refused nor whole: %+v", e)
		}
		for _, text := range append([]string{e.Title, e.Section, e.Kicker, e.Excerpt, e.CTA.Label, e.CTA.URL}, append(e.Authors, e.Tags...)...) {
			if strings.ContainsAny(text, "\r\n\x00") {
				t.Errorf("a line break in %q", text)
			}
		}
		text := normalise(data)
		if lines := bytes.Count(text, []byte("\n")) + 1; e.BodyLine < 1 || e.BodyLine > lines+1 {
			t.Errorf("body on line %d of %d", e.BodyLine, lines)
		}
		for _, p := range r.problems {
			if p.Line < 0 || p.Line > bytes.Count(text, []byte("\n"))+1 {
				t.Errorf("%s on line %d", p.ID, p.Line)
			}
		}
	})
}

// What a folder of a thousand entries as long as blog posts are costs to read.
func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	body := strings.Repeat("Le texte d’un billet, tel qu’on en écrit chaque semaine ; il renvoie à [un autre](https://exemple.fr/). "+
		"Le règlement ne demande que « ce qui est nécessaire », et c’est déjà beaucoup.\n\n> Une phrase citée, avec `du code`.\n\n"+
		"- un premier point,\n- un second.\n\n## Un intertitre\n\n", 10)
	for i := range 1000 {
		text := fmt.Sprintf("---\ntitle: 'Billet : le n° %d'\ndate: 2026-11-19 11:00\nexcerpt: Ce dont il s’agit, en une phrase.\nauthors: [Jeanne, Ali]\n"+
			"tags: [eau, climat]\nimage: {src: a.png, alt: Une source}\ncta: {label: Lire, url: https://example.org/}\n---\n\n", i) + body
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("billet-%d.fr.md", i)), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if entries, problems, err := Load(root.FS(), Options{}); err != nil || len(problems) > 0 || len(entries) != 1000 {
			b.Fatal(len(entries), problems, err)
		}
	}
}
