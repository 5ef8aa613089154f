package store

import (
	"context"
	"database/sql"
	"errors"
)

// maxStmts bounds the cache; gorm writes lists of values into its statements,
// so their number has no natural end.
const maxStmts = 256

// stmtPool is a gorm.ConnPool over one connection that prepares each statement
// once. gorm's own PrepareStmt prepares anew inside every transaction, which
// cost a quarter of the processor. Only the writer's goroutine uses it.
type stmtPool struct {
	conn  *sql.Conn
	stmts map[string]*prepared
	// touched: a statement ran that may change what memory keeps.
	touched bool
}

type prepared struct {
	*sql.Stmt
	touches bool
}

func newStmtPool(conn *sql.Conn) *stmtPool {
	return &stmtPool{conn: conn, stmts: map[string]*prepared{}}
}

func (p *stmtPool) stmt(ctx context.Context, query string) (*prepared, error) {
	if s, ok := p.stmts[query]; ok {
		p.touched = p.touched || s.touches
		return s, nil
	}
	if len(p.stmts) >= maxStmts {
		if err := p.forget(); err != nil {
			return nil, err
		}
	}
	stmt, err := p.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &prepared{stmt, changesKept(query)}
	p.touched = p.touched || s.touches
	p.stmts[query] = s
	return s, nil
}

func (p *stmtPool) forget() error {
	var errs []error
	for _, s := range p.stmts {
		errs = append(errs, s.Close())
	}
	clear(p.stmts)
	return errors.Join(errs...)
}

func (p *stmtPool) close() error { return errors.Join(p.forget(), p.conn.Close()) }

// PrepareContext implements gorm.ConnPool; the caller closes the statement.
func (p *stmtPool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return p.conn.PrepareContext(ctx, query)
}

// ExecContext implements gorm.ConnPool.
func (p *stmtPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := p.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext implements gorm.ConnPool.
func (p *stmtPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext implements gorm.ConnPool.
func (p *stmtPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := p.stmt(ctx, query)
	if err != nil {
		return p.conn.QueryRowContext(ctx, query, args...) // gives the same error
	}
	return s.QueryRowContext(ctx, args...)
}
