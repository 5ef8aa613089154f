package amojo

import (
	"time"

	"leadline/backend/chatid"
)

// Content is what a message holds. Text and a file may come together.
type Content struct {
	// Type is text, file, video, picture, voice, audio, sticker, or one that is
	// not documented yet.
	Type string
	Text string
	// Media is an address on the service's host, of unknown lifetime: fetch at once.
	Media, Thumbnail, FileName string
	FileBytes                  int64  // 0 when not given, also for files
	MediaGroupID               string // the same in the hooks of one message with several files
	Tag                        string // not used for integrations
}

// Markup is a keyboard or a list under a message; at most one of the two is set.
type Markup struct {
	Mode    string // "inline" for integrations
	Buttons [][]Button
	List    *ListMessage
}

// Button opens URL, or, without one, answers with its own text.
type Button struct{ Text, URL string }

// ListMessage is a list to choose one row from; the row's CallbackData goes back
// with the visitor's answer.
type ListMessage struct {
	Header, Body, Footer, Button string
	Sections                     []ListSection
}

// ListSection is a titled group of rows.
type ListSection struct {
	Title string
	Rows  []ListRow
}

// ListRow is one choice.
type ListRow struct{ CallbackData, Title, Description string }

// Template tells from which template a message was written; the message's text
// is filled in already.
type Template struct {
	ID         int64  // the CRM's
	ExternalID string // ours, if the template was made through the API
	Content    string // with {{markers}}; never shown to visitors
	Params     []TemplateParam
}

// TemplateParam is the value of one marker.
type TemplateParam struct{ Key, Value string }

// Quoted is a message inside another: quoted or forwarded.
type Quoted struct {
	Ref              chatid.MessageRef
	ID               chatid.MessageID // ours, if the message has one
	At               time.Time
	Sender, Receiver Party
	Content          Content
}

type wireContent struct {
	Type         text    `json:"type"`
	Text         text    `json:"text"`
	Media        text    `json:"media"`
	Thumbnail    text    `json:"thumbnail"`
	FileName     text    `json:"file_name"`
	FileSize     integer `json:"file_size"`
	MediaGroupID text    `json:"media_group_id"`
	Tag          text    `json:"tag"`
}

func (w wireContent) content() Content {
	return Content{
		Type: string(id(w.Type)), Text: string(w.Text), Media: string(w.Media), Thumbnail: string(w.Thumbnail),
		FileName: string(w.FileName), FileBytes: max(int64(w.FileSize), 0),
		MediaGroupID: string(id(w.MediaGroupID)), Tag: string(w.Tag),
	}
}

type wireParty struct {
	ID       text                `json:"id"`
	ClientID text                `json:"client_id"`
	Name     text                `json:"name"`
	Avatar   text                `json:"avatar"`
	Phone    text                `json:"phone"`
	Email    text                `json:"email"`
	Profile  object[wireContact] `json:"profile"` // one page nests phone and email
}

type wireContact struct {
	Phone text `json:"phone"`
	Email text `json:"email"`
}

func (w wireParty) party() Party {
	p := Party{
		Ref: chatid.UserRef(id(w.ID)), ID: chatid.VisitorID(id(w.ClientID)),
		Name: string(w.Name), Avatar: string(w.Avatar), Phone: string(w.Phone), Email: string(w.Email),
	}
	if p.Phone == "" {
		p.Phone = string(w.Profile.V.Phone)
	}
	if p.Email == "" {
		p.Email = string(w.Profile.V.Email)
	}
	return p
}

type wireConversation struct {
	ID       text `json:"id"`
	ClientID text `json:"client_id"`
}

type wireRef struct {
	ID text `json:"id"`
}

type wireMessage struct {
	Conversation object[wireConversation] `json:"conversation"`
	Source       object[struct {
		ExternalID text `json:"external_id"`
	}] `json:"source"`
	Sender   object[wireParty] `json:"sender"`
	Receiver object[wireParty] `json:"receiver"`
	wireTimes
	Message object[struct {
		ID text `json:"id"`
		wireContent
		Markup   object[wireMarkup]   `json:"markup"`
		Template object[wireTemplate] `json:"template"`
		ReplyTo  object[struct {
			Message object[wireQuoted] `json:"message"`
		}] `json:"reply_to"`
		Forwards object[struct {
			Messages          list[object[wireQuoted]] `json:"messages"`
			ConversationRefID text                     `json:"conversation_ref_id"`
		}] `json:"forwards"`
		Post object[wireRef] `json:"post"`
	}] `json:"message"`
}

func (w wireMessage) hook() MessageHook {
	in := w.Message.V
	m := MessageHook{
		Ref: chatid.MessageRef(id(in.ID)), Chat: chatid.ChatRef(id(w.Conversation.V.ID)),
		Conversation: chatid.ConversationID(id(w.Conversation.V.ClientID)), SourceID: string(id(w.Source.V.ExternalID)),
		Sender: w.Sender.V.party(), Receiver: w.Receiver.V.party(), At: w.at(), Content: in.content(),
		Markup: in.Markup.V.markup(), PostID: string(id(in.Post.V.ID)),
	}
	if in.Template.Set {
		t := in.Template.V
		m.Template = &Template{ID: int64(t.ID), ExternalID: string(t.ExternalID), Content: string(t.Content)}
		for _, p := range t.Params {
			m.Template.Params = append(m.Template.Params, TemplateParam{string(p.V.Key), string(p.V.Value)})
		}
	}
	if in.ReplyTo.V.Message.Set {
		q := in.ReplyTo.V.Message.V.quoted()
		m.ReplyTo = &q
	}
	for _, f := range in.Forwards.V.Messages {
		m.Forwards = append(m.Forwards, f.V.quoted())
	}
	m.ForwardsChat = chatid.ChatRef(id(in.Forwards.V.ConversationRefID))
	return m
}

