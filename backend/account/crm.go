package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"leadline/backend/chatid"
)

// CRMHook is an address that an account's CRM tells of events. The CRM does not
// sign them, so its last part is a secret (C §7.6).
type CRMHook struct {
	Account chatid.AccountID
	// Secret is sealed at rest and found by its hash.
	Secret    string
	CreatedAt time.Time
}

// Hash is what a secret is found by.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Operator is a user of the CRM account as the chats service knows them.
type Operator struct {
	Ref  chatid.UserRef
	User chatid.CRMUserID
	Name string
	// Avatar is the address of the picture in the CRM; empty for none.
	Avatar string
	// Copied is the address of the picture that we keep a copy of; empty for none.
	// Only SavePicture sets it.
	Copied string
}

// Picture is our copy of an operator's avatar; the bytes are in the media store.
type Picture struct {
	// File names it in links, Key in the media store.
	File     chatid.FileID
	Key      string
	Account  chatid.AccountID
	Operator chatid.UserRef
	// Of is the address in the CRM that it was made from.
	Of string
	// Type is the media type, found by content.
	Type          string
	Bytes         int64
	Width, Height int // pixels
	CreatedAt     time.Time
}

// CRMStore keeps what is needed to follow what happens in the CRM.
type CRMStore interface {
	// Followed lists up to limit accounts after the given id, by rising id: those
	// that are connected or broken, and those that still have a CRMHook.
	Followed(ctx context.Context, after chatid.AccountID, limit int) ([]Account, error)

	// SaveCRMHook adds an address; CRMHooks lists the account's, newest first;
	// DropCRMHook forgets one.
	SaveCRMHook(ctx context.Context, h CRMHook) error
	CRMHooks(ctx context.Context, id chatid.AccountID) ([]CRMHook, error)
	DropCRMHook(ctx context.Context, h CRMHook) error
	// CRMHookOwner finds whose address has the secret; fault.NotFound.
	CRMHookOwner(ctx context.Context, secret string) (chatid.AccountID, error)

	// SaveOperators replaces the account's operators; those that stay, and have an
	// avatar, keep their picture. gone are the keys of pictures that nobody has any
	// more: the caller removes their bytes.
	SaveOperators(ctx context.Context, id chatid.AccountID, list []Operator) (gone []string, err error)
	// SavePicture gives an operator a copy of their avatar. kept is false when they
	// have another avatar by now: then the bytes are the caller's to remove, and
	// those of the key old, unless empty, when it is true.
	SavePicture(ctx context.Context, p Picture) (old string, kept bool, err error)
	// Operators lists the account's.
	Operators(ctx context.Context, id chatid.AccountID) ([]Operator, error)
}
