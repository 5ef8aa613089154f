package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"leadline/backend/sandbox"
)

// TestGreetingBotRequest: widget_request of O §4.3. A bot asks the shop's server, waits for its answer and goes on with it; what
// no server takes, and what nobody answers, is answered with nothing.
func TestGreetingBotRequest(t *testing.T) {
	t.Parallel()
	clk := &clock{}
	shop := &shopHooks{}
	w := newWorld(t, setup{login: true, fetch: shop.serving(t), now: clk.now, still: true})
	button, hash := w.connected()
	ask := func(url string) string {
		return `[{"question":[{"handler":"show","params":{"type":"text","value":"Which order?"}}],"answer":[
			{"handler":"widget_request","params":{"url":"` + url + `","data":{"order":"{{message_text}}","page":"{{bot_params.page}}"}}},
			{"handler":"condition","params":{"term1":"{{json.status}}","term2":"sent","operation":"=","result":[{"handler":"show","params":{"type":"text","value":"Sent on {{json.day}}."}}]}},
			{"handler":"show","params":{"type":"text","value":"I do not know."}}]}]`
	}
	begin := func(url string) *visitor {
		w.greets(ask(url), nil)
		v := w.visit(button, hash)
		v.tells(`{"bot_params":{"page":"{{contact.name}}"}}`)
		g := v.greeting(map[string]any{})
		w.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(1), "text": "1042", "greeting": g.Token}).wants(t, "writing", http.StatusOK, "")
		return v
	}
	type request struct {
		Data   map[string]string `json:"data"`
		Return string            `json:"return_url"`
	}
	asked := func(n int) (r request) {
		t.Helper()
		until(t, "the request", func() bool { return len(shop.got()) == n })
		if err := json.Unmarshal([]byte(shop.got()[n-1]), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	has := func(v *visitor, want ...string) {
		t.Helper()
		until(t, want[len(want)-1], func() bool { return slices.Equal(inOrder(v.history()), want) })
	}

	v := begin("https://shop.example.test/hook")
	r := asked(1)
	if r.Data["order"] != "1042" || r.Data["page"] != "{{contact.name}}" || !strings.HasPrefix(r.Return, v.base+"/v1/bot-answers/") {
		t.Fatalf("asked %+v", r)
	}
	v.write(uuidN(2), "are you there?") // the bot waits for the server
	answer := map[string]any{"data": map[string]any{"status": "sent", "day": 9}, "execute_handlers": []any{
		map[string]any{"handler": "show", "params": map[string]any{"type": "text", "value": "Found it."}},
	}}
	tampered := r.Return[:len(r.Return)-4] + "AAAA"
	for _, tt := range []struct {
		name, url string
		body      any
		status    int
		code      string
	}{
		{"no token", v.base + "/v1/bot-answers/x", answer, http.StatusUnauthorized, "token_invalid"},
		{"a token that was changed", tampered, answer, http.StatusUnauthorized, "token_invalid"},
		{"a visitor's token", v.base + "/v1/bot-answers/" + strings.TrimPrefix(v.auth()["Authorization"], "Bearer "), answer, http.StatusUnauthorized, "token_invalid"},
		{"no object", r.Return, []int{1}, http.StatusUnprocessableEntity, "invalid_request"},
		{"data that is none", r.Return, map[string]any{"data": 5}, http.StatusUnprocessableEntity, "invalid_request"},
		{"another handler", r.Return, map[string]any{"execute_handlers": []any{map[string]any{"handler": "action", "params": map[string]any{"name": "set_tag"}}}}, http.StatusUnprocessableEntity, "invalid_request"},
		{"too much data", r.Return, map[string]any{"data": map[string]any{"x": strings.Repeat("x", 5000)}}, http.StatusUnprocessableEntity, "invalid_request"},
		{"a body that is too large", r.Return, map[string]any{"x": strings.Repeat("x", 70<<10)}, http.StatusRequestEntityTooLarge, "body_too_large"},
		{"an answer", r.Return, answer, http.StatusAccepted, ""},
		{"a second answer", r.Return, answer, http.StatusNotFound, "not_found"},
	} {
		w.send("POST", tt.url, nil, tt.body).wants(t, tt.name, tt.status, tt.code)
	}
	has(v, "Which order?", "1042", "are you there?", "Found it.", "Sent on 9.")
	w.eventually("all of it over there", func() bool { return len(w.box.Messages(accountID)) >= 5 })
	if strings.Contains(w.logs.String(), strings.TrimPrefix(r.Return, v.base+"/v1/bot-answers/")) {
		t.Error("the log has the token")
	}

	// An address inside is not called, a server that refuses is not asked again: the bot goes on.
	has(begin("https://inside.example.test/hook"), "Which order?", "1042", "I do not know.")
	shop.mu.Lock()
	shop.refuse = 1
	shop.mu.Unlock()
	has(begin("https://shop.example.test/hook"), "Which order?", "1042", "I do not know.")

	w.eventually("three visitors over there", func() bool { return len(w.box.Chats(accountID)) == 3 })

	// Nobody answers in time; later the address is worth nothing.
	v = begin("https://shop.example.test/hook")
	r = asked(2)
	clk.advance(w.box, 11*time.Minute)
	v.w.send("POST", r.Return, nil, answer).wants(t, "after its time", http.StatusUnauthorized, "token_invalid")
	has(v, "Which order?", "1042", "I do not know.")

	w.eventually("four visitors over there", func() bool { return len(w.box.Chats(accountID)) == 4 })

	// An operator has taken over meanwhile (BOT-13).
	known := w.box.Chats(accountID)
	v = begin("https://shop.example.test/hook")
	r = asked(3)
	fresh := -1
	var chats []sandbox.Chat
	w.eventually("the visitor over there", func() bool {
		chats = w.box.Chats(accountID)
		fresh = slices.IndexFunc(chats, func(c sandbox.Chat) bool {
			return !slices.ContainsFunc(known, func(k sandbox.Chat) bool { return k.ID == c.ID })
		})
		return fresh >= 0
	})
	if _, err := w.box.OperatorSay(accountID, chats[fresh].ID, "Oleg here."); err != nil {
		t.Fatal(err)
	}
	has(v, "Which order?", "1042", "Oleg here.")
	w.send("POST", r.Return, nil, answer).wants(t, "after an operator", http.StatusAccepted, "")
	has(v, "Which order?", "1042", "Oleg here.")
	w.noBreaches()
}
