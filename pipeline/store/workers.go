package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
)

// Enrol begins a worker's lease. alone says that no other process can be
// working: what earlier ones held is free at once.
func (s *Store) Enrol(ctx context.Context, worker, name string, alone bool, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if alone {
			if _, err := tx.ExecContext(ctx, `UPDATE ranges SET worker = '', turn = turn + 1 WHERE worker <> ''`); err != nil {
				return fmt.Errorf("take over from earlier workers: %w", err)
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM workers`); err != nil {
				return fmt.Errorf("take over from earlier workers: %w", err)
			}
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO workers (id, name, started_at, renewed) VALUES ($1, $2, $3, 0)`, worker, name, millis(now))
		return err
	})
}

// RenewLease renews a worker's lease and lists all leases. A worker that was given
// up meanwhile gets ErrLost.
func (s *Store) RenewLease(ctx context.Context, worker string) ([]deliver.Lease, error) {
	changed, err := changes(s.db.ExecContext(ctx, `UPDATE workers SET renewed = renewed + 1 WHERE id = $1`, worker))
	if err != nil {
		return nil, fmt.Errorf("renew the lease: %w", err)
	}
	if changed == 0 {
		return nil, deliver.ErrLost
	}
	return s.Leases(ctx)
}

// Leases lists the workers.
func (s *Store) Leases(ctx context.Context) ([]deliver.Lease, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, renewed FROM workers ORDER BY started_at, id`)
	return collect(rows, err, func(rows *sql.Rows) (l deliver.Lease, err error) {
		return l, rows.Scan(&l.Worker, &l.Name, &l.Renewed)
	})
}

// Dismiss ends a worker's lease, its own or, when it is lost, another's, as
// long as it has not been renewed since it was seen. The worker's ranges are
// free again.
func (s *Store) Dismiss(ctx context.Context, lease deliver.Lease) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		changed, err := changes(tx.ExecContext(ctx, `
			DELETE FROM workers WHERE id = $1 AND renewed = $2`, lease.Worker, lease.Renewed))
		if err != nil || changed == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE ranges SET worker = '', turn = turn + 1 WHERE worker = $1`, lease.Worker)
		return err
	})
}
