package bridge

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// documentedHook is the example of C §4.3.
const documentedHook = `{"account_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2","time":1767225801,"message":{
	"receiver":{"id":"e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473","client_id":"client-981","name":"Anna Petrova","phone":"+79990001122","email":""},
	"sender":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815","name":"Oleg"},
	"conversation":{"id":"5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55","client_id":"chat-4711"},
	"source":{"external_id":"line-2"},"timestamp":1767225800,"msec_timestamp":1767225800740,
	"message":{"id":"0a64f7b9-2d18-4e3c-a5f0-7b9c81d3e642","type":"picture","text":"Your order 15",
		"markup":{"mode":"inline","buttons":[[{"text":"Confirm"},{"text":"Cancel"}]]},"tag":"",
		"media":"https://amojo.amocrm.ru/attachments/some/path/15.jpg","thumbnail":"https://amojo.amocrm.ru/attachments/some/path/15_320x200.jpg",
		"file_name":"15.jpg","file_size":80213,
		"template":{"id":901,"external_id":"tpl-order","content":"Your order {{lead.id}}","params":[{"key":"{{lead.id}}","value":"15"}]}}}}`

func accept(t *testing.T, p *people, body string) {
	t.Helper()
	p.known = true
	if err := newBridge(t, p, "http://127.0.0.1:1").Accept(t.Context(), testScope, signed(body), []byte(body)); err != nil {
		t.Fatal(err)
	}
}

func TestDocumentedHook(t *testing.T) {
	t.Parallel()
	p := newPeople()
	accept(t, p, documentedHook)
	want := []conversation.Received{{
		Account: "acc", Ref: "0a64f7b9-2d18-4e3c-a5f0-7b9c81d3e642", Conversation: "chat-4711", Chat: chatRef,
		User: "e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473", At: 1767225800740, Kind: "picture",
		Text:       "Your order 15", // C §9, trap 32: the markers of the template are not for the visitor
		Media:      &conversation.Media{URL: "https://amojo.amocrm.ru/attachments/some/path/15.jpg", Name: "15.jpg", Bytes: 80213},
		Content:    conversation.Content{Markup: &conversation.Markup{Buttons: [][]conversation.Button{{{Text: "Confirm"}, {Text: "Cancel"}}}}},
		AuthorName: "Oleg", AuthorRef: "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815", Phone: "+79990001122", Source: "line-2",
	}}
	if d := cmp.Diff(want, p.got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestHookContents: quotes, forwards, lists, albums, posts (C §4.3, §4.6).
func TestHookContents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, rest string
		want       conversation.Content
	}{
		{"quote of the visitor's", `"reply_to":{"message":{"id":"a-1","msgid":"m-1","type":"text","text":"Is it there?","msec_timestamp":1767225600123,"sender":{"id":"u-1","client_id":"client-981","name":"Anna"}}}`,
			conversation.Content{Quote: &conversation.Quote{ID: "m-1", Ref: "a-1", Direction: conversation.Inbound, Kind: "text", Text: "Is it there?", Author: "Anna", At: 1767225600123}}},
		{"quote of an operator's, without a type", `"reply_to":{"message":{"id":"a-1","text":"Yes","sender":{"id":"u-1","name":"Oleg"}}}`,
			conversation.Content{Quote: &conversation.Quote{Ref: "a-1", Direction: conversation.Outbound, Kind: "text", Text: "Yes", Author: "Oleg"}}},
		{"forward", `"forwards":{"messages":[{"id":"a-1","type":"picture","text":"look","sender":{"id":"u-1","name":"Oleg"}}],"conversation_ref_id":"other"}`,
			conversation.Content{Forwards: []conversation.Quote{{Ref: "a-1", Direction: conversation.Outbound, Kind: "picture", Text: "look", Author: "Oleg"}}}},
		{"album", `"media_group_id":"g-1"`, conversation.Content{Group: "g-1"}},
		{"reply to a comment", `"post":{"id":"post-1"}`, conversation.Content{Post: &conversation.Post{ID: "post-1"}}},
		{"list", `"markup":{"list_message":{"header":"H","body":"B","footer":"F","button":"Show","sections":[{"title":"T","rows":[
			{"callback_data":"row-1","title":"One","description":"first"},{"callback_data":"row-2","title":""}]},{"title":"empty","rows":[]}]}}`,
			conversation.Content{Markup: &conversation.Markup{List: &conversation.List{Header: "H", Body: "B", Footer: "F", Button: "Show",
				Sections: []conversation.Section{{Title: "T", Rows: []conversation.Row{{Callback: "row-1", Title: "One", Description: "first"}}}}}}}},
		{"links of the web alone", `"markup":{"mode":"inline","buttons":[[{"text":"A","url":"https://example.org"},{"text":"B","url":"javascript:alert(1)"}],[{"text":"","url":""}],[{"text":"C","url":"http://example.org/c"},{"text":"D","url":"//example.org"}]]}`,
			conversation.Content{Markup: &conversation.Markup{Buttons: [][]conversation.Button{{{Text: "A", URL: "https://example.org"}}, {{Text: "C", URL: "http://example.org/c"}}}}}},
		{"a keyboard that offers nothing", `"markup":{"mode":"inline","buttons":[[{"text":""}]]}`, conversation.Content{}},
		{"no keyboard", `"markup":null,"reply_to":null,"forwards":{},"post":{}`, conversation.Content{}},
	} {
		p := newPeople()
		accept(t, p, textHook(testAmojo, `"type":"text","text":"hi",`+c.rest))
		if d := cmp.Diff(c.want, p.got[0].Content); d != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, d)
		}
	}
}

