package onlinechat

import (
	"context"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// MaxButtons bounds an account's buttons.
const MaxButtons = 100

// AddButton gives an account another button: for one of its chats, which other buttons
// may carry too (SET-1), or for none. fault.NotFound for a chat that is not there;
// fault.Conflict "too_many_buttons".
func (s *Service) AddButton(ctx context.Context, a chatid.AccountID, chat chatid.ChatID, name, locale string) (Button, error) {
	look := DefaultLook()
	look.Name = clean(name)
	if err := look.Check(); err != nil {
		return Button{}, err
	}
	if chat != "" {
		if _, err := s.own(ctx, a, chat); err != nil {
			return Button{}, err
		}
	}
	return s.store.AddButton(ctx, Button{
		ID: chatid.ButtonID(s.newID()), Account: a, Hash: s.secret(), Chat: chat, Locale: locale, Look: look, CreatedAt: s.now(),
	}, MaxButtons)
}

// SetButtonChat lets an account's button carry another of its chats, or none.
// fault.NotFound for a button or a chat that is not there.
func (s *Service) SetButtonChat(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, chat chatid.ChatID) error {
	if chat != "" {
		if _, err := s.own(ctx, a, chat); err != nil {
			return err
		}
	}
	return s.store.SetButtonChat(ctx, a, key, chat)
}

// RemoveButton removes an account's button for good: sites that carry it show nothing.
// Its chat stays. fault.NotFound.
func (s *Service) RemoveButton(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey) error {
	return s.store.RemoveButton(ctx, a, key, s.now())
}

// OwnButton finds a button of the account; fault.NotFound button_not_found.
func (s *Service) OwnButton(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey) (Button, error) {
	b, err := s.WatchedButton(ctx, a, key)
	if err == nil && b.Card != "" {
		return Button{}, fault.New(fault.NotFound, "button_not_found")
	}
	return b, err
}

// WatchedButton is OwnButton, and finds the button of a card page too: key actions
// watch the visitors of both.
func (s *Service) WatchedButton(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey) (Button, error) {
	b, err := s.Button(ctx, key)
	if err == nil && b.Account != a {
		return Button{}, fault.New(fault.NotFound, "button_not_found")
	}
	return b, err
}
