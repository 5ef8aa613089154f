package bridge

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/fault"
)

func signed(body string) string {
	m := hmac.New(sha1.New, []byte(testSecret))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

func textHook(amojoID, rest string) string {
	return `{"account_id":"` + amojoID + `","time":1767225801,"message":{"receiver":{"id":"r-1","client_id":"visitor-1"},"sender":{"id":"s-1","name":"Oleg"},` +
		`"conversation":{"id":"` + chatRef + `","client_id":"c-1"},"timestamp":1767225800,"msec_timestamp":1767225800740,"message":{"id":"amojo-5",` + rest + `}}}`
}

// TestAcceptChecks: nothing is stored of what is not proven (C §4.1).
func TestAcceptChecks(t *testing.T) {
	t.Parallel()
	good := textHook(testAmojo, `"type":"text","text":"hi"`)
	other := textHook("8d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2", `"type":"text","text":"hi"`)
	for _, c := range []struct {
		name, body, signature string
		scope                 chatid.ScopeID
		known                 bool
		kind                  fault.Kind
		ok                    bool
		stored                int
	}{
		{"good", good, signed(good), testScope, true, 0, true, 1},
		{"good with a line feed", good + "\n", signed(good), testScope, true, 0, true, 1},
		{"account in capitals", strings.ReplaceAll(good, testAmojo, strings.ToUpper(testAmojo)), signed(strings.ReplaceAll(good, testAmojo, strings.ToUpper(testAmojo))), testScope, true, 0, true, 1},
		{"nobody's scope any more", good, signed(good), testScope, false, 0, true, 0},
		{"no signature", good, "", testScope, true, fault.Denied, false, 0},
		{"another body's signature", good, signed(other), testScope, true, fault.Denied, false, 0},
		{"another account's hook", other, signed(other), testScope, true, fault.Denied, false, 0},
		{"another channel", good, signed(good), "1b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11_" + testAmojo, true, fault.Denied, false, 0},
		{"no scope", good, signed(good), "", true, fault.Denied, false, 0},
		{"no JSON", "x", signed("x"), testScope, true, fault.Invalid, false, 0},
		{"unknown kind (C §4.2)", `{"account_id":"` + testAmojo + `"}`, signed(`{"account_id":"` + testAmojo + `"}`), testScope, true, 0, true, 0},
	} {
		p := &people{account: connectedAccount(), known: c.known}
		err := newBridge(t, p, "http://127.0.0.1:1").Accept(t.Context(), c.scope, c.signature, []byte(c.body))
		if (err == nil) != c.ok || err != nil && !fault.Is(err, c.kind) || len(p.got) != c.stored {
			t.Errorf("%s: %v, stored %d", c.name, err, len(p.got))
		}
	}
}

// TestAcceptReads: what the conversation gets of a hook (C §4.3).
func TestAcceptReads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ rest, kind, text string }{
		"text":            {`"type":"text","text":"hi"`, "text", "hi"},
		"text with nulls": {`"type":"text","text":"hi","markup":null,"media":null,"file_size":0`, "text", "hi"},
		"no type":         {`"text":"hi"`, "text", "hi"},
		"picture":         {`"type":"picture","text":"look","media":"https://amojo.amocrm.ru/1.jpg"`, "picture", "look"},
		"caption only":    {`"type":"picture","text":"look","media":""`, "text", "look"},
		"voice":           {`"type":"voice","text":"","media":"https://amojo.amocrm.ru/1.ogg"`, "voice", ""},
		"broken sticker":  {`"type":"sticker","text":"","media":""`, "sticker", ""},
		"location":        {`"type":"location","text":"here","media":"","location":{"lon":1,"lat":2}`, "location", "here"},
	} {
		p := &people{account: connectedAccount(), known: true}
		body := textHook(testAmojo, c.rest)
		if err := newBridge(t, p, "http://127.0.0.1:1").Accept(t.Context(), testScope, signed(body), []byte(body)); err != nil {
			t.Fatal(name, err)
		}
		r := p.got[0]
		if r.Kind != c.kind || r.Text != c.text || r.Ref != "amojo-5" || r.Conversation != "c-1" || r.Chat != chatRef || r.User != "r-1" ||
			r.At != 1767225800740 || r.AuthorName != "Oleg" || r.Account != "acc" || r.Away {
			t.Errorf("%s: %+v", name, r)
		}
	}
	away := &people{account: connectedAccount(), known: true}
	away.account.State = account.Disconnected
	body := textHook(testAmojo, `"type":"text","text":"hi"`)
	if err := newBridge(t, away, "http://127.0.0.1:1").Accept(t.Context(), testScope, signed(body), []byte(body)); err != nil || !away.got[0].Away {
		t.Errorf("disconnected: %v %+v", err, away.got)
	}
	full := &people{account: connectedAccount(), known: true, fail: fault.New(fault.Unavailable, "storage_unavailable")}
	if err := newBridge(t, full, "http://127.0.0.1:1").Accept(t.Context(), testScope, signed(body), []byte(body)); !fault.Is(err, fault.Unavailable) || len(full.lost) != 1 {
		t.Errorf("what could not be stored was answered %v and noted as lost: %v", err, full.lost)
	}
}

// TestAcceptV1: the same hook has the same id, another one another, and the
// connection is repaired (C §4.7, design.md §2).
func TestAcceptV1(t *testing.T) {
	t.Parallel()
	v1 := func(conversation, at, kind, text, media string) string {
		return `{"receiver":"visitor-1","conversation_id":"` + conversation + `","msec_timestamp":` + at + `,"type":"` + kind + `","text":"` + text + `","media":"` + media + `"}`
	}
	first := v1("c-1", "1767225800740", "text", "hi", "")
	bodies := []string{
		first, first, v1("c-2", "1767225800740", "text", "hi", ""), v1("c-1", "1767225800741", "text", "hi", ""),
		v1("c-1", "1767225800740", "picture", "hi", ""), v1("c-1", "1767225800740", "text", "ho", ""), v1("c-1", "1767225800740", "text", "hi", "https://x/1"),
	}
	p := &people{account: connectedAccount(), known: true, healed: make(chan struct{}, len(bodies))}
	b := newBridge(t, p, "http://127.0.0.1:1")
	for _, body := range bodies {
		if err := b.Accept(t.Context(), testScope, signed(body), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	refs := map[chatid.MessageRef]int{}
	for _, r := range p.got {
		refs[r.Ref]++
		if !strings.HasPrefix(string(r.Ref), "v1:") {
			t.Errorf("ref %q", r.Ref)
		}
	}
	if len(refs) != len(bodies)-1 || refs[p.got[0].Ref] != 2 {
		t.Errorf("refs %v: want the repeat alone to be the same", refs)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for range bodies {
		select {
		case <-p.healed:
		case <-ctx.Done():
			t.Fatal("the connection was not repaired")
		}
	}
}
