package sandbox

import (
	"errors"
	"maps"
	"time"
)

// Errors of what an operator does.
var (
	ErrNoChat = errors.New("no such chat in this account")
	ErrNoUser = errors.New("no such user in this account")
	ErrEmpty  = errors.New("the message is empty")
)

// OperatorSay writes a text as the account's first administrator; the hook goes
// out when the channel is connected. chat is an amojo chat id.
func (s *Server) OperatorSay(account int64, chat, text string) (Message, error) {
	return s.OperatorSend(account, chat, 0, Content{Type: "text", Text: text})
}

// OperatorSend writes anything as a user of the account; user 0 is the first
// administrator.
func (s *Server) OperatorSend(account int64, chat string, user int64, what Content) (Message, error) {
	if what.Type == "" {
		what.Type = "text"
	}
	if what.Text == "" && what.Media == "" {
		return Message{}, ErrEmpty
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, u, err := s.operatorAt(account, chat, user)
	if err != nil {
		return Message{}, err
	}
	return s.write(c, u, what), nil
}

// write stores a message written in the CRM and sends its hook. s.mu is held.
func (s *Server) write(c *Chat, u User, what Content) Message {
	m := &Message{
		Direction: Outbound, FromCRM: true, SenderID: u.AmojoID, SenderName: u.Name, ReceiverID: c.Participant,
		Msec: s.nextMsec(c), Content: what,
	}
	s.addMessage(c, m)
	c.Unread = 0
	if t := s.st.Talks[c.TalkID]; t != nil {
		t.Read, t.UpdatedAt = true, s.now()
	}
	s.sendMessageHook(m)
	return m.clone()
}

// WriteFirst begins a chat with a phone number through a connected scope (C §8.4):
// the hook carries neither our conversation id nor our client id. source may be "".
func (s *Server) WriteFirst(scope, phone, source, text string) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn := s.st.Connections[scope]
	if conn == nil {
		return Message{}, ErrNotFound
	}
	if phone == "" || text == "" {
		return Message{}, ErrEmpty
	}
	p := &Participant{ID: s.newID(), Scope: scope, Name: phone, Phone: phone}
	s.st.Participants[p.ID] = p
	contact := &Contact{ID: s.nextID(), Account: conn.Account, Name: phone, Phone: phone}
	s.st.Contacts[contact.ID] = contact
	chat := s.newChat(conn.Account, scope, "", p)
	chat.ContactID, chat.Linked, chat.Source = contact.ID, true, source
	return s.write(chat, s.account(conn.Account).admin(), Content{Type: "text", Text: text}), nil
}

// OperatorTyping sends the typing hook of C §4.4.
func (s *Server) OperatorTyping(account int64, chat string, user int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, u, err := s.operatorAt(account, chat, user)
	if err != nil {
		return err
	}
	s.sendTypingHook(c, u)
	return nil
}

// OperatorReact sets a reaction, or takes it back when emoji is empty, and
// sends the hook of C §4.5.
func (s *Server) OperatorReact(account int64, message string, user int64, emoji string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.idx.message[message]
	if m == nil {
		return ErrNoChat
	}
	c, u, err := s.operatorAt(account, m.ChatID, user)
	if err != nil {
		return err
	}
	m.Reactions = maps.Clone(m.Reactions)
	if m.Reactions == nil {
		m.Reactions = map[string]string{}
	}
	if emoji == "" {
		delete(m.Reactions, u.AmojoID)
	} else {
		m.Reactions[u.AmojoID] = emoji
	}
	s.sendReactionHook(c, m, u, emoji)
	s.touch()
	return nil
}

// CloseTalk closes the talk of a chat; the client's next message opens another.
func (s *Server) CloseTalk(account int64, chat string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.st.Chats[chat]
	if c == nil || c.Account != account {
		return ErrNoChat
	}
	if t := s.st.Talks[c.TalkID]; t != nil {
		t.InWork, t.UpdatedAt = false, s.now()
	}
	s.touch()
	return nil
}

// MarkRead tells that the operator opened a chat.
func (s *Server) MarkRead(account int64, chat string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.st.Chats[chat]
	if c == nil || c.Account != account {
		return ErrNoChat
	}
	if c.Unread == 0 {
		return nil
	}
	c.Unread = 0
	if t := s.st.Talks[c.TalkID]; t != nil {
		t.Read = true
	}
	s.touch()
	return nil
}

// operatorAt needs s.mu.
func (s *Server) operatorAt(account int64, chat string, user int64) (*Chat, User, error) {
	acc, c := s.account(account), s.st.Chats[chat]
	if acc == nil || c == nil || c.Account != account {
		return nil, User{}, ErrNoChat
	}
	if user == 0 {
		user = acc.admin().ID
	}
	u := acc.user(user)
	if u == nil {
		return nil, User{}, ErrNoUser
	}
	return c, *u, nil
}

// nextMsec is now, but later than anything in the chat, so that messages typed
// in one millisecond keep their order. s.mu is held.
func (s *Server) nextMsec(c *Chat) int64 {
	at := s.now().UnixMilli()
	if list := s.idx.byChat[c.ID]; len(list) > 0 {
		if last := list[len(list)-1].Msec; last >= at && last < at+int64(time.Second/time.Millisecond) {
			at = last + 1
		}
	}
	return at
}
