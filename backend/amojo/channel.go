package amojo

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"leadline/backend/chatid"
)

// hookVersion is always sent: without it the service chooses v1, whose hooks
// have no message ids (C §9, trap 18).
const hookVersion = "v2"

// Connection is a channel connected to one account.
type Connection struct {
	// ScopeID goes into every further request and comes back in hook addresses.
	ScopeID chatid.ScopeID
	// Title is the channel's name in that account; "" when the service did not say.
	Title string
	// HookVersion is what the service says it will send; "" when it did not say.
	HookVersion string
	// NoTimeWindow is what the service says of ConnectOptions.NoTimeWindow; false
	// when it did not say.
	NoTimeWindow bool
}

// ConnectOptions are how a channel stands in one account.
type ConnectOptions struct {
	// Title is the name shown there; "" leaves the channel's own.
	Title string
	// NoTimeWindow switches the channel's time for answering off (C §8.5).
	NoTimeWindow bool
}

// Connect connects the account to the channel and asks for hooks of version 2.
// Repeating it is harmless and gives the same scope; whether it changes options
// is not documented.
//
// Source: Chats API reference, "connecting a channel in an account".
func (c *Client) Connect(ctx context.Context, ch Channel, account chatid.AmojoID, o ConnectOptions) (Connection, error) {
	const op = "connect"
	if err := segment(string(ch.ID)); err != nil {
		return Connection{}, &NotSentError{Op: op, Err: err}
	}
	body := struct {
		AccountID      chatid.AmojoID `json:"account_id"`
		Title          string         `json:"title,omitempty"`
		HookAPIVersion string         `json:"hook_api_version"`
		NoTimeWindow   bool           `json:"is_time_window_disabled,omitempty"`
	}{account, o.Title, hookVersion, o.NoTimeWindow}
	var answer struct {
		ScopeID  text `json:"scope_id"`
		Title    text `json:"title"`
		Version  text `json:"hook_api_version"`
		NoWindow flag `json:"is_time_window_disabled"`
	}
	err := c.call(ctx, ch, request{op: op, method: http.MethodPost, path: string(ch.ID) + "/connect", body: body, answer: &answer})
	if err != nil {
		return Connection{}, err
	}
	got := Connection{ScopeID: chatid.ScopeID(answer.ScopeID), Title: string(answer.Title), HookVersion: string(answer.Version), NoTimeWindow: bool(answer.NoWindow)}
	// A scope of somebody else would send this account's chats to a stranger.
	if !strings.EqualFold(string(got.ScopeID), string(chatid.Scope(ch.ID, account))) {
		return Connection{}, &UnknownError{Op: op, Err: errors.New("answer names no scope of this channel and account")}
	}
	return got, nil
}

// Disconnect ends the account's connection. The answer for an account that is
// not connected is not documented; success and a 4xx both mean that no hooks
// will come.
//
// Source: Chats API reference, "disconnecting a channel in an account"; the
// method is DELETE with a body (proven by the vector disconnect-2021).
func (c *Client) Disconnect(ctx context.Context, ch Channel, account chatid.AmojoID) error {
	const op = "disconnect"
	if err := segment(string(ch.ID)); err != nil {
		return &NotSentError{Op: op, Err: err}
	}
	body := struct {
		AccountID chatid.AmojoID `json:"account_id"`
	}{account}
	return c.call(ctx, ch, request{op: op, method: http.MethodDelete, path: string(ch.ID) + "/disconnect", body: body})
}
