package web

import (
	"sync"
	"time"
)

// requestsPerHour is how many subscriptions one network may ask for.
const requestsPerHour = 5

// limiter counts by key, in constant memory. For each key it keeps one
// moment: when its past requests will all be paid for, at one per interval
// (the generic cell rate algorithm).
type limiter struct {
	interval time.Duration
	burst    time.Duration

	mu   sync.Mutex
	paid map[string]time.Time
}

// maxKeys bounds the table, to about ten megabytes.
const maxKeys = 1 << 16

func newLimiter(n int, per time.Duration) *limiter {
	interval := per / time.Duration(n)
	return &limiter{interval: interval, burst: per, paid: map[string]time.Time{}}
}

// allow counts a request, or says how long to wait.
func (l *limiter) allow(key string, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	paid, known := l.paid[key]
	if paid.Before(now) {
		paid = now
	}
	paid = paid.Add(l.interval)
	if over := paid.Sub(now) - l.burst; over > 0 {
		return over, false
	}
	if !known && len(l.paid) >= maxKeys {
		l.forget()
	}
	l.paid[key] = paid
	return 0, true
}

// sampled keeps making room as cheap in a full table as in an empty one.
const sampled = 16

// forget drops, of a few keys that the map happens to yield, the one that
// owes least.
func (l *limiter) forget() {
	least, at, seen := "", time.Time{}, 0
	for key, paid := range l.paid {
		if seen == 0 || paid.Before(at) {
			least, at = key, paid
		}
		if seen++; seen == sampled {
			break
		}
	}
	delete(l.paid, least)
}
