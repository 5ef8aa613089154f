package sandbox

import (
	"errors"
	"slices"
	"time"
)

// Errors of what an operator does.
var (
	ErrNoChat = errors.New("no such chat in this account")
	ErrNoUser = errors.New("no such user in this account")
	ErrEmpty  = errors.New("the message is empty")
	// ErrQuote is a quoted or forwarded message that cannot be.
	ErrQuote = errors.New("the quoted or forwarded message is not there, or the channel takes none")
	// ErrPost is a public answer to a comment other than a text without buttons
	// (C §4.6), or to a post that the chat does not know.
	ErrPost = errors.New("a public answer to a comment is a text without buttons, under a post of this chat")
	// ErrWindow is an input that the end of the time window blocks (C §8.5).
	ErrWindow = errors.New("the time window is over: only a template can be sent")
)

// OperatorSay writes a text as the account's first administrator; the hook goes
// out when the channel is connected. chat is an amojo chat id.
func (s *Server) OperatorSay(account int64, chat, text string) (Message, error) {
	return s.OperatorSend(account, chat, 0, Content{Type: "text", Text: text})
}

// OperatorSend writes anything as a user of the account; user 0 is the first
// administrator. Of ReplyTo and Forwards the ids of the messages are enough; a
// Template without a text is filled in from the chat's card; Post with its id
// answers a comment publicly. The hook goes out when the channel is connected.
func (s *Server) OperatorSend(account int64, chat string, user int64, what Content) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, u, err := s.operatorAt(account, chat, user)
	if err != nil {
		return Message{}, err
	}
	if what, err = s.prepare(c, what); err != nil {
		return Message{}, err
	}
	m := s.write(c, u, what)
	s.sendMessageHook(m)
	return m.clone(), nil
}

// write stores a message written in the CRM. s.mu is held.
func (s *Server) write(c *Chat, u User, what Content) *Message {
	m := &Message{
		Direction: Outbound, FromCRM: true, SenderID: u.AmojoID, SenderName: u.Name, ReceiverID: c.Participant,
		Msec: s.nextMsec(c), Content: what,
	}
	s.addMessage(c, m)
	s.readTalk(c, s.talkFor(c, m))
	s.messageEvent(m, s.talkFor(c, m))
	return m
}

// OperatorTyping sends the typing hook of C §4.4, at most once in 5 seconds.
func (s *Server) OperatorTyping(account int64, chat string, user int64) error {
	return s.OperatorTypingUnder(account, chat, user, "")
}

// OperatorTypingUnder is OperatorTyping for the answer to a comment of a post.
func (s *Server) OperatorTypingUnder(account int64, chat string, user int64, post string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, u, err := s.operatorAt(account, chat, user)
	if err != nil {
		return err
	}
	key := [2]string{c.ID, u.AmojoID}
	if last, now := s.typed[key], s.now(); s.lacks("typing") || now.Sub(last) < 5*time.Second && !now.Before(last) {
		return nil
	}
	s.typed[key] = s.now()
	s.sendTypingHook(c, u, post)
	return nil
}

// lacks tells what the channel was registered without. s.mu is held.
func (s *Server) lacks(what string) bool { return slices.Contains(s.st.Variants.ChannelLacks, what) }

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
	if allowed := s.st.Variants.ReactionsAllowed; s.lacks("reactions") || emoji != "" && len(allowed) > 0 && !slices.Contains(allowed, emoji) {
		return errors.New("the channel was registered without this reaction")
	}
	m.react(u.AmojoID, emoji, emoji != "", s.st.Variants.ManyReactions)
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
	t := s.st.Talks[c.TalkID]
	if t == nil {
		return ErrTalkClosed
	}
	return s.closeTalk(t, true)
}

// MarkRead tells that the operator opened a chat.
func (s *Server) MarkRead(account int64, chat string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.st.Chats[chat]
	if c == nil || c.Account != account {
		return ErrNoChat
	}
	s.readTalk(c, s.st.Talks[c.TalkID])
	for _, t := range s.talksOf(account) { // the chat shows the comments too
		if t.ChatID == chat && t.PostID != "" {
			s.readTalk(c, t)
		}
	}
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
