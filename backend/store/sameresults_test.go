package store

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// outcome is all that a scenario left behind, in a form that both databases share.
type outcome struct {
	Saved    []conversation.Saved
	Payloads []map[string]any
	Errors   []string
	Thread   conversation.Conversation
	Proven   conversation.Proven
	Visitor  conversation.Visitor
	Messages []conversation.Message
	Jobs     []map[string]any
	LastAt   int64
	Touched  int64
	Due      int64
	Token    string
	Orphans  int
}

// note keeps what a save gave; jobs are compared as what they say, not as spelled.
func (o *outcome) note(t *testing.T, s conversation.Saved, err error) {
	t.Helper()
	if s.Job != nil {
		var p map[string]any
		must(t, json.Unmarshal(s.Job.Payload, &p))
		j := *s.Job
		j.Payload = nil
		s.Job = &j
		o.Payloads = append(o.Payloads, said(p))
	}
	o.Saved, o.Errors = append(o.Saved, s), append(o.Errors, fault.CodeOf(err))
}

// said leaves empty values out: one way writes them, the other does not.
func said(p map[string]any) map[string]any {
	for k, v := range p {
		if v == "" {
			delete(p, k)
		}
	}
	return p
}

func (w *world) look(t *testing.T, o *outcome, c chatid.ConversationID, v chatid.VisitorID) {
	t.Helper()
	o.Thread, o.Proven = w.thread(t, c), w.proven(t, v)
	must(t, w.reader(testContext).row(`SELECT last_at, touched_at, coalesce(due_at, -1), token FROM conversations WHERE id = ?`, string(c)).
		Scan(&o.LastAt, &o.Touched, &o.Due, &o.Token))
	must(t, w.reader(testContext).row(`SELECT name, phone, email, alias, locale FROM visitors WHERE id = ?`, string(v)).
		Scan(&o.Visitor.Name, &o.Visitor.Phone, &o.Visitor.Email, &o.Visitor.Alias, &o.Visitor.Locale))
	var err error
	o.Messages, err = w.messages(testContext, `ORDER BY conversation_id, seq`)
	must(t, err)
	o.Orphans = w.count(t, `SELECT count(*) FROM conversations WHERE visitor_id = ''`)
	rows, err := w.reader(testContext).rows(`SELECT payload FROM outbox ORDER BY conversation_id, seq`)
	must(t, err)
	defer rows.Close()
	o.Jobs, err = collect(rows, func(r scanner) (p map[string]any, err error) {
		var raw []byte
		if err = r.Scan(&raw); err == nil {
			err = json.Unmarshal(raw, &p)
		}
		return said(p), err
	})
	must(t, err)
}

