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
	// Conversation is the id of the thread if this message opens it, and with Several
	// of the one that it belongs to.
	Conversation chatid.ConversationID
	Several      bool
	// Source is the external id of the chat's source, copied into the job.
	Source string
	// ReplyTo is the message that is quoted; the store fills Content.Quote in.
	ReplyTo chatid.MessageID
	// Press is the button that was pressed; the store checks that it was offered.
	Press *Press
	// CallBack is stored with the message that it is.
	CallBack *CallBack
	// Bot greets before the visitor's first message, and replies to those while it
	// runs. It runs until it is over, or an operator has written (BOT-13).
	Bot *Bot
	// NewID gives the ids of what the bot says.
	NewID func() string
	Holder
	// MaxWaiting bounds the undelivered jobs of one lane; 0 = no bound.
	MaxWaiting int
}

// Press names a button or a row of a list under an operator's message.
type Press struct {
	Message chatid.MessageID
	Text    string
	// Callback is empty for a button.
	Callback string
}

// NewOutbound is a message of a hook.
type NewOutbound struct {
	// Message carries ID, Account, Ref, At, Kind, Text, Content and the author. A
	// quote's Ref or ID is looked up; where it names one of ours the rest is taken
	// from there.
	Message Message
	// File is stored with the message, to be fetched; its ID is Message.File.
	File *File
	// Conversation is the hook's client_id, Chat its conversation.id, User its
	// receiver.id. A thread is found by Conversation within the account, then by
	// Chat; else a thread without a visitor is made under the id NewConversation.
	Conversation    chatid.ConversationID
	Chat            chatid.ChatRef
	User            chatid.UserRef
	NewConversation chatid.ConversationID
	// WroteFirst is the job to add when the message is new and not for a visitor
	// we know: who it is for must be found out.
	WroteFirst WroteFirstJob
	// KindRefused, when set, is the job to add when the message is new but of a
	// kind that we cannot show; the message is then stored as Failed.
	KindRefused *StatusJob
	Holder
}

// Saved is what became of a message.
type Saved struct {
	Message Message
	// Visitor is whose thread it is; empty when unknown.
	Visitor chatid.VisitorID
	// Duplicate: it was stored before; Message is the stored one, nothing changed.
	Duplicate bool
	// Whole: Message alone was added, as it stands here, and Since would read no more of
	// it than Picture adds.
	Whole bool
	// Claim and Job are set when the lane was idle and is the caller's now; the
	// caller hands both to the outbox worker.
	Claim *outbox.Claim
	Job   *outbox.Job
}

