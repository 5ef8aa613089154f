package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// prepare checks what an operator wrote and completes it. s.mu is held.
func (s *Server) prepare(c *Chat, what Content) (Content, error) {
	what.Type = cmp.Or(what.Type, "text")
	if err := s.storedTemplate(c.Account, &what); err != nil {
		return what, fmt.Errorf("template: %w", err)
	}
	markup, err := typed[Markup](what.Markup)
	if err == nil && markup != nil {
		err = markup.check()
		what.Markup = markup
	}
	if err != nil {
		return what, fmt.Errorf("markup: %w", err)
	}
	if err := s.fillTemplate(c, &what); err != nil {
		return what, err
	}
	if err := s.resolveQuotes(c, &what); err != nil {
		return what, err
	}
	if what.Type != "text" && !isFileKind(what.Type) {
		return what, errors.New("operators send text, file, video, picture, voice, audio and sticker") // C §4.3
	}
	if what.Type != "picture" && what.Type != "video" {
		what.Thumbnail = ""
	}
	if what.Media == "" && (what.Type != "text" || what.Text == "" && what.Forwards == nil) {
		return what, ErrEmpty
	}
	if what.Post != nil {
		if what.Post = s.postOf(c, what.Post.ID); what.Post == nil || what.Type != "text" || what.Media != "" || what.Markup != nil {
			return what, ErrPost
		}
	}
	if s.st.Variants.TimeWindowBlocks && what.Template == nil && s.windowOver(c) {
		return what, ErrWindow
	}
	return what, nil
}

// postOf finds a post by the comments of a chat. s.mu is held.
func (s *Server) postOf(c *Chat, id string) *Post {
	list := s.idx.byChat[c.ID]
	for i := len(list) - 1; i >= 0; i-- {
		if p := list[i].Post; p != nil && p.ID == id {
			return p
		}
	}
	return nil
}

// lastComment is the client's latest comment under a post. s.mu is held.
func (s *Server) lastComment(c *Chat, post string) *Message {
	list := s.idx.byChat[c.ID]
	for i := len(list) - 1; i >= 0; i-- {
		if m := list[i]; m.Post != nil && m.Post.ID == post && m.Direction == Inbound {
			return m
		}
	}
	return nil
}

// resolveQuotes puts whole messages where ids stand; a public answer quotes
// the comment that it answers (C §4.6). s.mu is held.
func (s *Server) resolveQuotes(c *Chat, what *Content) error {
	reply, err := typed[Reply](what.ReplyTo)
	if err != nil {
		return ErrQuote
	}
	forwards, err := typed[Forwarded](what.Forwards)
	if err != nil || forwards != nil && len(forwards.Messages) != 1 {
		return ErrQuote
	}
	if (reply != nil || forwards != nil) && s.lacks("quotes") {
		return ErrQuote
	}
	if reply == nil && what.Post != nil && !s.lacks("quotes") {
		if m := s.lastComment(c, what.Post.ID); m != nil {
			what.ReplyTo = &Reply{s.nested(m)}
		}
	}
	if reply != nil {
		m := s.idx.message[reply.Message.ID]
		if m == nil || m.ChatID != c.ID {
			return ErrQuote
		}
		what.ReplyTo = &Reply{s.nested(m)}
	}
	if forwards != nil {
		m := s.idx.message[forwards.Messages[0].ID]
		if m == nil || m.Account != c.Account || channelOf(m.Scope) != channelOf(c.Scope) {
			return ErrQuote
		}
		what.Forwards = &Forwarded{Messages: []Nested{s.nested(m)}, ConversationID: m.ChatID}
	}
	return nil
}

var marker = regexp.MustCompile(`\{\{[^{}]+\}\}`)

