package main

import (
	"cmp"
	"errors"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
)

// scheduleConfig is when issues are due, and what happens then.
type scheduleConfig struct {
	Cron            string `yaml:"cron"` // five fields, wall clock of the newsletter's zone; default Thursday at 11
	issue.Rules     `yaml:",inline"`
	schedule.Config `yaml:",inline"`
}

// calendar lists the slots in a zone.
func (s scheduleConfig) calendar(zone *time.Location) (*issue.Calendar, error) {
	c, err := issue.NewCalendar(s.Cron, zone)
	if err != nil {
		return nil, err
	}
	return c.Observe(s.Rules)
}

// completeSchedule fills in defaults and names the line of what cannot work.
func (c *config) completeSchedule(at *place) error {
	s := &c.Schedule
	s.Cron = cmp.Or(s.Cron, "0 11 * * THU")
	s.Config = s.Config.WithDefaults()
	if _, err := issue.NewCalendar(s.Cron, c.zone); errors.Is(err, issue.ErrNeverFires) {
		return at.fail("schedule.cron", "never-fires", nil, "Value", s.Cron)
	} else if err != nil {
		return at.fail("schedule.cron", "cron", nil, "Value", s.Cron)
	}
	_, err := s.calendar(c.zone)
	switch {
	case errors.Is(err, issue.ErrNeverFires):
		return at.fail("schedule.closures", "always-closed", nil)
	case errors.Is(err, issue.ErrRegion):
		return at.fail("schedule.holidays", "region", nil, "Value", s.Holidays, "Regions", issue.Regions())
	case errors.Is(err, issue.ErrOnHoliday):
		return at.fail("schedule.on_holiday", "on-holiday", nil, "Value", string(s.OnHoliday))
	case errors.Is(err, issue.ErrOnly):
		return at.fail("schedule.only", "only", nil, "Value", string(s.Only))
	case err != nil:
		return at.unfit("schedule", err)
	}
	if err := s.Config.Validate(); err != nil {
		return at.unfit("schedule", err)
	}
	for _, address := range c.Team {
		a, err := audience.ParseAddress(address)
		if err != nil {
			return at.fail("team", "address", nil, "Value", address)
		}
		c.team = append(c.team, a)
	}
	return nil
}

// witness watches over the database, with a file beside it.
func (c *config) witness(s *store.Store) *schedule.Witness {
	return &schedule.Witness{File: c.path(c.Database.State), Ledger: s, Shared: c.Database.URL != ""}
}
