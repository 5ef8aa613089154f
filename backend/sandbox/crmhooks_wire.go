package sandbox

import (
	"fmt"
	"net/url"
)

// phpForm writes nested maps and lists as PHP reads forms: a[b][0][c]=d. Null is
// left out, true and false are 1 and 0.
func phpForm(v map[string]any) string {
	form := url.Values{}
	for k, x := range v {
		putPHP(form, k, x)
	}
	return form.Encode()
}

func putPHP(form url.Values, key string, v any) {
	switch x := v.(type) {
	case nil:
	case map[string]any:
		for k, e := range x {
			putPHP(form, key+"["+k+"]", e)
		}
	case []any:
		for i, e := range x {
			putPHP(form, fmt.Sprintf("%s[%d]", key, i), e)
		}
	case bool:
		form.Set(key, map[bool]string{false: "0", true: "1"}[x])
	default:
		form.Set(key, fmt.Sprint(x))
	}
}

// one is the action's list of one object: entity[action][0].
func one(action string, fields map[string]any) map[string]any {
	return map[string]any{action: []any{fields}}
}

// talkEvent is talk[add] and talk[update]. s.mu is held.
func (s *Server) talkEvent(t *Talk, action string) {
	fields := map[string]any{
		"talk_id": t.ID, "created_at": t.CreatedAt.Unix(), "updated_at": t.UpdatedAt.Unix(), "rate": t.Rate, "contact_id": t.ContactID,
		"chat_id": t.ChatID, "is_in_work": t.InWork, "is_read": t.Read, "origin": t.Origin,
	}
	if t.LeadID != 0 {
		fields["entity_id"], fields["entity_type"] = t.LeadID, "lead"
	}
	s.crmEvent(t.Account, action+"_talk", "talk", one(action, fields))
}

// unsortedEvent is unsorted[add] and unsorted[update]. s.mu is held.
func (s *Server) unsortedEvent(in *IncomingLead, action string) {
	s.crmEvent(in.Account, action+"_unsorted", "unsorted", one(action, map[string]any{
		"uid": in.UID, "category": "chats", "source": in.SourceName, "pipeline_id": in.PipelineID, "created_at": in.CreatedAt.Unix(),
		"source_data": map[string]any{
			"from": in.From, "to": in.To, "service": in.Service, "source_name": in.SourceName, "last_message_text": in.Text,
			"origin": map[string]any{"chat_id": in.ChatID},
		},
		"data": map[string]any{
			"contacts": []any{map[string]any{"id": in.ContactID}}, "leads": []any{map[string]any{"id": in.LeadID}},
		},
	}))
}

// sortedEvent is unsorted[delete]; result holds the ids that stay or go. s.mu is held.
func (s *Server) sortedEvent(in *IncomingLead, action string, user int64, result map[string]any) {
	s.crmEvent(in.Account, "delete_unsorted", "unsorted", one("delete", map[string]any{
		"action": action, "uid": in.UID, "category": "chats", "modified_user_id": user, "pipeline_id": in.PipelineID, action + "_result": result,
	}))
}

// leadEvent is leads[add], [update] and [status]. s.mu is held.
func (s *Server) leadEvent(l *Lead, action string, oldStatus int64) {
	fields := map[string]any{
		"id": l.ID, "name": l.Name, "status_id": l.StatusID, "pipeline_id": l.PipelineID, "price": l.Price, "responsible_user_id": l.UserID,
		"created_at": l.CreatedAt.Unix(), "updated_at": l.UpdatedAt.Unix(), "date_create": l.CreatedAt.Unix(), "last_modified": l.UpdatedAt.Unix(),
		"account_id": l.Account,
	}
	if oldStatus != 0 && oldStatus != l.StatusID {
		fields["old_status_id"] = oldStatus
	}
	s.crmEvent(l.Account, action+"_lead", "leads", one(action, fields))
}

// contactEvent is contacts[add], [update] and [delete]. s.mu is held.
func (s *Server) contactEvent(c *Contact, action string) {
	fields := map[string]any{
		"id": c.ID, "name": c.Name, "type": "contact", "created_at": c.CreatedAt.Unix(), "updated_at": c.UpdatedAt.Unix(),
		"date_create": c.CreatedAt.Unix(), "last_modified": c.UpdatedAt.Unix(), "account_id": c.Account,
	}
	var custom []any
	for _, f := range contactFields(c) {
		custom = append(custom, map[string]any{"name": f.name, "code": f.code, "values": []any{map[string]any{"value": f.value, "enum": f.enum}}})
	}
	fields["custom_fields"] = custom
	s.crmEvent(c.Account, action+"_contact", "contacts", one(action, fields))
}

// messageEvent is message[add] of Kommo's settings add_message and
// add_outgoing_message. The talk may be nil. s.mu is held.
func (s *Server) messageEvent(m *Message, t *Talk) {
	chat := s.st.Chats[m.ChatID]
	setting, kind, author := "add_message", "incoming", "external"
	if m.Direction == Outbound {
		setting, kind, author = "add_outgoing_message", "outgoing", "user"
	}
	fields := map[string]any{
		"id": m.ID, "chat_id": m.ChatID, "contact_id": chat.ContactID, "text": m.Text, "created_at": m.Msec / 1000, "message_type": m.Type,
		"type": kind, "author": map[string]any{"id": m.SenderID, "type": author, "name": m.SenderName},
	}
	if chat.LeadID != 0 {
		fields["element_type"], fields["entity_type"], fields["element_id"], fields["entity_id"] = 2, "lead", chat.LeadID, chat.LeadID
	}
	if t != nil {
		fields["talk_id"], fields["origin"] = t.ID, t.Origin
	}
	if m.Media != "" {
		fields["attachment"] = map[string]any{"type": m.Type, "link": m.Media, "file_name": m.FileName}
	}
	s.crmEvent(m.Account, setting, "message", one("add", fields))
}
