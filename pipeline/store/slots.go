package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
)

// Standing says which database this is, and how far it has come. Before Begin
// it is without an identity.
func (s *Store) Standing(ctx context.Context) (deliver.Standing, error) {
	var is deliver.Standing
	var decided int64
	err := s.db.QueryRowContext(ctx, `
		SELECT instance, counter, departed, decided, (SELECT COUNT(*) FROM issues) FROM standing`).
		Scan(&is.Instance, &is.Counter, &is.Departed, &decided, &is.Issues)
	if errors.Is(err, sql.ErrNoRows) {
		return is, nil
	}
	is.Decided = moment(decided)
	return is, err
}

// Begin gives the database an identity, unless it has one.
func (s *Store) Begin(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO standing (one, instance, counter, decided, begun) VALUES (1, $1, 0, 0, 0)
		ON CONFLICT (one) DO NOTHING`, audience.NewID().String())
	return err
}

// Adopt gives the database another identity, and a counter above the one given.
func (s *Store) Adopt(ctx context.Context, above int64) error {
	_, err := s.db.ExecContext(ctx, `
		UPDATE standing SET instance = $1, counter = 1 + CASE WHEN counter > $2 THEN counter ELSE CAST($2 AS BIGINT) END`,
		audience.NewID().String(), above)
	return err
}

// step counts an event that a backup from before it does not know of.
func step(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE standing SET counter = counter + 1`)
	return err
}

// depart counts that somebody left, once something was made: a backup from before
// would write to them again.
func depart(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE standing SET departed = departed + 1 WHERE counter > 0`)
	return err
}

// markMade records the slot of a frozen issue, whatever was decided of it.
func markMade(ctx context.Context, tx *sql.Tx, r deliver.Issue) error {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO slots (slot, outcome, at, number, reason) VALUES ($1, $2, $3, $4, '')
		ON CONFLICT (slot) DO UPDATE SET outcome = excluded.outcome, at = excluded.at, number = excluded.number, reason = ''`,
		millis(r.Slot), string(issue.Made), millis(r.Ordered), r.Number); err != nil {
		return err
	}
	return step(ctx, tx)
}

// Open records where the window of the first issue begins, once. It stays
// there while slots pass without an issue, so that no entry is lost.
func (s *Store) Open(ctx context.Context, from time.Time) error {
	_, err := s.db.ExecContext(ctx, `UPDATE standing SET begun = $1 WHERE begun = 0`, millis(from))
	return err
}

// DecideSlots records what became of slots, each only if it has no decision yet,
// and that all up to until are decided.
func (s *Store) DecideSlots(ctx context.Context, decisions []issue.Decision, until time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		for _, d := range decisions {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO slots (slot, outcome, at, number, reason) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (slot) DO NOTHING`,
				millis(d.Slot), string(d.Outcome), millis(d.At), d.Number, d.Reason); err != nil {
				return fmt.Errorf("decide the slot %s: %w", d.Slot.Format(time.RFC3339), err)
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE standing SET decided = $1 WHERE decided < $1`, millis(until))
		return err
	})
}

// Decisions lists the last n decisions, the newest slot first.
func (s *Store) Decisions(ctx context.Context, n int) ([]issue.Decision, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT slot, outcome, at, number, reason FROM slots ORDER BY slot DESC LIMIT $1`, n)
	return collect(rows, err, func(rows *sql.Rows) (d issue.Decision, err error) {
		var slot, at int64
		err = rows.Scan(&slot, &d.Outcome, &at, &d.Number, &d.Reason)
		d.Slot, d.At = moment(slot), moment(at)
		return d, err
	})
}

// QuietInARow counts the quiet slots since the last issue.
func (s *Store) QuietInARow(ctx context.Context) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM slots
		WHERE outcome = $1 AND slot > COALESCE((SELECT MAX(slot) FROM issues), 0)`, string(issue.Quiet)).Scan(&n)
	return n, err
}

