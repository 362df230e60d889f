package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
)

// Due reads pending deliveries in the order of deliver.Cursor. Those whose
// subscriber left or paused are passed over; Settle ends them. Past the issue's
// deadline none is due; Recover gives them up.
func (s *Store) Due(ctx context.Context, number int, now time.Time, after deliver.Cursor, n int) ([]deliver.Delivery, error) {
	return s.due(ctx, number, whole, now, after, n)
}

func (s *Store) due(ctx context.Context, number int, in span, now time.Time, after deliver.Cursor, n int) ([]deliver.Delivery, error) {
	const columns = `SELECT s.id, s.address, s.name, s.lang, s.status, d.locale, d.attempts, d.next_at
		FROM deliveries d JOIN subscribers s ON s.id = d.subscriber AND s.status = 'active'
		WHERE d.issue = $1 AND d.state = 'pending' AND s.paused_until <= $2
		  AND (SELECT deadline_at FROM issues WHERE number = $1) > $2 `
	var rows *sql.Rows
	var err error
	if !after.Waiting {
		rows, err = s.db.QueryContext(ctx, columns+`AND d.next_at = 0
			AND d.subscriber > $3 AND d.subscriber >= $4 AND d.subscriber < $5 ORDER BY d.subscriber LIMIT $6`,
			number, millis(now), idAfter(after.Subscriber), in.low, in.high, n)
	} else {
		rows, err = s.db.QueryContext(ctx, columns+`AND d.next_at > 0 AND d.next_at <= $2
			AND (d.next_at > $3 OR d.next_at = $3 AND d.subscriber > $4) AND d.subscriber >= $5 AND d.subscriber < $6
			ORDER BY d.next_at, d.subscriber LIMIT $7`,
			number, millis(now), millis(after.NextAt), idAfter(after.Subscriber), in.low, in.high, n)
	}
	return collect(rows, err, func(rows *sql.Rows) (d deliver.Delivery, err error) {
		var id, address string
		var next int64
		sub := &d.Subscriber
		if err := rows.Scan(&id, &address, &sub.Name, &sub.Lang, &sub.Status, &d.Locale, &d.Attempts, &next); err != nil {
			return d, err
		}
		d.NextAt = moment(next)
		*sub, err = identify(*sub, id, address)
		return d, err
	})
}

// idAfter is where a cursor stands; the zero ID stands before all.
func idAfter(id audience.ID) string {
	if id == (audience.ID{}) {
		return ""
	}
	return id.String()
}

// Commit records outcomes and grants intents in one transaction: deliver's
// Ledger. The grant is the UPDATE itself, so two senders can never hold one
// delivery, and it looks at the subscriber's status, so nobody who left
// meanwhile is written to, and at the issue's, so that a person can stop it.
// Since it is short, it is not interrupted.
func (s *Store) Commit(ctx context.Context, number int, now time.Time, outcomes []deliver.Outcome, intents []audience.ID) (granted []audience.ID, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.commit(context.WithoutCancel(ctx), s.db, holding{issue: number}, now, outcomes, intents)
}

