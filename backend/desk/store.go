package desk

import (
	"context"
	"time"

	"leadline/backend/chatid"
)

// Move is a step of an operator, to be stored if it still can be made.
type Move struct {
	Account chatid.AccountID
	ID      chatid.CallBackID
	By      chatid.CRMUserID
	// Step is Taken, Released or Done.
	Step Step
	Now  time.Time
	// Silent is the time whose earlier signs of life do not count any more.
	Silent time.Time
}

// Store keeps what browsers told. Call-backs are made by conversation.Store, with
// the message that they are.
type Store interface {
	// Presence reads an account's; the zero one where nobody ever reported.
	Presence(ctx context.Context, a chatid.AccountID) (Presence, error)
	// SavePresence replaces it, unless a later one is there.
	SavePresence(ctx context.Context, a chatid.AccountID, p Presence) error

	// Open lists up to limit call-backs of an account that were made after since and
	// are not done, oldest first.
	Open(ctx context.Context, a chatid.AccountID, since time.Time, limit int) ([]CallBack, error)
	// Move makes a step; ok is false, and nothing changed, when somebody else holds
	// the call-back, it is done, or, for Released, is not By's.
	Move(ctx context.Context, m Move) (ok bool, err error)
	// Waiting tells whether a conversation has one that Open would list.
	Waiting(ctx context.Context, a chatid.AccountID, c chatid.ConversationID, since time.Time) (bool, error)
	// SetResponsible stores whose the conversation's open call-backs are.
	SetResponsible(ctx context.Context, a chatid.AccountID, c chatid.ConversationID, u chatid.CRMUserID) error
	// Purge forgets those made before a time.
	Purge(ctx context.Context, before time.Time) error

	// Since tells when what is, or was last, wrong with an account began, by kind. The
	// store itself notes it where the trouble is stored.
	Since(ctx context.Context, a chatid.AccountID) (map[string]time.Time, error)
	// Told lists the incidents that a user was told, SaveTold adds some.
	Told(ctx context.Context, a chatid.AccountID, u chatid.CRMUserID) ([]string, error)
	SaveTold(ctx context.Context, a chatid.AccountID, u chatid.CRMUserID, ids []string, at time.Time) error
}
