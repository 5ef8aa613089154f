package auth

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"leadline/backend/fault"
)

var (
	newest = Key{"k2", bytes.Repeat([]byte{2}, 32)}
	former = Key{"k1", bytes.Repeat([]byte{1}, 32)}
	start  = time.Unix(issuedAt, 0)
)

func at(d time.Duration) func() time.Time { return func() time.Time { return start.Add(d) } }

func testKeys(t testing.TB, now func() time.Time, keys ...Key) *Keys {
	t.Helper()
	k, err := NewKeys(now, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var consoleUser = Console{Account: "a", User: 9000001, Host: "democo.amocrm.ru", Admin: true, Locale: "ru", Scheme: "dark"}

func sameUser(id string, c Console, err error) error {
	if err == nil && (id != "t" || c != consoleUser) {
		return fmt.Errorf("console's user = %s, %+v", id, c)
	}
	return err
}

// kinds makes one token of each purpose and reads it as each purpose.
var kinds = []struct {
	name string
	life time.Duration
	make func(*Keys) (string, error)
	read func(*Keys, string) error
	code string
	kind fault.Kind
}{
	{"visitor", 400 * 24 * time.Hour,
		func(k *Keys) (string, error) { return k.Visitor(Visitor{Account: "a", Chat: "c", Visitor: "v"}) },
		func(k *Keys, s string) error {
			v, err := k.ReadVisitor(s)
			if err == nil && v != (Visitor{Account: "a", Chat: "c", Visitor: "v"}) {
				return fmt.Errorf("visitor = %+v", v)
			}
			return err
		}, "token_invalid", fault.Unauthenticated},
	{"ticket", 10 * time.Minute,
		func(k *Keys) (string, error) { return k.Ticket("1042", "https://shop.example.test") },
		func(k *Keys, s string) error {
			o, err := k.ReadTicket(s, "1042")
			if err == nil && o != "https://shop.example.test" {
				return fmt.Errorf("origin = %s", o)
			}
			return err
		}, "ticket_invalid", fault.Unauthenticated},
	{"state", 30 * time.Minute,
		func(k *Keys) (string, error) { return k.State("amocrm", 31000001) },
		func(k *Keys, s string) error {
			a, err := k.StateAccount(s, "amocrm")
			if err == nil && a != 31000001 {
				return fmt.Errorf("account = %d", a)
			}
			return err
		}, "state_invalid", fault.Invalid},
	{"proof", 24 * time.Hour,
		func(k *Keys) (string, error) { return k.Issue("u", "m") },
		func(k *Keys, s string) error {
			u, m, err := k.Read(s)
			if err == nil && (u != "u" || m != "m") {
				return fmt.Errorf("proof = %s, %s", u, m)
			}
			return err
		}, "token_invalid", fault.Invalid},
	{"reset", time.Hour,
		func(k *Keys) (string, error) { return k.IssueReset("u", "m") },
		func(k *Keys, s string) error {
			u, m, err := k.ReadReset(s)
			if err == nil && (u != "u" || m != "m") {
				return fmt.Errorf("reset = %s, %s", u, m)
			}
			return err
		}, "token_invalid", fault.Invalid},
	{"console ticket", 30 * time.Second,
		func(k *Keys) (string, error) { return k.ConsoleTicket("t", consoleUser) },
		func(k *Keys, s string) error { return sameUser(k.ReadConsoleTicket(s)) }, "ticket_invalid", fault.Unauthenticated},
	{"console tab", 4*time.Minute + 30*time.Second,
		func(k *Keys) (string, error) { return k.ConsoleTab("t", consoleUser) },
		func(k *Keys, s string) error { return sameUser(k.ReadConsoleTab(s)) }, "ticket_invalid", fault.Unauthenticated},
	{"console session", 24*time.Minute + 30*time.Second,
		func(k *Keys) (string, error) { return k.ConsoleSession(consoleUser) },
		func(k *Keys, s string) error {
			c, _, err := k.ReadConsoleSession(s)
			return sameUser("t", c, err)
		}, "session_over", fault.Unauthenticated},
	{"console form", 11*time.Hour + 59*time.Minute + 30*time.Second,
		func(k *Keys) (string, error) { return k.ConsoleForm(consoleUser) },
		func(k *Keys, s string) error { return k.CheckConsoleForm(s, consoleUser) }, "form_expired", fault.Denied},
}

func TestTokensNeverStandInForAnother(t *testing.T) {
	t.Parallel()
	k := testKeys(t, at(0), newest, former)
	for _, made := range kinds {
		token, err := made.make(k)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range kinds {
			err := r.read(k, token)
			if r.name == made.name {
				if err != nil {
					t.Errorf("%s read as itself: %v", made.name, err)
				}
			} else if fault.CodeOf(err) != r.code || !fault.Is(err, r.kind) {
				t.Errorf("%s read as %s: %v, want %s", made.name, r.name, err, r.code)
			}
		}
		if _, err := verifier(issuedAt).Verify([]string{token}); fault.CodeOf(err) != "token_invalid" {
			t.Errorf("%s read as disposable token: %v", made.name, err)
		}
	}
	for _, r := range kinds {
		if err := r.read(k, adminToken); fault.CodeOf(err) != r.code {
			t.Errorf("disposable token read as %s: %v", r.name, err)
		}
	}
}

func TestTokenLifeAndRotation(t *testing.T) {
	t.Parallel()
	other := Key{"k2", bytes.Repeat([]byte{3}, 32)}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			token, err := kind.make(testKeys(t, at(0), former))
			if err != nil {
				t.Fatal(err)
			}
			for _, tt := range []struct {
				name string
				keys *Keys
				ok   bool
			}{
				{"last moment", testKeys(t, at(kind.life-time.Second), former), true},
				{"expired", testKeys(t, at(kind.life+DefaultLeeway), former), false},
				{"issued in the future", testKeys(t, at(-DefaultLeeway-time.Second), former), false},
				{"after a rotation", testKeys(t, at(min(time.Minute, kind.life/2)), newest, former), true},
				{"former key taken away", testKeys(t, at(time.Minute), newest), false},
				{"another secret under the same id", testKeys(t, at(time.Minute), Key{"k1", other.Secret}), false},
			} {
				if err := kind.read(tt.keys, token); (err == nil) != tt.ok {
					t.Errorf("%s: %v, want accepted: %v", tt.name, err, tt.ok)
				}
			}
			k := testKeys(t, at(0), former)
			for _, bad := range []string{"", "..", token + "x", token[1:], token + "." + token, token[:strings.LastIndex(token, ".")+1] + "x", strings.Repeat("a", 3000) + ".b.c"} {
				if err := kind.read(k, bad); fault.CodeOf(err) != kind.code {
					t.Errorf("%.30q: %v, want %s", bad, err, kind.code)
				}
			}
		})
	}
}

