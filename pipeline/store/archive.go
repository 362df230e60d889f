package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/infolettre/infolettre/pipeline/render"
)

// isPublished is true of an issue that readers have or will have in minutes;
// one that a person still has to release is nobody's to see.
const isPublished = `i.corrects = 0 AND (i.state IN ('sending', 'sent') OR EXISTS (
	SELECT 1 FROM deliveries d WHERE d.issue = i.number AND d.state = 'accepted'))`

// Published lists up to n of the issues that readers have in one locale, the
// newest first, without their texts; before, when not 0, leaves out that
// number and those above it.
func (s *Store) Published(ctx context.Context, locale string, before, n int) ([]render.Published, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT i.number, i.ordered_at, d.locale, d.subject, d.preheader,
		  COALESCE((SELECT MAX(r.at) FROM revisions r WHERE r.issue = d.issue AND r.locale = d.locale), i.ordered_at)
		FROM issues i JOIN documents d ON d.issue = i.number
		WHERE d.locale = $1 AND ($2 = 0 OR i.number < $2) AND `+isPublished+`
		ORDER BY i.number DESC LIMIT $3`, locale, before, n)
	list, err := collect(rows, err, func(rows *sql.Rows) (p render.Published, err error) {
		var ordered, updated int64
		err = rows.Scan(&p.Number, &ordered, &p.Locale, &p.Subject, &p.Preheader, &updated)
		p.Date, p.Updated = moment(ordered), moment(updated)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the archive in %s: %w", locale, err)
	}
	return list, nil
}

// PublishedDocument returns the page of one issue, as last corrected, that
// readers have; ok is false when there is none in that locale.
func (s *Store) PublishedDocument(ctx context.Context, number int, locale string) (p render.Published, ok bool, err error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT i.number, i.ordered_at, d.locale, d.subject, d.preheader, COALESCE(v.web, d.web), COALESCE(v.mark, d.mark),
		  COALESCE(v.at, i.ordered_at)
		FROM issues i JOIN documents d ON d.issue = i.number
		LEFT JOIN revisions v ON v.issue = d.issue AND v.locale = d.locale
		  AND v.revision = (SELECT MAX(r.revision) FROM revisions r WHERE r.issue = d.issue AND r.locale = d.locale)
		WHERE i.number = $1 AND d.locale = $2 AND `+isPublished, number, locale)
	found, err := collect(rows, err, func(rows *sql.Rows) (p render.Published, err error) {
		var ordered, updated int64
		err = rows.Scan(&p.Number, &ordered, &p.Locale, &p.Subject, &p.Preheader, &p.Web, &p.Key, &updated)
		p.Date, p.Updated = moment(ordered), moment(updated)
		return p, err
	})
	if err != nil {
		return p, false, fmt.Errorf("read issue %d in %s: %w", number, locale, err)
	}
	if len(found) == 0 {
		return p, false, nil
	}
	return found[0], true, nil
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }
