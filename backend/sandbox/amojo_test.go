package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestChecks goes through C §10 row by row: each request is right but for one thing.
func TestChecks(t *testing.T) {
	t.Parallel()
	good := text("m-1", "c-1", "Hello")
	drop := func(h string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(h) } }
	set := func(h, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(h, v) } }
	other := "00000000-61f3-4f0a-8b27-93c5e0a4d6b2"
	for _, tt := range []struct {
		name string
		req  *http.Request
		edit func(*http.Request)
		want int
	}{
		{"1 path is not one of the eight forms", amojo("POST", testScope+"/nothing", good), nil, 404},
		{"1 trailing slash", amojo("POST", testScope+"/", good), nil, 404},
		{"1 react with a message id (C §3.7)", amojo("POST", testScope+"/abc/react", good), nil, 404},
		{"2 wrong method", amojo("PUT", testScope, good), nil, 405},
		{"2 disconnect by POST (C §3.2)", amojo("POST", testChannel+"/disconnect", "{}"), nil, 405},
		{"3 unknown channel in connect comes before the signature", amojo("POST", other+"/connect", connectBody), drop("X-Signature"), 404},
		{"3 scope in the path of connect", amojo("POST", testScope+"/connect", connectBody), nil, 404},
		{"4 no Date", amojo("POST", testScope, good), drop("Date"), 403},
		{"4 no Content-Type", amojo("POST", testScope, good), drop("Content-Type"), 403},
		{"4 no Content-MD5", amojo("POST", testScope, good), drop("Content-MD5"), 403},
		{"4 no X-Signature", amojo("POST", testScope, good), drop("X-Signature"), 403},
		{"4 two signatures", amojo("POST", testScope, good), func(r *http.Request) { r.Header.Add("X-Signature", "0") }, 403},
		{"4 charset in Content-Type (C §9.5)", amojo("POST", testScope, good), set("Content-Type", "application/json; charset=utf-8"), 403},
		{"4 Date in ISO 8601 (C §9.4)", amojo("POST", testScope, good), set("Date", "2026-01-01T00:00:00Z"), 403},
		{"4 Date with a one-digit day", amojo("POST", testScope, good), set("Date", "Thu, 1 Jan 2026 00:00:00 +0000"), 403},
		{"4 Date with the wrong weekday", amojo("POST", testScope, good), set("Date", "Wed, 01 Jan 2026 00:00:00 +0000"), 403},
		{"4 Date too old", amojoAt("POST", testScope, good, testNow.Add(-15*time.Minute-time.Second)), nil, 403},
		{"4 Date too new", amojoAt("POST", testScope, good, testNow.Add(15*time.Minute+time.Second)), nil, 403},
		{"4 MD5 of other bytes", amojo("POST", testScope, good), set("Content-MD5", md5Hex(nil)), 403},
		{"4 MD5 in base64 (C §9.2)", amojo("POST", testScope, good), set("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="), 403},
		{"4 signature of another path", amojo("POST", testScope, good), func(r *http.Request) {
			r.Header.Set("X-Signature", amojo("POST", testScope+"/chats", good).Header.Get("X-Signature"))
		}, 403},
		{"4 signature in upper case", amojo("POST", testScope, good), func(r *http.Request) {
			r.Header.Set("X-Signature", strings.ToUpper(r.Header.Get("X-Signature")))
		}, 403},
		{"4 old signature without the mode (C §2.2)", request("POST", amojoBase+testScope, good, "X-Signature", hmacSHA1(testSecret, []byte(good))), nil, 403},
		{"4 comes before 6", amojo("POST", testScope, "not json"), drop("Date"), 403},
		{"5 scope without an account", amojo("POST", testChannel, good), nil, 403},
		{"5 unknown account", amojo("POST", testChannel+"_"+other, good), nil, 403},
		{"5 unknown channel in a scope", amojo("POST", other+"_"+testAmojo, good), nil, 403},
		{"5 comes before 6", amojo("POST", testChannel+"_"+other, "not json"), nil, 403},
		{"6 not JSON", amojo("POST", testScope, "not json"), nil, 400},
		{"6 an array", amojo("POST", testScope, "["+good+"]"), nil, 400},
		{"6 two values", amojo("POST", testScope, good+good), nil, 400},
		{"6 duplicate key", amojo("POST", testScope, strings.Replace(good, `"silent":false`, `"silent":false,"silent":true`, 1)), nil, 400},
		{"6 number in quotes", amojo("POST", testScope, strings.Replace(good, `"timestamp":1767225600`, `"timestamp":"1767225600"`, 1)), nil, 400},
		{"6 boolean in quotes", amojo("POST", testScope, strings.Replace(good, `"silent":false`, `"silent":"false"`, 1)), nil, 400},
		{"6 numeric msgid (C §9.16)", amojo("POST", testScope, strings.Replace(good, `"m-1"`, `1`, 1)), nil, 400},
		{"6 fraction for an integer", amojo("POST", testScope, strings.Replace(good, `1767225600123`, `1767225600123.0`, 1)), nil, 400},
		{"6 null", amojo("POST", testScope, strings.Replace(good, `"silent":false`, `"source":null`, 1)), nil, 400},
		{"6 unknown field", amojo("POST", testScope, strings.Replace(good, `"silent":false`, `"silemt":false`, 1)), nil, 400},
		{"6 name in another case", amojo("POST", testScope, strings.Replace(good, `"silent"`, `"Silent"`, 1)), nil, 400},
		{"6 no sender", amojo("POST", testScope, strings.Replace(good, `"sender":{"id":"u-1","name":"Анна"},`, ``, 1)), nil, 400},
		{"6 no name of the sender", amojo("POST", testScope, strings.Replace(good, `,"name":"Анна"`, ``, 1)), nil, 400},
		{"6 no msgid", amojo("POST", testScope, strings.Replace(good, `"msgid":"m-1",`, ``, 1)), nil, 400},
		{"6 no conversation", amojo("POST", testScope, strings.Replace(good, `"conversation_id":"c-1",`, ``, 1)), nil, 400},
		{"6 no text", amojo("POST", testScope, strings.Replace(good, `,"text":"Hello"`, ``, 1)), nil, 400},
		{"6 unknown type", amojo("POST", testScope, strings.Replace(good, `"type":"text"`, `"type":"image"`, 1)), nil, 400},
		{"6 event_type inside payload (C §9.14)", amojo("POST", testScope, `{"payload":{"event_type":"new_message"}}`), nil, 400},
		{"6 other event_type", amojo("POST", testScope, strings.Replace(good, `new_message`, `delete_message`, 1)), nil, 400},
		{"6 receiver without sender.ref_id (C §9.25)", amojo("POST", testScope, strings.Replace(good, `"message":{`, `"receiver":{"id":"u-2","name":"B"},"message":{`, 1)), nil, 400},
		{"6 integer account id (C §9.11)", amojo("POST", testChannel+"/connect", `{"account_id":"31000001"}`), nil, 400},
		{"6 other hook version", amojo("POST", testChannel+"/connect", strings.Replace(connectBody, `"v2"`, `"v3"`, 1)), nil, 400},
		{"6 unknown account in connect", amojo("POST", testChannel+"/connect", `{"account_id":"`+other+`"}`), nil, 400},
		{"7 unknown message", amojo("POST", testScope+"/"+other+"/delivery_status", `{"status_code":1}`), nil, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.connect()
			if tt.edit != nil {
				tt.edit(tt.req)
			}
			a := b.must(tt.req, tt.want)
			if (tt.want == 404 && strings.HasPrefix(tt.name, "1")) || tt.want == 405 {
				if len(a.body) != 0 {
					t.Errorf("body %q, want none", a.body)
				}
			} else if got := a.field(t, "error_code"); got != float64(tt.want) {
				t.Errorf("error_code %v, want %d", got, tt.want)
			}
			b.wait("a breach", func() bool { return len(b.box.Breaches()) == 1 })
			if len(b.box.Messages(testAccount)) != 0 {
				t.Error("a message was stored")
			}
		})
	}
}

