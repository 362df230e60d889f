package deliver

import (
	"errors"
	"net/textproto"
	"sync"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// upstreams shares the connections out among the servers: by weight, away
// from those that fail, and fewer to those that ask for less.
type upstreams struct {
	mu      sync.Mutex
	servers []*upstream
	parked  int // connections that ended because no server took another
}

// upstream is what a run knows of one server.
type upstream struct {
	Server
	pace     pace
	open     int       // connections
	limit    int       // connections it may have
	accepted int       // messages since the limit last changed
	failures int       // in a row
	until    time.Time // not to be tried before
	pause    time.Duration
	last     error       // why the last connection failed
	refused  audience.ID // at whom it refused our sender, since it last accepted a message
}

// How a server's troubles are met.
const (
	maxFailures  = 5 // in a row, of every server: the run ends
	firstBackoff = time.Second
	longBackoff  = time.Minute
	firstPause   = time.Minute
	longestPause = 15 * time.Minute
	growAfter    = 200 // messages accepted without complaint: one connection more
)

var errFull = errors.New("no server takes another connection")

func newUpstreams(c Config, share func() int) *upstreams {
	u := &upstreams{}
	for _, s := range c.Servers {
		u.servers = append(u.servers, &upstream{Server: s, limit: c.Connections, pace: pace{every: s.Rate.interval(), share: share}})
	}
	return u
}

// pick chooses the server for a new connection, whose first message may go at
// once by the server's pace. Without one, wait says how
// long until one may be tried; err ends the run, or (errFull) this connection.
func (u *upstreams) pick(now time.Time) (s *upstream, wait time.Duration, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	hopeless, full := true, true
	for _, candidate := range u.servers {
		if candidate.failures < maxFailures {
			hopeless = false
		} else {
			err = candidate.last
		}
		if candidate.open >= candidate.limit {
			continue
		}
		full = false
		if rest := max(candidate.until.Sub(now), candidate.pace.wait(now)); rest > 0 {
			if wait == 0 || rest < wait {
				wait = rest
			}
			continue
		}
		if s == nil || candidate.open*s.Weight < s.open*candidate.Weight {
			s = candidate
		}
	}
	switch {
	case hopeless:
		return nil, 0, err
	case full:
		u.parked++
		return nil, 0, errFull
	case s == nil:
		return nil, wait, nil
	}
	s.open++
	return s, 0, nil
}

// leave ends a connection.
func (u *upstreams) leave(s *upstream) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s.open--
}

// failed notes a connection that could not be made, or broke before it was of
// any use: the server rests, longer each time.
func (u *upstreams) failed(s *upstream, now time.Time, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var greeting *textproto.Error // go-mail hands its replies on as such
	if errors.As(err, &greeting) && greeting.Code == 421 {
		s.slow(now)
	}
	if until := now.Add(min(firstBackoff<<min(s.failures, 10), longBackoff)); until.After(s.until) {
		s.until = until
	}
	s.failures++
	s.last = err
}

// throttled heeds a server that asks for less.
func (u *upstreams) throttled(s *upstream, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s.slow(now)
}

// slow halves a server's connections; the last one pauses, 1 to 15 min. While
// more are open than it may have, others have been told the same: that counts
// once.
func (s *upstream) slow(now time.Time) {
	s.accepted = 0
	switch {
	case s.open > s.limit:
	case s.limit > 1:
		s.limit /= 2
	default:
		s.pause = min(max(2*s.pause, firstPause), longestPause)
		s.until = now.Add(s.pause)
	}
}

// refuses notes a recipient at whom the server refuses our sender, and reports
// that there was another one: then it means every recipient.
func (u *upstreams) refuses(s *upstream, at audience.ID) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s.refused == (audience.ID{}) {
		s.refused = at
	}
	return s.refused != at
}

// took notes a message that the server accepted. It reports whether a
// connection that was given up for want of a server may be made again.
func (u *upstreams) took(s *upstream, most int) (grown bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s.refused = audience.ID{}
	s.failures = 0
	if s.accepted++; s.accepted < growAfter || s.limit >= most {
		return false
	}
	s.accepted, s.pause = 0, 0
	s.limit++
	if u.parked == 0 {
		return false
	}
	u.parked--
	return true
}

// over reports that the server has more connections than it may.
func (u *upstreams) over(s *upstream) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return s.open > s.limit
}
