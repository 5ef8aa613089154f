package sandbox

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func (b *bench) control(method, path, body string, want int) answer {
	b.t.Helper()
	req := request(method, b.url+"/control/v1/"+path, body)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return b.must(req, want)
}

// TestControl drives a conversation by the control API alone.
func TestControl(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.control("POST", "accounts/31000001/install", "", 204)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	var chats []Chat
	if err := json.Unmarshal(b.control("GET", "accounts/31000001/chats", "", 200).body, &chats); err != nil || len(chats) != 1 {
		t.Fatalf("chats %+v: %v", chats, err)
	}
	a := b.control("POST", "chats/"+chats[0].ID+"/say", `{"text":"Hi","user_id":9000003}`, 200)
	if a.field(t, "sender_name") != "Oleg" {
		t.Errorf("message %s", a.body)
	}
	b.waitHooks(2)
	id := a.field(t, "id").(string)
	b.must(amojo("POST", testScope+"/"+id+"/delivery_status", `{"status_code":1}`), 200)
	if a = b.control("GET", "messages/"+id, "", 200); a.field(t, "delivery_status") != 1.0 {
		t.Errorf("message %s", a.body)
	}
	for _, path := range []string{"state", "accounts", "channels", "integrations", "connections", "hooks", "breaches", "traffic?verdict=passed", "faults", "variants", "clock"} {
		if a := b.control("GET", path, "", 200); !json.Valid(a.body) {
			t.Errorf("%s answers %s", path, a.body)
		}
	}
	b.control("POST", "chats/nothing/say", `{"text":"Hi"}`, 404)
	b.control("POST", "chats/"+chats[0].ID+"/say", `{"text":""}`, 422)
	b.control("POST", "chats/"+chats[0].ID+"/say", `{"texd":"Hi"}`, 400)
	b.control("PATCH", "faults", `{"amojo_status":503,"amojo_count":2}`, 200)
	b.control("PATCH", "faults", `{"hook_copies":1}`, 200)
	if f := b.box.Faults(); f.AmojoStatus != 503 || f.AmojoCount != 2 || f.HookCopies != 1 {
		t.Errorf("faults %+v", f)
	}
	b.control("PATCH", "faults", `{"amojo_status":200}`, 400)
	b.control("PATCH", "variants", `{"duplicate_msgid":"200"}`, 400)
	b.control("PATCH", "variants", `{"install_moment":"sometimes"}`, 400)
	b.control("PATCH", "variants", `{"duplicate_msgid":200,"hook_omit":["name"]}`, 200)
	b.control("DELETE", "faults", "", 204)
	if f := b.box.Faults(); f != (Faults{}) {
		t.Errorf("faults %+v, want none", f)
	}
	if a = b.control("POST", "clock", `{"advance":"1h"}`, 200); a.field(t, "now") != "2026-01-01T01:00:00Z" {
		t.Errorf("clock %s", a.body)
	}
	b.control("POST", "clock", `{"shift":"0s"}`, 200)
	a = b.control("POST", "accounts", `{"subdomain":"second"}`, 200)
	b.must(request("GET", "https://second.amocrm.ru/inbox/", ""), 200)
	if a.field(t, "amojo_id") == "" {
		t.Errorf("account %s", a.body)
	}
	b.noBreach()
}

// TestControlGuards: pages of other sites and unknown hosts get nothing.
func TestControlGuards(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(request("POST", b.url+"/control/v1/accounts", `{"subdomain":"x"}`, "Content-Type", "text/plain"), 415)
	b.must(request("DELETE", b.url+"/control/v1/faults", "", "Sec-Fetch-Site", "cross-site"), 415)
	b.must(request("POST", "https://democo.amocrm.ru/inbox/api/chats/x/messages", `{"text":"x"}`, "Content-Type", "text/plain"), 415)
	b.must(request("GET", "https://attacker.example/control/v1/state", ""), 421)
	b.must(request("GET", "https://nobody.amocrm.ru/", ""), 404)
	if s := string(b.must(request("GET", b.url+"/", ""), 200).body); !strings.Contains(s, "dashboard.js") {
		t.Errorf("dashboard %s", s)
	}
}

