package store

import (
	"context"
	"database/sql/driver"
)

// remembering opens connections to a SQLite file that keep their statements
// prepared, as pgx does for PostgreSQL: most of ours take longer to parse than
// to run.
type remembering struct{ driver.Connector }

func (r remembering) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &rememberingConn{sqliteConn: c.(sqliteConn), idle: map[string]sqliteStmt{}}, nil
}

// sqliteConn is all that database/sql asks of the driver's connections.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// maxIdle is how many statements a connection remembers: more than any process
// repeats, at some kilobytes each.
const maxIdle = 100

// rememberingConn serves one goroutine at a time, like every driver.Conn.
type rememberingConn struct {
	sqliteConn
	idle map[string]sqliteStmt // by their text; one that runs is not among them
}

func (c *rememberingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	c.giveBack(query, s, err)
	return result, err
}

func (c *rememberingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		c.giveBack(query, s, err)
		return nil, err
	}
	return &rememberingRows{rows, func(err error) { c.giveBack(query, s, err) }}, nil
}

// take prepares a statement, unless one with this text lies idle.
func (c *rememberingConn) take(ctx context.Context, query string) (sqliteStmt, error) {
	if s, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return s, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.(sqliteStmt), nil
}

// giveBack keeps a statement that has run for the next time, without error.
// What closing one may say is what its last run has said. Pragmas, which act
// when they are parsed, SQLite parses anew each time by itself.
func (c *rememberingConn) giveBack(query string, s sqliteStmt, err error) {
	if _, another := c.idle[query]; another || err != nil {
		_ = s.Close()
		return
	}
	if len(c.idle) == maxIdle {
		for text, another := range c.idle {
			delete(c.idle, text)
			_ = another.Close()
			break
		}
	}
	c.idle[query] = s
}

func (c *rememberingConn) Close() error {
	for _, s := range c.idle {
		_ = s.Close()
	}
	c.idle = nil
	return c.sqliteConn.Close()
}

// rememberingRows gives their statement back when they are closed.
type rememberingRows struct {
	driver.Rows
	done func(error)
}

func (r *rememberingRows) Close() error {
	err := r.Rows.Close()
	r.done(err)
	return err
}
