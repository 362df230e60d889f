package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Added says what became of the subscribers given to AddSubscribers.
type Added struct {
	New, Updated int
	Refused      []audience.Address // suppressed, or unsubscribed by their own hand
}

// AddSubscribers writes all in one transaction. A known active address gets
// the new name and language; a suppressed or unsubscribed one is refused.
func (s *Store) AddSubscribers(ctx context.Context, now time.Time, subscribers []audience.Subscriber) (Added, error) {
	var added Added
	err := s.tx(ctx, func(tx *sql.Tx) error {
		for _, sub := range subscribers {
			if err := addSubscriber(ctx, tx, now, sub, &added); err != nil {
				return fmt.Errorf("add subscriber %s: %w", sub.Address.Masked(), err)
			}
		}
		return nil
	})
	if err != nil {
		return Added{}, err
	}
	return added, nil
}

func addSubscriber(ctx context.Context, tx *sql.Tx, now time.Time, sub audience.Subscriber, added *Added) error {
	var known, suppressed int
	var status string
	err := tx.QueryRowContext(ctx, `
		SELECT (SELECT COUNT(*) FROM suppressions WHERE address_key = $1),
		       (SELECT COUNT(*) FROM subscribers WHERE address_key = $1),
		       COALESCE((SELECT status FROM subscribers WHERE address_key = $1), '')`,
		sub.Address.Key()).Scan(&suppressed, &known, &status)
	switch {
	case err != nil:
		return err
	case suppressed > 0, known > 0 && status != string(audience.Active):
		added.Refused = append(added.Refused, sub.Address)
		return nil
	case known > 0:
		added.Updated++
		_, err = tx.ExecContext(ctx, `
			UPDATE subscribers SET name = $1, lang = $2 WHERE address_key = $3`,
			sub.Name, sub.Lang, sub.Address.Key())
		return err
	}
	added.New++
	_, err = tx.ExecContext(ctx, `
		INSERT INTO subscribers (id, address, address_key, name, lang, status, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		sub.ID.String(), sub.Address.String(), sub.Address.Key(), sub.Name, sub.Lang, string(audience.Active), millis(now))
	return err
}

// Subscribers lists all, by address.
func (s *Store) Subscribers(ctx context.Context) ([]audience.Subscriber, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT id, address, name, lang, status FROM subscribers ORDER BY address_key`)
	return collect(rows, err, scanSubscriber)
}

// ActiveByLanguage counts the subscribers an issue would go to.
func (s *Store) ActiveByLanguage(ctx context.Context) (map[string]int, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT lang, COUNT(*) FROM subscribers WHERE status = 'active' GROUP BY lang`)
	type row struct {
		lang string
		n    int
	}
	counts, err := collect(rows, err, func(rows *sql.Rows) (r row, err error) {
		return r, rows.Scan(&r.lang, &r.n)
	})
	byLanguage := map[string]int{}
	for _, r := range counts {
		byLanguage[r.lang] = r.n
	}
	return byLanguage, err
}

func scanSubscriber(rows *sql.Rows) (sub audience.Subscriber, err error) {
	var id, address string
	if err := rows.Scan(&id, &address, &sub.Name, &sub.Lang, &sub.Status); err != nil {
		return sub, err
	}
	return identify(sub, id, address)
}

// identify turns stored text back into validated types.
func identify(sub audience.Subscriber, id, address string) (audience.Subscriber, error) {
	var ok bool
	if sub.ID, ok = audience.ParseID(id); !ok {
		return sub, fmt.Errorf("subscriber id %q in the database is damaged", id)
	}
	var err error
	if sub.Address, err = audience.ParseAddress(address); err != nil {
		return sub, fmt.Errorf("address of subscriber %s in the database: %w", id, err)
	}
	return sub, nil
}
