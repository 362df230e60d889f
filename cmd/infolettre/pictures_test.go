package main

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var takePictures = flag.Bool("pictures", false, "take the pictures of docs/images anew, from the demo's mail")

const (
	picturesFolder = "../../docs/images"
	pictureLimit   = 120 << 10 // bytes: a README is read on a telephone, too
)

var (
	styleElement = regexp.MustCompile(`(?s)<style.*?</style>`)
	imageSource  = regexp.MustCompile(`(<img[^>]*) src="[^"]*"`)
)

type picture struct {
	name          string
	width, height int64
	scale         float64
	theme         string
	without       *regexp.Regexp
	leaving       string
}

// pictures show the demo's first French mail as different readers get it.
var pictures = []picture{
	{name: "issue-light", width: 660, height: 1240, scale: 1.5, theme: "light"},
	{name: "issue-dark", width: 660, height: 1240, scale: 1.5, theme: "dark"},
	{name: "issue-phone", width: 320, height: 1080, scale: 1.5, theme: "light"},
	{name: "issue-without-images", width: 320, height: 1080, scale: 1.5, theme: "light", without: imageSource, leaving: "$1"},
	{name: "issue-without-styles", width: 320, height: 1080, scale: 1.5, theme: "light", without: styleElement},
}

// Every picture that a README shows is there, and small.
func TestPicturesAreThere(t *testing.T) {
	shown := regexp.MustCompile(`docs/images/[a-z-]+\.png`)
	for _, readme := range []string{"README.md", "README.fr.md"} {
		text, err := os.ReadFile(filepath.Join("../..", readme))
		if err != nil {
			t.Fatal(err)
		}
		names := shown.FindAllString(string(text), -1)
		if len(names) == 0 {
			t.Errorf("%s shows no picture", readme)
		}
		for _, name := range names {
			info, err := os.Stat(filepath.Join("../..", name))
			if err != nil {
				t.Errorf("%s: %v", readme, err)
			} else if info.Size() > pictureLimit {
				t.Errorf("%s weighs %d bytes, more than %d", name, info.Size(), pictureLimit)
			}
		}
	}
}

// go test ./cmd/infolettre -run TestTakePictures -pictures
func TestTakePictures(t *testing.T) {
	if !*takePictures {
		t.Skip("only with -pictures")
	}
	browser, mail := startBrowser(t), demoMail(t)
	for _, p := range pictures {
		shot, err := chromedp.Run(p.open(t, browser, mail), chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		small, err := squeeze(shot)
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		if err := os.WriteFile(filepath.Join(picturesFolder, p.name+".png"), small, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// No mail is wider than the screen, whatever the client shows of it.
func TestMailFitsTheScreen(t *testing.T) {
	browser, mail := startBrowser(t), demoMail(t)
	for _, p := range pictures {
		width, err := chromedp.Run(p.open(t, browser, mail), chromedp.Evaluate[int64]("document.documentElement.scrollWidth"))
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		if width > p.width {
			t.Errorf("%s is %d px wide on a screen of %d", p.name, width, p.width)
		}
	}
}

// open shows the mail in a tab of its own.
func (p picture) open(t *testing.T, browser context.Context, mail []byte) context.Context {
	if p.without != nil {
		mail = p.without.ReplaceAll(mail, []byte(p.leaving))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(mail)
	}))
	t.Cleanup(server.Close)
	tab, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	if err := chromedp.Do(tab, chromedp.EmulateViewport(p.width, p.height, chromedp.EmulateScale(p.scale)), emulateTheme(p.theme),
		chromedp.Navigate(server.URL)); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	return tab
}

// startBrowser skips the test where there is no browser, but in CI.
func startBrowser(t *testing.T) context.Context {
	if _, err := exec.LookPath("chromium"); err != nil && os.Getenv("CI") != "true" {
		t.Skip("no chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	browser, quit := chromedp.NewContext(allocator)
	t.Cleanup(quit)
	if err := chromedp.Do(browser); err != nil {
		t.Fatal(err)
	}
	return browser
}

func emulateTheme(theme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		})
		return err
	})
}

// demoMail runs the demo until the test ends and returns the HTML of its
// first French mail, whose images the demo serves.
func demoMail(t *testing.T) []byte {
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int)
	go func() {
		defer in.Close()
		ended <- run(ctx, []string{"--lang", "fr", "demo", "--port", "0"}, nil, nil, in, in)
	}()
	t.Cleanup(func() { cancel(); go io.Copy(io.Discard, out); <-ended })
	mailbox := waitFor(t, out, regexp.MustCompile(`http://\S+/mailbox/`))
	frame := regexp.MustCompile(`href="(\S*/messages/\d+)" lang="fr"`).FindStringSubmatch(string(get(t, mailbox)))
	return get(t, mailbox[:len(mailbox)-len("/mailbox/")]+frame[1]+"/frame")
}

func waitFor(t testing.TB, r io.Reader, what *regexp.Regexp) string {
	var text []byte
	for buffer := make([]byte, 4096); ; {
		n, err := r.Read(buffer)
		text = append(text, buffer[:n]...)
		if found := what.Find(text); found != nil {
			return string(found)
		}
		if err != nil {
			t.Fatalf("%v after %s", err, text)
		}
	}
}

func get(t testing.TB, url string) []byte {
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// squeeze keeps a picture's 256 most frequent colours.
func squeeze(shot []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	bounds := full.Bounds()
	count := map[color.RGBA]int{}
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			count[rounded(full.At(x, y))]++
		}
	}
	colors := make([]color.RGBA, 0, len(count))
	for c := range count {
		colors = append(colors, c)
	}
	slices.SortFunc(colors, func(a, b color.RGBA) int { return count[b] - count[a] })
	palette := color.Palette{}
	for _, c := range colors[:min(256, len(colors))] {
		palette = append(palette, c)
	}
	indexed, nearest := image.NewPaletted(bounds, palette), map[color.RGBA]uint8{}
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			c := rounded(full.At(x, y))
			i, known := nearest[c]
			if !known {
				i = uint8(palette.Index(c))
				nearest[c] = i
			}
			indexed.SetColorIndex(x, y, i)
		}
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, indexed)
	return out.Bytes(), err
}

// rounded drops the two lowest bits, which no eye misses.
func rounded(c color.Color) color.RGBA {
	r, g, b, _ := c.RGBA()
	return color.RGBA{R: uint8(r>>8)&^3 | uint8(r>>14), G: uint8(g>>8)&^3 | uint8(g>>14), B: uint8(b>>8)&^3 | uint8(b>>14), A: 255}
}
