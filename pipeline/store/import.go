package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Added says what became of the persons given to Import.
type Added struct {
	New, Updated, Unchanged int
	Kept                    int // have a name or language of their own choice, and keep it
	Remembered              int // left elsewhere and are not known here: no later file brings them in

	// Refused, by reason.
	Unsubscribed  int       // they left, and only they can come back
	Suppressed    int       // the address bounces, complained, or is barred
	Forgotten     int       // erased at their request, or purged
	LeftElsewhere int       // an earlier file says that they left
	Refused       []Refused // the first of these four

	// Who left elsewhere and is active here, where they may have subscribed
	// since: left as they are.
	Active      int
	ActiveFirst []audience.Address // the first of them
}

// Refused is a person whom an import does not take.
type Refused struct {
	Address audience.Address
	Why     Reason
}

// Reason says why a person is not taken.
type Reason string

// The reasons.
const (
	LeftHere      Reason = "unsubscribed"
	Suppressed    Reason = "suppressed"
	Forgotten     Reason = "forgotten"
	LeftElsewhere Reason = "elsewhere"
)

const (
	importBatch  = 80 // rows of a question, for fewer than 500 parameters
	refusedShown = 20
)

// Import adds persons whose consent was given elsewhere, as c says, and makes
// who asked here and did not confirm active. Of those that are active already
// it takes the new name and language, where the row has them; lang is that of
// newcomers whose row has none. What readers chose themselves stays. Rows with a
// reason to be skipped are; of those that left, the address is remembered
// (Layout.Rows, read a second time, gives none that stays in another row). An
// error among the rows, and any other, leaves the list as it was.
func (s *Store) Import(ctx context.Context, now time.Time, lang string, c audience.Consent, rows iter.Seq2[audience.Row, error]) (Added, error) {
	i := importer{store: s, now: now, lang: lang, consent: c, hash: audience.Hash(c.Text)}
	err := s.tx(ctx, func(tx *sql.Tx) (err error) {
		i.added, i.tx = Added{}, tx
		if err := s.importing(ctx, tx, true); err != nil {
			return err
		}
		if err := keepText(ctx, tx, i.hash, c.Text); err != nil {
			return err
		}
		if i.keys, err = s.hashing(ctx, tx); err != nil {
			return err
		}
		if i.first, err = emptyList(ctx, tx); err != nil {
			return err
		}
		if i.subscriber, err = tx.PrepareContext(ctx, insertSubscriber); err != nil {
			return err
		}
		if i.record, err = tx.PrepareContext(ctx, insertConsent); err != nil {
			return err
		}
		if err := i.all(ctx, rows); err != nil {
			return err
		}
		return s.importing(ctx, tx, false)
	})
	if err != nil {
		return Added{}, fmt.Errorf("import subscribers: %w", err)
	}
	return i.added, nil
}

// AddSubscribers adds persons one by one, as an operator does who knows them.
func (s *Store) AddSubscribers(ctx context.Context, now time.Time, subscribers []audience.Subscriber) (Added, error) {
	return s.Import(ctx, now, "", audience.Consent{Origin: audience.Command}, func(yield func(audience.Row, error) bool) {
		for i, sub := range subscribers {
			if !yield(audience.Row{Line: i + 1, Subscriber: sub}, nil) {
				return
			}
		}
	})
}

const insertSubscriber = `
	INSERT INTO subscribers (id, address, address_key, name, lang, status, created_at, confirmed_at, seen_at)
	VALUES ($1, $2, $3, $4, $5, 'active', $6, $6, $6) ON CONFLICT (address_key) DO NOTHING`

// importer writes rows in batches, in one transaction.
type importer struct {
	store   *Store
	tx      *sql.Tx
	now     time.Time
	lang    string
	consent audience.Consent
	hash    string         // of the consent's text
	keys    *audience.Keys // nil: no address is forgotten
	first   bool           // the list was empty: nobody is known
	added   Added

	subscriber, record *sql.Stmt
}

func (i *importer) all(ctx context.Context, rows iter.Seq2[audience.Row, error]) error {
	batch := make([]audience.Row, 0, importBatch)
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if row.Skipped != "" && (row.Skipped != audience.Left || row.Address == (audience.Address{})) {
			continue
		}
		if batch = append(batch, row); len(batch) < importBatch {
			continue
		}
		if err := i.batch(context.WithoutCancel(ctx), batch); err != nil { // one goroutine less for every statement
			return err
		}
		batch = batch[:0]
	}
	if len(batch) > 0 {
		return i.batch(ctx, batch)
	}
	return nil
}

// batch parts the known from the new, and writes both.
func (i *importer) batch(ctx context.Context, rows []audience.Row) error {
	known := map[string]reader{}
	if !i.first {
		var err error
		if known, err = i.known(ctx, rows); err != nil {
			return err
		}
	}
	forgotten, err := i.forgotten(ctx, rows)
	if err != nil {
		return err
	}
	fresh := make([]audience.Row, 0, len(rows))
	for _, row := range rows {
		key := row.Address.Key()
		r, found := known[key]
		reason, barred := forgotten[key]
		switch {
		case row.Skipped == audience.Left && found && r.Status == audience.Active:
			i.stays(row.Address)
		case row.Skipped == audience.Left && (found && r.Status != audience.Pending || barred): // known for it already
		case row.Skipped == audience.Left:
			err = i.remember(ctx, row.Address)
		case barred && r.Status != audience.Active:
			i.refuse(refusal(reason), row)
		case !found:
			fresh = append(fresh, row)
		default:
			err = i.update(ctx, r, row)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", row.Line, err)
		}
	}
	return i.insert(ctx, fresh)
}

