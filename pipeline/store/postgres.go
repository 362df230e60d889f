package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
)

// postgres is a database that several machines share.
type postgres struct{}

// IsURL reports that a source names a PostgreSQL server rather than a file.
func IsURL(source string) bool {
	return strings.HasPrefix(source, "postgres://") || strings.HasPrefix(source, "postgresql://")
}

// The keys of our advisory locks. They belong to one database each, so that
// two newsletters on one server do not wait for one another.
const (
	lockMigrating = 0x696e666f_01 // "info"
	lockWriting   = 0x696e666f_02
	lockSending   = 0x696e666f_03
)

// What one process takes of the server, and how long it waits for it.
const (
	poolSize       = 10
	connectTimeout = 10 * time.Second
	commitTimeout  = 20 * time.Second
)

func openPostgres(ctx context.Context, source string, create bool) (*Store, error) {
	config, err := pgx.ParseConfig(source)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err) // pgx leaves the password out
	}
	config.ConnectTimeout = connectTimeout
	// A machine that was cut off must not keep its locks: the server looks
	// after half a minute whether it is still there.
	for name, value := range map[string]string{
		"application_name":                    "infolettre",
		"idle_in_transaction_session_timeout": "30s",
		"tcp_keepalives_idle":                 "10",
		"tcp_keepalives_interval":             "5",
		"tcp_keepalives_count":                "4",
		"tcp_user_timeout":                    "30s",
	} {
		config.RuntimeParams[name] = value
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(poolSize)
	db.SetMaxIdleConns(poolSize)
	s := &Store{db: db, dialect: postgres{}}
	name := config.Host + "/" + config.Database
	err = s.alone(ctx, db, func() error {
		if err := s.migrate(ctx, create); err != nil {
			return err
		}
		_, err := db.ExecContext(ctx, adapt)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", name, err), db.Close())
	}
	return s, nil
}

// session is a connection kept for the lock it holds.
type session struct{ conn *sql.Conn }

// Held fails when the connection is lost, and the lock with it: another process
// may have it by now.
func (s session) Held(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if _, err := s.conn.ExecContext(ctx, `SELECT 1`); err != nil {
		return fmt.Errorf("the lock is lost: %w", err)
	}
	return nil
}

// Close gives up the lock. When the server does not answer, the connection
// goes, and the lock with it.
func (s session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	if _, err := s.conn.ExecContext(ctx, `SELECT pg_advisory_unlock_all()`); err != nil {
		return errors.Join(err, s.conn.Close())
	}
	return s.conn.Close()
}

func (postgres) alone(ctx context.Context, db *sql.DB, do func() error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, lockMigrating); err != nil {
		return errors.Join(err, conn.Close())
	}
	return errors.Join(do(), session{conn}.Close())
}

func (postgres) goose() goose.Dialect { return goose.DialectPostgres }

// adapt has all text ordered by its bytes, whatever the server's language, as
// SQLite does: the ranges of ids that workers share depend on it. And it leaves
// room beside every delivery for its next states. It changes what earlier
// calls have not.
const adapt = `
	DO $$
	DECLARE c record;
	BEGIN
		IF EXISTS (SELECT 1 FROM pg_class WHERE oid = to_regclass('deliveries') AND reloptions IS NULL) THEN
			ALTER TABLE deliveries SET (fillfactor = 70);
		END IF;
		FOR c IN SELECT table_name, column_name FROM information_schema.columns
			WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS NULL
			  AND table_name NOT LIKE 'river%' AND table_name NOT LIKE 'goose%'
		LOOP
			EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE TEXT COLLATE "C"', c.table_name, c.column_name);
		END LOOP;
	END $$`

// begin waits for the other writing transactions, as BEGIN IMMEDIATE does on
// SQLite: one text may then read first and write later on both.
func (postgres) begin(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, lockWriting)
	return err
}

func (postgres) lockSending(ctx context.Context, db *sql.DB, shared bool) (lock, error) {
	try := `SELECT pg_try_advisory_lock($1)`
	if shared {
		try = `SELECT pg_try_advisory_lock_shared($1)`
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock database: %w", err)
	}
	var taken bool
	if err := conn.QueryRowContext(ctx, try, lockSending).Scan(&taken); err != nil {
		return nil, errors.Join(fmt.Errorf("lock database: %w", err), conn.Close())
	}
	if !taken {
		return nil, errors.Join(ErrBusy, conn.Close())
	}
	return session{conn}, nil
}

