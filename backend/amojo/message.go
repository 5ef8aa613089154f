package amojo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"leadline/backend/chatid"
)

// Message is one new message for a chat of the CRM: what a visitor wrote, or
// what an operator wrote outside the CRM. History is imported the same way, the
// oldest first, with Silent on all but the newest (C §3.4.8).
type Message struct {
	// ID goes out as msgid; keep it over all retries, so that none can double.
	ID           chatid.MessageID
	Conversation chatid.ConversationID
	// ConversationRef binds our conversation to a chat that an operator began
	// (C §8.4); if given it decides the chat. Else "".
	ConversationRef chatid.ChatRef
	// SentAt is sent in seconds and in milliseconds; it should rise strictly
	// within a conversation.
	SentAt time.Time
	// Sender is the visitor; with a Receiver it is the operator or the bot.
	Sender Participant
	// Receiver is nil for what a visitor wrote. For a message that was written
	// outside the CRM it is the visitor, and Sender.Ref must be the service's id of
	// an operator or of the channel's bot (C §3.4.3). The CRM may send such a
	// message back as a hook: know it by the reference in Sent (C §9, trap 26).
	Receiver *Participant
	// SourceID is the external id of the source; "" when sources are not used.
	SourceID string
	// Silent keeps the CRM from making an incoming lead and a notification.
	Silent bool
	// Out is what the message holds; a text needs nothing but Text.
	Out
	// ReplyTo quotes a message of the same chat; nil for none.
	ReplyTo *Quote
	// Forward carries a message of another chat along; nil for none.
	Forward *Forward
	// Post makes the message a comment on a post of ours (C §3.4.9); nil for a
	// direct message. The bot cannot comment.
	Post *Post
}

// Post is what a comment stands under. ID and URL are required.
type Post struct {
	ID  string // ours, unique
	URL string
	// PreviewURL is a picture with limited life, PreviewPermalink a lasting one.
	PreviewURL, PreviewPermalink string
	Username, Caption            string
}

// Sent is what the service calls the things of a message that it accepted for
// processing. Only Ref is certain to be there.
type Sent struct {
	Ref    chatid.MessageRef
	Chat   chatid.ChatRef
	Sender chatid.UserRef
	// Receiver is set for messages with a receiver only.
	Receiver chatid.UserRef
}

type wirePost struct {
	ID               string `json:"id"`
	URL              string `json:"url"`
	PreviewURL       string `json:"preview_url,omitempty"`
	PreviewPermalink string `json:"preview_permalink,omitempty"`
	Username         string `json:"username,omitempty"`
	Caption          string `json:"caption,omitempty"`
}

type wireEvent struct {
	EventType string      `json:"event_type"`
	Payload   wirePayload `json:"payload"`
}

type wirePayload struct {
	Timestamp         int64                 `json:"timestamp"`
	MsecTimestamp     int64                 `json:"msec_timestamp"`
	ID                chatid.MessageRef     `json:"id,omitempty"` // edits only
	MsgID             chatid.MessageID      `json:"msgid,omitempty"`
	ConversationID    chatid.ConversationID `json:"conversation_id,omitempty"`
	ConversationRefID chatid.ChatRef        `json:"conversation_ref_id,omitempty"`
	Silent            *bool                 `json:"silent,omitempty"` // always in new messages, never in edits
	Source            *wireSource           `json:"source,omitempty"`
	Sender            *wireParticipant      `json:"sender,omitempty"`
	Receiver          *wireParticipant      `json:"receiver,omitempty"`
	Message           wireOut               `json:"message"`
	ReplyTo           *wireReply            `json:"reply_to,omitempty"`
	Forwards          *wireForwards         `json:"forwards,omitempty"`
}

