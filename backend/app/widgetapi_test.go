package app

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadline/backend/config"
	"leadline/backend/sandbox"
	"leadline/backend/team"
)

// refused checks a refusal of docs/http-api.md §1: status, code, a sentence, a
// request id, and the headers without which the widget could not read it (W §8.4).
func refused(t *testing.T, a answer, status int, code string) {
	t.Helper()
	var e struct {
		Error struct {
			Code, Message string
			RequestID     string `json:"request_id"`
		}
	}
	if json.Unmarshal(a.body, &e) != nil || a.status != status || e.Error.Code != code {
		t.Errorf("answer %d %s, want %d %s", a.status, a.body, status, code)
		return
	}
	if len(e.Error.Message) < 20 || strings.Contains(e.Error.Message, "error.") || strings.Contains(e.Error.Message, "{{") || e.Error.RequestID == "" {
		t.Errorf("%s is told as %q (request %q), want a sentence", code, e.Error.Message, e.Error.RequestID)
	}
	readable(t, a, "https://"+crmHost)
}

// readable checks that a page of the origin may read the answer.
func readable(t *testing.T, a answer, origin string) {
	t.Helper()
	if got := a.header.Get("Access-Control-Allow-Origin"); got != origin {
		t.Errorf("answer %d: Access-Control-Allow-Origin %q, want %q", a.status, got, origin)
	}
	if !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Origin") {
		t.Errorf("answer %d: Vary %q, want Origin", a.status, a.header.Values("Vary"))
	}
	if a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Error("credentials are allowed across origins")
	}
}

// token is one for X-Auth-Token, made d away from now.
func (w *world) token(user int64, d time.Duration) string {
	w.t.Helper()
	w.box.Advance(d)
	defer w.box.Advance(-d)
	return w.widgetHeaders(user)["X-Auth-Token"]
}

func TestWidgetRefusesTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	good := w.token(adminID, 0)
	head, rest, _ := strings.Cut(good, ".")
	payload, _, _ := strings.Cut(rest, ".")
	for _, c := range []struct{ name, token, origin, code string }{
		{"missing", "", crmHost, "token_missing"},
		{"no token", "letmein", crmHost, "token_invalid"},
		{"changed signature", good[:len(good)-6] + "AAAAAA", crmHost, "token_invalid"},
		{"no signature", head + "." + payload + ".", crmHost, "token_invalid"},
		{"expired", w.token(adminID, -time.Hour), crmHost, "token_expired"},
		{"from the future", w.token(adminID, time.Hour), crmHost, "token_invalid"},
		{"of another account's page", good, "otherco.amocrm.ru", "token_invalid"},
		{"too long", strings.Repeat("a", 9<<10), crmHost, "token_invalid"},
	} {
		h := map[string]string{"Origin": "https://" + c.origin}
		if c.token != "" {
			h["X-Auth-Token"] = c.token
		}
		for _, call := range []struct{ method, path string }{{"GET", "status"}, {"POST", "connect"}, {"POST", "disconnect"}, {"POST", "signup"}, {"GET", "chats"}, {"POST", "chats"}} {
			var body any
			if call.method == "POST" {
				body = w.connectBody()
			}
			a := w.send(call.method, appURL+"/widget/v1/"+call.path, h, body)
			if a.status != http.StatusUnauthorized || a.code() != c.code {
				t.Errorf("%s token, %s: %d %s, want 401 %s", c.name, call.path, a.status, a.body, c.code)
			}
			readable(t, a, "https://"+c.origin)
		}
	}
	if w.claimed() {
		t.Error("a refused token left a claim")
	}
	// Two headers are not one (W §8.2, step 1).
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, appURL+"/widget/v1/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["X-Auth-Token"] = []string{good, good}
	res, err := w.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("two tokens: %d, want 401", res.StatusCode)
	}
}

