package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// refusal is why somebody forgotten is not taken.
func refusal(reason audience.Event) Reason {
	switch reason {
	case audience.Barred:
		return Suppressed
	case audience.Elsewhere:
		return LeftElsewhere
	}
	return Forgotten
}

func (i *importer) refuse(why Reason, row audience.Row) {
	switch why {
	case LeftHere:
		i.added.Unsubscribed++
	case Suppressed:
		i.added.Suppressed++
	case Forgotten:
		i.added.Forgotten++
	case LeftElsewhere:
		i.added.LeftElsewhere++
	}
	if len(i.added.Refused) < refusedShown {
		i.added.Refused = append(i.added.Refused, Refused{row.Address, why})
	}
}

// stays counts somebody who left elsewhere, and is active here.
func (i *importer) stays(a audience.Address) {
	if i.added.Active++; len(i.added.ActiveFirst) < refusedShown {
		i.added.ActiveFirst = append(i.added.ActiveFirst, a)
	}
}

// remember keeps the hash of an address that left elsewhere, so that a file
// that does not know it does not bring it in. A fresh confirmation lifts it.
func (i *importer) remember(ctx context.Context, a audience.Address) error {
	f, err := i.store.forgotten(ctx, i.tx, a) // a row above may have left too
	if err != nil || f.reason != "" {
		return err
	}
	id := audience.NewID()
	if err := i.store.forget(ctx, i.tx, i.now, id, a, audience.Elsewhere); err != nil {
		return err
	}
	i.added.Remembered++
	return record(ctx, i.tx, i.now, id, audience.Elsewhere, audience.Consent{Origin: i.consent.Origin})
}

// forgotten are the address keys among the rows that must not come back, and
// why.
func (i *importer) forgotten(ctx context.Context, rows []audience.Row) (map[string]audience.Event, error) {
	if i.keys == nil {
		return nil, nil
	}
	keyOf := map[string]string{}
	for _, row := range rows {
		for _, h := range i.keys.Hashes(row.Address) {
			keyOf[h.Hash] = row.Address.Key()
		}
	}
	all := map[string]audience.Event{}
	hashes := make([]any, 0, importBatch)
	look := func() error {
		found, err := i.tx.QueryContext(ctx, `SELECT hash, reason FROM suppressed WHERE hash IN (`+parameters(len(hashes))+`)`, hashes...)
		_, err = collect(found, err, func(rows *sql.Rows) (hash string, err error) {
			var reason audience.Event
			err = rows.Scan(&hash, &reason)
			all[keyOf[hash]] = reason
			return hash, err
		})
		hashes = hashes[:0]
		return err
	}
	for hash := range keyOf {
		if hashes = append(hashes, hash); len(hashes) == importBatch {
			if err := look(); err != nil {
				return nil, err
			}
		}
	}
	if len(hashes) == 0 {
		return all, nil
	}
	return all, look()
}

// hashing are the keys to look forgotten addresses up with, nil when there are
// none. A key that is missing would let some of them come back.
func (s *Store) hashing(ctx context.Context, tx *sql.Tx) (*audience.Keys, error) {
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT key_id FROM suppressed`)
	used, err := collect(rows, err, func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) })
	if err != nil || len(used) == 0 {
		return nil, err
	}
	if s.keys == nil {
		return nil, ErrNoKeys
	}
	for _, id := range used {
		if _, err := s.keys.Signer(id); err != nil {
			return nil, errors.Join(ErrNoKeys, err)
		}
	}
	return s.keys, nil
}
