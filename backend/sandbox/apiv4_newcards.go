package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
)

// newCardIn is a lead or a contact to be made. Price, stage and contacts are of leads.
type newCardIn struct {
	Name      string      `json:"name"`
	FirstName string      `json:"first_name"`
	LastName  string      `json:"last_name"`
	UserID    int64       `json:"responsible_user_id"`
	Custom    []cardField `json:"custom_fields_values"`
	Price     int64       `json:"price"`
	Status    int64       `json:"status_id"`
	Pipeline  int64       `json:"pipeline_id"`
	RequestID string      `json:"request_id"`
	Embedded  struct {
		Tags     []tagIn `json:"tags"`
		Contacts []struct {
			ID   int64 `json:"id" need:"true"`
			Main bool  `json:"is_main"`
		} `json:"contacts"`
	} `json:"_embedded"`
}

// addCards is POST /api/v4/contacts and /api/v4/leads: all of it, or nothing.
func (a *apiCall) addCards(card, rule string) {
	in, ok := decodeBatch[newCardIn](a, rule, maxEntities)
	if !ok {
		return
	}
	a.addAnswer(card, rule, in)()
}

// newCard is one that was found to be in order.
type newCard struct {
	in             newCardIn
	pipeline       int64
	stage, contact int64
	fields         []CustomField
	held           [][]CardValue
}

func (a *apiCall) addAnswer(card, rule string, in []newCardIn) (answer func()) {
	s := a.s
	s.mu.Lock()
	defer s.mu.Unlock()
	var sound []newCard
	for i, n := range in {
		c, code, path, detail := a.newCard(card, n)
		if detail != "" {
			return func() { a.invalid(rule, i, code, path, detail) }
		}
		sound = append(sound, c)
	}
	var out []map[string]any
	for i, n := range sound {
		var id int64
		if card == CardContacts {
			c := s.addContact(Contact{Account: a.acc.ID, Name: cmp.Or(n.in.Name, joined(n.in.FirstName, n.in.LastName)), UserID: n.in.UserID, Tags: tagged(nil, n.in.Embedded.Tags, nil)})
			id = c.ID
		} else {
			l := &Lead{
				ID: s.nextID(), Account: a.acc.ID, Name: n.in.Name, Price: n.in.Price, PipelineID: n.pipeline, StatusID: n.stage, ContactID: n.contact,
				UserID: cmp.Or(n.in.UserID, a.token.User), Tags: tagged(nil, n.in.Embedded.Tags, nil), CreatedAt: s.now(), UpdatedAt: s.now(),
			}
			l.Name = cmp.Or(l.Name, fmt.Sprintf("Lead #%d", l.ID))
			s.st.Leads[l.ID] = l
			id = l.ID
			s.leadEvent(l, "add", 0)
		}
		for j, f := range n.fields {
			s.setField(a.acc.ID, card, id, f, n.held[j])
		}
		out = append(out, map[string]any{"id": id, "request_id": cmp.Or(n.in.RequestID, strconv.Itoa(i))})
	}
	s.touch()
	return func() {
		for _, m := range out {
			m["_links"] = a.self(fmt.Sprintf("/api/v4/%s/%d", card, m["id"]))
		}
		a.json(http.StatusOK, halJSON, map[string]any{"_links": a.self("/api/v4/" + card), "_embedded": map[string]any{card: out}})
	}
}

// newCard checks one; code, path and detail say what is wrong. s.mu is held.
func (a *apiCall) newCard(card string, n newCardIn) (c newCard, code, path, detail string) {
	c.in = n
	switch {
	case n.UserID != 0 && a.acc.user(n.UserID) == nil:
		return c, "NotSupportedChoice", "responsible_user_id", "no such user"
	case card == CardContacts && (n.Price != 0 || n.Status != 0 || n.Pipeline != 0 || len(n.Embedded.Contacts) > 0):
		return c, "NotSupportedChoice", "price", "a contact has no such field"
	case card == CardLeads && n.FirstName+n.LastName != "":
		return c, "NotSupportedChoice", "first_name", "a lead has no such field"
	case n.Price < 0:
		return c, "InvalidValue", "price", "price must not be negative"
	}
	for _, t := range n.Embedded.Tags {
		if t.Name == "" {
			return c, "NotBlank", "_embedded.tags.0.name", "a tag needs a name"
		}
	}
	if card == CardLeads {
		c.pipeline = cmp.Or(n.Pipeline, a.acc.pipelineOfChoice(false))
		c.stage = a.acc.stageOf(c.pipeline, "")
		if n.Status != 0 {
			var ok bool
			if c.pipeline, ok = a.acc.findStage(n.Status, c.pipeline); !ok {
				return c, "NotSupportedChoice", "status_id", "no such stage"
			}
			c.stage = n.Status
		}
		if c.stage == 0 {
			return c, "NotSupportedChoice", "pipeline_id", "no such pipeline"
		}
		for _, one := range n.Embedded.Contacts {
			person := a.s.st.Contacts[one.ID]
			if person == nil || person.Account != a.acc.ID || person.Unsorted {
				return c, "NotSupportedChoice", "_embedded.contacts.0.id", "no such contact"
			}
			if one.Main || c.contact == 0 {
				c.contact = one.ID
			}
		}
	}
	for i, f := range n.Custom {
		if len(f.Values) == 0 {
			return c, "TooFewElements", fmt.Sprintf("custom_fields_values.%d.values", i), "a field needs a value"
		}
		found, held, code, path, detail := a.check(card, f)
		if detail != "" {
			return c, code, fmt.Sprintf("custom_fields_values.%d.%s", i, path), detail
		}
		c.fields, c.held = append(c.fields, found), append(c.held, held)
	}
	return c, "", "", ""
}

func joined(first, last string) string {
	if first == "" || last == "" {
		return first + last
	}
	return first + " " + last
}
