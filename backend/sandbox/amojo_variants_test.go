package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func edit(what string) string {
	return `{"event_type":"edit_message","payload":{` + what + `}}`
}

// TestChatVariants: each thing that C §12 leaves open is strict at first and
// otherwise as switched on.
func TestChatVariants(t *testing.T) {
	t.Parallel()
	hello := text("m-2", "c-1", "Hello")
	for _, tt := range []struct {
		name string
		body string
		path string // after the scope
		off  int    // status without the variant
		on   int
		vars func(*Variants)
	}{
		{"null in a request", strings.Replace(hello, `"silent":false`, `"silent":false,"source":null`, 1), "", 400, 200,
			func(v *Variants) { v.NullTolerated = true }},
		{"silent is required", strings.Replace(hello, `"silent":false,`, "", 1), "", 200, 400,
			func(v *Variants) { v.RequireFields = []string{"silent"} }},
		{"msec_timestamp is required", strings.Replace(hello, `"msec_timestamp":1767225600123,`, "", 1), "", 200, 400,
			func(v *Variants) { v.RequireFields = []string{"msec_timestamp"} }},
		{"times of an edit are required", edit(`"msgid":"m-1","conversation_id":"c-1","message":{"type":"text","text":"a"}`), "", 200, 400,
			func(v *Variants) { v.RequireFields = []string{"edit_times"} }},
		{"create chat by ref_id alone", `{"conversation_id":"c-9","user":{"ref_id":"CLIENT"}}`, "/chats", 400, 200,
			func(v *Variants) { v.UserRefAlone = true }},
		{"a sticker without media", withMessage("m-2", `{"type":"sticker","sticker_id":"pack1-12"}`), "", 400, 200,
			func(v *Variants) { v.StickerWithoutMedia = true }},
		{"a receiver without ref_id (C §9.25)", withMessage("m-2", `{"type":"text","text":"x"}`, `"receiver":{"id":"u-1","name":"A"}`), "", 400, 200,
			func(v *Variants) { v.ReceiverWithoutRef = true }},
		{"an edit that changes the type", edit(`"msgid":"m-1","message":{"type":"location","location":{"lon":1,"lat":2}}`), "", 400, 200,
			func(v *Variants) { v.EditChangesType = true }},
		{"our msgid in the path of a status", `{"status_code":2}`, "/ours/delivery_status", 404, 200,
			func(v *Variants) { v.StatusByMsgID = true }},
		{"a reaction without emoji", `{"conversation_id":"c-1","msgid":"m-1","user":{"id":"u-1"},"type":"react"}`, "/react", 400, 200,
			func(v *Variants) { v.EmojiOptional = true }},
		{"a reaction outside the list", `{"conversation_id":"c-1","msgid":"m-1","user":{"id":"u-1"},"type":"react","emoji":"👎"}`, "/react", 200, 400,
			func(v *Variants) { v.ReactionsAllowed = []string{"👍"} }},
		{"a long text", hello, "", 200, 400, func(v *Variants) { v.TextMax = 4 }},
		{"a large file", withMessage("m-2", `{"type":"file","media":"https://files.example.org/1","file_name":"1","file_size":1000}`), "", 200, 400,
			func(v *Variants) { v.FileMaxBytes = 999 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, on := range []bool{false, true} {
				b := newBench(t)
				b.connect()
				client := b.say("m-1", "c-1", "Good day").field(t, "new_message", "sender_id").(string)
				m := b.operator(b.box.Chats(testAccount)[0].ID, "Hi")
				b.must(amojo("POST", testScope, edit(`"id":"`+m.ID+`","msgid":"ours","message":{"type":"text","text":"Hi"}`)), 200)
				want := tt.off
				if on {
					b.box.SetVariants(tt.vars)
					want = tt.on
				}
				b.must(amojo("POST", testScope+tt.path, strings.Replace(tt.body, "CLIENT", client, 1)), want)
			}
		})
	}
}

