package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Why a correction is not sent.
var (
	ErrUncorrected = errors.New("the issue has no correction to send")
	ErrResent      = errors.New("the correction was ordered to be sent before")
	ErrOpen        = errors.New("the issue is not closed")
)

// Correction is the last correction of an issue, as it may be sent.
type Correction struct {
	Revision  int
	Documents []render.Document
	Readers   map[string]int // by locale, those it concerns
}

// Correction returns what Resend would send of an issue at now, or why it
// would refuse: ErrUncorrected, ErrResent, ErrOpen.
func (s *Store) Correction(ctx context.Context, number int, now time.Time) (Correction, error) {
	c := Correction{Readers: map[string]int{}}
	var err error
	if c.Revision, err = resendable(ctx, s.db, number); err != nil {
		return c, err
	}
	rows, err := s.db.QueryContext(ctx, `
		SELECT locale, subject, preheader, html, web, text, mark FROM revisions
		WHERE issue = $1 AND revision = $2 ORDER BY locale`, number, c.Revision)
	if c.Documents, err = collect(rows, err, scanDocument); err != nil {
		return c, fmt.Errorf("read the correction of issue %d: %w", number, err)
	}
	rows, err = s.db.QueryContext(ctx, `SELECT d.locale, COUNT(*) `+concerned+` GROUP BY d.locale`, number, c.Revision, millis(now))
	err = each(rows, err, func(rows *sql.Rows) error {
		var locale string
		n := 0
		err := rows.Scan(&locale, &n)
		c.Readers[locale] = n
		return err
	})
	if err != nil {
		return c, fmt.Errorf("count the readers of the correction of issue %d: %w", number, err)
	}
	return c, nil
}

// concerned finds those who got issue $1, or may have, who are readers at $3,
// and in whose language revision $2 is.
const concerned = `
	FROM deliveries d
	JOIN subscribers s ON s.id = d.subscriber AND s.status = 'active' AND s.paused_until <= $3
	JOIN revisions v ON v.issue = d.issue AND v.locale = d.locale AND v.revision = $2
	WHERE d.issue = $1 AND d.state IN ('accepted', 'uncertain')`

// resendable is the revision of an issue that may be sent.
func resendable(ctx context.Context, q querier, number int) (revision int, err error) {
	type standing struct {
		state                  deliver.IssueState
		revision, open, resent int
	}
	rows, err := q.QueryContext(ctx, `
		SELECT i.state, v.revision,
		       (SELECT COUNT(*) FROM issues r WHERE r.corrects = i.number AND r.state <> 'sent'),
		       (SELECT COUNT(*) FROM issues r WHERE r.corrects = i.number AND r.revision = v.revision)
		FROM issues i
		CROSS JOIN (SELECT COALESCE(MAX(revision), 0) AS revision FROM revisions WHERE issue = $1 AND html <> '') v
		WHERE i.number = $1 AND i.corrects = 0`, number)
	found, err := collect(rows, err, func(rows *sql.Rows) (is standing, err error) {
		return is, rows.Scan(&is.state, &is.revision, &is.open, &is.resent)
	})
	switch {
	case err != nil:
	case len(found) == 0:
		err = ErrNotFound
	case found[0].state != deliver.IssueSent:
		err = ErrOpen
	case found[0].revision == 0:
		err = ErrUncorrected
	case found[0].resent > 0:
		err = ErrResent
	case found[0].open > 0:
		err = ErrOpen
	}
	if err != nil {
		return 0, fmt.Errorf("send the correction of issue %d: %w", number, err)
	}
	return found[0].revision, nil
}

// Resend writes the sending of a correction, with its documents and those it
// concerns, in one transaction, and returns it with the number that the ledger
// knows it by. A correction is sent once.
func (s *Store) Resend(ctx context.Context, r deliver.Issue, documents []render.Document) (deliver.Issue, error) {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		revision, err := resendable(ctx, tx, r.Corrects)
		if err != nil {
			return err
		}
		if revision != r.Revision {
			return fmt.Errorf("issue %d was corrected once more meanwhile", r.Corrects)
		}
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MIN(number), 0) - 1 FROM issues WHERE number < 0`).Scan(&r.Number); err != nil {
			return err
		}
		if err := freezeRow(ctx, tx, r); err != nil {
			return err
		}
		if err := freezeDocuments(ctx, tx, r.Number, documents); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO deliveries (issue, subscriber, locale, state, class, attempts, next_at,
			                        code, enhanced, reply, doubts, doubted_at, doubt, updated_at)
			SELECT $4, d.subscriber, d.locale, 'pending', '', 0, 0, 0, '', '', 0, 0, '', $3 `+concerned+` ORDER BY d.subscriber`,
			r.Corrects, r.Revision, millis(r.Ordered), r.Number); err != nil {
			return fmt.Errorf("list whom the correction of issue %d concerns: %w", r.Corrects, err)
		}
		if err := s.shareOut(ctx, tx, r); err != nil {
			return err
		}
		return step(ctx, tx)
	})
	if err != nil {
		return deliver.Issue{}, err
	}
	return r, s.frozen(ctx, s.db)
}

// Resends lists the sendings of an issue's corrections, the oldest first.
func (s *Store) Resends(ctx context.Context, number int) ([]deliver.Issue, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+recordColumns+` FROM issues i WHERE corrects = $1 ORDER BY revision`, number)
	return collect(rows, err, scanRecord)
}
