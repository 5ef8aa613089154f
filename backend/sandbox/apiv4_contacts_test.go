package sandbox

import (
	"fmt"
	"testing"
)

// ids lists the ids of an embedded list.
func ids(t *testing.T, a answer, name string) string {
	t.Helper()
	list, _ := a.field(t, "_embedded", name).([]any)
	out := []int64{}
	for _, x := range list {
		out = append(out, int64(x.(map[string]any)["id"].(float64)))
	}
	return fmt.Sprint(out)
}

// TestContacts is C §7.8 and the visibility of C §7.5.
func TestContacts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	b.api("GET", "/api/v4/contacts", access, "", 204)
	a := b.api("POST", "/api/v4/contacts", access, `[{"name":"Pavel Ivanov","custom_fields_values":[
		{"field_code":"PHONE","values":[{"value":"+7 999 000-11-22","enum_code":"WORK"}]},{"field_code":"EMAIL","values":[{"value":"P@example.test"}]}],"request_id":"r"},
		{"first_name":"Olga","last_name":"Petrova"}]`, 200)
	made := a.field(t, "_embedded", "contacts").([]any)
	pavel, olga := made[0].(map[string]any), made[1].(map[string]any)
	if pavel["request_id"] != "r" || olga["request_id"] != "1" {
		t.Errorf("answer %s", a.body)
	}
	b.say("m-1", "c-1", "Hello") // its contact stands in an incoming lead
	hidden := b.box.Chats(testAccount)[0]
	for _, c := range []struct {
		query string
		want  string
	}{
		{"?query=%2B79990001122", fmt.Sprintf("[%.0f]", pavel["id"])},
		{"?query=89990001122", fmt.Sprintf("[%.0f]", pavel["id"])},
		{"?query=p@EXAMPLE", fmt.Sprintf("[%.0f]", pavel["id"])},
		{"?query=petrova", fmt.Sprintf("[%.0f]", olga["id"])},
		{"", fmt.Sprintf("[%.0f %.0f]", pavel["id"], olga["id"])},
		{fmt.Sprintf("?filter[id][]=%.0f", olga["id"]), fmt.Sprintf("[%.0f]", olga["id"])},
	} {
		if got := ids(t, b.api("GET", "/api/v4/contacts"+c.query, access, "", 200), "contacts"); got != c.want {
			t.Errorf("%s: contacts %s, want %s", c.query, got, c.want)
		}
	}
	b.api("GET", "/api/v4/contacts?query=nobody", access, "", 204)
	b.api("GET", "/api/v4/contacts/1", access, "", 204)
	a = b.api("GET", fmt.Sprintf("/api/v4/contacts/%d?with=leads", hidden.ContactID), access, "", 200)
	if got := ids(t, a, "leads"); got != fmt.Sprintf("[%d]", hidden.LeadID) || a.field(t, "is_unsorted") != true {
		t.Errorf("contact of the incoming lead %s", a.body)
	}
	a = b.api("GET", fmt.Sprintf("/api/v4/contacts/%.0f", pavel["id"]), access, "", 200)
	field := a.field(t, "custom_fields_values").([]any)[0].(map[string]any)
	if field["field_code"] != "PHONE" || field["values"].([]any)[0].(map[string]any)["value"] != "+7 999 000-11-22" {
		t.Errorf("contact %s", a.body)
	}
	const rule = "C §7.8 contacts"
	b.each(access, []answered{
		{"no array", "POST", "contacts", `{"name":"x"}`, 400, rule},
		{"nothing", "POST", "contacts", `[]`, 400, rule},
		{"a user of nobody", "POST", "contacts", `[{"name":"x","responsible_user_id":1}]`, 400, rule},
		{"a field that is not there", "POST", "contacts", `[{"name":"x","custom_fields_values":[{"field_code":"IM","values":[{"value":"x"}]}]}]`, 400, rule},
		{"a field without values", "POST", "contacts", `[{"name":"x","custom_fields_values":[{"field_code":"PHONE","values":[]}]}]`, 400, rule},
		{"a phone that is a number", "POST", "contacts", `[{"custom_fields_values":[{"field_code":"PHONE","values":[{"value":7999}]}]}]`, 400, rule},
		{"an id that is no number", "GET", "contacts?filter[id]=x", "", 400, rule},
		{"too large a page", "GET", "contacts?limit=251", "", 400, rule},
	})
}

