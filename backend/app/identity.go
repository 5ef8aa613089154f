package app

import (
	"context"
	"errors"
	"fmt"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// ChatIdentity is how one online chat learns who its visitors are.
type ChatIdentity struct {
	Chat onlinechat.Chat
	onlinechat.Identity
}

// ByClaim tells whether an unproven user id opens history.
func (i ChatIdentity) ByClaim() bool { return i.Mode == onlinechat.Vendor }

// Identities lists how the account's chats learn who their visitors are, oldest first.
func (c *Chats) Identities(ctx context.Context) ([]ChatIdentity, error) {
	chats, err := c.List(ctx)
	list := make([]ChatIdentity, len(chats))
	for i := range chats {
		list[i].Chat = chats[i]
		if list[i].Identity, err = c.app.chats.Identity(ctx, chats[i].ID); err != nil {
			return nil, err
		}
	}
	return list, err
}

// one finds a chat of the account; an account's only chat needs no id.
func (c *Chats) one(ctx context.Context, id string) (chatid.ChatID, error) {
	chats, err := c.List(ctx)
	if err != nil {
		return "", err
	}
	for _, chat := range chats {
		if string(chat.ID) == id || id == "" && len(chats) == 1 {
			return chat.ID, nil
		}
	}
	switch {
	case len(chats) == 0:
		return "", errors.New("the account has no online chat yet: connect it first")
	case id == "":
		return "", errors.New("the account has several online chats: name one with --chat")
	}
	return "", fmt.Errorf("the account has no online chat %s", id)
}

// SetIdentityMode changes what opens history in a chat.
func (c *Chats) SetIdentityMode(ctx context.Context, chat, mode string) error {
	id, err := c.one(ctx, chat)
	if err != nil {
		return err
	}
	switch m := onlinechat.IdentityMode(mode); m {
	case onlinechat.Signed, onlinechat.Optional, onlinechat.Vendor:
		return c.app.chats.SetIdentityMode(ctx, id, m)
	}
	return fmt.Errorf("no mode %q: signed, optional or vendor", mode)
}

// NewIdentitySecret gives a chat another secret; nobody is shown it again.
func (c *Chats) NewIdentitySecret(ctx context.Context, chat string) (onlinechat.IdentityKey, error) {
	id, err := c.one(ctx, chat)
	if err != nil {
		return onlinechat.IdentityKey{}, err
	}
	return c.app.chats.NewIdentitySecret(ctx, id)
}

// AddIdentityKey gives a chat a public key in PEM; an empty name gets one.
func (c *Chats) AddIdentityKey(ctx context.Context, chat, name, pem string) (onlinechat.IdentityKey, error) {
	id, err := c.one(ctx, chat)
	if err != nil {
		return onlinechat.IdentityKey{}, err
	}
	alg, public, err := auth.ParseUserKey(pem)
	if err != nil {
		return onlinechat.IdentityKey{}, err
	}
	return c.app.chats.AddIdentityKey(ctx, id, name, alg, public)
}

// DropIdentityKey ends what was signed with a secret or a key.
func (c *Chats) DropIdentityKey(ctx context.Context, chat, name string) error {
	id, err := c.one(ctx, chat)
	if err != nil {
		return err
	}
	err = c.app.chats.DropIdentityKey(ctx, id, name)
	if fault.Is(err, fault.NotFound) {
		return fmt.Errorf("the chat has no key %s", name)
	}
	return err
}
