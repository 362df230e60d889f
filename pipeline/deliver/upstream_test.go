package deliver

import (
	"errors"
	"fmt"
	"net/textproto"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 19, 12, 0, 0, 0, time.UTC)

// picked opens n connections and counts them by server.
func picked(t *testing.T, u *upstreams, n int, now time.Time) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for range n {
		s, _, err := u.pick(now)
		if s == nil {
			t.Fatalf("no server for a connection: %v", err)
		}
		counts[s.Host]++
	}
	return counts
}

func TestWeights(t *testing.T) {
	servers := []Server{{Host: "a", Weight: 1}, {Host: "b", Weight: 3}}
	if got := picked(t, newUpstreams(Config{Connections: 8, Servers: servers}, nil), 8, noon); got["a"] != 2 || got["b"] != 6 {
		t.Errorf("got %v", got)
	}
	u := newUpstreams(Config{Connections: 8, Servers: servers}, nil)
	u.failed(u.servers[1], noon, errors.New("down"))
	if got := picked(t, u, 4, noon); got["a"] != 4 {
		t.Errorf("while b is down: %v", got)
	}
	if got := picked(t, u, 4, noon.Add(time.Minute)); got["b"] != 4 {
		t.Errorf("once b is up again: %v", got)
	}
}

// However many connections are told at once to slow down, it is one halving;
// each further one comes when the last has taken effect. Connections come back
// one by one, never more than were given up.
func TestSlow(t *testing.T) {
	u := newUpstreams(Config{Connections: 8, Servers: []Server{{Host: "a", Weight: 1}}}, nil)
	s := u.servers[0]
	picked(t, u, 8, noon)
	for range 4 {
		u.throttled(s, noon)
		u.leave(s)
	}
	if s.limit != 4 || s.open != 4 || !s.until.IsZero() {
		t.Errorf("after four at once: limit %d, %d open, until %s", s.limit, s.open, s.until)
	}
	for range 4 { // the four that left ask for a server
		if _, _, err := u.pick(noon); !errors.Is(err, errFull) {
			t.Fatalf("got %v", err)
		}
	}
	grown := 0
	for range 20 * growAfter {
		if u.took(s, 8) {
			grown++
		}
	}
	if grown != 4 || s.limit != 8 {
		t.Errorf("%d connections came back, limit %d", grown, s.limit)
	}
}

// The last connection pauses, longer each time, up to a quarter of an hour.
func TestPause(t *testing.T) {
	u := newUpstreams(Config{Connections: 1, Servers: []Server{{Host: "a", Weight: 1}}}, nil)
	s := u.servers[0]
	now := noon
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
		picked(t, u, 1, now)
		u.throttled(s, now)
		u.leave(s)
		if _, wait, _ := u.pick(now); wait != want {
			t.Errorf("a pause of %s, want %s", wait, want)
		}
		now = now.Add(want)
	}
}

// A server that greets with 421 has too many of our connections.
func TestThrottledGreeting(t *testing.T) {
	u := newUpstreams(Config{Connections: 8, Servers: []Server{{Host: "a", Weight: 1}}}, nil)
	s := u.servers[0]
	picked(t, u, 8, noon)
	u.failed(s, noon, fmt.Errorf("smtp server a: %w", &textproto.Error{Code: 421, Msg: "4.7.0 too many connections"}))
	if s.limit != 4 {
		t.Errorf("limit %d", s.limit)
	}
}
