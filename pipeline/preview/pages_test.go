package preview_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// One browser serves all these tests: starting it takes longer than most.
func TestInBrowser(t *testing.T) {
	browser := startBrowser(t)
	for _, test := range []struct {
		name string
		try  func(*testing.T, context.Context)
	}{
		{"switches", trySwitches}, {"derived copy", tryDerivedCopy}, {"live reload", tryLiveReload}, {"error overlay", tryErrorOverlay},
		{"keyboard", tryKeyboard}, {"accessibility", tryAccessibility}, {"frame is harmless", tryFrameIsHarmless},
	} {
		t.Run(test.name, func(t *testing.T) { test.try(t, browser) })
	}
}

// Every switch changes what it says, in place: the page is never left.
func trySwitches(t *testing.T, browser context.Context) {
	d := fullDesk(t)
	url := d.serve(t)
	b := open(t, browser, url, 1400, 900)
	value[any](b, `window.stayed = true`)

	b.click("width-320")
	b.framed(`frame.clientWidth === 320`)
	b.click("width-600")
	b.framed(`frame.clientWidth === 600`)
	b.click("width-full")
	b.framed(`frame.clientWidth > 900`)

	paper := value[string](b, `(f => f.contentWindow.getComputedStyle(f.contentDocument.body).backgroundColor)(document.getElementById("frame"))`)
	light := `view.getComputedStyle(page.body).backgroundColor === "` + paper + `"`
	b.click("theme-dark")
	b.framed(`view.matchMedia("(prefers-color-scheme: dark)").matches && !(` + light + `) && document.getElementById("derived").hidden`)
	b.click("theme-inverted")
	b.framed(light + ` && getComputedStyle(frame).filter.startsWith("invert(1)")`)
	b.click("theme-light")
	b.framed(light + ` && getComputedStyle(frame).filter === "none"`)

	picture := `page.querySelector("img[src*='cable-repare']")`
	b.framed(picture + `.naturalWidth > 100`)
	b.click("images")
	b.framed(picture + `.naturalWidth === 0`)
	b.click("images")
	b.framed(picture + `.naturalWidth > 100`)

	styled := `view.getComputedStyle(page.querySelector("h1")).fontFamily.includes("Georgia")`
	b.framed(styled)
	b.click("styles")
	b.framed(`!(` + styled + `)`)
	b.click("styles")
	b.framed(styled)

	b.click("lang-en")
	b.framed(`page.documentElement.lang === "en"`)
	b.click("lang-fr")
	b.framed(`page.documentElement.lang === "fr"`)

	b.click("view-text")
	b.wait(`document.querySelector("#stage pre")?.textContent.includes("demi-seconde")`)
	b.click("view-headers")
	b.wait(`document.querySelector("#stage td")?.closest("table").textContent.includes("List-Unsubscribe")`)
	b.click("view-source")
	b.wait(`document.querySelector("#stage pre")?.textContent.includes("multipart/alternative")`)
	b.click("view-mail")
	b.framed(`page.documentElement.lang === "fr"`)

	value[any](b, `document.querySelector(".entries a[href*='frontiere']").click()`)
	b.framed(`page.title.includes("nuage")`)
	b.wait(`document.querySelector("h1").textContent.includes("Billet seul")`)
	b.do(chromedp.NavigateBack())
	b.wait(`document.querySelector("h1").textContent.includes("N°")`)

	value[any](b, `(at => { at.value = "2026-11-12T08:00"; at.form.requestSubmit(); })(document.getElementById("at"))`)
	b.wait(`document.querySelector("h1").textContent.includes("N°\u00a02") && !!document.getElementById("now")`)
	b.click("now")
	b.wait(`document.querySelector("h1").textContent.includes("N°\u00a03")`)

	if !value[bool](b, `window.stayed === true`) {
		t.Error("a switch left the page")
	}
}

// Where a frame takes no theme, the dark mail is a copy that says so.
func tryDerivedCopy(t *testing.T, browser context.Context) {
	d := newDesk(t)
	url := d.serve(t)
	b := open(t, browser, url, 1400, 900)
	b.do(theme("light")) // imposed on all frames, whatever their style
	b.click("theme-dark")
	b.framed(`frame.src.includes("copy=dark") && !document.getElementById("derived").hidden`)
	b.click("theme-light")
	b.framed(`!frame.src.includes("copy=dark") && document.getElementById("derived").hidden`)
}

