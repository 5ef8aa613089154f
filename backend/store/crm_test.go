package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
	"leadline/backend/outbox"
)

func TestCRMHookIsFoundBySecretAndSealed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Accounts()
		older := account.CRMHook{Account: w.account, Secret: "older secret", CreatedAt: w.now}
		newer := account.CRMHook{Account: w.account, Secret: "newer secret", CreatedAt: w.now.Add(time.Minute)}
		must(t, s.SaveCRMHook(testContext, older))
		must(t, s.SaveCRMHook(testContext, newer))
		list, err := s.CRMHooks(testContext, w.account)
		must(t, err)
		equal(t, "webhooks", list, []account.CRMHook{newer, older})
		for _, h := range list {
			owner, err := s.CRMHookOwner(testContext, h.Secret)
			must(t, err)
			equal(t, "owner", owner, w.account)
		}
		var stored string
		must(t, w.reader(testContext).row(`SELECT hash || secret_sealed FROM crm_hooks ORDER BY created_at LIMIT 1`).Scan(&stored))
		if strings.Contains(stored, older.Secret) {
			t.Errorf("the secret stands in the database: %s", stored)
		}
		must(t, s.DropCRMHook(testContext, older))
		must(t, s.DropCRMHook(testContext, older))
		for _, secret := range []string{older.Secret, "", "other"} {
			_, err = s.CRMHookOwner(testContext, secret)
			wantKind(t, err, fault.NotFound, "not_found")
		}
	})
}

func TestFollowedAccounts(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Accounts()
		followed := func() (ids []chatid.AccountID) {
			for after := chatid.AccountID(""); ; {
				list, err := s.Followed(testContext, after, 1)
				must(t, err)
				if len(list) == 0 {
					return ids
				}
				ids, after = append(ids, list[0].ID), list[0].ID
			}
		}
		other := w.newAccount(t, 2)
		equal(t, "installed accounts", followed(), nil)
		must(t, s.SetConnected(testContext, w.account, "t1", "user", "amojo", "scope", w.now))
		must(t, s.SetState(testContext, other, account.Broken, account.ReasonChannel, w.now))
		equal(t, "connected and broken", followed(), []chatid.AccountID{w.account, other})
		must(t, s.SetState(testContext, other, account.Disconnected, "", w.now))
		equal(t, "connected", followed(), []chatid.AccountID{w.account})
		h := account.CRMHook{Account: other, Secret: "s", CreatedAt: w.now}
		must(t, s.SaveCRMHook(testContext, h))
		equal(t, "disconnected with a webhook", followed(), []chatid.AccountID{w.account, other})
	})
}

func TestOperatorsAreReplaced(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Accounts()
		w.operators(t, account.Operator{Ref: "u1", User: 1, Name: "Oleg", Avatar: "/a.png"}, account.Operator{Ref: "u2", User: 2, Name: "Vera"})
		w.operators(t, account.Operator{Ref: "u1", User: 1, Name: "Oleg P.", Avatar: "/a.png"})
		list, err := s.Operators(testContext, w.account)
		must(t, err)
		equal(t, "operators", list, []account.Operator{{Ref: "u1", User: 1, Name: "Oleg P.", Avatar: "/a.png"}})
		list, err = s.Operators(testContext, w.newAccount(t, 2))
		must(t, err)
		equal(t, "of another account", len(list), 0)
	})
}

// ended tells whether the conversation counts as ended.
func (w *world) ended(t *testing.T, c chatid.ConversationID) bool {
	t.Helper()
	got, err := w.Conversations().Conversation(testContext, w.account, c)
	must(t, err)
	return !got.EndedAt.IsZero()
}

// TestTalkEndsAConversationOnce: closing a talk ends the conversation; the same
// talk seen closed again does not, one that was open in between does.
func TestTalkEndsAConversationOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		c := w.known(t, "v1")
		closed := func(talk chatid.TalkID, at time.Time) bool {
			t.Helper()
			saved, err := s.SaveEnd(testContext, conversation.End{
				Account: w.account, Conversation: c, ID: chatid.MessageID(w.id()), Talk: talk, ClosedAt: at, Holder: w.holder(),
			})
			must(t, err)
			return !saved.Duplicate
		}
		writes := func() {
			t.Helper()
			w.now = w.now.Add(time.Hour)
			w.write(t, w.inbound("v1", "again"))
			if w.ended(t, c) {
				t.Fatal("a new message does not go on with the conversation")
			}
		}
		must(t, s.SaveTalk(testContext, w.account, c, conversation.Talk{ID: 5, Open: true}))
		if !closed(5, w.now.Add(time.Minute)) || !w.ended(t, c) {
			t.Error("a closed talk did not end the conversation")
		}
		writes()
		if closed(5, w.now.Add(time.Minute)) || w.ended(t, c) {
			t.Error("the same talk ended the conversation twice")
		}
		must(t, s.SaveTalk(testContext, w.account, c, conversation.Talk{ID: 5, Open: true})) // the CRM opened it anew
		if !closed(5, w.now.Add(time.Minute)) {
			t.Error("a talk that was opened anew did not end the conversation")
		}
		writes()
		if closed(6, w.now.Add(-time.Minute)) {
			t.Error("a talk ended a conversation in which the visitor wrote since")
		}
		if closed(6, w.now.Add(time.Minute)) {
			t.Error("a talk whose end was taken in ended the conversation later")
		}
		must(t, s.SaveTalk(testContext, w.account, c, conversation.Talk{ID: 7, Open: true}))
		_, err := s.SaveEnd(testContext, conversation.End{Account: w.account, Conversation: c, ID: chatid.MessageID(w.id()), ByVisitor: true, Holder: w.holder()})
		must(t, err)
		writes()
		if closed(7, w.now.Add(time.Minute)) {
			t.Error("the talk that the visitor ended ended the conversation again")
		}
	})
}