// Both databases, and so both ways of PostgreSQL, leave the same behind in each case.
func TestBothDatabasesLeaveTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(t *testing.T, w *world, o *outcome, c chatid.ConversationID)
	}{
		{"a text in an idle lane", func(t *testing.T, w *world, o *outcome, _ chatid.ConversationID) { w.say(t, o, w.inbound("v1", "two")) }},
		{"two texts in a row", func(t *testing.T, w *world, o *outcome, _ chatid.ConversationID) {
			w.say(t, o, w.inbound("v1", "two"))
			w.say(t, o, w.inbound("v1", "three"))
		}},
		{"a repeat", func(t *testing.T, w *world, o *outcome, _ chatid.ConversationID) {
			in := w.inbound("v1", "two")
			w.say(t, o, in)
			in.Message.ID, in.Token = "other", "other"
			w.say(t, o, in)
		}},
		{"a full lane", func(t *testing.T, w *world, o *outcome, _ chatid.ConversationID) {
			for _, text := range []string{"one", "two", "three"} {
				in := w.inbound("v1", text)
				in.MaxWaiting = 2
				w.say(t, o, in)
			}
		}},
		{"fields that the page tells at last", func(t *testing.T, w *world, o *outcome, _ chatid.ConversationID) {
			for _, name := range []string{"Ann", "Bob"} {
				in := w.inbound("v1", "two")
				in.Visitor.Name, in.Visitor.Phone, in.Visitor.Locale = name, "+100", "pt"
				w.say(t, o, in)
			}
		}},
		{"a phone that is proven later", func(t *testing.T, w *world, o *outcome, _ chatid.ConversationID) {
			w.sayProven(t, o, conversation.Proven{ExternalID: "p1"}, conversation.Proven{ExternalID: "p1", Phone: "+100"})
		}},
		{"a contact that is known later", func(t *testing.T, w *world, o *outcome, _ chatid.ConversationID) {
			w.sayProven(t, o, conversation.Proven{ExternalID: "p1"}, conversation.Proven{ExternalID: "p1", Contact: 501})
		}},
		{"another person's token, and none", func(t *testing.T, w *world, o *outcome, _ chatid.ConversationID) {
			w.sayProven(t, o, conversation.Proven{ExternalID: "p1", Phone: "+100", Contact: 501}, conversation.Proven{ExternalID: "p2", Contact: 7}, conversation.Proven{})
		}},
		{"a message that opens the conversation anew", func(t *testing.T, w *world, o *outcome, c chatid.ConversationID) {
			s, err := w.Conversations().SaveEnd(testContext, conversation.End{Account: w.account, Conversation: c, ID: "e1", ByVisitor: true, Holder: w.holder()})
			o.note(t, s, err)
			w.say(t, o, w.inbound("v1", "two"))
		}},
		{"an operator's that opens it anew", func(t *testing.T, w *world, o *outcome, c chatid.ConversationID) {
			s, err := w.Conversations().SaveEnd(testContext, conversation.End{Account: w.account, Conversation: c, ID: "e1", Holder: w.holder()})
			o.note(t, s, err)
			w.hear(t, o, w.outbound(c, "Hi"))
		}},
		{"a chat that an operator began", func(t *testing.T, w *world, o *outcome, c chatid.ConversationID) {
			in := w.outbound(c, "Hi")
			in.Chat, in.User = "chat-1", "user-1"
			w.hear(t, o, in)
			in = w.outbound(c, "Hi again")
			in.Chat, in.User = "chat-2", "user-2"
			w.hear(t, o, in)
			w.say(t, o, w.inbound("v1", "two"))
			in = w.outbound("", "by the former chat")
			in.Chat = "chat-1"
			w.hear(t, o, in)
		}},
		{"hooks of one moment", func(t *testing.T, w *world, o *outcome, c chatid.ConversationID) {
			for _, ref := range []chatid.MessageRef{"r1", "v1:1", "r2", "r1", "v1:1", "v1:2"} {
				in := w.outbound(c, "same")
				in.Message.Ref, in.Message.At = ref, 1767225800740
				w.hear(t, o, in)
			}
		}},
		{"a clock set back", func(t *testing.T, w *world, o *outcome, c chatid.ConversationID) {
			w.now = w.now.Add(-time.Hour)
			w.say(t, o, w.inbound("v1", "two"))
			w.hear(t, o, w.outbound(c, "Hi"))
		}},
		{"a paused account", func(t *testing.T, w *world, o *outcome, _ chatid.ConversationID) {
			s := w.write(t, w.inbound("v1", "two"))
			w.settle(t, *s.Claim, *s.Job, pauseOutcome(w.now.Add(time.Minute)))
			w.say(t, o, w.inbound("v1", "three"))
		}},
		{"a hook for nobody, twice", func(t *testing.T, w *world, o *outcome, _ chatid.ConversationID) {
			in := w.outbound("unknown", "Hi")
			in.Chat = "chat-9"
			w.hear(t, o, in)
			w.hear(t, o, in)
		}},
		{"a kind that is refused", func(t *testing.T, w *world, o *outcome, c chatid.ConversationID) {
			in := w.outbound(c, "")
			in.KindRefused = &conversation.StatusJob{Status: conversation.Failed, Code: 905, Text: "delivery.unsupported_kind"}
			w.hear(t, o, in)
		}},
		{"everything that is not text", func(t *testing.T, w *world, o *outcome, c chatid.ConversationID) {
			in := w.outbound(c, "")
			in.Message.Location = &conversation.Location{Lat: 55.7558, Lon: 37.6176}
			in.Message.Kind = conversation.KindLocation
			w.hear(t, o, in)
			w.hear(t, o, w.operatorsFile(c, "look"))
			reply := w.inbound("v1", "this")
			reply.ReplyTo = in.Message.ID
			w.say(t, o, reply)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var both [2]outcome
			for i, dsn := range []string{"sqlite:" + filepath.Join(t.TempDir(), "leadline.db"), postgresDSN(t)} {
				w := newWorld(t, dsn)
				thread := w.known(t, "v1")
				w.now = w.now.Add(time.Second)
				c.do(t, w, &both[i], thread)
				w.look(t, &both[i], thread, "v1")
			}
			if len(both[0].Saved) == 0 {
				t.Fatal("nothing was tried")
			}
			equal(t, "SQLite (-) and PostgreSQL (+)", both[1], both[0])
		})
	}
}

// say stores a visitor's message, and hear a hook's; lanes they claim are given back.
func (w *world) say(t *testing.T, o *outcome, in conversation.NewInbound) {
	t.Helper()
	s, err := w.Conversations().SaveInbound(testContext, in)
	o.note(t, s, err)
	w.back(t, s.Claim)
}

func (w *world) sayProven(t *testing.T, o *outcome, tokens ...conversation.Proven) {
	t.Helper()
	for _, p := range tokens {
		in := w.inbound("v1", "two")
		in.Visitor.Proven = p
		w.say(t, o, in)
	}
}

func (w *world) hear(t *testing.T, o *outcome, in conversation.NewOutbound) {
	t.Helper()
	s, err := w.Conversations().SaveOutbound(testContext, in)
	o.note(t, s, err)
	w.back(t, s.Claim)
}

func (w *world) back(t *testing.T, c *outbox.Claim) {
	t.Helper()
	if c != nil {
		must(t, w.Outbox().Release(testContext, *c))
	}
}