// TestDateForms are the forms that real traffic has (C §2.1).
func TestDateForms(t *testing.T) {
	t.Parallel()
	for _, date := range []string{
		"Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 03:00:00 +0300", "Thu, 01 Jan 2026 00:15:00 +0000", "Wed, 31 Dec 2025 23:45:00 +0000",
	} {
		b := newBench(t)
		req := amojo("POST", testChannel+"/connect", connectBody)
		req.Header.Set("Date", date)
		req.Header.Set("X-Signature", signature(testSecret, "POST", md5Hex([]byte(connectBody)), "application/json", date, req.URL.Path))
		b.must(req, 200)
		b.noBreach()
	}
}

// TestConnect is C §3.1 and §3.2.
func TestConnect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 2 { // repeating is harmless
		a := b.must(amojo("POST", testChannel+"/connect", connectBody), 200)
		want := `{"account_id":"` + testAmojo + `","scope_id":"` + testScope + `","title":"Line","hook_api_version":"v2","is_time_window_disabled":false}`
		if string(a.body) != want {
			t.Errorf("answer %s, want %s", a.body, want)
		}
	}
	a := b.must(amojo("POST", testChannel+"/connect", `{"account_id":"`+testAmojo+`"}`), 200)
	if v := a.field(t, "hook_api_version"); v != "v1" {
		t.Errorf("version without asking is %v, want v1", v)
	}
	for range 2 { // not connected is fine too
		a = b.must(amojo("DELETE", testChannel+"/disconnect", `{"account_id":"`+testAmojo+`"}`), 200)
		if len(a.body) != 0 {
			t.Errorf("body %q, want none", a.body)
		}
	}
	b.noBreach()
	b.must(amojo("POST", testScope, text("m-1", "c-1", "Hello")), 403)
	b.noBreach() // the account may have been disconnected behind the client's back
	other := request("POST", "https://amojo.kommo.com/v2/origin/custom/"+testChannel+"/connect", connectBody)
	other.Header = amojo("POST", testChannel+"/connect", connectBody).Header
	b.must(other, 404) // a channel belongs to one product
}