func TestTalkNames(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		c, other := w.known(t, "v1"), w.known(t, "v2")
		ids := func(list []conversation.Conversation, err error) (ids []chatid.ConversationID) {
			t.Helper()
			must(t, err)
			for _, c := range list {
				ids = append(ids, c.ID)
			}
			return ids
		}
		equal(t, "open talks at first", ids(s.OpenTalks(testContext, w.account, w.now.Add(-time.Hour), 10)), nil)
		must(t, s.SaveTalk(testContext, w.account, c, conversation.Talk{ID: 6, Contact: 501, Lead: 7001, Open: true}))
		must(t, s.SaveTalk(testContext, w.account, c, conversation.Talk{ID: 5})) // an older one
		must(t, s.SaveTalk(testContext, w.account, other, conversation.Talk{ID: 9, Open: true}))
		got, err := s.Conversation(testContext, w.account, c)
		must(t, err)
		equal(t, "talk", got.Talk, 6)
		equal(t, "of the contact", ids(s.OfContact(testContext, w.account, 501, 10)), []chatid.ConversationID{c})
		equal(t, "of the lead", ids(s.OfLead(testContext, w.account, 7001, 10)), []chatid.ConversationID{c})
		equal(t, "of no contact", ids(s.OfContact(testContext, w.account, 0, 10)), nil)
		equal(t, "of no lead", ids(s.OfLead(testContext, w.account, 0, 10)), nil)
		equal(t, "number of open talks", len(ids(s.OpenTalks(testContext, w.account, w.now.Add(-time.Hour), 10))), 2)
		equal(t, "latest open talk", len(ids(s.OpenTalks(testContext, w.account, w.now.Add(-time.Hour), 1))), 1)
		equal(t, "open talks spoken in later", ids(s.OpenTalks(testContext, w.account, w.now.Add(time.Hour), 10)), nil)
		_, err = s.SaveEnd(testContext, conversation.End{Account: w.account, Conversation: c, ID: chatid.MessageID(w.id()), Holder: w.holder()})
		must(t, err)
		equal(t, "open talks after an end", ids(s.OpenTalks(testContext, w.account, w.now.Add(-time.Hour), 10)), []chatid.ConversationID{other})
		wantKind(t, s.SaveTalk(testContext, "none", c, conversation.Talk{ID: 7}), fault.NotFound, "not_found")
	})
}

// TestUnreadThere: only what the chats service has can be read there.
func TestUnreadThere(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		saved := w.write(t, w.inbound("v1", "one"))
		c := saved.Message.Conversation
		unread := func() int64 {
			t.Helper()
			at, err := s.UnreadThere(testContext, c)
			must(t, err)
			return at
		}
		equal(t, "stored", unread(), 0)
		w.settle(t, *saved.Claim, *saved.Job, outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{
			conversation.MessageSent{Conversation: c, Message: saved.Message.ID, Ref: "r1"},
		}})
		equal(t, "delivered", unread(), saved.Message.At)
		w.now = w.now.Add(time.Minute)
		w.write(t, w.inbound("v1", "two"))
		equal(t, "the second waits", unread(), saved.Message.At)
		_, err := s.SaveRead(testContext, w.account, c, saved.Message.At)
		must(t, err)
		equal(t, "read", unread(), 0)
	})
}

