package bridge

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
)

const (
	// settingsGood is how long what an account has set is taken for true, settingsAgain
	// when it is asked again after it could not be had, settingsTime the most that
	// somebody waits for it.
	settingsGood  = 6 * time.Hour
	settingsAgain = time.Minute
	settingsTime  = 3 * time.Second
	// maxSettings bounds the accounts that are remembered.
	maxSettings = 10_000
)

// AccountSettings remembers what accounts have set for themselves: time zones and
// types of tasks. It is safe for parallel use.
type AccountSettings struct {
	cards    *CardFile
	accounts interface {
		Account(ctx context.Context, id chatid.AccountID) (account.Account, error)
	}
	now func() time.Time
	log *slog.Logger

	mu    sync.Mutex
	known map[chatid.AccountID]knownSettings
}

type knownSettings struct {
	amocrm.Settings
	until time.Time
}

// NewAccountSettings remembers nothing yet.
func NewAccountSettings(c *CardFile, accounts interface {
	Account(ctx context.Context, id chatid.AccountID) (account.Account, error)
}, now func() time.Time, log *slog.Logger) *AccountSettings {
	return &AccountSettings{cards: c, accounts: accounts, now: now, log: log, known: map[chatid.AccountID]knownSettings{}}
}

// Of gives an account's settings. Where the CRM does not answer soon they are what
// they were, or empty.
func (s *AccountSettings) Of(ctx context.Context, id chatid.AccountID) amocrm.Settings {
	now := s.now()
	s.mu.Lock()
	k := s.known[id]
	s.mu.Unlock()
	if now.Before(k.until) {
		return k.Settings
	}
	k.until = now.Add(settingsAgain)
	if got, err := s.read(ctx, id); err != nil {
		s.log.Info("account settings could not be read", "account_id", string(id), "error", err)
	} else {
		k = knownSettings{got, now.Add(settingsGood)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxSettings {
		clear(s.known)
	}
	s.known[id] = k
	return k.Settings
}

// Zone is the account's time zone; UTC where it is not known.
func (s *AccountSettings) Zone(ctx context.Context, id chatid.AccountID) *time.Location {
	if z := s.Of(ctx, id).Zone; z != nil {
		return z
	}
	return time.UTC
}

func (s *AccountSettings) read(ctx context.Context, id chatid.AccountID) (out amocrm.Settings, err error) {
	ctx, cancel := context.WithTimeout(ctx, settingsTime)
	defer cancel()
	a, err := s.accounts.Account(ctx, id)
	if err != nil {
		return out, err
	}
	err = s.cards.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		out, err = s.cards.crm.api.Settings(ctx, at, access)
		return err
	})
	return out, err
}
