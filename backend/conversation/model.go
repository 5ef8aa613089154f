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
	// ClientID is the browser's own id, or the one that an import gave; empty for
	// what a hook brought.
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
	// Kind is one of the Kind constants, or a type that the service invented since.
	Kind string
	// Text is the message, or the caption of a file.
	Text string
	Content
	// AuthorName is the operator's name as the hook gave it, AuthorRef the
	// service's id of that person.
	AuthorName string
	AuthorRef  chatid.UserRef
	// AuthorAvatar is our copy of the operator's picture; empty for none. Only
	// Before and Since give it.
	AuthorAvatar chatid.FileID
	Reactions    []Reaction
	// EditedAt is when its author changed it last; zero for never.
	EditedAt time.Time
	// Pending: its file is not here yet, so nobody can have seen it.
	Pending bool
	Status  Status
	// ErrorCode is the key of the text that tells why it failed.
	ErrorCode string
	// Attached describes Content.File. The store sets it when it reads.
	Attached *File
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
	// Proven is what somebody else than the page says of them.
	Proven Proven
}

// Proven is what a signed user token says of a visitor: nobody on the page can
// have invented it. The zero value is an anonymous visitor.
type Proven struct {
	// ExternalID is the site's own id of the person, the same on all devices.
	ExternalID         string
	Name, Phone, Email string
	// Contact is the CRM's card of the person; 0 when not known.
	Contact chatid.ContactID
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
	// Talk is the CRM's piece of work on it; 0 until a webhook or a look told.
	Talk chatid.TalkID
	// EndedAt is when either side ended it; zero while it goes on.
	EndedAt time.Time
	// Number is what people call one of several by, see NumberName; 0 for none.
	Number int64
	// HealedAt is when its history was read last. Gap: hooks of the account may have
	// been lost since.
	HealedAt time.Time
	Gap      bool
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
	// JobEdit changes an inbound message that was delivered; payload EditJob.
	JobEdit outbox.Kind = "edit"
	// JobReact tells the visitor's reaction; payload ReactJob.
	JobReact outbox.Kind = "react"
	// JobWroteFirst looks for the visitor of a chat that an operator began; payload
	// WroteFirstJob.
	JobWroteFirst outbox.Kind = "wrote_first"
	// JobHeal reads what operators wrote while hooks were lost; payload HealJob.
	JobHeal outbox.Kind = "heal"
	// JobClose closes the talk of a conversation that the visitor ended; payload
	// CloseJob.
	JobClose outbox.Kind = "close"
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
	// Kind is empty for text.
	Kind string `json:"kind,omitempty"`
	// Content is absent for a bare text; File describes Content.File.
	Content *Content `json:"content,omitempty"`
	File    *JobFile `json:"file,omitempty"`
	// Chat and User are set where the chats service's ids decide, because an
	// operator began the chat (C §8.4).
	Chat chatid.ChatRef `json:"chat,omitempty"`
	User chatid.UserRef `json:"user,omitempty"`
	// Contact is the CRM's card to link a new chat to before its first message, so
	// that no second contact and lead are made (C §8.3); 0 for none.
	Contact chatid.ContactID `json:"contact,omitempty"`
	// Author is set in imported history for what an operator or the bot said.
	Author *JobAuthor `json:"author,omitempty"`
	// Silent makes no lead and no notification (C §3.4.8).
	Silent bool `json:"silent,omitempty"`
	// Bot: the greeting bot said it. Without a bot of the channel nobody can say so
	// there, and it is left out.
	Bot bool `json:"bot,omitempty"`
}

// JobFile is what the delivery of a message needs of its file.
type JobFile struct {
	Key     string `json:"key"`
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	Seconds int64  `json:"seconds,omitempty"`
}

// JobAuthor speaks in imported history.
type JobAuthor struct {
	// Ref is the service's id of an operator; empty for the channel's bot.
	Ref  chatid.UserRef `json:"ref,omitempty"`
	Name string         `json:"name"`
}

// EditJob is the payload of JobEdit.
type EditJob struct {
	Message chatid.MessageID `json:"message"`
	Kind    string           `json:"kind"`
	Text    string           `json:"text"`
	At      int64            `json:"at"`
}

// ReactJob is the payload of JobReact. One of Message (inbound) and Ref
// (outbound) names what was reacted to.
type ReactJob struct {
	Message chatid.MessageID  `json:"message,omitempty"`
	Ref     chatid.MessageRef `json:"ref,omitempty"`
	Visitor chatid.VisitorID  `json:"visitor"`
	// Chat is set as in MessageJob: the service may not know the conversation by our
	// id before the visitor answered there.
	Chat chatid.ChatRef `json:"chat,omitempty"`
	// Emoji is empty when the reaction is taken back.
	Emoji string `json:"emoji,omitempty"`
}

// WroteFirstJob is the payload of JobWroteFirst.
type WroteFirstJob struct {
	// Message and Ref are the message that waits for its visitor.
	Message chatid.MessageID  `json:"message"`
	Ref     chatid.MessageRef `json:"ref"`
	Chat    chatid.ChatRef    `json:"chat"`
	User    chatid.UserRef    `json:"user"`
	// Phone is the number that the operator chose, Source the external id of the
	// source that they wrote from; either may be empty.
	Phone  string `json:"phone,omitempty"`
	Source string `json:"source,omitempty"`
}

// HealJob is the payload of JobHeal.
type HealJob struct {
	// Since is the time, in Unix milliseconds, before which nothing was lost.
	Since int64 `json:"since"`
}

// CloseJob is the payload of JobClose.
type CloseJob struct {
	Talk chatid.TalkID `json:"talk,omitempty"`
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

// MessageFailed is the outbox effect of an inbound message that was parked: with
// outbox.Never the job is kept, so that it can be sent again.
type MessageFailed struct {
	Conversation chatid.ConversationID
	Message      chatid.MessageID
	Code         string
	// At is when, for a message that is parked.
	At time.Time
}

// ChatKnown is the outbox effect of learning the service's chat id by other
// means than an answer to a message.
type ChatKnown struct {
	Conversation chatid.ConversationID
	Chat         chatid.ChatRef
}

// WroteFirst is the outbox effect of finding the visitor of a chat that an
// operator began: the lane's messages, but those that were given up, move to the
// conversation To.
type WroteFirst struct {
	Conversation chatid.ConversationID // the lane, a thread without a visitor
	To           chatid.ConversationID
	Chat         chatid.ChatRef
	User         chatid.UserRef
}

// Healed is the outbox effect of having read a conversation's history.
type Healed struct {
	Conversation chatid.ConversationID
	At           time.Time
}

// OutboxEffect marks the type.
func (Healed) OutboxEffect() {}

// TalkKnown is the outbox effect of learning which talk and contact of the CRM a
// conversation has; zero fields say nothing.
type TalkKnown struct {
	Conversation chatid.ConversationID
	Talk         chatid.TalkID
	Contact      chatid.ContactID
}

// OutboxEffect marks the type.
func (WroteFirst) OutboxEffect() {}

// OutboxEffect marks the type.
func (TalkKnown) OutboxEffect() {}

// OutboxEffect marks the type.
func (MessageSent) OutboxEffect() {}

// OutboxEffect marks the type.
func (MessageFailed) OutboxEffect() {}

// OutboxEffect marks the type.
func (ChatKnown) OutboxEffect() {}
