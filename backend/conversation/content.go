package conversation

import "leadline/backend/chatid"

// Kinds of messages, as the Chats API names them (C §3.4.4), and one of ours.
const (
	KindText     = "text"
	KindPicture  = "picture"
	KindVideo    = "video"
	KindVoice    = "voice"
	KindAudio    = "audio"
	KindFile     = "file"
	KindSticker  = "sticker"
	KindLocation = "location"
	KindContact  = "contact"
	// KindEnded is a line in the transcript that tells that the conversation was
	// ended. It is nobody's message and goes nowhere.
	KindEnded = "ended"
)

// holdsFile tells the kinds whose message is a file.
func holdsFile(kind string) bool {
	switch kind {
	case KindPicture, KindVideo, KindVoice, KindAudio, KindFile, KindSticker:
		return true
	}
	return false
}

// Content is what a message holds beside its text. Its JSON is a column of the
// message's row, so names are short and empty fields absent.
type Content struct {
	// File is the message's file; one at most (C §3.4.4).
	File chatid.FileID `json:"file,omitempty"`
	// Group is the same in all messages that were sent as one album.
	Group    string    `json:"group,omitempty"`
	Location *Location `json:"loc,omitempty"`
	Card     *Card     `json:"card,omitempty"`
	Markup   *Markup   `json:"markup,omitempty"`
	Quote    *Quote    `json:"quote,omitempty"`
	Forwards []Quote   `json:"fwd,omitempty"`
	Post     *Post     `json:"post,omitempty"`
	// Callback is the row of a list message that the visitor chose.
	Callback string `json:"cb,omitempty"`
	// Untold: the CRM does not have this message.
	Untold bool `json:"untold,omitempty"`
}

// Tells is false for a message that is text alone.
func (c Content) Tells() bool {
	return c.File != "" || c.Group != "" || c.Location != nil || c.Card != nil || c.Markup != nil || c.Quote != nil || len(c.Forwards) > 0 ||
		c.Post != nil || c.Callback != "" || c.Untold
}

// Location is a point on the map, in degrees.
type Location struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// Valid tells whether the point is on Earth.
func (l Location) Valid() bool {
	return l.Lat >= -90 && l.Lat <= 90 && l.Lon >= -180 && l.Lon <= 180
}

// Card is a contact sent as a message.
type Card struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

// Markup is a keyboard or a list under an operator's message; never both.
type Markup struct {
	Buttons [][]Button `json:"buttons,omitempty"`
	List    *List      `json:"list,omitempty"`
}

// Button opens URL, or, without one, is pressed: the visitor then says its text.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
}

// List is a list message (C §4.3): one row is chosen.
type List struct {
	Header   string    `json:"header,omitempty"`
	Body     string    `json:"body,omitempty"`
	Footer   string    `json:"footer,omitempty"`
	Button   string    `json:"button"`
	Sections []Section `json:"sections"`
}

// Section is a titled group of rows.
type Section struct {
	Title string `json:"title,omitempty"`
	Rows  []Row  `json:"rows"`
}

// Row is one choice.
type Row struct {
	Callback    string `json:"callback_data"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// Has tells whether the markup offers this button (callback "") or row.
func (m *Markup) Has(text, callback string) bool {
	if m == nil {
		return false
	}
	if callback == "" {
		for _, row := range m.Buttons {
			for _, b := range row {
				if b.Text == text && b.URL == "" {
					return true
				}
			}
		}
		return false
	}
	if m.List == nil {
		return false
	}
	for _, s := range m.List.Sections {
		for _, r := range s.Rows {
			if r.Callback == callback && r.Title == text {
				return true
			}
		}
	}
	return false
}

// Quote is a message shown inside another: quoted or forwarded.
type Quote struct {
	// ID is set when the message is one of ours, Ref when the chats service has it.
	ID        chatid.MessageID  `json:"id,omitempty"`
	Ref       chatid.MessageRef `json:"ref,omitempty"`
	Direction Direction         `json:"dir,omitempty"`
	Kind      string            `json:"kind"`
	Text      string            `json:"text,omitempty"`
	Author    string            `json:"author,omitempty"`
	At        int64             `json:"at,omitempty"`
}

// Post is the publication that a comment belongs to (C §3.4.9).
type Post struct {
	ID      string `json:"id"`
	URL     string `json:"url,omitempty"`
	Caption string `json:"caption,omitempty"`
}

// Reaction is one emoji under a message.
type Reaction struct {
	Emoji string
	// By is the chats service's id of the operator; empty for the visitor.
	By chatid.UserRef
}
