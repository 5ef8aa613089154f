package sandbox

import (
	"encoding/json"
	"fmt"
	"testing"
)

// answered is one request of a table with the status and the verdict it must get.
type answered struct {
	name, method, path, body string
	status                   int
	rule                     string // of the breach; "" when the client broke nothing
}

// each sends the requests of a table one after another.
func (b *bench) each(access string, list []answered) {
	b.t.Helper()
	for _, c := range list {
		b.box.ResetBreaches()
		req := request(c.method, "https://democo.amocrm.ru/api/v4/"+c.path, c.body, "Authorization", "Bearer "+access)
		if a, err := b.do(req); err != nil || a.status != c.status {
			b.t.Errorf("%s: %s %s answers %d, want %d: %s %v", c.name, c.method, c.path, a.status, c.status, a.body, err)
		}
		rule := ""
		if got := b.box.Breaches(); len(got) > 0 {
			rule = got[0].Rule
		}
		if rule != c.rule {
			b.t.Errorf("%s: breach %q, want %q", c.name, rule, c.rule)
		}
	}
	b.box.ResetBreaches()
}

// TestTalk is C §7.2: the model, closing, what is refused.
func TestTalk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	access := b.accessOf(testAccount, 0, testClient)
	chat := b.box.Chats(testAccount)[0]
	a := b.api("GET", fmt.Sprintf("/api/v4/talks/%d", chat.TalkID), access, "", 200)
	want := fmt.Sprintf(`{"talk_id":%d,"created_at":1767225600,"updated_at":1767225600,"rate":0,"contact_id":%d,"chat_id":%q,"entity_id":%d,"entity_type":"lead",
		"is_in_work":true,"is_read":false,"origin":"amo.ext.sandbox","missed_at":null,"account_id":31000001,
		"_links":{"self":{"href":"https://democo.amocrm.ru/api/v4/talks/%d"}},
		"_embedded":{"contacts":[{"id":%d,"_links":{"self":{"href":"https://democo.amocrm.ru/api/v4/contacts/%d"}}}],
		"leads":[{"id":%d,"_links":{"self":{"href":"https://democo.amocrm.ru/api/v4/leads/%d"}}}],"customers":[]}}`,
		chat.TalkID, chat.ContactID, chat.ID, chat.LeadID, chat.TalkID, chat.ContactID, chat.ContactID, chat.LeadID, chat.LeadID)
	sameJSON(t, a.body, want)
	at := fmt.Sprintf("talks/%d", chat.TalkID)
	b.each(access, []answered{
		{"an unknown talk", "GET", "talks/1", "", 404, ""},
		{"closing an unknown talk", "POST", "talks/1/close", "", 404, ""},
		{"a force that is no boolean", "POST", at + "/close", `{"force_close":"yes"}`, 400, "C §7.2 talks"},
		{"a field that is not known", "POST", at + "/close", `{"force":true}`, 400, "C §7.2 talks"},
		{"closing without a body", "POST", at + "/close", "", 202, ""},
		{"closing a closed one", "POST", at + "/close", `{"force_close":true}`, 422, ""},
		{"amoCRM has no list of talks", "GET", "talks", "", 404, "C §7.2 talks"},
	})
	if got := b.api("GET", "/api/v4/"+at, access, "", 200); got.field(t, "is_in_work") != false {
		t.Errorf("closed talk %s", got.body)
	}
}

