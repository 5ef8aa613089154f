package sandbox

import (
	"net/url"
	"slices"
	"unicode/utf8"
)

// messageEnvelope is C §3.4.1-3.4.2.
type messageEnvelope struct {
	EventType string    `json:"event_type" need:"true"`
	Payload   payloadIn `json:"payload" need:"true"`
}

type payloadIn struct {
	Timestamp         *int64     `json:"timestamp"`
	Msec              *int64     `json:"msec_timestamp"`
	MsgID             string     `json:"msgid"`
	ID                string     `json:"id"`
	ConversationID    string     `json:"conversation_id"`
	ConversationRefID string     `json:"conversation_ref_id"`
	Silent            *bool      `json:"silent"`
	Source            *sourceIn  `json:"source"`
	Sender            *personIn  `json:"sender"`
	Receiver          *personIn  `json:"receiver"`
	Message           messageIn  `json:"message" need:"true"`
	ReplyTo           *replyIn   `json:"reply_to"`
	Forwards          *forwardIn `json:"forwards"`
}

type messageIn struct {
	Type           string      `json:"type" need:"true"`
	Text           *string     `json:"text"`
	Media          string      `json:"media"`
	FileName       string      `json:"file_name"`
	FileSize       *int64      `json:"file_size"`
	MediaDuration  int64       `json:"media_duration"`
	StickerID      string      `json:"sticker_id"`
	Location       *Location   `json:"location"`
	Contact        *Card       `json:"contact"`
	CallbackData   string      `json:"callback_data"`
	SharedPost     *SharedPost `json:"shared_post"`
	Post           *Post       `json:"post"`
	DeliveryStatus *statusIn   `json:"delivery_status"`
}

type replyIn struct {
	Message quoteIn `json:"message" need:"true"`
}

type forwardIn struct {
	Messages          []quoteIn `json:"messages" need:"true"`
	ConversationID    string    `json:"conversation_id"`
	ConversationRefID string    `json:"conversation_ref_id"`
}

// quoteIn is the embedded message of C §3.4.7.
type quoteIn struct {
	ID            string    `json:"id"`
	MsgID         string    `json:"msgid"`
	Type          string    `json:"type"`
	Text          string    `json:"text"`
	Timestamp     *int64    `json:"timestamp"`
	Msec          *int64    `json:"msec_timestamp"`
	Sender        *quotedBy `json:"sender"`
	FileName      string    `json:"file_name"`
	FileSize      int64     `json:"file_size"`
	MediaDuration int64     `json:"media_duration"`
	Location      *Location `json:"location"`
	Contact       *Card     `json:"contact"`
}

type quotedBy struct {
	ID    string `json:"id"`
	RefID string `json:"ref_id"`
	Name  string `json:"name"`
}

// check says what is missing for the type (C §3.4.4), or "".
func (m messageIn) check(edit bool, v ChatVariants) string {
	fileless := m.Media == "" || m.FileName == "" || m.FileSize == nil
	switch m.Type {
	case "text":
		if m.Text == nil || *m.Text == "" {
			return "text is required for the type text"
		}
	case "picture", "video", "file":
		if fileless && !edit {
			return "media, file_name and file_size are required for the type " + m.Type
		}
	case "voice", "audio", "sticker":
		if m.Media == "" && !edit && (m.Type != "sticker" || m.StickerID == "" || !v.StickerWithoutMedia) {
			return "media is required for the type " + m.Type
		}
	case "location":
		if m.Location == nil {
			return "location is required for the type location"
		}
	case "contact":
		if m.Contact == nil {
			return "contact is required for the type contact"
		}
	default:
		return "type " + m.Type + " is not known"
	}
	switch {
	case m.FileSize != nil && *m.FileSize < 0 || m.MediaDuration < 0:
		return "sizes and durations are not negative"
	case m.Media != "" && !webLink(m.Media):
		return "media must be an absolute http or https link"
	case m.SharedPost != nil && (m.Type != "text" || m.SharedPost.Type != "post" || !webLink(m.SharedPost.URL)):
		return "shared_post belongs to a text and needs type post and a link as url"
	case m.CallbackData != "" && m.Type != "text":
		return "callback_data belongs to a text"
	case m.Post != nil && !webLink(m.Post.URL):
		return "post.url must be an absolute http or https link"
	case v.TextMax > 0 && m.Text != nil && utf8.RuneCountInString(*m.Text) > v.TextMax:
		return "text is too long"
	case v.FileMaxBytes > 0 && m.FileSize != nil && *m.FileSize > int64(v.FileMaxBytes):
		return "the file is too large"
	}
	return ""
}

func (q quoteIn) check() string {
	if q.ID != "" || q.MsgID != "" {
		return ""
	}
	switch {
	case q.Type == "" || q.Timestamp == nil || q.Msec == nil || q.Sender == nil:
		return "a quoted message needs id, msgid, or type, timestamp, msec_timestamp and sender"
	case q.Type == "text" && q.Text == "":
		return "a quoted text needs its text"
	case q.Type == "location" && q.Location == nil, q.Type == "contact" && q.Contact == nil:
		return "a quoted " + q.Type + " needs its " + q.Type
	case q.Sender.ID == "" && q.Sender.RefID == "" && q.Sender.Name == "":
		return "a quoted message's sender needs id, ref_id or name"
	}
	return ""
}

func (m messageIn) content() Content {
	c := Content{
		Type: m.Type, Media: m.Media, FileName: m.FileName, MediaDuration: m.MediaDuration,
		StickerID: m.StickerID, Location: m.Location, Contact: m.Contact,
		CallbackData: m.CallbackData, SharedPost: m.SharedPost, Post: m.Post,
	}
	if m.Text != nil {
		c.Text = *m.Text
	}
	if m.FileSize != nil {
		c.FileSize = *m.FileSize
	}
	return c
}

// checkNew says what a new message lacks, or "".
func (p payloadIn) checkNew(v ChatVariants) string {
	switch {
	case p.Silent == nil && slices.Contains(v.RequireFields, "silent"):
		return "silent is required"
	case p.Msec == nil && slices.Contains(v.RequireFields, "msec_timestamp"):
		return "msec_timestamp is required"
	case p.Timestamp == nil || *p.Timestamp <= 0:
		return "timestamp is required"
	case p.Msec != nil && *p.Msec <= 0:
		return "msec_timestamp must be positive"
	case p.MsgID == "":
		return "msgid is required"
	case p.ID != "":
		return "id is only for edit_message"
	case p.ConversationID == "" && p.ConversationRefID == "":
		return "conversation_id is required"
	case p.Sender == nil:
		return "sender is required"
	case p.Message.DeliveryStatus != nil:
		return "delivery_status is only for edit_message"
	case p.Receiver != nil && p.Sender.RefID == "" && !v.ReceiverWithoutRef:
		return "a message with a receiver needs sender.ref_id" // C §9.25
	case p.Forwards != nil && len(p.Forwards.Messages) != 1:
		return "forwards holds exactly one message"
	}
	if p.ReplyTo != nil {
		if e := p.ReplyTo.Message.check(); e != "" {
			return e
		}
	}
	if p.Forwards != nil {
		if e := p.Forwards.Messages[0].check(); e != "" {
			return e
		}
	}
	for _, person := range []*personIn{p.Sender, p.Receiver} {
		if person != nil && person.Avatar != "" && !webLink(person.Avatar) {
			return "avatar must be an absolute http or https link"
		}
	}
	return p.Message.check(false, v)
}

// webLink tells whether a link can be fetched (C §3.4.4).
func webLink(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}