func TestPrivateChannel(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.Channels[0].Private, cfg.Channels[0].Allowed = true, []int64{1}
	b := startBench(t, cfg, "")
	b.must(amojo("POST", testChannel+"/connect", connectBody), 403)
	cfg.Channels[0].Allowed = []int64{testAccount}
	b.box.AddChannel(cfg.Channels[0])
	b.connect()
	b.noBreach()
}

// TestMessage is C §3.4.5, §8.2: answer, chat, contact, incoming lead, talk.
func TestMessage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	a := b.say("m-1", "c-1", "Привет 👋")
	m := b.box.Messages(testAccount)
	if len(m) != 1 || m[0].Text != "Привет 👋" || m[0].Direction != Inbound || m[0].MsgID != "m-1" || m[0].Msec != 1767225600123 {
		t.Fatalf("messages %+v", m)
	}
	want := fmt.Sprintf(`{"new_message":{"conversation_id":%q,"sender_id":%q,"msgid":%q,"ref_id":"m-1"}}`, m[0].ChatID, m[0].SenderID, m[0].ID)
	if string(a.body) != want {
		t.Errorf("answer %s, want %s", a.body, want)
	}
	b.say("m-2", "c-1", "more")
	chats := b.box.Chats(testAccount)
	if len(chats) != 1 || chats[0].Unread != 2 || chats[0].ClientName != "Анна" || chats[0].ContactID == 0 || chats[0].TalkID == 0 {
		t.Errorf("chats %+v", chats)
	}
	leads := b.box.IncomingLeads(testAccount)
	if len(leads) != 1 || leads[0].ChatID != chats[0].ID || leads[0].From != "Анна" {
		t.Errorf("incoming leads %+v", leads)
	}
	// silent: no lead (C §3.4.2)
	b.must(amojo("POST", testScope, strings.Replace(text("m-3", "c-2", "old"), `"silent":false`, `"silent":true`, 1)), 200)
	if n := len(b.box.IncomingLeads(testAccount)); n != 1 {
		t.Errorf("%d incoming leads after a silent message, want 1", n)
	}
	b.noBreach()
}

