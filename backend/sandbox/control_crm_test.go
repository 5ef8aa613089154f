package sandbox

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
)

// TestControlCRM drives the CRM by the control API alone.
func TestControlCRM(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	const at = "accounts/31000001/"
	get := func(path string, v any) {
		t.Helper()
		if err := json.Unmarshal(b.control("GET", at+path, "", 200).body, v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	a := b.control("PATCH", "accounts/31000001", `{"duplicate_control":true,"nps_bot":true}`, 200)
	if a.field(t, "nps_bot") != true || a.field(t, "pipelines").([]any)[0].(map[string]any)["duplicate_control"] != true {
		t.Errorf("account %s", a.body)
	}
	b.control("POST", at+"contacts", `{"name":"Pavel","phone":"+79990001122"}`, 200)
	for i := range 3 {
		b.must(amojo("POST", testScope, from(fmt.Sprintf("m-%d", i), fmt.Sprintf("c-%d", i), "u-1", "", "")), 200)
	}
	var incoming []IncomingLead
	get("incoming-leads", &incoming)
	if len(incoming) != 3 {
		t.Fatalf("%d incoming leads", len(incoming))
	}
	b.control("POST", at+"incoming-leads/"+incoming[0].UID+"/accept", `{"user_id":9000003}`, 204)
	b.control("POST", at+"incoming-leads/"+incoming[1].UID+"/link", fmt.Sprintf(`{"lead_id":%d}`, incoming[0].LeadID), 204)
	b.control("POST", at+"incoming-leads/"+incoming[2].UID+"/decline", "", 204)
	b.control("POST", at+"incoming-leads/"+incoming[2].UID+"/decline", "", 404)
	b.control("POST", fmt.Sprintf("%sleads/%d/move", at, incoming[0].LeadID), `{"stage_id":142}`, 204)
	b.control("POST", fmt.Sprintf("%sleads/%d/move", at, incoming[0].LeadID), `{"stage_id":1}`, 404)
	var card LeadCard
	get(fmt.Sprintf("leads/%d", incoming[0].LeadID), &card)
	if len(card.Chats) != 2 || card.Lead.StatusID != 142 || card.Lead.UserID != 9000003 {
		t.Errorf("card %+v", card)
	}
	var box []ImBoxEntry
	get("imbox", &box)
	if len(box) != 2 {
		t.Errorf("imBox %+v", box)
	}
	end := fmt.Sprintf("%stalks/%d/close", at, box[0].Talk.ID)
	b.control("POST", end, "", 204)
	b.control("POST", end, "", 422)
	b.control("POST", end, `{"force_close":true}`, 204)
	b.control("POST", at+"talks/1/close", "", 404)
	get("imbox", &box)
	if len(box) != 1 {
		t.Errorf("imBox %+v", box)
	}
	var notices []Notice
	get("notifications?limit=2", &notices)
	if len(notices) != 2 {
		t.Errorf("%d notifications", len(notices))
	}
	var board []Column
	get("board", &board)
	if len(board) != 6 || len(board[4].Cards) != 1 || board[4].Stage.Kind != StageWon {
		t.Errorf("board %+v", board)
	}
	for _, path := range []string{"leads", "contacts", "talks", "templates", "webhooks"} {
		var list []any
		get(path, &list)
	}
	b.control("PATCH", "accounts/1", `{"nps_bot":true}`, 404)
	b.control("PATCH", "accounts/31000001", `{"duplicate_control":true,"pipeline_id":1}`, 404)
	b.control("PATCH", "accounts/31000001", `{"nps":true}`, 400)
	b.control("GET", at+"leads/1", "", 404)
	b.noBreach()
}

// TestRestoreCRM: a second run keeps the CRM's data.
func TestRestoreCRM(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.json")
	b := startBench(t, testConfig(), path)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	access := b.accessOf(testAccount, 0, testClient)
	b.subscribe(access, "add_talk")
	b.api("POST", "/api/v4/chats/templates", access, `[{"name":"x","content":"y","waba_examples":{"{{a}}":"b"}}]`, 200)
	b.box.SetDuplicateControl(testAccount, 0, true)
	b.box.SetVariants(func(v *Variants) { v.TalkReopens = true })
	want := []any{
		b.box.Leads(testAccount), b.box.Contacts(testAccount), b.box.Talks(testAccount), b.box.Notices(testAccount), b.box.Webhooks(testAccount),
		b.box.ChatTemplates(testAccount), b.box.Board(testAccount), b.box.Variants(), b.box.Accounts(),
	}
	if err := b.box.Close(); err != nil {
		t.Fatal(err)
	}
	again := startBench(t, testConfig(), path)
	got := []any{
		again.box.Leads(testAccount), again.box.Contacts(testAccount), again.box.Talks(testAccount), again.box.Notices(testAccount),
		again.box.Webhooks(testAccount), again.box.ChatTemplates(testAccount), again.box.Board(testAccount), again.box.Variants(), again.box.Accounts(),
	}
	for i := range want {
		if g, w := string(marshal(got[i])), string(marshal(want[i])); g != w {
			t.Errorf("restored\n%s\nwant\n%s", g, w)
		}
	}
}
