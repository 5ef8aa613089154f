package amojo

import (
	"time"

	"leadline/backend/chatid"
)

// Quote is a message that another one answers or passes on. With Ref or ID the
// service fills in the rest and links to the original; Ref is preferred. Without
// both it is shown as told here: Out without Media, SentAt and one of the
// author's ids or names are then required.
type Quote struct {
	Ref chatid.MessageRef
	ID  chatid.MessageID
	Out
	SentAt time.Time
	Author Author
}

// Author is who wrote a quoted message, by our id, the service's id or a name.
type Author struct {
	ID   chatid.VisitorID
	Ref  chatid.UserRef
	Name string
}

// Forward is a message of any of our chats, with the chat that it comes from if
// that is known. The service takes one per message.
type Forward struct {
	Quote
	Conversation    chatid.ConversationID
	ConversationRef chatid.ChatRef
}

type wireAuthor struct {
	ID    chatid.VisitorID `json:"id,omitempty"`
	RefID chatid.UserRef   `json:"ref_id,omitempty"`
	Name  string           `json:"name,omitempty"`
}

type wireQuote struct {
	ID            chatid.MessageRef `json:"id,omitempty"`
	MsgID         chatid.MessageID  `json:"msgid,omitempty"`
	Type          string            `json:"type,omitempty"`
	Text          string            `json:"text,omitempty"`
	Timestamp     int64             `json:"timestamp,omitempty"`
	MsecTimestamp int64             `json:"msec_timestamp,omitempty"`
	Sender        *wireAuthor       `json:"sender,omitempty"`
	FileName      string            `json:"file_name,omitempty"`
	FileSize      int64             `json:"file_size,omitempty"`
	MediaDuration int64             `json:"media_duration,omitempty"`
	Location      *wireLocation     `json:"location,omitempty"`
	Contact       *wireCard         `json:"contact,omitempty"`
}

type wireReply struct {
	Message wireQuote `json:"message"`
}

type wireForwards struct {
	Messages          []wireQuote           `json:"messages"`
	ConversationID    chatid.ConversationID `json:"conversation_id,omitempty"`
	ConversationRefID chatid.ChatRef        `json:"conversation_ref_id,omitempty"`
}

func (q Quote) wire() (wireQuote, error) {
	switch {
	case q.Ref != "":
		return wireQuote{ID: q.Ref}, nil
	case q.ID != "":
		return wireQuote{MsgID: q.ID}, nil
	case q.SentAt.Unix() <= 0:
		return wireQuote{}, incomplete("message has no time")
	case q.Author == Author{}:
		return wireQuote{}, incomplete("message has no author")
	}
	// A quote has no address of a file, so it is checked as an edit is.
	out := q.Out
	out.Media = ""
	o, err := out.wire(true)
	if err != nil {
		return wireQuote{}, err
	}
	w := wireQuote{
		Type: o.Type, Text: q.Text, Timestamp: q.SentAt.Unix(), MsecTimestamp: q.SentAt.UnixMilli(),
		MediaDuration: o.MediaDuration, Location: o.Location, Contact: o.Contact,
	}
	author := wireAuthor{q.Author.ID, q.Author.Ref, q.Author.Name}
	w.Sender = &author
	if out.file() && o.Type != TypeSticker {
		w.FileName, w.FileSize = q.FileName, max(q.FileBytes, 0)
	}
	return w, nil
}
