package amojo

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/chatid"
)

// Bodies are the examples of C §4.3-§4.7.
const (
	hookPicture  = `{"account_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2","time":1767225801,"message":{"receiver":{"id":"e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473","client_id":"client-981","name":"Anna Petrova","phone":"+79990001122","email":""},"sender":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815","name":"Oleg"},"conversation":{"id":"5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55","client_id":"chat-4711"},"source":{"external_id":"line-2"},"timestamp":1767225800,"msec_timestamp":1767225800740,"message":{"id":"0a64f7b9-2d18-4e3c-a5f0-7b9c81d3e642","type":"picture","text":"Your order 15","markup":{"mode":"inline","buttons":[[{"text":"Confirm"},{"text":"Cancel"}]]},"tag":"","media":"https://amojo.amocrm.ru/attachments/some/path/15.jpg","thumbnail":"https://amojo.amocrm.ru/attachments/some/path/15_320x200.jpg","file_name":"15.jpg","file_size":80213,"template":{"id":901,"external_id":"tpl-order","content":"Your order {{lead.id}}","params":[{"key":"{{lead.id}}","value":"15"}]}}}}`
	hookText     = `{"account_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2","time":1767225801,"message":{"receiver":{"id":"e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473","name":"Anna Petrova","client_id":"client-981"},"sender":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815","name":""},"conversation":{"id":"5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55","client_id":"chat-4711"},"timestamp":1767225800,"msec_timestamp":1767225800740,"message":{"id":"0a64f7b9-2d18-4e3c-a5f0-7b9c81d3e642","type":"text","text":"Hello","markup":null,"tag":"","media":"","thumbnail":"","file_name":"","file_size":0}}}`
	hookReaction = `{"account_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2","time":1767225900,"action":{"reaction":{"message":{"id":"b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365","client_id":"m-1001","sender":{"id":"e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473"},"timestamp":1767225600,"msec_timestamp":1767225600123},"user":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"},"conversation":{"id":"5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55","client_id":"chat-4711"},"type":"react","emoji":"🔥"}}}`
	hookV1       = `{"receiver":"client-981","conversation_id":"chat-4711","msec_timestamp":1767225800740,"type":"text","text":"Hello","media":"","thumbnail":"","file_name":"","file_size":0}`
)

const (
	oleg    chatid.UserRef    = "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"
	annaRef chatid.UserRef    = "e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473"
	hookRef chatid.MessageRef = "0a64f7b9-2d18-4e3c-a5f0-7b9c81d3e642"
)

