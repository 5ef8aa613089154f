package sandbox

import "time"

// sorted counts what became of an account's incoming leads.
type sorted struct {
	Accepted int64 `json:"accepted"`
	Declined int64 `json:"declined"`
	Seconds  int64 `json:"seconds"` // that they waited, all together
}

// incoming finds an incoming lead of an account, nil for none. s.mu is held.
func (s *Server) incoming(account int64, uid string) *IncomingLead {
	if in := s.st.Incoming[uid]; in != nil && in.Account == account {
		return in
	}
	return nil
}

// settle takes an incoming lead off the list. s.mu is held.
func (s *Server) settle(in *IncomingLead, accepted bool) {
	n := s.st.Sorted[in.Account]
	if n == nil {
		n = &sorted{}
		s.st.Sorted[in.Account] = n
	}
	if accepted {
		n.Accepted++
	} else {
		n.Declined++
	}
	n.Seconds += int64(s.now().Sub(in.CreatedAt) / time.Second)
	delete(s.st.Incoming, in.UID)
	for _, c := range s.st.Chats {
		if c.UnsortedUID == in.UID {
			c.UnsortedUID = ""
		}
	}
	s.touch()
}

// showContact takes a contact out of its incoming lead into the list. s.mu is held.
func (s *Server) showContact(id int64) {
	if c := s.st.Contacts[id]; c != nil && c.Unsorted {
		c.Unsorted, c.UpdatedAt = false, s.now()
		s.contactEvent(c, "add")
	}
}

// AcceptLead makes an incoming lead a lead (C §7.5). user 0 is the first
// administrator, stage 0 the pipeline's first one of work.
func (s *Server) AcceptLead(account int64, uid string, user, stage int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, acc := s.incoming(account, uid), s.account(account)
	if in == nil {
		return ErrNotFound
	}
	return s.accept(in, acc, user, stage)
}

// accept needs s.mu.
func (s *Server) accept(in *IncomingLead, acc *Account, user, stage int64) error {
	if user == 0 {
		user = acc.admin().ID
	}
	if acc.user(user) == nil {
		return ErrNoUser
	}
	l := s.st.Leads[in.LeadID]
	into := in.PipelineID
	if stage == 0 {
		stage = acc.stageOf(into, "")
	} else {
		var ok bool
		if into, ok = acc.findStage(stage, into); !ok {
			return ErrNoLead
		}
	}
	l.Unsorted, l.PipelineID, l.StatusID, l.UserID, l.UpdatedAt = false, into, stage, user, s.now()
	s.settle(in, true)
	s.sortedEvent(in, "accept", user, map[string]any{"leads": []any{l.ID}, "contacts": []any{in.ContactID}})
	s.showContact(in.ContactID)
	s.leadEvent(l, "add", 0)
	return nil
}

// DeclineLead removes an incoming lead with its lead and, unless it was known
// before, its contact. The client's next message makes new ones.
func (s *Server) DeclineLead(account int64, uid string, user int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, acc := s.incoming(account, uid), s.account(account)
	if in == nil {
		return ErrNotFound
	}
	if user == 0 {
		user = acc.admin().ID
	}
	if acc.user(user) == nil {
		return ErrNoUser
	}
	s.settle(in, false)
	delete(s.st.Leads, in.LeadID)
	contact := s.st.Contacts[in.ContactID]
	gone := contact != nil && contact.Unsorted
	if gone {
		delete(s.st.Contacts, in.ContactID)
	}
	for _, c := range s.st.Chats {
		if c.LeadID != in.LeadID {
			continue
		}
		c.LeadID = 0
		if gone {
			c.ContactID = 0
		}
		s.moveTalks(c)
		for _, t := range s.talksOf(account) {
			if t.ChatID == c.ID && t.InWork {
				_ = s.closeTalk(t, true) // it is in work
			}
		}
	}
	s.sortedEvent(in, "decline", user, map[string]any{"leads": []any{in.LeadID}, "contacts": []any{in.ContactID}})
	return nil
}

// LinkLead puts the chat of an incoming lead into a lead that exists (C §7.5);
// contact 0 is that lead's. The incoming lead's own lead and contact go.
func (s *Server) LinkLead(account int64, uid string, lead, contact, user int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, acc, to := s.incoming(account, uid), s.account(account), s.st.Leads[lead]
	if in == nil {
		return ErrNotFound
	}
	if to == nil || to.Account != account || to.Unsorted {
		return ErrNoLead
	}
	if user == 0 {
		user = acc.admin().ID
	}
	if contact == 0 {
		contact = to.ContactID
	}
	person := s.st.Contacts[contact]
	switch {
	case acc.user(user) == nil:
		return ErrNoUser
	case person == nil || person.Account != account || person.Unsorted:
		return ErrNotFound
	}
	s.settle(in, true)
	delete(s.st.Leads, in.LeadID)
	for _, c := range s.st.Chats {
		if c.LeadID == in.LeadID {
			if c.ContactID != contact {
				c.LinkID = s.nextID()
			}
			c.LeadID, c.ContactID = lead, contact
			s.moveTalks(c)
		}
	}
	if old := s.st.Contacts[in.ContactID]; old != nil && old.Unsorted {
		delete(s.st.Contacts, in.ContactID)
	}
	s.sortedEvent(in, "accept", user, map[string]any{"leads": []any{lead}, "contacts": []any{contact}})
	to.UpdatedAt = s.now()
	s.leadEvent(to, "update", 0)
	return nil
}
