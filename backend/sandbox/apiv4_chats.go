package sandbox

import (
	"fmt"
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
// is not documented: 204 here, as other lists.
func (a *apiCall) listLinks() {
	q := a.r.URL.Query()
	chats := slices.Concat(q["chat_id"], q["chat_id[]"])
	contacts := slices.Concat(q["contact_id"], q["contact_id[]"])
	if len(chats)+len(contacts) == 0 {
		a.problem(http.StatusBadRequest, Broke, "C §7.4 links", "chat_id or contact_id is required")
		return
	}
	out := []map[string]any{}
	a.s.mu.Lock()
	for _, c := range a.s.st.Chats {
		if a.ownChat(c) && c.ContactID != 0 &&
			(slices.Contains(chats, c.ID) || slices.Contains(contacts, strconv.FormatInt(c.ContactID, 10))) {
			out = append(out, map[string]any{"chat_id": c.ID, "contact_id": c.ContactID, "id": linkID(c)})
		}
	}
	a.s.mu.Unlock()
	if len(out) == 0 {
		a.w.WriteHeader(http.StatusNoContent)
		return
	}
	a.json(http.StatusOK, halJSON, map[string]any{"_total_items": len(out), "_embedded": map[string]any{"chats": out}})
}

// linkID is a stable number of the pair; a moved chat gets another one.
func linkID(c *Chat) int64 { return c.ContactID*31 + c.CreatedAt.Unix()%1000 }

// ownChat: only chats of the integration's channels are seen. s.mu is held.
func (a *apiCall) ownChat(c *Chat) bool {
	ch := a.s.channel(channelOf(c.Scope))
	return c.Account == a.acc.ID && ch != nil && ch.ClientUUID == a.token.ClientUUID
}

// addLinks is POST /api/v4/contacts/chats. Linking again moves the chat.
func (a *apiCall) addLinks() {
	in, ok := decodeBatch[linkIn](a)
	if !ok {
		return
	}
	s := a.s
	s.mu.Lock()
	for i, n := range in {
		c, contact := s.st.Chats[n.ChatID], s.st.Contacts[n.ContactID]
		if c == nil || !a.ownChat(c) || contact == nil || contact.Account != a.acc.ID {
			s.mu.Unlock()
			a.badSources(i, "NotFound", "chat_id", "no such chat or contact")
			return
		}
	}
	out := []map[string]any{}
	for i, n := range in {
		c := s.st.Chats[n.ChatID]
		c.ContactID, c.Linked = n.ContactID, true
		id := n.RequestID
		if id == "" {
			id = strconv.Itoa(i)
		}
		out = append(out, map[string]any{"chat_id": c.ID, "contact_id": c.ContactID, "id": linkID(c), "request_id": id})
	}
	s.touch()
	s.mu.Unlock()
	a.json(http.StatusOK, halJSON, map[string]any{"_total_items": len(out), "_embedded": map[string]any{"chats": out}})
}

// talk is GET /api/v4/talks/{id} (C §7.2).
func (a *apiCall) talk() {
	a.s.mu.Lock()
	t := a.s.st.Talks[a.pathID()]
	var out Talk
	if t != nil {
		out = *t
	}
	a.s.mu.Unlock()
	if t == nil || out.Account != a.acc.ID {
		a.problem(http.StatusNotFound, Refused, "C §7.2 talks", "no such talk")
		return
	}
	body := map[string]any{
		"talk_id": out.ID, "created_at": out.CreatedAt.Unix(), "updated_at": out.UpdatedAt.Unix(), "rate": 0, "contact_id": out.ContactID,
		"chat_id": out.ChatID, "entity_id": nil, "entity_type": nil, "is_in_work": out.InWork, "is_read": out.Read, "origin": out.Origin,
		"missed_at": nil, "account_id": out.Account, "_links": a.self(fmt.Sprintf("/api/v4/talks/%d", out.ID)),
	}
	leads := []any{}
	if out.LeadID != 0 {
		body["entity_id"], body["entity_type"] = out.LeadID, "lead"
		leads = append(leads, map[string]any{"id": out.LeadID})
	}
	body["_embedded"] = map[string]any{"contacts": []any{map[string]any{"id": out.ContactID}}, "leads": leads, "customers": []any{}}
	a.json(http.StatusOK, halJSON, body)
}

// listUnsorted is GET /api/v4/leads/unsorted, category chats (C §7.5).
func (a *apiCall) listUnsorted() {
	q := a.r.URL.Query()
	out := []map[string]any{}
	for _, in := range a.s.IncomingLeads(a.acc.ID) {
		if uids := q["filter[uid]"]; len(uids) > 0 && !slices.Contains(uids, in.UID) {
			continue
		}
		out = append(out, map[string]any{
			"uid": in.UID, "source_uid": nil, "source_name": in.SourceName, "category": "chats", "pipeline_id": in.PipelineID,
			"created_at": in.CreatedAt.Unix(), "account_id": in.Account,
			"metadata": map[string]any{
				"from": in.From, "to": in.To, "received_at": in.CreatedAt.Unix(), "service": in.Service,
				"client":            map[string]any{"name": in.From, "avatar": nil},
				"origin":            map[string]any{"chat_id": in.ChatID, "ref": nil, "visitor_uid": nil},
				"last_message_text": in.Text, "source_name": in.SourceName,
			},
			"_embedded": map[string]any{
				"contacts": []any{map[string]any{"id": in.ContactID}}, "leads": []any{map[string]any{"id": in.LeadID}}, "companies": []any{},
			},
		})
	}
	if len(out) == 0 {
		a.w.WriteHeader(http.StatusNoContent)
		return
	}
	a.json(http.StatusOK, halJSON, map[string]any{"_page": 1, "_links": a.self("/api/v4/leads/unsorted"), "_embedded": map[string]any{"unsorted": out[:min(len(out), 250)]}})
}