// TestWidgetRefusals: each refusal of §1 that a person can run into.
func TestWidgetRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	ctx := t.Context()
	first, err := w.app.Teams.SignIn(ctx, login, password)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Teams.Add(ctx, "viewer@example.org", password, first.Team, team.Viewer); err != nil {
		t.Fatal(err)
	}
	if err := w.app.Teams.SignUp(ctx, "new@example.org", password, "en"); err != nil {
		t.Fatal(err)
	}
	w.installed()
	ask := func(user int64, change map[string]string) answer {
		t.Helper()
		body := w.connectBody()
		maps.Copy(body, change)
		return w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(user), body)
	}
	refused(t, ask(agentID, nil), 403, "not_admin")
	refused(t, w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(agentID), map[string]string{}), 403, "not_admin")
	refused(t, ask(adminID, map[string]string{"amojo_id": "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b3"}), 403, "account_mismatch")
	refused(t, ask(adminID, map[string]string{"amojo_id": "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6bz"}), 422, "invalid_request")
	refused(t, ask(adminID, map[string]string{"amojo_id": ""}), 422, "invalid_request")
	refused(t, ask(adminID, map[string]string{"login": ""}), 422, "invalid_request")
	refused(t, ask(adminID, map[string]string{"login": "viewer@example.org"}), 403, "viewer_only")
	refused(t, ask(adminID, map[string]string{"login": "new@example.org"}), 422, "email_not_verified")
	for _, body := range []string{"", "{", "[]", `"x"`, "null", `{"login":1}`, `{"login":"a@example.org","password":{}}`} {
		refused(t, w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), body), 422, "invalid_request")
	}

	// Whether an address is known must not be readable (W §8.5). An unproven one
	// with a wrong password is as unknown as any other.
	var told []string
	for _, who := range []map[string]string{
		{"password": "not the password"}, {"login": "nobody@example.org"},
		{"login": "new@example.org", "password": "not the password"}, {"password": strings.Repeat("x", 1000)},
	} {
		a := ask(adminID, who)
		refused(t, a, 422, "wrong_credentials")
		var e map[string]map[string]string
		a.into(t, &e)
		delete(e["error"], "request_id")
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, string(raw))
	}
	for _, s := range told[1:] {
		if s != told[0] {
			t.Errorf("answers differ: %s and %s", told[0], s)
		}
	}
	if a, _ := w.account(); w.claimed() || a.State != "installed" || a.Team != "" || len(w.box.Connections()) != 0 {
		t.Errorf("refusals left something behind: %+v, claim %v, %d connections", a, w.claimed(), len(w.box.Connections()))
	}
	if strings.Contains(w.logs.String(), password) || strings.Contains(w.logs.String(), "not the password") {
		t.Error("a password stands in the log")
	}
}

func TestWidgetAccountTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	if _, err := w.app.Teams.Add(t.Context(), "boris@another.example.com", password, "", team.Owner); err != nil {
		t.Fatal(err)
	}
	body := w.connectBody()
	body["login"] = "boris@another.example.com"
	a := w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), body)
	refused(t, a, 409, "account_taken")
	if !strings.Contains(string(a.body), "a***@e***.org") || strings.Contains(string(a.body), login) {
		t.Errorf("the owner is named as %s, want the masked address", a.body)
	}
	if c := w.state(); c.State != "connected" || c.Login != login {
		t.Errorf("the widget reads %+v, want the first login's connection", c)
	}
	// The owner lets go; then the other may have it.
	if a := w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{}); a.status != 200 {
		t.Fatalf("disconnect: %d %s", a.status, a.body)
	}
	if a := w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), body); a.status != 200 {
		t.Fatalf("connect by the second team: %d %s", a.status, a.body)
	}
	if c := w.state(); c.State != "connected" || c.Login != "boris@another.example.com" {
		t.Errorf("the widget reads %+v, want the second login's connection", c)
	}
	w.noBreaches()
}

// TestWidgetSpeaksTheLanguageAsked: the body's language wins over Accept-Language.
func TestWidgetSpeaksTheLanguageAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	said := map[string]string{}
	message := func(a answer) string {
		refused(t, a, 403, "not_admin")
		var e struct{ Error struct{ Message string } }
		a.into(t, &e)
		return e.Error.Message
	}
	for _, lang := range []string{"ru", "en", "es", "pt"} {
		body, h := w.connectBody(), w.widgetHeaders(agentID)
		body["language"] = lang
		h["Accept-Language"] = "en"
		m := message(w.send("POST", appURL+"/widget/v1/connect", h, body))
		if other, twice := said[m]; twice {
			t.Errorf("%s and %s read the same: %q", lang, other, m)
		}
		said[m] = lang
		h["Accept-Language"] = lang + ";q=0.9, de;q=0.1"
		if got := message(w.send("POST", appURL+"/widget/v1/disconnect", h, map[string]string{})); got != m {
			t.Errorf("Accept-Language %s gives %q, the body's language %q", lang, got, m)
		}
	}
}

func TestWidgetBodyTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	big := `{"login":"` + strings.Repeat("a", 9<<10) + `"}`
	for _, path := range []string{"connect", "signup"} {
		refused(t, w.send("POST", appURL+"/widget/v1/"+path, w.widgetHeaders(adminID), big), 413, "body_too_large")
		// Without a length it is found out while reading.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, appURL+"/widget/v1/"+path, io.MultiReader(strings.NewReader(big)))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range w.widgetHeaders(adminID) {
			req.Header.Set(k, v)
		}
		res, err := w.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		refused(t, answer{res.StatusCode, res.Header, body}, 413, "body_too_large")
	}
}

