package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A server that has only the pages shows what was pushed after its start.
func TestServeWebPulls(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 12, 5))); err != nil {
		t.Fatal(err)
	}
	u := newUnattended(t)
	u.role = roleWeb
	u.write("content/images/phare.png", picture.String())
	u.push("2026-04-28T10:00:00+02:00")
	pushed := false
	u.serve("2026-04-28T11:00:00+02:00", "the new picture", func() bool {
		if !pushed {
			if u.get("/media/images/phare.png") != picture.String() {
				t.Error("the server was not begun with what was pushed before")
			}
			u.write("content/images/port.png", picture.String())
			u.push("2026-04-28T12:00:00+02:00")
			pushed = true
		}
		return u.get("/media/images/port.png") == picture.String()
	})
}

func TestKeepFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		began, pulls := time.Now(), 0
		pull := func(ctx context.Context) error {
			pulls++
			if since := time.Since(began); since != time.Duration(pulls)*time.Minute {
				t.Errorf("pull %d after %s", pulls, since)
			}
			switch pulls {
			case 2:
				return errors.New("away")
			case 4:
				stop()
				return ctx.Err()
			}
			return nil
		}
		var log bytes.Buffer
		if err := keepFresh(pull, time.Minute, slog.New(slog.NewTextHandler(&log, nil)))(ctx); err != nil || pulls != 4 {
			t.Errorf("%d pulls, then %v", pulls, err)
		}
		if text := log.String(); strings.Count(text, "not brought up to date") != 1 || !strings.Contains(text, "error=away") {
			t.Errorf("log: %s", text)
		}
	})
}
