package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
	"leadline/backend/sandbox"
)

// userToken is what a site's server makes, by the test's own hand (RFC 7515).
func userToken(t *testing.T, alg, secret string, claims map[string]any) string {
	t.Helper()
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	signed := part(map[string]string{"alg": alg, "typ": "JWT"}) + "." + part(claims)
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// site is the shop's server with the identity secret of its chat.
type site struct {
	w            *world
	button, hash string
	chat         chatid.ChatID
	secret       string
}

func (w *world) site() site {
	w.t.Helper()
	button, hash := w.connected()
	b, err := w.buttonSettings().Button(w.t.Context(), chatid.ButtonKey(button))
	if err != nil {
		w.t.Fatal(err)
	}
	k, err := w.buttonSettings().NewIdentitySecret(w.t.Context(), b.Chat)
	if err != nil || len(k.Material) != 64 {
		w.t.Fatalf("identity secret of %d characters, %v", len(k.Material), err)
	}
	return site{w, button, hash, b.Chat, k.Material}
}

func (s site) token(user string, more map[string]any) string {
	claims := map[string]any{"sub": user, "aud": s.button, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	for k, v := range more {
		claims[k] = v
	}
	return userToken(s.w.t, "HS256", s.secret, claims)
}

// open begins a session on a device that keeps token.
func (s site) open(token, user string) (*visitor, answer) {
	s.w.t.Helper()
	v := &visitor{w: s.w, base: chatURL, button: s.button}
	a := s.w.send("POST", chatURL+"/v1/session", nil, map[string]string{
		"button_id": s.button, "ticket": v.ticket(s.hash), "token": token, "user_token": user,
	})
	var got struct{ Token string }
	if a.status == http.StatusOK {
		a.into(s.w.t, &got)
	}
	v.token = got.Token
	return v, a
}

func (v *visitor) texts() string {
	v.w.t.Helper()
	var list []string
	for _, m := range v.history() {
		list = append(list, m.Text)
	}
	return strings.Join(list, "|")
}

// TestIdentity: docs/http-api.md "Identified visitors" and ADR 0011.
func TestIdentity(t *testing.T) {
	t.Parallel()
	identity(t, setup{login: true})
}

func TestIdentityOnPostgres(t *testing.T) {
	t.Parallel()
	identity(t, setup{login: true, config: onPostgres(t)})
}

func identity(t *testing.T, set setup) {
	w := newWorld(t, set)
	s := w.site()
	anna := s.token("anna-17", map[string]any{"name": "Anna Proven", "phone": "+7 (999) 111-22-33", "email": "anna@shop.example"})

	// Two devices that begin at once are one visitor.
	laptop, _ := s.open("", anna)
	phone, _ := s.open("", anna)
	laptop.write(uuidN(1), "from the laptop")
	phone.write(uuidN(2), "from the phone")
	for name, v := range map[string]*visitor{"laptop": laptop, "phone": phone} {
		if got := v.texts(); got != "from the laptop|from the phone" {
			t.Errorf("the %s sees %q", name, got)
		}
	}
	w.eventually("both in one chat", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
	if chats := w.box.Chats(accountID); len(chats) != 1 || chats[0].ClientName != "Anna Proven" || !strings.Contains(chats[0].FirstPhone, "79991112233") {
		t.Errorf("the CRM has %+v, want one chat with what the site proved", chats)
	}

	// Another user on the same device is another visitor; going back is the first.
	boris, _ := s.open(laptop.token, s.token("boris-18", nil))
	if got := boris.texts(); got != "" {
		t.Errorf("boris reads anna's history: %q", got)
	}
	boris.write(uuidN(3), "boris")
	if again, _ := s.open(boris.token, anna); again.texts() != "from the laptop|from the phone" {
		t.Errorf("anna came back to %q", again.texts())
	}
	// Who signs out leaves nothing to the next one on the device (SEC-7).
	alone, _ := s.open(laptop.token, "")
	if alone.texts() != "" {
		t.Errorf("without anna the laptop opens %q", alone.texts())
	}
	// What is written then is not hers when she comes back: she was known here (CFG-7).
	alone.write(uuidN(5), "somebody else")
	for name, user := range map[string]string{"anna": anna, "nobody": ""} {
		want := map[string]string{"anna": "from the laptop|from the phone", "nobody": "somebody else"}[name]
		if got, _ := s.open(alone.token, user); got.texts() != want {
			t.Errorf("after signing out %s reads %q, want %q", name, got.texts(), want)
		}
	}

	// Who wrote without being known keeps that history when the site vouches for them.
	guest, _ := s.open("", "")
	guest.write(uuidN(4), "as a guest")
	vera := s.token("vera-19", nil)
	if known, _ := s.open(guest.token, vera); known.texts() != "as a guest" {
		t.Errorf("the guest's history is lost: %q", known.texts())
	}
	if other, _ := s.open("", vera); other.texts() != "as a guest" {
		t.Errorf("another device sees %q", other.texts())
	}
	// The guest's old token belongs to vera now: nobody else gets her history by it.
	if thief, _ := s.open(guest.token, s.token("gleb-20", nil)); thief.texts() != "" {
		t.Errorf("gleb reads %q", thief.texts())
	}
	w.noBreaches()
}

// TestIdentityRefusals: whatever is wrong, it opens nothing and says one thing.
func TestIdentityRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	s := w.site()
	in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	good := map[string]any{"sub": "anna-17", "aud": s.button, "iat": in(0), "exp": in(time.Hour)}
	with := func(k string, v any) map[string]any {
		m := map[string]any{}
		for k, v := range good {
			m[k] = v
		}
		if m[k] = v; v == nil {
			delete(m, k)
		}
		return m
	}
	sign := func(claims map[string]any) string { return userToken(t, "HS256", s.secret, claims) }
	none := userToken(t, "none", s.secret, good)
	for name, token := range map[string]string{
		"forged":                  forge(sign(good)),
		"of another secret":       userToken(t, "HS256", strings.Repeat("0", 64), good),
		"of no secret":            userToken(t, "HS256", "", good),
		"without signature":       none[:strings.LastIndexByte(none, '.')+1],
		"alg none":                none,
		"another algorithm":       userToken(t, "HS512", s.secret, good),
		"expired":                 sign(with("exp", in(-time.Hour))),
		"without end":             sign(with("exp", nil)),
		"of an unknown time":      sign(with("iat", nil)),
		"made tomorrow":           sign(with("iat", in(24*time.Hour))),
		"for no button":           sign(with("aud", nil)),
		"good for two days":       sign(with("exp", in(48*time.Hour))),
		"not yet":                 sign(with("nbf", in(time.Hour))),
		"for another button":      sign(with("aud", "7")),
		"of nobody":               sign(with("sub", nil)),
		"of a blank":              sign(with("sub", "  ")),
		"of a number":             sign(with("sub", 17)),
		"of a long name":          sign(with("sub", strings.Repeat("a", 129))),
		"with a long e-mail":      sign(with("email", strings.Repeat("a", 255))),
		"with a line feed":        sign(with("name", "a\nb")),
		"with a contact in words": sign(with("contact_id", "twelve")),
		"no token at all":         "a.user.token",
		"a visitor token":         s.visitorToken(),
	} {
		_, a := s.open("", token)
		a.wants(t, name, 401, "user_token_invalid")
	}
	if a := w.send("POST", chatURL+"/v1/session", nil, map[string]string{
		"button_id": s.button, "ticket": (&visitor{w: w, base: chatURL, button: s.button}).ticket(s.hash), "user_token": strings.Repeat("a", 8193),
	}); a.status != 422 {
		t.Errorf("a huge user token: %d %s", a.status, a.body)
	}
	longest := map[string]any{
		"sub": strings.Repeat("<", 128), "name": strings.Repeat("<", 256), "email": strings.Repeat("<", 254), "phone": strings.Repeat("<", 64),
		"aud": s.button, "iat": in(0), "exp": in(24 * time.Hour),
	}
	v, a := s.open("", sign(longest))
	if a.status != http.StatusOK {
		t.Fatalf("the longest claims: %d %s", a.status, a.body)
	}
	v.write(uuidN(1), "the longest of names")
	if again, a := s.open(v.token, sign(longest)); v.texts() != "the longest of names" || again.texts() != "the longest of names" {
		t.Errorf("the longest token is not read back: %q, then %d %q", v.texts(), a.status, again.texts())
	}
	// A site changes over to another secret without a break; the one that is dropped ends.
	token := sign(good)
	chats := w.buttonSettings()
	next, err := chats.NewIdentitySecret(t.Context(), s.chat)
	if err != nil || next.Material == s.secret {
		t.Fatalf("another secret: %v", err)
	}
	both := map[string]string{"before": token, "now": userToken(t, "HS256", next.Material, good)}
	for name, token := range both {
		if _, a := s.open("", token); a.status != http.StatusOK {
			t.Errorf("of the secret %s, both are there: %d %s", name, a.status, a.body)
		}
	}
	identity, err := chats.Identity(t.Context(), s.chat)
	if err != nil || len(identity.Keys) != 2 || identity.Mode != onlinechat.Optional {
		t.Fatalf("identity %+v, %v", identity, err)
	}
	if _, err := chats.NewIdentitySecret(t.Context(), s.chat); fault.CodeOf(err) != "too_many_identity_keys" {
		t.Errorf("a third secret: %v", err)
	}
	if err := chats.DropIdentityKey(t.Context(), s.chat, identity.Keys[0].ID); err != nil {
		t.Fatal(err)
	}
	_, a = s.open("", both["before"])
	a.wants(t, "of the secret before", 401, "user_token_invalid")
	if _, a := s.open("", both["now"]); a.status != http.StatusOK {
		t.Errorf("of the secret that is left: %d %s", a.status, a.body)
	}
	for _, secret := range []string{next.Material, token} {
		if strings.Contains(w.logs.String(), secret) {
			t.Error("the log holds the secret or a token")
		}
	}
}

func (s site) visitorToken() string {
	s.w.t.Helper()
	v, _ := s.open("", "")
	return v.token
}