// TestWidgetGuessingIsSlow: a login has few tries, whoever asks; others go on.
func TestWidgetGuessingIsSlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	guess := func(who string) answer {
		body := w.connectBody()
		body["login"], body["password"] = who, "not the password"
		return w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), body)
	}
	tries := 0
	var a answer
	for a = guess(login); a.status == 422 && tries < 50; a = guess([]string{login, strings.ToUpper(login), " " + login}[tries%3]) {
		tries++
	}
	refused(t, a, 429, "too_many_attempts")
	if s, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || s < 1 || s > 60 {
		t.Errorf("Retry-After %q, want seconds", a.header.Get("Retry-After"))
	}
	if !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Error("the widget may not read Retry-After")
	}
	if tries > 10 {
		t.Errorf("%d guesses before the first 429", tries)
	}
	refused(t, w.connect(), 429, "too_many_attempts") // the right password does not help
	refused(t, guess("somebody@example.org"), 422, "wrong_credentials")
}

func TestWidgetUpstreamTrouble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		faults func(*sandbox.Faults)
		status int
		code   string
	}{
		{"API out of order", func(f *sandbox.Faults) { f.APIStatus, f.APICount = 503, -1 }, 502, "crm_unavailable"},
		{"API too many requests", func(f *sandbox.Faults) { f.APIStatus, f.APICount = 429, -1 }, 502, "crm_unavailable"},
		{"chats service out of order", func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 503, -1 }, 502, "crm_unavailable"},
		{"connect refused", func(f *sandbox.Faults) { f.ConnectRefused = true }, 502, "channel_private"},
		// The widget itself waits 15 s; it must read our reason before (13 s).
		{"API silent", func(f *sandbox.Faults) { f.APIDelayMS = 60_000 }, 504, "crm_timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true})
			w.installed()
			w.box.SetFaults(c.faults)
			began := time.Now()
			refused(t, w.connect(), c.status, c.code)
			if d := time.Since(began); d > 14*time.Second {
				t.Errorf("the answer took %v, the widget gives up after 15 s", d)
			}
			if now := w.state(); now.State != "not_connected" || w.claimed() {
				t.Errorf("the widget reads %+v, claim %v: want nothing stored", now, w.claimed())
			}
			w.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })
			if a := w.connect(); a.status != 200 {
				t.Errorf("connect when it is over: %d %s", a.status, a.body)
			}
			w.noBreaches()
		})
	}
}

// TestWidgetPreflight: W §8.4, and origins that only look alike.
func TestWidgetPreflight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	ask := func(origin, path string) answer {
		return w.send("OPTIONS", appURL+path, map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-auth-token,content-type",
		}, nil)
	}
	for _, path := range []string{"status", "connect", "disconnect", "signup", "chats"} {
		a := ask("https://"+crmHost, "/widget/v1/"+path)
		if a.status != http.StatusNoContent {
			t.Errorf("preflight of %s: %d, want 204", path, a.status)
		}
		readable(t, a, "https://"+crmHost)
		for name, want := range map[string][]string{
			"Access-Control-Allow-Methods": {"GET", "POST"},
			"Access-Control-Allow-Headers": {"X-Auth-Token", "Content-Type", "Accept-Language"},
		} {
			for _, one := range want {
				if !strings.Contains(a.header.Get(name), one) {
					t.Errorf("preflight of %s: %s is %q, want %s in it", path, name, a.header.Get(name), one)
				}
			}
		}
		if age, err := strconv.Atoi(a.header.Get("Access-Control-Max-Age")); err != nil || age > 600 {
			t.Errorf("preflight of %s: Max-Age %q, want at most 600", path, a.header.Get("Access-Control-Max-Age"))
		}
	}
	for _, origin := range []string{
		"https://evil-amocrm.ru", "https://amocrm.ru", "https://amocrm.ru.evil.test", "https://a.b.amocrm.ru", "http://democo.amocrm.ru",
		"https://democo.amocrm.ru:8443", "https://democo.amocrm.ru.", "https://democo.amocrm.ru@evil.test", "https://.amocrm.ru",
		"https://democo.amocrm.ru/", "https://DEMOCO.amocrm.ru", "https://democo.kommo.com", "null", "",
	} {
		for _, a := range []answer{ask(origin, "/widget/v1/connect"), w.send("GET", appURL+"/widget/v1/status", map[string]string{"Origin": origin}, nil)} {
			if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("origin %q: Access-Control-Allow-Origin %q, want none", origin, got)
			}
		}
	}
	// OAuth and hooks are no business of pages.
	for _, path := range []string{"/oauth/amocrm/callback", "/oauth/amocrm/disabled", "/hooks/amojo/" + scope, "/verify-email"} {
		if got := w.send("GET", appURL+path, map[string]string{"Origin": "https://" + crmHost}, nil).header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s may be read by %s", path, got)
		}
	}
	// Errors of the router are answers too.
	for _, a := range []answer{
		w.send("GET", appURL+"/widget/v1/nothing", map[string]string{"Origin": "https://" + crmHost}, nil),
		w.send("GET", appURL+"/widget/v1/connect", map[string]string{"Origin": "https://" + crmHost}, nil),
	} {
		if a.status != 404 && a.status != 405 {
			t.Errorf("answer %d, want 404 or 405", a.status)
		}
		readable(t, a, "https://"+crmHost)
	}
}

