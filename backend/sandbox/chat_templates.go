package sandbox

import "slices"

// ChatTemplate is a chat template of an integration in an account (C §7.3).
type ChatTemplate struct {
	ID           int64            `json:"id"`
	Account      int64            `json:"account_id"`
	ClientUUID   string           `json:"client_uuid"`
	CreatedAt    int64            `json:"created_at"`
	UpdatedAt    int64            `json:"updated_at"`
	Name         string           `json:"name"`
	Content      string           `json:"content"`
	Editable     bool             `json:"is_editable"`
	Type         string           `json:"type"` // amocrm, waba
	Buttons      []TemplateButton `json:"buttons"`
	Attachment   *TemplateFile    `json:"attachment"`
	ExternalID   string           `json:"external_id"`
	WabaFooter   string           `json:"waba_footer"`
	WabaCategory string           `json:"waba_category"`
	WabaLanguage string           `json:"waba_language"`
	WabaHeader   string           `json:"waba_header"`
	HeaderType   string           `json:"waba_header_type"`
	WabaExamples any              `json:"waba_examples"` // marker to sample
	Reviews      []Review         `json:"reviews"`
}

// TemplateButton is a button under a template's text.
type TemplateButton struct {
	Type string `json:"type" need:"true"` // inline, url
	Text string `json:"text" need:"true"`
	URL  string `json:"url"`
}

// TemplateFile is a file of a template.
type TemplateFile struct {
	ID   string `json:"id" need:"true"`
	Name string `json:"name" need:"true"`
	Type string `json:"type" need:"true"` // picture, file, document, video
}

// Review is WhatsApp's view of a template in one source.
type Review struct {
	ID           int64  `json:"id"`
	SourceID     int64  `json:"source_id"`
	Status       string `json:"status"` // review, approved, paused, rejected
	RejectReason string `json:"reject_reason"`
}

// reviewStatus is that of all reviews together: the first that is not approved, null for none.
func (t *ChatTemplate) reviewStatus() any {
	for _, want := range []string{"rejected", "paused", "review", "approved"} {
		if slices.ContainsFunc(t.Reviews, func(r Review) bool { return r.Status == want }) {
			return want
		}
	}
	return nil
}

func (t *ChatTemplate) clone() ChatTemplate {
	c := *t
	c.Buttons, c.Reviews = slices.Clone(t.Buttons), slices.Clone(t.Reviews)
	return c
}

// ChatTemplates lists the chat templates of an account, of all integrations.
func (s *Server) ChatTemplates(account int64) []ChatTemplate {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []ChatTemplate{}
	for _, t := range s.st.Templates {
		if t.Account == account {
			out = append(out, t.clone())
		}
	}
	return out
}

// reviewEvent is add[0] of add_chat_template_review (C §7.6). s.mu is held.
func (s *Server) reviewEvent(t *ChatTemplate) {
	var reviews []any
	for _, r := range t.Reviews {
		reviews = append(reviews, map[string]any{"id": r.ID, "source_id": r.SourceID, "status": r.Status, "reject_reason": r.RejectReason})
	}
	fields := map[string]any{
		"id": t.ID, "account_id": t.Account, "type": t.Type, "name": t.Name, "content": t.Content, "created_at": t.CreatedAt, "updated_at": t.UpdatedAt,
		"external_id": t.ExternalID, "is_editable": t.Editable, "reviews": reviews,
	}
	acc := s.account(t.Account)
	if acc != nil {
		s.crmEvent(t.Account, "add_chat_template_review", "add", map[string]any{"0": fields})
	}
}

// storedTemplate completes a message of which only the id of a chat template is
// given: content, the integration's id and buttons. s.mu is held.
func (s *Server) storedTemplate(account int64, what *Content) error {
	t, err := typed[Template](what.Template)
	if err != nil || t == nil || t.Content != "" {
		return err
	}
	stored := find(s.st.Templates, func(x *ChatTemplate) bool { return x.ID == t.ID && x.Account == account })
	if stored == nil {
		return ErrNotFound
	}
	t.ExternalID, t.Content = stored.ExternalID, stored.Content
	what.Template = t
	if what.Markup == nil && len(stored.Buttons) > 0 {
		m := Markup{Mode: "inline"}
		for _, b := range stored.Buttons {
			m.Buttons = append(m.Buttons, []Button{{Text: b.Text, URL: b.URL}})
		}
		what.Markup = m
	}
	return nil
}
