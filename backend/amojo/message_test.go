package amojo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	messageRef = "b81d6f04-93ce-4a27-8f5b-1e7c0a9d2365"
	someAnswer = `{"new_message":{"msgid":"` + messageRef + `"}}`
)

// decoded gives a JSON text as values; numbers keep their digits.
func decoded(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}

func golden(t *testing.T, name string) any {
	t.Helper()
	raw, err := os.ReadFile("testdata/requests/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, raw)
}

// bodyOf gives the body that call sends; the service answers with answer.
func bodyOf(t *testing.T, target, answer string, status int, call func(context.Context, *Client, Channel) error) any {
	t.Helper()
	var body []byte
	c, ch := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got, want := r.Method+" "+r.RequestURI, "POST "+pathPrefix+target; got != want {
			t.Errorf("request = %s, want %s", got, want)
		}
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(status)
		io.WriteString(w, answer)
	})
	if err := call(t.Context(), c, ch); err != nil {
		t.Fatal(err)
	}
	return decoded(t, body)
}

// The objects of C §3.4.4 and §3.4.9, each with what its type requires.
func TestMessageOfEachType(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]Message{
		"message_text": {Out: Out{Type: TypeText, Text: "Is it still available?", Media: "https://files.example.org/not-of-a-text"}},
		"message_picture": {Out: Out{Type: TypePicture, Text: "this one", Media: "https://files.example.org/f/77.jpg", FileName: "77.jpg", FileBytes: 48211,
			Duration: time.Second, StickerID: "no", Location: &Location{}, Contact: &Contact{"a", "b"}}},
		"message_video":       {Out: Out{Type: TypeVideo, Text: "look", Media: "https://files.example.org/f/79.mp4", FileName: "79.mp4", FileBytes: 700000, Duration: 11500 * time.Millisecond}},
		"message_file":        {Out: Out{Type: TypeFile, Media: "https://files.example.org/f/80.pdf", FileName: "80.pdf", FileBytes: 1234}},
		"message_voice":       {Out: Out{Type: TypeVoice, Media: "https://files.example.org/f/78.ogg", FileName: "78.ogg", FileBytes: 9120, Duration: 7 * time.Second}},
		"message_audio":       {Out: Out{Type: TypeAudio, Media: "https://files.example.org/f/81.mp3"}},
		"message_sticker":     {Out: Out{Type: TypeSticker, Media: "https://files.example.org/s/12.webp", StickerID: "pack1-12", FileName: "12.webp"}},
		"message_location":    {Out: Out{Type: TypeLocation, Location: &Location{Lon: 37.6176, Lat: 55.7558}}},
		"message_contact":     {Out: Out{Type: TypeContact, Contact: &Contact{Name: "Ivan", Phone: "+79990003344"}}},
		"message_row":         {Out: Out{Text: "Tomorrow", CallbackData: "row-2"}},
		"message_shared_post": {Out: Out{Text: "See", SharedPost: &SharedPost{"https://social.example.org/p/1", "https://social.example.org/p/1.jpg", "https://cdn.example.org/1.jpg", "Social"}}},
		"message_comment": {Out: Out{Text: "Nice"}, Post: &Post{ID: "post-1", URL: "https://social.example.org/p/1", PreviewURL: "https://social.example.org/p/1.jpg",
			PreviewPermalink: "https://cdn.example.org/1.jpg", Username: "shop", Caption: "New shoes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			full := text1
			full.Out, full.Post = m.Out, m.Post
			got := bodyOf(t, ownScope, someAnswer, 200, func(ctx context.Context, c *Client, ch Channel) error {
				_, err := c.SendMessage(ctx, ch, ownScope, full)
				return err
			})
			want := golden(t, "send_message")
			want.(map[string]any)["payload"].(map[string]any)["message"] = golden(t, name)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

// C §3.4.7: what stands beside the message.
func TestQuotesAndForwards(t *testing.T) {
	t.Parallel()
	told := Quote{Out: Out{Text: "our price list"}, SentAt: time.Unix(1767200000, 0), Author: Author{Name: "Shop"}}
	video := Quote{Out: Out{Type: TypeVideo, Text: "look", Media: "https://files.example.org/not-told", FileName: "79.mp4", FileBytes: 700000, Duration: 12 * time.Second},
		SentAt: time.Unix(1767200000, 0), Author: Author{ID: "client-981", Ref: annaRef}}
	for name, m := range map[string]Message{
		"reply_to":      {ReplyTo: &Quote{ID: "m-1001", Out: told.Out, SentAt: told.SentAt, Author: told.Author}},
		"reply_to_ref":  {ReplyTo: &Quote{ID: "m-1001", Ref: hookRef}},
		"forwards":      {Forward: &Forward{Quote: told}},
		"forwards_chat": {Forward: &Forward{Quote: video, Conversation: "chat-1", ConversationRef: ownChat}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			full := text1
			full.ReplyTo, full.Forward = m.ReplyTo, m.Forward
			got := bodyOf(t, ownScope, someAnswer, 200, func(ctx context.Context, c *Client, ch Channel) error {
				_, err := c.SendMessage(ctx, ch, ownScope, full)
				return err
			})
			want := golden(t, "send_message")
			for key, v := range golden(t, name).(map[string]any) {
				want.(map[string]any)["payload"].(map[string]any)[key] = v
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

// Bodies of C §3.4.4, §3.4.6, §3.6 and §3.7; every form of success counts.
func TestOtherRequests(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1767225700050)
	for _, tt := range []struct {
		golden, target string
		status         int
		answer         string
		call           func(context.Context, *Client, Channel) error
	}{
		{"send_outgoing", ownScope, 200, someAnswer, func(ctx context.Context, c *Client, ch Channel) error {
			_, err := c.SendMessage(ctx, ch, ownScope, Message{ID: "m-1002", Conversation: "chat-4711", SentAt: at, Silent: true,
				Sender:   Participant{ID: "operator-3", Ref: oleg, Name: "Oleg"},
				Receiver: &Participant{ID: "client-981", Name: "Anna Petrova", Phone: "+79990001122"}, Out: Out{Text: "Yes, two left."}})
			return err
		}},
		{"edit_message", ownScope, 200, someAnswer, func(ctx context.Context, c *Client, ch Channel) error {
			return c.EditMessage(ctx, ch, ownScope, Edit{ID: "m-1001", Conversation: "chat-4711", At: at, Out: Out{Text: "Is it still available in red?"}})
		}},
		{"edit_binding", ownScope, 200, "", func(ctx context.Context, c *Client, ch Channel) error {
			return c.EditMessage(ctx, ch, ownScope, Edit{ID: "m-1003", Ref: hookRef, Conversation: "chat-4711", ConversationRef: ownChat, At: at,
				Out: Out{Type: TypePicture}, Status: &DeliveryStatus{Failed, CannotConverse, "No such user"}})
		}},
		{"typing", ownScope + "/typing", 204, "", func(ctx context.Context, c *Client, ch Channel) error {
			return c.SetTyping(ctx, ch, ownScope, "chat-4711", "client-981", 4*time.Second)
		}},
		{"typing_default", ownScope + "/typing", 200, "{}", func(ctx context.Context, c *Client, ch Channel) error {
			return c.SetTyping(ctx, ch, ownScope, "chat-4711", "client-981", 0)
		}},
		{"react", ownScope + "/react", 200, "{}", func(ctx context.Context, c *Client, ch Channel) error {
			return c.React(ctx, ch, ownScope, Reaction{Conversation: "chat-4711", ConversationRef: ownChat, Message: "m-1001", Ref: messageRef,
				Visitor: "client-981", User: annaRef, Emoji: "👍"})
		}},
		{"unreact", ownScope + "/react", 200, "", func(ctx context.Context, c *Client, ch Channel) error {
			return c.Unreact(ctx, ch, ownScope, Reaction{ConversationRef: ownChat, Ref: hookRef, User: oleg})
		}},
		{"connect_without_window", ownChannel + "/connect", 200, `{"scope_id":"` + ownScope + `","is_time_window_disabled":true}`, func(ctx context.Context, c *Client, ch Channel) error {
			got, err := c.Connect(ctx, ch, ownAccount, ConnectOptions{Title: "Support line", NoTimeWindow: true})
			if want := (Connection{ScopeID: ownScope, NoTimeWindow: true}); err == nil && got != want {
				err = errors.New("the connection is read wrongly")
			}
			return err
		}},
	} {
		t.Run(tt.golden, func(t *testing.T) {
			t.Parallel()
			got := bodyOf(t, tt.target, tt.answer, tt.status, tt.call)
			if diff := cmp.Diff(golden(t, tt.golden), got); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

// C §3.4.5 and §11: the forms of the answer.
func TestAnswersToAMessage(t *testing.T) {
	t.Parallel()
	outgoing := text1
	outgoing.Sender.Ref, outgoing.Receiver = oleg, &anna
	for _, tt := range []struct {
		name, answer string
		want         Sent
	}{
		{"all fields", `{"new_message":{"conversation_id":"` + ownChat + `","sender_id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815","receiver_id":"e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473","msgid":"` + messageRef + `","ref_id":"m-1001"}}`,
			Sent{messageRef, ownChat, oleg, annaRef}},
		{"msgid alone", someAnswer, Sent{Ref: messageRef}},
		{"msgid and ref_id", `{"new_message":{"msgid":"` + messageRef + `","ref_id":"m-1001"}}`, Sent{Ref: messageRef}},
		{"msgid and ref_id swapped", `{"new_message":{"msgid":"m-1001","ref_id":"` + messageRef + `"}}`, Sent{Ref: messageRef}},
		{"our own conversation id, no receiver", `{"new_message":{"conversation_id":"chat-4711","receiver_id":null,"msgid":"` + messageRef + `"}}`, Sent{Ref: messageRef}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, ch := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, tt.answer) })
			got, err := c.SendMessage(t.Context(), ch, ownScope, outgoing)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("sent = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// What C §3.4 requires and is not there never leaves us.
func TestIncompleteIsNotSent(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	ch := ours("http://127.0.0.1:1")
	send := func(change func(*Message)) func() error {
		m := text1
		change(&m)
		return func() error { _, err := c.SendMessage(t.Context(), ch, ownScope, m); return err }
	}
	out := func(o Out) func() error { return send(func(m *Message) { m.Out = o }) }
	edit := func(change func(*Edit)) func() error {
		e := Edit{ID: "m-1001", Conversation: "chat-4711", At: text1.SentAt, Out: Out{Text: "x"}}
		change(&e)
		return func() error { return c.EditMessage(t.Context(), ch, ownScope, e) }
	}
	quote := func(q Quote) func() error { return send(func(m *Message) { m.ReplyTo = &q }) }
	react := func(r Reaction) func() error { return func() error { return c.React(t.Context(), ch, ownScope, r) } }
	const file = "https://files.example.org/f/77.jpg"
	for name, call := range map[string]func() error{
		"no id":                  send(func(m *Message) { m.ID = "" }),
		"no conversation":        send(func(m *Message) { m.Conversation = "" }),
		"no time":                send(func(m *Message) { m.SentAt = time.Time{} }),
		"no sender":              send(func(m *Message) { m.Sender.ID = "" }),
		"no name":                send(func(m *Message) { m.Sender.Name = "" }),
		"receiver, no operator":  send(func(m *Message) { m.Receiver = &anna }),
		"receiver without name":  send(func(m *Message) { m.Sender.Ref, m.Receiver = oleg, &Participant{ID: "client-981"} }),
		"post without address":   send(func(m *Message) { m.Post = &Post{ID: "p"} }),
		"empty text":             out(Out{}),
		"unknown type":           out(Out{Type: "image", Text: "x", Media: file}),
		"picture without file":   out(Out{Type: TypePicture, FileName: "a", FileBytes: 1}),
		"picture without name":   out(Out{Type: TypePicture, Media: file, FileBytes: 1}),
		"file without size":      out(Out{Type: TypeFile, Media: file, FileName: "a"}),
		"video of negative size": out(Out{Type: TypeVideo, Media: file, FileName: "a", FileBytes: -1}),
		"voice without file":     out(Out{Type: TypeVoice}),
		"audio at no address":    out(Out{Type: TypeAudio, Media: "/f/77.mp3"}),
		"audio of this machine":  out(Out{Type: TypeAudio, Media: "file:///etc/passwd"}),
		"sticker by id alone":    out(Out{Type: TypeSticker, StickerID: "pack1-12"}),
		"no location":            out(Out{Type: TypeLocation}),
		"location off the map":   out(Out{Type: TypeLocation, Location: &Location{Lon: 37, Lat: 91}}),
		"location of nonsense":   out(Out{Type: TypeLocation, Location: &Location{Lon: math.NaN()}}),
		"no contact":             out(Out{Type: TypeContact}),
		"contact without phone":  out(Out{Type: TypeContact, Contact: &Contact{Name: "Ivan"}}),
		"shared post nowhere":    out(Out{Text: "x", SharedPost: &SharedPost{}}),
		"quote without time":     quote(Quote{Out: Out{Text: "x"}, Author: Author{Name: "Shop"}}),
		"quote without author":   quote(Quote{Out: Out{Text: "x"}, SentAt: text1.SentAt}),
		"quote without text":     quote(Quote{SentAt: text1.SentAt, Author: Author{Name: "Shop"}}),
		"quote without location": quote(Quote{Out: Out{Type: TypeLocation}, SentAt: text1.SentAt, Author: Author{Name: "Shop"}}),
		"forward of nothing":     send(func(m *Message) { m.Forward = &Forward{} }),
		"edit of nothing":        edit(func(e *Edit) { e.ID = "" }),
		"edit nowhere":           edit(func(e *Edit) { e.Conversation = "" }),
		"edit without time":      edit(func(e *Edit) { e.At = time.Time{} }),
		"edit to nothing":        edit(func(e *Edit) { e.Text = "" }),
		"edit to half a file":    edit(func(e *Edit) { e.Out = Out{Type: TypeFile, Media: file} }),
		"typing nowhere":         func() error { return c.SetTyping(t.Context(), ch, ownScope, "", "client-981", 0) },
		"typing by nobody":       func() error { return c.SetTyping(t.Context(), ch, ownScope, "chat-4711", "", 0) },
		"reaction without emoji": react(Reaction{Conversation: "chat-4711", Message: "m-1001", Visitor: "client-981"}),
		"reaction to nothing":    react(Reaction{Conversation: "chat-4711", Visitor: "client-981", Emoji: "👍"}),
		"reaction of nobody":     react(Reaction{Conversation: "chat-4711", Message: "m-1001", Emoji: "👍"}),
		"reaction nowhere":       react(Reaction{Message: "m-1001", Visitor: "client-981", Emoji: "👍"}),
	} {
		t.Run(name, func(t *testing.T) {
			if err := call(); !NotSent(err) || !errors.Is(err, ErrIncomplete) {
				t.Errorf("error = %v, want not sent because incomplete", err)
			}
		})
	}
}
