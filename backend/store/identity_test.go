package store

import (
	"strings"
	"sync"
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

func TestIdentitySecret(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.OnlineChats()
		c, _, err := s.EnsureFirst(testContext, onlinechat.Chat{ID: chat, Account: w.account, Name: "Main", SourceExternalID: "ll-1", CreatedAt: w.now},
			onlinechat.Button{ID: chatid.ButtonID(w.id()), Account: w.account, Hash: "h", Chat: chat, Position: "right", CreatedAt: w.now})
		must(t, err)
		// Two that ask first hold one secret.
		var both sync.WaitGroup
		got := make([]string, 2)
		for i, fresh := range []string{"first", "second"} {
			both.Go(func() {
				var err error
				if got[i], err = s.IdentitySecret(testContext, c.ID, fresh, false); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if got[0] != got[1] || got[0] != "first" && got[0] != "second" {
			t.Errorf("two secrets were given: %q", got)
		}
		again, err := s.IdentitySecret(testContext, c.ID, "third", false)
		must(t, err)
		equal(t, "asked again", again, got[0])
		rotated, err := s.IdentitySecret(testContext, c.ID, "fourth", true)
		must(t, err)
		equal(t, "rotated", rotated, "fourth")
		again, err = s.IdentitySecret(testContext, c.ID, "fifth", false)
		must(t, err)
		equal(t, "after the rotation", again, "fourth")
		if n := w.count(t, `SELECT count(*) FROM online_chats WHERE identity_sealed LIKE '%fourth%'`); n != 0 {
			t.Error("the secret stands in the database in clear")
		}
		_, err = s.IdentitySecret(testContext, "nowhere", "sixth", false)
		if !fault.Is(err, fault.NotFound) || strings.Contains(err.Error(), "sixth") {
			t.Errorf("of a chat that is not there: %v", err)
		}
	})
}

func TestClaimVisitor(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		w.known(t, "anonymous")
		w.known(t, "other")
		claim := func(v chatid.VisitorID, id string) bool {
			t.Helper()
			ok, err := s.ClaimVisitor(testContext, w.account, chat, v, id)
			must(t, err)
			return ok
		}
		if claim("nobody", "anna") {
			t.Error("a visitor who never wrote was given a name")
		}
		if ok, err := s.ClaimVisitor(testContext, w.newAccount(t, 2), chat, "anonymous", "anna"); ok || err != nil {
			t.Errorf("another account's visitor: %v, %v", ok, err)
		}
		if ok, err := s.ClaimVisitor(testContext, w.account, "another chat", "anonymous", "anna"); ok || err != nil {
			t.Errorf("another chat's visitor: %v, %v", ok, err)
		}
		if !claim("anonymous", "anna") {
			t.Error("an anonymous visitor was not given the name")
		}
		if claim("other", "anna") {
			t.Error("two visitors have one name")
		}
		if claim("anonymous", "boris") {
			t.Error("anna became boris")
		}
		v, err := s.VisitorByExternalID(testContext, w.account, chat, "anna")
		must(t, err)
		equal(t, "anna", v, "anonymous")
	})
}

// A refused message of an operator is nobody's to read; one whose file failed is.
func TestVisitorsDoNotSeeWhatWasRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		c := w.known(t, "v1")
		refused := w.outbound(c, "refused")
		refused.KindRefused = &conversation.StatusJob{Status: conversation.Failed, Code: 902, Text: "delivery.unavailable"}
		w.receive(t, refused)
		w.receive(t, w.operatorsFile(c, "with a file"))
		f := w.claimFetches(t, 1)[0]
		f.File.State = conversation.FileFailed
		w.saveFetched(t, f, &conversation.StatusJob{Status: conversation.Failed, Code: 905, Text: "delivery.file_unavailable"})
		w.receive(t, w.outbound(c, "fine"))
		want := []string{"Hello", "with a file", "fine"}
		texts := func(list []conversation.Message, err error) (got []string) {
			must(t, err)
			for _, m := range list {
				got = append(got, m.Text)
			}
			return got
		}
		equal(t, "page", texts(s.Before(testContext, c, conversation.Place{}, 10)), want)
		list, err := s.Before(testContext, c, conversation.Place{}, 1)
		must(t, err)
		equal(t, "the page before", texts(s.Before(testContext, c, conversation.Place{At: list[0].At, Seq: list[0].Seq}, 10)), want[:len(want)-1])
		equal(t, "stream", texts(w.since(c, 0, 10)), []string{"Hello", "with a file", "fine"})
	})
}

func TestFileByID(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		up := w.upload(t, "v1")
		f, err := s.FileByID(testContext, up.ID)
		must(t, err)
		equal(t, "file", f, up)
		loading := w.operatorsFile(w.known(t, "v1"), "")
		w.receive(t, loading)
		for _, id := range []chatid.FileID{"", "nothing", loading.File.ID} {
			_, err := s.FileByID(testContext, id)
			wantKind(t, err, fault.NotFound, "not_found")
		}
	})
}
