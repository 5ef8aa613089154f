package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const samplePost = `"post":{"id":"post-1","url":"https://messenger.example.org/p/1","username":"shop","caption":"New lamps"}`

// TestComments is C §3.4.9 and §4.6: one talk per post in the client's chat, public
// answers are texts that quote the comment, private ones are ordinary messages.
func TestComments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	comment := func(msgid, post string) string {
		return withMessage(msgid, `{"type":"text","text":"How much?",`+strings.ReplaceAll(samplePost, "post-1", post)+`}`)
	}
	b.must(amojo("POST", testScope, comment("m-1", "post-1")), 200)
	b.must(amojo("POST", testScope, comment("m-2", "post-2")), 200)
	b.must(amojo("POST", testScope, comment("m-3", "post-1")), 200)
	b.say("m-4", "c-1", "a direct message")
	chats := b.box.Chats(testAccount)
	if len(chats) != 1 {
		t.Fatalf("chats %+v, want one", chats)
	}
	posts := map[string]int{}
	for _, talk := range b.box.card(chats[0].ID).Talks {
		posts[talk.PostID]++
	}
	if fmt.Sprint(posts) != "map[:1 post-1:1 post-2:1]" {
		t.Errorf("talks by post %v", posts)
	}
	b.noBreach()
	operator := `"sender":{"id":"op","name":"Oleg","ref_id":"` + operatorID + `"},"receiver":{"id":"u-1","name":"A"}`
	client := `"sender":{"id":"u-1","name":"Анна"}`
	b.must(amojo("POST", testScope, strings.Replace(comment("m-5", "post-1"), client, operator, 1)), 200)
	b.noBreach()
	b.must(amojo("POST", testScope, strings.Replace(comment("m-6", "post-1"), client, strings.Replace(operator, operatorID, testBot, 1), 1)), 400)
	b.must(amojo("POST", testScope, strings.Replace(comment("m-6", "post-1"), `"url":"https://messenger.example.org/p/1",`, "", 1)), 400)
	b.must(amojo("POST", testScope, edit(`"msgid":"m-1","message":{"type":"text","text":"x",`+samplePost+`}`)), 400)

	chat := chats[0].ID
	if _, err := b.box.OperatorSend(testAccount, chat, 0, Content{Text: "A hundred", Post: &Post{ID: "post-1"}}); err != nil {
		t.Fatal(err)
	}
	b.waitHooks(1)
	hook := answer{body: b.rc.all()[0].Body}
	if got := hook.field(t, "message", "message", "post"); fmt.Sprint(got) != "map[id:post-1]" {
		t.Errorf("post %v, want its id alone", got)
	}
	if got := hook.field(t, "message", "message", "reply_to", "message", "msgid"); got != "m-3" {
		t.Errorf("quotes %v, want the latest comment", got)
	}
	for name, c := range map[string]Content{
		"unknown post": {Text: "x", Post: &Post{ID: "post-9"}},
		"media":        {Type: "picture", Media: "https://amojo.amocrm.ru/attachments/1.png", Post: &Post{ID: "post-1"}},
		"buttons":      {Text: "x", Post: &Post{ID: "post-1"}, Markup: Markup{Mode: "inline", Buttons: [][]Button{{{Text: "Yes"}}}}},
	} {
		if _, err := b.box.OperatorSend(testAccount, chat, 0, c); !errors.Is(err, ErrPost) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.box.OperatorTypingUnder(testAccount, chat, 0, "post-1"); err != nil {
		t.Fatal(err)
	}
	b.waitHooks(2)
	if got := (answer{body: b.rc.all()[1].Body}).field(t, "action", "typing", "post_id"); got != "post-1" {
		t.Errorf("typing under %v", got)
	}
}

