package sandbox

import (
	"net/http"
	"strconv"
)

type controlHandler func(*http.Request) (any, error)

// crmControl adds the CRM's part of the control API: what stands in its lists
// and what its users do there.
func (s *Server) crmControl(get, do func(string, func(*http.Request) (any, error))) {
	const at = "/control/v1/accounts/{id}"
	get(at+"/leads", func(r *http.Request) (any, error) { return s.Leads(pathID(r)), nil })
	get(at+"/leads/{lead}", func(r *http.Request) (any, error) { return s.LeadCard(pathID(r), pathNumber(r, "lead")) })
	do("POST "+at+"/leads/{lead}/move", ctl(func(r *http.Request, in struct {
		StageID int64 `json:"stage_id"`
	}) (any, error) {
		return nil, s.MoveLead(pathID(r), pathNumber(r, "lead"), in.StageID)
	}))
	get(at+"/leads/{lead}/notes", func(r *http.Request) (any, error) {
		return s.CardNotes(pathID(r), CardLeads, pathNumber(r, "lead")), nil
	})
	get(at+"/contacts/{contact}/notes", func(r *http.Request) (any, error) {
		return s.CardNotes(pathID(r), CardContacts, pathNumber(r, "contact")), nil
	})
	do("DELETE "+at+"/leads/{lead}", func(r *http.Request) (any, error) { return nil, s.RemoveLead(pathID(r), pathNumber(r, "lead")) })
	do("POST "+at+"/fields", ctl(func(r *http.Request, in CustomField) (any, error) { return s.AddField(pathID(r), in) }))
	get(at+"/contacts", func(r *http.Request) (any, error) { return s.Contacts(pathID(r)), nil })
	do("POST "+at+"/contacts", ctl(func(r *http.Request, in Contact) (any, error) {
		in.Account = pathID(r)
		return s.AddContact(in)
	}))
	get(at+"/board", func(r *http.Request) (any, error) { return s.Board(pathID(r)), nil })
	get(at+"/imbox", func(r *http.Request) (any, error) { return s.ImBox(pathID(r)), nil })
	get(at+"/notifications", func(r *http.Request) (any, error) { return tail(r, s.Notices(pathID(r))), nil })
	get(at+"/templates", func(r *http.Request) (any, error) { return s.ChatTemplates(pathID(r)), nil })
	get(at+"/webhooks", func(r *http.Request) (any, error) { return s.Webhooks(pathID(r)), nil })
	get(at+"/talks", func(r *http.Request) (any, error) { return s.Talks(pathID(r)), nil })
	do("POST "+at+"/talks/{talk}/close", ctl(func(r *http.Request, in struct {
		Force bool `json:"force_close"`
	}) (any, error) {
		return nil, s.EndTalk(pathID(r), pathNumber(r, "talk"), in.Force)
	}))
	do("POST "+at+"/talks/{talk}/rate", ctl(func(r *http.Request, in struct {
		Rate int64 `json:"rate"`
	}) (any, error) {
		return nil, s.RateTalk(pathID(r), pathNumber(r, "talk"), in.Rate)
	}))
	do("POST "+at+"/incoming-leads/{uid}/accept", ctl(func(r *http.Request, in sortIn) (any, error) {
		return nil, s.AcceptLead(pathID(r), r.PathValue("uid"), in.UserID, in.StageID)
	}))
	do("POST "+at+"/incoming-leads/{uid}/decline", ctl(func(r *http.Request, in sortIn) (any, error) {
		return nil, s.DeclineLead(pathID(r), r.PathValue("uid"), in.UserID)
	}))
	do("POST "+at+"/incoming-leads/{uid}/link", ctl(func(r *http.Request, in sortIn) (any, error) {
		return nil, s.LinkLead(pathID(r), r.PathValue("uid"), in.LeadID, in.ContactID, in.UserID)
	}))
	do("PATCH "+at, ctl(func(r *http.Request, in settingsIn) (any, error) { return in.save(s, pathID(r)) }))
}

// ctl reads the body of a handler that takes one.
func ctl[T any](h func(*http.Request, T) (any, error)) controlHandler {
	return func(r *http.Request) (any, error) {
		var in T
		if err := input(r, &in); err != nil {
			return nil, err
		}
		return h(r, in)
	}
}

func pathNumber(r *http.Request, name string) int64 {
	n, _ := strconv.ParseInt(r.PathValue(name), 10, 64)
	return n
}

// sortIn is what an operator chooses for an incoming lead.
type sortIn struct {
	UserID    int64 `json:"user_id"`
	StageID   int64 `json:"stage_id"`
	LeadID    int64 `json:"lead_id"`
	ContactID int64 `json:"contact_id"`
}

// settingsIn are the settings of an account that its administrator changes;
// absent ones stay. pipeline_id narrows duplicate control, 0 is all pipelines.
type settingsIn struct {
	UnsortedOff      *bool `json:"unsorted_off"`
	NPSBot           *bool `json:"nps_bot"`
	DuplicateControl *bool `json:"duplicate_control"`
	PipelineID       int64 `json:"pipeline_id"`
}

func (in settingsIn) save(s *Server, account int64) (any, error) {
	known := s.ChangeAccount(account, func(a *Account) {
		put(&a.UnsortedOff, in.UnsortedOff)
		put(&a.NPSBot, in.NPSBot)
	})
	if !known {
		return nil, ErrNotFound
	}
	if in.DuplicateControl != nil && !s.SetDuplicateControl(account, in.PipelineID, *in.DuplicateControl) {
		return nil, ErrNoLead
	}
	for _, a := range s.Accounts() {
		if a.ID == account {
			return a, nil
		}
	}
	return nil, ErrNotFound
}

// ChangeAccount changes the settings of an account; ids must stay.
func (s *Server) ChangeAccount(id int64, change func(*Account)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(id)
	if a == nil {
		return false
	}
	change(a)
	for i := range a.Pipelines {
		s.fillPipeline(&a.Pipelines[i])
	}
	s.touch()
	return true
}

// AddContact makes a contact as an operator does; its account must be there.
func (s *Server) AddContact(c Contact) (Contact, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.account(c.Account) == nil {
		return Contact{}, ErrNotFound
	}
	c.Unsorted = false
	return *s.addContact(c), nil
}

// addContact makes a contact, in the list at once unless it is of an incoming lead. s.mu is held.
func (s *Server) addContact(c Contact) *Contact {
	c.ID, c.CreatedAt, c.UpdatedAt = s.nextID(), s.now(), s.now()
	s.st.Contacts[c.ID] = &c
	if !c.Unsorted {
		s.contactEvent(&c, "add")
	}
	s.touch()
	return &c
}

// EndTalk closes a talk; without force the NPS bot of the account comes first.
func (s *Server) EndTalk(account, talk int64, force bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.st.Talks[talk]
	if t == nil || t.Account != account {
		return ErrNotFound
	}
	return s.closeTalk(t, force)
}
