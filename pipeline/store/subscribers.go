package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Subscribers lists all, by address.
func (s *Store) Subscribers(ctx context.Context) ([]audience.Subscriber, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT id, address, name, lang, status FROM subscribers ORDER BY address_key`)
	return collect(rows, err, scanSubscriber)
}

// ActiveByLanguage counts the subscribers an issue made at now would go to.
func (s *Store) ActiveByLanguage(ctx context.Context, now time.Time) (map[string]int, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT lang, COUNT(*) FROM subscribers WHERE status = 'active' AND paused_until <= $1 GROUP BY lang`, millis(now))
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
