package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"leadline/backend/fault"
)

// startPostgres uses one pool for everything. pgx keeps prepared statements by
// itself; gorm's PrepareStmt would prepare anew in every transaction.
func (s *Store) startPostgres(db *sql.DB, _ *slog.Logger) error {
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: db}), gormConfig())
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	s.read = g
	s.do = func(ctx context.Context, fn func(*tx) error) error { return s.ended(doPostgres(ctx, g, fn)) }
	return nil
}

// ended explains an error of a pool that was closed meanwhile; it has no type.
func (s *Store) ended(err error) error {
	if _, ours := errors.AsType[*fault.Error](err); err == nil || ours || !s.closed.Load() {
		return err
	}
	return unavailable(err)
}

// doPostgres keeps the promises of writer.Do with one transaction per closure.
// Closures take the lock of their conversation first, so that the order of
// commits is that of seq.
func doPostgres(ctx context.Context, g *gorm.DB, fn func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// What began is finished, as on SQLite: a visitor who closes the tab after
	// sending has sent.
	keep := context.WithoutCancel(ctx)
	var err error
	for range maxReruns {
		err = g.WithContext(keep).Transaction(func(db *gorm.DB) error {
			return fn(&tx{ctx: keep, db: db, pool: db.Statement.ConnPool, postgres: true})
		})
		if !errors.Is(err, errRerun) && !isRace(err) {
			break
		}
	}
	return translate(err)
}