// changes is how many rows a statement changed.
func changes(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// NextDue says when the next pending delivery may be tried.
func (s *Store) NextDue(ctx context.Context, number int) (time.Time, bool, error) {
	return s.nextDue(ctx, number, whole)
}

func (s *Store) nextDue(ctx context.Context, number int, in span) (time.Time, bool, error) {
	var at sql.NullInt64
	err := s.db.QueryRowContext(ctx, `
		SELECT MIN(next_at) FROM deliveries
		WHERE issue = $1 AND state = 'pending' AND subscriber >= $2 AND subscriber < $3`, number, in.low, in.high).Scan(&at)
	return time.UnixMilli(at.Int64).UTC(), at.Valid, err
}

// Recover looks at what an earlier sender of the issue left. What it was
// sending is in doubt: the server may have accepted it. Under the policy
// resend, a delivery in doubt is sent once more, unless it was in doubt so
// often that the server must be answering nobody. What waited past the
// deadline is given up.
func (s *Store) Recover(ctx context.Context, number int, now time.Time) error {
	return s.recover(ctx, number, whole, now)
}

func (s *Store) recover(ctx context.Context, number int, in span, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			UPDATE deliveries
			SET state = 'uncertain', attempts = attempts + 1, updated_at = $1, class = 'network',
			    doubts = doubts + 1, doubted_at = $1, doubt = $5
			WHERE issue = $2 AND state = 'sending' AND subscriber >= $3 AND subscriber < $4`,
			millis(now), number, in.low, in.high, deliver.Interrupted.String()); err != nil {
			return fmt.Errorf("recover issue %d: %w", number, err)
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE deliveries SET state = 'pending', next_at = 0, updated_at = $1
			WHERE issue = $2 AND state = 'uncertain' AND doubts < $3 AND subscriber >= $4 AND subscriber < $5
			  AND (SELECT policy FROM issues WHERE number = $2) = 'resend'`,
			millis(now), number, deliver.MaxDoubts, in.low, in.high); err != nil {
			return fmt.Errorf("resend the doubtful of issue %d: %w", number, err)
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE deliveries SET state = 'refused', class = 'expired', updated_at = $1
			WHERE issue = $2 AND state = 'pending' AND subscriber >= $3 AND subscriber < $4
			  AND (SELECT deadline_at FROM issues WHERE number = $2) <= $1`, millis(now), number, in.low, in.high); err != nil {
			return fmt.Errorf("give up the expired of issue %d: %w", number, err)
		}
		return step(ctx, tx)
	})
}

// Tally counts an issue's deliveries by state.
func (s *Store) Tally(ctx context.Context, number int) (map[deliver.State]int, error) {
	tally := map[deliver.State]int{}
	rows, err := s.db.QueryContext(ctx, `
		SELECT state, COUNT(*) FROM deliveries WHERE issue = $1 GROUP BY state`, number)
	err = each(rows, err, func(rows *sql.Rows) error {
		var state deliver.State
		n := 0
		err := rows.Scan(&state, &n)
		tally[state] = n
		return err
	})
	return tally, err
}

// Cases lists an issue's deliveries that wait, that were refused, and that
// were ever in doubt, by address; at most limit of them.
func (s *Store) Cases(ctx context.Context, number, limit int) ([]deliver.Case, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT s.id, s.address, d.locale, d.state, d.class, d.code, d.enhanced, d.reply, d.next_at, d.doubted_at, d.doubt
		FROM deliveries d JOIN subscribers s ON s.id = d.subscriber
		WHERE d.issue = $1 AND (d.doubted_at > 0 OR d.state IN ('sending', 'uncertain', 'refused')
		                        OR d.state = 'pending' AND d.next_at > 0)
		ORDER BY CASE WHEN d.doubted_at > 0 THEN 0 ELSE 1 END, s.address_key LIMIT $2`, number, limit)
	return collect(rows, err, func(rows *sql.Rows) (c deliver.Case, err error) {
		var id, address string
		var next, doubted int64
		if err := rows.Scan(&id, &address, &c.Locale, &c.State, &c.Class, &c.Reply.Code, &c.Reply.Enhanced,
			&c.Reply.Text, &next, &doubted, &c.Doubt); err != nil {
			return c, err
		}
		sub, err := identify(audience.Subscriber{}, id, address)
		c.Address, c.NextAt, c.Doubted = sub.Address, moment(max(next, 0)), moment(doubted)
		return c, err
	})
}

// Settle ends a run: it suppresses whose refusals call for it, and closes the
// issue once every delivery has its end. When refusals are too many to be
// believed it suppresses nobody, and says so.
func (s *Store) Settle(ctx context.Context, number int, now time.Time) (settled deliver.Settled, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		settled, err = settle(ctx, tx, number, now)
		return err
	})
	return settled, err
}

