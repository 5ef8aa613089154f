package app

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/onlinechat"
	"leadline/backend/sandbox"
)

// buttonSettings change through the service that the console will call.
func (w *world) buttonSettings() *onlinechat.Service {
	return onlinechat.NewService(w.app.store.OnlineChats(), newID, secret, time.Now)
}

func (w *world) trust(button string, inApp bool, sites ...string) {
	w.t.Helper()
	if err := w.buttonSettings().Trust(w.t.Context(), chatid.ButtonKey(button), sites, inApp); err != nil {
		w.t.Fatal(err)
	}
}

// config asks as the loader on a page of origin does.
func (w *world) config(button, hash, origin string) answer {
	w.t.Helper()
	header := map[string]string{}
	if origin != "" {
		header["Origin"] = origin
	}
	return w.send("GET", chatURL+"/v1/buttons/"+button+"/config?hash="+hash, header, nil)
}

// wants checks an answer's status and code, and the one shape of errors.
func (a answer) wants(t *testing.T, name string, status int, code string) {
	t.Helper()
	if a.status != status || a.code() != code {
		t.Errorf("%s: %d %s, want %d %s", name, a.status, a.body, status, code)
		return
	}
	if status >= 400 {
		var e struct {
			Error map[string]string
		}
		a.into(t, &e)
		if e.Error["message"] == "" || strings.HasPrefix(e.Error["message"], "error.") || e.Error["request_id"] == "" {
			t.Errorf("%s: an error without words or request id: %s", name, a.body)
		}
	}
}

// TestButtonConfig: docs/http-api.md §3, EMB-24.
func TestButtonConfig(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	if strings.Repeat("0", 64) == hash {
		t.Fatal("a hash of zeroes")
	}
	w.config(button, strings.Repeat("0", 64), shopURL).wants(t, "a wrong hash", 404, "button_not_found")
	w.config(button, "", shopURL).wants(t, "no hash", 404, "button_not_found")
	w.config("99999", hash, shopURL).wants(t, "an unknown button", 404, "button_not_found")
	w.config("abc", hash, shopURL).wants(t, "no number", 404, "button_not_found")
	w.config(strings.Repeat("9", 40), hash, shopURL).wants(t, "a long number", 404, "button_not_found")
	w.config(button, hash, "").wants(t, "no origin", 403, "origin_not_trusted")
	w.config(button, hash, "null").wants(t, "a page without an origin", 403, "origin_not_trusted")
	w.config(button, hash, "http://shop.example.test").wants(t, "a page over http", 403, "origin_not_trusted")

	a := w.config(button, hash, shopURL)
	if a.status != http.StatusOK || a.header.Get("Access-Control-Allow-Origin") != shopURL ||
		a.header.Get("Cache-Control") != "private, max-age=300" || a.header.Get("Vary") != "Origin" || a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("config: %d %v", a.status, a.header)
	}
	refused := w.config(button, "wrong", shopURL)
	if refused.header.Get("Access-Control-Allow-Origin") != shopURL || refused.header.Get("Vary") != "Origin" || refused.header.Get("Cache-Control") != "" {
		t.Errorf("the loader cannot read a refusal: %v", refused.header)
	}

	w.trust(button, false, "example.test", "*.shops.test")
	for origin, want := range map[string]int{
		shopURL: 403, "https://example.test": 200, "https://www.example.test:8443": 200, "https://a.shops.test": 200,
		"https://a.b.shops.test": 200, "https://shops.test": 403, "https://evilexample.test": 403, "https://example.test.evil.test": 403,
		"https://evil.test/example.test": 403, "null": 403, "": 403,
	} {
		if a := w.config(button, hash, origin); a.status != want {
			t.Errorf("a page of %q: %d, want %d", origin, a.status, want)
		}
	}
	w.trust(button, true)
	if a := w.config(button, hash, "null"); a.status != http.StatusOK || a.header.Get("Access-Control-Allow-Origin") != "null" {
		t.Errorf("an application's page: %d %v", a.status, a.header)
	}
}

