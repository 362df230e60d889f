package preview_test

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// scratch: INFOLETTRE_SHOTS="/tmp/x.png|/?view=text|1400|900|dark ..."
func TestShots(t *testing.T) {
	list := os.Getenv("INFOLETTRE_SHOTS")
	if list == "" {
		t.Skip()
	}
	d := newDesk(t)
	broken := false
	url := d.serve(t)
	browser := startBrowser(t)
	for _, s := range strings.Fields(list) {
		f := strings.Split(s, "|")
		w, h := int64(1400), int64(900)
		if f[2] == "narrow" {
			w, h = 390, 1400
		}
		b := open(t, browser, url, w, h)
		b.do(theme(f[3]))
		if os.Getenv("BREAK") != "" && !broken {
			broken = true
			d.edit(editorial, "title:", "titel: [")
			b.wait(`!!document.getElementById("overlay")`)
		}
		b.do(chromedp.Navigate(url + f[1]))
		b.wait(`document.readyState === "complete" && (document.getElementById("status")?.textContent ?? "x") !== ""`)
		if len(f) > 4 {
			value[any](b, f[4])
		}
		value[any](b, `new Promise(r => setTimeout(r, 400))`)
		shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(f[0], shot, 0o666)
	}
}
