package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// wire notes the requests to the chats service, and answers by the end of their path.
type wire struct {
	mu      sync.Mutex
	asked   []string // method, what follows the scope, and the body
	answers map[string]string
	status  map[string]int // 200 where there is none; 0 cuts the connection
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	rest := strings.TrimPrefix(r.URL.RequestURI(), "/v2/origin/custom/"+testScope)
	w.mu.Lock()
	w.asked = append(w.asked, strings.TrimSpace(r.Method+" "+rest+" "+string(body)))
	w.mu.Unlock()
	name := rest[strings.LastIndex(rest, "/")+1:]
	status, has := w.status[name]
	switch {
	case !has:
		status = http.StatusOK
	case status == 0:
		panic(http.ErrAbortHandler)
	}
	rw.WriteHeader(status)
	if status == http.StatusOK {
		_, _ = io.WriteString(rw, w.answers[name])
	}
}

// body gives the JSON of the nth request.
func (w *wire) body(t *testing.T, n int) (got any) {
	t.Helper()
	if len(w.asked) <= n {
		t.Fatalf("asked %q", w.asked)
	}
	_, raw, _ := strings.Cut(w.asked[n], "{")
	if err := json.Unmarshal([]byte("{"+raw), &got); err != nil {
		t.Fatalf("%v in %q", err, w.asked[n])
	}
	return got
}

// newWire answers as C §3.3 and C §3.4.5 show it.
func newWire() *wire {
	return &wire{status: map[string]int{}, answers: map[string]string{
		"":      `{"new_message":{"conversation_id":"` + chatRef + `","sender_id":"sender-ref","receiver_id":"receiver-ref","msgid":"amojo-1"}}`,
		"chats": `{"id":"` + chatRef + `","user":{"id":"user-ref"}}`,
	}}
}

// cards is what API v4 knows, and what was asked of it.
type cards struct {
	contact chatid.ContactID
	chats   []chatid.ChatRef
	fail    error
	asked   []string
}

func (c *cards) ContactOfChat(_ context.Context, _ account.Account, chat chatid.ChatRef) (chatid.ContactID, error) {
	c.asked = append(c.asked, "contact of "+string(chat))
	return c.contact, c.fail
}

func (c *cards) ChatsOfContact(_ context.Context, _ account.Account, id chatid.ContactID) ([]chatid.ChatRef, error) {
	c.asked = append(c.asked, fmt.Sprint("chats of ", id))
	return c.chats, c.fail
}

func (c *cards) LinkChat(_ context.Context, _ account.Account, id chatid.ContactID, chat chatid.ChatRef) error {
	c.asked = append(c.asked, fmt.Sprintf("link %d %s", id, chat))
	return c.fail
}

func (c *cards) CloseTalk(_ context.Context, _ account.Account, talk chatid.TalkID) error {
	c.asked = append(c.asked, fmt.Sprint("close ", talk))
	return c.fail
}

func job(k outbox.Kind, payload any, attempts int) outbox.Job {
	raw, _ := json.Marshal(payload)
	return outbox.Job{Lane: "chat-4711", Account: "acc", Kind: k, Payload: raw, Attempts: attempts}
}

func deliver(t *testing.T, w *wire, p *people, c *cards, j outbox.Job) outbox.Outcome {
	t.Helper()
	b := newBridge(t, p, serve(t, w))
	b.cards = c
	b.fileURL = func(key, name string) string { return "https://files.example.org/f/" + key + "/" + name }
	product := b.products.byName["amocrm"]
	product.MultipleSources, product.BotID, product.Title = true, "bot-ref", "Support line"
	b.products.byName["amocrm"] = product
	return b.Handle(t.Context(), j)
}

func newPeople() *people { return &people{account: connectedAccount(), chat: chatRef} }

