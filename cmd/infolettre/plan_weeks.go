package main

import (
	"context"
	"errors"
	"time"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
)

// maxWeeks is ten years, as far as a calendar and a chart look.
const maxWeeks = 520

// comingJSON is a slot as plan --weeks --json prints it.
type comingJSON struct {
	Slot      time.Time  `json:"slot"`
	Scheduled *time.Time `json:"scheduled,omitempty"` // where the schedule alone puts a slot that was moved
	Number    int        `json:"number,omitempty"`    // none: no issue as things stand
	Entries   int        `json:"entries"`             // known today
	Reason    string     `json:"reason,omitempty"`    // moved, skipped, closed, quiet
	Holiday   string     `json:"holiday,omitempty"`
}

// planWeeks prints the slots of the weeks to come, and what waits before them.
func (a *app) planWeeks(ctx context.Context, c config, expected []pipeline.Expected, weeks int, asJSON bool) error {
	if asJSON {
		list := []comingJSON{}
		for _, e := range expected {
			list = append(list, comingToJSON(e))
		}
		return a.printJSON(list)
	}
	if err := a.printGate(ctx, c); err != nil {
		return err
	}
	for _, e := range expected {
		a.say("plan.slot", "Slot", a.when(e.At), "What", a.expectation(e))
	}
	if len(expected) == 0 {
		a.say("plan.no-slot", "Count", weeks)
	}
	return nil
}

func comingToJSON(e pipeline.Expected) comingJSON {
	j := comingJSON{Slot: e.At, Number: e.Number, Entries: e.Entries, Holiday: e.Holiday}
	switch {
	case e.Closed:
		j.Reason = "closed"
	case e.Skipped:
		j.Reason = "skipped"
	case e.Moved():
		j.Reason, j.Scheduled = "moved", &e.Scheduled
	case e.Number == 0:
		j.Reason = "quiet"
	}
	return j
}

// expectation says what a slot will bring, and why it is where it is.
func (a *app) expectation(e pipeline.Expected) string {
	switch {
	case e.Closed:
		return a.words.T("plan.slot-closed")
	case e.Skipped:
		return a.words.T("plan.slot-holiday", "Holiday", a.words.T("holiday."+e.Holiday))
	}
	what := a.words.T("plan.slot-empty")
	if e.Entries > 0 {
		what = a.words.T("plan.slot-quiet", "Count", e.Entries)
	}
	if e.Number > 0 {
		what = a.words.T("plan.slot-issue", "Number", e.Number, "Count", e.Entries)
	}
	if e.Moved() {
		what += a.words.T("plan.slot-moved", "Day", a.words.Date("long", e.Scheduled), "Holiday", a.words.T("holiday."+e.Holiday))
	}
	return what
}

// printGate names the issues that wait for somebody.
func (a *app) printGate(ctx context.Context, c config) error {
	s, err := store.Open(ctx, c.database(), false)
	if errors.Is(err, store.ErrNoFile) {
		return nil
	}
	if err != nil {
		return err
	}
	defer s.Close()
	issues, err := s.Unfinished(ctx)
	for _, is := range issues {
		switch is.State {
		case deliver.IssueWaiting:
			a.say("plan.waiting", "Number", is.Public(), "Release", a.release(is, c.zone))
		case deliver.IssueHeld:
			a.say("plan.held", "Number", sendingName(a.words, is), "Reason", causeWords(a.words, is.Reason))
		}
	}
	return err
}

// release says when a waiting issue goes by itself, "" for never.
func (a *app) release(is deliver.Issue, zone *time.Location) string {
	if is.Release.IsZero() {
		return ""
	}
	return a.words.Date("moment", is.Release.In(zone))
}
