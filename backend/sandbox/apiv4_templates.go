package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"
)

const (
	ruleTemplates    = "C §7.3 templates"
	maxTemplates     = 100 // per integration and account; the real number is not published
	maxTemplatePage  = 50
	maxTemplateHead  = 60
	maxTemplateBatch = 50 // not published; as sources
)

// templateIn is a new template or a change; nil fields stay as they were.
type templateIn struct {
	ID           int64             `json:"id"`
	Name         *string           `json:"name"`
	Content      *string           `json:"content"`
	Editable     *bool             `json:"is_editable"`
	Type         *string           `json:"type"`
	Buttons      *[]TemplateButton `json:"buttons"`
	Attachment   *TemplateFile     `json:"attachment" null:"true"`
	ExternalID   *string           `json:"external_id" null:"true"`
	WabaFooter   *string           `json:"waba_footer" null:"true"`
	WabaCategory *string           `json:"waba_category" null:"true"`
	WabaLanguage *string           `json:"waba_language" null:"true"`
	WabaHeader   *string           `json:"waba_header" null:"true"`
	HeaderType   *string           `json:"waba_header_type" null:"true"`
	WabaExamples any               `json:"waba_examples" null:"true"`
	RequestID    string            `json:"request_id"`
}

// check tells the path of what is wrong with a field, and how.
func (n templateIn) check() (path, detail string) {
	oneOf := func(p *string, allowed ...string) bool { return p == nil || slices.Contains(allowed, *p) }
	switch {
	case n.Name != nil && *n.Name == "":
		return "name", "name must not be empty"
	case n.Content != nil && *n.Content == "":
		return "content", "content must not be empty"
	case !oneOf(n.Type, "amocrm", "waba"):
		return "type", "type must be amocrm or waba"
	case !oneOf(n.WabaCategory, "", "UTILITY", "AUTHENTICATION", "MARKETING"):
		return "waba_category", "waba_category must be UTILITY, AUTHENTICATION or MARKETING"
	case !oneOf(n.HeaderType, "", "text", "media"):
		return "waba_header_type", "waba_header_type must be text or media"
	case n.WabaHeader != nil && utf8.RuneCountInString(*n.WabaHeader) > maxTemplateHead:
		return "waba_header", "waba_header takes at most 60 characters"
	case n.Attachment != nil && n.Attachment.ID != "" && !slices.Contains([]string{"picture", "file", "document", "video"}, n.Attachment.Type):
		return "attachment.type", "type must be picture, file, document or video"
	}
	if n.Buttons != nil {
		for i, b := range *n.Buttons {
			if b.Type != "inline" && b.Type != "url" || (b.Type == "url") != (b.URL != "") {
				return fmt.Sprintf("buttons.%d", i), "a button is inline, or url with a url"
			}
		}
	}
	return "", ""
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// apply needs s.mu.
func (n templateIn) apply(t *ChatTemplate) {
	put(&t.Name, n.Name)
	put(&t.Content, n.Content)
	put(&t.Editable, n.Editable)
	put(&t.Type, n.Type)
	put(&t.Buttons, n.Buttons)
	put(&t.ExternalID, n.ExternalID)
	put(&t.WabaFooter, n.WabaFooter)
	put(&t.WabaCategory, n.WabaCategory)
	put(&t.WabaLanguage, n.WabaLanguage)
	put(&t.WabaHeader, n.WabaHeader)
	put(&t.HeaderType, n.HeaderType)
	if n.WabaExamples != nil {
		t.WabaExamples = n.WabaExamples
	}
	if n.Attachment != nil {
		if t.Attachment = n.Attachment; n.Attachment.ID == "" { // null takes it away
			t.Attachment = nil
		}
	}
}

func (a *apiCall) templateModel(t ChatTemplate, requestID string) map[string]any {
	nullable := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	buttons := []any{}
	for _, b := range t.Buttons {
		one := map[string]any{"type": b.Type, "text": b.Text}
		if b.Type == "url" {
			one["url"] = b.URL
		}
		buttons = append(buttons, one)
	}
	out := map[string]any{
		"id": t.ID, "account_id": t.Account, "name": t.Name, "content": t.Content, "created_at": t.CreatedAt, "updated_at": t.UpdatedAt,
		"is_editable": t.Editable, "type": t.Type, "buttons": buttons, "attachment": nil, "external_id": nullable(t.ExternalID),
		"waba_footer": nullable(t.WabaFooter), "waba_category": nullable(t.WabaCategory), "waba_language": nullable(t.WabaLanguage),
		"waba_header": nullable(t.WabaHeader), "waba_header_type": nullable(t.HeaderType), "waba_examples": t.WabaExamples,
		"_links": a.self(fmt.Sprintf("/api/v4/chats/templates/%d", t.ID)),
	}
	if f := t.Attachment; f != nil {
		out["attachment"] = map[string]any{"id": f.ID, "name": f.Name, "type": f.Type, "is_external": false}
	}
	if requestID != "" {
		out["request_id"] = requestID
	}
	if a.with("reviews") {
		status := t.reviewStatus()
		out["review_status"], out["is_on_review"] = status, status == "review"
		out["_embedded"] = map[string]any{"reviews": reviewModels(t.Reviews)}
	}
	return out
}

// myTemplates lists those of the token's integration. s.mu is held.
func (a *apiCall) myTemplates() (out []*ChatTemplate) {
	for _, t := range a.s.st.Templates {
		if t.Account == a.acc.ID && t.ClientUUID == a.token.ClientUUID {
			out = append(out, t)
		}
	}
	return out
}

// myTemplate needs s.mu.
func (a *apiCall) myTemplate(id int64) *ChatTemplate {
	return find(a.myTemplates(), func(t *ChatTemplate) bool { return t.ID == id })
}

func (a *apiCall) listTemplates() {
	ids := a.query("filter[external_id]")
	var found []ChatTemplate
	a.s.mu.Lock()
	for _, t := range a.myTemplates() {
		if len(ids) == 0 || slices.Contains(ids, t.ExternalID) {
			found = append(found, t.clone())
		}
	}
	a.s.mu.Unlock()
	var out []map[string]any
	for _, t := range found {
		out = append(out, a.templateModel(t, ""))
	}
	a.list(ruleTemplates, "chat_templates", maxTemplatePage, out)
}

func (a *apiCall) oneTemplate() {
	a.s.mu.Lock()
	t := a.myTemplate(a.pathID())
	var out ChatTemplate
	if t != nil {
		out = t.clone()
	}
	a.s.mu.Unlock()
	if t == nil {
		a.problem(http.StatusNotFound, Refused, ruleTemplates, "no such template of this integration")
		return
	}
	a.json(http.StatusOK, halJSON, a.templateModel(out, ""))
}

func (a *apiCall) addTemplates() {
	in, ok := decodeBatch[templateIn](a, ruleTemplates, maxTemplateBatch)
	if !ok {
		return
	}
	for i, n := range in {
		path, detail := n.check()
		switch {
		case n.ID != 0:
			path, detail = "id", "a new template has no id yet"
		case n.Name == nil:
			path, detail = "name", "name is required"
		case n.Content == nil:
			path, detail = "content", "content is required"
		}
		if detail != "" {
			a.invalid(ruleTemplates, i, "InvalidValue", path, detail)
			return
		}
	}
	s := a.s
	s.mu.Lock()
	if limit := cmp.Or(s.st.Variants.TemplateLimit, maxTemplates); len(a.myTemplates())+len(in) > limit {
		s.mu.Unlock()
		a.problem(http.StatusUnprocessableEntity, Refused, ruleTemplates, fmt.Sprintf("an integration has at most %d templates", limit))
		return
	}
	found := make([]*ChatTemplate, len(in))
	for i := range in {
		t := &ChatTemplate{ID: s.nextID(), Account: a.acc.ID, ClientUUID: a.token.ClientUUID, CreatedAt: s.now().Unix(), Type: "amocrm"}
		s.st.Templates = append(s.st.Templates, t)
		found[i] = t
	}
	out := a.applyTemplates(in, found)
	s.mu.Unlock()
	a.answerTemplates(in, out)
}

// applyTemplates needs s.mu.
func (a *apiCall) applyTemplates(in []templateIn, found []*ChatTemplate) []ChatTemplate {
	var out []ChatTemplate
	for i, n := range in {
		n.apply(found[i])
		found[i].UpdatedAt = a.s.now().Unix()
		out = append(out, found[i].clone())
	}
	a.s.touch()
	return out
}

func (a *apiCall) answerTemplates(in []templateIn, list []ChatTemplate) {
	var out []map[string]any
	for i, t := range list {
		out = append(out, a.templateModel(t, cmp.Or(in[i].RequestID, strconv.Itoa(i))))
	}
	a.json(http.StatusOK, halJSON, map[string]any{
		"_total_items": len(out), "_links": a.self("/api/v4/chats/templates"), "_embedded": map[string]any{"chat_templates": out},
	})
}

func (a *apiCall) changeTemplates() {
	in, ok := decodeBatch[templateIn](a, ruleTemplates, maxTemplateBatch)
	if !ok {
		return
	}
	if out := a.alterTemplates(in); out != nil {
		a.answerTemplates(in, out)
	}
}

func (a *apiCall) changeTemplate() {
	var in templateIn
	if !decodeOne(a, ruleTemplates, false, &in) {
		return
	}
	in.ID = a.pathID()
	if out := a.alterTemplates([]templateIn{in}); out != nil {
		a.json(http.StatusOK, halJSON, a.templateModel(out[0], in.RequestID))
	}
}

// alterTemplates changes all or, when one is wrong, none and answers 400.
func (a *apiCall) alterTemplates(in []templateIn) []ChatTemplate {
	a.s.mu.Lock()
	found := make([]*ChatTemplate, len(in))
	for i, n := range in {
		path, detail := n.check()
		code := "InvalidValue"
		switch found[i] = a.myTemplate(n.ID); {
		case found[i] == nil:
			code, path, detail = "EntityNotFound", "id", fmt.Sprintf("template with id = %d not found", n.ID)
		case found[i].Type == "waba" && len(found[i].Reviews) > 0:
			path, detail = "id", "a waba template is changed only while it is a draft"
		}
		if detail != "" {
			a.s.mu.Unlock()
			a.invalid(ruleTemplates, i, code, path, detail)
			return nil
		}
	}
	out := a.applyTemplates(in, found)
	a.s.mu.Unlock()
	return out
}

func (a *apiCall) deleteTemplates() {
	type which struct {
		ID int64 `json:"id" need:"true"`
	}
	in, ok := decodeBatch[which](a, ruleTemplates, maxTemplateBatch)
	if !ok {
		return
	}
	ids := make([]int64, len(in))
	for i, n := range in {
		ids[i] = n.ID
	}
	a.dropTemplates(ids)
}

func (a *apiCall) deleteTemplate() { a.dropTemplates([]int64{a.pathID()}) }

// dropTemplates deletes all or none: 400 for an unknown one, 403 for another integration's.
func (a *apiCall) dropTemplates(ids []int64) {
	s := a.s
	s.mu.Lock()
	for i, id := range ids {
		if a.myTemplate(id) != nil {
			continue
		}
		foreign := find(s.st.Templates, func(t *ChatTemplate) bool { return t.ID == id && t.Account == a.acc.ID }) != nil
		s.mu.Unlock()
		if foreign {
			a.problem(http.StatusForbidden, Refused, ruleTemplates, "the template belongs to another integration")
		} else {
			problem(a.call, http.StatusBadRequest, Refused, ruleTemplates, "Invalid request items", map[string]any{
				"validation-errors": []any{map[string]any{"request_id": strconv.Itoa(i), "errors": []any{
					map[string]any{"code": "EntityNotFound", "path": "id", "detail": fmt.Sprintf("template with id = %d not found", id)},
				}}},
			})
		}
		return
	}
	s.st.Templates = slices.DeleteFunc(s.st.Templates, func(t *ChatTemplate) bool { return slices.Contains(ids, t.ID) })
	s.touch()
	s.mu.Unlock()
	a.w.WriteHeader(http.StatusNoContent)
}