// TestMessagesOnTheWire: the examples of C §3.4.4, 3.4.7, 3.4.8 and 8.4.
func TestMessagesOnTheWire(t *testing.T) {
	t.Parallel()
	const sender = `"sender":{"id":"client-981","name":"Anna Petrova","profile":{"phone":"+79990001122","email":"anna@example.org"}}`
	text := conversation.MessageJob{
		Message: "m-1001", At: 1767225600123, Text: "Is it still available?", Visitor: "client-981", Name: "Anna Petrova",
		Phone: "+79990001122", Email: "anna@example.org", Source: "line-2",
	}
	with := func(f func(*conversation.MessageJob)) conversation.MessageJob { m := text; f(&m); return m }
	of := func(kind, words string, c conversation.Content, f *conversation.JobFile) conversation.MessageJob {
		return with(func(m *conversation.MessageJob) { m.Kind, m.Text, m.Content, m.File = kind, words, &c, f })
	}
	payload := func(silent bool, people, rest string) string {
		return fmt.Sprintf(`{"event_type":"new_message","payload":{"timestamp":1767225600,"msec_timestamp":1767225600123,"msgid":"m-1001",
			"conversation_id":"chat-4711","silent":%v,"source":{"external_id":"line-2"},%s,%s}}`, silent, people, rest)
	}
	quoting := func(q conversation.Quote) conversation.MessageJob {
		return of("", "this one", conversation.Content{Quote: &q}, nil)
	}
	const thisOne = `"message":{"type":"text","text":"this one"},"reply_to":{"message":`
	for _, c := range []struct {
		name string
		job  conversation.MessageJob
		want string
	}{
		{"text", text, payload(false, sender, `"message":{"type":"text","text":"Is it still available?"}`)},
		{"picture", of("picture", "this one", conversation.Content{File: "f1"}, &conversation.JobFile{Key: "77", Name: "77.jpg", Bytes: 48211}),
			payload(false, sender, `"message":{"type":"picture","text":"this one","media":"https://files.example.org/f/77/77.jpg","file_name":"77.jpg","file_size":48211}`)},
		{"voice", of("voice", "", conversation.Content{File: "f1"}, &conversation.JobFile{Key: "78", Name: "78.ogg", Bytes: 9120, Seconds: 7}),
			payload(false, sender, `"message":{"type":"voice","media":"https://files.example.org/f/78/78.ogg","file_name":"78.ogg","file_size":9120,"media_duration":7}`)},
		{"video", of("video", "", conversation.Content{File: "f1"}, &conversation.JobFile{Key: "79", Name: "79.mp4", Bytes: 10, Seconds: 3}),
			payload(false, sender, `"message":{"type":"video","media":"https://files.example.org/f/79/79.mp4","file_name":"79.mp4","file_size":10,"media_duration":3}`)},
		{"audio", of("audio", "", conversation.Content{File: "f1"}, &conversation.JobFile{Key: "80", Name: "80.mp3", Bytes: 10}),
			payload(false, sender, `"message":{"type":"audio","media":"https://files.example.org/f/80/80.mp3","file_name":"80.mp3","file_size":10}`)},
		{"file", of("file", "", conversation.Content{File: "f1"}, &conversation.JobFile{Key: "81", Name: "81.pdf", Bytes: 10}),
			payload(false, sender, `"message":{"type":"file","media":"https://files.example.org/f/81/81.pdf","file_name":"81.pdf","file_size":10}`)},
		{"location", of("location", "", conversation.Content{Location: &conversation.Location{Lon: 37.6176, Lat: 55.7558}}, nil),
			payload(false, sender, `"message":{"type":"location","location":{"lon":37.6176,"lat":55.7558}}`)},
		{"contact", of("contact", "", conversation.Content{Card: &conversation.Card{Name: "Ivan", Phone: "+79990003344"}}, nil),
			payload(false, sender, `"message":{"type":"contact","contact":{"name":"Ivan","phone":"+79990003344"}}`)},
		{"a row that was chosen (C §4.3)", of("", "Two", conversation.Content{Callback: "row-2"}, nil),
			payload(false, sender, `"message":{"type":"text","text":"Two","callback_data":"row-2"}`)},
		{"quoting the visitor's own (C §3.4.7)", quoting(conversation.Quote{ID: "m-1000", Ref: "0a64f7b9-2d18-4e3c-a5f0-7b9c81d3e642", Direction: conversation.Inbound, Kind: "text", At: 1}),
			payload(false, sender, thisOne+`{"msgid":"m-1000"}}`)},
		{"quoting an operator's", quoting(conversation.Quote{ID: "m-1000", Ref: "0a64f7b9-2d18-4e3c-a5f0-7b9c81d3e642", Direction: conversation.Outbound, Kind: "text", At: 1}),
			payload(false, sender, thisOne+`{"id":"0a64f7b9-2d18-4e3c-a5f0-7b9c81d3e642"}}`)},
		{"quoting a v1 hook's", quoting(conversation.Quote{ID: "m-1000", Ref: "v1:00", Direction: conversation.Outbound, Kind: "picture", At: 1767200000000}),
			payload(false, sender, thisOne+`{"type":"text","text":"picture","timestamp":1767200000,"msec_timestamp":1767200000000,"sender":{"name":"-"}}}`)},
		{"nobody's name", with(func(m *conversation.MessageJob) { m.Name, m.Phone, m.Email = "", "", "" }),
			payload(false, `"sender":{"id":"client-981","name":"sentence of visitor.anonymous"}`, `"message":{"type":"text","text":"Is it still available?"}`)},
		{"the answer to who wrote first (C §8.4)", with(func(m *conversation.MessageJob) { m.Chat, m.User = chatRef, "c4f7a8e0"; m.Phone, m.Email = "", "" }),
			payload(false, `"conversation_ref_id":"`+chatRef+`","sender":{"id":"client-981","ref_id":"c4f7a8e0","name":"Anna Petrova"}`, `"message":{"type":"text","text":"Is it still available?"}`)},
		{"imported, silent (C §3.4.8)", with(func(m *conversation.MessageJob) { m.Silent = true }),
			payload(true, sender, `"message":{"type":"text","text":"Is it still available?"}`)},
		{"imported, of a known operator", with(func(m *conversation.MessageJob) {
			m.Silent, m.Text, m.Author = true, "Yes, two left.", &conversation.JobAuthor{Ref: "3c8e5a70", Name: "Oleg"}
		}), payload(true, `"sender":{"id":"operator-3c8e5a70","ref_id":"3c8e5a70","name":"Oleg"},`+strings.Replace(sender, "sender", "receiver", 1), `"message":{"type":"text","text":"Yes, two left."}`)},
		{"imported, of an unknown one: the bot", with(func(m *conversation.MessageJob) { m.Text, m.Author = "Welcome", &conversation.JobAuthor{} }),
			payload(false, `"sender":{"id":"operator-","ref_id":"bot-ref","name":"Support line"},`+strings.Replace(sender, "sender", "receiver", 1), `"message":{"type":"text","text":"Welcome"}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			o := deliver(t, w, newPeople(), &cards{}, job(conversation.JobMessage, c.job, 0))
			var want any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, w.body(t, 0)); d != "" || len(w.asked) != 1 {
				t.Errorf("asked %d times (-want +got)\n%s", len(w.asked), d)
			}
			user := chatid.UserRef("sender-ref")
			if c.job.Author != nil {
				user = "receiver-ref"
			}
			if o.Verdict != outbox.Done || !slices.Contains(o.Effects, outbox.Effect(conversation.MessageSent{
				Conversation: "chat-4711", Message: "m-1001", Ref: "amojo-1", Chat: chatRef, User: user,
			})) {
				t.Errorf("outcome %+v", o)
			}
		})
	}
}

// TestLink: C §8.3, create chat, link, only then the first message.
func TestLink(t *testing.T) {
	t.Parallel()
	away, gone := fault.New(fault.Unavailable, "crm_unavailable"), fault.New(fault.Unauthenticated, "crm_unauthorised")
	for _, c := range []struct {
		name     string
		attempts int
		chats    int
		fail     error
		author   bool
		verdict  outbox.Verdict
		sent     bool
		linked   int
	}{
		{"linked", 0, 200, nil, false, outbox.Done, true, 1},
		{"linked, then the bot's greeting", 0, 200, nil, true, outbox.Done, true, 1},
		{"API v4 is away", 0, 200, away, false, outbox.Later, false, 1},
		{"API v4 is away for too long: the message goes without", linkTries, 200, away, false, outbox.Done, true, 1},
		{"no access to API v4", 0, 200, gone, false, outbox.Done, true, 1},
		{"the chat cannot be made now", 0, 503, nil, false, outbox.Later, false, 0},
		{"the scope is gone", 0, 403, nil, false, outbox.Later, false, 0},
		{"the chat is refused: the message shows why", 0, 400, nil, false, outbox.Done, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, k := newWire(), &cards{fail: c.fail}
			w.status["chats"] = c.chats
			w.answers[""] = `{"new_message":{"msgid":"amojo-1"}}` // the older form (C §3.4.5): the chat is known from its making
			m := conversation.MessageJob{Message: "m-1", At: 1767225600123, Text: "hi", Visitor: "client-981", Name: "Anna", Contact: 501}
			if c.author {
				m.Author = &conversation.JobAuthor{}
			}
			o := deliver(t, w, newPeople(), k, job(conversation.JobMessage, m, c.attempts))
			if o.Verdict != c.verdict || o.Uncertain {
				t.Errorf("outcome %+v", o)
			}
			if got := len(w.asked) == 2; got != c.sent || len(k.asked) != c.linked {
				t.Errorf("asked %q, %q", w.asked, k.asked)
			}
			want := map[string]any{"conversation_id": "chat-4711", "user": map[string]any{"id": "client-981", "name": "Anna"}}
			if d := cmp.Diff(any(want), w.body(t, 0)); d != "" {
				t.Errorf("chat (-want +got)\n%s", d)
			}
			if c.linked == 1 && k.asked[0] != "link 501 "+chatRef {
				t.Errorf("asked %q", k.asked)
			}
			known := slices.Contains(o.Effects, outbox.Effect(conversation.ChatKnown{Conversation: "chat-4711", Chat: chatRef}))
			if known != (c.chats == 200) {
				t.Errorf("effects %+v", o.Effects)
			}
		})
	}
}

// TestLookUpOfAnImport: the visitor, not the operator, is whom the chat is with.
func TestLookUpOfAnImport(t *testing.T) {
	t.Parallel()
	w, p := newWire(), newPeople()
	p.chat = ""
	w.status[""] = 400
	w.answers["history?limit=50&offset=0"] = `{"messages":[{"timestamp":1,"sender":{"id":"bot-ref"},"receiver":{"id":"user-ref","client_id":"client-981"},"message":{"id":"amojo-1","client_id":"m-1"}}]}`
	m := conversation.MessageJob{Message: "m-1", At: 1767225600123, Text: "Welcome", Visitor: "client-981", Name: "Anna", Author: &conversation.JobAuthor{}}
	o := deliver(t, w, p, &cards{}, job(conversation.JobMessage, m, 1))
	want := map[string]any{"conversation_id": "chat-4711", "user": map[string]any{"id": "client-981", "name": "Anna"}}
	if d := cmp.Diff(any(want), w.body(t, 1)); d != "" {
		t.Errorf("chat (-want +got)\n%s", d)
	}
	if o.Verdict != outbox.Done || !slices.Contains(o.Effects, outbox.Effect(conversation.MessageSent{Conversation: "chat-4711", Message: "m-1", Ref: "amojo-1", User: "user-ref"})) {
		t.Errorf("outcome %+v", o)
	}
}

// TestWroteFirst: C §8.4, and design.md §9: whom, or -1 with 904.
func TestWroteFirst(t *testing.T) {
	t.Parallel()
	away := fault.New(fault.Unavailable, "crm_unavailable")
	const told = `POST /amojo-9/delivery_status {"status_code":-1,"error_code":904,"error":"sentence of delivery.unknown_conversation"}`
	for _, c := range []struct {
		name     string
		cards    cards
		reached  chatid.ConversationID
		attempts int
		status   int
		verdict  outbox.Verdict
		pause    bool
		asked    conversation.Addressee
		told     bool
	}{
		{"found", cards{contact: 501, chats: []chatid.ChatRef{"chat-1", "chat-9", "chat-2"}}, "c-1", 0, 200, outbox.Done, false,
			conversation.Addressee{Contact: 501, Chats: []chatid.ChatRef{"chat-1", "chat-2"}, Phone: "+7999", Source: "line-2"}, false},
		{"no contact, a proven phone", cards{}, "c-1", 0, 200, outbox.Done, false, conversation.Addressee{Phone: "+7999", Source: "line-2"}, false},
		{"nobody", cards{contact: 501}, "", 0, 200, outbox.Done, false, conversation.Addressee{Contact: 501, Phone: "+7999", Source: "line-2"}, true},
		{"API v4 is away", cards{fail: away}, "c-1", 0, 200, outbox.Later, false, conversation.Addressee{}, false},
		{"API v4 is away for too long, a proven phone", cards{fail: away}, "c-1", firstTries, 200, outbox.Done, false, conversation.Addressee{Phone: "+7999", Source: "line-2"}, false},
		{"API v4 is away for too long", cards{fail: away}, "", firstTries, 200, outbox.Done, false, conversation.Addressee{Phone: "+7999", Source: "line-2"}, true},
		{"no access to API v4", cards{fail: fault.New(fault.Unauthenticated, "crm_unauthorised")}, "", 0, 200, outbox.Done, false, conversation.Addressee{Phone: "+7999", Source: "line-2"}, true},
		{"the report cannot be made now", cards{}, "", 0, 503, outbox.Later, false, conversation.Addressee{Phone: "+7999", Source: "line-2"}, true},
		{"the report can never be made", cards{}, "", firstTries + statusTries, 503, outbox.Never, false, conversation.Addressee{Phone: "+7999", Source: "line-2"}, true},
		{"the message is gone there (C §10, check 7)", cards{}, "", 0, 404, outbox.Never, false, conversation.Addressee{Phone: "+7999", Source: "line-2"}, true},
		{"the report is refused", cards{}, "", 0, 400, outbox.Never, false, conversation.Addressee{Phone: "+7999", Source: "line-2"}, true},
		{"the scope is gone", cards{}, "", 0, 403, outbox.Later, true, conversation.Addressee{Phone: "+7999", Source: "line-2"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, p := newWire(), newPeople()
			p.reached = c.reached
			w.status["delivery_status"] = c.status
			o := deliver(t, w, p, &c.cards, job(conversation.JobWroteFirst, conversation.WroteFirstJob{
				Message: "m-9", Ref: "amojo-9", Chat: "chat-9", User: "user-9", Phone: "+7999", Source: "line-2",
			}, c.attempts))
			if o.Verdict != c.verdict || o.PauseAccount != c.pause || (p.refused > 0) != c.pause {
				t.Errorf("outcome %+v, %d repairs", o, p.refused)
			}
			var asked conversation.Addressee
			if len(p.asked) > 0 {
				asked = p.asked[0]
			}
			if d := cmp.Diff(c.asked, asked); d != "" {
				t.Errorf("looked for (-want +got)\n%s", d)
			}
			if got := len(w.asked) == 1 && w.asked[0] == told; got != c.told || !c.told && len(w.asked) > 0 {
				t.Errorf("told %q", w.asked)
			}
			var want []outbox.Effect
			switch {
			case c.told && c.verdict != outbox.Later:
				want = []outbox.Effect{conversation.MessageFailed{Conversation: "chat-4711", Message: "m-9", Code: conversation.CodeUnknownConversation}}
			case !c.told && c.verdict == outbox.Done:
				want = []outbox.Effect{conversation.WroteFirst{Conversation: "chat-4711", To: "c-1", Chat: "chat-9", User: "user-9"}}
			}
			if d := cmp.Diff(want, o.Effects); d != "" {
				t.Errorf("effects (-want +got)\n%s", d)
			}
		})
	}
}

// TestEditsReactionsAndTheEnd: what goes out, and what becomes of an answer.
func TestEditsReactionsAndTheEnd(t *testing.T) {
	t.Parallel()
	edit := conversation.EditJob{Message: "m-1001", Kind: "text", Text: "Is it still available in red?", At: 1767225700050}
	picture := conversation.EditJob{Message: "m-1001", Kind: "picture", Text: "this one", At: 1767225700050}
	react := conversation.ReactJob{Message: "m-1001", Visitor: "client-981", Emoji: "👍"}
	const editBody = `POST  {"event_type":"edit_message","payload":{"timestamp":1767225700,"msec_timestamp":1767225700050,"msgid":"m-1001","conversation_id":"chat-4711","message":`
	away := fault.New(fault.Limited, "crm_busy")
	for _, c := range []struct {
		name    string
		job     outbox.Job
		status  int
		fail    error
		verdict outbox.Verdict
		pause   bool
		wire    string // "" for anything
		cards   []string
	}{
		{"edit (C §3.4.6)", job(conversation.JobEdit, edit, 0), 200, nil, outbox.Done, false, editBody + `{"type":"text","text":"Is it still available in red?"}}}`, nil},
		{"edit of a caption: the file stays", job(conversation.JobEdit, picture, 0), 200, nil, outbox.Done, false, editBody + `{"type":"picture","text":"this one"}}}`, nil},
		{"edit refused", job(conversation.JobEdit, edit, 0), 400, nil, outbox.Never, false, "", nil},
		{"edit, trouble there", job(conversation.JobEdit, edit, 50), 503, nil, outbox.Later, false, "", nil},
		{"edit, cut", job(conversation.JobEdit, edit, 0), 0, nil, outbox.Later, false, "", nil},
		{"edit, the scope is gone", job(conversation.JobEdit, edit, 0), 404, nil, outbox.Later, true, "", nil},
		{"reaction (C §3.7)", job(conversation.JobReact, react, 0), 200, nil, outbox.Done, false,
			`POST /react {"conversation_id":"chat-4711","msgid":"m-1001","user":{"id":"client-981"},"type":"react","emoji":"👍"}`, nil},
		{"reaction taken back", job(conversation.JobReact, conversation.ReactJob{Ref: "amojo-9", Visitor: "client-981"}, 0), 200, nil, outbox.Done, false,
			`POST /react {"conversation_id":"chat-4711","id":"amojo-9","user":{"id":"client-981"},"type":"unreact"}`, nil},
		{"reaction in a chat that an operator began (C §8.4)", job(conversation.JobReact, conversation.ReactJob{Ref: "amojo-9", Visitor: "client-981", Chat: chatRef, Emoji: "👍"}, 0), 200, nil, outbox.Done, false,
			`POST /react {"conversation_ref_id":"` + chatRef + `","id":"amojo-9","user":{"id":"client-981"},"type":"react","emoji":"👍"}`, nil},
		{"reaction to a message that is gone", job(conversation.JobReact, react, 0), 404, nil, outbox.Never, false, "", nil},
		{"reaction refused", job(conversation.JobReact, react, 0), 400, nil, outbox.Never, false, "", nil},
		{"reaction, too often tried", job(conversation.JobReact, react, statusTries), 503, nil, outbox.Never, false, "", nil},
		{"reaction, too many", job(conversation.JobReact, react, 0), 429, nil, outbox.Later, true, "", nil},
		{"close (C §7.5)", job(conversation.JobClose, conversation.CloseJob{Talk: 77}, 0), 200, nil, outbox.Done, false, "", []string{"close 77"}},
		{"close, the talk is not known yet", job(conversation.JobClose, conversation.CloseJob{}, 0), 200, nil, outbox.Later, false, "", nil},
		{"close without a talk", job(conversation.JobClose, conversation.CloseJob{}, talkTries), 200, nil, outbox.Done, false, "", nil},
		{"close, API v4 is busy", job(conversation.JobClose, conversation.CloseJob{Talk: 77}, 0), 200, away, outbox.Later, false, "", []string{"close 77"}},
		{"close, busy for too long", job(conversation.JobClose, conversation.CloseJob{Talk: 77}, closeTries), 200, away, outbox.Never, false, "", []string{"close 77"}},
		{"close refused", job(conversation.JobClose, conversation.CloseJob{Talk: 77}, 0), 200, fault.New(fault.Invalid, "crm_refused"), outbox.Never, false, "", []string{"close 77"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, p, k := newWire(), newPeople(), &cards{fail: c.fail}
			w.status[""], w.status["react"] = c.status, c.status
			o := deliver(t, w, p, k, c.job)
			if o.Verdict != c.verdict || o.PauseAccount != c.pause || o.Uncertain || len(o.Effects) > 0 {
				t.Errorf("outcome %+v", o)
			}
			if c.wire != "" && (len(w.asked) != 1 || w.asked[0] != c.wire) {
				t.Errorf("asked %q, want %s", w.asked, c.wire)
			}
			if !slices.Equal(k.asked, c.cards) {
				t.Errorf("asked API v4 %q, want %q", k.asked, c.cards)
			}
		})
	}
}
