package preview_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/preview"
)

// An entry that breaks keeps its last good version in the mail, and what is
// wrong with it is said with its place.
func TestLastGoodMail(t *testing.T) {
	t.Parallel()
	good := "une demi-seconde de trop. Tout autre"
	for _, tt := range []struct {
		name    string
		change  func(*desk)
		mail    bool   // it is still in the mail
		overlay string // what is said, "" for nothing
	}{
		{"front matter that is no YAML", func(d *desk) { d.edit(editorial, "title: Une", "title: [Une") }, true, "seconde-de-trop.fr.md:2"},
		{"a date that is none", func(d *desk) { d.edit(editorial, "2026-11-16 08:30", "2026-13-16") }, true, "seconde-de-trop.fr.md:3"},
		{"a text that passes a limit", func(d *desk) { d.edit(editorial, "Fin mars", strings.Repeat("> ", 300)+"Fin mars") }, true, "seconde-de-trop.fr.md:"},
		{"no UTF-8", func(d *desk) { d.edit(editorial, "Fin mars", "Fin \xff\xfe\x00mars") }, true, "seconde-de-trop.fr.md"},
		{"a file that went", func(d *desk) { os.Remove(d.path(editorial)) }, false, ""},
		{"a draft again", func(d *desk) { d.edit(editorial, "title: ", "draft: true\ntitle: ") }, false, ""},
		{"another name for a broken file", func(d *desk) {
			d.write("content/2026-11-16-une-demi-seconde-de-trop.md", d.read(editorial))
			d.edit(editorial, "title: Une", "title: [Une")
		}, true, "seconde-de-trop.fr.md:2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			before := d.read(editorial)
			contains(t, d.body("/mail"), good)
			tt.change(d)
			d.rebuild(preview.Change{})
			d.rebuild(preview.Change{}) // and stays so
			page := d.body("/")
			if tt.overlay != "" {
				contains(t, page, `id="overlay"`, tt.overlay)
			} else {
				lacks(t, page, `id="overlay"`)
			}
			if strings.Contains(d.body("/mail"), good) != tt.mail {
				t.Errorf("the entry is in the mail: %t, want %t", !tt.mail, tt.mail)
			}
			d.write(editorial, before)
			os.Remove(d.path("content/2026-11-16-une-demi-seconde-de-trop.md"))
			d.rebuild(preview.Change{})
			lacks(t, d.body("/"), `id="overlay"`)
			contains(t, d.body("/mail"), good)
		})
	}
}

// What is wrong with the mail is shown where it now stands in an entry, though
// the mail is the same.
func TestPlaceInAnEntryThatMoved(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	// Too long for the number to stand behind it.
	d.edit(editorial, "title: ", "title: UNE LETTRE QUI CRIE ET QUI NE CESSE DE CRIER DEPUIS LE MATIN # ")
	d.rebuild(preview.Change{})
	const place = "seconde-de-trop.fr.md:"
	contains(t, d.body("/"), "en capitales", place+"2<")
	d.edit(editorial, "title: ", "# à relire\ntitle: ")
	d.rebuild(preview.Change{})
	contains(t, d.body("/"), "en capitales", place+"3<")
	lacks(t, d.body("/"), place+"2<")
}

// A mistake in the settings is shown above what the last good ones gave, until
// it is mended.
func TestSettings(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write("infolettre.yaml", "")
	d.rebuild(preview.Change{Settings: true})
	contains(t, d.body("/"), `id="failure"`, "le dossier manque", "Une demi-seconde de trop")
	d.edit(editorial, "Fin mars", "Début avril")
	d.rebuild(preview.Change{})
	contains(t, d.body("/"), `id="failure"`)
	if err := os.CopyFS(d.path("autre"), os.DirFS(d.path("content"))); err != nil {
		t.Fatal(err)
	}
	d.edit(strings.Replace(editorial, "content/", "autre/", 1), "Début avril", "Ailleurs")
	d.write("infolettre.yaml", "autre")
	d.rebuild(preview.Change{})
	lacks(t, d.body("/"), `id="failure"`)
	contains(t, d.body("/mail"), "Ailleurs")
}

// A file that never was good has a page that says why, and no mail.
func TestRefusedFromTheStart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.edit(editorial, "title: Une", "title: [Une")
	d.open("fr", nil)
	name := editorial[len("content/"):]
	contains(t, d.body("/"), "Un fichier refusé", `href="/?entry=`+name)
	contains(t, d.body("/?entry="+name), "Ce fichier n’a encore rien donné à montrer", name+":2")
	if r := d.get("/mail?entry=" + name); r.StatusCode != 404 {
		t.Errorf("status %d", r.StatusCode)
	}
	contains(t, d.body("/file?path="+name), `<li id="L2" class="noted">`)
}

