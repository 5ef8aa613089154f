package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/keyaction"
	"leadline/backend/media"
	"leadline/backend/sandbox"
)

// shopHooks is a server of the shop that takes hooks; the first answers are 503.
type shopHooks struct {
	mu     sync.Mutex
	refuse int
	bodies []string
}

func (h *shopHooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Method != http.MethodPost || r.URL.Path != "/hook" || r.Header.Get("Content-Type") != "application/json" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if h.refuse > 0 {
		h.refuse--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.bodies = append(h.bodies, string(raw))
}

func (h *shopHooks) got() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.bodies...)
}

// serving makes the shop's host a public server that the guarded client reaches.
func (h *shopHooks) serving(t *testing.T) func(*media.FetchConfig) {
	t.Helper()
	cert, err := testCertificate()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	go func() { _ = srv.Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert.tls}})) }()
	t.Cleanup(func() { _ = srv.Close() })
	public := netip.MustParseAddr("93.184.215.77")
	return func(c *media.FetchConfig) {
		lookup, connect := c.Lookup, c.Connect
		c.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			if host == "shop.example.test" {
				return []netip.Addr{public}, nil
			}
			if host == "inside.example.test" {
				return []netip.Addr{netip.MustParseAddr("10.0.0.7")}, nil
			}
			return lookup(ctx, host)
		}
		c.Connect = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			if to.Addr() != public {
				return connect(ctx, to)
			}
			var d net.Dialer
			return d.DialContext(ctx, "tcp", l.Addr().String())
		}
	}
}

