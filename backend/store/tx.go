package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// tx is what a closure works with: gorm for the many, plain SQL with "?" for
// the hot paths.
type tx struct {
	ctx      context.Context
	db       *gorm.DB
	pool     gorm.ConnPool
	postgres bool
}

// reader gives the same tools outside a transaction, for reading only.
func (s *Store) reader(ctx context.Context) *tx {
	db := s.read.WithContext(ctx)
	return &tx{ctx: ctx, db: db, pool: db.Statement.ConnPool, postgres: s.postgres}
}

// exec runs a statement and tells how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	res, err := t.pool.ExecContext(t.ctx, t.bind(query), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// row reads one row. gorm's own way gives a row that panics when the statement
// could not be prepared, as with a context that has ended.
func (t *tx) row(query string, args ...any) oneRow {
	rows, err := t.rows(query, args...)
	return oneRow{rows, err}
}

// oneRow is a query of which the first row alone counts.
type oneRow struct {
	rows *sql.Rows
	err  error
}

// Scan reads the row and ends the query; sql.ErrNoRows when there is none.
func (r oneRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}

func (t *tx) rows(query string, args ...any) (*sql.Rows, error) {
	return t.pool.QueryContext(t.ctx, t.bind(query), args...)
}

// locked makes a SELECT keep the rows of table for this transaction: against
// changes, not against rows that refer to them. On SQLite nobody else writes anyhow.
func (t *tx) locked(query, table string) string {
	if !t.postgres {
		return query
	}
	return query + " FOR NO KEY UPDATE OF " + table
}

// forUpdate is locked for gorm's queries.
func (t *tx) forUpdate() *gorm.DB {
	if !t.postgres {
		return t.db
	}
	return t.db.Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
}

// bound keeps statements with PostgreSQL's numbered placeholders. Its keys are
// the constant statements of this package, and one for each number of authors that
// a page of messages may have.
var bound sync.Map

func (t *tx) bind(query string) string {
	if !t.postgres || !strings.Contains(query, "?") {
		return query
	}
	if b, ok := bound.Load(query); ok {
		return b.(string)
	}
	var b strings.Builder
	n := 0
	for _, part := range strings.SplitAfter(query, "?") {
		if head, ok := strings.CutSuffix(part, "?"); ok {
			n++
			part = head + "$" + strconv.Itoa(n)
		}
		b.WriteString(part)
	}
	bound.Store(query, b.String())
	return b.String()
}
