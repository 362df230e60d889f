package store

import "context"

// Forget loses one delivery of an issue, as no method does.
func (s *Store) Forget(ctx context.Context, number int) error {
	_, err := s.db.ExecContext(ctx, `
		DELETE FROM deliveries WHERE issue = $1 AND subscriber = (SELECT MIN(subscriber) FROM deliveries WHERE issue = $1)`, number)
	return err
}
