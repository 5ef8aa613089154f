package amojo

import (
	"context"
	"net/http"
	"time"

	"leadline/backend/chatid"
)

// SetTyping shows the operator for d that the visitor is typing; 0 leaves the
// service's own 5 s. It wants our ids and knows no other (C §3.6).
//
// Source: Chats API reference, "passing information about typing".
func (c *Client) SetTyping(ctx context.Context, ch Channel, scope chatid.ScopeID, conversation chatid.ConversationID, visitor chatid.VisitorID, d time.Duration) error {
	const op = "set typing"
	path, err := scopePath(ch, scope)
	if err == nil && (conversation == "" || visitor == "") {
		err = incomplete("no conversation or no visitor")
	}
	if err != nil {
		return &NotSentError{Op: op, Err: err}
	}
	type sender struct {
		ID chatid.VisitorID `json:"id"`
	}
	body := struct {
		ConversationID chatid.ConversationID `json:"conversation_id"`
		Sender         sender                `json:"sender"`
		DurationMS     int64                 `json:"duration_ms,omitempty"`
	}{conversation, sender{visitor}, max(d, 0).Milliseconds()}
	return c.call(ctx, ch, request{op: op, method: http.MethodPost, path: path + "/typing", body: body})
}

// Reaction is somebody's emoji under a message. Of each pair of ids one is
// required and ours is preferred.
type Reaction struct {
	Conversation    chatid.ConversationID
	ConversationRef chatid.ChatRef
	// Message is ours; Ref names a message that was written in the CRM.
	Message chatid.MessageID
	Ref     chatid.MessageRef
	// Visitor is who reacts; User is an operator who reacts outside the CRM.
	Visitor chatid.VisitorID
	User    chatid.UserRef
	// Emoji is the character itself; React needs it, Unreact does not.
	Emoji string
}

// React sets a reaction. Whether a second one of the same person replaces the
// first is not documented.
//
// Source: Chats API reference, "reacting".
func (c *Client) React(ctx context.Context, ch Channel, scope chatid.ScopeID, r Reaction) error {
	const op = "react"
	if r.Emoji == "" {
		return &NotSentError{Op: op, Err: incomplete("reaction has no emoji")}
	}
	return c.react(ctx, ch, scope, op, r)
}

// Unreact takes a reaction away.
//
// Source: Chats API reference, "reacting".
func (c *Client) Unreact(ctx context.Context, ch Channel, scope chatid.ScopeID, r Reaction) error {
	return c.react(ctx, ch, scope, "unreact", r)
}

// react takes the operation's name for the type too: they are the same words.
func (c *Client) react(ctx context.Context, ch Channel, scope chatid.ScopeID, op string, r Reaction) error {
	path, err := scopePath(ch, scope)
	if err != nil {
		return &NotSentError{Op: op, Err: err}
	}
	if r.Conversation != "" {
		r.ConversationRef = ""
	}
	if r.Message != "" {
		r.Ref = ""
	}
	if r.Visitor != "" {
		r.User = ""
	}
	if r.Conversation == "" && r.ConversationRef == "" || r.Message == "" && r.Ref == "" || r.Visitor == "" && r.User == "" {
		return &NotSentError{Op: op, Err: incomplete("reaction lacks conversation, message or person")}
	}
	type user struct {
		ID    chatid.VisitorID `json:"id,omitempty"`
		RefID chatid.UserRef   `json:"ref_id,omitempty"`
	}
	body := struct {
		ConversationID    chatid.ConversationID `json:"conversation_id,omitempty"`
		ConversationRefID chatid.ChatRef        `json:"conversation_ref_id,omitempty"`
		MsgID             chatid.MessageID      `json:"msgid,omitempty"`
		ID                chatid.MessageRef     `json:"id,omitempty"`
		User              user                  `json:"user"`
		Type              string                `json:"type"`
		Emoji             string                `json:"emoji,omitempty"`
	}{r.Conversation, r.ConversationRef, r.Message, r.Ref, user{r.Visitor, r.User}, op, r.Emoji}
	return c.call(ctx, ch, request{op: op, method: http.MethodPost, path: path + "/react", body: body})
}