// TestTypingAndReactionHooks: both forms of each (C §4.4, §4.5).
func TestTypingAndReactionHooks(t *testing.T) {
	t.Parallel()
	action := func(s string) string {
		return `{"account_id":"` + testAmojo + `","time":1767225900,"action":{` + s + `}}`
	}
	const thread = `"conversation":{"id":"` + chatRef + `","client_id":"c-1"}`
	for name, c := range map[string]struct {
		body      string
		typed     []string
		reactions []conversation.OperatorReaction
	}{
		"typing, as in the example":     {action(`"typing":{"user":{"id":"u-1"},` + thread + `,"expired_at":1767225906}`), []string{"c-1 " + chatRef + " 1767225906"}, nil},
		"typing of a user whom we know": {action(`"typing":{"user":{"id":"4c8e5a70-1d42-4f9b-b6e3-90a7d2c4f816"},` + thread + `,"expired_at":1767225906}`), []string{"c-1 " + chatRef + " 1767225906 Vera"}, nil},
		"typing, as in the table":       {action(`"user":{"id":"u-1"},"typing":{` + thread + `,"expired_at":1767225906}`), []string{"c-1 " + chatRef + " 1767225906"}, nil},
		"typing to who was written to first": {action(`"typing":{"user":{"id":"u-1"},"conversation":{"id":"` + chatRef + `"},"expired_at":1767225906}`),
			[]string{" " + chatRef + " 1767225906"}, nil},
		"reaction": {action(`"reaction":{"message":{"id":"a-1","client_id":"m-1"},"user":{"id":"u-1"},` + thread + `,"type":"react","emoji":"🔥"}`), nil,
			[]conversation.OperatorReaction{{Account: "acc", Message: "m-1", Ref: "a-1", By: "u-1", Emoji: "🔥"}}},
		"reaction, the old form": {action(`"reaction":{"msgid":"a-1","user":{"id":"u-1"},` + thread + `,"type":"react","emoji":"🔥"}`), nil,
			[]conversation.OperatorReaction{{Account: "acc", Ref: "a-1", By: "u-1", Emoji: "🔥"}}},
		"reaction taken back": {action(`"reaction":{"message":{"id":"a-1"},"user":{"id":"u-1"},` + thread + `,"type":"unreact"}`), nil,
			[]conversation.OperatorReaction{{Account: "acc", Ref: "a-1", By: "u-1"}}},
	} {
		p := newPeople()
		accept(t, p, c.body)
		if !slices.Equal(p.typed, c.typed) || !slices.Equal(p.reactions, c.reactions) || len(p.got) > 0 {
			t.Errorf("%s: typed %q, reactions %+v", name, p.typed, p.reactions)
		}
	}
}

// history is a page of C §3.8, newest first.
func history(messages ...string) string {
	out := `{"messages":[`
	for i, m := range messages {
		if i > 0 {
			out += ","
		}
		out += m
	}
	return out + `]}`
}

func page(offset int) string {
	return fmt.Sprintf("history?limit=%d&offset=%d", amojo.MaxHistoryPage, offset)
}

// wrote is an operator's message in the history, at that many seconds.
func wrote(ref string, at int) string {
	return fmt.Sprintf(`{"timestamp":%d,"msec_timestamp":%d000,"sender":{"id":"u-1","name":"Oleg"},"receiver":{"id":"u-9","client_id":"client-981"},
		"message":{"id":%q,"type":"text","text":"t%d","media":"","thumbnail":"","file_name":"","file_size":0}}`, at, at, ref, at)
}

