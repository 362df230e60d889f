package preview_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/infolettre/infolettre/pipeline/loopback"
)

// startBrowser skips the test where there is no browser, but in CI.
func startBrowser(t testing.TB) context.Context {
	t.Helper()
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

// tab is a page of the preview in a browser.
type tab struct {
	t   testing.TB
	ctx context.Context
	url string
}

// serve runs the preview, its watcher included, until the test ends.
func (d *desk) serve(t testing.TB) (url string) {
	t.Helper()
	l, err := loopback.Listen(0, false)
	if err != nil {
		t.Fatal(err)
	}
	if addr := l.Addr().(*net.TCPAddr); !addr.IP.IsLoopback() {
		t.Fatalf("listens on %s", addr)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := loopback.Serve(ctx, l, d.Handler()); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() {
		if err := d.Watch(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait(); http.DefaultClient.CloseIdleConnections() })
	return "http://" + l.Addr().String()
}

// open shows a page, and waits until it is live.
func open(t testing.TB, browser context.Context, url string, width, height int64) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	b := &tab{t, ctx, url}
	b.do(chromedp.EmulateViewport(width, height), chromedp.Navigate(url+"/"))
	b.wait(`document.getElementById("status")?.textContent === document.getElementById("status")?.dataset.live`)
	b.framed("true")
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) wait(condition string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](condition)); err != nil {
		b.t.Fatalf("%s: %v", condition, err)
	}
}

// framed waits for a condition on the mail's own document, called page.
func (b *tab) framed(condition string) {
	b.t.Helper()
	b.wait(`(() => {
		const frame = document.querySelector("#frame:not(.coming)"), page = frame?.contentDocument, view = frame?.contentWindow;
		return !!page && page.URL !== "about:blank" && page.readyState === "complete" && !document.querySelector(".coming") && (` + condition + `);
	})()`)
}

func value[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (b *tab) click(id string) {
	b.t.Helper()
	value[any](b, `document.getElementById("`+id+`").click()`)
}

func (b *tab) key(key string) { b.t.Helper(); b.do(chromedp.KeyEvent(key)) }

func theme(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	})
}