// SendMessage hands one message to the service.
//
// A success means accepted for processing; the message appears in the CRM later.
// What a repeat with the same ID answers is not documented: a success with the
// same or another reference, 400 or 409. After an UnknownError, and after any
// 5xx, ask History whether the message is there before giving up. A message that
// lacks what its type needs is a *NotSentError that wraps ErrIncomplete.
//
// Source: Chats API reference, "sending, editing or importing a message".
func (c *Client) SendMessage(ctx context.Context, ch Channel, scope chatid.ScopeID, m Message) (Sent, error) {
	const op = "send message"
	path, err := scopePath(ch, scope)
	if err != nil {
		return Sent{}, &NotSentError{Op: op, Err: err}
	}
	p, err := m.payload()
	if err != nil {
		return Sent{}, &NotSentError{Op: op, Err: err}
	}
	var answer struct {
		NewMessage object[struct {
			ConversationID text `json:"conversation_id"`
			SenderID       text `json:"sender_id"`
			ReceiverID     text `json:"receiver_id"`
			MsgID          text `json:"msgid"`
			RefID          text `json:"ref_id"`
		}] `json:"new_message"`
	}
	r := request{op: op, method: http.MethodPost, path: path, body: wireEvent{"new_message", p}, answer: &answer}
	if err := c.call(ctx, ch, r); err != nil {
		return Sent{}, err
	}
	a := answer.NewMessage.V
	if chatid.MessageID(a.MsgID) == m.ID && a.RefID != "" {
		// Old tables have the two the other way round (C §3.4.5).
		a.MsgID = a.RefID
	}
	if a.MsgID == "" {
		return Sent{}, &UnknownError{Op: op, Err: errors.New("answer has no msgid")}
	}
	s := Sent{Ref: chatid.MessageRef(a.MsgID), Sender: chatid.UserRef(a.SenderID), Receiver: chatid.UserRef(a.ReceiverID)}
	// The documentation's example answers our own conversation id (C §11).
	if chatid.ConversationID(a.ConversationID) != m.Conversation {
		s.Chat = chatid.ChatRef(a.ConversationID)
	}
	return s, nil
}

func (m Message) payload() (wirePayload, error) {
	p := wirePayload{
		Timestamp: m.SentAt.Unix(), MsecTimestamp: m.SentAt.UnixMilli(),
		MsgID: m.ID, ConversationID: m.Conversation, ConversationRefID: m.ConversationRef,
		Silent: &m.Silent, Source: source(m.SourceID),
	}
	switch {
	case m.ID == "":
		return p, incomplete("message has no id")
	case m.Conversation == "" && m.ConversationRef == "":
		return p, incomplete("message has no conversation")
	case m.SentAt.Unix() <= 0:
		return p, incomplete("message has no time")
	case m.Sender.ID == "" || m.Sender.Name == "":
		return p, incomplete("sender has no id or no name")
	case m.Receiver != nil && (m.Receiver.ID == "" || m.Receiver.Name == ""):
		return p, incomplete("receiver has no id or no name")
	case m.Receiver != nil && m.Sender.Ref == "":
		// None of the three documented forms (C §9, trap 25).
		return p, incomplete("sender of a message with a receiver has no reference")
	case m.Post != nil && (m.Post.ID == "" || m.Post.URL == ""):
		return p, incomplete("post has no id or no address")
	}
	sender := participant(m.Sender)
	p.Sender = &sender
	if m.Receiver != nil {
		receiver := participant(*m.Receiver)
		p.Receiver = &receiver
	}
	var err error
	if p.Message, err = m.wire(false); err != nil {
		return p, err
	}
	if m.Post != nil {
		post := wirePost(*m.Post)
		p.Message.Post = &post
	}
	if m.ReplyTo != nil {
		q, err := m.ReplyTo.wire()
		if err != nil {
			return p, fmt.Errorf("quoted: %w", err)
		}
		p.ReplyTo = &wireReply{q}
	}
	if m.Forward != nil {
		q, err := m.Forward.wire()
		if err != nil {
			return p, fmt.Errorf("forwarded: %w", err)
		}
		p.Forwards = &wireForwards{[]wireQuote{q}, m.Forward.Conversation, m.Forward.ConversationRef}
	}
	return p, nil
}