func full(from int) (list []string) {
	for i := range amojo.MaxHistoryPage {
		list = append(list, wrote(fmt.Sprint("a-", from-i), from-i))
	}
	return list
}

// TestHeal: design.md §2, what operators wrote meanwhile, and nothing else.
func TestHeal(t *testing.T) {
	t.Parallel()
	const visitors = `{"timestamp":1300,"sender":{"id":"u-9","client_id":"client-981"},"message":{"id":"a-8","client_id":"m-8","type":"text","text":"visitor's"}}`
	const imported = `{"timestamp":1300,"sender":{"id":"u-1","name":"Oleg"},"receiver":{"id":"u-9","client_id":"client-981"},"message":{"id":"a-7","client_id":"m-7","type":"text","text":"imported"}}`
	const unnamed = `{"timestamp":1300,"sender":{"id":"u-9","client_id":"client-981"},"message":{"id":"a-6","type":"text","text":"visitor's, without our id"}}`
	healed := []outbox.Effect{conversation.Healed{Conversation: "chat-4711", At: testNow}}
	for _, c := range []struct {
		name     string
		pages    []string
		status   int
		attempts int
		fail     bool
		verdict  outbox.Verdict
		taken    []chatid.MessageRef
		asked    int
	}{
		{"what was written in the CRM alone", []string{history(wrote("a-9", 1400), visitors, imported, unnamed, wrote("a-5", 1200))}, 200, 0, false, outbox.Done, []chatid.MessageRef{"a-5", "a-9"}, 1},
		{"not before the gap", []string{history(wrote("a-9", 1400), wrote("a-5", 1000), wrote("a-4", 999), wrote("a-3", 800))}, 200, 0, false, outbox.Done, []chatid.MessageRef{"a-5", "a-9"}, 1},
		{"pages until the gap's beginning", []string{history(full(1100)...), history(full(1050)...), history(full(1000)...), history(full(950)...)}, 200, 0, false, outbox.Done, nil, 3},
		{"pages until the end", []string{history(full(2000)...), history(wrote("a-1", 1500))}, 200, 0, false, outbox.Done, nil, 2},
		{"nothing there", []string{history()}, 200, 0, false, outbox.Done, nil, 1},
		{"no chat there", nil, 204, 0, false, outbox.Done, nil, 1},
		{"trouble there", nil, 503, 0, false, outbox.Later, nil, 1},
		{"trouble for too long", nil, 503, healTries, false, outbox.Never, nil, 1},
		{"refused", nil, 400, 0, false, outbox.Never, nil, 1},
		{"the scope is gone", nil, 403, 0, false, outbox.Later, nil, 1},
		{"it cannot be stored", []string{history(wrote("a-9", 1400))}, 200, 0, true, outbox.Later, []chatid.MessageRef{"a-9"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, p := newWire(), newPeople()
			for i, body := range c.pages {
				w.answers[page(i*amojo.MaxHistoryPage)] = body
			}
			w.status[page(0)] = c.status
			if c.fail {
				p.receiveFails = fault.New(fault.Unavailable, "storage_unavailable")
			}
			o := deliver(t, w, p, &cards{}, job(conversation.JobHeal, conversation.HealJob{Since: 1000_000}, c.attempts))
			if o.Verdict != c.verdict || len(w.asked) != c.asked {
				t.Errorf("outcome %+v, asked %q", o, w.asked)
			}
			var refs []chatid.MessageRef
			for _, r := range p.got {
				refs = append(refs, r.Ref)
				if r.At < 1000_000 || r.Conversation != "chat-4711" || r.Chat != "" || r.AuthorName != "Oleg" || r.AuthorRef != "u-1" || r.Kind != "text" {
					t.Errorf("took %+v", r)
				}
			}
			if c.taken != nil && !slices.Equal(refs, c.taken) {
				t.Errorf("took %q, want %q, the oldest first", refs, c.taken)
			}
			want := healed
			if c.verdict != outbox.Done {
				want = nil
			}
			if d := cmp.Diff(want, o.Effects); d != "" {
				t.Errorf("effects (-want +got)\n%s", d)
			}
		})
	}
	// A conversation that the service does not know has no history.
	w, p := newWire(), newPeople()
	p.chat = ""
	if o := deliver(t, w, p, &cards{}, job(conversation.JobHeal, conversation.HealJob{}, 0)); o.Verdict != outbox.Done || len(w.asked) != 0 {
		t.Errorf("without a chat: %+v, asked %q", o, w.asked)
	}
}