// TestTalkNPS is force_close of C §7.2: the NPS bot runs first unless forced.
func TestTalkNPS(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	b.say("m-2", "c-2", "Hello")
	b.control("PATCH", "accounts/31000001", `{"nps_bot":true}`, 200)
	access := b.accessOf(testAccount, 0, testClient)
	talks := b.box.Talks(testAccount)
	at := fmt.Sprintf("talks/%d", talks[0].ID)
	b.each(access, []answered{
		{"closing asks for a mark first", "POST", at + "/close", "", 202, ""},
		{"it is being closed already", "POST", at + "/close", "", 422, ""},
		{"forced: closed at once", "POST", fmt.Sprintf("talks/%d/close", talks[1].ID), `{"force_close":true}`, 202, ""},
	})
	talks = b.box.Talks(testAccount)
	if !talks[0].InWork || talks[0].Status != TalkWaiting || talks[1].InWork {
		t.Errorf("talks %+v", talks)
	}
	b.control("POST", fmt.Sprintf("accounts/31000001/talks/%d/rate", talks[0].ID), `{"rate":5}`, 204)
	b.control("POST", fmt.Sprintf("accounts/31000001/talks/%d/rate", talks[0].ID), `{"rate":5}`, 422)
	if got := b.api("GET", "/api/v4/"+at, access, "", 200); got.field(t, "is_in_work") != false || got.field(t, "rate") != 5.0 {
		t.Errorf("rated talk %s", got.body)
	}
}

// TestTalksOfKommo is the add-on's list of C §7.2.
func TestTalksOfKommo(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	const app, kommo = "5f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b", int64(31000009)
	cfg.Integrations = append(cfg.Integrations, Integration{ClientUUID: app, Product: ProductKommo, ChatsAddOn: true})
	plain := Integration{ClientUUID: "6f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b", Product: ProductKommo}
	cfg.Integrations = append(cfg.Integrations, plain)
	b := startBench(t, cfg, "")
	get := func(query, access string, want int) answer {
		t.Helper()
		return b.must(request("GET", "https://shopco.kommo.com/api/v4/talks"+query, "", "Authorization", "Bearer "+access), want)
	}
	access := b.accessOf(kommo, 0, app)
	get("", access, 204)
	b.box.mu.Lock()
	for i := range int64(3) {
		b.box.st.Talks[i+1] = &Talk{ID: i + 1, Account: kommo, ContactID: 501 + i, InWork: i < 2, Status: []string{TalkInWork, TalkWaiting, TalkClosed}[i]}
	}
	b.box.mu.Unlock()
	for _, c := range []struct {
		query string
		want  string
	}{
		{"", "[1 2 3]"},
		{"?filter[contact_id][]=502&filter[contact_id][]=503", "[2 3]"},
		{"?filter[only_in_work]=1", "[1 2]"},
		{"?filter[status]=closed", "[3]"},
		{"?limit=2", "[1 2]"},
		{"?limit=2&page=2", "[3]"},
	} {
		var body struct {
			Embedded struct {
				Talks []struct {
					TalkID int64  `json:"talk_id"`
					Status string `json:"status"`
				} `json:"talks"`
			} `json:"_embedded"`
		}
		if err := json.Unmarshal(get(c.query, access, 200).body, &body); err != nil {
			t.Fatal(err)
		}
		var ids []int64
		for _, x := range body.Embedded.Talks {
			if ids = append(ids, x.TalkID); x.Status == "" {
				t.Errorf("%s: talk %d has no status", c.query, x.TalkID)
			}
		}
		if fmt.Sprint(ids) != c.want {
			t.Errorf("%s: talks %v, want %s", c.query, ids, c.want)
		}
	}
	b.noBreach()
	get("", b.accessOf(kommo, 0, plain.ClientUUID), 403) // without the add-on's scopes
	for _, bad := range []string{"?filter[contact_id][]=x", "?filter[only_in_work]=maybe", "?limit=0", "?limit=251", "?page=0"} {
		b.box.ResetBreaches()
		get(bad, access, 400)
		if len(b.box.Breaches()) != 1 {
			t.Errorf("%s is no breach", bad)
		}
	}
}

// sameJSON compares two JSON texts by value.
func sameJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("not JSON: %s", got)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if string(marshal(g)) != string(marshal(w)) {
		t.Errorf("got\n%s\nwant\n%s", marshal(g), marshal(w))
	}
}