func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func TestParseHook(t *testing.T) {
	t.Parallel()
	plain := MessageHook{
		Ref: hookRef, Chat: ownChat, Conversation: "chat-4711", At: at(1767225800740),
		Sender: Party{Ref: oleg}, Receiver: Party{Ref: annaRef, ID: "client-981", Name: "Anna Petrova"},
		Content: Content{Type: "text", Text: "Hello"},
	}
	message := func(change func(*MessageHook)) Hook {
		m := plain
		change(&m)
		return Hook{Kind: HookMessage, Account: ownAccount, At: at(1767225801000), Message: &m}
	}
	// in puts a field into the inner message of the plain example.
	in := func(field string) string { return strings.Replace(hookText, `"markup":null`, field, 1) }
	for _, tt := range []struct {
		name, body string
		want       Hook
	}{
		{"text as it really looks (C §4.3)", hookText, message(func(*MessageHook) {})},
		{"picture with buttons and template (C §4.3)", hookPicture, message(func(m *MessageHook) {
			m.SourceID, m.Sender.Name, m.Receiver.Phone = "line-2", "Oleg", "+79990001122"
			m.Content = Content{Type: "picture", Text: "Your order 15", Media: "https://amojo.amocrm.ru/attachments/some/path/15.jpg",
				Thumbnail: "https://amojo.amocrm.ru/attachments/some/path/15_320x200.jpg", FileName: "15.jpg", FileBytes: 80213}
			m.Markup = &Markup{Mode: "inline", Buttons: [][]Button{{{Text: "Confirm"}, {Text: "Cancel"}}}}
			m.Template = &Template{ID: 901, ExternalID: "tpl-order", Content: "Your order {{lead.id}}", Params: []TemplateParam{{"{{lead.id}}", "15"}}}
		})},
		{"written first: no ids of ours (C §8.4)", strings.NewReplacer(`,"client_id":"chat-4711"`, "", `,"client_id":"client-981"`, `,"phone":"+79990001122"`).Replace(hookText),
			message(func(m *MessageHook) {
				m.Conversation, m.Receiver = "", Party{Ref: annaRef, Name: "Anna Petrova", Phone: "+79990001122"}
			})},
		{"list message", in(`"markup":{"list_message":{"header":"H","body":"B","footer":"F","button":"Open","sections":[{"title":"S","rows":[{"callback_data":"c1","title":"T","description":"D"}]}]}}`),
			message(func(m *MessageHook) {
				m.Markup = &Markup{List: &ListMessage{"H", "B", "F", "Open", []ListSection{{"S", []ListRow{{"c1", "T", "D"}}}}}}
			})},
		{"link button", in(`"markup":{"mode":"inline","buttons":[[{"text":"Site","url":"https://example.org"}]]}`),
			message(func(m *MessageHook) {
				m.Markup = &Markup{Mode: "inline", Buttons: [][]Button{{{"Site", "https://example.org"}}}}
			})},
		{"quote", in(`"reply_to":{"message":{"id":"b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365","msgid":"m-1001","type":"text","text":"Is it?","timestamp":1767225600,"msec_timestamp":1767225600123,"sender":{"id":"e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473","name":"Anna","client_id":"client-981"}}}`),
			message(func(m *MessageHook) {
				m.ReplyTo = &Quoted{Ref: "b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365", ID: "m-1001", At: at(1767225600123),
					Sender: Party{Ref: annaRef, ID: "client-981", Name: "Anna"}, Content: Content{Type: "text", Text: "Is it?"}}
			})},
		{"forward", in(`"forwards":{"messages":[{"id":"b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365","type":"file","media":"https://x.test/a","file_name":"a","file_size":3}],"conversation_ref_id":"9d3b6e72-5c10-4f48-b7a9-2e84c1f06d35"}`),
			message(func(m *MessageHook) {
				m.Forwards = []Quoted{{Ref: "b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365", Content: Content{Type: "file", Media: "https://x.test/a", FileName: "a", FileBytes: 3}}}
				m.ForwardsChat = "9d3b6e72-5c10-4f48-b7a9-2e84c1f06d35"
			})},
		{"forwarded location and contact", in(`"forwards":{"messages":[{"type":"location","location":{"lon":37.6176,"lat":"55.7558"}},{"type":"contact","contact":{"name":"Ivan","phone":"+79990003344"}},{"type":"location","location":{"lon":1e9}}]}`),
			message(func(m *MessageHook) {
				m.Forwards = []Quoted{
					{Content: Content{Type: "location", Location: &Location{Lon: 37.6176, Lat: 55.7558}}},
					{Content: Content{Type: "contact", Contact: &Contact{Name: "Ivan", Phone: "+79990003344"}}},
					{Content: Content{Type: "location"}},
				}
			})},
		{"list and keyboard: the list stands alone (C §4.3)", in(`"markup":{"mode":"inline","buttons":[[{"text":"a"}]],"list_message":{"body":"B"}}`),
			message(func(m *MessageHook) { m.Markup = &Markup{List: &ListMessage{Body: "B"}} })},
		{"keyboard of nothing", in(`"markup":{"mode":"inline","buttons":[[],[{"text":""}],[{"text":"x","url":"` + strings.Repeat("u", maxLink+1) + `"}]]}`), message(func(*MessageHook) {})},
		{"one of several files", in(`"media_group_id":"g-1"`), message(func(m *MessageHook) { m.Content.MediaGroupID = "g-1" })},
		{"reply to a comment (C §4.6)", in(`"post":{"id":"p-1"}`), message(func(m *MessageHook) { m.PostID = "p-1" })},
		{"empty forms of optional fields are the same (C §4.3)", strings.NewReplacer(`"markup":null`, `"markup":{},"template":[],"reply_to":null,"forwards":"","post":0`,
			`"conversation":`, `"source":null,"conversation":`, `"name":""`, `"name":null`, `"file_size":0`, `"file_size":""`).Replace(hookText), message(func(*MessageHook) {})},
		{"numbers as text and text as numbers", strings.NewReplacer(`"msec_timestamp":1767225800740`, `"msec_timestamp":"1767225800740"`, `"client_id":"client-981"`, `"client_id":981`).Replace(hookText),
			message(func(m *MessageHook) { m.Receiver.ID = "981" })},
		{"without milliseconds", strings.Replace(hookText, `,"msec_timestamp":1767225800740`, "", 1), message(func(m *MessageHook) { m.At = at(1767225800000) })},
		{"impossible times", strings.NewReplacer(`1767225800740`, `1e300`, `1767225800,`, `-5,`).Replace(hookText), message(func(m *MessageHook) { m.At = time.Time{} })},
		{"typing, the bytes of C §2.3", ownTyping, Hook{Kind: HookTyping, Account: ownAccount, At: at(1767225601000),
			Typing: &TypingHook{User: oleg, Chat: ownChat, Conversation: "c-1", ExpiresAt: at(1767225606000)}}},
		{"typing as the table has it", strings.Replace(ownTyping, `{"typing":{"user":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"},`, `{"user":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"},"typing":{"post_id":"p-1",`, 1),
			Hook{Kind: HookTyping, Account: ownAccount, At: at(1767225601000), Typing: &TypingHook{User: oleg, Chat: ownChat, Conversation: "c-1", ExpiresAt: at(1767225606000), PostID: "p-1"}}},
		{"reaction (C §4.5)", hookReaction, Hook{Kind: HookReaction, Account: ownAccount, At: at(1767225900000), Reaction: &ReactionHook{
			Message: "b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365", MessageID: "m-1001", User: oleg, Chat: ownChat, Conversation: "chat-4711", Emoji: "🔥"}}},
		{"reaction removed, old form", `{"account_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2","time":1767225900,"action":{"reaction":{"msgid":"b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365","user":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"},"conversation":{"id":"5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55"},"type":"unreact"}}}`,
			Hook{Kind: HookReaction, Account: ownAccount, At: at(1767225900000), Reaction: &ReactionHook{Message: "b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365", User: oleg, Chat: ownChat, Removed: true}}},
		{"reaction without emoji is one removed", strings.Replace(hookReaction, `,"emoji":"🔥"`, "", 1), Hook{Kind: HookReaction, Account: ownAccount, At: at(1767225900000), Reaction: &ReactionHook{
			Message: "b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365", MessageID: "m-1001", User: oleg, Chat: ownChat, Conversation: "chat-4711", Removed: true}}},
		{"version 1 (C §4.7)", hookV1, Hook{Kind: HookMessageV1, V1: &MessageV1Hook{Receiver: "client-981", Conversation: "chat-4711", At: at(1767225800740), Content: Content{Type: "text", Text: "Hello"}}}},
		{"version 1 of 2017 has no time", strings.Replace(hookV1, `"msec_timestamp":1767225800740,`, "", 1),
			Hook{Kind: HookMessageV1, V1: &MessageV1Hook{Receiver: "client-981", Conversation: "chat-4711", Content: Content{Type: "text", Text: "Hello"}}}},
		{"nothing known", `{"account_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2","time":1767225900,"action":{"call":{}}}`, Hook{Account: ownAccount, At: at(1767225900000)}},
		{"empty object", `{}`, Hook{}},
		{"message without its id", strings.Replace(hookText, string(hookRef), "", 1), Hook{Account: ownAccount, At: at(1767225801000)}},
		{"message with an endless id", strings.Replace(hookText, string(hookRef), strings.Repeat("a", 129), 1), Hook{Account: ownAccount, At: at(1767225801000)}},
		{"line feed after the body (C §4.1)", hookText + "\n", message(func(*MessageHook) {})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseHook([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("hook (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseHookRefuses(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "\n", "null", "[]", `"x"`, "1", `{"a":`, hookText[:100], hookText + "{}", strings.Repeat(`{"message":`, 20000)} {
		if h, err := ParseHook([]byte(body)); err == nil {
			t.Errorf("ParseHook(%.40q) = %v, want an error", body, h.Kind)
		}
	}
}

// FuzzMarkup holds what the panel relies on, whatever the keyboard.
func FuzzMarkup(f *testing.F) {
	for _, s := range []string{`{"mode":"inline","buttons":[[{"text":"Confirm"},{"text":"Site","url":"https://example.org"}]]}`,
		`{"list_message":{"header":"H","button":"B","sections":[{"title":"S","rows":[{"callback_data":"c","title":"T"}]}]}}`, `{"buttons":[[[]],{}]}`, `null`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, markup []byte) {
		h, err := ParseHook([]byte(strings.Replace(hookText, `"markup":null`, `"markup":`+string(markup), 1)))
		if err != nil || h.Message == nil || h.Message.Markup == nil {
			return
		}
		m, n := h.Message.Markup, 0
		if (m.Buttons != nil) == (m.List != nil) {
			t.Fatal("not exactly one of keyboard and list")
		}
		for _, row := range m.Buttons {
			n += len(row)
			for _, b := range row {
				if b.Text == "" || len(b.Text) > maxShort || len(b.URL) > maxLink {
					t.Error("a button without text, or beyond its bounds")
				}
			}
			if len(row) == 0 {
				t.Error("an empty row")
			}
		}
		if n > MaxButtons {
			t.Errorf("%d buttons", n)
		}
		if m.List == nil {
			return
		}
		for _, s := range m.List.Sections {
			for _, r := range s.Rows {
				if n++; r.Title == "" || r.CallbackData == "" || len(r.CallbackData) > maxShort {
					t.Error("a row that cannot be chosen, or beyond its bounds")
				}
			}
		}
		if n > MaxRows {
			t.Errorf("%d rows", n)
		}
	})
}

func FuzzParseHook(f *testing.F) {
	for _, s := range []string{hookText, hookPicture, hookReaction, hookV1, ownTyping, "{}", `{"message":{"message":{"markup":{"buttons":[[[]],{}]}}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		h, err := ParseHook(body)
		if err != nil && h.Kind != HookUnknown {
			t.Errorf("an error comes with kind %v", h.Kind)
		}
		set := map[HookKind]bool{HookMessage: h.Message != nil, HookTyping: h.Typing != nil, HookReaction: h.Reaction != nil, HookMessageV1: h.V1 != nil}
		for kind, is := range set {
			if is != (kind == h.Kind) {
				t.Errorf("kind %v, but what belongs to %v is set: %v", h.Kind, kind, is)
			}
		}
		if h.Message != nil && (h.Message.Ref == "" || h.Message.Chat == "" || h.Account == "") {
			t.Error("a message without the ids it must have")
		}
	})
}

// A signed hook of any size that the caller lets in stays bounded in what we keep.
func TestHookIsBounded(t *testing.T) {
	t.Parallel()
	many := func(one string, n int) string { return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]" }
	with := func(markup string) *Markup {
		t.Helper()
		h, err := ParseHook([]byte(strings.Replace(hookText, `"markup":null`, `"markup":`+markup, 1)))
		if err != nil || h.Message == nil {
			t.Fatalf("hook: %v, %v", h.Kind, err)
		}
		return h.Message.Markup
	}
	buttons := 0
	for _, row := range with(`{"buttons":` + many(many(`{"text":"`+strings.Repeat("я", 5000)+`"}`, 10), 20) + `}`).Buttons {
		buttons += len(row)
		for _, b := range row {
			if len(b.Text) > maxShort || !strings.HasPrefix(b.Text, "яя") || strings.ContainsRune(b.Text, '\uFFFD') {
				t.Fatalf("a button's text has %d bytes or is cut within a letter", len(b.Text))
			}
		}
	}
	if buttons != MaxButtons {
		t.Errorf("%d buttons, want %d", buttons, MaxButtons)
	}
	rows := 0
	for _, s := range with(`{"list_message":{"sections":` + many(`{"title":"s","rows":`+many(`{"callback_data":"c","title":"t"}`, 150)+`}`, 3) + `}}`).List.Sections {
		rows += len(s.Rows)
	}
	if rows != MaxRows {
		t.Errorf("%d rows, want %d", rows, MaxRows)
	}
	l := with(`{"list_message":{"sections":[{"rows":[{"callback_data":"` + strings.Repeat("c", maxShort+1) + `","title":"t"},{"callback_data":"c"},{"title":"t"}]}]}}`).List
	if l.Sections != nil {
		t.Errorf("rows that cannot be chosen are kept: %+v", l.Sections)
	}
	var got list[object[wireQuoted]]
	body := []byte(many("{}", 100_000))
	if err := got.UnmarshalJSON(body); err != nil || len(got) != maxList {
		t.Errorf("list of %d entries, %v; want %d", len(got), err, maxList)
	}
	if c := cap(got); c > 2*maxList {
		t.Errorf("room for %d entries was taken", c)
	}
}
