package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/account"
	"leadline/backend/conversation"
)

// TestWholeIsWhatStreamsWouldRead: a saved message that is shown without being read
// again is to the letter what Since gives, and the only thing that it gives.
func TestWholeIsWhatStreamsWouldRead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		if _, err := w.Accounts().SaveOperators(testContext, w.account, []account.Operator{{Ref: "vera", Name: "Vera", Avatar: "https://crm/vera.png"}}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Accounts().SavePicture(testContext, account.Picture{Account: w.account, Operator: "vera", Of: "https://crm/vera.png", File: "picture", Key: "key"}); err != nil {
			t.Fatal(err)
		}
		id := w.known(t, "v1")
		check := func(name string, s conversation.Saved, whole bool) {
			t.Helper()
			if s.Whole != whole {
				t.Errorf("%s: whole is %v, want %v", name, s.Whole, whole)
			}
			if !s.Whole {
				return
			}
			must(t, w.Conversations().Picture(testContext, &s.Message))
			got, err := w.since(id, s.Message.Rev-1, 10)
			must(t, err)
			if diff := cmp.Diff([]conversation.Message{s.Message}, got); diff != "" {
				t.Errorf("%s: saved -, read +\n%s", name, diff)
			}
		}
		check("a visitor's message", w.write(t, w.inbound("v1", "hello")), true)
		byVera := w.outbound(id, "hello, Anna")
		byVera.Message.AuthorRef = "vera"
		saved := w.receive(t, byVera)
		check("an operator's message", saved, true)
		must(t, w.Conversations().Picture(testContext, &saved.Message))
		if saved.Message.AuthorAvatar != "picture" {
			t.Errorf("got avatar %q, want that of the operator", saved.Message.AuthorAvatar)
		}
		check("the same again", w.receive(t, byVera), false)
		refused := w.outbound(id, "")
		refused.KindRefused = &conversation.StatusJob{Ref: refused.Message.Ref, Status: conversation.Failed, Code: 905, Text: "delivery.unsupported_kind"}
		check("one that nobody is shown", w.receive(t, refused), false)
		quoting := w.inbound("v1", "that")
		quoting.ReplyTo = saved.Message.ID
		check("one that says more than its text", w.write(t, quoting), false)
		check("the one after it", w.write(t, w.inbound("v1", "and so on")), true)
	})
}
