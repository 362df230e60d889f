package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/stats"
	"github.com/infolettre/infolettre/pipeline/store"
)

const defaultWeeks = 12

func (a *app) statsCommand() *cobra.Command {
	weeks, format := defaultWeeks, formatText
	c := a.command("stats", "", func(c *cobra.Command, _ []string) error {
		if weeks < 1 || weeks > maxWeeks {
			return a.misuse("stats.bad-weeks", "Most", maxWeeks)
		}
		if !slices.Contains([]string{formatText, formatJSON, formatSVG}, format) {
			return a.misuse("cli.bad-format", "Value", format)
		}
		return a.withStore(c.Context(), func(ctx context.Context, conf config, s *store.Store) error {
			f, err := s.Figures(ctx, a.now(), conf.zone, weeks)
			if err != nil {
				return err
			}
			return a.printFigures(f, conf.zone, format)
		})
	})
	c.Args = a.args(0, 0)
	c.Flags().IntVar(&weeks, "weeks", defaultWeeks, a.words.T("flag.stats-weeks"))
	c.Flags().StringVar(&format, "format", formatText, a.words.T("flag.stats-format"))
	return c
}

func (a *app) printFigures(f stats.Figures, zone *time.Location, format string) error {
	switch format {
	case formatJSON:
		return a.printJSON(figuresToJSON(f))
	case formatSVG:
		return stats.WriteChart(a.stdout, f.Weeks, stats.ChartWords(a.words, f.Weeks))
	}
	for _, is := range f.Issues {
		a.printIssueFigures(is, zone)
	}
	if len(f.Issues) == 0 {
		a.say("issues.none")
	}
	fmt.Fprintln(a.stdout)
	return a.printWeeks(f.Weeks)
}

func (a *app) printIssueFigures(is stats.Issue, zone *time.Location) {
	a.say("issues.line", "Number", is.Number, "Slot", a.words.Date("moment", is.Slot.In(zone)), "State",
		a.words.T("stats.unsubscribed", "Count", is.Unsubscribed), "States", a.tallyWords(is.States))
	for _, class := range slices.Sorted(maps.Keys(is.Refused)) {
		a.say("stats.refused", "Class", a.words.T("class."+string(class)), "Count", is.Refused[class])
	}
}

func (a *app) printWeeks(weeks []stats.Week) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for i, id := range []string{"stats.week", "stats.requested", "stats.confirmed", "stats.imported", "stats.departed"} {
		if i > 0 {
			fmt.Fprint(w, "\t")
		}
		fmt.Fprint(w, a.words.T(id))
	}
	fmt.Fprintln(w)
	for _, week := range weeks {
		fmt.Fprintln(w, strings.Join([]string{
			a.words.Date("short", week.Begin), a.words.Number(week.Requested), a.words.Number(week.Confirmed),
			a.words.Number(week.Imported), a.words.Number(week.Departed),
		}, "\t"))
	}
	return w.Flush()
}

// figuresJSON is what stats --format json prints.
type figuresJSON struct {
	Issues []issueFiguresJSON `json:"issues"`
	Weeks  []weekJSON         `json:"weeks"`
}

type issueFiguresJSON struct {
	Number       int                   `json:"number"`
	Slot         time.Time             `json:"slot"`
	Deliveries   map[deliver.State]int `json:"deliveries"` // by state, all of them
	Refused      map[deliver.Class]int `json:"refused"`    // by class
	Unsubscribed int                   `json:"unsubscribed"`
}

type weekJSON struct {
	Begin     string `json:"begin"` // Monday
	Requested int    `json:"requested"`
	Confirmed int    `json:"confirmed"`
	Imported  int    `json:"imported"`
	Departed  int    `json:"departed"`
}

func figuresToJSON(f stats.Figures) figuresJSON {
	j := figuresJSON{Issues: []issueFiguresJSON{}, Weeks: []weekJSON{}}
	for _, is := range f.Issues {
		all := map[deliver.State]int{}
		for _, state := range deliver.States {
			all[state] = is.States[state]
		}
		j.Issues = append(j.Issues, issueFiguresJSON{is.Number, is.Slot, all, is.Refused, is.Unsubscribed})
	}
	for _, w := range f.Weeks {
		j.Weeks = append(j.Weeks, weekJSON{w.Begin.Format(time.DateOnly), w.Requested, w.Confirmed, w.Imported, w.Departed})
	}
	return j
}
