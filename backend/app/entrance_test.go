package app

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/auth"
	"leadline/backend/chatid"
)

// TestStreamNeedsATicket: design.md §10. A stream is for a session that began by a
// ticket of the last day on a page that may carry the button; the server looks each
// time it is opened, and a refused panel begins another session.
func TestStreamNeedsATicket(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	w := newWorld(t, setup{login: true, now: now})
	button, hash := w.connected()
	v := w.visit(button, hash)
	v.write(uuidN(1), "hello")
	opens := func(name, token string, want bool) {
		t.Helper()
		f, ok := v.open(token, 0).next()
		if want && (!ok || f.Type == "bye") || !want && (!ok || f.Type != "bye" || f.Code != "token_invalid") {
			t.Errorf("%s, WebSocket: %+v, want it open: %v", name, f, want)
		}
		other := &visitor{w: w, base: chatURL, button: button, token: token}
		r, err := other.rawEvents(0)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if status := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[want]; r.StatusCode != status {
			t.Errorf("%s, events: %d, want %d", name, r.StatusCode, status)
		}
	}
	opens("the token of a session", v.token, true)
	polls := func(token string, want int) {
		t.Helper()
		a := w.send("GET", chatURL+"/v1/stream/poll?cursor=0&wait=0", map[string]string{"Authorization": "Bearer " + token}, nil)
		if a.status != want {
			t.Errorf("a poll: %d %s, want %d", a.status, a.body, want)
		}
	}
	polls(v.token, http.StatusOK)

	who := claims(t, v.token)
	sign := func(e auth.Entrance) string {
		t.Helper()
		token, err := w.tokens().Visitor(auth.Visitor{Account: chatid.AccountID(who.Account), Chat: chatid.ChatID(who.Chat), Visitor: chatid.VisitorID(who.Visitor), Through: e})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := auth.Entrance{Button: chatid.ButtonKey(button), Origin: shopURL, At: time.Now().Unix()}
	opens("a token made like a session's", sign(good), true)
	opens("a token without a ticket", sign(auth.Entrance{}), false)
	opens("of a button that is gone", sign(auth.Entrance{Button: "99999", Origin: shopURL, At: good.At}), false)
	opens("of an application's page where there is none", sign(auth.Entrance{Button: good.Button, Origin: "null", At: good.At}), false)

	w.trust(button, false, "elsewhere.test")
	opens("of a site that is trusted no longer", v.token, false)
	opens("of a page of ours, which shows any button", sign(auth.Entrance{Button: good.Button, Origin: appURL, At: good.At}), true)
	polls(v.token, http.StatusUnauthorized)
	w.trust(button, true)
	opens("of an application's page", sign(auth.Entrance{Button: good.Button, Origin: "null", At: good.At}), true)
	w.trust(button, false)
	ahead.Store(int64(25 * time.Hour))
	opens("of a session of yesterday", v.token, false)
	v.session(v.ticket(hash), v.token)
	opens("of a session that began anew", v.token, true)
}

// TestApplicationsPages: EMB-24, design.md §10. The origin "null" is for buttons
// that are used in an application, from the configuration to the frame.
func TestApplicationsPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	policy := func() string {
		t.Helper()
		return w.send("GET", chatURL+"/v1/frame/"+button, nil, nil).header.Get("Content-Security-Policy")
	}
	ends := func(name, want string) {
		t.Helper()
		got := policy()
		if i := len(got) - len(want); i < 0 || got[i:] != want {
			t.Errorf("%s: %s, want it to end in %s", name, got, want)
		}
	}
	w.trust(button, false, "shop.example.test", "*.shops.test")
	ends("a list", "; frame-ancestors https://shop.example.test:* https://www.shop.example.test:* https://*.shops.test:* "+appURL+" https://democo.amocrm.ru")
	w.config(button, hash, "null").wants(t, "no application", 403, "origin_not_trusted")
	w.trust(button, true, "shop.example.test")
	ends("an application", "; form-action 'none'")
	var c struct{ Ticket string }
	w.config(button, hash, "null").into(t, &c)
	a := w.send("POST", chatURL+"/v1/session", nil, map[string]string{"button_id": button, "ticket": c.Ticket})
	var s struct{ Origin string }
	if a.into(t, &s); a.status != http.StatusOK || s.Origin != "null" {
		t.Errorf("a session of an application's page: %d %s", a.status, a.body)
	}
	w.trust(button, false, "shop.example.test")
	w.send("POST", chatURL+"/v1/session", nil, map[string]string{"button_id": button, "ticket": c.Ticket}).wants(t, "an application no longer", 403, "chat_unavailable")
}
