// Package conversation holds the people on a site, their threads and messages,
// and the rules by which a message is accepted, shown and reported.
//
// It refuses to know HTTP, SQL and the Chats API. Typical use:
//
//	msg, err := svc.Write(ctx, visitor, conversation.Draft{ClientID: id, Text: "Hello"})
package conversation

import (
	"time"

	"leadline/backend/chatid"
	"leadline/backend/outbox"
)

// Direction is as the CRM sees it.
type Direction string

const (
	// Inbound: the visitor wrote it.
	Inbound Direction = "inbound"
	// Outbound: an operator wrote it.
	Outbound Direction = "outbound"
)

// Status is how far a message has come. Rising order; it never goes back, but
// to Failed.
type Status int

const (
	// Stored: we have it. A visitor sees "sent" (O, WIN-2).
	Stored Status = 0
	// Delivered: inbound, the chats service has it; outbound, a browser has it.
	Delivered Status = 1
	// Read: an operator, or the visitor, has seen it.
	Read Status = 2
	// Failed: final; ErrorCode tells why.
	Failed Status = -1
)

// Message is one message of a conversation.
type Message struct {
	ID           chatid.MessageID
	Account      chatid.AccountID
	Conversation chatid.ConversationID
	// ClientID is the browser's own id (inbound only).
	ClientID chatid.ClientID
	// Ref is the chats service's id: of a hook, or of the answer to a delivery.
	Ref chatid.MessageRef
	// Seq is the order of storing within the conversation; Rev grows with each
	// change and is the cursor of streams. Both come from one counter.
	Seq, Rev int64
	// At orders the transcript, in Unix milliseconds: the time of acceptance,
	// strictly rising, for inbound; the platform's time for outbound.
	At        int64
	Direction Direction
	// Kind is the type of content: "text" and, for now, nothing else is shown.
	Kind string
	Text string
	// AuthorName is the operator's name as the hook gave it.
	AuthorName string
	Status     Status
	// ErrorCode is the key of the text that tells why it failed.
	ErrorCode string
}

// Visitor is a person on a site.
type Visitor struct {
	ID      chatid.VisitorID
	Account chatid.AccountID
	Chat    chatid.ChatID
	// Name, Phone and Email are what the page claimed: data, never proof.
	Name, Phone, Email string
	// Alias is the site's amo-livechat-id cookie; it grants nothing.
	Alias string
	// Locale is the language of the chat when the visitor first wrote.
	Locale string
}

// Conversation is one thread of a visitor in an online chat. One that an
// operator began for somebody we do not know has no visitor.
type Conversation struct {
	ID      chatid.ConversationID
	Account chatid.AccountID
	Chat    chatid.ChatID
	Visitor chatid.VisitorID
	// ChatRef and UserRef are the chats service's names of the thread and of the
	// visitor; empty until the first answer.
	ChatRef chatid.ChatRef
	UserRef chatid.UserRef
	// Seq is the counter of messages and changes; the highest Rev given out.
	Seq int64
	// DeliveredSeq and SeenSeq are how far the visitor's browsers have come.
	DeliveredSeq, SeenSeq int64
	CreatedAt             time.Time
}

// Kinds of jobs in a conversation's lane.
const (
	// JobMessage delivers an inbound message; payload MessageJob.
	JobMessage outbox.Kind = "message"
	// JobStatus reports the delivery status of an outbound one; payload StatusJob.
	JobStatus outbox.Kind = "status"
)

// MessageJob is the payload of JobMessage. It carries what the delivery needs,
// so that a lane can be worked on without reading anything else.
type MessageJob struct {
	Message chatid.MessageID `json:"message"`
	At      int64            `json:"at"`
	Text    string           `json:"text"`
	Visitor chatid.VisitorID `json:"visitor"`
	Name    string           `json:"name"`
	Phone   string           `json:"phone,omitempty"`
	Email   string           `json:"email,omitempty"`
	// Source is the external id of the online chat's source.
	Source string `json:"source,omitempty"`
}

// StatusJob is the payload of JobStatus.
type StatusJob struct {
	Ref    chatid.MessageRef `json:"ref"`
	Status Status            `json:"status"`
	// Code and Text go with Failed: the service's error code (C §3.5) and the key
	// of the sentence that the operator reads.
	Code int    `json:"code,omitempty"`
	Text string `json:"text,omitempty"`
}

// MessageSent is the outbox effect of a delivered inbound message.
type MessageSent struct {
	Conversation chatid.ConversationID
	Message      chatid.MessageID
	Ref          chatid.MessageRef
	// Chat and User are stored with the conversation when it has none yet.
	Chat chatid.ChatRef
	User chatid.UserRef
}

// MessageFailed is the outbox effect of an inbound message that was parked.
type MessageFailed struct {
	Conversation chatid.ConversationID
	Message      chatid.MessageID
	Code         string
}

// ChatKnown is the outbox effect of learning the service's chat id by other
// means than an answer to a message.
type ChatKnown struct {
	Conversation chatid.ConversationID
	Chat         chatid.ChatRef
}

// OutboxEffect marks the type.
func (MessageSent) OutboxEffect() {}

// OutboxEffect marks the type.
func (MessageFailed) OutboxEffect() {}

// OutboxEffect marks the type.
func (ChatKnown) OutboxEffect() {}