// The lists say what is in the issue, what is not, and why.
func TestLists(t *testing.T) {
	t.Parallel()
	d := fullDesk(t)
	d.write("content/2026-11-18-inacheve.fr.md", "---\ntitle: Inachevé\ndraft: true\n---\nBientôt.\n")
	d.write("content/2026-11-25-plus-tard.fr.md", "---\ntitle: Plus tard\n---\nEn décembre.\n")
	d.rebuild(preview.Change{})
	contains(t, d.body("/"), "4 billets dans ce numéro", "2 autres billets", "Inachevé", "Plus tard", "7 billets déjà parus", "36\u00a0ko sur les 102\u00a0ko")
	contains(t, d.body("/?at=2026-12-01T09:00"), "N°\u00a05", "rien ne partirait", "Revenir à maintenant", `value="2026-12-01T09:00"`)
	contains(t, d.body("/?entry=2026-11-25-plus-tard.fr.md"), "Billet seul", "25\u00a0novembre")
	d.open("en", nil)
	contains(t, d.body("/"), `<html lang="en"`, "4 entries in this issue", "36\u00a0kB of the 102\u00a0kB")
}

// A folder without entries is no error.
func TestEmpty(t *testing.T) {
	t.Parallel()
	d := emptyDesk(t)
	d.open("fr", nil)
	contains(t, d.body("/"), "Rien à montrer pour cette échéance")
}

// thousand lays out a thousand real-size entries, ten of them in the next
// issue, and returns what makes the n-th change to these, with a mark in it.
func thousand(b *testing.B) (*desk, func(n int) (name, text, mark string)) {
	d := emptyDesk(b)
	entry := func(i, version int) (name, text, mark string) {
		day := now().AddDate(0, 0, -1-i/2)
		if i < 10 {
			day = now().AddDate(0, 0, -1-i/4)
		}
		mark = fmt.Sprintf("Version %d,", version)
		text = fmt.Sprintf("---\ntitle: Billet %d\nsection: Décryptage\n---\n%s voir [ici](https://exemple.fr/%d).\n", i, mark, i)
		for n := 0; len(text) < 6000; n++ {
			text += fmt.Sprintf("\nFin mars, un ingénieur s'agace : il attend une *demi-seconde* de trop, dit-il, et [ouvre](https://exemple.fr/%d/%d) le capot.\n", i, n)
		}
		return fmt.Sprintf("content/%s-billet-%d.fr.md", day.Format(time.DateOnly), i), text, mark
	}
	for i := range 1000 {
		name, text, _ := entry(i, 0)
		d.write(name, text)
	}
	d.open("fr", nil)
	return d, func(n int) (name, text, mark string) { return entry(n%10, n+1) }
}

// What a save among a thousand entries costs until the mail is new.
func BenchmarkRebuild(b *testing.B) {
	d, change := thousand(b)
	for n := 0; b.Loop(); n++ {
		name, text, mark := change(n)
		d.write(name, text)
		d.rebuild(preview.Change{})
		if !strings.Contains(d.body("/mail"), mark) {
			b.Fatal("the mail is old")
		}
	}
}

// The same, with the page around it: lists and findings.
func BenchmarkRebuildPage(b *testing.B) {
	d, change := thousand(b)
	for n := 0; b.Loop(); n++ {
		name, text, _ := change(n)
		d.write(name, text)
		d.rebuild(preview.Change{})
		d.body("/")
	}
}

// From the save, which puts a new file in the place of the old one, to the new
// mail painted, by the clock of the page: twenty saves, each once the page has
// come to rest after the one before.
func BenchmarkSaveToScreen(b *testing.B) {
	d, change := thousand(b)
	page := open(b, startBrowser(b), d.serve(b), 1400, 900)
	value[any](page, painted)
	saves := 0
	for b.Loop() {
		var took []float64
		for range 20 {
			name, text, mark := change(saves)
			saves++
			d.write(name+"~", text)
			value[any](page, `window.done = painted("`+mark+`"), undefined`)
			saved := time.Now()
			if err := os.Rename(d.path(name+"~"), d.path(name)); err != nil {
				b.Fatal(err)
			}
			took = append(took, value[float64](page, `window.done`)-float64(saved.UnixMicro())/1000)
			page.wait(`performance.now() - window.changed > 500`)
		}
		slices.Sort(took)
		b.ReportMetric(took[0], "ms-min")
		b.ReportMetric(took[len(took)/2], "ms-median")
		b.ReportMetric(took[len(took)-1], "ms-max")
	}
}

// painted resolves to the time at which a mark in the mail was painted. The
// page notes when it last changed.
const painted = `
window.changed = performance.now();
new MutationObserver(() => window.changed = performance.now()).observe(document, {subtree: true, childList: true, attributes: true});
window.painted = mark => new Promise(resolve => {
	const stage = document.getElementById("stage");
	const swaps = new MutationObserver(() => {
		if (!stage.querySelector("iframe:not(.coming)")?.contentDocument?.body?.textContent.includes(mark)) return;
		swaps.disconnect();
		requestAnimationFrame(() => setTimeout(() => resolve(performance.timeOrigin + performance.now())));
	});
	swaps.observe(stage, {subtree: true, childList: true, attributes: true});
});
undefined`
