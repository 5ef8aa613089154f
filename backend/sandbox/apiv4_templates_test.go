package sandbox

import (
	"fmt"
	"strings"
	"testing"
)

// TestChatTemplates is C §7.3: create, list, change, delete.
func TestChatTemplates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access := b.accessOf(testAccount, 0, testClient)
	b.api("GET", "/api/v4/chats/templates", access, "", 204)
	a := b.api("POST", "/api/v4/chats/templates", access, `[{"name":"Order ready","content":"Hello {{contact.name}}, your order is ready","external_id":"tpl-order",
		"buttons":[{"type":"inline","text":"Thanks"},{"type":"url","text":"Open","url":"https://example.org"}],"is_editable":true,"type":"amocrm","request_id":"a"},
		{"name":"File","content":"See","attachment":{"id":"0a64f7b9-2d18-4e3c-a5f0-7b9c81d3e642","name":"a.pdf","type":"document"}}]`, 200)
	made := a.field(t, "_embedded", "chat_templates").([]any)
	first, second := made[0].(map[string]any), made[1].(map[string]any)
	if first["request_id"] != "a" || second["request_id"] != "1" || first["is_editable"] != true || second["type"] != "amocrm" || second["external_id"] != nil {
		t.Errorf("made %s", a.body)
	}
	at := fmt.Sprintf("/api/v4/chats/templates/%.0f", first["id"])
	sameJSON(t, b.api("GET", at, access, "", 200).body, fmt.Sprintf(`{"id":%.0f,"account_id":31000001,"name":"Order ready",
		"content":"Hello {{contact.name}}, your order is ready","created_at":1767225600,"updated_at":1767225600,"is_editable":true,"type":"amocrm",
		"buttons":[{"type":"inline","text":"Thanks"},{"type":"url","text":"Open","url":"https://example.org"}],"attachment":null,"external_id":"tpl-order",
		"waba_footer":null,"waba_category":null,"waba_language":null,"waba_header":null,"waba_header_type":null,"waba_examples":null,
		"_links":{"self":{"href":"https://democo.amocrm.ru%s"}}}`, first["id"], at))
	if got := ids(t, b.api("GET", "/api/v4/chats/templates?filter[external_id]=tpl-order", access, "", 200), "chat_templates"); got != fmt.Sprintf("[%.0f]", first["id"]) {
		t.Errorf("filtered %s", got)
	}
	b.api("GET", "/api/v4/chats/templates?filter[external_id]=none", access, "", 204)
	if a = b.api("PATCH", at, access, `{"name":"Ready"}`, 200); a.field(t, "name") != "Ready" || a.field(t, "external_id") != "tpl-order" {
		t.Errorf("changed %s", a.body)
	}
	a = b.api("PATCH", "/api/v4/chats/templates", access, fmt.Sprintf(`[{"id":%.0f,"attachment":null,"content":"Look"}]`, second["id"]), 200)
	if got := a.field(t, "_embedded", "chat_templates").([]any)[0].(map[string]any); got["attachment"] != nil || got["content"] != "Look" {
		t.Errorf("changed %s", a.body)
	}
	b.noBreach()
	b.api("DELETE", at, access, "", 204)
	b.api("GET", at, access, "", 404)
	b.api("DELETE", "/api/v4/chats/templates", access, fmt.Sprintf(`[{"id":%.0f}]`, second["id"]), 204)
	b.api("GET", "/api/v4/chats/templates", access, "", 204)
}

// TestTemplateRefusals: each refusal of C §7.3 once.
func TestTemplateRefusals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := b.box.AddIntegration(Integration{Product: ProductAmoCRM})
	theirs := b.accessOf(testAccount, 0, other.ClientUUID)
	made := b.api("POST", "/api/v4/chats/templates", theirs, `[{"name":"x","content":"y"}]`, 200).field(t, "_embedded", "chat_templates").([]any)
	id := int64(made[0].(map[string]any)["id"].(float64))
	const at, rule = "chats/templates", "C §7.3 templates"
	with := func(field string) string { return `[{"name":"x","content":"y",` + field + `}]` }
	b.each(b.accessOf(testAccount, 0, testClient), []answered{
		{"no name", "POST", at, `[{"content":"y"}]`, 400, rule},
		{"an empty name", "POST", at, `[{"name":"","content":"y"}]`, 400, rule},
		{"no content", "POST", at, `[{"name":"x"}]`, 400, rule},
		{"an id of its own", "POST", at, with(`"id":5`), 400, rule},
		{"a type that is not there", "POST", at, with(`"type":"sms"`), 400, rule},
		{"a button that is not there", "POST", at, with(`"buttons":[{"type":"call","text":"x"}]`), 400, rule},
		{"an inline button with an address", "POST", at, with(`"buttons":[{"type":"inline","text":"x","url":"https://example.org"}]`), 400, rule},
		{"a link button without one", "POST", at, with(`"buttons":[{"type":"url","text":"x"}]`), 400, rule},
		{"an attachment of an unknown type", "POST", at, with(`"attachment":{"id":"x","name":"x","type":"audio"}`), 400, rule},
		{"a category that is not there", "POST", at, with(`"waba_category":"SPAM"`), 400, rule},
		{"a header type that is not there", "POST", at, with(`"waba_header_type":"video"`), 400, rule},
		{"a long header", "POST", at, with(`"waba_header":"` + strings.Repeat("я", 61) + `"`), 400, rule},
		{"an unknown field", "POST", at, with(`"color":"red"`), 400, rule},
		{"an object", "POST", at, `{"name":"x","content":"y"}`, 400, rule},
		{"too large a page", "GET", at + "?limit=51", "", 400, rule},
		{"changing an unknown one", "PATCH", at + "/1", `{"name":"x"}`, 400, rule},
		{"changing another integration's", "PATCH", fmt.Sprintf("%s/%d", at, id), `{"name":"x"}`, 400, rule},
		{"reading another integration's", "GET", fmt.Sprintf("%s/%d", at, id), "", 404, ""},
		{"deleting an unknown one", "DELETE", at, `[{"id":1}]`, 400, ""},
		{"deleting another integration's", "DELETE", fmt.Sprintf("%s/%d", at, id), "", 403, ""},
		{"a review of an unknown one", "POST", at + "/1/review", `{}`, 400, ""},
	})
	b.each(b.accessOf(testAccount, 9000003, testClient), []answered{{"not an administrator", "GET", at, "", 403, ""}})
	b.box.SetVariants(func(v *Variants) { v.TemplateLimit = 2 })
	b.each(b.accessOf(testAccount, 0, testClient), []answered{
		{"as many as there may be", "POST", at, `[{"name":"x","content":"y"},{"name":"x","content":"y"}]`, 200, ""},
		{"one too many", "POST", at, `[{"name":"x","content":"y"}]`, 422, ""},
	})
}