// TestSignUp: the same answer for every address, and only the owner of the
// mailbox gets in.
func TestSignUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	const fresh = "fresh@example.org"
	up := func(email, pass string) answer {
		return w.send("POST", appURL+"/widget/v1/signup", w.widgetHeaders(adminID), map[string]string{"email": email, "password": pass, "language": "es"})
	}
	in := func(pass string) answer {
		body := w.connectBody()
		body["login"], body["password"] = fresh, pass
		return w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), body)
	}
	verify := func(token string) answer {
		return w.send("POST", appURL+"/verify-email", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "token="+token)
	}
	refused(t, up("no address", "a good password"), 422, "invalid_email")
	refused(t, up("short@example.org", "short"), 422, "weak_password")
	if n := len(w.mail.all()); n != 0 {
		t.Fatalf("%d mails after refusals", n)
	}

	same := []answer{up(" Fresh@Example.org", "first password"), up(fresh, "second password"), up(login, "a good password")}
	for _, a := range same {
		if a.status != http.StatusAccepted || string(a.body) != `{"state":"verify_email"}` {
			t.Errorf("sign-up: %d %s, want 202 verify_email", a.status, a.body)
		}
	}
	mails := w.mail.all()
	if len(mails) != 2 || mails[0].to != fresh || mails[1].to != fresh || mails[1].locale != "es" {
		t.Fatalf("mails %+v, want two to the unproven address in its language and none to the proven one", mails)
	}
	if a := w.connect(); a.status != http.StatusAccepted {
		t.Errorf("the known login cannot sign in any more: %d %s", a.status, a.body)
	}

	refused(t, in("second password"), 422, "email_not_verified")
	refused(t, in("first password"), 422, "wrong_credentials")
	page := w.send("GET", appURL+"/verify-email", nil, nil)
	if page.status != 200 || !strings.Contains(page.header.Get("Content-Security-Policy"), "default-src 'none'") ||
		strings.Contains(page.header.Get("Content-Security-Policy"), "unsafe") || page.header.Get("Referrer-Policy") != "no-referrer" ||
		!strings.Contains(string(page.body), `action="/verify-email"`) {
		t.Errorf("the page of the mailed link: %d %v\n%s", page.status, page.header, page.body)
	}
	for _, path := range []string{"/assets/page.css", "/assets/link.js"} {
		if a := w.send("GET", appURL+path, nil, nil); a.status != 200 || len(a.body) == 0 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	// The link of the first sign-up died with its password.
	for _, dead := range []string{mails[0].token, "", "x.y.z", mails[1].token + "A"} {
		if a := verify(dead); a.status != 422 {
			t.Errorf("a dead link: %d, want 422", a.status)
		}
	}
	refused(t, in("second password"), 422, "email_not_verified")
	for range 2 { // mail programs open links twice
		if a := verify(mails[1].token); a.status != 200 {
			t.Fatalf("the link: %d %s", a.status, a.body)
		}
	}
	if a := in("second password"); a.status != http.StatusAccepted {
		t.Errorf("connect after the proof: %d %s", a.status, a.body)
	}
	for _, m := range mails {
		if strings.Contains(w.logs.String(), m.token) {
			t.Error("a mailed token stands in the log")
		}
	}
	a := up("next@example.org", "a good password")
	for n := 0; a.status == http.StatusAccepted && n < 20; n++ {
		a = up("next"+strconv.Itoa(n)+"@example.org", "a good password")
	}
	refused(t, a, 429, "too_many_attempts")
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestSignUpClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: func(c *config.Config) { c.SignUp = false }})
	refused(t, w.send("POST", appURL+"/widget/v1/signup", w.widgetHeaders(adminID),
		map[string]string{"email": "fresh@example.org", "password": "a good password"}), 403, "signup_closed")
	if n := len(w.mail.all()); n != 0 {
		t.Errorf("%d mails, want none", n)
	}
	var c struct {
		SignUpAllowed bool `json:"signup_allowed"`
	}
	w.send("GET", appURL+"/widget/v1/status", w.widgetHeaders(adminID), nil).into(t, &c)
	if c.SignUpAllowed {
		t.Error("the widget reads that sign-up is open")
	}
}
