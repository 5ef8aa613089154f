// Package chatid holds the identifier types of the product, so that the
// compiler tells whose identifier a value is.
//
// The Chats API calls ids of both sides "id", "msgid" and "ref_id" and swaps
// the words between a request and its answer (specs: Chats API, section 0).
// Inside Leadline an identifier has a type; it becomes a plain string only in
// the wire structs of the vendor clients and in database rows.
package chatid

// Ids that Leadline makes. All of them are UUIDs in their 36-character form,
// version 7, so that they sort by the time of making.
type (
	// TeamID names a team.
	TeamID string
	// UserID names a Leadline login within a team.
	UserID string
	// AccountID names our record of one installed CRM account. It is not the
	// CRM's number (CRMAccountID) and not the chats service's id (AmojoID).
	AccountID string
	// ChatID names an online chat.
	ChatID string
	// ButtonID names a button's row in the database; the number that sites see
	// is a ButtonKey.
	ButtonID string
	// CardID names a business-card page.
	CardID string
	// VisitorID names a person on a site. It is also our id of the client in
	// the Chats API (sender.id of inbound, receiver.client_id of outbound).
	VisitorID string
	// ConversationID names one thread. It is conversation_id in Chats API
	// requests and conversation.client_id in hooks.
	ConversationID string
	// MessageID names one message, in either direction. For an inbound message
	// it is the msgid of the request and stays the same over all retries.
	MessageID string
	// FileID names an attachment.
	FileID string
	// CallBackID names a visitor's wish to be called back.
	CallBackID string
)

// ButtonKey is the decimal number that a site's snippet carries as its id.
type ButtonKey string

// ClientID is the id that a visitor's browser gave to a message before it was
// accepted; it makes a resend harmless. Unique within one conversation.
type ClientID string

// Ids that the CRM and its chats service make. They are UUIDs of any version
// (never validate the version; Chats API section 9, trap 12) or numbers.
type (
	// AmojoID names an account in the chats service.
	AmojoID string
	// ChannelID names our registration with the chats service.
	ChannelID string
	// ScopeID is the channel connected to one account: channel id, "_", amojo id.
	ScopeID string
	// ChatRef names a conversation on their side (conversation_ref_id,
	// conversation.id in hooks).
	ChatRef string
	// UserRef names a participant on their side (sender_id, receiver.id in hooks).
	UserRef string
	// MessageRef names a message on their side (new_message.msgid of an answer,
	// message.message.id of a hook, the path of delivery_status).
	MessageRef string
	// CRMAccountID names an account in API v4 and in the widget's token.
	CRMAccountID int64
	// CRMUserID names a user of an account there.
	CRMUserID int64
	// PipelineID names a pipeline in API v4.
	PipelineID int64
	// SourceID names a source in API v4.
	SourceID int64
	// ContactID names a contact's card in API v4.
	ContactID int64
	// TalkID names a talk in API v4.
	TalkID int64
)

// Valid reports whether s has the 8-4-4-4-12 form of a UUID in hexadecimal
// digits, whatever its version.
func Valid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		hex := '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
		if !hex {
			return false
		}
	}
	return true
}

// Scope joins a channel and an account the way the chats service does.
func Scope(c ChannelID, a AmojoID) ScopeID { return ScopeID(string(c) + "_" + string(a)) }

// Split takes a scope apart. ok is false when either half is no UUID.
func (s ScopeID) Split() (c ChannelID, a AmojoID, ok bool) {
	const half = 36
	if len(s) != 2*half+1 || s[half] != '_' {
		return "", "", false
	}
	c, a = ChannelID(s[:half]), AmojoID(s[half+1:])
	return c, a, Valid(string(c)) && Valid(string(a))
}
