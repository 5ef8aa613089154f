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