// What the right key signed is refused all the same when a part of it is wrong.
func TestTokenParts(t *testing.T) {
	t.Parallel()
	k := testKeys(t, at(0), newest)
	key, err := newest.derive("token visitor")
	if err != nil {
		t.Fatal(err)
	}
	const header = `{"alg":"HS256","kid":"k2","typ":"leadline-visitor"}`
	body := fmt.Sprintf(`{"aud":"leadline/visitor","iat":%d,"exp":%d,"leadline":{"account":"a","chat":"c","visitor":"v"}}`, issuedAt, issuedAt+60)
	for _, tt := range []struct {
		name, header, old, replacement string
		ok                             bool
	}{
		{"right", header, "", "", true},
		{"other type", strings.Replace(header, "visitor", "ticket", 1), "", "", false},
		{"no type", `{"alg":"HS256","kid":"k2"}`, "", "", false},
		{"other key id", strings.Replace(header, "k2", "k1", 1), "", "", false},
		{"no key id", `{"alg":"HS256","typ":"leadline-visitor"}`, "", "", false},
		{"alg none", strings.Replace(header, "HS256", "none", 1), "", "", false},
		{"other audience", header, "leadline/visitor", "leadline/ticket", false},
		{"no end", header, fmt.Sprintf(`,"exp":%d`, issuedAt+60), "", false},
		{"no visitor", header, `,"visitor":"v"`, "", false},
		{"no account", header, `"account":"a",`, "", false},
		{"no body", header, `"leadline"`, `"other"`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token := hs(sha256.New, string(key), tt.header, strings.Replace(body, tt.old, tt.replacement, 1))
			if _, err := k.ReadVisitor(token); (err == nil) != tt.ok {
				t.Errorf("ReadVisitor: %v, want accepted: %v", err, tt.ok)
			}
		})
	}
}