// TestSessionRefusals: tickets are bound to button, origin and time.
func TestSessionRefusals(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	w := newWorld(t, setup{login: true, now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	v := w.visit(w.connected())
	_, hash := w.connected()
	session := func(header map[string]string, body map[string]any) answer {
		return w.send("POST", chatURL+"/v1/session", header, body)
	}
	ticket := v.ticket(hash)
	with := func(change map[string]any) map[string]any {
		m := map[string]any{"button_id": v.button, "ticket": ticket}
		for k, x := range change {
			m[k] = x
		}
		return m
	}
	session(nil, with(map[string]any{"ticket": forge(ticket)})).wants(t, "a forged ticket", 401, "ticket_invalid")
	session(nil, with(map[string]any{"ticket": v.token})).wants(t, "a visitor token as ticket", 401, "ticket_invalid")
	session(nil, with(map[string]any{"button_id": "1"})).wants(t, "a ticket of another button", 401, "ticket_invalid")
	session(nil, with(map[string]any{"ticket": ""})).wants(t, "no ticket", 422, "invalid_request")
	session(nil, with(map[string]any{"button_id": 5})).wants(t, "a number as button", 422, "invalid_request")
	session(nil, with(map[string]any{"alias": strings.Repeat("a", 129)})).wants(t, "a long alias", 422, "invalid_request")
	session(map[string]string{"Origin": shopURL}, with(nil)).wants(t, "a call from the site itself", 403, "origin_not_trusted")
	if a := session(map[string]string{"Origin": chatURL}, with(nil)); a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the panel's own call: %d %v", a.status, a.header)
	}
	w.trust(v.button, false, "elsewhere.test")
	session(nil, with(nil)).wants(t, "a ticket of an origin that is trusted no longer", 403, "chat_unavailable")
	w.trust(v.button, false)
	ahead.Store(int64(20 * time.Minute))
	session(nil, with(nil)).wants(t, "a ticket of 20 minutes ago", 401, "ticket_invalid")
}

// forge changes the signature's first letters, which stand for full bytes.
func forge(token string) string {
	i := strings.LastIndexByte(token, '.') + 1
	other := byte('A')
	if token[i] == other {
		other = 'B'
	}
	return token[:i] + string(other) + token[i+1:]
}

// TestWhoSeesWhichHistory is ADR 0011, row by row, for visitors whom no site
// vouches for; TestIdentity has the others.
func TestWhoSeesWhichHistory(t *testing.T) {
	t.Parallel()
	w, v, _ := opened(t, setup{})
	_, hash := w.connected()
	const alias = "0198c0de-0000-7000-8000-00000000aaaa"
	// The owner of the history carries the alias, so that others may claim it.
	if a := w.send("POST", chatURL+"/v1/messages", v.auth(), map[string]string{"client_id": uuidN(2), "text": "secret wish", "alias": alias}); a.status != 200 {
		t.Fatal(string(a.body))
	}
	other := claims(t, v.token)
	tokens := map[string]string{"valid": v.token, "none": "", "forged": forge(v.token), "nonsense": "x"}
	var err error
	if tokens["another chat"], err = w.tokens().Visitor(auth.Visitor{
		Account: chatid.AccountID(other.Account), Chat: "0198c0de-0000-7000-8000-00000000cccc", Visitor: chatid.VisitorID(other.Visitor),
	}); err != nil {
		t.Fatal(err)
	}
	for name, token := range tokens {
		for _, claimed := range []string{"", alias} {
			row := fmt.Sprintf("token %s, alias %q", name, claimed)
			a := w.send("POST", chatURL+"/v1/session", nil, map[string]string{
				"button_id": v.button, "ticket": v.ticket(hash), "token": token, "alias": claimed,
			})
			if a.status != http.StatusOK {
				t.Fatalf("%s: %d %s", row, a.status, a.body)
			}
			var s struct {
				Token        string
				Conversation *struct{ ID string }
			}
			a.into(t, &s)
			who := visitor{w: w, base: chatURL, button: v.button, token: s.Token}
			same := claims(t, s.Token).Visitor == other.Visitor
			if name == "valid" {
				if !same || s.Conversation == nil || len(who.history()) != 2 {
					t.Errorf("%s: the visitor lost the history", row)
				}
			} else if same || s.Conversation != nil || len(who.history()) != 0 {
				t.Errorf("%s: opened somebody's history", row)
			}
		}
	}
	// A token of another chat reads nothing there either, whatever visitor it names.
	stranger := visitor{w: w, base: chatURL, button: v.button, token: tokens["another chat"]}
	if h := stranger.history(); len(h) != 0 {
		t.Errorf("another chat's token reads %+v", h)
	}
	if n := len(w.box.Chats(accountID)); n != 1 {
		t.Errorf("%d chats: sessions without a message made some", n)
	}
}

// tokens signs as the world's server does.
func (w *world) tokens() *auth.Keys {
	w.t.Helper()
	keys, err := loadKeys(w.cfg.KeyFile)
	if err != nil {
		w.t.Fatal(err)
	}
	k, err := auth.NewKeys(time.Now, keys...)
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// claims reads a token of ours without checking it.
func claims(t *testing.T, token string) (who struct{ Account, Chat, Visitor string }) {
	t.Helper()
	part := strings.Split(token, ".")[1]
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Leadline *struct{ Account, Chat, Visitor string }
	}
	body.Leadline = &who
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	return who
}

// TestWriteRefusals: docs/http-api.md §3, POST /v1/messages.
func TestWriteRefusals(t *testing.T) {
	t.Parallel()
	w, v, _ := opened(t, setup{})
	url := chatURL + "/v1/messages"
	post := func(body any) answer { return w.send("POST", url, v.auth(), body) }
	good := map[string]any{"client_id": uuidN(50), "text": "x"}
	w.send("POST", url, nil, good).wants(t, "no token", 401, "token_missing")
	w.send("POST", url, map[string]string{"Authorization": "Basic " + v.token}, good).wants(t, "another scheme", 401, "token_missing")
	w.send("POST", url, map[string]string{"Authorization": "Bearer " + forge(v.token)}, good).wants(t, "a forged token", 401, "token_invalid")
	w.send("POST", url, map[string]string{"Authorization": "Bearer " + v.token, "Origin": shopURL}, good).wants(t, "a foreign page", 403, "origin_not_trusted")
	w.send("GET", url, map[string]string{"Authorization": "Bearer " + v.token, "Origin": shopURL}, nil).wants(t, "a foreign page reads", 403, "origin_not_trusted")
	for name, c := range map[string]struct {
		body any
		code string
	}{
		"empty":          {map[string]any{"client_id": uuidN(51), "text": ""}, "empty_text"},
		"blank":          {map[string]any{"client_id": uuidN(51), "text": " \n\t "}, "empty_text"},
		"only NUL":       {`{"client_id":"` + uuidN(51) + `","text":"\u0000"}`, "empty_text"},
		"4097":           {map[string]any{"client_id": uuidN(51), "text": strings.Repeat("ж", 4097)}, "text_too_long"},
		"no client id":   {map[string]any{"text": "x"}, "invalid_request"},
		"bad client id":  {map[string]any{"client_id": strings.Repeat("x", 36), "text": "x"}, "invalid_request"},
		"long client id": {map[string]any{"client_id": uuidN(51) + "0", "text": "x"}, "invalid_request"},
		"no JSON":        {"hello", "invalid_request"},
		"no object":      {"[]", "invalid_request"},
		"a number":       {`{"client_id":"` + uuidN(51) + `","text":5}`, "invalid_request"},
		"no body":        {"", "invalid_request"},
	} {
		post(c.body).wants(t, name, 422, c.code)
	}
	post(map[string]any{"client_id": uuidN(51), "text": strings.Repeat("x", 81<<10)}).wants(t, "a large body", 413, "body_too_large")

	for name, c := range map[string]struct{ body, want string }{
		"4096 letters":  {`{"client_id":"` + uuidN(52) + `","text":"` + strings.Repeat("ж", 4096) + `"}`, strings.Repeat("ж", 4096)},
		"NUL inside":    {`{"client_id":"` + uuidN(53) + `","text":"a\u0000b"}`, "ab"},
		"no UTF-8":      {`{"client_id":"` + uuidN(54) + "\",\"text\":\"a\xffb\"}", "a\uFFFDb"},
		"half a pair":   {`{"client_id":"` + uuidN(55) + `","text":"a\ud800b"}`, "a\uFFFDb"},
		"emoji":         {`{"client_id":"` + uuidN(56) + `","text":"👩‍👩‍👧 <b>&amp;"}`, "👩‍👩‍👧 <b>&amp;"},
		"upper-case id": {`{"client_id":"` + strings.ToUpper("0198c0de-0000-7000-8000-00000000abcd") + `","text":"upper"}`, "upper"},
	} {
		a := post(c.body)
		var m struct{ Message message }
		a.into(t, &m)
		if a.status != 200 || m.Message.Text != c.want {
			t.Errorf("%s: %d %q", name, a.status, m.Message.Text)
		}
		w.eventually(name+" in the inbox", func() bool { return slices.Contains(w.inbox(sandbox.Inbound), c.want) })
	}
	w.noBreaches()
}

// TestWritingTooFast: 429 with Retry-After, for this visitor alone (SEC-10).
func TestWritingTooFast(t *testing.T) {
	t.Parallel()
	w, v, _ := opened(t, setup{})
	other := w.visit(w.connected())
	var last answer
	for n := range 60 {
		if last = w.send("POST", chatURL+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(100 + n), "text": "fast"}); last.status != 200 {
			break
		}
	}
	last.wants(t, "the one too many", 429, "too_many_messages")
	if s := last.header.Get("Retry-After"); s != "1" {
		t.Errorf("Retry-After is %q, want 1 (one more each 0.7 s)", s)
	}
	other.write(uuidN(200), "in peace")
}

