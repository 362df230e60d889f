package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// PurgeRequests forgets the requests that nobody confirmed in 30 days: whoever
// was not known before is no longer, and the others are as they were.
func (s *Store) PurgeRequests(ctx context.Context, now time.Time) (purged int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		purged = 0
		rows, err := tx.QueryContext(ctx, `
			SELECT `+readerColumns+` FROM subscribers WHERE requested_at > 0 AND requested_at < $1`, millis(now.Add(-requestLife)))
		stale, err := collect(rows, err, scanReader)
		if err != nil {
			return err
		}
		for _, r := range stale {
			if err := purgeRequest(ctx, tx, now, r); err != nil {
				return fmt.Errorf("subscriber %s: %w", r.ID, err)
			}
		}
		purged = len(stale)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("purge requests: %w", err)
	}
	return purged, nil
}

func purgeRequest(ctx context.Context, tx *sql.Tx, now time.Time, r reader) error {
	if r.Status == audience.Pending {
		if err := deleteReader(ctx, tx, r); err != nil {
			return err
		}
	} else if _, err := tx.ExecContext(ctx, `UPDATE subscribers SET requested_at = 0 WHERE id = $1`, r.ID.String()); err != nil {
		return err
	}
	return record(ctx, tx, now, r.ID, audience.Purged, audience.Consent{Origin: audience.Clock})
}

// deleteReader removes all that says who a subscriber is: their row, the mails
// that wait for them, and what servers answered about their address. Their
// deliveries and their consents stay, under an id that names nobody.
func deleteReader(ctx context.Context, tx *sql.Tx, r reader) error {
	for _, statement := range []string{
		`DELETE FROM outbox WHERE subscriber = $1`,
		`UPDATE deliveries SET reply = '', doubt = ''
		 WHERE issue IN (SELECT number FROM issues) AND subscriber = $1 AND (reply <> '' OR doubt <> '')`,
		`DELETE FROM subscribers WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, r.ID.String()); err != nil {
			return err
		}
	}
	return nil
}