// TestQuotes is C §3.4.7 both ways: ids become whole messages in the feed and in hooks (C §4.3).
func TestQuotes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	said := b.operator(chat, "We have two")
	send := func(msgid, conversation, more string, want int) {
		t.Helper()
		b.must(amojo("POST", testScope, strings.Replace(text(msgid, conversation, "x"), `"silent":false`, more+`,"silent":false`, 1)), want)
	}
	send("m-2", "chat-4711", `"reply_to":{"message":{"msgid":"m-1"}}`, 200)
	send("m-3", "chat-4711", `"reply_to":{"message":{"id":"`+said.ID+`"}}`, 200)
	send("m-4", "c-2", `"forwards":{"messages":[{"msgid":"m-1"}],"conversation_id":"chat-4711"}`, 200)
	own := `{"type":"text","text":"our price list","timestamp":1767200000,"msec_timestamp":1767200000000,"sender":{"name":"Shop"}}`
	send("m-5", "c-2", `"forwards":{"messages":[`+own+`]}`, 200)
	b.noBreach()
	list := b.box.Messages(testAccount)
	quote := func(i int) Nested { return list[i].ReplyTo.(*Reply).Message }
	if q := quote(2); q.MsgID != "m-1" || q.Text != "Hello" || q.Sender.ClientID != "u-1" || q.Type != "text" {
		t.Errorf("quote %+v", q)
	}
	if q := quote(3); q.ID != said.ID || q.Text != "We have two" || q.Sender.Name != "Anna" {
		t.Errorf("quote %+v", q)
	}
	if f := list[4].Forwards.(*Forwarded); f.ConversationID != chat || f.Messages[0].Text != "Hello" {
		t.Errorf("forwarded %+v", f)
	}
	if f := list[5].Forwards.(*Forwarded); f.ConversationID != "" || f.Messages[0].Sender.Name != "Shop" {
		t.Errorf("forwarded %+v", f)
	}
	for name, more := range map[string]string{
		"of another chat":     `"reply_to":{"message":{"msgid":"m-4"}}`,
		"unknown":             `"reply_to":{"message":{"msgid":"m-99"}}`,
		"without sender":      `"reply_to":{"message":{"type":"text","text":"a","timestamp":1,"msec_timestamp":1}}`,
		"a nameless sender":   `"reply_to":{"message":{"type":"text","text":"a","timestamp":1,"msec_timestamp":1,"sender":{}}}`,
		"two forwards":        `"forwards":{"messages":[{"msgid":"m-1"},{"msgid":"m-2"}]}`,
		"not of that chat":    `"forwards":{"messages":[{"msgid":"m-4"}],"conversation_ref_id":"` + chat + `"}`,
		"of an unknown chat":  `"forwards":{"messages":[{"msgid":"m-1"}],"conversation_id":"c-99"}`,
		"forwards of nothing": `"forwards":{"messages":[]}`,
	} {
		t.Run(name, func(*testing.T) { send("m-9", "chat-4711", more, 400) })
	}

	second := b.box.Chats(testAccount)[0].ID
	if second == chat {
		second = b.box.Chats(testAccount)[1].ID
	}
	if _, err := b.box.OperatorSend(testAccount, chat, 0, Content{Text: "This one", ReplyTo: Reply{Nested{ID: list[0].ID}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.box.OperatorSend(testAccount, second, 0, Content{Forwards: Forwarded{Messages: []Nested{{ID: list[0].ID}}}}); err != nil {
		t.Fatal(err)
	}
	b.waitHooks(3)
	hook := answer{body: b.rc.all()[1].Body}
	want := `{"message":{"id":"` + list[0].ID + `","msgid":"m-1","type":"text","text":"Hello","media":"","thumbnail":"","file_name":"","file_size":0,` +
		`"timestamp":1767225600,"msec_timestamp":1767225600123,"sender":{"id":"` + list[0].SenderID + `","name":"Анна","client_id":"u-1"}}}`
	if got, _ := json.Marshal(hook.field(t, "message", "message", "reply_to")); compactKeys(t, string(got)) != compactKeys(t, want) {
		t.Errorf("reply_to %s, want %s", got, want)
	}
	if got := (answer{body: b.rc.all()[2].Body}).field(t, "message", "message", "forwards", "conversation_ref_id"); got != chat {
		t.Errorf("forwarded from %v", got)
	}
	for name, c := range map[string]Content{
		"of another chat": {Text: "x", ReplyTo: Reply{Nested{ID: list[4].ID}}},
		"unknown":         {Text: "x", ReplyTo: Reply{Nested{ID: "no"}}},
	} {
		if _, err := b.box.OperatorSend(testAccount, chat, 0, c); !errors.Is(err, ErrQuote) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.box.SetVariants(func(v *Variants) { v.ChannelLacks = []string{"quotes"} })
	if _, err := b.box.OperatorSend(testAccount, chat, 0, Content{Text: "x", ReplyTo: Reply{Nested{ID: list[0].ID}}}); !errors.Is(err, ErrQuote) {
		t.Errorf("a channel without quotes: %v", err)
	}
}

// compactKeys sorts the keys of JSON.
func compactKeys(t *testing.T, s string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(err)
	}
	out, _ := json.Marshal(v)
	return string(out)
}

// TestMarkup is C §4.3: the limits of keyboards and list messages.
func TestMarkup(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	rows := func(n int) []ListRow {
		out := make([]ListRow, n)
		for i := range out {
			out[i] = ListRow{CallbackData: fmt.Sprint(i), Title: "row"}
		}
		return out
	}
	list := func(header string, sections int, n int) Markup {
		l := &ListMessage{Header: header, Body: "Choose", Button: "Menu"}
		for range sections {
			l.Sections = append(l.Sections, ListSection{Title: "One", Rows: rows(n)})
		}
		return Markup{ListMessage: l}
	}
	for _, tt := range []struct {
		name   string
		markup any
		ok     bool
	}{
		{"buttons", Markup{Mode: "inline", Buttons: [][]Button{{{Text: "Yes"}, {Text: "No"}}}}, true},
		{"links", map[string]any{"mode": "inline", "buttons": []any{[]any{map[string]any{"text": "Shop", "url": "https://example.org"}}}}, true},
		{"a list of the largest size", list(strings.Repeat("ж", 60), 10, 10), true},
		{"mixed kinds", Markup{Mode: "inline", Buttons: [][]Button{{{Text: "Yes"}, {Text: "Shop", URL: "https://example.org"}}}}, false},
		{"another mode", Markup{Mode: "reply", Buttons: [][]Button{{{Text: "Yes"}}}}, false},
		{"an empty row", Markup{Mode: "inline", Buttons: [][]Button{{}}}, false},
		{"a long header", list(strings.Repeat("ж", 61), 1, 1), false},
		{"11 sections", list("", 11, 1), false},
		{"11 rows", list("", 1, 11), false},
		{"a list with a mode", Markup{Mode: "inline", ListMessage: list("", 1, 1).ListMessage}, false},
		{"an unknown field", map[string]any{"mode": "inline", "keys": 1}, false},
	} {
		if _, err := b.box.OperatorSend(testAccount, chat, 0, Content{Text: "x", Markup: tt.markup}); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	b.waitHooks(3)
	if got := (answer{body: b.rc.all()[0].Body}).field(t, "message", "message", "markup"); fmt.Sprint(got) != "map[buttons:[[map[text:Yes] map[text:No]]] mode:inline]" {
		t.Errorf("markup %v", got)
	}
}

// TestTemplates: the text comes filled in, the markers stay in content (C §4.3, §9.32).
func TestTemplates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	m, err := b.box.OperatorSend(testAccount, chat, 0, Content{Template: Template{ID: 901, ExternalID: "tpl", Content: "{{contact.name}}, your order {{order}} is here",
		Params: []TemplateParam{{"{{order}}", "15"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if m.Text != "Анна, your order 15 is here" {
		t.Errorf("text %q", m.Text)
	}
	b.waitHooks(1)
	got := (answer{body: b.rc.all()[0].Body}).field(t, "message", "message", "template")
	want := `{"content":"{{contact.name}}, your order {{order}} is here","external_id":"tpl","id":901,"params":[{"key":"{{order}}","value":"15"},{"key":"{{contact.name}}","value":"Анна"}]}`
	if out := string(marshal(got)); out != want {
		t.Errorf("template %s, want %s", out, want)
	}
}

// template stores a template as one made through API v4.
func (b *bench) template() {
	b.box.mu.Lock()
	defer b.box.mu.Unlock()
	b.box.st.Templates = append(b.box.st.Templates, &ChatTemplate{ID: 77, Account: testAccount, ClientUUID: testClient, ExternalID: "tpl-77",
		Name: "Ready", Content: "{{contact.name}}, it is ready", Buttons: []TemplateButton{{Type: "inline", Text: "Thanks"}}})
}

// TestAlbum is C §4.3, §9.23: a hook for each file, one media_group_id, any order.
func TestAlbum(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	var files []Content
	for _, name := range []string{"1.png", "2.png", "3.png"} {
		c, err := b.box.Upload(testAccount, name, "image/png", "", pngOf(t, 4, 4))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, c)
	}
	for round, reversed := range []bool{false, true} {
		b.box.SetVariants(func(v *Variants) { v.AlbumReversed = reversed })
		sent, err := b.box.OperatorAlbum(testAccount, chat, 0, "All three", files)
		if err != nil {
			t.Fatal(err)
		}
		b.waitHooks(3 * (round + 1))
		var names []string
		for _, r := range b.rc.all()[3*round:] {
			a := answer{body: r.Body}
			names = append(names, a.field(t, "message", "message", "file_name").(string))
			if a.field(t, "message", "message", "media_group_id") != sent[0].MediaGroupID {
				t.Errorf("group of %s", r.Body)
			}
		}
		want := "[1.png 2.png 3.png]"
		if reversed {
			want = "[3.png 2.png 1.png]"
		}
		if fmt.Sprint(names) != want || sent[0].Text != "All three" || sent[1].Text != "" || sent[2].Msec <= sent[1].Msec {
			t.Errorf("sent %v, want %s", names, want)
		}
	}
	if _, err := b.box.OperatorAlbum(testAccount, chat, 0, "", files[:1]); err == nil {
		t.Error("an album of one")
	}
}

// TestSalesbot: who speaks for it is not documented (C §4.3).
func TestSalesbot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	for form, want := range map[string]string{"": testBot, "admin": "11111111-2222-4333-8444-555555555555"} {
		b.box.SetVariants(func(v *Variants) { v.SalesbotSender = form })
		if m, err := b.box.SalesbotSay(testAccount, chat, Content{Text: "Hello"}); err != nil || m.SenderID != want || !m.Salesbot {
			t.Errorf("%q: sender %s (%v), want %s", form, m.SenderID, err, want)
		}
	}
	b.box.SetVariants(func(v *Variants) { v.SalesbotSender = "unknown" })
	if m, _ := b.box.SalesbotSay(testAccount, chat, Content{Text: "Hello"}); m.SenderName != "" || !uuidShape.MatchString(m.SenderID) {
		t.Errorf("sender %s %q", m.SenderID, m.SenderName)
	}
}

// TestWriteFirstToACard: to the card's phone, from a source; no second card (C §8.4).
func TestWriteFirstToACard(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.must(amojo("POST", testScope, strings.Replace(text("m-1", "c-1", "Hello"), `"name":"Анна"`, `"name":"Анна","profile":{"phone":"+7 (999) 000-11-22"}`, 1)), 200)
	card := b.box.Chats(testAccount)[0].ContactID
	byPhone, err := b.box.BeginChat(testScope, FirstMessage{Phone: "+79990001122", UserID: 9000003, Content: Content{Text: "Hi"}})
	if err != nil {
		t.Fatal(err)
	}
	byCard, err := b.box.BeginChat(testScope, FirstMessage{ContactID: card, Content: Content{Text: "Hi again"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.box.Chats(testAccount) {
		if c.ContactID != card {
			t.Errorf("chat %s is of card %d, want %d", c.ID, c.ContactID, card)
		}
	}
	b.waitHooks(2)
	if byPhone.SenderName != "Oleg" || byCard.ChatID == byPhone.ChatID {
		t.Errorf("messages %+v %+v", byPhone, byCard)
	}
	// The client is known: both pairs bind the new chat, and the old one keeps its own.
	first := strings.Replace(text("m-2", "c-9", "Who is this?"), `"sender":{"id":"u-1",`, `"conversation_ref_id":"`+byPhone.ChatID+`","sender":{"id":"u-1","ref_id":"`+byPhone.ReceiverID+`",`, 1)
	b.must(amojo("POST", testScope, first), 200)
	if got := b.say("m-3", "c-9", "Hm").field(t, "new_message", "sender_id"); got != byPhone.ReceiverID {
		t.Errorf("sender %v, want %s", got, byPhone.ReceiverID)
	}
	b.operator(byPhone.ChatID, "The shop")
	b.waitHooks(3)
	if got := (answer{body: b.rc.all()[2].Body}).field(t, "message", "receiver", "client_id"); got != "u-1" {
		t.Errorf("receiver %v", got)
	}
	b.noBreach()
	for name, in := range map[string]FirstMessage{"no phone": {Content: Content{Text: "x"}}, "no text": {Phone: "+1555"}, "no such card": {ContactID: 1, Content: Content{Text: "x"}}} {
		if _, err := b.box.BeginChat(testScope, in); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	b.box.SetVariants(func(v *Variants) { v.ChannelLacks = []string{"write_first"} })
	if _, err := b.box.WriteFirst(testScope, "+79990001122", "", "Hi"); err == nil {
		t.Error("a channel without writing first")
	}
}

// TestTimeWindow is C §8.5: after its end only templates, each message of the client restarts it.
func TestTimeWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.box.SetVariants(func(v *Variants) { v.TimeWindowSeconds, v.TimeWindowBlocks = 3600, true })
	chat := b.chat()
	b.operator(chat, "in time")
	b.box.Advance(61 * time.Minute)
	if _, err := b.box.OperatorSay(testAccount, chat, "too late"); !errors.Is(err, ErrWindow) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := b.box.OperatorSend(testAccount, chat, 0, Content{Template: Template{ID: 1, Content: "Still there?"}}); err != nil {
		t.Errorf("a template: %v", err)
	}
	b.must(amojoAt("POST", testChannel+"/connect", strings.Replace(connectBody, `"title"`, `"is_time_window_disabled":true,"title"`, 1), testNow.Add(time.Hour)), 200)
	b.operator(chat, "no window in this account")
}
