package sandbox

import "encoding/json"

type hookV2 struct {
	AccountID string      `json:"account_id"`
	Time      int64       `json:"time"`
	Message   *hookText   `json:"message,omitempty"`
	Action    *hookAction `json:"action,omitempty"`
}

type hookText struct {
	Receiver     *personOut  `json:"receiver"`
	Sender       *personOut  `json:"sender"`
	Conversation hookConv    `json:"conversation"`
	Source       *sourceIn   `json:"source,omitempty"`
	Timestamp    int64       `json:"timestamp"`
	Msec         int64       `json:"msec_timestamp"`
	Message      hookContent `json:"message"`
}

type hookConv struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id,omitempty"`
}

type hookContent struct {
	ID           string          `json:"id"`
	Type         string          `json:"type"`
	Text         string          `json:"text"`
	Markup       json.RawMessage `json:"markup,omitempty"` // null when there is none, unless left out
	Tag          string          `json:"tag"`
	Media        string          `json:"media"`
	Thumbnail    string          `json:"thumbnail"`
	FileName     string          `json:"file_name"`
	FileSize     int64           `json:"file_size"`
	MediaGroupID string          `json:"media_group_id,omitempty"`
	Template     any             `json:"template,omitempty"`
	ReplyTo      any             `json:"reply_to,omitempty"`
	Forwards     any             `json:"forwards,omitempty"`
	Post         *hookConv       `json:"post,omitempty"` // its id alone (C §4.6)
}

type hookAction struct {
	User     *hookConv     `json:"user,omitempty"` // of typing, as the table has it (C §4.4)
	Typing   *hookTyping   `json:"typing,omitempty"`
	Reaction *hookReaction `json:"reaction,omitempty"`
}

type hookTyping struct {
	User         *hookConv `json:"user,omitempty"`
	Conversation hookConv  `json:"conversation"`
	ExpiredAt    int64     `json:"expired_at"`
	PostID       string    `json:"post_id,omitempty"`
}

type reactedTo struct {
	ID        string    `json:"id"`
	ClientID  string    `json:"client_id,omitempty"`
	Receiver  *hookConv `json:"receiver,omitempty"`
	Sender    hookConv  `json:"sender"`
	Timestamp int64     `json:"timestamp"`
	Msec      int64     `json:"msec_timestamp"`
}

type hookReaction struct {
	Message      *reactedTo `json:"message,omitempty"`
	MsgID        string     `json:"msgid,omitempty"`
	User         hookConv   `json:"user"`
	Conversation hookConv   `json:"conversation"`
	Type         string     `json:"type"`
	Emoji        string     `json:"emoji,omitempty"`
}

// hookV1 is C §4.7.
type hookV1 struct {
	Receiver       string `json:"receiver"`
	ConversationID string `json:"conversation_id"`
	Msec           int64  `json:"msec_timestamp"`
	Type           string `json:"type"`
	Text           string `json:"text"`
	Media          string `json:"media"`
	Thumbnail      string `json:"thumbnail"`
	FileName       string `json:"file_name"`
	FileSize       int64  `json:"file_size"`
	Markup         any    `json:"markup,omitempty"` // these two in newer ones
	MediaGroupID   string `json:"media_group_id,omitempty"`
}

// sendMessageHook makes the hook of a message written in the CRM. s.mu is held.
func (s *Server) sendMessageHook(m *Message) {
	chat := s.st.Chats[m.ChatID]
	version, ch := s.hookVersion(chat.Scope)
	if version == "v1" {
		p := s.st.Participants[m.ReceiverID]
		s.sendHook("message", version, chat, m.ID, ch, hookV1{
			Receiver: p.ClientID, ConversationID: chat.ConversationID, Msec: m.Msec, Type: m.Type, Text: m.Text,
			Media: m.Media, Thumbnail: m.Thumbnail, FileName: m.FileName, FileSize: m.FileSize, Markup: m.Markup, MediaGroupID: m.MediaGroupID,
		})
		return
	}
	t := &hookText{
		Receiver: s.person(m.ReceiverID, ""), Sender: s.person(m.SenderID, m.SenderName), Conversation: s.conv(chat),
		Timestamp: m.Msec / 1000, Msec: m.Msec,
		Message: hookContent{
			ID: m.ID, Type: m.Type, Text: m.Text, Markup: marshal(m.Markup), Media: m.Media, Thumbnail: m.Thumbnail, FileName: m.FileName,
			FileSize: m.FileSize, MediaGroupID: m.MediaGroupID, Template: m.Template, ReplyTo: m.ReplyTo, Forwards: m.Forwards,
		},
	}
	t.Receiver.Avatar = ""
	if m.Post != nil {
		t.Message.Post = &hookConv{ID: m.Post.ID}
	}
	if ch != nil {
		if src := s.sourceOf(chat, *ch); src != nil {
			t.Source = &sourceIn{src.ExternalID}
		} else if chat.Source != "" {
			t.Source = &sourceIn{chat.Source}
		}
	}
	for _, field := range s.st.Variants.HookOmit {
		switch field {
		case "source":
			t.Source = nil
		case "name":
			t.Receiver.Name, t.Sender.Name = nil, nil
		case "phone":
			t.Receiver.Phone = nil
		case "email":
			t.Receiver.Email = nil
		case "client_id":
			t.Receiver.ClientID, t.Conversation.ClientID = "", ""
		case "markup":
			if m.Markup == nil {
				t.Message.Markup = nil
			}
		case "file":
			t.Message.FileName, t.Message.FileSize = "", 0
		}
	}
	s.sendHook("message", "v2", chat, m.ID, ch, hookV2{AccountID: s.account(chat.Account).AmojoID, Time: s.now().Unix(), Message: t})
}

func (s *Server) conv(c *Chat) hookConv { return hookConv{c.ID, c.ConversationID} }

func (s *Server) sendTypingHook(c *Chat, u User, post string) {
	_, ch := s.hookVersion(c.Scope)
	now := s.now().Unix()
	action := &hookAction{Typing: &hookTyping{Conversation: s.conv(c), ExpiredAt: now + 5, PostID: post}}
	form := s.st.Variants.TypingHook
	if form != "action" {
		action.Typing.User = &hookConv{ID: u.AmojoID}
	}
	if form == "action" || form == "both" {
		action.User = &hookConv{ID: u.AmojoID}
	}
	s.sendHook("typing", "v2", c, "", ch, hookV2{AccountID: s.account(c.Account).AmojoID, Time: now, Action: action})
}

func (s *Server) sendReactionHook(c *Chat, m *Message, u User, emoji string) {
	_, ch := s.hookVersion(c.Scope)
	r := &hookReaction{User: hookConv{ID: u.AmojoID}, Conversation: s.conv(c), Type: "react", Emoji: emoji}
	if emoji == "" {
		r.Type = "unreact"
	}
	form := s.st.Variants.ReactionHook
	if form != "msgid" {
		r.Message = &reactedTo{ID: m.ID, ClientID: m.MsgID, Sender: hookConv{ID: m.SenderID}, Timestamp: m.Msec / 1000, Msec: m.Msec}
		if m.ReceiverID != "" {
			r.Message.Receiver = &hookConv{ID: m.ReceiverID}
		}
	}
	if form == "msgid" || form == "both" {
		r.MsgID = m.ID
	}
	s.sendHook("reaction", "v2", c, m.ID, ch, hookV2{AccountID: s.account(c.Account).AmojoID, Time: s.now().Unix(), Action: &hookAction{Reaction: r}})
}
