package store

import (
	"context"
	"database/sql"
	"errors"
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
	ctx = context.WithoutCancel(ctx)
	if s.lock != nil && len(intents) > 0 {
		if err := s.lock.Held(ctx); err != nil {
			_, errCommit := s.commit(ctx, s.db, holding{issue: number}, now, outcomes, nil)
			return nil, errors.Join(err, errCommit)
		}
	}
	return s.commit(ctx, s.db, holding{issue: number}, now, outcomes, intents)
}

// changes is how many rows a statement changed.
func changes(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// NextDue says when a delivery of the issue may be tried next: one in doubt a
// minute later, so that a server that answers nobody is not asked at once again.
// ok is false when none is left to be tried.
func (s *Store) NextDue(ctx context.Context, number int) (at time.Time, ok bool, err error) {
	var next sql.NullInt64
	err = s.db.QueryRowContext(ctx, `
		SELECT MIN(CASE state WHEN 'pending' THEN next_at WHEN 'uncertain' THEN doubted_at + 60000 ELSE 0 END) FROM deliveries
		WHERE issue = $1 AND (`+open+`)`, number, deliver.MaxDoubts).Scan(&next)
	return moment(next.Int64), next.Valid, err
}

// open is true of the deliveries of issue $1 that have not their end: in doubt
// less than $2 times, one is sent again where the policy says so.
const open = `state IN ('pending', 'sending')
	OR state = 'uncertain' AND doubts < $2 AND (SELECT policy FROM issues WHERE number = $1) = 'resend'`

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
// believed it suppresses nobody and holds the issue, if anything of it is left
// to be held.
func (s *Store) Settle(ctx context.Context, number int, now time.Time) (settled deliver.Settled, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		settled, err = settle(ctx, tx, number, now, false)
		return err
	})
	return settled, err
}

// settle suppresses nobody while others, with whom the issue is shared, are busy
// with it.
func settle(ctx context.Context, tx *sql.Tx, number int, now time.Time, shared bool) (settled deliver.Settled, err error) {
	if err := leaveOut(ctx, tx, number, now); err != nil {
		return settled, err
	}
	busy := false
	if shared {
		if busy, err = underWay(ctx, tx, number); err != nil {
			return settled, fmt.Errorf("look who is busy with issue %d: %w", number, err)
		}
	}
	if settled.State, err = stateOf(ctx, tx, number); err != nil {
		return settled, err
	}
	if err := judge(ctx, tx, number, now, busy, &settled); err != nil {
		return settled, err
	}
	if settled.Resting, err = resting(ctx, tx, number); err != nil {
		return settled, fmt.Errorf("read resting domains of issue %d: %w", number, err)
	}
	if err := closeOrHold(ctx, tx, number, &settled); err != nil {
		return settled, fmt.Errorf("settle issue %d: %w", number, err)
	}
	return settled, step(ctx, tx)
}

// underWay reports that deliveries are being made, or could be now.
func underWay(ctx context.Context, tx *sql.Tx, number int) (found bool, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM deliveries WHERE issue = $1 AND (state = 'sending' OR state = 'pending' AND next_at = 0))`,
		number).Scan(&found)
	return found, err
}

func stateOf(ctx context.Context, tx *sql.Tx, number int) (state deliver.IssueState, err error) {
	err = tx.QueryRowContext(ctx, `SELECT state FROM issues WHERE number = $1`, number).Scan(&state)
	return state, err
}

// judge suppresses whose refusals call for it, or names the domains at which
// there are too many. Of an issue that is held, a person judges.
func judge(ctx context.Context, tx *sql.Tx, number int, now time.Time, busy bool, settled *deliver.Settled) error {
	refusals, err := refusals(ctx, tx, number)
	if err != nil || len(refusals) == 0 {
		return err
	}
	counts, err := answers(ctx, tx, number)
	if err != nil {
		return err
	}
	suppress, alarmed := deliver.Settle(refusals, counts)
	if settled.Alarmed = alarmed; busy || settled.State == deliver.IssueHeld {
		return nil
	}
	for _, id := range suppress {
		if err := suppressReader(ctx, tx, now, id, audience.Bounced, audience.Consent{
			Origin: audience.Server, Detail: fmt.Sprintf("issue %d", number),
		}); err != nil {
			return fmt.Errorf("suppress subscriber %s: %w", id, err)
		}
	}
	settled.Suppressed = len(suppress)
	return nil
}

// closeOrHold closes an issue when every delivery has its end. If it does not
// end, and too many are refused, it is held.
func closeOrHold(ctx context.Context, tx *sql.Tx, number int, settled *deliver.Settled) error {
	var left int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM deliveries WHERE issue = $1 AND (`+open+`)`,
		number, deliver.MaxDoubts).Scan(&left); err != nil {
		return err
	}
	switch {
	case left == 0:
		if err := complete(ctx, tx, number); err != nil {
			return err
		}
		settled.State = deliver.IssueSent
		_, err := tx.ExecContext(ctx, `UPDATE issues SET state = 'sent', reason = '' WHERE number = $1`, number)
		return err
	case len(settled.Alarmed) > 0 && settled.State == deliver.IssueSending:
		settled.State = deliver.IssueHeld
		return hold(ctx, tx, number, (&deliver.BreakerError{Domain: settled.Alarmed[0]}).Cause().String())
	}
	return nil
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