// TestTemplateReview: WhatsApp's view of a template, and who is told of it (C §7.3, §7.6).
func TestTemplateReview(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.installed()
	access := b.accessOf(testAccount, 0, testClient)
	b.api("POST", "/api/v4/sources", access, `[{"name":"WA","external_id":"wa","services":[{"type":"whatsapp","params":{"waba":true}}]}]`, 200)
	b.api("POST", "/api/v4/webhooks", access, `{"destination":"https://widget.example.test/crm","settings":["add_chat_template_review"]}`, 201)
	made := b.api("POST", "/api/v4/chats/templates", access, `[{"name":"x","content":"y","type":"waba","waba_category":"UTILITY"},{"name":"plain","content":"y"}]`, 200)
	list := made.field(t, "_embedded", "chat_templates").([]any)
	at := fmt.Sprintf("/api/v4/chats/templates/%.0f", list[0].(map[string]any)["id"])
	if a := b.api("GET", at+"?with=reviews", access, "", 200); a.field(t, "review_status") != nil || a.field(t, "is_on_review") != false {
		t.Errorf("draft %s", a.body)
	}
	b.api("POST", fmt.Sprintf("/api/v4/chats/templates/%.0f/review", list[1].(map[string]any)["id"]), access, `{}`, 400)
	a := b.api("POST", at+"/review", access, `{}`, 200)
	review := a.field(t, "_embedded", "reviews").([]any)[0].(map[string]any)
	if review["status"] != "review" || review["source_id"] == nil {
		t.Errorf("review %s", a.body)
	}
	if a = b.api("GET", at+"?with=reviews", access, "", 200); a.field(t, "review_status") != "review" || a.field(t, "is_on_review") != true {
		t.Errorf("on review %s", a.body)
	}
	one := fmt.Sprintf("%s/review/%.0f", at, review["id"])
	b.noBreach()
	rel := strings.TrimPrefix(one, "/api/v4/")
	b.each(access, []answered{
		{"changed while on review", "PATCH", strings.TrimPrefix(at, "/api/v4/"), `{"name":"z"}`, 400, "C §7.3 templates"},
		{"an outcome that is not there", "POST", rel, `{"status":"review"}`, 400, "C §7.3 templates"},
		{"a long reason", "POST", rel, `{"status":"rejected","reject_reason":"` + strings.Repeat("x", 65536) + `"}`, 400, "C §7.3 templates"},
		{"a review of another", "POST", strings.TrimPrefix(at, "/api/v4/") + "/review/1", `{"status":"approved"}`, 400, ""},
	})
	a = b.api("POST", one, access, `{"status":"rejected","reject_reason":"too short"}`, 200)
	if a.field(t, "status") != "rejected" || a.field(t, "reject_reason") != "too short" {
		t.Errorf("review %s", a.body)
	}
	if a = b.api("GET", "/api/v4/chats/templates?with=reviews", access, "", 200); ids(t, a, "chat_templates") == "[]" {
		t.Errorf("list %s", a.body)
	}
	forms := b.crmForms(2, "add_chat_template_review")
	if got := forms[1]; got.Get("add[0][name]") != "x" || got.Get("add[0][reviews][0][status]") != "rejected" || got.Get("add[0][reviews][0][reject_reason]") != "too short" {
		t.Errorf("webhook %v", got)
	}
}

// TestTemplateFromAPI: an operator chooses a template that API v4 made; the hook names both
// ids and carries its buttons (C §4.3, §7.3).
func TestTemplateFromAPI(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	access := b.accessOf(testAccount, 0, testClient)
	made := b.api("POST", "/api/v4/chats/templates", access, `[{"name":"Order","content":"Hello {{contact.name}}","external_id":"tpl-order","buttons":[{"type":"inline","text":"Thanks"}]}]`, 200)
	id := int64(made.field(t, "_embedded", "chat_templates").([]any)[0].(map[string]any)["id"].(float64))
	b.control("POST", "chats/"+chat+"/say", fmt.Sprintf(`{"template":{"id":%d}}`, id), 200)
	b.control("POST", "chats/"+chat+"/say", `{"template":{"id":1}}`, 404)
	b.waitHooks(1)
	hook := answer{body: b.rc.all()[0].Body}
	if hook.field(t, "message", "message", "text") != "Hello Анна" || hook.field(t, "message", "message", "template", "id") != float64(id) ||
		hook.field(t, "message", "message", "template", "external_id") != "tpl-order" || hook.field(t, "message", "message", "markup", "mode") != "inline" {
		t.Errorf("hook %s", hook.body)
	}
}
