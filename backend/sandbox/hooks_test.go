package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// chat connects, lets a client write and returns the chat.
func (b *bench) chat() string {
	b.t.Helper()
	b.connect()
	b.say("m-1", "chat-4711", "Hello")
	return b.box.Chats(testAccount)[0].ID
}

func (b *bench) operator(chat, words string) Message {
	b.t.Helper()
	m, err := b.box.OperatorSay(testAccount, chat, words)
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func texts(t *testing.T, got []received) []string {
	t.Helper()
	var out []string
	for _, g := range got {
		out = append(out, fmt.Sprint(answer{body: g.Body}.field(t, "message", "message", "text")))
	}
	return out
}

// TestHookV2 is C §4.1-4.3: the form, the signature without the line feed, once.
func TestHookV2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	m, err := b.box.OperatorSend(testAccount, chat, 9000003, Content{Text: "Да <b> & 👋"})
	if err != nil {
		t.Fatal(err)
	}
	h := b.waitHooks(1)[0]
	if h.Outcome != "delivered" || h.Status != 200 || h.MessageID != m.ID || h.Version != "v2" {
		t.Errorf("record %+v", h)
	}
	got := b.rc.all()
	if len(got) != 1 || got[0].Method != http.MethodPost || got[0].URL != "http://widget.example.test/hooks/"+testScope {
		t.Fatalf("received %+v", got)
	}
	client := b.box.Messages(testAccount)[0].SenderID
	want := fmt.Sprintf(`{"account_id":%q,"time":1767225600,"message":{"receiver":{"id":%q,"client_id":"u-1","name":"Анна","phone":"","email":""},`+
		`"sender":{"id":%q,"name":"Oleg"},"conversation":{"id":%q,"client_id":"chat-4711"},"timestamp":1767225600,"msec_timestamp":%d,`+
		`"message":{"id":%q,"type":"text","text":"Да <b> & 👋","markup":null,"tag":"","media":"","thumbnail":"","file_name":"","file_size":0}}}`,
		testAmojo, client, operatorID, chat, m.Msec, m.ID)
	if string(got[0].Body) != want+"\n" {
		t.Errorf("body\n%s, want\n%s and a line feed", got[0].Body, want)
	}
	if sum := hmacSHA1(testSecret, []byte(want)); got[0].Sign != sum {
		t.Errorf("signature %s, want %s", got[0].Sign, sum)
	}
}

// TestHookForms are the variants of C §10: without line feed, without optional fields, v1.
func TestHookForms(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	b.box.SetVariants(func(v *Variants) {
		v.HookNoNewline = true
		v.HookOmit = []string{"source", "name", "phone", "email", "client_id"}
	})
	b.operator(chat, "one")
	b.waitHooks(1)
	body := string(b.rc.all()[0].Body)
	for _, absent := range []string{"\n", "name\":\"", "phone", "email", "client_id", "source"} {
		if strings.Contains(strings.ReplaceAll(body, "file_name", ""), absent) {
			t.Errorf("%q stands in %s", absent, body)
		}
	}
	b.must(amojo("POST", testChannel+"/connect", `{"account_id":"`+testAmojo+`"}`), 200) // v1 for ever (C §9.18)
	m := b.operator(chat, "two")
	b.waitHooks(2)
	want := fmt.Sprintf(`{"receiver":"u-1","conversation_id":"chat-4711","msec_timestamp":%d,"type":"text","text":"two","media":"","thumbnail":"","file_name":"","file_size":0}`, m.Msec)
	if got := string(b.rc.all()[1].Body); got != want {
		t.Errorf("v1 hook %s, want %s", got, want)
	}
}

// TestWriteFirst is C §8.4: a hook without our ids; the client's first answer binds both pairs.
func TestWriteFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	m, err := b.box.WriteFirst(testScope, "+79990001122", "line-2", "Hello from the shop")
	if err != nil {
		t.Fatal(err)
	}
	b.waitHooks(1)
	body := b.rc.all()[0].Body
	got := answer{body: body}
	if strings.Contains(string(body), "client_id") || got.field(t, "message", "receiver", "phone") != "+79990001122" ||
		got.field(t, "message", "source", "external_id") != "line-2" || got.field(t, "message", "conversation", "id") != m.ChatID {
		t.Errorf("hook %s", body)
	}
	first := strings.Replace(text("m-1", "c-1", "Who is this?"), `"sender":{"id":"u-1",`, `"conversation_ref_id":"`+m.ChatID+`","sender":{"id":"u-1","ref_id":"`+m.ReceiverID+`",`, 1)
	b.must(amojo("POST", testScope, first), 200)
	b.say("m-2", "c-1", "Hello?") // from then on ours alone are enough
	if chats := b.box.Chats(testAccount); len(chats) != 1 || len(b.box.ChatMessages(m.ChatID)) != 3 || len(b.box.IncomingLeads(testAccount)) != 0 {
		t.Errorf("chats %+v", chats)
	}
	b.operator(m.ChatID, "The shop")
	b.waitHooks(2)
	got = answer{body: b.rc.all()[1].Body}
	if got.field(t, "message", "conversation", "client_id") != "c-1" || got.field(t, "message", "receiver", "client_id") != "u-1" {
		t.Errorf("hook %s", got.body)
	}
	b.noBreach()
}

