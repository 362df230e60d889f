package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

const erratumColumns = `SELECT e.id, e.issue, i.slot, e.at, e.reason, e.text FROM errata e JOIN issues i ON i.number = e.issue `

func scanErratum(rows *sql.Rows) (e issue.Erratum, err error) {
	var slot, at int64
	err = rows.Scan(&e.ID, &e.Number, &slot, &at, &e.Reason, &e.Text)
	e.Slot, e.At = moment(slot), moment(at)
	return e, err
}

// Errata lists what was wrong in an issue, the oldest first.
func (s *Store) Errata(ctx context.Context, number int) ([]issue.Erratum, error) {
	rows, err := s.db.QueryContext(ctx, erratumColumns+`WHERE e.issue = $1 ORDER BY e.at, e.id`, number)
	return collect(rows, err, scanErratum)
}

// untold lists what no issue has told yet.
func (s *Store) untold(ctx context.Context) ([]issue.Erratum, error) {
	rows, err := s.db.QueryContext(ctx, erratumColumns+`WHERE e.shown_in = 0 ORDER BY e.issue, e.at, e.id`)
	return collect(rows, err, scanErratum)
}

// Correct records an erratum, which the next issue tells, and the pages that
// the issue has from now on. The mail that was sent stays; how it would read
// now is kept for Resend.
func (s *Store) Correct(ctx context.Context, e issue.Erratum, documents []render.Document) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO errata (id, issue, at, reason, text, shown_in) VALUES ($1, $2, $3, $4, $5, 0)`,
			e.ID, e.Number, millis(e.At), e.Reason, e.Text); err != nil {
			return fmt.Errorf("record the erratum of issue %d: %w", e.Number, err)
		}
		for _, d := range documents {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO revisions (issue, locale, revision, at, web, mark, subject, preheader, html, text)
				SELECT $1, $2, COUNT(*), $3, $4, $5, $6, $7, $8, $9 FROM errata WHERE issue = $1`,
				e.Number, d.Locale, millis(e.At), d.Web, d.Key, d.Subject, d.Preheader, d.HTML, d.Text); err != nil {
				return fmt.Errorf("revise the page of issue %d in %s: %w", e.Number, d.Locale, err)
			}
		}
		return nil
	})
}

// tell records that an issue tells these errata.
func tell(ctx context.Context, tx *sql.Tx, number int, ids []string) error {
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, `UPDATE errata SET shown_in = $1 WHERE id = $2 AND shown_in = 0`, number, id); err != nil {
			return err
		}
	}
	return nil
}
