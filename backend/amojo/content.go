package amojo

import (
	"time"

	"leadline/backend/chatid"
)

// Content is what a message holds. Text and a file may come together.
type Content struct {
	Type string // one of the constants of Out, or one that is not documented yet
	Text string
	// Media is an address on the service's host, of unknown lifetime: fetch at once.
	Media, Thumbnail, FileName string
	FileBytes                  int64  // 0 when not given, also for files
	MediaGroupID               string // the same in the hooks of one message with several files
	Tag                        string // not used for integrations
	// Location and Contact come in histories, and in what quotes and forwards hold;
	// nil for none.
	Location *Location
	Contact  *Contact
}

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
	Location     object[struct {
		Lon decimal `json:"lon"`
		Lat decimal `json:"lat"`
	}] `json:"location"`
	Contact object[struct {
		Name  text `json:"name"`
		Phone text `json:"phone"`
	}] `json:"contact"`
}

func (w wireContent) content() Content {
	c := Content{
		Type: string(id(w.Type)), Text: string(w.Text), Media: link(w.Media), Thumbnail: link(w.Thumbnail),
		FileName: short(w.FileName), FileBytes: max(int64(w.FileSize), 0),
		MediaGroupID: string(id(w.MediaGroupID)), Tag: short(w.Tag),
	}
	if w.Location.Set {
		l := Location{float64(w.Location.V.Lon), float64(w.Location.V.Lat)}
		if _, err := l.wire(); err == nil {
			c.Location = &l
		}
	}
	if w.Contact.Set {
		c.Contact = &Contact{short(w.Contact.V.Name), short(w.Contact.V.Phone)}
	}
	return c
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
		Name: short(w.Name), Avatar: link(w.Avatar), Phone: short(w.Phone), Email: short(w.Email),
	}
	if p.Phone == "" {
		p.Phone = short(w.Profile.V.Phone)
	}
	if p.Email == "" {
		p.Email = short(w.Profile.V.Email)
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
		m.Template = &Template{ID: int64(t.ID), ExternalID: string(id(t.ExternalID)), Content: string(t.Content)}
		for _, p := range t.Params {
			m.Template.Params = append(m.Template.Params, TemplateParam{short(p.V.Key), string(p.V.Value)})
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