// A save shows in the page, at the place where the author was reading.
func tryLiveReload(t *testing.T, browser context.Context) {
	d := newDesk(t)
	url := d.serve(t)
	b := open(t, browser, url, 1000, 800)
	value[any](b, `window.stayed = true, document.getElementById("frame").contentWindow.scrollTo(0, 700)`)
	b.framed(`view.scrollY === 700`)

	for _, save := range []struct {
		name string
		do   func(text string)
	}{
		{"in place", func(text string) { d.write(editorial, text) }},
		{"by renaming", func(text string) {
			d.write("content/.4913.tmp", text)
			if err := os.Rename(d.path("content/.4913.tmp"), d.path(editorial)); err != nil {
				t.Fatal(err)
			}
		}},
		{"with a backup, as vim does", func(text string) {
			if err := os.Rename(d.path(editorial), d.path(editorial+"~")); err != nil {
				t.Fatal(err)
			}
			d.write(editorial, text)
		}},
	} {
		mark := "Enregistré " + save.name
		save.do(strings.Replace(d.read(editorial), "Fin mars 2024", mark+". Fin mars 2024", 1))
		b.framed(`page.body.textContent.includes("` + mark + `")`)
		if y := value[int](b, `document.getElementById("frame").contentWindow.scrollY`); y != 700 {
			t.Errorf("%s: scrolled to %d", save.name, y)
		}
	}

	d.write("content/2026-11-18-tout-neuf.fr.md", "---\ntitle: Tout neuf\n---\nIl vient d’arriver.\n")
	b.framed(`page.body.textContent.includes("Il vient d’arriver")`)
	b.wait(`document.querySelector(".side").textContent.includes("Tout neuf")`)
	if err := os.MkdirAll(d.path("content/2026/novembre"), 0o777); err != nil {
		t.Fatal(err)
	}
	d.write("content/2026/novembre/2026-11-18-profond.fr.md", "---\ntitle: Profond\n---\nAu fond.\n")
	b.framed(`page.body.textContent.includes("Au fond")`)
	d.edit("content/2026/novembre/2026-11-18-profond.fr.md", "Au fond", "Tout au fond")
	b.framed(`page.body.textContent.includes("Tout au fond")`)
	if err := os.RemoveAll(d.path("content/2026")); err != nil {
		t.Fatal(err)
	}
	b.framed(`!page.body.textContent.includes("Tout au fond")`)
	if !value[bool](b, `window.stayed === true`) {
		t.Error("a save reloaded the page")
	}
}

// What breaks is said above the last good mail, and the mail stays.
func tryErrorOverlay(t *testing.T, browser context.Context) {
	d := newDesk(t)
	url := d.serve(t)
	b := open(t, browser, url, 1400, 900)
	good := d.read(editorial)

	d.edit(editorial, "title: Une demi-seconde de trop", "title: [Une demi-seconde de trop")
	b.wait(`document.getElementById("overlay")?.textContent.includes("une-demi-seconde-de-trop.fr.md:2")`)
	b.framed(`page.body.textContent.includes("Une demi-seconde de trop")`)
	d.edit(border, "nuage", "nuage, revu,")
	b.framed(`page.body.textContent.includes("nuage, revu,") && page.body.textContent.includes("Une demi-seconde de trop")`)

	d.write(editorial, good)
	b.wait(`!document.getElementById("overlay")`)

	// An answer that a later save overtook on its way is not shown.
	value[any](b, `window.asked = fetch, window.fetch = async (url) => {
		const answer = await asked(url);
		return new Promise(resolve => { window.deliver = () => resolve(answer); });
	}`)
	d.edit(editorial, "title: Une demi-seconde de trop", "title: [Une demi-seconde de trop")
	b.wait(`!!window.deliver`)
	value[any](b, `window.fetch = asked, new MutationObserver((_, news) => { news.disconnect(); deliver(); }).observe(document.documentElement, {attributeFilter: ["data-version"]})`)
	d.write(editorial, strings.Replace(good, "title: Une demi-seconde", "title: Une seconde", 1))
	b.wait(`document.querySelector(".side").textContent.includes("Une seconde de trop") && !document.getElementById("overlay")`)
	d.write(editorial, good)
	b.framed(`page.body.textContent.includes("Une demi-seconde de trop")`)

	d.write("infolettre.yaml", "")
	b.wait(`document.getElementById("failure")?.textContent.includes("infolettre.yaml:1")`)
	b.framed(`page.body.textContent.includes("Une demi-seconde de trop")`)
	d.write("infolettre.yaml", "content")
	b.wait(`!document.getElementById("failure")`)
}