type wireTemplate struct {
	ID         integer `json:"id"`
	ExternalID text    `json:"external_id"`
	Content    text    `json:"content"`
	Params     list[object[struct {
		Key   text `json:"key"`
		Value text `json:"value"`
	}]] `json:"params"`
}

type wireQuoted struct {
	ID    text `json:"id"`
	MsgID text `json:"msgid"`
	wireTimes
	wireContent
	Sender   object[wireParty] `json:"sender"`
	Receiver object[wireParty] `json:"receiver"`
}

func (w wireQuoted) quoted() Quoted {
	return Quoted{
		Ref: chatid.MessageRef(id(w.ID)), ID: chatid.MessageID(id(w.MsgID)), At: w.at(),
		Sender: w.Sender.V.party(), Receiver: w.Receiver.V.party(), Content: w.content(),
	}
}

type wireMarkup struct {
	Mode    text `json:"mode"`
	Buttons list[list[object[struct {
		Text text `json:"text"`
		URL  text `json:"url"`
	}]]] `json:"buttons"`
	List object[struct {
		Header   text `json:"header"`
		Body     text `json:"body"`
		Footer   text `json:"footer"`
		Button   text `json:"button"`
		Sections list[object[struct {
			Title text `json:"title"`
			Rows  list[object[struct {
				CallbackData text `json:"callback_data"`
				Title        text `json:"title"`
				Description  text `json:"description"`
			}]] `json:"rows"`
		}]] `json:"sections"`
	}] `json:"list_message"`
}

// markup gives nil when there is neither a button nor a list.
func (w wireMarkup) markup() *Markup {
	m := Markup{Mode: string(w.Mode)}
	for _, row := range w.Buttons {
		var buttons []Button
		for _, b := range row {
			buttons = append(buttons, Button{string(b.V.Text), string(b.V.URL)})
		}
		if buttons != nil {
			m.Buttons = append(m.Buttons, buttons)
		}
	}
	if w.List.Set {
		l := w.List.V
		m.List = &ListMessage{Header: string(l.Header), Body: string(l.Body), Footer: string(l.Footer), Button: string(l.Button)}
		for _, s := range l.Sections {
			section := ListSection{Title: string(s.V.Title)}
			for _, r := range s.V.Rows {
				section.Rows = append(section.Rows, ListRow{string(r.V.CallbackData), string(r.V.Title), string(r.V.Description)})
			}
			m.List.Sections = append(m.List.Sections, section)
		}
	}
	if m.Buttons == nil && m.List == nil {
		return nil
	}
	return &m
}

// wireAction reads both places where the documentation puts the operator of a
// typing hook and the message of a reaction hook.
type wireAction struct {
	User   object[wireRef] `json:"user"`
	Typing object[struct {
		User         object[wireRef]          `json:"user"`
		Conversation object[wireConversation] `json:"conversation"`
		ExpiredAt    integer                  `json:"expired_at"`
		PostID       text                     `json:"post_id"`
	}] `json:"typing"`
	Reaction object[struct {
		Message object[struct {
			ID       text `json:"id"`
			ClientID text `json:"client_id"`
		}] `json:"message"`
		MsgID        text                     `json:"msgid"`
		User         object[wireRef]          `json:"user"`
		Conversation object[wireConversation] `json:"conversation"`
		Type         text                     `json:"type"`
		Emoji        text                     `json:"emoji"`
	}] `json:"reaction"`
}

func (w wireAction) typing() TypingHook {
	t := w.Typing.V
	user := t.User.V.ID
	if user == "" {
		user = w.User.V.ID
	}
	return TypingHook{
		User: chatid.UserRef(id(user)), Chat: chatid.ChatRef(id(t.Conversation.V.ID)),
		Conversation: chatid.ConversationID(id(t.Conversation.V.ClientID)),
		ExpiresAt:    unixSeconds(int64(t.ExpiredAt)), PostID: string(id(t.PostID)),
	}
}

func (w wireAction) reaction() ReactionHook {
	r := w.Reaction.V
	ref := r.Message.V.ID
	if ref == "" {
		ref = r.MsgID
	}
	user := r.User.V.ID
	if user == "" {
		user = w.User.V.ID
	}
	return ReactionHook{
		Message: chatid.MessageRef(id(ref)), MessageID: chatid.MessageID(id(r.Message.V.ClientID)),
		User: chatid.UserRef(id(user)), Chat: chatid.ChatRef(id(r.Conversation.V.ID)),
		Conversation: chatid.ConversationID(id(r.Conversation.V.ClientID)),
		Removed:      r.Type == "unreact", Emoji: string(id(r.Emoji)),
	}
}