// TestLeadsAPI: leads are seen once they are accepted.
func TestLeadsAPI(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	access := b.accessOf(testAccount, 0, testClient)
	b.api("GET", "/api/v4/leads", access, "", 204)
	in := b.box.IncomingLeads(testAccount)[0]
	if err := b.box.AcceptLead(testAccount, in.UID, 9000003, 0); err != nil {
		t.Fatal(err)
	}
	a := b.api("GET", "/api/v4/leads?query=chat%20with", access, "", 200)
	if got := ids(t, a, "leads"); got != fmt.Sprintf("[%d]", in.LeadID) {
		t.Errorf("leads %s", a.body)
	}
	b.api("GET", "/api/v4/leads?filter[pipeline_id]=1", access, "", 204)
	if err := b.box.MoveLead(testAccount, in.LeadID, wonStage); err != nil {
		t.Fatal(err)
	}
	a = b.api("GET", fmt.Sprintf("/api/v4/leads/%d?with=contacts", in.LeadID), access, "", 200)
	if a.field(t, "status_id") != 142.0 || a.field(t, "responsible_user_id") != 9000003.0 || a.field(t, "closed_at") == nil || ids(t, a, "contacts") != fmt.Sprintf("[%d]", in.ContactID) {
		t.Errorf("lead %s", a.body)
	}
	b.api("GET", "/api/v4/leads/1", access, "", 204)
	b.each(access, []answered{
		{"an id that is no number", "GET", "leads?filter[id]=x", "", 400, "C §7.8 leads"},
		{"a pipeline that is no number", "GET", "leads?filter[pipeline_id][]=x", "", 400, "C §7.8 leads"},
	})
}

// TestLinks is C §7.4: who may link what; linking again moves the chat.
func TestLinks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	one, _ := b.box.AddContact(Contact{Account: testAccount, Name: "One"})
	two, _ := b.box.AddContact(Contact{Account: testAccount, Name: "Two"})
	theirs, _ := b.box.AddContact(Contact{Account: 31000009, Name: "Theirs"})
	chat := b.must(amojo("POST", testScope+"/chats", `{"conversation_id":"c-1","user":{"id":"u-1","name":"Anna"}}`), 200).field(t, "id").(string)
	link := func(contact int64) int64 {
		t.Helper()
		a := b.api("POST", "/api/v4/contacts/chats", access, fmt.Sprintf(`[{"contact_id":%d,"chat_id":%q}]`, contact, chat), 200)
		got := a.field(t, "_embedded", "chats").([]any)[0].(map[string]any)
		if got["chat_id"] != chat || got["contact_id"] != float64(contact) || got["request_id"] != "0" {
			t.Errorf("link %s", a.body)
		}
		return int64(got["id"].(float64))
	}
	first := link(one.ID)
	if again := link(one.ID); again != first {
		t.Errorf("the same link got another id: %d, then %d", first, again)
	}
	if moved := link(two.ID); moved == first {
		t.Error("a moved chat kept the id of its link")
	}
	b.api("GET", fmt.Sprintf("/api/v4/contacts/chats?contact_id=%d", one.ID), access, "", 204)
	a := b.api("GET", fmt.Sprintf("/api/v4/contacts/chats?chat_id=%s&chat_id=x&contact_id[]=%d", chat, one.ID), access, "", 200)
	if a.field(t, "_total_items") != 1.0 {
		t.Errorf("links %s", a.body)
	}
	b.say("m-1", "c-1", "Hello")
	if got := b.counts(); got.Incoming != 0 || got.Leads != 0 || b.box.Chats(testAccount)[0].ContactID != two.ID {
		t.Errorf("the linked chat left %+v", got)
	}
	b.box.SetVariants(func(v *Variants) { v.LinksEmptyList = true })
	a = b.api("GET", fmt.Sprintf("/api/v4/contacts/chats?contact_id=%d", one.ID), access, "", 200)
	if a.field(t, "_total_items") != 0.0 {
		t.Errorf("empty list %s", a.body)
	}
	other := b.box.AddIntegration(Integration{Product: ProductAmoCRM})
	const rule = "C §7.4 links"
	b.each(access, []answered{
		{"no chat and no contact", "GET", "contacts/chats", "", 400, rule},
		{"a contact that is no number", "GET", "contacts/chats?contact_id=x", "", 400, rule},
		{"an unknown chat", "POST", "contacts/chats", fmt.Sprintf(`[{"contact_id":%d,"chat_id":"x"}]`, one.ID), 400, rule},
		{"an unknown contact", "POST", "contacts/chats", fmt.Sprintf(`[{"contact_id":1,"chat_id":%q}]`, chat), 400, rule},
		{"a contact of another account", "POST", "contacts/chats", fmt.Sprintf(`[{"contact_id":%d,"chat_id":%q}]`, theirs.ID, chat), 400, rule},
		{"a field too many", "POST", "contacts/chats", fmt.Sprintf(`[{"contact_id":%d,"chat_id":%q,"id":1}]`, one.ID, chat), 400, rule},
		{"nothing", "POST", "contacts/chats", `[]`, 400, rule},
	})
	b.each(b.accessOf(testAccount, 9000003, testClient), []answered{
		{"not an administrator", "GET", "contacts/chats?contact_id=1", "", 403, ""},
		{"not an administrator", "POST", "contacts/chats", `[{"contact_id":1,"chat_id":"x"}]`, 403, ""},
	})
	b.each(b.accessOf(testAccount, 0, other.ClientUUID), []answered{
		{"another integration's chat", "POST", "contacts/chats", fmt.Sprintf(`[{"contact_id":%d,"chat_id":%q}]`, one.ID, chat), 400, rule},
	})
	req := request("POST", "https://democo.amocrm.ru/api/v4/contacts/chats", `[]`, "Authorization", "Bearer "+access, "Cookie", "session_id=1")
	b.must(req, 400)
	if got := b.box.Breaches(); len(got) != 1 || got[0].Rule != "C §7.4 cookies" {
		t.Errorf("breaches %+v", got)
	}
}