// refusals reads who was refused in the issue since a person last took it up
// again, each with the refusals in a row that end with this one.
func refusals(ctx context.Context, tx *sql.Tx, number int) ([]deliver.Refusal, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT d.subscriber, d.class, COUNT(p.issue), MIN(p.updated_at), MAX(p.updated_at)
		FROM deliveries d
		JOIN subscribers s ON s.id = d.subscriber AND s.status = 'active'
		JOIN deliveries p ON p.subscriber = d.subscriber AND p.state = 'refused' AND p.class <> '' AND p.class <> 'expired' AND p.updated_at <= d.updated_at
		 AND p.updated_at > COALESCE((SELECT MAX(a.updated_at) FROM deliveries a
		                              WHERE a.issue IN (SELECT number FROM issues) AND a.subscriber = d.subscriber
		                                AND a.state = 'accepted' AND a.updated_at < d.updated_at), -1)
		WHERE d.issue = $1 AND d.state = 'refused' AND d.class <> 'expired'
		  AND d.updated_at > (SELECT retried_at FROM issues WHERE number = $1)
		GROUP BY d.subscriber, d.class`, number)
	all, err := collect(rows, err, func(rows *sql.Rows) (r deliver.Refusal, err error) {
		var id string
		var first, last int64
		if err := rows.Scan(&id, &r.Class, &r.Count, &first, &last); err != nil {
			return r, err
		}
		var ok bool
		if r.Subscriber, ok = audience.ParseID(id); !ok {
			return r, fmt.Errorf("subscriber id %q in the database is damaged", id)
		}
		r.First, r.Last = moment(first), moment(last)
		return r, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read refusals of issue %d: %w", number, err)
	}
	return all, nil
}

// Answers counts what was accepted and refused of the issue since a person last
// took it up again, by every worker: deliver's Ledger.
func (s *Store) Answers(ctx context.Context, number int) (deliver.Answers, error) {
	return answers(ctx, s.db, number)
}

func answers(ctx context.Context, q querier, number int) (deliver.Answers, error) {
	counts := deliver.Answers{}
	rows, err := q.QueryContext(ctx, `
		SELECT s.address_key, d.state FROM deliveries d JOIN subscribers s ON s.id = d.subscriber
		WHERE d.issue = $1 AND d.state IN ('accepted', 'refused') AND d.class <> 'expired'
		  AND d.updated_at > (SELECT retried_at FROM issues WHERE number = $1)`, number)
	err = each(rows, err, func(rows *sql.Rows) error {
		var key string
		var state deliver.State
		err := rows.Scan(&key, &state)
		counts.Add(domainOf(key), state == deliver.Refused)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the answers of issue %d: %w", number, err)
	}
	return counts, nil
}

// Hold stops an issue that is being sent until a person decides: Retry takes it
// up again.
func (s *Store) Hold(ctx context.Context, number int, reason string) error {
	return s.tx(ctx, func(tx *sql.Tx) error { return hold(ctx, tx, number, reason) })
}

func hold(ctx context.Context, tx *sql.Tx, number int, reason string) error {
	_, err := tx.ExecContext(ctx, `UPDATE issues SET state = 'held', reason = $1 WHERE number = $2 AND state = 'sending'`, reason, number)
	return err
}

// Retry takes an issue up again: what was held goes on, what waits for
// approval does not. The deliveries that wait or were refused with that class
// are due at once; without a class, all that wait. The deadline is set anew,
// since a person asked.
func (s *Store) Retry(ctx context.Context, number int, class deliver.Class, now, deadline time.Time) (due int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		state, err := stateOf(ctx, tx, number)
		if err != nil || state == deliver.IssueWaiting {
			return err
		}
		if due, err = changes(tx.ExecContext(ctx, `
			UPDATE deliveries SET state = 'pending', next_at = 0
			WHERE issue = $1 AND (state = 'pending' AND (class = $2 OR $2 = '') OR state = 'refused' AND class = $2)
			  AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = deliveries.subscriber AND s.status = 'active')`,
			number, string(class))); err != nil {
			return fmt.Errorf("retry issue %d: %w", number, err)
		}
		if due == 0 && (state != deliver.IssueHeld || class != "") {
			return nil // what is held goes on though those it waited for have left
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE issues SET state = 'sending', reason = '', retried_at = $1, deadline_at = $2 WHERE number = $3`,
			millis(now), millis(deadline), number)
		return err
	})
	return due, err
}

// Decide ends the doubt about one delivery: it was accepted, or it is sent once
// more, though the issue's deadline has passed. ok is false when that delivery
// is not uncertain.
func (s *Store) Decide(ctx context.Context, number int, address audience.Address, state deliver.State, now, deadline time.Time) (ok bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		changed, err := changes(tx.ExecContext(ctx, `
			UPDATE deliveries SET state = $1, next_at = 0, doubts = 0, updated_at = $2
			WHERE issue = $3 AND state = 'uncertain'
			  AND subscriber = (SELECT id FROM subscribers WHERE address_key = $4)`,
			string(state), millis(now), number, address.Key()))
		if ok = changed == 1; err != nil || !ok || state != deliver.Pending {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE issues SET state = CASE state WHEN 'sent' THEN 'sending' ELSE state END,
			    deadline_at = CASE WHEN deadline_at < $1 THEN $1 ELSE deadline_at END
			WHERE number = $2`, millis(deadline), number)
		return err
	})
	return ok, err
}
