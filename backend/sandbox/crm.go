package sandbox

import (
	"cmp"
	"slices"
)

// enterCRM does what the CRM does with a client's message (C §8.2): contact,
// incoming lead or lead, talk, unread count. s.mu is held.
func (s *Server) enterCRM(chat *Chat, m *Message, ch Channel) {
	acc, p := s.account(chat.Account), s.st.Participants[chat.Participant]
	chat.Unread++
	if chat.ContactID == 0 {
		c := &Contact{ID: s.nextID(), Account: acc.ID, Name: p.Name, Phone: p.Phone, Email: p.Email}
		s.st.Contacts[c.ID] = c
		chat.ContactID = c.ID
		if !m.Silent {
			s.newLead(chat, m, ch, acc)
		}
	} else if !m.Silent && chat.LeadID == 0 && !chat.Linked {
		s.newLead(chat, m, ch, acc)
	}
	talk := s.talkFor(chat, m)
	if talk == nil || !talk.InWork {
		talk = &Talk{
			ID: s.nextID(), Account: acc.ID, ChatID: chat.ID, ContactID: chat.ContactID, LeadID: chat.LeadID,
			Origin: ch.Code, InWork: true, CreatedAt: s.now(),
		}
		s.st.Talks[talk.ID] = talk
		if m.Post != nil {
			talk.PostID = m.Post.ID
		} else {
			chat.TalkID = talk.ID
		}
	}
	talk.Read, talk.UpdatedAt = false, s.now()
}

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

// newLead makes the lead and, unless switched off, the incoming lead around it.
func (s *Server) newLead(chat *Chat, m *Message, ch Channel, acc *Account) {
	src := s.sourceOf(chat, ch)
	lead := &Lead{ID: s.nextID(), Account: acc.ID, Name: "Chat with " + chat.ClientName, ContactID: chat.ContactID, Unsorted: !acc.UnsortedOff}
	if len(acc.Pipelines) > 0 {
		lead.PipelineID = acc.Pipelines[0].ID
	}
	name, to := ch.Name, ""
	if src != nil {
		lead.PipelineID, name, to = cmp.Or(src.PipelineID, lead.PipelineID), src.Name, src.ExternalID
	}
	s.st.Leads[lead.ID] = lead
	chat.LeadID = lead.ID
	if acc.UnsortedOff {
		return
	}
	in := &IncomingLead{
		UID: randomHex(16), Account: acc.ID, ChatID: chat.ID, ContactID: chat.ContactID, LeadID: lead.ID,
		PipelineID: lead.PipelineID, SourceName: name, Service: ch.Code, From: chat.ClientName, To: to,
		Text: m.Text, CreatedAt: s.now(),
	}
	s.st.Incoming[in.UID] = in
	chat.UnsortedUID = in.UID
}

// sourceOf finds a chat's source: the one that a message named, else the
// integration's default one (C §7.1). s.mu is held.
func (s *Server) sourceOf(chat *Chat, ch Channel) *Source {
	mine := func(src *Source) bool { return src.Account == chat.Account && src.ClientUUID == ch.ClientUUID }
	if src := find(s.st.Sources, func(x *Source) bool { return mine(x) && x.ExternalID == chat.Source }); src != nil {
		return src
	}
	return find(s.st.Sources, func(x *Source) bool { return mine(x) && x.Default })
}

// Chats lists the chats of an account that have messages, latest first.
func (s *Server) Chats(account int64) []Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Chat{}
	last := map[string]int64{}
	for _, c := range s.st.Chats {
		if list := s.idx.byChat[c.ID]; c.Account == account && len(list) > 0 {
			out = append(out, *c)
			last[c.ID] = list[len(list)-1].Seq
		}
	}
	slices.SortFunc(out, func(a, b Chat) int { return cmp.Compare(last[b.ID], last[a.ID]) })
	return out
}

// IncomingLeads lists the unsorted entries of an account, oldest first.
func (s *Server) IncomingLeads(account int64) []IncomingLead {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []IncomingLead{}
	for _, in := range s.st.Incoming {
		if in.Account == account {
			out = append(out, *in)
		}
	}
	slices.SortFunc(out, func(a, b IncomingLead) int { return cmp.Compare(a.LeadID, b.LeadID) })
	return out
}