// All is in reach of the keyboard, and the shortcuts can be turned off.
func tryKeyboard(t *testing.T, browser context.Context) {
	d := fullDesk(t)
	url := d.serve(t)
	b := open(t, browser, url, 1400, 900)
	b.key("w")
	b.framed(`frame.clientWidth === 600`)
	b.key("t")
	b.framed(`frame.classList.contains("theme-dark")`)
	b.key("l")
	b.framed(`page.documentElement.lang === "en"`)
	b.key("i")
	b.wait(`document.getElementById("images").getAttribute("aria-checked") === "false"`)
	b.key("j")
	b.wait(`location.search.includes("entry=") && !!document.querySelector(".entries .current")`)
	b.key("n")
	b.wait(`!location.search.includes("entry=")`)
	b.key("v")
	b.wait(`!!document.querySelector("#stage pre")`)
	b.key("?")
	b.wait(`document.getElementById("help").open`)
	b.click("shortcuts")
	b.key("w")
	if at := value[string](b, `document.querySelector("[data-key=w][aria-current]").id`); at != "width-600" {
		t.Errorf("a shortcut that is off went to %s", at)
	}
	b.click("shortcuts")

	// Tab reaches every link and field that is seen, each with a mark of focus.
	b.do(chromedp.Navigate(url + "/?view=text"))
	b.wait(`document.getElementById("status")?.textContent !== "" && !!document.querySelector("#stage pre")`)
	want := value[int](b, `[...document.querySelectorAll("a[href], button, input, summary, pre[tabindex], .scroll[tabindex]")].filter(e => e.checkVisibility()).length`)
	value[any](b, `window.reached = new Set(), window.unmarked = []`)
	for range want + 20 { // a field for a moment has several stops
		b.key("\t")
		value[any](b, `(e => { if (e && e !== document.body) { window.reached.add(e); if (getComputedStyle(e).outlineStyle === "none") window.unmarked.push(e.outerHTML); } })(document.activeElement)`)
	}
	if got := value[int](b, `window.reached.size`); got != want {
		t.Errorf("Tab reached %d of %d", got, want)
	}
	if unmarked := value[[]string](b, `window.unmarked`); len(unmarked) > 0 {
		t.Errorf("focus does not show on %q", unmarked)
	}
}

// axe-core finds nothing in the preview's own pages, in both themes, wide and
// narrow.
func tryAccessibility(t *testing.T, browser context.Context) {
	const file = "../../.ci/tools/node_modules/axe-core/axe.min.js"
	axe, err := os.ReadFile(file)
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("no axe-core")
	}
	if err != nil {
		t.Fatal(err)
	}
	d := fullDesk(t)
	d.edit(border, "title: ", "title: [")
	d.open("fr", nil)
	url := d.serve(t)
	for _, screen := range []struct {
		width, height int64
		themes        []string
		paths         []string
	}{
		{1400, 900, []string{"light", "dark"}, []string{
			"/", "/?view=text", "/?view=headers", "/?entry=2026-11-16-une-demi-seconde-de-trop.fr.md",
			"/gone", "/file?path=2026-11-17-ou-passe-la-frontiere-du-nuage.fr.md", "/nowhere",
		}},
		{320, 700, []string{"light"}, []string{"/", "/?view=source&images=off", "/gone", "/file?path=2026-11-17-ou-passe-la-frontiere-du-nuage.fr.md", "/u/token"}},
	} {
		b := open(t, browser, url, screen.width, screen.height)
		for _, path := range screen.paths {
			b.do(chromedp.Navigate(url + path))
			b.wait(`document.readyState === "complete"`)
			if path == "/" {
				value[any](b, `document.getElementById("help").open = true`)
			}
			value[any](b, string(axe)+`; undefined`)
			for _, name := range screen.themes {
				b.do(theme(name))
				for _, v := range value[[]string](b, violations) {
					t.Errorf("%s, %d px, %s: %s", path, screen.width, name, v)
				}
			}
			if wide := value[int64](b, `document.documentElement.scrollWidth`); wide > screen.width {
				t.Errorf("%s is %d px wide on a screen of %d", path, wide, screen.width)
			}
		}
	}
}

const violations = `axe.run(document, {iframes: false}).then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 200)).join(" ")))`

// What a mail holds runs no script and asks nobody, and its links stay out of
// the frame.
func tryFrameIsHarmless(t *testing.T, browser context.Context) {
	d := newDesk(t)
	url := d.serve(t)
	b := open(t, browser, url, 1400, 900)
	value[any](b, `window.opened = [], window.open = (...args) => { window.opened.push(args); }`)
	value[any](b, `(page => { page.body.insertAdjacentHTML("beforeend", "<img src=x onerror='parent.hacked = true'>"); page.querySelector("a[href*='/u/']").click(); })(document.getElementById("frame").contentDocument)`)
	b.wait(`window.opened.length === 1 && window.opened[0][0].includes("/u/") && window.opened[0][2] === "noopener"`)
	b.framed(`page.URL.endsWith("/mail") && !window.hacked`)
}