func settle(ctx context.Context, tx *sql.Tx, number int, now time.Time) (deliver.Settled, error) {
	settled := deliver.Settled{State: deliver.IssueSending}
	if err := leaveOut(ctx, tx, number, now); err != nil {
		return settled, err
	}
	refusals, tried, err := refusals(ctx, tx, number)
	if err != nil {
		return settled, fmt.Errorf("read refusals of issue %d: %w", number, err)
	}
	suppress, alarmed := deliver.Settle(refusals, tried)
	for _, id := range suppress {
		if err := suppressReader(ctx, tx, now, id, audience.Bounced, audience.Consent{
			Origin: audience.Server, Detail: fmt.Sprintf("issue %d", number),
		}); err != nil {
			return settled, fmt.Errorf("suppress subscriber %s: %w", id, err)
		}
	}
	settled.Suppressed, settled.Alarmed = len(suppress), alarmed
	if settled.Resting, err = resting(ctx, tx, number); err != nil {
		return settled, fmt.Errorf("read resting domains of issue %d: %w", number, err)
	}
	var open int
	if err := tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM deliveries d
		WHERE issue = $1 AND (state IN ('pending', 'sending')
		      OR state = 'uncertain' AND doubts < $2 AND (SELECT policy FROM issues WHERE number = $1) = 'resend')`,
		number, deliver.MaxDoubts).Scan(&open); err != nil {
		return settled, fmt.Errorf("count open deliveries of issue %d: %w", number, err)
	}
	if open == 0 {
		if err := complete(ctx, tx, number); err != nil {
			return settled, err
		}
		settled.State = deliver.IssueSent
	}
	// A person who stopped the issue meanwhile keeps it held.
	if err := tx.QueryRowContext(ctx, `
		UPDATE issues SET state = CASE WHEN CAST($1 AS TEXT) = 'sent' THEN 'sent' ELSE state END
		WHERE number = $2 RETURNING state`, string(settled.State), number).Scan(&settled.State); err != nil {
		return settled, fmt.Errorf("settle issue %d: %w", number, err)
	}
	return settled, step(ctx, tx)
}

// complete holds an issue's deliveries against its snapshot: each has its end,
// or the issue is not closed.
func complete(ctx context.Context, tx *sql.Tx, number int) error {
	var audience, ended int
	if err := tx.QueryRowContext(ctx, `
		SELECT audience, (SELECT COUNT(*) FROM deliveries
		                  WHERE issue = $1 AND state IN ('accepted', 'refused', 'suppressed', 'uncertain'))
		FROM issues WHERE number = $1`, number).Scan(&audience, &ended); err != nil {
		return fmt.Errorf("count the ended deliveries of issue %d: %w", number, err)
	}
	if ended != audience {
		return fmt.Errorf("issue %d: %d deliveries have their end: %w of %d", number, ended, ErrIncomplete, audience)
	}
	return nil
}

// resting lists the domains that refused us and are to be tried again.
func resting(ctx context.Context, tx *sql.Tx, number int) ([]string, error) {
	found := map[string]bool{}
	rows, err := tx.QueryContext(ctx, `
		SELECT s.address_key FROM deliveries d JOIN subscribers s ON s.id = d.subscriber
		WHERE d.issue = $1 AND d.state = 'pending' AND d.next_at > 0 AND d.class = 'policy'`, number)
	err = each(rows, err, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		found[domainOf(key)] = true
		return err
	})
	return slices.Sorted(maps.Keys(found)), err
}

// domainOf is the part of an address behind its @.
func domainOf(key string) string { return key[strings.LastIndexByte(key, '@')+1:] }

// leaveOut ends the deliveries to those who left since the snapshot.
func leaveOut(ctx context.Context, tx *sql.Tx, number int, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `
		UPDATE deliveries SET state = 'suppressed', updated_at = $1
		WHERE issue = $2 AND state = 'pending'
		  AND NOT EXISTS (SELECT 1 FROM subscribers s
		                  WHERE s.id = deliveries.subscriber AND s.status = 'active' AND s.paused_until <= $1)`,
		millis(now), number); err != nil {
		return fmt.Errorf("leave out who left before issue %d: %w", number, err)
	}
	return nil
}

// refusals reads who was refused in the issue, each with the refusals in a
// row that end with this one, and how many deliveries had an answer by domain.
func refusals(ctx context.Context, tx *sql.Tx, number int) (all []deliver.Refusal, tried map[string]int, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT d.subscriber, s.address, d.class, COUNT(p.issue), MIN(p.updated_at), MAX(p.updated_at)
		FROM deliveries d
		JOIN subscribers s ON s.id = d.subscriber AND s.status = 'active'
		JOIN deliveries p ON p.subscriber = d.subscriber AND p.state = 'refused' AND p.class <> '' AND p.class <> 'expired' AND p.updated_at <= d.updated_at
		 AND p.updated_at > COALESCE((SELECT MAX(a.updated_at) FROM deliveries a
		                              WHERE a.issue IN (SELECT number FROM issues) AND a.subscriber = d.subscriber
		                                AND a.state = 'accepted' AND a.updated_at < d.updated_at), -1)
		WHERE d.issue = $1 AND d.state = 'refused' AND d.class <> 'expired'
		GROUP BY d.subscriber, s.address, d.class`, number)
	all, err = collect(rows, err, func(rows *sql.Rows) (r deliver.Refusal, err error) {
		var id, address string
		var first, last int64
		if err := rows.Scan(&id, &address, &r.Class, &r.Count, &first, &last); err != nil {
			return r, err
		}
		sub, err := identify(audience.Subscriber{}, id, address)
		r.Subscriber, r.Domain, r.First, r.Last = sub.ID, sub.Address.Domain(), moment(first), moment(last)
		return r, err
	})
	if err != nil || len(all) == 0 {
		return nil, nil, err
	}
	tried = map[string]int{}
	rows, err = tx.QueryContext(ctx, `
		SELECT s.address_key FROM deliveries d JOIN subscribers s ON s.id = d.subscriber
		WHERE d.issue = $1 AND d.state IN ('accepted', 'refused')`, number)
	err = each(rows, err, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		tried[domainOf(key)]++
		return err
	})
	return all, tried, err
}

