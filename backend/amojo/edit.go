package amojo

import (
	"context"
	"net/http"
	"time"

	"leadline/backend/chatid"
)

// Edit is a message of our channel as it stands from now on.
type Edit struct {
	// ID names a message that we sent, Ref one that was written in the CRM. Both
	// together name the one of Ref and make ID ours for it, so that quotes and
	// reactions may use it (C §3.4.6).
	ID  chatid.MessageID
	Ref chatid.MessageRef
	// Conversation is required; with ConversationRef "" it decides the chat.
	Conversation    chatid.ConversationID
	ConversationRef chatid.ChatRef
	// At is when it was edited.
	At time.Time
	// Out is the whole content. A file that stays needs no Media, FileName and
	// FileBytes. Whether the type may change is not documented.
	Out
	// Status is reported along, for a message that was written in the CRM; nil for
	// none.
	Status *DeliveryStatus
}

// EditMessage changes a message; nobody is notified. There is no deletion. What
// the service answers is not documented beyond the status, so nothing is read.
//
// Source: Chats API reference, "sending, editing or importing a message".
func (c *Client) EditMessage(ctx context.Context, ch Channel, scope chatid.ScopeID, e Edit) error {
	const op = "edit message"
	path, err := scopePath(ch, scope)
	if err != nil {
		return &NotSentError{Op: op, Err: err}
	}
	p, err := e.payload()
	if err != nil {
		return &NotSentError{Op: op, Err: err}
	}
	return c.call(ctx, ch, request{op: op, method: http.MethodPost, path: path, body: wireEvent{"edit_message", p}})
}

func (e Edit) payload() (wirePayload, error) {
	p := wirePayload{
		Timestamp: e.At.Unix(), MsecTimestamp: e.At.UnixMilli(),
		ID: e.Ref, MsgID: e.ID, ConversationID: e.Conversation, ConversationRefID: e.ConversationRef,
	}
	switch {
	case e.ID == "" && e.Ref == "":
		return p, incomplete("edit names no message")
	case e.Conversation == "":
		return p, incomplete("edit names no conversation")
	case e.At.Unix() <= 0:
		return p, incomplete("edit has no time")
	}
	var err error
	if p.Message, err = e.wire(true); err != nil {
		return p, err
	}
	if e.Status != nil {
		s := e.Status.wire()
		p.Message.Status = &s
	}
	return p, nil
}
