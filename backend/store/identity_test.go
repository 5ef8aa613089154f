package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

func TestIdentity(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.OnlineChats()
		c, _, err := s.EnsureFirst(testContext, onlinechat.Chat{ID: chat, Account: w.account, Name: "Main", SourceExternalID: "ll-1", CreatedAt: w.now},
			onlinechat.Button{ID: chatid.ButtonID(w.id()), Account: w.account, Hash: "h", Chat: chat, CreatedAt: w.now})
		must(t, err)
		read := func() onlinechat.Identity {
			t.Helper()
			i, err := s.Identity(testContext, c.ID)
			must(t, err)
			return i
		}
		equal(t, "of a new chat", read(), onlinechat.Identity{Mode: onlinechat.Optional})
		secret := func(n int) onlinechat.IdentityKey {
			return onlinechat.IdentityKey{ID: fmt.Sprint("s", n), Alg: onlinechat.SecretAlg, Material: fmt.Sprint("very secret ", n), CreatedAt: w.now.Add(time.Duration(n) * time.Second)}
		}
		// Of four that come at once two find room.
		var all sync.WaitGroup
		errs := make([]error, 4)
		for n := range errs {
			all.Go(func() { errs[n] = s.AddIdentityKey(testContext, c.ID, secret(n), 2) })
		}
		all.Wait()
		var kept []onlinechat.IdentityKey
		for n, err := range errs {
			if err == nil {
				kept = append(kept, secret(n))
			} else {
				wantKind(t, err, fault.Conflict, "too_many_identity_keys")
			}
		}
		if len(kept) != 2 {
			t.Fatalf("%d of four secrets were kept", len(kept))
		}
		public := onlinechat.IdentityKey{ID: "k1", Alg: "ES256", Material: "public", CreatedAt: w.now.Add(time.Minute)}
		must(t, s.AddIdentityKey(testContext, c.ID, public, 2)) // another sort has room of its own
		wantKind(t, s.AddIdentityKey(testContext, c.ID, public, 2), fault.Conflict, "identity_key_taken")
		equal(t, "keys", read().Keys, append(kept, public))
		if n := w.count(t, `SELECT count(*) FROM identity_keys WHERE material LIKE '%very secret%'`); n != 0 {
			t.Error("a secret stands in the database in clear")
		}
		must(t, s.SetIdentityMode(testContext, c.ID, onlinechat.Vendor))
		must(t, s.NoteShortID(testContext, c.ID, w.now))
		must(t, s.DropIdentityKey(testContext, c.ID, kept[0].ID))
		equal(t, "in the end", read(), onlinechat.Identity{Mode: onlinechat.Vendor, Chosen: true, Keys: []onlinechat.IdentityKey{kept[1], public}, ShortIDAt: w.now})

		_, err = s.Identity(testContext, "nowhere")
		wantKind(t, err, fault.NotFound, "not_found")
		wantKind(t, s.SetIdentityMode(testContext, "nowhere", onlinechat.Signed), fault.NotFound, "not_found")
		wantKind(t, s.AddIdentityKey(testContext, "nowhere", secret(9), 2), fault.NotFound, "not_found")
		wantKind(t, s.DropIdentityKey(testContext, c.ID, kept[0].ID), fault.NotFound, "not_found")
		wantKind(t, s.NoteShortID(testContext, "nowhere", w.now), fault.NotFound, "not_found")
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

// The secret of a chat outlives going back to before there were keys, and forth.
func TestUpgradeKeepsTheIdentitySecret(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		_, _, err := w.OnlineChats().EnsureFirst(testContext, onlinechat.Chat{ID: chat, Account: w.account, Name: "Main", SourceExternalID: "ll-1", CreatedAt: w.now},
			onlinechat.Button{ID: chatid.ButtonID(w.id()), Account: w.account, Hash: "h", Chat: chat, CreatedAt: w.now})
		must(t, err)
		must(t, w.OnlineChats().AddIdentityKey(testContext, chat, onlinechat.IdentityKey{ID: "s7", Alg: onlinechat.SecretAlg, Material: "kept", CreatedAt: w.now}, 2))
		must(t, w.Close())
		k, err := parseDSN(w.dsn)
		must(t, err)
		db, err := k.open(writerConns)
		must(t, err)
		p, err := k.provider(db)
		must(t, err)
		_, err = p.DownTo(testContext, 9)
		must(t, err)
		must(t, db.Close())
		w.Store = open(t, w.dsn)
		i, err := w.OnlineChats().Identity(testContext, chat)
		must(t, err)
		if len(i.Keys) != 1 || i.Keys[0].Material != "kept" || i.Mode != onlinechat.Optional {
			t.Errorf("after the upgrade: %+v", i)
		}
	})
}
