package conversation

import (
	"context"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/outbox"
)

// NewInbound is a message to store together with its job.
type NewInbound struct {
	// Message carries ID, Account, ClientID, Direction, Kind and Text; the store
	// gives Conversation, Seq, Rev and At.
	Message Message
	// Visitor is stored when it is new; of a known one only empty fields are filled.
	Visitor Visitor
	// Conversation is the id of the thread if this message opens it.
	Conversation chatid.ConversationID
	// Source is the external id of the chat's source, copied into the job.
	Source string
	Now    time.Time
	// Token and Lease claim the lane for the caller when nobody works on it.
	Token string
	Lease time.Duration
	// MaxWaiting bounds the undelivered jobs of one lane; 0 = no bound.
	MaxWaiting int
}

// NewOutbound is a message of a hook.
type NewOutbound struct {
	// Message carries ID, Account, Ref, At, Kind, Text and AuthorName.
	Message Message
	// Conversation is the hook's client_id, Chat its conversation.id, User its
	// receiver.id. A thread is found by Conversation within the account, then by
	// Chat; else a thread without a visitor is made under the id NewConversation.
	Conversation    chatid.ConversationID
	Chat            chatid.ChatRef
	User            chatid.UserRef
	NewConversation chatid.ConversationID
	// Status is the job to add when the message is new and not for a visitor we
	// know (it cannot be delivered); its Ref is the message's.
	Unreachable StatusJob
	// KindRefused, when set, is the job to add when the message is new but of a
	// kind that we cannot show; the message is then stored as Failed.
	KindRefused *StatusJob
	Now         time.Time
	Token       string
	Lease       time.Duration
}

// Saved is what became of a message.
type Saved struct {
	Message Message
	// Visitor is whose thread it is; empty when unknown.
	Visitor chatid.VisitorID
	// Duplicate: it was stored before; Message is the stored one, nothing changed.
	Duplicate bool
	// Claim and Job are set when the lane was idle and is the caller's now; the
	// caller hands both to the outbox worker.
	Claim *outbox.Claim
	Job   *outbox.Job
}

// Receipt is how far a visitor's browser has come.
type Receipt struct {
	Conversation    chatid.ConversationID
	Delivered, Seen int64 // highest Seq of outbound messages; 0 = none
	Now             time.Time
	Token           string
	Lease           time.Duration
}

// Reported is the result of a receipt.
type Reported struct {
	// Changed is the number of messages whose status rose.
	Changed int
	Rev     int64
	Claim   *outbox.Claim
	Job     *outbox.Job
}

// Place is a position in a transcript, for paging backwards: messages before
// (At, Seq). The zero Place is the end.
type Place struct{ At, Seq int64 }

// Store keeps visitors, conversations and messages.
type Store interface {
	// SaveInbound stores visitor, conversation, message and job in one
	// transaction. A repeat of (conversation, ClientID) gives Duplicate.
	// fault.Limited "too_many_messages" when MaxWaiting is exceeded.
	SaveInbound(ctx context.Context, in NewInbound) (Saved, error)
	// SaveOutbound stores a hook's message in one transaction. A repeat of
	// (account, Ref) gives Duplicate.
	SaveOutbound(ctx context.Context, in NewOutbound) (Saved, error)
	// SaveReceipt raises the status of outbound messages and adds one status job
	// for each of them, only for messages that have a Ref of a v2 hook.
	SaveReceipt(ctx context.Context, r Receipt) (Reported, error)
	// ConversationOf finds the visitor's thread in a chat; fault.NotFound.
	ConversationOf(ctx context.Context, a chatid.AccountID, c chatid.ChatID, v chatid.VisitorID) (Conversation, error)
	// Conversation finds one by its id within an account; fault.NotFound.
	Conversation(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (Conversation, error)
	// Before reads up to limit messages that stand before p, oldest first.
	Before(ctx context.Context, id chatid.ConversationID, p Place, limit int) ([]Message, error)
	// Since reads up to limit messages with Rev > rev, by rising Rev.
	Since(ctx context.Context, id chatid.ConversationID, rev int64, limit int) ([]Message, error)
	// Unread counts outbound messages after SeenSeq that were not refused.
	Unread(ctx context.Context, id chatid.ConversationID) (int, error)
}