// TestInbox reads and answers as the page does.
func TestInbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.say("m-1", "c-1", "<b>Hello</b>")
	const base = "https://democo.amocrm.ru/inbox/"
	list := b.must(request("GET", base+"api/chats", ""), 200).field(t, "chats").([]any)
	chat := list[0].(map[string]any)
	if chat["name"] != "Анна" || chat["unread"] != 1.0 || chat["last_text"] != "<b>Hello</b>" || chat["incoming"] != true {
		t.Errorf("list %v", list)
	}
	at := base + "api/chats/" + chat["id"].(string)
	b.must(request("POST", at+"/read", "{}", "Content-Type", "application/json"), 204)
	b.must(request("POST", at+"/messages", `{"text":"Hi"}`, "Content-Type", "application/json"), 200)
	b.waitHooks(1)
	a := b.must(request("GET", at, ""), 200)
	if n := len(a.field(t, "messages").([]any)); n != 2 || a.field(t, "chat", "unread") != 0.0 {
		t.Errorf("chat %s", a.body)
	}
	b.must(request("GET", "https://shopco.kommo.com/inbox/api/chats/"+chat["id"].(string), ""), 404) // another account's
	for _, f := range []string{"", "static/inbox.js", "static/ui.css"} {
		b.must(request("GET", base+f, ""), 200)
	}
	b.must(request("GET", base+"static/nothing.js", ""), 404)
}

// TestRestore: a second run keeps data, tokens and connections.
func TestRestore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.json")
	b := startBench(t, testConfig(), path)
	access, _ := b.exchange(tokenBody("grant_type", "authorization_code", "code", b.installed().Get("code")), 200)
	chat := b.chat()
	b.operator(chat, "Hi")
	b.waitHooks(2)
	b.box.SetVariants(func(v *Variants) { v.DuplicateMsgID = 409 })
	if err := b.box.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	cfg := testConfig()
	cfg.Accounts[0].AmojoID, cfg.Accounts[0].Users = "", nil // made up anew by each start
	cfg.Channels[0].HookURL = "https://widget.example.test/moved/:scope_id"
	again := startBench(t, cfg, path)
	if got := again.box.ChatMessages(chat); len(got) != 2 || got[1].Text != "Hi" {
		t.Fatalf("messages %+v", got)
	}
	again.api("GET", "/api/v4/account", access, "", 200)
	again.must(amojo("POST", testScope, text("m-1", "chat-4711", "Hello")), 409)
	again.say("m-2", "chat-4711", "still the same chat")
	if n := len(again.box.Chats(testAccount)); n != 1 {
		t.Errorf("%d chats, want 1", n)
	}
	again.operator(chat, "again")
	again.wait("the hook", func() bool { return len(again.rc.all()) == 1 })
	if got := again.rc.all()[0].URL; got != "http://widget.example.test/moved/"+testScope {
		t.Errorf("hook to %s", got)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := New(testConfig())
	defer func() { _ = broken.Close() }()
	if err := broken.Restore(path); err == nil {
		t.Error("a broken snapshot was taken")
	}
}

// TestWorld is the seam to the CRM's pages.
func TestWorld(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.box.World()
	a, ok := w.Account("democo.amocrm.ru")
	if !ok || a.ID != testAccount || a.Origin != "https://democo.amocrm.ru" || a.AmojoID != testAmojo || a.Global {
		t.Errorf("account %+v", a)
	}
	if a, _ := w.Account("shopco.kommo.com"); !a.Global {
		t.Error("Kommo's account has not the global profile")
	}
	if _, ok := w.Account("www.amocrm.ru"); ok {
		t.Error("www is no account")
	}
	if st := w.Widget(testAccount, "line_widget"); st.Status != "install" {
		t.Errorf("state %+v", st)
	}
	st := w.Widget(testAccount, "line_widget")
	st.Status, st.Active = "installed", "Y"
	w.SaveWidget(testAccount, "line_widget", st)
	if got := w.Widget(testAccount, "line_widget"); got != st {
		t.Errorf("state %+v, want %+v", got, st)
	}
	if len(w.Users(testAccount)) != 2 || len(w.Pipelines(testAccount)) != 1 {
		t.Error("users or pipelines are missing")
	}
	w.Breach(testAccount, "W §10.3", "seen")
	if got := b.box.Breaches(); len(got) != 1 || got[0].Rule != "W §10.3" {
		t.Errorf("breaches %+v", got)
	}
}
