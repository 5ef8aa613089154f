package store

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// wroteFirst stores a hook of a chat that an operator began (C §8.4, step 1).
func (w *world) wroteFirst(t testing.TB, chat chatid.ChatRef, user chatid.UserRef, text string) conversation.Saved {
	t.Helper()
	in := w.outbound("", text)
	in.Chat, in.User = chat, user
	in.WroteFirst = conversation.WroteFirstJob{Chat: chat, User: user, Phone: "+79990001122", Source: "line-2"}
	return w.receive(t, in)
}

func foundOutcome(orphan, to chatid.ConversationID, chat chatid.ChatRef, user chatid.UserRef) outbox.Outcome {
	return outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{
		conversation.WroteFirst{Conversation: orphan, To: to, Chat: chat, User: user},
	}}
}

func textsOf(list []conversation.Message) (texts []string) {
	for _, m := range list {
		texts = append(texts, m.Text)
	}
	return texts
}

// The whole of C §8.4, but the asking: what the operator wrote moves to the
// visitor, the answer names both chat and user, and both chats find the
// conversation from then on.
func TestWroteFirstIsAdopted(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		hello := w.write(t, w.inbound("v1", "Hello"))
		c := hello.Message.Conversation
		w.settle(t, *hello.Claim, *hello.Job, outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{
			conversation.MessageSent{Conversation: c, Message: hello.Message.ID, Ref: "r1", Chat: "chat-1", User: "user-1"},
		}})
		ended, err := s.SaveEnd(testContext, conversation.End{Account: w.account, Conversation: c, ID: "e1", Holder: w.holder()})
		must(t, err)

		w.now = w.now.Add(40 * 24 * time.Hour)
		first := w.wroteFirst(t, "chat-9", "user-9", "Are you there?")
		equal(t, "job", payload[conversation.WroteFirstJob](t, first.Job, conversation.JobWroteFirst), conversation.WroteFirstJob{
			Message: first.Message.ID, Ref: first.Message.Ref, Chat: "chat-9", User: "user-9", Phone: "+79990001122", Source: "line-2",
		})
		orphan := first.Message.Conversation
		refused := w.outbound("", "refused")
		refused.Chat, refused.KindRefused = "chat-9", &conversation.StatusJob{Status: conversation.Failed, Code: 905, Text: "delivery.unsupported_kind"}
		w.receive(t, refused)
		second := w.wroteFirst(t, "chat-9", "user-9", "A new offer!")
		equal(t, "thread of the second", second.Message.Conversation, orphan)
		equal(t, "the visitor's until then", textsOf(w.all(t, c)), []string{"Hello", ""})

		if !w.settle(t, *first.Claim, *first.Job, foundOutcome(orphan, c, "chat-9", "user-9")) {
			t.Error("the second job was lost")
		}
		list := w.all(t, c)
		equal(t, "moved, but what was given up", textsOf(list), []string{"Hello", "", "Are you there?", "A new offer!"})
		for i, m := range list[2:] {
			if m.Seq != ended.Message.Seq+1+int64(i) || m.Rev != m.Seq || m.Status != conversation.Stored || m.Conversation != c {
				t.Errorf("moved = %+v", m)
			}
		}
		th := w.thread(t, c)
		if th.ChatRef != "chat-9" || th.UserRef != "user-9" || !th.EndedAt.IsZero() || th.Seq != list[3].Rev {
			t.Errorf("conversation = %+v", th)
		}
		if o := w.thread(t, orphan); o.ChatRef != "" || o.Visitor != "" {
			t.Errorf("the thread of nobody = %+v", o)
		}
		active, err := w.Gaps().Unhealed(testContext, conversation.Gap{Account: w.account, At: w.now}, w.now, "", 10)
		must(t, err)
		if len(active) != 1 || active[0].ID != c {
			t.Errorf("active = %+v: something was said in it just now", active)
		}
		// The second job finds its work done.
		jobs := w.jobs(t, *first.Claim)
		for _, j := range jobs {
			w.settle(t, *first.Claim, j, foundOutcome(orphan, c, "chat-9", "user-9"))
		}
		equal(t, "counter", w.thread(t, c).Seq, th.Seq)

		// Before step 3 the service knows only its own name of the chat.
		reaction, err := s.SaveReaction(testContext, w.change(c, list[2].ID), "👍")
		must(t, err)
		equal(t, "reaction", payload[conversation.ReactJob](t, reaction.Job, conversation.JobReact),
			conversation.ReactJob{Ref: list[2].Ref, Visitor: "v1", Chat: "chat-9", Emoji: "👍"})
		w.drain(t, *reaction.Claim)

		// Step 3: both pairs with the answer, and with what follows.
		for _, text := range []string{"Who is this?", "Hello?"} {
			answer := w.write(t, w.inbound("v1", text))
			job := payload[conversation.MessageJob](t, answer.Job, conversation.JobMessage)
			if job.Chat != "chat-9" || job.User != "user-9" {
				t.Errorf("job = %+v", job)
			}
			w.drain(t, *answer.Claim)
		}
		// Step 4: hooks that name only the chat, the new one or the old.
		for _, chat := range []chatid.ChatRef{"chat-9", "chat-1"} {
			if got := w.wroteFirst(t, chat, "", "more"); got.Message.Conversation != c || got.Job != nil {
				t.Errorf("hook for %s = %+v", chat, got)
			}
			found, err := s.ByChat(testContext, w.account, chat)
			must(t, err)
			equal(t, "found by "+string(chat), found.ID, c)
		}
		// The operator went on in the earlier chat: so does the conversation.
		answer := w.write(t, w.inbound("v1", "here?"))
		if job := payload[conversation.MessageJob](t, answer.Job, conversation.JobMessage); job.Chat != "chat-1" {
			t.Errorf("job = %+v", job)
		}
	})
}