// TestRefusalStatuses: statuses and bodies of refusals are not documented (C §2.4, §3, §5.2).
func TestRefusalStatuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	noDate := func() *http.Request {
		req := amojo("POST", testScope, text("m-1", "c-1", "x"))
		req.Header.Del("Date")
		return req
	}
	local := amojoAt("POST", testScope, text("m-1", "c-1", "x"), testNow)
	date := testNow.In(time.FixedZone("", 3*3600)).Format(time.RFC1123Z)
	local.Header.Set("Date", date)
	local.Header.Set("X-Signature", signature(testSecret, "POST", local.Header.Get("Content-MD5"), "application/json", date, "/v2/origin/custom/"+testScope))
	ahead := amojoAt("POST", testScope, text("m-2", "c-1", "x"), testNow.Add(5*time.Minute))

	b.must(noDate(), 403)
	b.must(amojo("POST", testScope, text("m-1", "c-1", "x")), 403) // not connected
	b.must(amojo("DELETE", testChannel+"/disconnect", `{"account_id":"`+testAmojo+`"}`), 200)
	b.box.SetVariants(func(v *Variants) { v.HeaderStatus, v.ScopeStatus, v.DisconnectStatus = 401, 404, 404 })
	b.must(noDate(), 401)
	b.must(amojo("POST", testScope, text("m-1", "c-1", "x")), 404)
	b.must(amojo("DELETE", testChannel+"/disconnect", `{"account_id":"`+testAmojo+`"}`), 404)
	for form, want := range map[string]func(answer) bool{
		"empty": func(a answer) bool { return len(a.body) == 0 },
		"html":  func(a answer) bool { return strings.HasPrefix(string(a.body), "<html>") },
		"other": func(a answer) bool { return a.field(t, "error_code") == nil && a.field(t, "errors") != nil },
		"shape": func(a answer) bool { return a.field(t, "error_code") == 404.0 },
	} {
		b.box.SetVariants(func(v *Variants) { v.ErrorBody = form })
		if a := b.must(amojo("POST", testScope, text("m-1", "c-1", "x")), 404); !want(a) {
			t.Errorf("%s: body %s", form, a.body)
		}
	}
	b.box.SetVariants(func(v *Variants) { *v = Variants{ChatVariants: ChatVariants{DateRule: "utc_only"}} })
	b.connect()
	b.must(local, 403)
	b.must(ahead, 200)
	b.box.SetVariants(func(v *Variants) { v.DateRule = "no_future" })
	b.must(amojoAt("POST", testScope, text("m-3", "c-1", "x"), testNow.Add(5*time.Minute)), 403)
	b.must(amojoAt("POST", testScope, text("m-3", "c-1", "x"), testNow.Add(30*time.Second)), 200)
}