// TestHistoryPages: 120 messages backwards, page by page, and nobody else's.
func TestHistoryPages(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	stranger := w.visit(w.connected())
	var want []string
	want = append(want, "hello")
	for n := range 119 {
		text := fmt.Sprintf("line %03d", n)
		want = append(want, text)
		if _, err := w.box.OperatorSay(accountID, chat.ID, text); err != nil {
			t.Fatal(err)
		}
	}
	w.until("all lines", func() bool { return len(v.all()) == 120 })
	for _, limit := range []int{7, 50, 100, 1000} {
		var got []string
		before, pages := "", 0
		for {
			h := v.page(fmt.Sprintf("limit=%d%s", limit, before))
			if len(h.Messages) > min(limit, 100) || h.Cursor < 120 {
				t.Fatalf("a page of %d with cursor %d for limit %d", len(h.Messages), h.Cursor, limit)
			}
			var texts []string
			for _, m := range h.Messages {
				texts = append(texts, m.Text)
			}
			got = append(texts, got...)
			if pages++; !h.More {
				break
			}
			before = fmt.Sprintf("&before=%d.%d", h.Messages[0].At, h.Messages[0].Seq)
		}
		if !slices.Equal(got, want) || pages != (120+min(limit, 100)-1)/min(limit, 100) {
			t.Errorf("limit %d: %d pages, %d messages", limit, pages, len(got))
		}
	}
	if h := stranger.history(); len(h) != 0 {
		t.Errorf("a stranger reads %d messages", len(h))
	}
	for _, query := range []string{"limit=0", "limit=-1", "limit=x", "before=1", "before=1.x", "before=-1.2", "before=.", "before=1.2.3", "limit=99999999999999999999"} {
		w.send("GET", chatURL+"/v1/messages?"+query, stranger.auth(), nil).wants(t, query, 422, "invalid_request")
	}
}