// TestDuplicateMsgID is the three modes of C §3.4.5; a repeat is no breach.
func TestDuplicateMsgID(t *testing.T) {
	t.Parallel()
	for mode, want := range map[int]int{0: 400, 400: 400, 200: 200, 409: 409} {
		b := newBench(t)
		b.box.SetVariants(func(v *Variants) { v.DuplicateMsgID = mode })
		b.connect()
		first := b.say("m-1", "c-1", "Hello")
		again := b.must(amojo("POST", testScope, text("m-1", "c-1", "Hello")), want)
		if want == 200 && string(again.body) != string(first.body) {
			t.Errorf("second answer %s, want %s", again.body, first.body)
		}
		if n := len(b.box.Messages(testAccount)); n != 1 {
			t.Errorf("mode %d: %d messages, want 1", mode, n)
		}
		b.noBreach()
	}
}

// TestImported is C §3.4.3: a message that an operator or the bot wrote elsewhere.
func TestImported(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	imported := func(msgid, ref string) string {
		s := strings.Replace(text(msgid, "c-1", "Yes"), `"sender":{"id":"u-1","name":"Анна"}`,
			`"sender":{"id":"op","name":"Oleg","ref_id":"`+ref+`"},"receiver":{"id":"u-1","name":"Анна"}`, 1)
		return compact(t, s)
	}
	a := b.must(amojo("POST", testScope, imported("m-1", operatorID)), 200)
	if got := a.field(t, "new_message", "sender_id"); got != operatorID {
		t.Errorf("sender_id %v, want the operator's", got)
	}
	if a.field(t, "new_message", "receiver_id") == nil {
		t.Error("receiver_id is missing")
	}
	b.must(amojo("POST", testScope, imported("m-2", testBot)), 200)
	b.noBreach()
	b.must(amojo("POST", testScope, imported("m-3", "99999999-1d42-4f9b-b6e3-90a7d2c4f815")), 400)
	if n := len(b.box.Hooks()); n != 0 {
		t.Errorf("%d hooks for imports, want none", n)
	}
}

// TestHistory is C §3.8.
func TestHistory(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	for i := range 3 {
		b.must(amojo("POST", testScope, strings.Replace(text(fmt.Sprintf("m-%d", i), "c-1", fmt.Sprint(i)), "600123", fmt.Sprintf("600%03d", i), 1)), 200)
	}
	chat := b.box.Chats(testAccount)[0].ID
	path := testScope + "/chats/" + chat + "/history"
	get := func(query string, want int) answer {
		t.Helper()
		req := amojo("GET", path, "")
		req.URL.RawQuery = query // not signed
		return b.must(req, want)
	}
	list := get("", 200).field(t, "messages").([]any)
	if len(list) != 3 || list[0].(map[string]any)["message"].(map[string]any)["client_id"] != "m-2" {
		t.Errorf("history %v, want newest first", list)
	}
	list = get("offset=1&limit=1", 200).field(t, "messages").([]any)
	if len(list) != 1 || list[0].(map[string]any)["message"].(map[string]any)["client_id"] != "m-1" {
		t.Errorf("second page %v", list)
	}
	get("offset=3", 204)
	b.must(amojo("GET", testScope+"/chats/5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55/history", ""), 204)
	b.noBreach()
	get("limit=51", 400)
	get("limit=many", 400)
}

