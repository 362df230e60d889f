package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Freeze writes an issue, its entries, its documents and the snapshot of its
// audience in one transaction; nothing of them changes afterwards. languages
// maps the subscribers' languages to the documents' locales.
func (s *Store) Freeze(ctx context.Context, r deliver.Issue, items []issue.Item, documents []render.Document, languages map[string]string) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		var taken int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM issues WHERE slot = $1 OR number = $2`,
			millis(r.Slot), r.Number).Scan(&taken); err != nil {
			return err
		}
		if taken > 0 {
			return fmt.Errorf("slot %s: %w", r.Slot.Format(time.RFC3339), ErrFrozen)
		}
		if err := freezeRow(ctx, tx, r); err != nil {
			return err
		}
		if err := tell(ctx, tx, r.Number, r.Errata); err != nil {
			return fmt.Errorf("note the errata of issue %d: %w", r.Number, err)
		}
		if err := markMade(ctx, tx, r); err != nil {
			return fmt.Errorf("note the slot of issue %d: %w", r.Number, err)
		}
		if err := freezeEntries(ctx, tx, r.Number, items); err != nil {
			return fmt.Errorf("freeze entries of issue %d: %w", r.Number, err)
		}
		if err := freezeDocuments(ctx, tx, r.Number, documents); err != nil {
			return err
		}
		for _, lang := range slices.Sorted(maps.Keys(languages)) {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO deliveries (issue, subscriber, locale, state, class, attempts, next_at,
				                        code, enhanced, reply, doubts, doubted_at, doubt, updated_at)
				SELECT $1, id, $2, 'pending', '', 0, 0, 0, '', '', 0, 0, '', $3
				FROM subscribers WHERE status = 'active' AND paused_until <= $3 AND lang = $4 ORDER BY id`,
				r.Number, languages[lang], millis(r.Ordered), lang); err != nil {
				return fmt.Errorf("snapshot the audience of issue %d: %w", r.Number, err)
			}
		}
		return s.shareOut(ctx, tx, r)
	})
	if err != nil {
		return err
	}
	return s.frozen(ctx, s.db)
}

// freezeRow writes the row of an issue or, below nought, of a correction's
// sending, whose slot is that of its issue.
func freezeRow(ctx context.Context, tx *sql.Tx, r deliver.Issue) error {
	slot := millis(r.Slot)
	if r.Corrects > 0 {
		slot = int64(r.Number)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO issues (number, slot, from_at, to_at, state, reason, policy, content_hash, git_commit,
		                    key_id, base_url, ordered_at, deadline_at, release_at, corrects, revision)
		VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		r.Number, slot, millis(r.From), millis(r.To), string(cmp.Or(r.State, deliver.IssueSending)), string(r.Policy), r.Hash, r.Commit,
		r.Key, r.Base, millis(r.Ordered), millis(r.Deadline), millis(r.Release), r.Corrects, r.Revision); err != nil {
		return fmt.Errorf("freeze issue %d: %w", r.Number, err)
	}
	return nil
}

func freezeDocuments(ctx context.Context, tx *sql.Tx, number int, documents []render.Document) error {
	for _, d := range documents {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO documents (issue, locale, subject, preheader, html, web, text, mark)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			number, d.Locale, d.Subject, d.Preheader, d.HTML, d.Web, d.Text, d.Key); err != nil {
			return fmt.Errorf("freeze document %s of issue %d: %w", d.Locale, number, err)
		}
	}
	return nil
}

func freezeEntries(ctx context.Context, tx *sql.Tx, number int, items []issue.Item) error {
	for position, it := range items {
		for _, v := range it.Versions {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO issue_entries (issue, position, entry, path, lang, title, hash)
				VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				number, position, it.ID, v.Path, v.Lang, v.Title, v.Hash); err != nil {
				return err
			}
		}
	}
	return nil
}