// A visitor who was told of by a user token and whose first message was never
// answered has no chat yet.
func TestWroteFirstToAConversationWithoutAChat(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		first := w.wroteFirst(t, "chat-9", "user-9", "Hi")
		w.settle(t, *first.Claim, *first.Job, foundOutcome(first.Message.Conversation, c, "chat-9", "user-9"))
		answer := w.write(t, w.inbound("v1", "Who is this?"))
		job := payload[conversation.MessageJob](t, answer.Job, conversation.JobMessage)
		if job.Chat != "chat-9" || job.User != "user-9" || job.Contact != 0 {
			t.Errorf("job = %+v", job)
		}
	})
}

// Its file, if it is here, goes along; one on its way is stored where it is needed.
func TestWroteFirstWithFiles(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		file := func(text string) conversation.NewOutbound {
			in := w.operatorsFile("", text)
			in.Chat = "chat-9"
			return in
		}
		here, away := file("here"), file("on its way")
		first := w.receive(t, here)
		w.saveFetched(t, fetched(w.claimFetches(t, 1)[0]), nil)
		w.receive(t, away)
		w.settle(t, *first.Claim, *first.Job, foundOutcome(first.Message.Conversation, c, "chat-9", ""))
		got := w.saveFetched(t, fetched(w.claimFetches(t, 1)[0]), nil)
		equal(t, "the other's visitor", got.Visitor, "v1")
		for _, in := range []conversation.NewOutbound{here, away} {
			m := w.stored(t, in.Message.ID)
			if m.Pending || m.Attached == nil || m.Attached.State != conversation.FileReady || m.Attached.Conversation != c || m.Conversation != c {
				t.Errorf("%s = %+v, %+v", in.Message.Text, m, m.Attached)
			}
		}
	})
}

func TestWroteFirstMovesNothingElsewhere(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		mine, theirs := w.known(t, "v1"), w.known(t, "v2")
		orphan := w.wroteFirst(t, "chat-9", "", "Hi")
		other := w.wroteFirst(t, "chat-8", "", "Ho").Message.Conversation
		first := w.account
		w.account = w.newAccount(t, 2)
		foreign := w.known(t, "v3")
		w.account = first
		for name, to := range map[string]chatid.ConversationID{
			"another account's": foreign, "a thread of nobody": other, "none": "none", "itself": orphan.Message.Conversation,
		} {
			must(t, w.do(testContext, func(x *tx) error {
				l, err := x.lane(` WHERE c.id = ?`, string(orphan.Message.Conversation))
				if err == nil {
					err = x.adopt(l, conversation.WroteFirst{To: to, Chat: "chat-9"})
				}
				return err
			}))
			if got := w.stored(t, orphan.Message.ID).Conversation; got != orphan.Message.Conversation {
				t.Errorf("moved to %s", name)
			}
		}
		// A visitor's thread is nobody's to move.
		must(t, w.do(testContext, func(x *tx) error {
			l, err := x.lane(` WHERE c.id = ?`, string(mine))
			if err == nil {
				err = x.adopt(l, conversation.WroteFirst{To: theirs, Chat: "chat-7"})
			}
			return err
		}))
		equal(t, "a visitor's messages", len(w.all(t, mine)), 1)
	})
}