// TestCreateChat is C §3.3: the answer is flat, the same conversation gives the same id, no lead.
func TestCreateChat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	body := `{"conversation_id":"c-1","source":{"external_id":"line-2"},"user":{"id":"u-1","name":"Anna","profile":{"phone":"+79990001122"}}}`
	a := b.must(amojo("POST", testScope+"/chats", body), 200)
	again := b.must(amojo("POST", testScope+"/chats", body), 200)
	if string(a.body) != string(again.body) {
		t.Errorf("second answer %s, want %s", again.body, a.body)
	}
	want := fmt.Sprintf(`{"id":%q,"user":{"id":%q,"client_id":"u-1","name":"Anna","avatar":"","phone":"+79990001122"}}`,
		a.field(t, "id"), a.field(t, "user", "id"))
	if string(a.body) != want {
		t.Errorf("answer %s, want %s", a.body, want)
	}
	if len(b.box.Chats(testAccount)) != 0 {
		t.Error("a chat without messages is shown")
	}
	m := b.say("m-1", "c-1", "Hello")
	if m.field(t, "new_message", "conversation_id") != a.field(t, "id") {
		t.Error("the message went to another chat")
	}
	b.noBreach()
	b.must(amojo("POST", testScope+"/chats", strings.Replace(body, "line-2", strings.Repeat("x", 41), 1)), 400)
}

// TestDeliveryStatus is C §3.5.
func TestDeliveryStatus(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	chat := b.box.Chats(testAccount)[0].ID
	m, err := b.box.OperatorSay(testAccount, chat, "Hi")
	if err != nil {
		t.Fatal(err)
	}
	send := func(id, body string, want int) {
		t.Helper()
		b.must(amojo("POST", testScope+"/"+id+"/delivery_status", body), want)
	}
	send(m.ID, `{"status_code":1}`, 200)
	send(m.ID, `{"msgid":"`+m.ID+`","delivery_status":2}`, 200) // the old form
	send(m.ID, `{"status_code":2}`, 200)                        // the same again
	if got, _ := b.box.Message(m.ID); got.Status != 2 || fmt.Sprint(got.Statuses) != "[1 2 2]" {
		t.Errorf("message %+v", got)
	}
	b.noBreach()
	for name, body := range map[string]string{
		"back": `{"status_code":1}`, "unknown": `{"status_code":3}`, "text": `{"status_code":"2"}`, "neither": `{}`,
		"error with read": `{"status_code":2,"error_code":905,"error":"x"}`, "no text": `{"status_code":-1,"error_code":905}`,
		"other code": `{"status_code":-1,"error_code":900,"error":"x"}`, "Cyrillic name": `{"status_code":-1,"error_сode":905,"error":"x"}`,
		"mixed": `{"status_code":2,"msgid":"` + m.ID + `","delivery_status":2}`,
	} {
		t.Run(name, func(*testing.T) { send(m.ID, body, 400) })
	}
	inbound := b.box.Messages(testAccount)[0]
	send(inbound.ID, `{"status_code":2}`, 404) // only for messages written in the CRM
	m2, _ := b.box.OperatorSay(testAccount, chat, "Hi again")
	send(m2.ID, `{"status_code":-1,"error_code":905,"error":"The client has blocked this line"}`, 200)
	if got, _ := b.box.Message(m2.ID); got.Status != -1 || got.ErrorCode != 905 || got.Error == "" {
		t.Errorf("message %+v", got)
	}
}

// TestTypingAndReact are C §3.6 and §3.7.
func TestTypingAndReact(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	b.must(amojo("POST", testScope+"/typing", `{"conversation_id":"c-1","sender":{"id":"u-1"},"duration_ms":4000}`), 204)
	if c := b.box.Chats(testAccount)[0]; !c.TypingUntil.Equal(testNow.Add(4 * time.Second)) {
		t.Errorf("typing until %v", c.TypingUntil)
	}
	react := `{"conversation_id":"c-1","msgid":"m-1","user":{"id":"u-1"},"type":"react","emoji":"👍"}`
	b.must(amojo("POST", testScope+"/react", react), 200)
	m := b.box.Messages(testAccount)[0]
	if m.Reactions[m.SenderID] != "👍" {
		t.Errorf("reactions %v", m.Reactions)
	}
	b.must(amojo("POST", testScope+"/react", strings.Replace(react, `"react","emoji":"👍"`, `"unreact"`, 1)), 200)
	b.noBreach()
	b.must(amojo("POST", testScope+"/react", strings.Replace(react, "m-1", "m-9", 1)), 404)
}

