package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
)

type linkIn struct {
	ContactID int64  `json:"contact_id" need:"true"`
	ChatID    string `json:"chat_id" need:"true"`
	RequestID string `json:"request_id"`
}

// listLinks is GET /api/v4/contacts/chats (C §7.4). What nothing found answers
// is not documented: 204 as other lists, or an empty list.
func (a *apiCall) listLinks() {
	chats := a.query("chat_id")
	contacts, ok := a.numbers("C §7.4 links", "contact_id")
	if !ok {
		return
	}
	if len(chats)+len(contacts) == 0 {
		a.problem(http.StatusBadRequest, Broke, "C §7.4 links", "chat_id or contact_id is required")
		return
	}
	out := []map[string]any{}
	a.s.mu.Lock()
	for _, c := range a.s.st.Chats {
		if a.ownChat(c) && c.ContactID != 0 &&
			(slices.Contains(chats, c.ID) || slices.Contains(contacts, c.ContactID)) {
			out = append(out, map[string]any{"chat_id": c.ID, "contact_id": c.ContactID, "id": a.s.linkOf(c)})
		}
	}
	empty := a.s.st.Variants.LinksEmptyList
	a.s.mu.Unlock()
	if len(out) == 0 && !empty {
		a.w.WriteHeader(http.StatusNoContent)
		return
	}
	a.json(http.StatusOK, halJSON, map[string]any{"_total_items": len(out), "_embedded": map[string]any{"chats": out}})
}

// linkOf is the id of a chat's link. s.mu is held.
func (s *Server) linkOf(c *Chat) int64 {
	if c.LinkID == 0 {
		c.LinkID = s.nextID()
	}
	return c.LinkID
}

// ownChat: only chats of the integration's channels are seen. s.mu is held.
func (a *apiCall) ownChat(c *Chat) bool {
	ch := a.s.channel(channelOf(c.Scope))
	return c.Account == a.acc.ID && ch != nil && ch.ClientUUID == a.token.ClientUUID
}

// addLinks is POST /api/v4/contacts/chats. Linking again moves the chat.
func (a *apiCall) addLinks() {
	in, ok := decodeBatch[linkIn](a, "C §7.4 links", maxEntities)
	if !ok {
		return
	}
	s := a.s
	s.mu.Lock()
	for i, n := range in {
		c, contact := s.st.Chats[n.ChatID], s.st.Contacts[n.ContactID]
		if c == nil || !a.ownChat(c) || contact == nil || contact.Account != a.acc.ID {
			s.mu.Unlock()
			a.invalid("C §7.4 links", i, "NotFound", "chat_id", "no such chat of this integration, or no such contact")
			return
		}
	}
	out := []map[string]any{}
	for i, n := range in {
		c := s.st.Chats[n.ChatID]
		s.link(c, n.ContactID)
		out = append(out, map[string]any{
			"chat_id": c.ID, "contact_id": c.ContactID, "id": s.linkOf(c), "request_id": cmp.Or(n.RequestID, strconv.Itoa(i)),
		})
	}
	s.touch()
	s.mu.Unlock()
	a.json(http.StatusOK, halJSON, map[string]any{"_total_items": len(out), "_embedded": map[string]any{"chats": out}})
}

// link puts a chat into a contact's card and, if it is not in an incoming lead,
// to the contact's open lead. s.mu is held.
func (s *Server) link(c *Chat, contact int64) {
	if c.ContactID != contact {
		c.LinkID = s.nextID()
	}
	c.ContactID, c.Linked = contact, true
	if in := s.st.Incoming[c.UnsortedUID]; in != nil {
		in.ContactID = contact
		if l := s.st.Leads[in.LeadID]; l != nil {
			l.ContactID = contact
		}
	} else if c.LeadID = 0; s.openLead(contact, 0) != nil {
		c.LeadID = s.openLead(contact, 0).ID
	}
	s.moveTalks(c)
}
