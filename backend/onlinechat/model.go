// Package onlinechat holds what an account shows on sites: online chats (one
// per pipeline), the buttons that carry them, and which sites may do so.
package onlinechat

import (
	"context"
	"time"

	"leadline/backend/chatid"
)

// Chat is one online chat.
type Chat struct {
	ID      chatid.ChatID
	Account chatid.AccountID
	Name    string
	// Pipeline is 0 for the chat of the account's main pipeline.
	Pipeline chatid.PipelineID
	// SourceExternalID names the chat's lead source: 36 characters at most when
	// we make it (C §5.1). SourceID is 0 while the CRM has none of our making.
	SourceExternalID string
	SourceID         chatid.SourceID
	// Default: messages that name no source come from this one's.
	Default bool
	// Several: a visitor may hold several conversations (O §6.4); changed by SetSeveral.
	Several bool
	// Greets: it has a greeting bot in use, which speaks where the chat's buttons greet;
	// changed by package greeting.
	Greets bool
	// ExternalID is where the CRM keeps the site's ids of people; changed by
	// SetExternalIDField.
	ExternalID CardField
	CreatedAt  time.Time
}

// Button is what a site's snippet names.
type Button struct {
	ID      chatid.ButtonID
	Account chatid.AccountID
	// Key and Hash stand in the snippet; both must match (O §1.2).
	Key  chatid.ButtonKey
	Hash string
	// Chat is the online chat that it carries; empty for none.
	Chat chatid.ChatID
	// TrustedSites are host names, "*.host" for all below; empty = any site.
	TrustedSites []string
	// InApp: used in an application, where the origin may be "null" (EMB-24).
	InApp bool
	// Locale is a language code; "" = default.
	Locale string
	Look   Look
	// Channels are its messengers, in their order.
	Channels []Channel
	// Card is the card page whose own button it is; empty for those of sites.
	Card      chatid.CardID
	CreatedAt time.Time
}

// Greets tells whether the bot of c, the chat that the button carries, speaks to the
// button's visitors (BOT-9).
func (b Button) Greets(c Chat) bool { return c.Greets && b.Look.Greeting.Enabled }

// Store keeps chats and buttons.
type Store interface {
	// EnsureFirst stores chat and button if the account has no chat yet, and
	// gives its first chat and that chat's first button. Button.Key is made by
	// the store: rising numbers from 1001.
	EnsureFirst(ctx context.Context, c Chat, b Button) (Chat, Button, error)
	// EnsureIn stores chat and button if the account has no chat in c.Pipeline yet, and
	// gives the chat that is there; made tells which. A chat of pipeline 0 is in main.
	EnsureIn(ctx context.Context, c Chat, b Button, main chatid.PipelineID) (in Chat, made bool, err error)
	// AddChat stores another chat and its button; the button's Key is made by the store.
	AddChat(ctx context.Context, c Chat, b Button) (Button, error)
	// SetChat stores name, pipeline, source id and default of a chat; of an account's
	// chats one is the default at most. fault.NotFound.
	SetChat(ctx context.Context, c Chat) error
	// SetSeveral lets the visitors of a chat hold several conversations, or one. With
	// one, the newest open conversation of each goes on as that one, and the others
	// are left to the CRM (CON-8); with several, those that are open get numbers.
	// fault.NotFound.
	SetSeveral(ctx context.Context, a chatid.AccountID, id chatid.ChatID, several bool) error
	// RemoveChat takes a chat off the account and off its buttons. Chat still finds it.
	RemoveChat(ctx context.Context, id chatid.ChatID, at time.Time) error
	// SetExternalIDField stores it, its type left out; fault.NotFound.
	SetExternalIDField(ctx context.Context, a chatid.AccountID, id chatid.ChatID, f CardField) error
	// SetSource stores the CRM's id of the chat's source.
	SetSource(ctx context.Context, id chatid.ChatID, s chatid.SourceID) error
	// Identity tells how a chat learns who its visitors are, keys oldest first; fault.NotFound.
	Identity(ctx context.Context, id chatid.ChatID) (Identity, error)
	// SetIdentityMode stores the mode; fault.NotFound.
	SetIdentityMode(ctx context.Context, id chatid.ChatID, m IdentityMode) error
	// AddIdentityKey stores a key unless the chat has one of that id, fault.Conflict
	// identity_key_taken, or as many as most of its sort (secrets, public keys):
	// fault.Conflict too_many_identity_keys. fault.NotFound.
	AddIdentityKey(ctx context.Context, id chatid.ChatID, k IdentityKey, most int) error
	// DropIdentityKey removes a key; fault.NotFound.
	DropIdentityKey(ctx context.Context, id chatid.ChatID, key string) error
	// NoteShortID stores when an unproven user id was refused as too short.
	NoteShortID(ctx context.Context, id chatid.ChatID, at time.Time) error
	// Reach reads when and how a chat's visitors reach somebody, SetReach replaces it;
	// fault.NotFound.
	Reach(ctx context.Context, id chatid.ChatID) (Reach, error)
	SetReach(ctx context.Context, a chatid.AccountID, id chatid.ChatID, r Reach) error
	// Button finds by key; fault.NotFound. Chat finds by id; fault.NotFound.
	Button(ctx context.Context, key chatid.ButtonKey) (Button, error)
	Chat(ctx context.Context, id chatid.ChatID) (Chat, error)
	// Chats lists an account's chats that were not removed and Buttons its buttons, those
	// of card pages left out, oldest first.
	Chats(ctx context.Context, a chatid.AccountID) ([]Chat, error)
	Buttons(ctx context.Context, a chatid.AccountID) ([]Button, error)
	// AddButton stores a button, whose key it makes, unless its account has as many as
	// most: fault.Conflict too_many_buttons.
	AddButton(ctx context.Context, b Button, most int) (Button, error)
	// RemoveButton takes a button off its account: it is not found any more; fault.NotFound.
	RemoveButton(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, at time.Time) error
	// SetLook, SetChannels and SetButtonChat replace what they name; fault.NotFound.
	SetLook(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, l Look) error
	// SetGreets stores Look.Greeting.Enabled of all buttons of a chat, those of card pages
	// too: on for those of keys.
	SetGreets(ctx context.Context, a chatid.AccountID, chat chatid.ChatID, keys []chatid.ButtonKey) error
	SetChannels(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, list []Channel) error
	SetButtonChat(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, chat chatid.ChatID) error
	// SetTrustedSites replaces the list of a button.
	SetTrustedSites(ctx context.Context, key chatid.ButtonKey, sites []string, inApp bool) error
}
