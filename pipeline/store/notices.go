package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Tell records that the team is told something, and queues the mails that tell
// it. What was told under the same key is not told again.
func (s *Store) Tell(ctx context.Context, now time.Time, key, kind, content string, mails ...audience.Mail) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		added, err := changes(tx.ExecContext(ctx, `
			INSERT INTO notices (key, kind, at, content) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING`,
			key, kind, millis(now), content))
		if err != nil || added == 0 {
			return err
		}
		for _, m := range mails {
			if err := queue(ctx, tx, now, m); err != nil {
				return fmt.Errorf("tell the team of %s: %w", key, err)
			}
		}
		return nil
	})
}

// Over ends a state of things: when it comes again, it is told again.
func (s *Store) Over(ctx context.Context, key string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM notices WHERE key = $1`, key)
	return err
}
