package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// gormConfig: no transactions of gorm's own, and no log of statements, which
// would show what people write.
func gormConfig() *gorm.Config {
	return &gorm.Config{SkipDefaultTransaction: true, Logger: logger.Discard, DisableAutomaticPing: true}
}

// writerPragmas set up the writing connection beyond its address.
var writerPragmas = []string{
	// The pages that a savepoint must be able to restore are kept in memory. By
	// default they go to a temporary file, which is not emptied before the commit:
	// half of all writes of a batch.
	"PRAGMA temp_store = MEMORY",
	// 16 MB instead of 4 between checkpoints: pages that change with every batch
	// are copied into the database a quarter as often.
	"PRAGMA wal_autocheckpoint = 4000",
	// Up to 32 MB of pages instead of 2: what a batch changes lies all over the indexes,
	// and nobody else makes this connection's pages old.
	"PRAGMA cache_size = -32000",
}

// startSQLite pins the writing connection and opens the reading ones.
func (s *Store) startSQLite(ctx context.Context, k kind, db *sql.DB, log *slog.Logger) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	for _, pragma := range writerPragmas {
		if _, err = conn.ExecContext(ctx, pragma); err != nil {
			return fmt.Errorf("set up writer: %w", translate(err))
		}
	}
	pool := newStmtPool(conn)
	write, err := gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), gormConfig())
	if err != nil {
		return fmt.Errorf("open writer: %w", err)
	}
	rdb, err := k.open(readerConns)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, rdb.Close)
	cfg := gormConfig()
	cfg.PrepareStmt = true // harmless outside transactions
	cfg.PrepareStmtMaxSize = maxStmts
	if s.read, err = gorm.Open(sqlite.New(sqlite.Config{Conn: rdb}), cfg); err != nil {
		return fmt.Errorf("open readers: %w", err)
	}
	w := newWriter(write, pool, log, s.memory.forget)
	s.memory.on = true
	s.closers = append(s.closers, w.close)
	s.do = w.Do
	return nil
}