// parts is enough of them for a handful of workers to finish together.
func (postgres) parts() int { return 16 }

func (postgres) importing(context.Context, *sql.Tx, bool) error { return nil }

// frozen has the planner learn of the new rows before the first of them is
// looked for.
func (postgres) frozen(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `ANALYZE deliveries`)
	return err
}

// commitBatch is one statement, so one round trip and one flush of the log
// however many connections wait for it. Its arrays let one prepared text serve
// all sizes. It returns an empty text when the claim holds, and who is granted.
//
// The claim's row is locked: whoever gives the range to another waits for
// commits under way, and later ones find it given.
const commitBatch = `
	WITH held AS (
		SELECT i.state FROM ranges r JOIN issues i ON i.number = r.issue
		WHERE r.issue = $1 AND r.part = $12 AND r.worker = $13 FOR SHARE OF r
	), valid AS (
		SELECT state FROM held UNION ALL SELECT state FROM issues WHERE number = $1 AND $13 = ''
	), recorded AS (
		UPDATE deliveries d
		SET state = o.state, class = o.class, code = o.code, enhanced = o.enhanced, reply = o.reply, next_at = o.next_at,
		    attempts = d.attempts + 1, updated_at = $2,
		    doubts     = d.doubts + o.doubts,
		    doubted_at = CASE WHEN o.doubts > 0 THEN $2 ELSE d.doubted_at END,
		    doubt      = CASE WHEN o.doubts > 0 THEN o.reply ELSE d.doubt END
		FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bigint[], $10::bigint[])
		     AS o (subscriber, state, class, code, enhanced, reply, next_at, doubts)
		WHERE d.issue = $1 AND d.subscriber = o.subscriber AND d.state IN ('pending', 'sending')
		  AND EXISTS (SELECT 1 FROM valid)
	), granted AS (
		UPDATE deliveries d SET state = 'sending', updated_at = $2
		FROM unnest($11::text[]) AS i (subscriber) JOIN subscribers s ON s.id = i.subscriber AND s.status = 'active' AND s.paused_until <= $2
		WHERE d.issue = $1 AND d.subscriber = i.subscriber AND d.state = 'pending'
		  AND EXISTS (SELECT 1 FROM valid WHERE state = 'sending')
		RETURNING d.subscriber
	)
	SELECT state, '' FROM valid UNION ALL SELECT '', subscriber FROM granted`

func (postgres) commit(ctx context.Context, db *sql.DB, c holding, now time.Time, outcomes []deliver.Outcome, intents []audience.ID) (granted []audience.ID, err error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	var o struct {
		subscriber, state, class, enhanced, reply []string
		code, nextAt, doubts                      []int64
	}
	for _, each := range outcomes {
		o.subscriber = append(o.subscriber, each.Subscriber.String())
		o.state = append(o.state, string(each.State))
		o.class = append(o.class, string(each.Class))
		o.code = append(o.code, int64(each.Reply.Code))
		o.enhanced = append(o.enhanced, each.Reply.Enhanced)
		o.reply = append(o.reply, storable(each.Reply.Text))
		o.nextAt = append(o.nextAt, millis(each.NextAt))
		o.doubts = append(o.doubts, int64(doubts(each)))
	}
	ids := make([]string, len(intents))
	for i, id := range intents {
		ids[i] = id.String()
	}
	var issueState deliver.IssueState
	rows, err := db.QueryContext(ctx, commitBatch, c.issue, millis(now),
		o.subscriber, o.state, o.class, o.code, o.enhanced, o.reply, o.nextAt, o.doubts, ids, c.part, c.worker)
	_, err = collect(rows, err, func(rows *sql.Rows) (none struct{}, err error) {
		var state, subscriber string
		if err := rows.Scan(&state, &subscriber); err != nil {
			return none, err
		}
		if subscriber == "" {
			issueState = deliver.IssueState(state)
			return none, nil
		}
		id, ok := audience.ParseID(subscriber)
		if !ok {
			return none, fmt.Errorf("subscriber id %q in the database is damaged", subscriber)
		}
		granted = append(granted, id)
		return none, nil
	})
	if err != nil {
		return nil, err
	}
	return granted, c.judge(issueState, len(intents))
}

// storable is text that PostgreSQL takes: a server's reply may hold anything.
func storable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
}