// TestAnswerForms are the older and shorter answers (C §3.1, §3.3, §3.4.5, §3.4.6).
func TestAnswerForms(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	keys := func(a answer, path ...string) string {
		t.Helper()
		obj, _ := a.field(t, path...).(map[string]any)
		var out []string
		for k := range obj {
			out = append(out, k)
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	n := 0
	for _, tt := range []struct {
		set  func(*ChatVariants)
		want [3]string // connect, create chat's user, message
	}{
		{func(*ChatVariants) {}, [3]string{"account_id hook_api_version is_time_window_disabled scope_id title", "avatar client_id id name phone", "conversation_id msgid ref_id sender_id"}},
		{func(v *ChatVariants) {
			v.ConnectAnswer, v.ChatAnswer, v.MessageAnswer = "2021", "nested", "null_receiver"
		},
			[3]string{"account_id hook_api_version scope_id title", "avatar client_id id name profile", "conversation_id msgid receiver_id ref_id sender_id"}},
		{func(v *ChatVariants) { v.ConnectAnswer, v.ChatAnswer, v.MessageAnswer = "2017", "ids", "short" },
			[3]string{"account_id scope_id", "id", "msgid ref_id"}},
		{func(v *ChatVariants) { v.MessageAnswer = "msgid" },
			[3]string{"account_id hook_api_version is_time_window_disabled scope_id title", "avatar client_id id name phone", "msgid"}},
	} {
		n++
		b.box.SetVariants(func(v *Variants) { v.ChatVariants = ChatVariants{}; tt.set(&v.ChatVariants) })
		connect := b.must(amojo("POST", testChannel+"/connect", connectBody), 200)
		chat := b.must(amojo("POST", testScope+"/chats", `{"conversation_id":"c-1","user":{"id":"u-1","name":"Anna","profile":{"phone":"+79990001122"}}}`), 200)
		message := b.say(fmt.Sprintf("m-%d", n), "c-1", "Hello")
		if got := [3]string{keys(connect), keys(chat, "user"), keys(message, "new_message")}; got != tt.want {
			t.Errorf("form %d: %q, want %q", n, got, tt.want)
		}
	}
	for form, want := range map[string]string{"object": "{}", "empty": ""} {
		b.box.SetVariants(func(v *Variants) { v.EditAnswer = form })
		if a := b.must(amojo("POST", testScope, edit(`"msgid":"m-1","message":{"type":"text","text":"`+form+`"}`)), 200); string(a.body) != want {
			t.Errorf("edit answers %s, want %q", a.body, want)
		}
	}
	b.noBreach()
}

// TestHistoryVariants is what C §3.8 leaves open.
func TestHistoryVariants(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	for i := range 4 {
		b.must(amojo("POST", testScope, strings.Replace(text(fmt.Sprintf("m-%d", i), "c-1", fmt.Sprint(i)), "600123", fmt.Sprintf("600%03d", i), 1)), 200)
	}
	history := func(set func(*ChatVariants)) (texts string, first map[string]any) {
		t.Helper()
		b.box.SetVariants(func(v *Variants) { v.ChatVariants = ChatVariants{}; set(&v.ChatVariants) })
		list := b.must(amojo("GET", testScope+"/chats/"+b.box.Chats(testAccount)[0].ID+"/history", ""), 200).field(t, "messages").([]any)
		for _, m := range list {
			texts += m.(map[string]any)["message"].(map[string]any)["text"].(string)
		}
		return texts, list[0].(map[string]any)
	}
	if got, first := history(func(*ChatVariants) {}); got != "3210" || first["msec_timestamp"] != 1767225600003.0 || first["message"].(map[string]any)["media"] != "" {
		t.Errorf("history %s %v", got, first)
	}
	if got, first := history(func(v *ChatVariants) { v.HistoryLimit, v.HistoryNoMsec = 2, true }); got != "32" || first["msec_timestamp"] != nil {
		t.Errorf("history %s %v", got, first)
	}
	if got, _ := history(func(v *ChatVariants) { v.HistoryDepth, v.HistoryOldestFirst = 3, true }); got != "123" {
		t.Errorf("history %s, want the newest three, oldest first", got)
	}
	if _, first := history(func(v *ChatVariants) { v.HistoryOmitsEmpty = true }); strings.Contains(fmt.Sprint(first), "media") {
		t.Errorf("empty values stand in %v", first)
	}
	b.noBreach()
}

// TestReactionsOfOnePerson: a second reaction replaces the first, or both stay (C §3.7).
func TestReactionsOfOnePerson(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.chat()
	react := func(kind, emoji string) string {
		b.must(amojo("POST", testScope+"/react", fmt.Sprintf(`{"conversation_id":"chat-4711","msgid":"m-1","user":{"id":"u-1"},"type":%q,"emoji":%q}`, kind, emoji)), 200)
		m := b.box.Messages(testAccount)[0]
		return m.Reactions[m.SenderID]
	}
	react("react", "👍")
	if got := react("react", "🔥"); got != "🔥" {
		t.Errorf("reactions %q", got)
	}
	b.box.SetVariants(func(v *Variants) { v.ManyReactions = true })
	if got := react("react", "👍"); got != "🔥 👍" {
		t.Errorf("reactions %q", got)
	}
	if got := react("unreact", "🔥"); got != "👍" {
		t.Errorf("reactions %q", got)
	}
	b.noBreach()
	b.must(amojo("POST", testScope+"/react", `{"conversation_id":"chat-4711","msgid":"m-1","user":{"ref_id":"`+testChannel+`"},"type":"react","emoji":"👍"}`), 400)
}

// TestHookVariants are the forms of C §4.1-4.5 that pages disagree about.
func TestHookVariants(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	last := func(n int) map[string]any {
		t.Helper()
		b.waitHooks(n)
		var v map[string]any
		if err := json.Unmarshal(b.rc.all()[n-1].Body, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	m := b.box.Messages(testAccount)[0]
	for i, tt := range []struct {
		form           string
		message, msgid bool
	}{{"message", true, false}, {"msgid", false, true}, {"both", true, true}} {
		b.box.SetVariants(func(v *Variants) { v.ReactionHook, v.HookType = tt.form, []string{"json", "charset", "absent"}[i] })
		if err := b.box.OperatorReact(testAccount, m.ID, 0, "👍"); err != nil {
			t.Fatal(err)
		}
		r := last(i + 1)["action"].(map[string]any)["reaction"].(map[string]any)
		if (r["message"] != nil) != tt.message || (r["msgid"] == m.ID) != tt.msgid {
			t.Errorf("%s: %v", tt.form, r)
		}
	}
	var types []string
	for _, r := range b.rc.all() {
		types = append(types, r.Type)
	}
	if want := []string{"application/json", "application/json; charset=utf-8", ""}; !slices.Equal(types, want) {
		t.Errorf("types %q, want %q", types, want)
	}
	for i, tt := range []struct {
		form         string
		nested, flat bool
	}{{"typing", true, false}, {"action", false, true}, {"both", true, true}} {
		b.box.SetVariants(func(v *Variants) { v.TypingHook = tt.form })
		b.box.Advance(6 * time.Second)
		for range 3 { // not more often than once in 5 s
			if err := b.box.OperatorTyping(testAccount, chat, 0); err != nil {
				t.Fatal(err)
			}
		}
		action := last(i + 4)["action"].(map[string]any)
		if (action["typing"].(map[string]any)["user"] != nil) != tt.nested || (action["user"] != nil) != tt.flat {
			t.Errorf("%s: %v", tt.form, action)
		}
	}
	if n := len(b.box.Hooks()); n != 6 {
		t.Errorf("%d hooks, want 6", n)
	}
	if err := b.box.SendRawHook(testScope, []byte(`{"something":"new"}`)); err != nil {
		t.Fatal(err)
	}
	b.waitHooks(7)
	if got := b.rc.all()[6]; got.Sign != hmacSHA1(testSecret, []byte(`{"something":"new"}`)) {
		t.Errorf("raw hook %s signed %s", got.Body, got.Sign)
	}
}

// TestChoicesAreChecked: a value that no variant has is refused.
func TestChoicesAreChecked(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"edit_answer":"x"}`, `{"header_status":500}`, `{"channel_lacks":["x"]}`, `{"history_limit":51}`, `{"text_max":-1}`, `{"unknown":1}`} {
		if _, err := patch([]byte(body), Variants{}); err == nil {
			t.Errorf("%s is taken", body)
		}
	}
	v, err := patch([]byte(`{"edit_answer":"empty","header_status":401,"channel_lacks":["quotes"]}`), Variants{})
	if err != nil || v.EditAnswer != "empty" || v.HeaderStatus != 401 {
		t.Errorf("variants %+v, %v", v, err)
	}
}
