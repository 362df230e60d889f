package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
)

// Held is everything the database holds on one person.
type Held struct {
	audience.Life
	Known      bool           // false: the row is gone, the rest stays under its id
	Forgotten  audience.Event // why it is gone
	Records    []audience.Record
	Deliveries []Sent
}

// Sent is one issue's delivery to one person.
type Sent struct {
	Issue    int
	Revision int // of the issue, when a correction was sent; else 0
	Locale   string
	State    deliver.State
	Reply    deliver.Reply
	At       time.Time // of the state
}

// Held looks a person up by their address; whoever was erased is found again
// by whoever presents the address. ErrNotFound: nothing is held.
func (s *Store) Held(ctx context.Context, a audience.Address) (Held, error) {
	var h Held
	r, found, err := readerByAddress(ctx, s.db, a)
	if err != nil {
		return h, fmt.Errorf("look up %s: %w", a.Masked(), err)
	}
	h.Life, h.Known = r.Life, found
	if !found {
		f, err := s.forgotten(ctx, s.db, a)
		if err == nil && f.subscriber == "" {
			err = ErrNotFound
		}
		if err != nil {
			return h, fmt.Errorf("look up %s: %w", a.Masked(), err)
		}
		h.ID, _ = audience.ParseID(f.subscriber)
		h.Address, h.Forgotten = a, f.reason
	}
	if h.Records, err = s.Records(ctx, h.ID); err != nil {
		return h, err
	}
	h.Deliveries, err = s.sentTo(ctx, h.ID)
	return h, err
}

func (s *Store) sentTo(ctx context.Context, id audience.ID) ([]Sent, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT CASE WHEN i.corrects > 0 THEN i.corrects ELSE i.number END, i.revision,
		       d.locale, d.state, d.code, d.enhanced, d.reply, d.updated_at
		FROM issues i JOIN deliveries d ON d.issue = i.number
		WHERE d.subscriber = $1 ORDER BY 1, 2`, id.String())
	return collect(rows, err, func(rows *sql.Rows) (d Sent, err error) {
		var at int64
		err = rows.Scan(&d.Issue, &d.Revision, &d.Locale, &d.State, &d.Reply.Code, &d.Reply.Enhanced, &d.Reply.Text, &at)
		d.At = moment(at)
		return d, err
	})
}

// Lives calls do for every subscriber, by address.
func (s *Store) Lives(ctx context.Context, do func(audience.Life) error) error {
	rows, err := s.db.QueryContext(ctx, `SELECT `+readerColumns+` FROM subscribers ORDER BY address_key`)
	if err != nil {
		return fmt.Errorf("read subscribers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanReader(rows)
		if err != nil {
			return fmt.Errorf("read subscribers: %w", err)
		}
		if err := do(r.Life); err != nil {
			return err
		}
	}
	return rows.Err()
}