// Hooks of a chat that nobody knows, at the same moment: one thread.
func TestConcurrentHooksOfAnUnknownChat(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var g errgroup.Group
		threads := make(chan chatid.ConversationID, writers)
		for i := range writers {
			in := w.outbound("", fmt.Sprint(i/2))
			in.Chat, in.WroteFirst.Chat = "chat-9", "chat-9"
			in.Message.Ref = chatid.MessageRef(fmt.Sprint("r", i/2)) // each comes twice
			in.Message.At += int64(i / 2)
			g.Go(func() error {
				s, err := w.Conversations().SaveOutbound(testContext, in)
				threads <- s.Message.Conversation
				return err
			})
		}
		must(t, g.Wait())
		close(threads)
		seen := map[chatid.ConversationID]bool{}
		for c := range threads {
			seen[c] = true
		}
		equal(t, "threads", len(seen), 1)
		equal(t, "stored threads", w.count(t, `SELECT count(*) FROM conversations`), 1)
		equal(t, "messages", w.count(t, `SELECT count(*) FROM messages`), writers/2)
		equal(t, "jobs", w.count(t, `SELECT count(*) FROM outbox`), writers/2)
	})
}

// chatOf makes an online chat with a source and a visitor's conversation in it.
func (w *world) chatOf(t testing.TB, source string, v conversation.Visitor) chatid.ConversationID {
	t.Helper()
	v.Account, v.Chat = w.account, chatid.ChatID(w.id())
	must(t, w.do(testContext, func(x *tx) error {
		_, err := x.exec(`INSERT INTO online_chats (id, account_id, source_external_id, created_at) VALUES (?, ?, ?, 0)`, string(v.Chat), string(w.account), source)
		return err
	}))
	in := w.inbound(v.ID, "Hello")
	in.Visitor = v
	s := w.write(t, in)
	w.drain(t, *s.Claim)
	return s.Message.Conversation
}

// design.md §9: only what is proven finds a visitor whom an operator writes to.
func TestWhomAnOperatorReaches(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		person := conversation.Proven{ExternalID: "p1", Phone: "+79990001122", Contact: 501}
		one := w.chatOf(t, "line-1", conversation.Visitor{ID: "v1", Proven: person})
		w.now = w.now.Add(time.Hour)
		two := w.chatOf(t, "line-2", conversation.Visitor{ID: "v2", Proven: person})
		w.now = w.now.Add(time.Hour)
		bare := w.chatOf(t, "", conversation.Visitor{ID: "v3", Proven: person})
		claimed := w.chatOf(t, "line-4", conversation.Visitor{ID: "v4", Phone: "+49301234567"})
		for _, c := range []struct {
			name, source string
			want         chatid.ConversationID
		}{
			{"of the source that is named", "line-1", one},
			{"of another source", "line-2", two},
			{"of a source that the visitor never used: the latest", "line-4", bare},
			{"of no source: the latest", "", bare},
		} {
			byContact, err := s.ByContact(testContext, w.account, 501, c.source)
			must(t, err)
			equal(t, "by contact, "+c.name, byContact.ID, c.want)
			byPhone, err := s.ByPhone(testContext, w.account, "+79990001122", c.source)
			must(t, err)
			equal(t, "by phone, "+c.name, byPhone.ID, c.want)
		}
		w.now = w.now.Add(time.Hour)
		w.receive(t, w.outbound(one, "Hi")) // spoken in last
		latest, err := s.ByContact(testContext, w.account, 501, "")
		must(t, err)
		equal(t, "the one spoken in last", latest.ID, one)
		other := w.newAccount(t, 2)
		for name, err := range map[string]error{
			"by no contact":                   second(s.ByContact(testContext, w.account, 0, "line-1")),
			"by another contact":              second(s.ByContact(testContext, w.account, 502, "line-1")),
			"by a contact elsewhere":          second(s.ByContact(testContext, other, 501, "line-1")),
			"by no phone":                     second(s.ByPhone(testContext, w.account, "", "line-1")),
			"by a phone that was typed":       second(s.ByPhone(testContext, w.account, "+49301234567", "line-4")),
			"by a proven phone, but not here": second(s.ByPhone(testContext, other, "+79990001122", "line-1")),
			"by no chat":                      second(s.ByChat(testContext, w.account, "")),
			"by an unknown chat":              second(s.ByChat(testContext, w.account, "chat-0")),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// What the CRM says of the contact finds the visitor as well.
		must(t, s.SaveTalk(testContext, w.account, claimed, conversation.Talk{Contact: 777}))
		found, err := s.ByContact(testContext, w.account, 777, "")
		must(t, err)
		equal(t, "by the CRM's word", found.ID, claimed)
	})
}