// TestReceipts: only what exists can be reported, each step once.
func TestReceipts(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	said, err := w.box.OperatorSay(accountID, chat.ID, "read me")
	if err != nil {
		t.Fatal(err)
	}
	w.until("the words", func() bool { return len(v.outbound()) == 1 })
	url := chatURL + "/v1/receipts"
	for name, body := range map[string]any{
		"negative": map[string]int{"delivered": -1}, "negative seen": map[string]int{"seen": -1},
		"words": map[string]string{"seen": "all"}, "too big": `{"seen":99999999999999999999}`, "no JSON": "x",
	} {
		w.send("POST", url, v.auth(), body).wants(t, name, 422, "invalid_request")
	}
	v.receipt(0, 0)
	stranger := w.visit(w.connected())
	stranger.receipt(999, 999) // who never wrote has nothing to report
	v.receipt(1<<53, 1<<53)
	w.eventually("status 2", func() bool { m, _ := w.box.Message(said.ID); return m.Status == 2 })
	for range 5 {
		v.receipt(1<<53, 1<<53)
	}
	// What lies beyond the counter was not believed: the next message is new.
	next, err := w.box.OperatorSay(accountID, chat.ID, "and me")
	if err != nil {
		t.Fatal(err)
	}
	w.until("the next words", func() bool { return len(v.outbound()) == 2 })
	all := v.all()
	v.receipt(all[len(all)-1].Seq, 0)
	w.eventually("status 1", func() bool { m, _ := w.box.Message(next.ID); return m.Status == 1 })
	if m, _ := w.box.Message(said.ID); !slices.Equal(m.Statuses, []int64{2}) {
		t.Errorf("statuses %v reached the CRM", m.Statuses)
	}
	w.noBreaches()
}