// TestOnlineChatsOfAnAccount: one is the default at most; a removed one is off the
// account and off its buttons, and still found by its conversations.
func TestOnlineChatsOfAnAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.OnlineChats()
		first, button, err := s.EnsureFirst(testContext, onlinechat.Chat{ID: "c1", Account: w.account, Name: "First", SourceExternalID: "ll-1", CreatedAt: w.now},
			onlinechat.Button{ID: "b1", Account: w.account, Hash: "h1", Chat: "c1", CreatedAt: w.now})
		must(t, err)
		second := onlinechat.Chat{ID: "c2", Account: w.account, Name: "Second", SourceExternalID: "ll-2", CreatedAt: w.now.Add(time.Minute)}
		made, err := s.AddChat(testContext, second, onlinechat.Button{ID: "b2", Account: w.account, Hash: "h2", Chat: "c2", CreatedAt: w.now})
		must(t, err)
		if made.Key == "" || made.Key == button.Key {
			t.Errorf("the second button has the number %q, the first %q", made.Key, button.Key)
		}
		chats := func(want ...onlinechat.Chat) {
			t.Helper()
			list, err := s.Chats(testContext, w.account)
			must(t, err)
			equal(t, "chats", list, want)
		}
		chats(first, second)
		first.Default, first.SourceID = true, 9001
		must(t, s.SetChat(testContext, first))
		second.Name, second.Pipeline, second.SourceID, second.Default = "Workshop", 1400, 9002, true
		must(t, s.SetChat(testContext, second))
		first.Default = false // there is one default at most
		chats(first, second)
		other := second
		other.Account = w.newAccount(t, 2)
		wantKind(t, s.SetChat(testContext, other), fault.NotFound, "not_found")
		must(t, s.RemoveChat(testContext, second.ID, w.now))
		chats(first)
		b, err := s.Button(testContext, made.Key)
		must(t, err)
		equal(t, "chat of its button", b.Chat, "")
		got, err := s.Chat(testContext, second.ID)
		must(t, err)
		equal(t, "name of the removed chat", got.Name, "Workshop")
		must(t, s.RemoveChat(testContext, first.ID, w.now))
		anew, _, err := s.EnsureFirst(testContext, onlinechat.Chat{ID: "c3", Account: w.account, Name: "Anew", CreatedAt: w.now},
			onlinechat.Button{ID: "b3", Account: w.account, Hash: "h3", Chat: "c3", CreatedAt: w.now})
		must(t, err)
		equal(t, "first chat after all were removed", anew.ID, "c3")
	})
}

// TestOneChatInAPipeline: whoever asks first makes it; a chat of no pipeline is in
// the main one, a removed one in none.
func TestOneChatInAPipeline(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.OnlineChats()
		ensure := func(id string, p, main chatid.PipelineID) (onlinechat.Chat, bool) {
			t.Helper()
			c, made, err := s.EnsureIn(testContext, onlinechat.Chat{ID: chatid.ChatID(id), Account: w.account, Name: id, Pipeline: p, CreatedAt: w.now},
				onlinechat.Button{ID: chatid.ButtonID("b-" + id), Account: w.account, Hash: "h", Chat: chatid.ChatID(id), CreatedAt: w.now}, main)
			must(t, err)
			return c, made
		}
		_, _, err := s.EnsureFirst(testContext, onlinechat.Chat{ID: "first", Account: w.account, CreatedAt: w.now},
			onlinechat.Button{ID: "b-first", Account: w.account, Hash: "h", Chat: "first", CreatedAt: w.now})
		must(t, err)
		for _, c := range []struct {
			id       string
			in, main chatid.PipelineID
			want     chatid.ChatID
			made     bool
		}{
			{"a", 1300, 1300, "first", false},
			{"b", 1400, 1300, "b", true},
			{"c", 1400, 1300, "b", false},
			{"d", 1400, 0, "b", false},
		} {
			if got, made := ensure(c.id, c.in, c.main); got.ID != c.want || made != c.made {
				t.Errorf("pipeline %d gives %s (made %v), want %s (%v)", c.in, got.ID, made, c.want, c.made)
			}
		}
		must(t, s.RemoveChat(testContext, "b", w.now))
		if got, made := ensure("e", 1400, 1300); got.ID != "e" || !made {
			t.Errorf("after the removal: %s (made %v), want a new one", got.ID, made)
		}
		ids := make(chan chatid.ChatID, 8)
		for n := range cap(ids) {
			go func() {
				id := fmt.Sprint("p", n)
				c, _, err := s.EnsureIn(testContext, onlinechat.Chat{ID: chatid.ChatID(id), Account: w.account, Pipeline: 1500, CreatedAt: w.now},
					onlinechat.Button{ID: chatid.ButtonID("b-" + id), Account: w.account, Hash: "h", CreatedAt: w.now}, 1300)
				if err != nil {
					t.Error(err)
				}
				ids <- c.ID
			}()
		}
		one := <-ids
		for range cap(ids) - 1 {
			equal(t, "chat of all that came at once", <-ids, one)
		}
		buttons, err := s.Buttons(testContext, w.account)
		must(t, err)
		if n := len(buttons); n != 4 { // of first, b, e and the one of pipeline 1500
			t.Errorf("%d buttons, want 4", n)
		}
	})
}
