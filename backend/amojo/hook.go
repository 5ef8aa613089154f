package amojo

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"leadline/backend/chatid"
)

// HookKind tells what a hook is about.
type HookKind int

const (
	// HookUnknown is a hook that the documentation does not describe, or one that
	// lacks the ids it must have: log it and answer 200.
	HookUnknown HookKind = iota
	// HookMessage is a message written in the CRM, also the reply to a comment.
	HookMessage
	// HookTyping: an operator is typing.
	HookTyping
	// HookReaction: an operator set or removed a reaction.
	HookReaction
	// HookMessageV1 is a message of an account that was connected without a hook
	// version. Connect again; it has no ids of the service.
	HookMessageV1
)

// String names the kind for logs.
func (k HookKind) String() string {
	switch k {
	case HookMessage:
		return "message"
	case HookTyping:
		return "typing"
	case HookReaction:
		return "reaction"
	case HookMessageV1:
		return "message v1"
	}
	return "unknown"
}

// Hook is one request of the service to us. Exactly the pointer that belongs to
// Kind is set.
type Hook struct {
	Kind HookKind
	// Account is who the hook is about; compare it with the scope of the address.
	// "" for HookMessageV1, which does not name it.
	Account chatid.AmojoID
	// At is when the hook was made; zero when not given.
	At       time.Time
	Message  *MessageHook
	Typing   *TypingHook
	Reaction *ReactionHook
	V1       *MessageV1Hook
}

// Party is a participant as the service names them.
type Party struct {
	Ref chatid.UserRef
	// ID is ours; "" for people of the CRM, and for a visitor whom an operator
	// wrote to first.
	ID                         chatid.VisitorID
	Name, Avatar, Phone, Email string
}

// MessageHook is a message written in the CRM.
type MessageHook struct {
	Ref  chatid.MessageRef
	Chat chatid.ChatRef
	// Conversation is ours; "" when an operator wrote first (C §8.4). Look up by
	// Chat before by this.
	Conversation     chatid.ConversationID
	SourceID         string    // external id of the source; often ""
	Sender, Receiver Party     // operator or bot, visitor
	At               time.Time // zero when not given
	Content          Content
	Markup           *Markup
	Template         *Template
	ReplyTo          *Quoted
	Forwards         []Quoted
	ForwardsChat     chatid.ChatRef // where the forwarded messages come from
	PostID           string         // ours; set for the reply to a comment
}

// TypingHook comes at most once in five seconds while an operator types.
type TypingHook struct {
	User         chatid.UserRef
	Chat         chatid.ChatRef
	Conversation chatid.ConversationID // "" when an operator wrote first
	ExpiresAt    time.Time
	PostID       string
}

// ReactionHook is an operator's reaction to a message.
type ReactionHook struct {
	Message      chatid.MessageRef
	MessageID    chatid.MessageID // ours; "" for a message written in the CRM
	User         chatid.UserRef
	Chat         chatid.ChatRef
	Conversation chatid.ConversationID
	Removed      bool
	Emoji        string // "" when removed
}

// MessageV1Hook is the deprecated form: no account and no message id, so that
// repeats cannot be recognised by id and no status can be reported.
type MessageV1Hook struct {
	Receiver     chatid.VisitorID
	Conversation chatid.ConversationID
	At           time.Time // zero in the form of 2017
	Content      Content
	Markup       *Markup
}

// ParseHook reads the body of a hook whose signature was verified. The caller
// limits the body's size, and with it the length of texts; lists, names and
// addresses have bounds of their own. Only a body that is no JSON object is an
// error.
//
// Source: "webhooks of the Chats API"; kinds are told apart as C §4.2 says.
func ParseHook(body []byte) (Hook, error) {
	var w struct {
		AccountID text                `json:"account_id"`
		Time      integer             `json:"time"`
		Message   object[wireMessage] `json:"message"`
		Action    object[wireAction]  `json:"action"`
	}
	if b := bytes.TrimSpace(body); len(b) == 0 || b[0] != '{' {
		return Hook{}, errors.New("amojo: hook is no JSON object")
	}
	if err := json.Unmarshal(body, &w); err != nil {
		// The decoder's text may quote the body: people's messages stay out of logs.
		return Hook{}, errors.New("amojo: hook is no valid JSON")
	}
	h := Hook{Account: chatid.AmojoID(id(w.AccountID)), At: unixSeconds(int64(w.Time))}
	switch {
	case w.Message.Set:
		m := w.Message.V.hook()
		if m.Ref != "" && m.Chat != "" && h.Account != "" {
			h.Kind, h.Message = HookMessage, &m
		}
	case w.Action.V.Typing.Set:
		t := w.Action.V.typing()
		if t.Chat != "" && h.Account != "" {
			h.Kind, h.Typing = HookTyping, &t
		}
	case w.Action.V.Reaction.Set:
		r := w.Action.V.reaction()
		if r.Message != "" && r.Chat != "" && h.Account != "" {
			h.Kind, h.Reaction = HookReaction, &r
		}
	default:
		if v1, ok := parseV1(body); ok {
			h.Kind, h.V1 = HookMessageV1, &v1
		}
	}
	return h, nil
}

// parseV1 recognises the flat form by its receiver, a plain string.
func parseV1(body []byte) (MessageV1Hook, bool) {
	var w struct {
		Receiver       text `json:"receiver"`
		ConversationID text `json:"conversation_id"`
		wireTimes
		wireContent
		Markup object[wireMarkup] `json:"markup"`
	}
	if json.Unmarshal(body, &w) != nil {
		return MessageV1Hook{}, false
	}
	m := MessageV1Hook{
		Receiver: chatid.VisitorID(id(w.Receiver)), Conversation: chatid.ConversationID(id(w.ConversationID)),
		At: w.at(), Content: w.content(), Markup: w.Markup.V.markup(),
	}
	return m, m.Receiver != "" && m.Conversation != ""
}