// TestEdit is C §3.4.6: by our id, and by theirs, which binds ours.
func TestEdit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	b.must(amojo("POST", testScope, `{"event_type":"edit_message","payload":{"msgid":"m-1","conversation_id":"c-1","message":{"type":"text","text":"Hello!"}}}`), 200)
	if m := b.box.Messages(testAccount)[0]; m.Text != "Hello!" || !m.Edited {
		t.Errorf("message %+v", m)
	}
	m, _ := b.box.OperatorSay(testAccount, b.box.Chats(testAccount)[0].ID, "Hi")
	b.must(amojo("POST", testScope, `{"event_type":"edit_message","payload":{"id":"`+m.ID+`","msgid":"ours","message":{"type":"text","text":"Hi"}}}`), 200)
	if got, _ := b.box.Message(m.ID); got.MsgID != "ours" {
		t.Errorf("msgid %q, want ours", got.MsgID)
	}
	b.noBreach()
}

// TestLegacySignature is the mode of C §2.2: only connect, disconnect and messages.
func TestLegacySignature(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.box.SetVariants(func(v *Variants) { v.LegacySignature = true })
	old := func(method, path, body string) *http.Request {
		return request(method, amojoBase+path, body, "Content-Type", "application/json", "X-Signature", hmacSHA1(testSecret, []byte(body)))
	}
	b.must(old("POST", testChannel+"/connect", connectBody), 200)
	b.must(old("POST", testScope, text("m-1", "c-1", "Hello")), 200)
	b.noBreach()
	b.must(old("POST", testScope+"/chats", `{"conversation_id":"c-1","user":{"id":"u-1","name":"A"}}`), 403)
	b.connect() // the new scheme still counts
}

func TestIgnoreUnknownFields(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.box.SetVariants(func(v *Variants) { v.IgnoreUnknownFields = true })
	b.connect()
	b.must(amojo("POST", testScope, strings.Replace(text("m-1", "c-1", "Hello"), `"silent"`, `"extra":1,"silent"`, 1)), 200)
	b.noBreach()
}

// TestTypes stores every kind of message and refuses each without what it needs (C §3.4.4).
func TestTypes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	for i, m := range []string{
		`{"type":"picture","text":"this one","media":"https://files.example.org/f/77.jpg","file_name":"77.jpg","file_size":48211}`,
		`{"type":"voice","media":"https://files.example.org/f/78.ogg","file_name":"78.ogg","file_size":9120,"media_duration":7}`,
		`{"type":"location","location":{"lon":37.6176,"lat":55.7558}}`,
		`{"type":"contact","contact":{"name":"Ivan","phone":"+79990003344"}}`,
		`{"type":"sticker","media":"https://files.example.org/s/12.webp","sticker_id":"pack1-12"}`,
	} {
		b.must(amojo("POST", testScope, strings.Replace(text(fmt.Sprintf("m-%d", i), "c-1", "x"), `{"type":"text","text":"x"}`, m, 1)), 200)
	}
	b.noBreach()
	for i, m := range []string{`{"type":"picture","media":"https://files.example.org/f/77.jpg"}`, `{"type":"voice"}`, `{"type":"location"}`,
		`{"type":"location","location":{"lon":"37","lat":55}}`, `{"type":"contact"}`} {
		b.must(amojo("POST", testScope, strings.Replace(text(fmt.Sprintf("b-%d", i), "c-1", "x"), `{"type":"text","text":"x"}`, m, 1)), 400)
	}
}