// TestChatHostPages: what browsers get, and what nobody gets.
func TestChatHostPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, _ := w.connected()
	frame := func() answer { return w.send("GET", chatURL+"/v1/frame/"+button+"?lang=ru", nil, nil) }
	if a := frame(); a.status != 200 || !strings.Contains(a.header.Get("Content-Security-Policy"), "frame-ancestors https:") {
		t.Errorf("frame: %d %v", a.status, a.header)
	}
	w.trust(button, false, "example.test", "*.shops.test")
	a := frame()
	_, ancestors, _ := strings.Cut(a.header.Get("Content-Security-Policy"), "frame-ancestors ")
	ancestors, _, _ = strings.Cut(ancestors, ";")
	if ancestors != "https://example.test:* https://www.example.test:* https://*.shops.test:* "+appURL+" https://"+crmHost { // the console's preview, also inside the CRM
		t.Errorf("frame-ancestors %q", ancestors)
	}
	if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("headers of the frame: %v", a.header)
	}
	w.send("GET", chatURL+"/v1/frame/99999", nil, nil).wants(t, "an unknown button's frame", 404, "button_not_found")
	for _, quote := range []string{`src="`, `href="`} {
		for _, rest := range strings.Split(string(a.body), quote)[1:] {
			name, _, _ := strings.Cut(rest, `"`)
			if !strings.HasPrefix(name, "/assets/") {
				continue
			}
			if got := w.send("GET", chatURL+name, nil, nil); got.status != 200 || !strings.Contains(got.header.Get("Cache-Control"), "immutable") || got.header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: %d %v", name, got.status, got.header)
			}
		}
	}
	if a := w.send("GET", chatURL+"/js/button.js", nil, nil); a.status != 200 || a.header.Get("Cache-Control") != "public, max-age=600" || !strings.Contains(a.header.Get("Content-Type"), "javascript") {
		t.Errorf("loader: %d %v", a.status, a.header)
	}
	w.send("GET", chatURL+"/assets/none.js", nil, nil).wants(t, "no asset", 404, "not_found")
	w.send("GET", chatURL+"/assets/..%2fgo.mod", nil, nil).wants(t, "a way out", 404, "not_found")
	w.send("GET", chatURL+"/widget/v1/status", nil, nil).wants(t, "the widget's call", 404, "not_found")
	w.send("GET", appURL+"/js/button.js", nil, nil).wants(t, "the loader on the other host", 404, "not_found")
	w.send("DELETE", chatURL+"/v1/messages", nil, nil).wants(t, "a method that is none", 405, "method_not_allowed")
	w.send("GET", chatURL+"/v1/session", nil, nil).wants(t, "a session by GET", 405, "method_not_allowed")
	for _, base := range []string{appURL, chatURL} {
		for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
			if a := w.send("GET", base+path, nil, nil); a.status != 200 || string(a.body) != want {
				t.Errorf("%s%s: %d %q", base, path, a.status, a.body)
			}
		}
	}
}

// TestUnknownHost: other names get the health checks and nothing else.
func TestUnknownHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 421, "/js/button.js": 421, "/v1/messages": 421, "/hooks/amojo/" + scope: 421} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, chatURL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "evil.example.test"
		res, err := w.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

// TestLogsHoldNoSecrets: not even at debug level (SEC-5).
func TestLogsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	button, hash := w.connected()
	const words, contact, reply = "words for nobody else", "anna-private@example.org", "reply for one person"
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 503, 1 })
	w.send("POST", chatURL+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(7), "text": words, "contact": map[string]string{"email": contact}})
	if _, err := w.box.OperatorSay(accountID, chat.ID, reply); err != nil {
		t.Fatal(err)
	}
	ticket := v.ticket(hash)
	v.session(ticket, v.token)
	// Wrong things, so that refusals are logged too.
	w.send("POST", chatURL+"/v1/messages", v.auth(), `{"client_id":"`+uuidN(8)+`","text":["`+words+`"]}`)
	w.send("POST", chatURL+"/v1/messages", map[string]string{"Authorization": "Bearer " + forge(v.token)}, `{}`)
	w.send("POST", chatURL+"/v1/session", nil, map[string]string{"button_id": button, "ticket": forge(ticket)})
	w.hook(scope, words, hookSignature(channelSecret, words))
	w.hook(scope, words, hookSignature("x", words))
	w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), map[string]string{"login": login, "password": "wrong " + password, "amojo_id": amojoID})
	w.eventually("the message in the inbox", func() bool { return slices.Contains(w.inbox(sandbox.Inbound), words) })
	w.until("the reply", func() bool { return slices.Contains(v.outbound(), reply) })
	w.stopApp()
	log := w.logs.String()
	if !strings.Contains(log, "level=DEBUG") {
		t.Fatal("the log is not at debug level")
	}
	private := append(w.cfg.Secrets(), words, contact, reply, password, ticket, v.token, forge(v.token), hash, hookSignature(channelSecret, words), "Bearer ", "X-Signature")
	for _, s := range private {
		if at := strings.Index(log, s); at >= 0 {
			t.Errorf("the log holds a secret or somebody's words: …%s…", log[max(0, at-150):min(len(log), at+60)])
		}
	}
}
