package desk

import (
	"context"
	"sync"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
)

const (
	// adminFor is how long the CRM's word is good, adminAgain the pause after a
	// failure.
	adminFor   = time.Hour
	adminAgain = 5 * time.Minute
	// maxAdmins bounds what is remembered, maxAsked who waits to be asked about.
	maxAdmins = 50_000
	maxAsked  = 256
	// adminPatience bounds one question.
	adminPatience = 15 * time.Second
)

type adminKey struct {
	account chatid.AccountID
	user    chatid.CRMUserID
}

type adminQuestion struct {
	account account.Account
	user    chatid.CRMUserID
}

// admins remembers who is an administrator, where tokens do not say.
type admins struct {
	asked chan adminQuestion
	mu    sync.Mutex
	known map[adminKey]adminWord
}

type adminWord struct {
	admin bool
	until time.Time // when to ask again
}

func newAdmins() *admins {
	return &admins{asked: make(chan adminQuestion, maxAsked), known: map[adminKey]adminWord{}}
}

// isAdmin tells what is known; what is not, or not any more, is asked for, and
// good for the next question. Nobody waits for the CRM.
func (s *Service) isAdmin(by Asker) bool {
	if by.Admin != nil {
		return *by.Admin
	}
	key, now := adminKey{by.Account.ID, by.User}, s.Now()
	s.admins.mu.Lock()
	defer s.admins.mu.Unlock()
	word, ok := s.admins.known[key]
	if ok && now.Before(word.until) {
		return word.admin
	}
	select {
	case s.admins.asked <- adminQuestion{by.Account, by.User}:
		if len(s.admins.known) >= maxAdmins {
			clear(s.admins.known)
		}
		word.until = now.Add(adminAgain) // one question at a time
		s.admins.known[key] = word
	default:
	}
	return word.admin
}

// askAdmin asks the CRM. Where it does not answer, its last word stays.
func (s *Service) askAdmin(ctx context.Context, q adminQuestion) {
	ctx, cancel := context.WithTimeout(ctx, adminPatience)
	defer cancel()
	admin, err := s.IsAdmin(ctx, q.account, q.user)
	if err != nil {
		s.Logger.Info("ask for an administrator: later", "account_id", string(q.account.ID), "error", err)
		return
	}
	s.admins.mu.Lock()
	defer s.admins.mu.Unlock()
	s.admins.known[adminKey{q.account.ID, q.user}] = adminWord{admin, s.Now().Add(adminFor)}
}
