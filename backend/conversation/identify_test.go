package conversation

import (
	"context"
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// people knows visitors by external id; what a test does not use is not there.
type people struct {
	Store
	known   map[string]chatid.VisitorID
	wrote   chatid.VisitorID // an anonymous visitor with a history
	claimed string
	file    bool
}

func (p *people) VisitorByExternalID(_ context.Context, _ chatid.AccountID, _ chatid.ChatID, id string) (chatid.VisitorID, error) {
	if v, ok := p.known[id]; ok {
		return v, nil
	}
	return "", fault.New(fault.NotFound, "not_found")
}

func (p *people) ClaimVisitor(_ context.Context, _ chatid.AccountID, _ chatid.ChatID, v chatid.VisitorID, id string) (bool, error) {
	if v != p.wrote {
		return false, nil
	}
	p.claimed = id
	return true, nil
}

func (p *people) SaveOutbound(_ context.Context, in NewOutbound) (Saved, error) {
	return Saved{Message: in.Message, Duplicate: !p.file}, nil
}

// TestIdentify is ADR 0011's part about user tokens.
func TestIdentify(t *testing.T) {
	t.Parallel()
	p := &people{known: map[string]chatid.VisitorID{"anna": "v-anna"}, wrote: "v-guest"}
	s := newTestService(&record{})
	s.store = p
	ask := func(chat chatid.ChatID, id string, device chatid.VisitorID) chatid.VisitorID {
		t.Helper()
		v, err := s.Identify(t.Context(), "acc", chat, id, device)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := ask("chat", "anna", "v-guest"); v != "v-anna" || p.claimed != "" {
		t.Errorf("a known user on a device with a history is %s (claimed %q)", v, p.claimed)
	}
	if v := ask("chat", "boris", "v-guest"); v != "v-guest" || p.claimed != "boris" {
		t.Errorf("a new user on a device with a history is %s (claimed %q)", v, p.claimed)
	}
	one, two := ask("chat", "vera", "v-new-1"), ask("chat", "vera", "v-new-2")
	if one != two || !chatid.Valid(string(one)) || one[14] != '8' || (one[19] != '8' && one[19] != '9' && one[19] != 'a' && one[19] != 'b') {
		t.Errorf("a new user is %s on one device and %s on another, want one UUID of version 8", one, two)
	}
	if ask("chat", "gleb", "v-new-1") == one || ask("other chat", "vera", "v-new-1") == one {
		t.Error("two people, or one in two chats, have one id")
	}
}

// TestFilesWaiting: a hook with a file wakes the fetching, a repeat or a bare text
// does not.
func TestFilesWaiting(t *testing.T) {
	t.Parallel()
	p := &people{file: true}
	s := newTestService(&record{})
	s.store = p
	woken := 0
	s.FilesWaiting = func() { woken++ }
	receive := func(r Received) {
		t.Helper()
		if err := s.Receive(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	picture := Received{Account: "acc", Ref: "m-1", Kind: KindPicture, Media: &Media{URL: "https://amojo.amocrm.ru/attachments/15.jpg"}}
	receive(picture)
	receive(Received{Account: "acc", Ref: "m-2", Kind: KindText, Text: "a word"})
	away := picture
	away.Away = true // nobody will see it
	receive(away)
	p.file = false
	receive(picture) // a repeat
	if woken != 1 {
		t.Errorf("woken %d times, want once", woken)
	}
}
