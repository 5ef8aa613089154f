package sandbox

import (
	"fmt"
	"testing"
	"time"
)

// TestUnsorted is the list, the model and the filters of C §7.5.
func TestUnsorted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	b.api("GET", "/api/v4/leads/unsorted", access, "", 204)
	b.say("m-1", "c-1", "Is it still available?")
	b.box.Advance(time.Second)
	b.say("m-2", "c-2", "Hello")
	list := b.box.IncomingLeads(testAccount)
	chat := b.box.Chats(testAccount)[1]
	a := b.api("GET", "/api/v4/leads/unsorted/"+list[0].UID, access, "", 200)
	self := func(path string) string {
		return fmt.Sprintf(`"_links":{"self":{"href":"https://democo.amocrm.ru/api/v4/%s"}}`, path)
	}
	sameJSON(t, a.body, fmt.Sprintf(`{"uid":%q,"source_uid":null,"source_name":"Line","category":"chats","pipeline_id":%d,"created_at":1767225600,
		"metadata":{"from":"Анна","to":"","received_at":1767225600,"service":"amo.ext.sandbox","client":{"name":"Анна","avatar":null},
		"origin":{"chat_id":%q,"ref":null,"visitor_uid":null},"last_message_text":"Is it still available?","source_name":"Line"},
		"account_id":31000001,%s,
		"_embedded":{"contacts":[{"id":%d,%s}],"leads":[{"id":%d,%s}],"companies":[]}}`,
		list[0].UID, list[0].PipelineID, chat.ID, self("leads/unsorted/"+list[0].UID), chat.ContactID, self(fmt.Sprintf("contacts/%d", chat.ContactID)),
		chat.LeadID, self(fmt.Sprintf("leads/%d", chat.LeadID))))
	first := func(query string) string {
		t.Helper()
		a := b.api("GET", "/api/v4/leads/unsorted"+query, access, "", 200)
		all := a.field(t, "_embedded", "unsorted").([]any)
		return fmt.Sprint(len(all), " ", all[0].(map[string]any)["uid"])
	}
	for query, want := range map[string]string{
		"":                            "2 " + list[1].UID,
		"?order[created_at]=asc":      "2 " + list[0].UID,
		"?filter[category][]=chats":   "2 " + list[1].UID,
		"?filter[uid]=" + list[0].UID: "1 " + list[0].UID,
		fmt.Sprintf("?filter[pipeline_id]=%d&limit=1&page=2&order[created_at]=asc", list[0].PipelineID): "1 " + list[1].UID,
	} {
		if got := first(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	b.api("GET", "/api/v4/leads/unsorted?filter[category][]=forms", access, "", 204)
	b.api("GET", "/api/v4/leads/unsorted?filter[pipeline_id]=1", access, "", 204)
	b.noBreach()
	const rule = "C §7.5 unsorted"
	b.each(access, []answered{
		{"a category that is not there", "GET", "leads/unsorted?filter[category]=talks", "", 400, rule},
		{"an order that is not there", "GET", "leads/unsorted?order[created_at]=up", "", 400, rule},
		{"too large a page", "GET", "leads/unsorted?limit=251", "", 400, rule},
		{"an unknown one", "GET", "leads/unsorted/x", "", 404, ""},
		{"accepting an unknown one", "POST", "leads/unsorted/x/accept", "", 404, ""},
		{"declining an unknown one", "DELETE", "leads/unsorted/x/decline", "", 404, ""},
		{"linking an unknown one", "POST", "leads/unsorted/x/link", `{}`, 404, ""},
		{"a user of nobody", "POST", "leads/unsorted/" + list[0].UID + "/accept", `{"user_id":1}`, 400, rule},
		{"a stage of nowhere", "POST", "leads/unsorted/" + list[0].UID + "/accept", `{"status_id":1}`, 400, rule},
		{"a declining user of nobody", "DELETE", "leads/unsorted/" + list[0].UID + "/decline", `{"user_id":1}`, 400, rule},
		{"a user that is a text", "POST", "leads/unsorted/" + list[0].UID + "/accept", `{"user_id":"1"}`, 400, rule},
	})
	if got := b.counts(); got.Incoming != 2 {
		t.Errorf("refused requests changed something: %+v", got)
	}
}

// TestSorting is accept, decline and link of C §7.5, and the summary.
func TestSorting(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	for i := range 3 {
		b.say(fmt.Sprintf("m-%d", i), fmt.Sprintf("c-%d", i), "Hello")
	}
	list := b.box.IncomingLeads(testAccount)
	b.box.Advance(time.Minute)
	stage := b.box.Accounts()[0].Pipelines[0].Stages[2].ID
	at := func(i int, act string) string { return "/api/v4/leads/unsorted/" + list[i].UID + "/" + act }

	a := b.api("POST", at(0, "accept"), access, fmt.Sprintf(`{"user_id":9000003,"status_id":%d}`, stage), 200)
	if ids(t, a, "leads") != fmt.Sprintf("[%d]", list[0].LeadID) || ids(t, a, "contacts") != fmt.Sprintf("[%d]", list[0].ContactID) || a.field(t, "category") != "chats" {
		t.Errorf("accepted %s", a.body)
	}
	if l, err := b.box.LeadCard(testAccount, list[0].LeadID); err != nil || l.Lead.StatusID != stage || l.Lead.UserID != 9000003 || l.Lead.Unsorted || l.Contact.Unsorted {
		t.Errorf("accepted lead %+v %v", l, err)
	}
	b.api("GET", at(0, ""), access, "", 404)

	const rule = "C §7.5 unsorted"
	link := func(lead, contact int64, kind string) string {
		return fmt.Sprintf(`{"link":{"entity_id":%d,"entity_type":%q,"metadata":{"contact_id":%d}},"user_id":9000002}`, lead, kind, contact)
	}
	u := "leads/unsorted/" + list[1].UID + "/link"
	b.each(access, []answered{
		{"to a lead of nobody", "POST", u, link(1, list[0].ContactID, "leads"), 400, rule},
		{"to another incoming lead", "POST", u, link(list[2].LeadID, list[0].ContactID, "leads"), 400, rule},
		{"to a contact of nobody", "POST", u, link(list[0].LeadID, 1, "leads"), 400, rule},
		{"to a company", "POST", u, link(list[0].LeadID, list[0].ContactID, "companies"), 400, rule},
		{"to nothing", "POST", u, `{"user_id":9000002}`, 400, rule},
	})
	a = b.api("POST", at(1, "link"), access, link(list[0].LeadID, list[0].ContactID, "leads"), 200)
	if ids(t, a, "leads") != fmt.Sprintf("[%d]", list[0].LeadID) {
		t.Errorf("linked %s", a.body)
	}
	if card, err := b.box.LeadCard(testAccount, list[0].LeadID); err != nil || len(card.Chats) != 2 {
		t.Errorf("card %+v %v: both chats stand in it", card, err)
	}
	if got := b.counts(); got.Contacts != 2 || got.Leads != 2 || got.Incoming != 1 {
		t.Errorf("after linking %+v", got)
	}

	b.api("DELETE", at(2, "decline"), access, "", 200)
	if got := b.counts(); got.Contacts != 1 || got.Leads != 1 || got.Incoming != 0 {
		t.Errorf("after declining %+v", got)
	}
	for _, e := range b.box.ImBox(testAccount) {
		if e.Talk.ChatID == list[2].ChatID {
			t.Error("the declined chat is still in imBox")
		}
	}
	b.noBreach()
	b.say("m-9", "c-2", "I am still here")
	if got := b.counts(); got.Contacts != 2 || got.Leads != 2 || got.Incoming != 1 {
		t.Errorf("after the declined client wrote again %+v", got)
	}
	a = b.api("GET", "/api/v4/leads/unsorted/summary", access, "", 200)
	if a.field(t, "total") != 4.0 || a.field(t, "accepted") != 2.0 || a.field(t, "declined") != 1.0 || a.field(t, "average_sort_time") != 60.0 ||
		a.field(t, "categories", "chats", "total") != 4.0 {
		t.Errorf("summary %s", a.body)
	}
}