// fillTemplate completes a template with the values of the chat's card and
// makes the text of it. s.mu is held.
func (s *Server) fillTemplate(c *Chat, what *Content) error {
	t, err := typed[Template](what.Template)
	if err != nil || t == nil {
		return err
	}
	for _, key := range marker.FindAllString(t.Content, -1) {
		if !slices.ContainsFunc(t.Params, func(p TemplateParam) bool { return p.Key == key }) {
			t.Params = append(t.Params, TemplateParam{key, s.markerValue(c, key)})
		}
	}
	if t.Params == nil {
		t.Params = []TemplateParam{}
	}
	what.Template, what.Text = t, cmp.Or(what.Text, t.filled())
	return nil
}

// markerValue is what a marker stands for in this chat. s.mu is held.
func (s *Server) markerValue(c *Chat, key string) string {
	contact, lead := s.st.Contacts[c.ContactID], s.st.Leads[c.LeadID]
	switch key {
	case "{{contact.name}}":
		if contact != nil {
			return contact.Name
		}
		return c.ClientName
	case "{{contact.phone}}":
		if contact != nil {
			return contact.Phone
		}
	case "{{contact.email}}":
		if contact != nil {
			return contact.Email
		}
	case "{{lead.name}}":
		if lead != nil {
			return lead.Name
		}
	case "{{lead.id}}":
		if lead != nil {
			return strconv.FormatInt(lead.ID, 10)
		}
	}
	return ""
}

// windowEnd is when the time window of a chat closes; the zero time when there
// is none. It counts from the client's last message (C §8.5). s.mu is held.
func (s *Server) windowEnd(c *Chat) time.Time {
	length := s.st.Variants.TimeWindowSeconds
	if conn := s.st.Connections[c.Scope]; length == 0 || conn == nil || conn.TimeWindowDisabled {
		return time.Time{}
	}
	list := s.idx.byChat[c.ID]
	for i := len(list) - 1; i >= 0; i-- {
		if m := list[i]; m.Direction == Inbound {
			return time.UnixMilli(m.Msec).Add(time.Duration(length) * time.Second)
		}
	}
	return c.CreatedAt
}

func (s *Server) windowOver(c *Chat) bool {
	end := s.windowEnd(c)
	return !end.IsZero() && s.now().After(end)
}

// OperatorAlbum sends several files at once: a message and a hook for each,
// with one media_group_id; the text goes with the first (C §4.3).
func (s *Server) OperatorAlbum(account int64, chat string, user int64, text string, files []Content) ([]Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, u, err := s.operatorAt(account, chat, user)
	if err != nil {
		return nil, err
	}
	if len(files) < 2 || len(files) > 10 {
		return nil, errors.New("an album has 2 to 10 files")
	}
	for i := range files {
		if files[i].Text = ""; i == 0 {
			files[i].Text = text
		}
		if files[i], err = s.prepare(c, files[i]); err != nil {
			return nil, err
		}
		if files[i].Media == "" {
			return nil, ErrEmpty
		}
	}
	group := s.newID()
	var sent []*Message
	for _, f := range files {
		f.MediaGroupID = group
		sent = append(sent, s.write(c, u, f))
	}
	out := values(sent)
	if s.st.Variants.AlbumReversed {
		slices.Reverse(sent)
	}
	for _, m := range sent {
		s.sendMessageHook(m)
	}
	return out, nil
}

// SalesbotSay writes as the CRM's automation does; the variant salesbot_sender
// says who is its sender (C §4.3).
func (s *Server) SalesbotSay(account int64, chat string, what Content) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, admin, err := s.operatorAt(account, chat, 0)
	if err != nil {
		return Message{}, err
	}
	if what, err = s.prepare(c, what); err != nil {
		return Message{}, err
	}
	speaker := User{Name: "Salesbot"}
	switch s.st.Variants.SalesbotSender {
	case "admin":
		speaker = admin
	case "unknown":
		speaker = User{AmojoID: s.newID()}
	default:
		if ch := s.channel(channelOf(c.Scope)); ch != nil {
			speaker.AmojoID = ch.BotID
		}
	}
	m := s.write(c, speaker, what)
	m.Salesbot = true
	s.sendMessageHook(m)
	return m.clone(), nil
}