// watch gives a button a key action.
func (w *world) watch(button, action string) string {
	w.t.Helper()
	act, problems := keyaction.Read([]byte(action))
	if len(problems) > 0 {
		w.t.Fatalf("the action has problems: %v", problems)
	}
	a, _ := w.account()
	b, err := w.app.chats.Button(w.t.Context(), chatid.ButtonKey(button))
	if err != nil {
		w.t.Fatal(err)
	}
	id, err := w.app.keyActions.Save(w.t.Context(), a.ID, b.ID, act)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// happened is the log of the button.
func (w *world) happened(button string) []keyaction.Fired {
	w.t.Helper()
	a, _ := w.account()
	b, err := w.app.chats.Button(w.t.Context(), chatid.ButtonKey(button))
	if err != nil {
		w.t.Fatal(err)
	}
	list, _, err := w.app.keyActions.Log(w.t.Context(), a.ID, b.ID, "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

const browserKey = "abcdefghijklmnopqrstuv_-"

// reports sends what a browser reports; change makes it another report.
func (v *visitor) reports(hash, action, clientID string, change func(body map[string]any, header map[string]string)) answer {
	v.w.t.Helper()
	body := map[string]any{
		"ticket": v.ticket(hash), "key": browserKey, "client_id": clientID, "action": action, "group": 0,
		"page": map[string]string{"url": shopURL + "/pricing", "title": "Prices"},
	}
	header := map[string]string{"Origin": shopURL}
	if change != nil {
		change(body, header)
	}
	return v.w.send("POST", v.base+"/v1/buttons/"+v.button+"/actions", header, body)
}

// TestKeyActionBeforeTheLead is the whole way of O §5: it happens while nobody knows
// the visitor, who writes later; an operator accepts the lead, which then has the note,
// the tags, the task, the field and the responsible user (KEY-5). The hook needs none
// of that.
func TestKeyActionBeforeTheLead(t *testing.T) {
	t.Parallel()
	shop := &shopHooks{}
	w := newWorld(t, setup{login: true, fetch: shop.serving(t), sandbox: func(c *sandbox.Config) {
		c.Accounts[0].Fields = []sandbox.CustomField{
			{ID: 77, Card: sandbox.CardLeads, Name: "Interest", Type: "select", Enums: []sandbox.FieldEnum{{ID: 771, Value: "low"}, {ID: 772, Value: "high"}}},
		}
	}})
	button, hash := w.connected()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	action := w.watch(button, `{"name":"Looked at prices","constraint":4,"conditions":[[{"type":"url_visited","value":"/pricing","mask":3}]],"reactions":[
		{"action":"amobutton_animate","settings":{"animation":1}},
		{"action":"send_hook","settings":{"url":"https://shop.example.test/hook"}},
		{"action":"create_task","settings":{"text":"Offer a discount","task_type_id":2,"due_minutes":90}},
		{"action":"change_tags","settings":{"action":"link","tags":[{"name":"hot"},{"name":"prices"}]}},
		{"action":"change_field_value","settings":{"fields":[{"field_id":77,"option":"high"}]}},
		{"action":"change_responsible","settings":{"responsible_id":9000002}}]}`)
	v := w.visit(button, hash)

	var told struct{ Fired bool }
	v.reports(hash, action, uuidN(1), nil).into(t, &told)
	if !told.Fired {
		t.Fatal("the first report is not taken")
	}
	until(t, "the hook", func() bool { return len(shop.got()) == 1 })
	var hook struct {
		Event  string
		Action struct{ ID, Name string }
		Page   struct{ URL string }
		LeadID int64 `json:"lead_id"`
	}
	if err := json.Unmarshal([]byte(shop.got()[0]), &hook); err != nil || hook.Event != "key_action" || hook.Action.ID != action ||
		hook.Action.Name != "Looked at prices" || hook.Page.URL != shopURL+"/pricing" || hook.LeadID != 0 {
		t.Errorf("the hook is %s (%v)", shop.got()[0], err)
	}
	if fired := w.happened(button)[0]; fired.CRMState != keyaction.Remembered {
		t.Errorf("before anybody knows the visitor it is %q", fired.CRMState)
	}

	v.write(uuidN(2), "hello")
	w.send("POST", v.base+"/v1/actions/bind", v.auth(), map[string]string{"key": browserKey}).wants(t, "bind", 204, "")
	w.eventually("the incoming lead", func() bool { return len(w.box.IncomingLeads(accountID)) == 1 })
	in := w.box.IncomingLeads(accountID)[0]
	if err := w.box.AcceptLead(accountID, in.UID, 0, 0); err != nil {
		t.Fatal(err)
	}
	w.eventually("the note", func() bool { return len(w.box.CardNotes(accountID, sandbox.CardLeads, in.LeadID)) == 1 })
	until(t, "the end of it", func() bool { return w.happened(button)[0].CRMState == keyaction.Done })
	if fired := w.happened(button)[0]; fired.Lead != in.LeadID || fired.Problem != "" {
		t.Errorf("it ended with lead %d, problem %q", fired.Lead, fired.Problem)
	}
	if n := w.box.CardNotes(accountID, sandbox.CardLeads, in.LeadID)[0]; n.Text != "Key action: Looked at prices" {
		t.Errorf("the note says %q", n.Text)
	}
	var lead sandbox.Lead
	for _, l := range w.box.Leads(accountID) {
		if l.ID == in.LeadID {
			lead = l
		}
	}
	if strings.Join(lead.Tags, ",") != "hot,prices" || lead.UserID != agentID || len(lead.Fields) != 1 || lead.Fields[0].Values[0].EnumID != 772 {
		t.Errorf("the lead is %+v", lead)
	}
	tasks := w.box.Tasks(accountID, in.LeadID)
	if len(tasks) != 1 || tasks[0].Text != "Offer a discount" || tasks[0].Type != 2 || tasks[0].Completed {
		t.Fatalf("the tasks are %+v", tasks)
	}
	if left := tasks[0].Due.Sub(w.box.Now()); left < 80*time.Minute || left > 91*time.Minute {
		t.Errorf("the task is due in %v", left)
	}

	// Once per lead, and not a second time for the same report.
	for _, id := range []string{uuidN(1), uuidN(3)} {
		told.Fired = false
		v.reports(hash, action, id, nil).into(t, &told)
		if told.Fired != (id == uuidN(1)) {
			t.Errorf("report %s is told %v", id, told.Fired)
		}
	}

	// With a lead known another one is done at once; a reaction that the CRM refuses
	// keeps the others from nothing.
	closes := w.watch(button, `{"name":"Came back","constraint":1,"conditions":[[{"type":"custom_hook","value":"X"}]],"reactions":[
		{"action":"change_responsible","settings":{"responsible_id":424242}},
		{"action":"change_tags","settings":{"action":"unlink","tags":[{"name":"hot"}]}},
		{"action":"close_tasks","settings":{"text":"Came back"}}]}`)
	v.reports(hash, closes, uuidN(4), nil).into(t, &told)
	w.eventually("the tasks' end", func() bool {
		tasks := w.box.Tasks(accountID, in.LeadID)
		return tasks[0].Completed && tasks[0].Result == "Came back"
	})
	until(t, "its end", func() bool { return w.happened(button)[0].CRMState == keyaction.Failed })
	if fired := w.happened(button)[0]; fired.Problem != "refused" || fired.Lead != in.LeadID {
		t.Errorf("it ended with lead %d, problem %q", fired.Lead, fired.Problem)
	}
	for _, l := range w.box.Leads(accountID) {
		if l.ID == in.LeadID && strings.Join(l.Tags, ",") != "prices" {
			t.Errorf("the tags are %v", l.Tags)
		}
	}
	if n := len(w.box.CardNotes(accountID, sandbox.CardLeads, in.LeadID)); n != 2 {
		t.Errorf("%d notes, want one for each time", n)
	}

	// A lead that is gone takes nothing (CON-10): nothing waits for it any more.
	if err := w.box.RemoveLead(accountID, in.LeadID); err != nil {
		t.Fatal(err)
	}
	v.reports(hash, closes, uuidN(5), nil).into(t, &told)
	until(t, "its end", func() bool {
		f := w.happened(button)[0]
		return f.ClientID == uuidN(5) && f.CRMState == keyaction.Failed
	})
	if fired := w.happened(button)[0]; fired.Problem != keyaction.NoLead {
		t.Errorf("without a lead it ended with problem %q", fired.Problem)
	}
	// The conversation goes on under its old binding, in both directions.
	v.write(uuidN(6), "still there?")
	w.eventually("what was written after that", func() bool { return slices.Contains(w.inbox(sandbox.Inbound), "still there?") })
	chats := w.box.Chats(accountID)
	if len(chats) != 1 {
		t.Fatalf("%d chats in the CRM, want the one", len(chats))
	}
	w.says(chats[0].ID, "Yes")
	until(t, "the answer", func() bool { return slices.Contains(v.outbound(), "Yes") })
}

// TestKeyActionHooks: a hook goes through the one safe client, a bounded
// number of times.
func TestKeyActionHooks(t *testing.T) {
	t.Parallel()
	clk := &clock{}
	shop := &shopHooks{refuse: 2}
	w := newWorld(t, setup{login: true, fetch: shop.serving(t), now: clk.now, still: true})
	button, hash := w.connected()
	v := w.visit(button, hash)
	hookTo := func(url string) string {
		return w.watch(button, `{"name":"to `+url+`","constraint":1,"conditions":[[{"type":"page_hits","value":"1"}]],"reactions":[{"action":"send_hook","settings":{"url":"`+url+`"}}]}`)
	}
	state := func(action string) (f keyaction.Fired) {
		for _, f := range w.happened(button) {
			if f.Action == action {
				return f
			}
		}
		return f
	}
	taken, inside := hookTo("https://shop.example.test/hook"), hookTo("https://inside.example.test/hook")
	v.reports(hash, taken, uuidN(1), nil).wants(t, "report", 200, "")
	v.reports(hash, inside, uuidN(2), nil).wants(t, "report", 200, "")
	// An address inside is refused for good, without a try.
	until(t, "the refusal", func() bool { return state(inside).HookState == keyaction.Failed })
	if f := state(inside); f.Problem != "hook_failed" || f.Tries != 1 {
		t.Errorf("an address inside ended as %+v", f)
	}
	for n := 1; n <= 2; n++ {
		// The pauses are 15 s and 30 s, and a bit; a sender that vanished would be given up after a minute.
		until(t, "the end of a try", func() bool {
			f := state(taken)
			return f.Tries == n && f.HookState == keyaction.Waiting && f.Due.Sub(clk.now()) < 45*time.Second
		})
		clk.advance(w.box, time.Minute)
		v.reports(hash, inside, uuidN(10+n), nil).wants(t, "report", 200, "") // wakes the sender
	}
	until(t, "the end", func() bool { return state(taken).HookState == keyaction.Done })
	if n := len(shop.got()); n != 1 {
		t.Errorf("the shop took %d hooks", n)
	}
}

// TestReportOfAKeyAction: what the endpoints refuse (docs/http-api.md).
func TestReportOfAKeyAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, still: true})
	button, hash := w.connected()
	action := w.watch(button, `{"name":"Secret name","constraint":1,"conditions":[[{"type":"page_hits","value":"3"}]],"reactions":[{"action":"amobutton_greeting"},{"action":"send_hook","settings":{"url":"https://shop.example.test/secret"}}]}`)
	v := w.visit(button, hash)
	var config struct{ Extras struct{ Actions bool } }
	w.send("GET", v.base+"/v1/buttons/"+button+"/config?hash="+hash, map[string]string{"Origin": shopURL}, nil).into(t, &config)
	if !config.Extras.Actions {
		t.Error("the loader does not learn that there are key actions")
	}
	for _, tt := range []struct {
		name   string
		change func(body map[string]any, header map[string]string)
		status int
		code   string
	}{
		{"a good one", nil, 200, ""},
		{"a page of another site", func(_ map[string]any, h map[string]string) { h["Origin"] = "https://other.example.test" }, 403, "origin_not_trusted"},
		{"no ticket", func(b map[string]any, _ map[string]string) { delete(b, "ticket") }, 422, "invalid_request"},
		{"a ticket of nobody", func(b map[string]any, _ map[string]string) { b["ticket"] = "x" }, 401, "ticket_invalid"},
		{"a key that can be guessed", func(b map[string]any, _ map[string]string) { b["key"] = "1" }, 422, "invalid_request"},
		{"a key with odd letters", func(b map[string]any, _ map[string]string) { b["key"] = strings.Repeat("<", 24) }, 422, "invalid_request"},
		{"an id that is none", func(b map[string]any, _ map[string]string) { b["client_id"] = strings.Repeat("x", 36) }, 422, "invalid_request"},
		{"an action of nobody", func(b map[string]any, _ map[string]string) { b["action"] = uuidN(99) }, 404, "not_found"},
		{"a group that it has not", func(b map[string]any, _ map[string]string) { b["group"] = 1 }, 422, "invalid_request"},
		{"a group beyond all", func(b map[string]any, _ map[string]string) { b["group"] = 3 }, 422, "invalid_request"},
		{"an endless address", func(b map[string]any, _ map[string]string) {
			b["page"] = map[string]string{"url": strings.Repeat("x", 2049)}
		}, 422, "invalid_request"},
		{"a text that no database takes", func(b map[string]any, _ map[string]string) { b["page"] = map[string]string{"title": "\x00"} }, 422, "invalid_request"},
		{"far too much", func(b map[string]any, _ map[string]string) { b["more"] = strings.Repeat("x", 9<<10) }, 413, "body_too_large"},
	} {
		a := v.reports(hash, action, uuidN(1), tt.change)
		a.wants(t, tt.name, tt.status, tt.code)
		if got := a.header.Get("Access-Control-Allow-Origin"); got == "" || got == "*" {
			t.Errorf("%s: the page cannot read the answer: %q", tt.name, got)
		}
	}
	if n := len(w.happened(button)); n != 1 {
		t.Errorf("%d things happened, want 1", n)
	}
	for name, key := range map[string]string{"no key": "", "a short key": "x"} {
		w.send("POST", v.base+"/v1/actions/bind", v.auth(), map[string]string{"key": key}).wants(t, name, 422, "invalid_request")
	}
	w.send("POST", v.base+"/v1/actions/bind", nil, map[string]string{"key": browserKey}).wants(t, "nobody's", 401, "token_missing")

	// What a page is told: what to watch for and what to do itself, and nothing else.
	read := func(origin, hash string) answer {
		return w.send("GET", v.base+"/v1/buttons/"+button+"/actions?hash="+hash, map[string]string{"Origin": origin}, nil)
	}
	read(shopURL, strings.Repeat("0", 64)).wants(t, "a wrong hash", 404, "button_not_found")
	seen := read(shopURL, hash)
	seen.wants(t, "the actions", 200, "")
	var got struct {
		Zone    string
		Actions []struct {
			ID        string
			Reactions []struct{ Action string }
		}
	}
	seen.into(t, &got)
	if got.Zone != "Europe/Moscow" || len(got.Actions) != 1 || got.Actions[0].ID != action || len(got.Actions[0].Reactions) != 1 {
		t.Errorf("the page is told %s", seen.body)
	}
	if strings.Contains(strings.ToLower(string(seen.body)), "secret") {
		t.Errorf("the page is told too much: %s", seen.body)
	}

	// One browser's reports are limited.
	limited := false
	for i := range 40 {
		a := v.reports(hash, action, uuidN(100+i), nil)
		if limited = a.status == 429; limited {
			if a.header.Get("Retry-After") == "" {
				t.Error("nobody is told when to come back")
			}
			break
		}
	}
	if !limited {
		t.Error("one browser may report without end")
	}
}
