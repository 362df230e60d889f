// Package schedule decides what is to be done now.
//
// The ledger decides, not the clock: a tick asks which slots up to now have
// no decision yet, and decides each once. So ticks may come late, twice, from
// several processes, or not at all for a while.
//
//	schedule.go  the tick and its settings
//	decide.go    what becomes of the slots that are due
//	witness.go   notices a database that was restored or copied
//	notice.go    what the team is told
//	worker.go    this process's part in it, beside others on other machines
//	crew.go      leases: who is alive
//	jobs.go      the jobs that wake the workers, on River
package schedule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/setting"
)

// Approval says what an issue waits for, once it is made.
type Approval string

// The values of Approval.
const (
	NoApproval Approval = "none"     // nothing: it goes at once
	Required   Approval = "required" // a person who approves it
	Delay      Approval = "delay"    // some hours, in which a person can stop it
)

// Config says how to decide.
type Config struct {
	CatchUp       time.Duration `yaml:"catch_up"`       // how late a missed slot is made up; default 24 h
	QuietNotice   int           `yaml:"quiet_notice"`   // the team is told after so many quiet slots in a row; default: never
	Approval      Approval      `yaml:"approval"`       // default none
	ApprovalDelay time.Duration `yaml:"approval_delay"` // of Delay; default 4 h
	DoneNotice    bool          `yaml:"done_notice"`    // the team is told what became of each issue
}

// WithDefaults fills in what was left out.
func (c Config) WithDefaults() Config {
	c.CatchUp = cmp.Or(c.CatchUp, 24*time.Hour)
	c.Approval = cmp.Or(c.Approval, NoApproval)
	c.ApprovalDelay = cmp.Or(c.ApprovalDelay, 4*time.Hour)
	return c
}

// Validate names what cannot work.
func (c Config) Validate() error {
	switch {
	case c.Approval != NoApproval && c.Approval != Required && c.Approval != Delay:
		return &setting.Error{Key: "approval", Value: c.Approval}
	case c.ApprovalDelay < time.Minute:
		return &setting.Error{Key: "approval_delay", Value: c.ApprovalDelay}
	case c.CatchUp < time.Minute:
		return &setting.Error{Key: "catch_up", Value: c.CatchUp}
	case c.QuietNotice < 0:
		return &setting.Error{Key: "quiet_notice", Value: c.QuietNotice}
	}
	return nil
}

// Gate is what stands before an issue made now, unless a person orders it.
func (c Config) Gate() pipeline.Gate {
	switch c.Approval {
	case Required:
		return pipeline.Gate{Waits: true}
	case Delay:
		return pipeline.Gate{Waits: true, Delay: c.ApprovalDelay}
	}
	return pipeline.Gate{}
}

// Audience is what a tick must know to make an issue, and where it is written.
type Audience interface {
	pipeline.Freezer
	Past(ctx context.Context) (issue.Past, error)
	ActiveByLanguage(ctx context.Context, now time.Time) (map[string]int, error)
}

// Diary is the ledger's memory of slots.
type Diary interface {
	Standing(ctx context.Context) (deliver.Standing, error)
	// Open records where the window of the first issue begins.
	Open(ctx context.Context, from time.Time) error
	// DecideSlots records slots, each only if it has no decision yet, and that all
	// up to until are decided.
	DecideSlots(ctx context.Context, decisions []issue.Decision, until time.Time) error
	// QuietInARow counts the last slots, back to the last issue, that were quiet.
	QuietInARow(ctx context.Context) (int, error)
	// Release lets the waiting issues go whose time has come.
	Release(ctx context.Context, now time.Time, deadline time.Duration) (numbers []int, err error)
}

// Store is what the engine needs of the ledger.
type Store interface {
	Audience
	Diary
}

// Engine decides what is to be done. Its fields are set once; Tick may be
// called by several processes at a time on one ledger.
type Engine struct {
	Newsletter *pipeline.Newsletter
	Config     Config
	Store      Store
	Witness    *Witness

	// Refresh brings the entries up to date before an assembly; nil when they
	// are read from a folder as it is. It must leave the last good entries in
	// place when it fails: the tick goes on with them.
	Refresh func(context.Context) error
	// Notify tells the team. A notice whose key was told already is none.
	Notify func(context.Context, Notice) error
	// Over ends a state of things that was told under a key.
	Over func(ctx context.Context, key string) error

	mu        sync.Mutex
	refreshed time.Time // the entries, the last time
}

// Report is what a tick did.
type Report struct {
	Suspect   error // why the database is not trusted; nothing was done
	Refresh   error // why the entries could not be brought up to date
	Decisions []issue.Decision
	Released  []int             // issues that waited, and may be sent now
	Made      *deliver.Issue    // the issue frozen by this tick
	Problems  []content.Problem // of its entries
	First     *issue.Window     // of the first issue, when this is the first tick ever
}

// Tick decides all slots up to now that are not decided yet.
func (e *Engine) Tick(ctx context.Context, now time.Time) (Report, error) {
	var report Report
	if err := e.Witness.Note(ctx); err != nil {
		if !errors.Is(err, ErrSuspect) {
			return report, err
		}
		report.Suspect = err
		return report, e.notify(ctx, Notice{Key: keyDatabase, Kind: DatabaseNotice, At: now, Reason: told(err)})
	}
	if err := e.over(ctx, keyDatabase); err != nil {
		return report, err
	}
	var err error
	if report.Released, err = e.Store.Release(ctx, now, e.Newsletter.Delivery.Deadline); err != nil {
		return report, fmt.Errorf("release what waited: %w", err)
	}
	if err := e.keepFresh(ctx, now, &report); err != nil {
		return report, err
	}
	if err := e.decide(ctx, now, &report); err != nil {
		return report, err
	}
	return report, e.Witness.Note(ctx)
}