// Release lets the waiting issues go whose time has come. They are ordered
// now: the Date of their mails, and the beginning of their deadline.
func (s *Store) Release(ctx context.Context, now time.Time, deadline time.Duration) (numbers []int, err error) {
	rows, err := s.db.QueryContext(ctx, `
		UPDATE issues SET state = 'sending', ordered_at = $1, deadline_at = $2
		WHERE state = 'waiting' AND release_at > 0 AND release_at <= $3 RETURNING number`,
		millis(now.Truncate(time.Second)), millis(now.Add(deadline)), millis(now))
	return collect(rows, err, func(rows *sql.Rows) (n int, err error) { return n, rows.Scan(&n) })
}

// Errors of the gate.
var (
	ErrNotWaiting = errors.New("the issue neither waits nor is held")
	ErrUnderway   = errors.New("mails of the issue may have left already")
)

// Approve lets an issue go that waits or was stopped. If nothing of it has
// left it is ordered now; else its mails keep their Date.
func (s *Store) Approve(ctx context.Context, number int, now time.Time, deadline time.Duration) error {
	changed, err := changes(s.db.ExecContext(ctx, `
		UPDATE issues SET state = 'sending', reason = '', release_at = 0, deadline_at = $1,
		    retried_at = CASE state WHEN 'held' THEN $4 ELSE retried_at END,
		    ordered_at = CASE WHEN EXISTS (`+underway+`) THEN ordered_at ELSE $3 END
		WHERE number = $2 AND state IN ('waiting', 'held')`,
		millis(now.Add(deadline)), number, millis(now.Truncate(time.Second)), millis(now)))
	return one(changed, err, fmt.Errorf("issue %d: %w", number, ErrNotWaiting))
}

// underway finds a delivery of issue $2 that was begun.
const underway = `SELECT 1 FROM deliveries WHERE issue = $2 AND (state NOT IN ('pending', 'suppressed') OR attempts > 0)`

// Stop keeps an issue from going, or from going on.
func (s *Store) Stop(ctx context.Context, number int, reason string) error {
	changed, err := changes(s.db.ExecContext(ctx, `
		UPDATE issues SET state = 'held', reason = $1, release_at = 0
		WHERE number = $2 AND state IN ('waiting', 'sending')`, reason, number))
	return one(changed, err, fmt.Errorf("issue %d: %w", number, ErrNotWaiting))
}

// Discard unmakes an issue of which nothing has left: its slot is as if it
// had not come, and its entries are free for the next assembly. Only the last
// issue can be unmade, since borders and numbers follow on each other; a
// correction's sending has neither.
func (s *Store) Discard(ctx context.Context, number int) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		var begun, later int
		var slot int64
		if err := tx.QueryRowContext(ctx, `
			SELECT (SELECT COUNT(*) FROM deliveries WHERE issue = $1 AND (state NOT IN ('pending', 'suppressed') OR attempts > 0)),
			       (SELECT COUNT(*) FROM issues WHERE number > $1 AND $1 > 0 OR number = $1 AND state NOT IN ('waiting', 'held')),
			       COALESCE((SELECT slot FROM issues WHERE number = $1), 0)`, number).Scan(&begun, &later, &slot); err != nil {
			return err
		}
		switch {
		case slot == 0:
			return fmt.Errorf("issue %d: %w", number, ErrNotFound)
		case begun > 0:
			return fmt.Errorf("issue %d: %w", number, ErrUnderway)
		case later > 0:
			return fmt.Errorf("issue %d: %w", number, ErrNotWaiting)
		}
		for _, statement := range []string{
			`DELETE FROM ranges WHERE issue = $1`,
			`DELETE FROM deliveries WHERE issue = $1`,
			`DELETE FROM documents WHERE issue = $1`,
			`DELETE FROM issue_entries WHERE issue = $1`,
			`UPDATE errata SET shown_in = 0 WHERE shown_in = $1`,
			`DELETE FROM slots WHERE number = $1`,
			`DELETE FROM issues WHERE number = $1`,
		} {
			if _, err := tx.ExecContext(ctx, statement, number); err != nil {
				return fmt.Errorf("discard issue %d: %w", number, err)
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE standing SET decided = $1 WHERE decided >= $2 AND $2 > 0`, slot-1, slot); err != nil {
			return err
		}
		return step(ctx, tx)
	})
}

// one turns "no row changed" into the reason for it.
func one(changed int, err, none error) error {
	if err == nil && changed == 0 {
		return none
	}
	return err
}
