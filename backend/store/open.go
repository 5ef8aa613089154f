// Package store keeps everything durable, in a SQLite file or in PostgreSQL. It
// implements the Store interfaces of the domain packages and of the outbox; its
// rows, SQL and gorm are seen nowhere else.
//
// It refuses to know rules of the product beyond what must hold in one
// transaction. Typical use:
//
//	s, err := store.Open(ctx, store.Options{DSN: "sqlite:data/leadline.db", Sealer: sealer})
//	svc := conversation.NewService(s.Conversations(), worker, streams, newID, time.Now)
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"gorm.io/gorm"

	"leadline/backend/account"
	"leadline/backend/console"
	"leadline/backend/conversation"
	"leadline/backend/onlinechat"
	"leadline/backend/team"
)

// ErrOutdated: the database lacks migrations and Options.CheckOnly forbids to
// apply them.
var ErrOutdated = errors.New("store: the database is not up to date, run the migrations")

// Sealer encrypts what must not be readable in a stolen database. aad names the
// place of the value; a value moved to another place does not open.
type Sealer interface {
	Seal(plain, aad string) string
	Open(sealed, aad string) (string, error)
}

// Options say which database and how.
type Options struct {
	// DSN is "sqlite:PATH" or "postgres://…".
	DSN string
	// Sealer is needed for tokens and codes.
	Sealer Sealer
	Logger *slog.Logger // nil: silent
	// NewID makes tokens of outbox claims; nil for random ones.
	NewID func() string
	// CheckOnly refuses an outdated database (ErrOutdated) instead of migrating it.
	CheckOnly bool
}

// Store is an open database. It may be used by many goroutines at once.
type Store struct {
	// do runs a closure in a transaction: see writer.Do.
	do       func(context.Context, func(*tx) error) error
	read     *gorm.DB
	postgres bool
	sealer   Sealer
	newID    func() string
	closers  []func() error
	closed   atomic.Bool
	memory   memory
}

// Open opens the database, making and migrating it when needed.
func Open(ctx context.Context, o Options) (*Store, error) {
	k, err := parseDSN(o.DSN)
	if err != nil {
		return nil, err
	}
	if o.Sealer == nil {
		return nil, errors.New("open store: no sealer")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.NewID == nil {
		o.NewID = rand.Text
	}
	s := &Store{postgres: k.postgres, sealer: o.Sealer, newID: o.NewID}
	db, err := k.open(writerConns)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, db.Close)
	if err = s.start(ctx, k, db, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) start(ctx context.Context, k kind, db *sql.DB, o Options) error {
	if err := db.PingContext(ctx); err != nil {
		return translate(err)
	}
	prepare := k.migrate
	if o.CheckOnly {
		prepare = k.check
	}
	if err := prepare(ctx, db); err != nil {
		return err
	}
	if k.postgres {
		return s.startPostgres(db, o.Logger)
	}
	return s.startSQLite(ctx, k, db, o.Logger)
}

// Close lets what runs finish and closes the database. Later calls to the store
// fail.
func (s *Store) Close() error {
	s.closed.Store(true)
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return translate(s.reader(ctx).row("SELECT 1").Scan(&one))
}

// Accounts gives the installations' part of the store.
func (s *Store) Accounts() account.Store { return accounts{s} }

// Conversations gives the part for visitors, conversations and messages.
func (s *Store) Conversations() conversation.Store { return conversations{s} }

// Teams gives the part for teams and users.
func (s *Store) Teams() team.Store { return teams{s} }

// OnlineChats gives the part for online chats and buttons.
func (s *Store) OnlineChats() onlinechat.Store { return onlineChats{s} }

// CardPages gives the part for card pages.
func (s *Store) CardPages() onlinechat.CardStore { return onlineChats{s} }

// Console gives the part for the settings console.
func (s *Store) Console() console.Store { return consoles{s} }

// The domains' parts: method names collide between their interfaces.
type (
	accounts      struct{ *Store }
	conversations struct{ *Store }
	teams         struct{ *Store }
	onlineChats   struct{ *Store }
	consoles      struct{ *Store }
)
