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
			if err := s.addSubscriber(ctx, tx, now, sub, &added); err != nil {
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

func (s *Store) addSubscriber(ctx context.Context, tx *sql.Tx, now time.Time, sub audience.Subscriber, added *Added) error {
	known, found, err := readerByAddress(ctx, tx, sub.Address)
	if err != nil {
		return err
	}
	forgotten, err := s.forgotten(ctx, tx, sub.Address)
	switch {
	case err != nil:
		return err
	case forgotten.subscriber != "", found && known.Status != audience.Active:
		added.Refused = append(added.Refused, sub.Address)
		return nil
	case found:
		added.Updated++
		_, err = tx.ExecContext(ctx, `
			UPDATE subscribers SET name = $1, lang = $2, seen_at = $3 WHERE id = $4`,
			sub.Name, sub.Lang, millis(now), known.ID.String())
		return err
	}
	added.New++
	if _, err = tx.ExecContext(ctx, `
		INSERT INTO subscribers (id, address, address_key, name, lang, status, created_at, confirmed_at, seen_at)
		VALUES ($1, $2, $3, $4, $5, 'active', $6, $6, $6)`,
		sub.ID.String(), sub.Address.String(), sub.Address.Key(), sub.Name, sub.Lang, millis(now)); err != nil {
		return err
	}
	return record(ctx, tx, now, sub.ID, audience.Imported, audience.Consent{Origin: audience.Command})
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