// Hold stops an issue until a person decides: Retry takes it up again.
func (s *Store) Hold(ctx context.Context, number int, reason string) error {
	_, err := s.db.ExecContext(ctx, `UPDATE issues SET state = 'held', reason = $1 WHERE number = $2`, reason, number)
	return err
}

// Retry takes an issue up again: what was held goes on. The deliveries that
// wait or were refused with that class are due at once; without a class, all
// that wait. The deadline is set anew, since a person asked.
func (s *Store) Retry(ctx context.Context, number int, class deliver.Class, deadline time.Time) (due int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if due, err = changes(tx.ExecContext(ctx, `
			UPDATE deliveries SET state = 'pending', next_at = 0
			WHERE issue = $1 AND (state = 'pending' AND (class = $2 OR $2 = '') OR state = 'refused' AND class = $2)`, number, string(class))); err != nil {
			return fmt.Errorf("retry issue %d: %w", number, err)
		}
		if due == 0 {
			return nil
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE issues SET state = 'sending', reason = '', deadline_at = $1 WHERE number = $2`, millis(deadline), number)
		return err
	})
	return due, err
}

// Decide ends the doubt about one delivery: it was accepted, or it is sent
// once more. ok is false when that delivery is not uncertain.
func (s *Store) Decide(ctx context.Context, number int, address audience.Address, state deliver.State, now time.Time) (ok bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		changed, err := changes(tx.ExecContext(ctx, `
			UPDATE deliveries SET state = $1, next_at = 0, doubts = 0, updated_at = $2
			WHERE issue = $3 AND state = 'uncertain'
			  AND subscriber = (SELECT id FROM subscribers WHERE address_key = $4)`,
			string(state), millis(now), number, address.Key()))
		if ok = changed == 1; err != nil || !ok || state != deliver.Pending {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE issues SET state = 'sending' WHERE number = $1`, number)
		return err
	})
	return ok, err
}
