package deliver

import (
	"fmt"
	"sync"
	"time"
)

// Rate limits how fast messages go out; zero is no limit.
type Rate struct {
	PerSecond float64 `yaml:"per_second" env:"PER_SECOND"`
	PerHour   int     `yaml:"per_hour" env:"PER_HOUR"`
}

func (r Rate) validate() error {
	if r.PerSecond < 0 || r.PerHour < 0 {
		return fmt.Errorf("rate: %v per second, %d per hour: want no negative number", r.PerSecond, r.PerHour)
	}
	return nil
}

// interval is the least time between two messages. Spaced evenly, no hour
// holds more than PerHour of them, wherever it begins.
func (r Rate) interval() time.Duration {
	var d time.Duration
	if r.PerSecond > 0 {
		d = time.Duration(float64(time.Second) / r.PerSecond)
	}
	if r.PerHour > 0 {
		d = max(d, (time.Hour+time.Duration(r.PerHour)-1)/time.Duration(r.PerHour))
	}
	return d
}

// pace keeps the interval of a rate; a nil pace has none.
type pace struct {
	every time.Duration
	share func() int // among how many the rate is shared; nil: it is ours alone
	mu    sync.Mutex
	next  time.Time // when the next message may go
}

// ready takes the next place when it has come, and otherwise says when it will.
func (p *pace) ready(now time.Time) (at time.Time, ok bool) {
	if p == nil || p.every == 0 {
		return now, true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next.After(now) {
		return p.next, false
	}
	p.next = now.Add(p.every)
	if p.share != nil {
		p.next = now.Add(p.every * time.Duration(p.share()))
	}
	return now, true
}