// TestLinkedLead is C §8.1: a linked chat stands in the card of the contact's open
// lead; one that is still in an incoming lead moves that.
func TestLinkedLead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	b.say("m-1", "c-1", "Hello")
	in := b.box.IncomingLeads(testAccount)[0]
	if err := b.box.AcceptLead(testAccount, in.UID, 0, 0); err != nil {
		t.Fatal(err)
	}
	b.say("m-2", "c-2", "Hello")
	second := b.box.IncomingLeads(testAccount)[0]
	b.api("POST", "/api/v4/contacts/chats", access, fmt.Sprintf(`[{"contact_id":%d,"chat_id":%q}]`, in.ContactID, second.ChatID), 200)
	if got := b.box.IncomingLeads(testAccount)[0]; got.ContactID != in.ContactID {
		t.Errorf("the incoming lead stayed with contact %d", got.ContactID)
	}
	chat := b.must(amojo("POST", testScope+"/chats", `{"conversation_id":"c-3","user":{"id":"u-1","name":"Anna"}}`), 200).field(t, "id").(string)
	b.api("POST", "/api/v4/contacts/chats", access, fmt.Sprintf(`[{"contact_id":%d,"chat_id":%q}]`, in.ContactID, chat), 200)
	b.say("m-3", "c-3", "Hello")
	card, err := b.box.LeadCard(testAccount, in.LeadID)
	if err != nil || len(card.Chats) != 2 {
		t.Errorf("card %+v %v", card, err)
	}
	b.noBreach()
}

// TestShortLinks is C §7.7.
func TestShortLinks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access := b.accessOf(testAccount, 0, testClient)
	c, _ := b.box.AddContact(Contact{Account: testAccount, Name: "One"})
	body := func(url, kind string, id int64) string {
		return fmt.Sprintf(`[{"url":%q,"metadata":{"entity_type":%q,"entity_id":%d}}]`, url, kind, id)
	}
	a := b.api("POST", "/api/v4/short_links", access, body("https://example.org", "contacts", c.ID), 200)
	got := a.field(t, "_embedded", "short_links").([]any)[0].(map[string]any)
	if got["account_id"] != 31000001.0 || got["url"] == "https://example.org" || got["metadata"].(map[string]any)["entity_id"] != float64(c.ID) {
		t.Errorf("short link %s", a.body)
	}
	const rule = "C §7.7 short links"
	b.each(access, []answered{
		{"no address", "POST", "short_links", body("example", "contacts", c.ID), 400, rule},
		{"for a lead", "POST", "short_links", body("https://example.org", "leads", c.ID), 400, rule},
		{"an unknown contact", "POST", "short_links", body("https://example.org", "contacts", 1), 400, rule},
		{"no metadata", "POST", "short_links", `[{"url":"https://example.org"}]`, 400, rule},
	})
}

// TestUsers is C §6: amojo_id only when asked for, and null by variant; administrators only.
func TestUsers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access := b.accessOf(testAccount, 0, testClient)
	user := func(query string) map[string]any {
		t.Helper()
		a := b.api("GET", "/api/v4/users"+query, access, "", 200)
		return a.field(t, "_embedded", "users").([]any)[1].(map[string]any)
	}
	if u := user(""); u["name"] != "Oleg" || u["amojo_id"] != nil {
		t.Errorf("user %v", u)
	}
	if u := user("?with=amojo_id"); u["amojo_id"] != operatorID {
		t.Errorf("user %v", u)
	}
	b.box.SetVariants(func(v *Variants) { v.UsersWithoutAmojoID = true })
	u := user("?with=amojo_id")
	if id, there := u["amojo_id"]; !there || id != nil {
		t.Errorf("user %v, want amojo_id null", u)
	}
	b.each(b.accessOf(testAccount, 9000003, testClient), []answered{
		{"not an administrator", "GET", "users", "", 403, ""},
		{"not an administrator", "GET", "users/9000002", "", 403, ""},
	})
}
