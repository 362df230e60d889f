package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
)

// span is an interval of subscribers' ids, [low, high).
type span struct{ low, high string }

// whole holds every id: base64url has nothing above the tilde.
var whole = span{"", "~"}

// holding is what a commit stands on: a worker's range or, without a worker, the
// whole issue.
type holding struct {
	issue, part int
	worker      string
}

// judge says why a commit granted nothing.
func (c holding) judge(state deliver.IssueState, intents int) error {
	switch {
	case state == "":
		return fmt.Errorf("issue %d, part %d: %w", c.issue, c.part, deliver.ErrLost)
	case state != deliver.IssueSending && intents > 0:
		return fmt.Errorf("issue %d: %w", c.issue, deliver.ErrHeld)
	}
	return nil
}

// Share is the ledger of one worker for one range.
type Share struct {
	*Store
	hold holding
	in   span
}

// alphabet is base64url's, in the order of its bytes.
const alphabet = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"

// shareOut counts an issue's deliveries, and cuts them into ranges. Ids are
// random, so that ranges of the same width are about the same size.
func (s *Store) shareOut(ctx context.Context, tx *sql.Tx, r deliver.Issue) error {
	if _, err := tx.ExecContext(ctx, `
		UPDATE issues SET audience = (SELECT COUNT(*) FROM deliveries WHERE issue = $1) WHERE number = $1`, r.Number); err != nil {
		return fmt.Errorf("count the audience of issue %d: %w", r.Number, err)
	}
	var ranges []deliver.Range
	width := len(alphabet) / s.parts()
	for part := range s.parts() {
		in := whole
		if part > 0 {
			in.low = alphabet[part*width : part*width+1]
		}
		if part < s.parts()-1 {
			in.high = alphabet[(part+1)*width : (part+1)*width+1]
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO ranges (issue, part, low, high, worker, turn) VALUES ($1, $2, $3, $4, '', 0)`,
			r.Number, part, in.low, in.high); err != nil {
			return fmt.Errorf("share out issue %d: %w", r.Number, err)
		}
		ranges = append(ranges, deliver.Range{Issue: r.Number, Part: part})
	}
	if s.onFrozen == nil || r.State != deliver.IssueSending {
		return nil
	}
	return s.onFrozen(ctx, tx, ranges)
}

// OnFrozen has a function called in the transaction that freezes an issue,
// with the ranges that may be sent at once: what sends them is written in the
// same transaction. It is set before the store is shared.
func (s *Store) OnFrozen(do func(ctx context.Context, tx *sql.Tx, ranges []deliver.Range) error) {
	s.onFrozen = do
}

// OpenRanges lists the ranges that nobody works on and in which a delivery is
// due, in doubt, or past the issue's deadline; and one of an issue that has
// nothing open any more, but was not closed, because its last worker died.
func (s *Store) OpenRanges(ctx context.Context, now time.Time) ([]deliver.Range, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT r.issue, r.part, r.turn
		FROM ranges r JOIN issues i ON i.number = r.issue AND i.state = 'sending'
		WHERE r.worker = '' AND EXISTS (
			SELECT 1 FROM deliveries d
			WHERE d.issue = r.issue AND d.subscriber >= r.low AND d.subscriber < r.high
			  AND (d.state = 'sending'
			       OR d.state = 'pending' AND (d.next_at <= $1 OR i.deadline_at <= $1)
			       OR d.state = 'uncertain' AND i.policy = 'resend' AND d.doubts < $2))
		   OR r.worker = '' AND r.part = 0 AND NOT EXISTS (
			SELECT 1 FROM deliveries d
			WHERE d.issue = r.issue
			  AND (d.state IN ('pending', 'sending') OR d.state = 'uncertain' AND i.policy = 'resend' AND d.doubts < $2))
		ORDER BY r.issue, r.part`, millis(now), deliver.MaxDoubts)
	return collect(rows, err, func(rows *sql.Rows) (r deliver.Range, err error) {
		return r, rows.Scan(&r.Issue, &r.Part, &r.Turn)
	})
}

// Take gives a range to a worker. It is refused with ErrLost when somebody
// works on it, when it has been taken from a lost worker since, or when the
// worker itself was given up.
func (s *Store) Take(ctx context.Context, worker string, r deliver.Range) (*Share, error) {
	share := &Share{Store: s, hold: holding{issue: r.Issue, part: r.Part, worker: worker}}
	err := s.tx(ctx, func(tx *sql.Tx) error {
		changed, err := changes(tx.ExecContext(ctx, `
			UPDATE ranges SET worker = $1
			WHERE issue = $2 AND part = $3 AND turn = $4 AND worker = ''
			  AND EXISTS (SELECT 1 FROM workers WHERE id = $1)`, worker, r.Issue, r.Part, r.Turn))
		if err != nil {
			return err
		}
		if changed == 0 {
			return deliver.ErrLost
		}
		return tx.QueryRowContext(ctx, `SELECT low, high FROM ranges WHERE issue = $1 AND part = $2`, r.Issue, r.Part).
			Scan(&share.in.low, &share.in.high)
	})
	if err != nil {
		return nil, fmt.Errorf("take part %d of issue %d: %w", r.Part, r.Issue, err)
	}
	return share, nil
}

// Due is Store.Due within the range.
func (s *Share) Due(ctx context.Context, number int, now time.Time, after deliver.Cursor, n int) ([]deliver.Delivery, error) {
	return s.due(ctx, number, s.in, now, after, n)
}

// Recover is Store.Recover within the range.
func (s *Share) Recover(ctx context.Context, number int, now time.Time) error {
	return s.recover(ctx, number, s.in, now)
}

// Commit is Store.Commit while the range is the worker's. Afterwards it grants
// nothing, and what the worker still has to say is noted beside the doubt that
// took its place.
func (s *Share) Commit(ctx context.Context, _ int, now time.Time, outcomes []deliver.Outcome, intents []audience.ID) ([]audience.ID, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	granted, err := s.commit(ctx, s.db, s.hold, now, outcomes, intents)
	if errors.Is(err, deliver.ErrLost) {
		return nil, errors.Join(err, s.tx(ctx, func(tx *sql.Tx) error { return s.testify(ctx, tx, outcomes) }))
	}
	return granted, err
}

func (s *Share) testify(ctx context.Context, tx *sql.Tx, outcomes []deliver.Outcome) error {
	for _, o := range outcomes {
		if _, err := tx.ExecContext(ctx, `
			UPDATE deliveries SET doubt = $1 WHERE issue = $2 AND subscriber = $3 AND doubted_at > 0`,
			fmt.Sprintf("said by a worker that was given up: %s, %s", o.State, storable(o.Reply.String())),
			s.hold.issue, o.Subscriber.String()); err != nil {
			return fmt.Errorf("note what became of subscriber %s: %w", o.Subscriber, err)
		}
	}
	return nil
}

// Settle gives the range back. The last of an issue's workers settles the
// issue; any of them may find that too many are refused.
func (s *Share) Settle(ctx context.Context, number int, now time.Time) (settled deliver.Settled, err error) {
	if err := s.Release(ctx); err != nil {
		return deliver.Settled{State: deliver.IssueSending}, err
	}
	err = s.tx(ctx, func(tx *sql.Tx) error {
		settled, err = settle(ctx, tx, number, now, true)
		return err
	})
	return settled, err
}

// Release gives the range back, if it is still the worker's.
func (s *Share) Release(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, `
		UPDATE ranges SET worker = '' WHERE issue = $1 AND part = $2 AND worker = $3`,
		s.hold.issue, s.hold.part, s.hold.worker); err != nil {
		return fmt.Errorf("give part %d of issue %d back: %w", s.hold.part, s.hold.issue, err)
	}
	return nil
}
