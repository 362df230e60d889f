package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/stats"
)

// Figures are the numbers of the last slots, issues and weeks, n of each. now
// is in the last week.
func (s *Store) Figures(ctx context.Context, now time.Time, zone *time.Location, n int) (f stats.Figures, err error) {
	counts, err := s.events(ctx, stats.Since(now, zone, n))
	if err != nil {
		return f, fmt.Errorf("count events: %w", err)
	}
	f.Weeks = stats.Weeks(counts, now, zone, n)
	issues, err := s.Issues(ctx)
	if err != nil {
		return f, fmt.Errorf("read the issues: %w", err)
	}
	decisions, err := s.Decisions(ctx, n)
	if err != nil {
		return f, fmt.Errorf("read the slots: %w", err)
	}
	f.Slots = slotFigures(decisions, issues)
	if f.Issues, err = s.issueFigures(ctx, issues[:min(n, len(issues))]); err != nil {
		return f, fmt.Errorf("count deliveries: %w", err)
	}
	return f, nil
}

// events counts what the register holds since then. Its ids begin with their
// time, so this is one range of the table.
func (s *Store) events(ctx context.Context, since time.Time) ([]stats.Count, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT event, at / $1, COUNT(*) FROM consents WHERE id >= $2 GROUP BY 1, 2`, stats.Quarter.Milliseconds(), recordTime(since))
	return collect(rows, err, func(rows *sql.Rows) (c stats.Count, err error) {
		var quarter int64
		err = rows.Scan(&c.Event, &quarter, &c.N)
		c.At = time.UnixMilli(quarter * stats.Quarter.Milliseconds()).UTC()
		return c, err
	})
}

// slotFigures puts what became of their issues to the decisions.
func slotFigures(decisions []issue.Decision, issues []deliver.Issue) []stats.Slot {
	byNumber := map[int]deliver.Issue{}
	for _, is := range issues {
		byNumber[is.Number] = is
	}
	slots := make([]stats.Slot, 0, len(decisions))
	for _, d := range decisions {
		is := byNumber[d.Number] // the zero value for a slot without issue, and for one that was discarded
		slots = append(slots, stats.Slot{Decision: d, State: is.State, Held: is.Reason, Release: is.Release})
	}
	return slots
}

func (s *Store) issueFigures(ctx context.Context, issues []deliver.Issue) ([]stats.Issue, error) {
	figures := []stats.Issue{}
	next := int64(math.MaxInt64)
	for _, is := range issues {
		f, err := s.issueFigure(ctx, is, next)
		if err != nil {
			return nil, err
		}
		figures = append(figures, f)
		next = millis(is.Ordered)
	}
	return figures, nil
}

// issueFigure counts one issue; its readers' departures are those before the
// next issue.
func (s *Store) issueFigure(ctx context.Context, is deliver.Issue, next int64) (stats.Issue, error) {
	f := stats.Issue{Number: is.Number, Slot: is.Slot, States: map[deliver.State]int{}, Refused: map[deliver.Class]int{}}
	rows, err := s.db.QueryContext(ctx, `
		SELECT state, CASE WHEN state = 'refused' THEN class ELSE '' END, COUNT(*)
		FROM deliveries WHERE issue = $1 GROUP BY 1, 2`, is.Number)
	_, err = collect(rows, err, func(rows *sql.Rows) (none struct{}, err error) {
		var state deliver.State
		var class deliver.Class
		var n int
		err = rows.Scan(&state, &class, &n)
		f.States[state] += n
		if state == deliver.Refused {
			f.Refused[class] += n
		}
		return none, err
	})
	if err != nil {
		return f, err
	}
	return f, s.db.QueryRowContext(ctx, `
		SELECT COUNT(DISTINCT c.subscriber) FROM consents c
		WHERE c.event = 'withdrawn' AND c.id >= $1 AND c.at < $2
		  AND EXISTS (SELECT 1 FROM deliveries d WHERE d.issue = $3 AND d.subscriber = c.subscriber)`,
		recordTime(is.Ordered), next, is.Number).Scan(&f.Unsubscribed)
}