// known are the readers among the rows, by address key.
func (i *importer) known(ctx context.Context, rows []audience.Row) (map[string]reader, error) {
	keys := make([]any, len(rows))
	for n, row := range rows {
		keys[n] = row.Address.Key()
	}
	found, err := i.tx.QueryContext(ctx, `
		SELECT `+readerColumns+` FROM subscribers WHERE address_key IN (`+parameters(len(keys))+`)`, keys...)
	readers, err := collect(found, err, scanReader)
	byKey := make(map[string]reader, len(readers))
	for _, r := range readers {
		byKey[r.Address.Key()] = r
	}
	return byKey, err
}

// update takes over what a row says of somebody known.
func (i *importer) update(ctx context.Context, r reader, row audience.Row) error {
	says := audience.Choices{Name: cmp.Or(row.Name, r.Name), Lang: cmp.Or(row.Lang, r.Lang)}
	switch r.Status {
	case audience.Unsubscribed:
		i.refuse(LeftHere, row)
		return nil
	case audience.Suppressed:
		i.refuse(Suppressed, row)
		return nil
	case audience.Pending:
		i.added.New++
		if _, err := i.tx.ExecContext(ctx, `
			UPDATE subscribers SET status = 'active', name = $1, lang = $2, requested_at = 0, confirmed_at = $3, seen_at = $3
			WHERE id = $4`, says.Name, says.Lang, millis(i.now), r.ID.String()); err != nil {
			return err
		}
		return record(ctx, i.tx, i.now, r.ID, audience.Imported, i.of(row))
	}
	if changed(r.Subscriber, says) == "" {
		i.added.Unchanged++
		return nil
	}
	return i.change(ctx, r, row, says)
}

// change takes a new name and language of somebody active, but for what they
// chose themselves: a name that they never gave is filled in.
func (i *importer) change(ctx context.Context, r reader, row audience.Row, says audience.Choices) error {
	chose, edited, err := i.chose(ctx, r.ID)
	if err != nil {
		return err
	}
	taken := says
	if chose {
		taken.Lang = r.Lang
		if r.Name != "" || edited {
			taken.Name = r.Name
		}
	}
	if taken != says {
		i.added.Kept++
	}
	c := i.of(row)
	if c.Detail = changed(r.Subscriber, taken); c.Detail == "" {
		return nil
	}
	i.added.Updated++
	if _, err := i.tx.ExecContext(ctx, `
		UPDATE subscribers SET name = $1, lang = $2 WHERE id = $3`, taken.Name, taken.Lang, r.ID.String()); err != nil {
		return err
	}
	return record(ctx, i.tx, i.now, r.ID, audience.Changed, c)
}

// chose reports that readers did something on a page of ours, and that they
// changed their name or language there.
func (i *importer) chose(ctx context.Context, id audience.ID) (chose, edited bool, err error) {
	rows, err := i.tx.QueryContext(ctx, `
		SELECT event FROM consents WHERE subscriber = $1 AND origin IN ('form', 'link')`, id.String())
	events, err := collect(rows, err, func(rows *sql.Rows) (e audience.Event, err error) { return e, rows.Scan(&e) })
	return len(events) > 0, slices.Contains(events, audience.Changed), err
}

// of is the consent of one row.
func (i *importer) of(row audience.Row) audience.Consent {
	c := i.consent
	if row.Since != "" {
		c.Detail = row.Since
	}
	if row.Network != "" {
		c.Network = row.Network
	}
	return c
}

// insert writes newcomers and their consent. A statement of one row each costs
// less than one of many, which SQLite must be able to undo alone and for which
// it copies every page first.
func (i *importer) insert(ctx context.Context, rows []audience.Row) error {
	now := millis(i.now)
	for _, row := range rows {
		lang := row.Lang
		if lang == "" {
			lang = i.lang
		}
		written, err := changes(i.subscriber.ExecContext(ctx, row.ID.String(), row.Address.String(), row.Address.Key(), row.Name, lang, now))
		if err != nil {
			return fmt.Errorf("line %d: %w", row.Line, err)
		}
		if written == 0 { // the address stands above
			i.added.Unchanged++
			continue
		}
		i.added.New++
		c := i.of(row)
		if _, err := i.record.ExecContext(ctx, recordID(i.now, i.added.New), row.ID.String(), string(audience.Imported), now, c.Lang, i.hash,
			string(c.Origin), c.Network, audience.Redact(c.Detail)); err != nil {
			return fmt.Errorf("line %d: %w", row.Line, err)
		}
	}
	return nil
}

func emptyList(ctx context.Context, tx *sql.Tx) (bool, error) {
	rows, err := tx.QueryContext(ctx, `SELECT 1 FROM subscribers LIMIT 1`)
	found, err := collect(rows, err, func(rows *sql.Rows) (one int, err error) { return one, rows.Scan(&one) })
	return len(found) == 0, err
}

// parameters writes "$1, $2, $3".
func parameters(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = "$" + strconv.Itoa(i+1)
	}
	return strings.Join(parts, ", ")
}