// TestHookOutcomes: sent once, whatever the answer; nothing after a disconnection.
func TestHookOutcomes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	b.rc.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	b.operator(chat, "one")
	if h := b.waitHooks(1)[0]; h.Outcome != "answered" || h.Status != 500 {
		t.Errorf("record %+v", h)
	}
	b.rc.answer = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	b.operator(chat, "two")
	if h := b.waitHooks(2)[1]; h.Outcome != "failed" || h.Error == "" {
		t.Errorf("record %+v", h)
	}
	if !b.box.DropConnection(testScope) {
		t.Error("was not connected")
	}
	b.operator(chat, "three")
	if h := b.waitHooks(3)[2]; h.Outcome != "skipped" {
		t.Errorf("record %+v", h)
	}
	if n := len(b.rc.all()); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

// TestHookFaults: repeated, dropped, held and released in reverse.
func TestHookFaults(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	b.box.SetFaults(func(f *Faults) { f.HookCopies = 2 })
	b.operator(chat, "copied")
	b.waitHooks(3)
	b.box.SetFaults(func(f *Faults) { *f = Faults{HookDrop: 1} })
	b.operator(chat, "dropped")
	b.operator(chat, "kept")
	b.waitHooks(5)
	b.box.SetFaults(func(f *Faults) { *f = Faults{HookHold: true} })
	for _, s := range []string{"a", "b", "c"} {
		b.operator(chat, s)
	}
	if n := b.box.ReleaseHooks(true); n != 3 {
		t.Errorf("released %d, want 3", n)
	}
	b.waitHooks(8)
	want := []string{"copied", "copied", "copied", "kept", "c", "b", "a"}
	if got := texts(t, b.rc.all()); !slices.Equal(got, want) {
		t.Errorf("received %q, want %q", got, want)
	}
}

// TestHookOrder: hooks of one scope go out one after another.
func TestHookOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprint(i))
		b.operator(chat, want[i])
	}
	b.waitHooks(20)
	if got := texts(t, b.rc.all()); !slices.Equal(got, want) {
		t.Errorf("received %q", got)
	}
	list := b.box.ChatMessages(chat)
	for i := 1; i < len(list); i++ {
		if list[i].Msec <= list[i-1].Msec {
			t.Fatalf("times do not rise: %d after %d", list[i].Msec, list[i-1].Msec)
		}
	}
}

// TestTypingAndReactionHooks are C §4.4 and §4.5.
func TestTypingAndReactionHooks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	if err := b.box.OperatorTyping(testAccount, chat, 9000003); err != nil {
		t.Fatal(err)
	}
	b.waitHooks(1)
	want := fmt.Sprintf(`{"account_id":%q,"time":1767225600,"action":{"typing":{"user":{"id":%q},"conversation":{"id":%q,"client_id":"chat-4711"},"expired_at":1767225605}}}`,
		testAmojo, operatorID, chat)
	if got := strings.TrimSpace(string(b.rc.all()[0].Body)); got != want {
		t.Errorf("typing %s, want %s", got, want)
	}
	m := b.box.Messages(testAccount)[0]
	if err := b.box.OperatorReact(testAccount, m.ID, 9000003, "🔥"); err != nil {
		t.Fatal(err)
	}
	b.waitHooks(2)
	a := answer{body: b.rc.all()[1].Body}
	if a.field(t, "action", "reaction", "emoji") != "🔥" || a.field(t, "action", "reaction", "message", "client_id") != "m-1" ||
		a.field(t, "action", "reaction", "type") != "react" {
		t.Errorf("reaction %s", a.body)
	}
}