// Receipt is how far a visitor's browser has come.
type Receipt struct {
	Conversation    chatid.ConversationID
	Delivered, Seen int64 // highest Seq of outbound messages; 0 = none
	Holder
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

// NewImport is one message of a history that is brought in from elsewhere.
type NewImport struct {
	// Message carries ID, Account, ClientID, At, Direction, Kind, Text, Content and
	// the author.
	Message      Message
	Visitor      Visitor
	Conversation chatid.ConversationID
	Source       string
	Author       *JobAuthor
	Silent       bool
	Holder
}

// Change is what a visitor does to a message.
type Change struct {
	Account      chatid.AccountID
	Conversation chatid.ConversationID
	Message      chatid.MessageID
	Visitor      chatid.VisitorID
	Holder
}

// OperatorReaction is a reaction as a hook brought it.
type OperatorReaction struct {
	Account chatid.AccountID
	// The message is found by Message (ours) or by Ref within the account.
	Message chatid.MessageID
	Ref     chatid.MessageRef
	By      chatid.UserRef
	// Emoji is empty when the reaction was taken back.
	Emoji string
}

// End is the end of a conversation.
type End struct {
	Account      chatid.AccountID
	Conversation chatid.ConversationID
	// ID is that of the line in the transcript.
	ID chatid.MessageID
	// ByVisitor adds the job that closes the CRM's talk.
	ByVisitor bool
	// Talk is set when the CRM closed it: that ends the conversation once, and not
	// when the visitor wrote after ClosedAt.
	Talk     chatid.TalkID
	ClosedAt time.Time
	Holder
}

// Task is a job for a lane that belongs to no message.
type Task struct {
	Account      chatid.AccountID
	Conversation chatid.ConversationID
	Kind         outbox.Kind
	Payload      any
	Holder
}

// Store keeps visitors, conversations and messages.
type Store interface {
	Files
	Parking
	Metas
	CardStore
	// SaveInbound stores visitor, conversation, message and job in one
	// transaction, and marks its file as sent. A repeat of (conversation, ClientID)
	// gives Duplicate. fault.Limited "too_many_messages" when MaxWaiting is
	// exceeded; fault.Invalid "no_such_file", "no_such_message", "no_such_button";
	// fault.Conflict "conversation_ended", "too_many_conversations" for one more than
	// MaxOpen, and "callback_waiting" for a CallBack where one is open.
	SaveInbound(ctx context.Context, in NewInbound) (Saved, error)
	// SaveBotTurn stores what a bot does when its request was answered, in one
	// transaction; fault.NotFound, see Service.ResumeBot.
	SaveBotTurn(ctx context.Context, b NewBotTurn) (Saved, error)
	// SaveOutbound stores a hook's message in one transaction. A repeat of
	// (account, Ref) gives Duplicate.
	SaveOutbound(ctx context.Context, in NewOutbound) (Saved, error)
	// SaveReceipt raises the status of outbound messages and adds one status job
	// for each of them that a v2 hook brought: there is nothing to report about a v1
	// hook's, and about an imported one.
	SaveReceipt(ctx context.Context, r Receipt) (Reported, error)
	// SaveImport stores one message of an imported history and its job. A repeat of
	// (conversation, ClientID) gives Duplicate.
	SaveImport(ctx context.Context, in NewImport) (Saved, error)
	// SaveEdit stores a visitor's new text of an own message, and its job.
	// fault.NotFound "no_such_message"; fault.Invalid "not_editable" for one of
	// another kind, that failed, or that was written before notBefore.
	SaveEdit(ctx context.Context, c Change, text string, notBefore time.Time) (Saved, error)
	// SaveReaction stores the visitor's reaction ("" takes it back) and its job. No
	// change gives Duplicate. fault.NotFound "no_such_message".
	SaveReaction(ctx context.Context, c Change, emoji string) (Saved, error)
	// SaveOperatorReaction stores an operator's. fault.NotFound; no change gives
	// Duplicate.
	SaveOperatorReaction(ctx context.Context, r OperatorReaction) (Saved, error)
	// SaveEnd ends a conversation; one that is ended already gives Duplicate.
	SaveEnd(ctx context.Context, e End) (Saved, error)
	// SaveRead raises the status of inbound messages written until at (Unix
	// milliseconds) to Read; Changed tells of how many.
	SaveRead(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, at int64) (Reported, error)
	// SaveTalk stores the CRM's names of a conversation's talk, lead and contact;
	// zero values change nothing. A talk that is Open may end the conversation anew.
	SaveTalk(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, t Talk) error
	// UnreadThere is the time of the latest inbound message that is Delivered and
	// not Read; 0 for none.
	UnreadThere(ctx context.Context, id chatid.ConversationID) (int64, error)
	// OpenTalks lists up to limit conversations that were not ended, have a talk and
	// were spoken in since, the latest first.
	OpenTalks(ctx context.Context, a chatid.AccountID, since time.Time, limit int) ([]Conversation, error)
	// OfContact and OfLead list up to limit conversations of a card, the latest first.
	OfContact(ctx context.Context, a chatid.AccountID, c chatid.ContactID, limit int) ([]Conversation, error)
	OfLead(ctx context.Context, a chatid.AccountID, lead int64, limit int) ([]Conversation, error)
	// AddTask adds a job that belongs to no message. A job of the same kind that
	// waits already in the lane gives Duplicate, but for a JobHeal that would read
	// from later on than this one.
	AddTask(ctx context.Context, t Task) (Saved, error)

	// ByChat finds the conversation that has, or had, the service's chat;
	// fault.NotFound.
	ByChat(ctx context.Context, a chatid.AccountID, ref chatid.ChatRef) (Conversation, error)
	// ByContact finds the conversation in which an operator who writes to a contact
	// of the CRM reaches the visitor, the latest in the chat whose source is named
	// first; ByPhone does so by a proven phone. fault.NotFound.
	ByContact(ctx context.Context, a chatid.AccountID, c chatid.ContactID, source string) (Conversation, error)
	ByPhone(ctx context.Context, a chatid.AccountID, phone, source string) (Conversation, error)
	// FormerChats lists the service's chats that the conversation had before its
	// present one.
	FormerChats(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) ([]chatid.ChatRef, error)
	// Unanswered tells whether an account has a visitor's conversation whose first
	// message waits for the chats service's answer.
	Unanswered(ctx context.Context, a chatid.AccountID) (bool, error)
	// VisitorByExternalID finds an identified visitor of a chat; fault.NotFound.
	VisitorByExternalID(ctx context.Context, a chatid.AccountID, c chatid.ChatID, externalID string) (chatid.VisitorID, error)
	// VisitorOfCards finds the visitor without an external id whose conversation in a
	// chat was spoken in last, of those that the cards show; fault.NotFound.
	VisitorOfCards(ctx context.Context, a chatid.AccountID, c chatid.ChatID, cards PersonCards) (chatid.VisitorID, error)
	// ClaimVisitor gives an anonymous visitor of the chat, who wrote before, an
	// external id that nobody has there; ok is false for any other.
	ClaimVisitor(ctx context.Context, a chatid.AccountID, c chatid.ChatID, v chatid.VisitorID, externalID string) (ok bool, err error)
	// ConversationOf finds the visitor's only thread in a chat; fault.NotFound.
	ConversationOf(ctx context.Context, a chatid.AccountID, c chatid.ChatID, v chatid.VisitorID) (Conversation, error)
	// Conversation finds one by its id within an account; fault.NotFound.
	Conversation(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (Conversation, error)
	// Before reads up to limit messages that stand before p, oldest first.
	Before(ctx context.Context, id chatid.ConversationID, p Place, limit int) ([]Message, error)
	// Open lists a visitor's conversations in a chat that go on, at most MaxOpen, those
	// that were spoken in last first.
	Open(ctx context.Context, a chatid.AccountID, c chatid.ChatID, v chatid.VisitorID) ([]Conversation, error)
	// Since reads up to limit messages of a visitor's conversation, that one which who
	// names, with Rev > rev, by rising Rev; none for one who never wrote.
	Since(ctx context.Context, who Who, rev int64, limit int) ([]Message, error)
	// Picture sets AuthorAvatar of a message that SaveOutbound or SaveInbound gave.
	Picture(ctx context.Context, m *Message) error
	// Unread counts outbound messages after SeenSeq that were not refused; those of
	// an imported history are nothing new.
	Unread(ctx context.Context, id chatid.ConversationID) (int, error)
}

// Files keeps what is known of attachments.
type Files interface {
	// SaveFile stores a file that a visitor uploaded. fault.Limited
	// "too_many_files" when the visitor has maxUnsent files that were not sent.
	SaveFile(ctx context.Context, f File, maxUnsent int) error
	// KeepPicture stores a picture that no visitor sent and no message carries.
	KeepPicture(ctx context.Context, f File) error
	// File finds by id within an account, FileByKey by the key in the lasting link
	// of a file that is ready; fault.NotFound.
	File(ctx context.Context, a chatid.AccountID, id chatid.FileID) (File, error)
	FileByKey(ctx context.Context, key string) (File, error)
	// FileByID finds the file of a signed link, which names no account and is proof
	// by itself; fault.NotFound.
	FileByID(ctx context.Context, id chatid.FileID) (File, error)
	// ClaimFetches gives up to n files that are to be fetched now; each is the
	// caller's until now+lease. A claim that ran out counts as a try.
	ClaimFetches(ctx context.Context, now time.Time, lease time.Duration, n int) ([]Fetch, error)
	// NextFetch is when ClaimFetches may find something; ok is false for never.
	NextFetch(ctx context.Context) (at time.Time, ok bool, err error)
	// RenewFetch moves the end of a claim; of one that is not the caller's any more
	// nothing is changed.
	RenewFetch(ctx context.Context, f Fetch, until time.Time) error
	// FetchLater gives a claimed file back, to be fetched at a later time; the tries
	// that it has had by then are f.Attempts.
	FetchLater(ctx context.Context, f Fetch, at time.Time) error
	// SaveFetched stores what a claimed file turned out to be (State FileReady), or
	// that it cannot be had (FileFailed, with the report to the operator). Its
	// message is shown from now on, and reported as far as browsers have come.
	SaveFetched(ctx context.Context, f Fetch, failed *StatusJob, h Holder) (Saved, error)
	// Unsent lists up to limit files uploaded before that no message carries, for
	// removal; DropFile forgets one, fault.NotFound if it was sent meanwhile.
	Unsent(ctx context.Context, before time.Time, limit int) ([]File, error)
	DropFile(ctx context.Context, id chatid.FileID) error
}

// Holder is who takes an idle lane while a job is stored.
type Holder struct {
	Token string
	Now   time.Time
	Lease time.Duration
}
