package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// insertConsent is the only statement that writes to the register of consent:
// there is no UPDATE and no DELETE of consents.
const insertConsent = `
	INSERT INTO consents (id, subscriber, event, at, lang, text_hash, origin, network, detail)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// record adds an entry to the register of consent.
func record(ctx context.Context, tx *sql.Tx, now time.Time, id audience.ID, event audience.Event, c audience.Consent) error {
	hash := audience.Hash(c.Text)
	if err := keepText(ctx, tx, hash, c.Text); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, insertConsent,
		recordID(now, 0), id.String(), string(event), millis(now), c.Lang, hash, string(c.Origin), c.Network,
		audience.Redact(c.Detail)); err != nil {
		return fmt.Errorf("record that subscriber %s was %s: %w", id, event, err)
	}
	switch event {
	case audience.Withdrawn, audience.Complained, audience.Bounced, audience.Barred, audience.Erased:
		return depart(ctx, tx)
	}
	return nil
}

// keepText keeps what was shown, once.
func keepText(ctx context.Context, tx *sql.Tx, hash, text string) error {
	if hash == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO consent_texts (hash, text) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, hash, text)
	if err != nil {
		return fmt.Errorf("keep a text of consent: %w", err)
	}
	return nil
}

// recordID sorts by time: 48 bits of milliseconds, 24 of the number within an
// import, 56 random ones.
func recordID(now time.Time, n int) string {
	var b [18]byte
	binary.BigEndian.PutUint64(b[:], uint64(millis(now)))
	binary.BigEndian.PutUint32(b[8:], uint32(n)<<8)
	rand.Read(b[11:])
	return hex.EncodeToString(b[2:])
}

// recordTime is where the ids of that time begin.
func recordTime(t time.Time) string { return fmt.Sprintf("%012x", millis(t)) }

// Records is what the register holds on one subscriber, the oldest first.
func (s *Store) Records(ctx context.Context, id audience.ID) ([]audience.Record, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT c.event, c.at, c.lang, c.text_hash, COALESCE(t.text, ''), c.origin, c.network, c.detail
		FROM consents c LEFT JOIN consent_texts t ON t.hash = c.text_hash
		WHERE c.subscriber = $1 ORDER BY c.at, c.id`, id.String())
	return collect(rows, err, func(rows *sql.Rows) (r audience.Record, err error) {
		var at int64
		err = rows.Scan(&r.Event, &at, &r.Lang, &r.TextHash, &r.Text, &r.Origin, &r.Network, &r.Detail)
		r.At = moment(at)
		return r, err
	})
}
