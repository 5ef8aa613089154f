package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

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
	b.rc.answer = func(w http.ResponseWriter, r *http.Request) {
		size := map[string]int{"/f/77.jpg": 48211, "/f/78.ogg": 9120, "/s/12.webp": 10}[r.URL.Path]
		_, _ = w.Write(append([]byte("\xff\xd8\xff"), make([]byte, size-3)...))
	}
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
