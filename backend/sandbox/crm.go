package sandbox

import (
	"cmp"
	"slices"
)

// enterCRM does what the CRM does with a client's message (C §8.2): contact,
// incoming lead or lead, talk, unread count, notification. A silent one makes a
// contact only. profile is the message's own, nil for none. s.mu is held.
func (s *Server) enterCRM(chat *Chat, m *Message, ch Channel, profile *profileIn) {
	acc := s.account(chat.Account)
	s.firstWords(chat, profile, false)
	if chat.ContactID == 0 {
		s.giveContact(chat, ch, acc, m.Silent)
	}
	if m.Silent {
		return
	}
	chat.Unread++
	s.giveLead(chat, m, ch, acc)
	s.messageEvent(m, s.openTalk(chat, m, ch))
	s.notify(chat, m)
}

// enterImport does the same with a message imported in the name of an operator
// or the bot: nothing but what the variant says (C §8.4). profile is the
// receiver's. s.mu is held.
func (s *Server) enterImport(chat *Chat, m *Message, ch Channel, profile *profileIn) {
	s.firstWords(chat, profile, true)
	if !s.st.Variants.ImportMakesLead || m.Silent || chat.LeadID != 0 {
		return
	}
	acc := s.account(chat.Account)
	if chat.ContactID == 0 {
		s.giveContact(chat, ch, acc, false)
	}
	s.giveLead(chat, m, ch, acc)
}

// giveContact finds the contact by duplicate control or makes one. s.mu is held.
func (s *Server) giveContact(chat *Chat, ch Channel, acc *Account, silent bool) {
	pipeline := s.placeOf(chat, ch, acc).pipeline
	if same := s.duplicate(chat, acc, pipeline); same != nil {
		chat.ContactID = same.ID
		if l := s.openLead(same.ID, pipeline); l != nil {
			chat.LeadID = l.ID
		}
		return
	}
	p := s.st.Participants[chat.Participant]
	chat.ContactID = s.addContact(Contact{Account: acc.ID, Name: p.Name, Phone: p.Phone, Email: p.Email, Unsorted: !acc.UnsortedOff && !silent}).ID
}

// giveLead sees that a chat its client wrote in has a lead. s.mu is held.
func (s *Server) giveLead(chat *Chat, m *Message, ch Channel, acc *Account) {
	switch l := s.st.Leads[chat.LeadID]; {
	case l == nil && chat.Linked: // no incoming lead (C §8.3)
		if open := s.openLead(chat.ContactID, 0); open != nil {
			chat.LeadID = open.ID
		}
	case acc.UnsortedOff && s.st.Variants.UnsortedOffNoLead:
	case l == nil, l.closed() && !s.st.Variants.ClosedLeadStays:
		s.newLead(chat, m, ch, acc)
	case l.Unsorted:
		if in := s.st.Incoming[chat.UnsortedUID]; in != nil {
			in.Text = m.Text
			s.unsortedEvent(in, "update")
		}
	}
}

// leadPlace is where a chat's lead is made, and how its source is called.
type leadPlace struct {
	pipeline int64
	name, to string
}

// placeOf needs s.mu.
func (s *Server) placeOf(chat *Chat, ch Channel, acc *Account) leadPlace {
	at := leadPlace{pipeline: acc.pipelineOfChoice(false), name: ch.Name}
	if src := s.sourceOf(chat, ch); src != nil {
		at.pipeline, at.name, at.to = cmp.Or(src.PipelineID, at.pipeline), src.Name, src.ExternalID
	} else if app := s.integration(ch.ClientUUID); app != nil {
		at.name = app.Name
	}
	return at
}

// newLead makes the lead and, unless switched off, the incoming lead around it.
// s.mu is held.
func (s *Server) newLead(chat *Chat, m *Message, ch Channel, acc *Account) {
	at := s.placeOf(chat, ch, acc)
	lead := &Lead{
		ID: s.nextID(), Account: acc.ID, Name: "Chat with " + chat.ClientName, ContactID: chat.ContactID, Unsorted: !acc.UnsortedOff,
		PipelineID: at.pipeline, UserID: acc.admin().ID, CreatedAt: s.now(), UpdatedAt: s.now(),
	}
	s.st.Leads[lead.ID] = lead
	chat.LeadID = lead.ID
	if acc.UnsortedOff {
		lead.StatusID = acc.stageOf(at.pipeline, "")
		s.leadEvent(lead, "add", 0)
		return
	}
	lead.StatusID = acc.stageOf(at.pipeline, StageIncoming)
	in := &IncomingLead{
		UID: randomHex(16), Account: acc.ID, ChatID: chat.ID, ContactID: chat.ContactID, LeadID: lead.ID,
		PipelineID: lead.PipelineID, SourceName: at.name, Service: ch.Code, From: chat.ClientName, To: at.to,
		Text: m.Text, CreatedAt: s.now(),
	}
	switch s.st.Variants.UnsortedMeta { // not documented (C §7.5)
	case "names":
		in.Service, in.To = ch.Name, at.name
	case "empty":
		in.Service, in.To = "", ""
	}
	s.st.Incoming[in.UID] = in
	chat.UnsortedUID = in.UID
	s.unsortedEvent(in, "add")
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

// forgetConversations leaves a scope's chats as history that no conversation id
// leads to any more. s.mu is held.
func (s *Server) forgetConversations(scope string) {
	for _, c := range s.st.Chats {
		if c.Scope == scope {
			delete(s.idx.conv, [2]string{scope, c.ConversationID})
			c.ConversationID = ""
		}
	}
}
