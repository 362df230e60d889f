package deliver

import (
	"math"
	"sync"
	"time"

	"github.com/infolettre/infolettre/pipeline/setting"
)

// Rate limits how fast messages go out; zero is no limit.
type Rate struct {
	PerSecond float64 `yaml:"per_second" env:"PER_SECOND"`
	PerHour   int     `yaml:"per_hour" env:"PER_HOUR"`
}

// slowestRate is a message in three hours. From much less on, no duration
// holds the time between two of them.
const slowestRate = 0.0001

func (r Rate) validate() error {
	switch {
	case r.PerSecond != 0 && !(r.PerSecond >= slowestRate) || math.IsInf(r.PerSecond, 0): // what is no number is not above it
		return &setting.Error{Key: "per_second", Value: r.PerSecond}
	case r.PerHour < 0:
		return &setting.Error{Key: "per_hour", Value: r.PerHour}
	}
	return nil
}

// interval is the least time between two messages. Spaced evenly, no second
// and no hour holds more of them than it may, wherever it begins.
func (r Rate) interval() time.Duration {
	var d time.Duration
	if r.PerSecond > 0 {
		d = time.Duration(math.Ceil(float64(time.Second) / r.PerSecond))
	}
	if r.PerHour > 0 {
		d = max(d, (time.Hour+time.Duration(r.PerHour)-1)/time.Duration(r.PerHour))
	}
	return d
}

// pace keeps the interval of a rate; the zero pace has none.
type pace struct {
	every time.Duration
	share func() int // among how many the rate is shared; nil: it is ours alone

	mu   sync.Mutex
	last time.Time // when the last message went
	next time.Time // when the next one may go
}

// wait is how long until the next message may go, zero when it may now.
func (p *pace) wait(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.next.Sub(now))
}

// take uses the moment now for a message, if one may go.
func (p *pace) take(now time.Time) (ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next.After(now) {
		return false
	}
	step := p.every
	if p.share != nil {
		step *= time.Duration(p.share())
	}
	p.last, p.next = now, now.Add(step)
	return true
}

// back returns a moment that was taken for a message which did not go.
func (p *pace) back(taken time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last.Equal(taken) {
		p.next = taken
	}
}