// TestAmojoFaults: outages, cut connections, refused connect, moved clock. None is the client's breach.
func TestAmojoFaults(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.box.SetFaults(func(f *Faults) { f.ConnectRefused = true })
	b.must(amojo("POST", testChannel+"/connect", connectBody), 403)
	b.box.SetFaults(func(f *Faults) { *f = Faults{AmojoStatus: 429, AmojoCount: 1, AmojoRetryAfter: 3} })
	if a := b.must(amojo("POST", testChannel+"/connect", connectBody), 429); a.header.Get("Retry-After") != "3" {
		t.Errorf("Retry-After %q, want 3", a.header.Get("Retry-After"))
	}
	b.connect()
	b.box.SetFaults(func(f *Faults) { *f = Faults{AmojoStatus: 503, AmojoCount: -1} })
	for range 3 {
		b.must(amojo("POST", testScope, text("m-1", "c-1", "Hello")), 503)
	}
	b.box.SetFaults(func(f *Faults) { *f = Faults{AmojoCutBefore: 1} })
	if _, err := b.do(amojo("POST", testScope, text("m-1", "c-1", "Hello"))); err == nil {
		t.Error("an answer came through a cut connection")
	}
	if n := len(b.box.Messages(testAccount)); n != 0 {
		t.Errorf("%d messages stored, want none", n)
	}
	b.box.SetFaults(func(f *Faults) { *f = Faults{AmojoCutAfter: 1} })
	if _, err := b.do(amojo("POST", testScope, text("m-1", "c-1", "Hello"))); err == nil {
		t.Error("an answer came through a cut connection")
	}
	if n := len(b.box.Messages(testAccount)); n != 1 {
		t.Errorf("%d messages stored, want 1", n)
	}
	b.must(amojo("POST", testScope, text("m-1", "c-1", "Hello")), 400)
	b.box.Advance(16 * 60e9)
	b.must(amojo("POST", testScope, text("m-2", "c-1", "Hello")), 403)
	b.box.Advance(-16 * 60e9)
	b.say("m-2", "c-1", "Hello")
	b.noBreach()
	b.wait("the log", func() bool { return len(b.box.Traffic()) == 11 })
	var verdicts []string
	for _, e := range b.box.Traffic() {
		verdicts = append(verdicts, e.Verdict)
	}
	want := "fault fault passed fault fault fault fault fault refused refused passed"
	if got := strings.Join(verdicts, " "); got != want {
		t.Errorf("verdicts %s, want %s", got, want)
	}
}

// TestSlowAnswer: the request was carried out although the client gave up.
func TestSlowAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.box.SetFaults(func(f *Faults) { f.AmojoDelayMS = 3_600_000 })
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := b.do(amojo("POST", testScope, text("m-1", "c-1", "Hello")).WithContext(ctx))
		gone <- err
	}()
	b.wait("the message", func() bool { return len(b.box.Messages(testAccount)) == 1 })
	cancel()
	if err := <-gone; err == nil {
		t.Error("an answer came in time")
	}
	b.box.SetFaults(func(f *Faults) { *f = Faults{} })
	b.must(amojo("POST", testScope, text("m-1", "c-1", "Hello")), 400)
	b.noBreach()
}

// TestSlowStream is C §4.2: after a bad answer hooks come late.
func TestSlowStream(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.box.SetVariants(func(v *Variants) { v.HookSlowMS = 3_600_000 })
	chat := b.chat()
	b.rc.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	b.operator(chat, "one")
	b.waitHooks(1)
	b.operator(chat, "two")
	if err := b.box.Close(); err != nil {
		t.Fatal(err)
	}
	if h := b.box.Hooks()[1]; h.Outcome != "waiting" || len(b.rc.all()) != 1 {
		t.Errorf("record %+v", h)
	}
}

// TestCloseEndsDelayedHooks: Close does not wait for what is far away.
func TestCloseEndsDelayedHooks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	b.box.SetFaults(func(f *Faults) { f.HookDelayMS = 3_600_000 })
	b.operator(chat, "late")
	if err := b.box.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(b.rc.all()); n != 0 {
		t.Errorf("%d hooks, want none", n)
	}
}

// TestEvents: the inbox's stream tells about a change.
func TestEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	res, err := b.http.Get("https://democo.amocrm.ru/inbox/api/events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	first := make([]byte, 6)
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "data: " {
		t.Fatalf("stream begins with %q: %v", first, err)
	}
	b.say("m-1", "c-1", "Hello")
	buf, seen := make([]byte, 256), ""
	for strings.Count(seen, "data: ") < 1 {
		n, err := res.Body.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		seen += string(buf[:n])
	}
}
