package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

// migrateTries is how often a start on SQLite looks again after another process
// migrated the same new file at the same moment.
const migrateTries = 5

// Migrate brings the database that dsn names up to date and closes it again.
func Migrate(ctx context.Context, dsn string) error {
	k, err := parseDSN(dsn)
	if err != nil {
		return err
	}
	db, err := k.open(writerConns)
	if err != nil {
		return err
	}
	err = k.migrate(ctx, db)
	if cerr := db.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("close database: %w", cerr)
	}
	return err
}

// migrate applies what is missing. On PostgreSQL a session lock lets one of
// several instances do it while the others wait. SQLite's own write lock makes
// each migration atomic; who loses the race finds the work done on a second look.
func (k kind) migrate(ctx context.Context, db *sql.DB) error {
	p, err := k.provider(db)
	if err != nil {
		return err
	}
	tries := 1
	if !k.postgres {
		tries = migrateTries
	}
	for range tries {
		if _, err = p.Up(ctx); err == nil {
			return nil
		}
	}
	return fmt.Errorf("migrate database: %w", translate(err))
}

// check refuses a database that is not up to date.
func (k kind) check(ctx context.Context, db *sql.DB) error {
	p, err := k.provider(db)
	if err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("check migrations: %w", translate(err))
	}
	if pending {
		return ErrOutdated
	}
	return nil
}

func (k kind) provider(db *sql.DB) (*goose.Provider, error) {
	dialect, folder := goose.DialectSQLite3, "migrations/sqlite"
	opts := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if k.postgres {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("make migration lock: %w", err)
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	sub, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, db, sub, opts...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}