// Past is what earlier issues leave behind for the assembly of the next.
func (s *Store) Past(ctx context.Context) (issue.Past, error) {
	var past issue.Past
	var begin, border sql.NullInt64
	var number sql.NullInt64
	if err := s.db.QueryRowContext(ctx, `
		SELECT COALESCE(MIN(from_at), (SELECT begun FROM standing)), MAX(to_at), MAX(number) FROM issues WHERE corrects = 0`).
		Scan(&begin, &border, &number); err != nil {
		return past, fmt.Errorf("read past issues: %w", err)
	}
	var err error
	if past.Errata, err = s.untold(ctx); err != nil {
		return past, fmt.Errorf("read errata: %w", err)
	}
	past.Begin, past.Border, past.Number = moment(begin.Int64), moment(border.Int64), int(number.Int64)
	past.Sent, past.Hashes = map[string]int{}, map[string]string{}
	type row struct {
		issue       int
		entry, hash string
	}
	rows, err := s.db.QueryContext(ctx, `SELECT issue, entry, hash FROM issue_entries`)
	entries, err := collect(rows, err, func(rows *sql.Rows) (r row, err error) {
		return r, rows.Scan(&r.issue, &r.entry, &r.hash)
	})
	for _, r := range entries {
		past.Sent[r.entry], past.Hashes[r.hash] = r.issue, r.entry
	}
	return past, err
}

// recordColumns are those of scanRecord, of issues i. A correction is sent
// with the slot of its issue.
const recordColumns = `i.number, COALESCE((SELECT c.slot FROM issues c WHERE c.number = i.corrects AND i.corrects > 0), i.slot),
	i.from_at, i.to_at, i.state, i.reason, i.policy, i.content_hash, i.git_commit, i.key_id, i.base_url,
	i.ordered_at, i.deadline_at, i.release_at, i.corrects, i.revision`

func scanRecord(rows *sql.Rows) (r deliver.Issue, err error) {
	var slot, from, to, ordered, deadline, release int64
	err = rows.Scan(&r.Number, &slot, &from, &to, &r.State, &r.Reason, &r.Policy, &r.Hash,
		&r.Commit, &r.Key, &r.Base, &ordered, &deadline, &release, &r.Corrects, &r.Revision)
	r.Slot, r.From, r.To, r.Ordered, r.Deadline = moment(slot), moment(from), moment(to), moment(ordered), moment(deadline)
	r.Release = moment(release)
	return r, err
}

// Issues lists all issues, the newest first, without the sendings of corrections.
func (s *Store) Issues(ctx context.Context) ([]deliver.Issue, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+recordColumns+` FROM issues i WHERE corrects = 0 ORDER BY number DESC`)
	return collect(rows, err, scanRecord)
}

// Issue returns one issue or, by its number below nought, the sending of a
// correction; or ErrNotFound.
func (s *Store) Issue(ctx context.Context, number int) (deliver.Issue, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+recordColumns+` FROM issues i WHERE number = $1`, number)
	found, err := collect(rows, err, scanRecord)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("issue %d: %w", number, ErrNotFound)
	}
	if err != nil {
		return deliver.Issue{}, err
	}
	return found[0], nil
}

// Unfinished lists the issues and the sendings of corrections that are waiting,
// sending or held, in the order in which they were ordered.
func (s *Store) Unfinished(ctx context.Context) ([]deliver.Issue, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT `+recordColumns+` FROM issues i WHERE state <> 'sent' ORDER BY ordered_at, number`)
	return collect(rows, err, scanRecord)
}

// Documents returns the frozen documents of an issue, by locale.
func (s *Store) Documents(ctx context.Context, number int) ([]render.Document, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT locale, subject, preheader, html, web, text, mark FROM documents WHERE issue = $1 ORDER BY locale`, number)
	return collect(rows, err, scanDocument)
}

func scanDocument(rows *sql.Rows) (d render.Document, err error) {
	return d, rows.Scan(&d.Locale, &d.Subject, &d.Preheader, &d.HTML, &d.Web, &d.Text, &d.Key)
}

// Title is one entry of a frozen issue.
type Title struct {
	Entry, Path, Lang, Title, Hash string
}

// Titles lists the entries of an issue in reading order.
func (s *Store) Titles(ctx context.Context, number int) ([]Title, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT entry, path, lang, title, hash FROM issue_entries WHERE issue = $1 ORDER BY position, path`, number)
	return collect(rows, err, func(rows *sql.Rows) (t Title, err error) {
		return t, rows.Scan(&t.Entry, &t.Path, &t.Lang, &t.Title, &t.Hash)
	})
}
