package sandbox

import (
	"cmp"
	"errors"
	"slices"
)

// ErrNoLead says that an account has no such lead, stage or pipeline.
var ErrNoLead = errors.New("no such lead, stage or pipeline in this account")

// Won and lost have the same ids in every pipeline of the real CRM.
const (
	wonStage  = 142
	lostStage = 143
)

// fillPipeline gives a pipeline what it lacks. s.mu is held.
func (s *Server) fillPipeline(p *Pipeline) {
	if p.ID == 0 {
		p.ID = s.nextID()
	}
	if len(p.Stages) == 0 {
		p.Stages = []Stage{
			{Name: "Incoming leads", Kind: StageIncoming}, {Name: "Initial contact"}, {Name: "Discussions"}, {Name: "Decision making"},
			{ID: wonStage, Name: "Won", Kind: StageWon}, {ID: lostStage, Name: "Lost", Kind: StageLost},
		}
	}
	for i := range p.Stages {
		if p.Stages[i].ID == 0 {
			p.Stages[i].ID = s.nextID()
		}
	}
}

func (a *Account) pipeline(id int64) *Pipeline {
	i := slices.IndexFunc(a.Pipelines, func(p Pipeline) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &a.Pipelines[i]
}

// stageOf is the first stage of a kind in a pipeline, 0 if there is none.
func (a *Account) stageOf(pipeline int64, kind string) int64 {
	if p := a.pipeline(pipeline); p != nil {
		for _, st := range p.Stages {
			if st.Kind == kind {
				return st.ID
			}
		}
	}
	return 0
}

// findStage finds the stage of work or the end that a lead may be moved to. Won
// and lost stand in every pipeline, so the lead's own is asked first.
func (a *Account) findStage(id, pipeline int64) (into int64, ok bool) {
	has := func(p Pipeline) bool {
		return slices.ContainsFunc(p.Stages, func(st Stage) bool { return st.ID == id && st.Kind != StageIncoming })
	}
	if p := a.pipeline(pipeline); p != nil && has(*p) {
		return pipeline, true
	}
	for _, p := range a.Pipelines {
		if has(p) {
			return p.ID, true
		}
	}
	return 0, false
}

func (l *Lead) closed() bool { return l.StatusID == wonStage || l.StatusID == lostStage }

// MoveLead puts a lead into another stage, as an operator does on the board; won
// is 142 and lost 143 in every pipeline. An incoming lead must be accepted first.
func (s *Server) MoveLead(account, lead, stage int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, acc := s.st.Leads[lead], s.account(account)
	if l == nil || l.Account != account || l.Unsorted {
		return ErrNoLead
	}
	into, ok := acc.findStage(stage, l.PipelineID)
	if !ok {
		return ErrNoLead
	}
	was := l.StatusID
	l.PipelineID, l.StatusID, l.UpdatedAt = into, stage, s.now()
	s.leadEvent(l, "update", was)
	if was != stage {
		s.leadEvent(l, "status", was)
	}
	s.touch()
	return nil
}

// Column is one stage of a pipeline with the leads that stand in it.
type Column struct {
	PipelineID int64      `json:"pipeline_id"`
	Pipeline   string     `json:"pipeline"`
	Stage      Stage      `json:"stage"`
	Cards      []LeadCard `json:"cards"`
}

// LeadCard is a lead as its card shows it: the person and all chats, also those
// whose talk is closed.
type LeadCard struct {
	Lead    Lead       `json:"lead"`
	Contact Contact    `json:"contact"`
	Chats   []CardChat `json:"chats"`
}

// CardChat is one chat in a lead's card.
type CardChat struct {
	ChatID   string `json:"chat_id"`
	TalkID   int64  `json:"talk_id"`
	InWork   bool   `json:"in_work"`
	Messages int    `json:"messages"`
}

// Board lists the columns of an account's pipelines in order, archived pipelines left out.
func (s *Server) Board(account int64) []Column {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Column{}
	acc := s.account(account)
	if acc == nil {
		return out
	}
	for _, p := range acc.Pipelines {
		if p.Archived {
			continue
		}
		for _, st := range p.Stages {
			col := Column{PipelineID: p.ID, Pipeline: p.Name, Stage: st, Cards: []LeadCard{}}
			for _, l := range s.leadsOf(account) {
				if l.PipelineID == p.ID && l.StatusID == st.ID {
					col.Cards = append(col.Cards, s.leadCard(l))
				}
			}
			out = append(out, col)
		}
	}
	return out
}

// leadsOf lists an account's leads, oldest first. s.mu is held.
func (s *Server) leadsOf(account int64) []*Lead {
	var out []*Lead
	for _, l := range s.st.Leads {
		if l.Account == account {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b *Lead) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// leadCard needs s.mu.
func (s *Server) leadCard(l *Lead) LeadCard {
	card := LeadCard{Lead: *l, Chats: []CardChat{}}
	if c := s.st.Contacts[l.ContactID]; c != nil {
		card.Contact = *c
	}
	for _, c := range s.st.Chats {
		if c.LeadID == l.ID {
			t := s.st.Talks[c.TalkID]
			card.Chats = append(card.Chats, CardChat{c.ID, c.TalkID, t != nil && t.InWork, len(s.idx.byChat[c.ID])})
		}
	}
	slices.SortFunc(card.Chats, func(a, b CardChat) int { return cmp.Compare(a.ChatID, b.ChatID) })
	return card
}

// LeadCard opens the card of one lead.
func (s *Server) LeadCard(account, lead int64) (LeadCard, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.st.Leads[lead]
	if l == nil || l.Account != account {
		return LeadCard{}, ErrNoLead
	}
	return s.leadCard(l), nil
}

// Leads lists the leads of an account, incoming ones too, oldest first.
func (s *Server) Leads(account int64) []Lead {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.leadsOf(account))
}

// Contacts lists the contacts of an account, those in incoming leads too, oldest first.
func (s *Server) Contacts(account int64) []Contact {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.contactsOf(account))
}

// contactsOf needs s.mu.
func (s *Server) contactsOf(account int64) []*Contact {
	var out []*Contact
	for _, c := range s.st.Contacts {
		if c.Account == account {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *Contact) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