func TestTokensAreBoundToWhatTheyWereMadeFor(t *testing.T) {
	t.Parallel()
	k := testKeys(t, at(0), newest)
	ticket, _ := k.Ticket("1042", "https://shop.example.test")
	if _, err := k.ReadTicket(ticket, "1043"); fault.CodeOf(err) != "ticket_invalid" {
		t.Errorf("ticket of another button: %v", err)
	}
	empty, _ := k.Ticket("", "")
	if _, err := k.ReadTicket(empty, ""); fault.CodeOf(err) != "ticket_invalid" {
		t.Errorf("ticket of no button: %v", err)
	}
	state, _ := k.State("amocrm", 31000001)
	if err := k.ReadState(state, "kommo"); fault.CodeOf(err) != "state_invalid" {
		t.Errorf("state of another product: %v", err)
	}
	if err := k.ReadState(state, "amocrm"); err != nil {
		t.Errorf("state: %v", err)
	}
	if _, err := k.Ticket("1042", strings.Repeat("x", 4000)); err == nil {
		t.Error("a ticket was made that is too long to be read")
	}
	// Claims of a visitor token stand in clear in a browser: no more than needed.
	token, _ := k.Visitor(Visitor{Account: "a", Chat: "c", Visitor: "v"})
	raw, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil || len(got) != 4 {
		t.Errorf("claims = %s, %v", raw, err)
	}
}

// nine is one key more than a file may hold.
func nine(secret string) string {
	var b strings.Builder
	for n := range 9 {
		fmt.Fprintf(&b, "k%d %s\n", n, secret)
	}
	return b.String()
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	made := NewKey("2026")
	if len(made.Secret) != 32 || bytes.Equal(made.Secret, NewKey("2026").Secret) {
		t.Error("NewKey gives no fresh 32 bytes")
	}
	keys, err := ParseKeys("# keys\n\n" + FormatKeys(made, former))
	if err != nil || len(keys) != 2 || keys[0].ID != "2026" || !bytes.Equal(keys[0].Secret, made.Secret) || keys[1].ID != "k1" {
		t.Errorf("ParseKeys = %v, %v", keys, err)
	}
	secret := base64.StdEncoding.EncodeToString(former.Secret)
	for _, bad := range []string{"", "# none", "k1", "k1 ???", "k1 " + secret[:20], "K1 " + secret, " " + secret, "k.1 " + secret, strings.Repeat("k", 17) + " " + secret,
		FormatKeys(former, former), nine(secret)} {
		if _, err := ParseKeys(bad); err == nil {
			t.Errorf("ParseKeys(%q) took it", bad)
		} else if strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("error shows a secret: %v", err)
		}
	}
	for _, s := range []string{fmt.Sprintf("%+v", former), fmt.Sprintf("%#v", former)} {
		if s != "key k1" {
			t.Errorf("printed key = %s", s)
		}
	}
}

func TestSealer(t *testing.T) {
	t.Parallel()
	old, err := NewSealer(former)
	if err != nil {
		t.Fatal(err)
	}
	both, err := NewSealer(newest, former)
	if err != nil {
		t.Fatal(err)
	}
	const plain, aad = "refresh token", "account/a1/tokens"
	sealed := old.Seal(plain, aad)
	if strings.Contains(sealed, plain) || sealed == old.Seal(plain, aad) {
		t.Error("sealed value shows its content or repeats")
	}
	if !strings.HasPrefix(sealed, "k1.") || old.Stale(sealed) || !both.Stale(sealed) || both.Stale(both.Seal(plain, aad)) {
		t.Errorf("key of %.10s is not told right", sealed)
	}
	for _, s := range []*Sealer{old, both} {
		if got, err := s.Open(sealed, aad); got != plain || err != nil {
			t.Errorf("Open = %q, %v", got, err)
		}
	}
	if got, err := both.Open(both.Seal("", aad), aad); got != "" || err != nil {
		t.Errorf("Open of nothing = %q, %v", got, err)
	}
	newOnly, _ := NewSealer(newest)
	for name, open := range map[string]func() (string, error){
		"moved to another row": func() (string, error) { return both.Open(sealed, "account/a2/tokens") },
		"key taken away":       func() (string, error) { return newOnly.Open(sealed, aad) },
		"other key's id":       func() (string, error) { return both.Open("k2"+sealed[2:], aad) },
		"changed":              func() (string, error) { return both.Open(sealed[:len(sealed)-2]+"AA", aad) },
		"cut":                  func() (string, error) { return both.Open(sealed[:10], aad) },
		"empty":                func() (string, error) { return both.Open("", aad) },
		"only an id":           func() (string, error) { return both.Open("k1.", aad) },
		"in clear":             func() (string, error) { return both.Open(plain, aad) },
	} {
		if got, err := open(); !errors.Is(err, ErrSealed) || got != "" {
			t.Errorf("%s: Open = %q, %v", name, got, err)
		}
	}
	if _, err := NewSealer(); err == nil {
		t.Error("NewSealer took no key")
	}
	if _, err := NewKeys(nil, Key{"k", []byte("short")}); err == nil {
		t.Error("NewKeys took a short key")
	}
}
