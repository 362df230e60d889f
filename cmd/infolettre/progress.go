package main

import (
	"math"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/infolettre/infolettre/pipeline/deliver"
)

// How often a long send says where it is, when nobody watches and when
// somebody does.
const (
	sayEvery      = 10 * time.Second
	describeEvery = time.Second / 4
)

// progress shows how a send goes: a bar on a terminal, with counts by state,
// rate and time left; elsewhere a line with the same, now and then. It holds
// counts only, never an address.
type progress struct {
	now   func() time.Time
	words func(map[deliver.State]int) string
	bar   *progressbar.ProgressBar // nil: note
	note  func(id string, args ...any)
	name  any // of the sending

	mu     sync.Mutex
	left   int
	counts map[deliver.State]int
	began  time.Time
	said   time.Time
}

func (a *app) progress(name any, total int) *progress {
	p := &progress{now: a.now, words: a.tallyWords, note: a.note, name: name, left: total, counts: map[deliver.State]int{}, began: a.now(), said: a.now()}
	if terminal(a.stderr) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(a.stderr), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription(a.words.T("send.progress")))
	}
	return p
}

// outcome counts one outcome that is durable.
func (p *progress) outcome(o deliver.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[o.State]++
	p.left--
	if p.bar != nil {
		if p.now().Sub(p.said) >= describeEvery {
			p.said = p.now()
			p.bar.Describe(p.words(p.counts))
		}
		_ = p.bar.Add(1)
		return
	}
	if p.now().Sub(p.said) >= sayEvery {
		p.said = p.now()
		p.line()
	}
}

func (p *progress) line() {
	spent := p.now().Sub(p.began)
	done := 0
	for _, n := range p.counts {
		done += n
	}
	rate := float64(done) / spent.Seconds()
	p.note("send.underway", "Number", p.name, "States", p.words(p.counts), "Left", p.left,
		"Rate", int(rate), "Minutes", int(math.Ceil(float64(p.left)/rate/60)))
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
