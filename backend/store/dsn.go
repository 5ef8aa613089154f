package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// kind is a database as its DSN names it.
type kind struct {
	postgres bool
	dsn      string // PostgreSQL
	path     string // SQLite, absolute
}

// conns tells for what connections are opened.
type conns int

const (
	writerConns conns = iota
	readerConns
)

const (
	sqliteReaders = 4
	postgresConns = 24
)

func parseDSN(dsn string) (kind, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return kind{postgres: true, dsn: dsn}, nil
	}
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok || path == "" || strings.ContainsRune(path, 0) {
		// The value itself stays out of the message: it may hold a password.
		return kind{}, errors.New(`open store: the database is named by "sqlite:PATH" or "postgres://…"`)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return kind{}, fmt.Errorf("find database file: %w", err)
	}
	return kind{path: abs}, nil
}

// open makes a pool. Of a SQLite file only one connection may write.
func (k kind) open(c conns) (*sql.DB, error) {
	if k.postgres {
		db, err := sql.Open("pgx", k.dsn)
		if err != nil {
			return nil, errors.New("open database: its address cannot be read")
		}
		db.SetMaxOpenConns(postgresConns)
		db.SetMaxIdleConns(postgresConns)
		return db, nil
	}
	if err := k.makeFile(); err != nil {
		return nil, err
	}
	// FULL: what was acknowledged survives a power cut; grouped commits make it
	// as fast as NORMAL.
	q := url.Values{"_journal_mode": {"WAL"}, "_busy_timeout": {"5000"}, "_foreign_keys": {"1"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"}}
	n := 1
	if c == readerConns {
		q = url.Values{"_busy_timeout": {"5000"}, "_query_only": {"1"}}
		n = sqliteReaders
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(k.path)}
	db, err := sql.Open("sqlite3", "file:"+u.EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// makeFile makes folder and file before SQLite does, so that nobody else may
// read them; SQLite gives its side files the same rights.
func (k kind) makeFile() error {
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return fmt.Errorf("make database folder: %w", err)
	}
	f, err := os.OpenFile(k.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("make database file: %w", err)
	}
	return f.Close()
}
