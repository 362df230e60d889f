package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
)

// engine decides what is to be done.
func (a *app) engine(c config, n *pipeline.Newsletter, s *store.Store) *schedule.Engine {
	witness := c.witness(s)
	n.Witness = witness.Note
	return &schedule.Engine{
		Newsletter: n, Config: c.Schedule.Config, Store: s, Witness: witness, Refresh: refresh(n), Over: s.Over,
		Notify: func(ctx context.Context, notice schedule.Notice) error {
			content, err := json.Marshal(told{notice, a.findingLines(notice.Findings)})
			if err != nil {
				return err
			}
			var mails []audience.Mail
			for _, address := range c.team {
				mails = append(mails, audience.Mail{Kind: audience.MailNotice, Address: address, Lang: n.Languages[0], Data: string(content)})
			}
			return s.Tell(ctx, a.now(), notice.Key, string(notice.Kind), string(content), mails...)
		},
	}
}

// gate is where the team's links lead: web.Gate.
type gate struct {
	store    *store.Store
	now      func() time.Time
	deadline time.Duration
	reason   string // of a stop
}

// gateMark names an issue and its content: a link in a notice is worth nothing
// once the issue was unmade and another has its number.
func gateMark(is deliver.Issue) audience.ID {
	var mark audience.ID
	hash, _ := hex.DecodeString(is.Hash) // ours, and a test's may be none
	copy(mark[:8], hash)
	binary.BigEndian.PutUint64(mark[8:], uint64(is.Number))
	return mark
}

func (g gate) Waiting(ctx context.Context, mark audience.ID) (number int, ok bool, err error) {
	number = int(binary.BigEndian.Uint64(mark[8:]))
	is, err := g.store.Issue(ctx, number)
	if errors.Is(err, store.ErrNotFound) {
		return number, false, nil
	}
	// Held for its refusals, it goes on by a command only.
	stopped := is.State == deliver.IssueHeld && !deliver.ParseCause(is.Reason).Refusals()
	return number, err == nil && gateMark(is) == mark && (is.State == deliver.IssueWaiting || stopped), err
}

func (g gate) Approve(ctx context.Context, mark audience.ID) error {
	return g.store.Approve(ctx, int(binary.BigEndian.Uint64(mark[8:])), g.now(), g.deadline)
}

func (g gate) Stop(ctx context.Context, mark audience.ID) error {
	err := g.store.Stop(ctx, int(binary.BigEndian.Uint64(mark[8:])), g.reason)
	if errors.Is(err, store.ErrNotWaiting) {
		return nil // it is held already
	}
	return err
}
