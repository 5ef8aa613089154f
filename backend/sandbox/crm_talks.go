package sandbox

import (
	"cmp"
	"errors"
	"slices"
	"time"
)

// States of a talk (C §7.2). While the NPS bot waits for the client's mark the
// talk is still in work.
const (
	TalkInWork  = "in_work"
	TalkClosed  = "closed"
	TalkWaiting = "nps_in_progress"
)

// ErrTalkClosed says that a talk is closed, or is being closed.
var ErrTalkClosed = errors.New("the talk is closed already, or is being closed")

// talkFor finds the talk that a message belongs to: the chat's, or the one of
// the post that it comments (C §3.4.9). s.mu is held.
func (s *Server) talkFor(chat *Chat, m *Message) *Talk {
	if m.Post == nil {
		return s.st.Talks[chat.TalkID]
	}
	var latest *Talk
	for _, t := range s.st.Talks {
		if t.ChatID == chat.ID && t.PostID == m.Post.ID && (latest == nil || t.ID > latest.ID) {
			latest = t
		}
	}
	return latest
}

// openTalk is the open talk that a client's message belongs to; a new one when
// there is none (C §8.1). s.mu is held.
func (s *Server) openTalk(chat *Chat, m *Message, ch Channel) *Talk {
	t := s.talkFor(chat, m)
	if t != nil && (t.InWork || s.st.Variants.TalkReopens) {
		t.InWork, t.Status, t.Read, t.UpdatedAt = true, TalkInWork, false, s.now()
		t.ContactID, t.LeadID = chat.ContactID, chat.LeadID
		s.talkEvent(t, "update")
		return t
	}
	t = &Talk{
		ID: s.nextID(), Account: chat.Account, ChatID: chat.ID, ContactID: chat.ContactID, LeadID: chat.LeadID,
		Origin: ch.Code, InWork: true, Status: TalkInWork, CreatedAt: s.now(), UpdatedAt: s.now(),
	}
	s.st.Talks[t.ID] = t
	if m.Post != nil {
		t.PostID = m.Post.ID
	} else {
		chat.TalkID = t.ID
	}
	s.talkEvent(t, "add")
	return t
}

// moveTalks keeps the talks of a chat at the chat's contact and, those in work, at
// its lead. s.mu is held.
func (s *Server) moveTalks(chat *Chat) {
	for _, t := range s.talksOf(chat.Account) {
		if t.ChatID != chat.ID || t.ContactID == chat.ContactID && (t.LeadID == chat.LeadID || !t.InWork) {
			continue
		}
		if t.ContactID = chat.ContactID; t.InWork {
			t.LeadID = chat.LeadID
		}
		t.UpdatedAt = s.now()
		s.talkEvent(t, "update")
	}
}

// readTalk notes that an operator has seen the chat; t is the talk that he
// looked at, nil for none. s.mu is held.
func (s *Server) readTalk(chat *Chat, t *Talk) {
	if chat.Unread == 0 && (t == nil || t.Read) {
		return // pages that mark what they show must not wake themselves
	}
	chat.Unread = 0
	if t != nil && !t.Read {
		t.Read, t.UpdatedAt = true, s.now()
		s.talkEvent(t, "update")
	}
	for _, n := range s.st.Notices {
		if n.ChatID == chat.ID {
			n.Read = true
		}
	}
	s.touch()
}

// closeTalk ends a talk: it leaves imBox, the chat stays in the lead's card. The
// NPS bot comes first unless force is set (C §7.2). s.mu is held.
func (s *Server) closeTalk(t *Talk, force bool) error {
	if !t.InWork || t.Status == TalkWaiting && !force {
		return ErrTalkClosed
	}
	t.UpdatedAt = s.now()
	if s.account(t.Account).NPSBot && !force {
		t.Status = TalkWaiting
	} else {
		t.Status, t.InWork = TalkClosed, false
	}
	s.talkEvent(t, "update")
	s.touch()
	return nil
}

// RateTalk gives the client's mark to a talk that the NPS bot keeps open, and so
// closes it.
func (s *Server) RateTalk(account, talk, rate int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.st.Talks[talk]
	if t == nil || t.Account != account {
		return ErrNotFound
	}
	if t.Status != TalkWaiting {
		return ErrTalkClosed
	}
	t.Rate = rate
	return s.closeTalk(t, true)
}

// Talks lists the talks of an account, oldest first.
func (s *Server) Talks(account int64) []Talk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.talksOf(account))
}

// talksOf needs s.mu.
func (s *Server) talksOf(account int64) []*Talk {
	var out []*Talk
	for _, t := range s.st.Talks {
		if t.Account == account {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *Talk) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// ImBoxEntry is one talk in work, as the list of chats in the CRM shows it.
type ImBoxEntry struct {
	Talk     Talk   `json:"talk"`
	Name     string `json:"name"`
	Unread   int    `json:"unread"`
	LastText string `json:"last_text"`
	LastMsec int64  `json:"last_msec_timestamp"`
}

// ImBox lists the talks in work, the latest message first.
func (s *Server) ImBox(account int64) []ImBoxEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []ImBoxEntry{}
	for _, t := range s.talksOf(account) {
		chat := s.st.Chats[t.ChatID]
		if !t.InWork || chat == nil {
			continue
		}
		e := ImBoxEntry{Talk: *t, Name: chat.ClientName, Unread: chat.Unread}
		if list := s.idx.byChat[chat.ID]; len(list) > 0 {
			last := list[len(list)-1]
			e.LastText, e.LastMsec = last.Text, last.Msec
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b ImBoxEntry) int { return cmp.Compare(b.LastMsec, a.LastMsec) })
	return out
}

// Notice is one entry of the Notification Center about a client's message.
type Notice struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Account   int64     `json:"account_id"`
	ChatID    string    `json:"chat_id"`
	MessageID string    `json:"message_id"`
	LeadID    int64     `json:"lead_id"`
	Title     string    `json:"title"`
	Text      string    `json:"text"`
	Read      bool      `json:"read"`
}

// maxNotices is how many the Notification Center keeps.
const maxNotices = 20000

// notify tells the account's users of a client's message (C §8.2). s.mu is held.
func (s *Server) notify(chat *Chat, m *Message) {
	if len(s.st.Notices) >= maxNotices {
		s.st.Notices = s.st.Notices[1:]
	}
	s.st.Notices = append(s.st.Notices, &Notice{
		ID: s.nextID(), At: s.now(), Account: chat.Account, ChatID: chat.ID, MessageID: m.ID, LeadID: chat.LeadID,
		Title: chat.ClientName, Text: m.Text,
	})
}

// Notices lists the Notification Center's entries about chats, oldest first.
func (s *Server) Notices(account int64) []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Notice{}
	for _, n := range s.st.Notices {
		if n.Account == account {
			out = append(out, *n)
		}
	}
	return out
}