func TestVisitorByExternalID(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		in := w.inbound("v1", "Hello")
		in.Visitor.Proven = conversation.Proven{ExternalID: "p1"}
		w.write(t, in)
		w.write(t, w.inbound("v2", "Hello"))
		got, err := s.VisitorByExternalID(testContext, w.account, chat, "p1")
		must(t, err)
		equal(t, "visitor", got, "v1")
		for name, err := range map[string]error{
			"no id":           second(s.VisitorByExternalID(testContext, w.account, chat, "")),
			"another id":      second(s.VisitorByExternalID(testContext, w.account, chat, "p2")),
			"another chat":    second(s.VisitorByExternalID(testContext, w.account, "other", "p1")),
			"another account": second(s.VisitorByExternalID(testContext, w.newAccount(t, 2), chat, "p1")),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		claim := func(v chatid.VisitorID, id string) bool {
			t.Helper()
			ok, err := s.ClaimVisitor(testContext, w.account, chat, v, id)
			must(t, err)
			return ok
		}
		for name, ok := range map[string]bool{
			"somebody who is known": claim("v1", "p2"), "an id that is taken": claim("v2", "p1"), "who never wrote": claim("v9", "p2"),
		} {
			if ok {
				t.Errorf("claimed %s", name)
			}
		}
		if !claim("v2", "p2") || claim("v2", "p2") || claim("v2", "p3") {
			t.Error("an anonymous visitor is claimed once")
		}
		got, err = s.VisitorByExternalID(testContext, w.account, chat, "p2")
		must(t, err)
		equal(t, "claimed visitor", got, "v2")
	})
}

func TestActiveConversations(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		with := func(v chatid.VisitorID, chat chatid.ChatRef) chatid.ConversationID {
			t.Helper()
			c := w.known(t, v)
			if chat != "" {
				in := w.outbound(c, "Hi")
				in.Chat = chat
				w.receive(t, in)
			}
			return c
		}
		with("v0", "chat-0") // before the time
		w.now = w.now.Add(time.Hour)
		var want []chatid.ConversationID
		for i := range 3 {
			want = append(want, with(chatid.VisitorID(fmt.Sprint("v1", i)), chatid.ChatRef(fmt.Sprint("chat-1", i))))
		}
		with("v2", "")                            // the service does not know it
		w.wroteFirst(t, "chat-9", "user-9", "Hi") // nobody's
		var got []chatid.ConversationID
		after := chatid.ConversationID("")
		for {
			list, err := w.Gaps().Unhealed(testContext, conversation.Gap{Account: w.account, At: w.now}, w.now, after, 2)
			must(t, err)
			for _, c := range list {
				got, after = append(got, c.ID), c.ID
			}
			if len(list) < 2 {
				break
			}
		}
		equal(t, "active, in pages", got, want)
		list, err := w.Gaps().Unhealed(testContext, conversation.Gap{Account: w.newAccount(t, 2), At: w.now}, w.now, "", 10)
		must(t, err)
		equal(t, "another account's", len(list), 0)
	})
}

func TestOneTaskOfAKindWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		c := w.known(t, "v1")
		add := func(k outbox.Kind) conversation.Saved {
			t.Helper()
			got, err := s.AddTask(testContext, conversation.Task{
				Account: w.account, Conversation: c, Kind: k, Payload: conversation.HealJob{Since: 42}, Holder: w.holder(),
			})
			must(t, err)
			return got
		}
		first := add(conversation.JobHeal)
		equal(t, "job", payload[conversation.HealJob](t, first.Job, conversation.JobHeal), conversation.HealJob{Since: 42})
		if first.Claim == nil || first.Message.Conversation != c || first.Visitor != "v1" {
			t.Errorf("added = %+v", first)
		}
		if again := add(conversation.JobHeal); !again.Duplicate || again.Job != nil {
			t.Errorf("repeat = %+v", again)
		}
		if other := add(conversation.JobClose); other.Duplicate || other.Claim != nil {
			t.Errorf("another kind = %+v", other)
		}
		equal(t, "jobs", len(w.jobs(t, *first.Claim)), 2)
		w.drain(t, *first.Claim)
		if later := add(conversation.JobHeal); later.Duplicate || later.Claim == nil {
			t.Errorf("after it was done = %+v", later)
		}
		_, err := s.AddTask(testContext, conversation.Task{Account: w.newAccount(t, 2), Conversation: c, Kind: conversation.JobHeal, Holder: w.holder()})
		wantKind(t, err, fault.NotFound, "not_found")
	})
}
