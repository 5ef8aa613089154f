package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/fault"
)

// The vectors of W §8.11.
const (
	testClient   = "3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b"
	testAudience = "https://widget.example.test"
	adminToken   = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2RlbW9jby5hbW9jcm0ucnUiLCJhdWQiOiJodHRwczovL3dpZGdldC5leGFtcGxlLnRlc3QiLCJqdGkiOiI3YjZmM2M1Mi01MWQwLTRhOGUtOWQ1My0yYjFmN2YwYzZhMTEiLCJpYXQiOjE3NjcyMjU2MDAsIm5iZiI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI3NDAwLCJhY2NvdW50X2lkIjozMTAwMDAwMSwidXNlcl9pZCI6OTAwMDAwMiwiY2xpZW50X3V1aWQiOiIzZjFjMmE5ZS02ZDViLTRjMWUtOGE3Ny0wYzlkNGU1ZjZhN2IiLCJzdWJkb21haW4iOiJkZW1vY28iLCJpc19hZG1pbiI6dHJ1ZX0.iSrogkIY_GUY5k28wVIME8XaqqOBmzd3E_d1t949A5g"
	userToken    = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2RlbW9jby5hbW9jcm0ucnUiLCJhdWQiOiJodHRwczovL3dpZGdldC5leGFtcGxlLnRlc3QiLCJqdGkiOiI3YjZmM2M1My01MWQwLTRhOGUtOWQ1My0yYjFmN2YwYzZhMTEiLCJpYXQiOjE3NjcyMjU2MDAsIm5iZiI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI3NDAwLCJhY2NvdW50X2lkIjozMTAwMDAwMSwidXNlcl9pZCI6OTAwMDAwMiwiY2xpZW50X3V1aWQiOiIzZjFjMmE5ZS02ZDViLTRjMWUtOGE3Ny0wYzlkNGU1ZjZhN2IiLCJzdWJkb21haW4iOiJkZW1vY28iLCJpc19hZG1pbiI6ZmFsc2V9.GlwcpP8knIYL9KGYKvjqS6cFOUoln71Gl5Lah6xaBMQ"
	issuedAt     = 1767225600
)

var testSecret = strings.Repeat("TestOnly", 8)

func verifier(now int64) *DisposableVerifier {
	return &DisposableVerifier{
		Secrets: []string{testSecret}, Audience: testAudience, ClientUUID: testClient,
		Zones: []Zone{{"amocrm.ru", "https"}, {"amocrm.com", "https"}},
		Now:   func() time.Time { return time.Unix(now, 0) },
	}
}

// hs signs by hand, so that the tests do not lean on the library under test.
func hs(h func() hash.Hash, secret, header, claims string) string {
	b := base64.RawURLEncoding
	s := b.EncodeToString([]byte(header)) + "." + b.EncodeToString([]byte(claims))
	m := hmac.New(h, []byte(secret))
	m.Write([]byte(s))
	return s + "." + b.EncodeToString(m.Sum(nil))
}

const claims = `{"iss":"https://democo.amocrm.ru","aud":"https://widget.example.test","jti":"j","iat":1767225600,"nbf":1767225600,"exp":1767227400,"account_id":31000001,"user_id":9000002,"client_uuid":"3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b","subdomain":"democo","is_admin":true}`

// with signs the usual claims with one text replaced.
func with(old, replacement string) string {
	if !strings.Contains(claims, old) {
		panic("no " + old)
	}
	return hs(sha256.New, testSecret, `{"typ":"JWT","alg":"HS256"}`, strings.Replace(claims, old, replacement, 1))
}

func TestDisposableVectors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		token string
		now   int64
		code  string // "" is accepted
	}{
		{"admin, a second early", adminToken, issuedAt - 1, "token_invalid"},
		{"admin, first second", adminToken, issuedAt, ""},
		{"admin, last second", adminToken, issuedAt + 1799, ""},
		{"admin, expired", adminToken, issuedAt + 1800, "token_expired"},
		{"user", userToken, issuedAt, ""},
		{"another key", adminToken[:strings.LastIndex(adminToken, ".")+1] + "rQqph7SRMzV7DE3X_g1kJ6ZCESg94hjYk9EMOeVlbok", issuedAt, "token_invalid"},
		{"another key and expired", adminToken[:strings.LastIndex(adminToken, ".")+1] + "rQqph7SRMzV7DE3X_g1kJ6ZCESg94hjYk9EMOeVlbok", issuedAt + 1800, "token_invalid"},
		{"alg none", "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0" + middle(adminToken), issuedAt, "token_invalid"},
		{"alg none with a signature", "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0" + middle(adminToken) + "x", issuedAt, "token_invalid"},
		{"right HS512", hs(sha512.New, testSecret, `{"typ":"JWT","alg":"HS512"}`, claims), issuedAt, "token_invalid"},
		{"own signing is right", with("", ""), issuedAt, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := verifier(tt.now).Verify([]string{tt.token})
			if fault.CodeOf(err) != tt.code || (err == nil) != (tt.code == "") {
				t.Fatalf("Verify: %v, want %q", err, tt.code)
			}
			if tt.code != "" && !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("kind = %v", fault.KindOf(err))
			}
			if err != nil && strings.Contains(err.Error(), tt.token[:20]) {
				t.Errorf("error shows the token: %v", err)
			}
			if tt.code == "" && (got.AccountID != 31000001 || got.UserID != 9000002) {
				t.Errorf("claims = %+v", got)
			}
		})
	}
	if h := hs(sha512.New, testSecret, `{"typ":"JWT","alg":"HS512"}`, ""); !strings.HasPrefix(h, "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.") {
		t.Errorf("header of the HS512 case is not that of W §8.11: %s", h)
	}
}

// middle is ".claims." of a token.
func middle(token string) string {
	return token[strings.Index(token, ".") : strings.LastIndex(token, ".")+1]
}

func TestDisposableClaims(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	want := Claims{AccountID: 31000001, UserID: 9000002, Issuer: "https://democo.amocrm.ru", Host: "democo.amocrm.ru", Subdomain: "democo",
		IsAdmin: &yes, ID: "7b6f3c52-51d0-4a8e-9d53-2b1f7f0c6a11", ExpiresAt: time.Unix(issuedAt+1800, 0).UTC()}
	member := want
	member.IsAdmin, member.ID = &no, "7b6f3c53-51d0-4a8e-9d53-2b1f7f0c6a11"
	silent := want
	silent.IsAdmin, silent.ID = nil, "j"
	for token, want := range map[string]Claims{adminToken: want, userToken: member, with(`,"is_admin":true`, ""): silent, with(`"is_admin":true`, `"is_admin":null`): silent} {
		got, err := verifier(issuedAt).Verify([]string{token})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("claims (-want +got), %v:\n%s", err, diff)
		}
	}
}

// Each refusal of W §8.2, by its step.
func TestDisposableRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		values []string
		code   string
	}{
		{"1: no header", nil, "token_missing"},
		{"1: empty header", []string{""}, "token_missing"},
		{"1: two headers", []string{adminToken, adminToken}, "token_invalid"},
		{"1: an empty and a good header", []string{"", adminToken}, "token_invalid"},
		{"1: two tokens in one header", []string{adminToken + ", " + adminToken}, "token_invalid"},
		{"1: longer than 8 KB", []string{with(`"jti":"j"`, `"jti":"`+strings.Repeat("j", 8<<10)+`"`)}, "token_invalid"},
		{"1: two parts", []string{"a.b"}, "token_invalid"},
		{"1: four parts", []string{adminToken + ".x"}, "token_invalid"},
		{"1: empty part", []string{strings.Replace(adminToken, ".", "..", 1)}, "token_invalid"},
		{"1: bearer", []string{"Bearer " + adminToken}, "token_invalid"},
		{"1: no base64", []string{"!.!.!"}, "token_invalid"},
		{"1: padding", []string{adminToken + "="}, "token_invalid"},
		{"2: lower-case algorithm", []string{hs(sha256.New, testSecret, `{"alg":"hs256"}`, claims)}, "token_invalid"},
		{"2: no algorithm", []string{hs(sha256.New, testSecret, `{}`, claims)}, "token_invalid"},
		{"2: algorithm of public keys", []string{hs(sha256.New, testSecret, `{"alg":"RS256"}`, claims)}, "token_invalid"},
		{"3: empty key", []string{hs(sha256.New, "", `{"alg":"HS256"}`, claims)}, "token_invalid"},
		{"3: changed claims", []string{strings.Replace(adminToken, "ZSI6", "ZSI7", 1) + "A"}, "token_invalid"},
		{"4: no exp", []string{with(`,"exp":1767227400`, "")}, "token_invalid"},
		{"4: exp as text", []string{with(`"exp":1767227400`, `"exp":"1767227400"`)}, "token_invalid"},
		{"4: exp is null", []string{with(`"exp":1767227400`, `"exp":null`)}, "token_invalid"},
		{"4: expired", []string{with(`"exp":1767227400`, `"exp":1767225600`)}, "token_expired"},
		{"4: nbf in the future", []string{with(`"nbf":1767225600`, `"nbf":1767225601`)}, "token_invalid"},
		{"4: iat in the future", []string{with(`"iat":1767225600`, `"iat":1767225601`)}, "token_invalid"},
		{"5: other audience", []string{with(`widget.example.test`, `widget.example.org`)}, "token_invalid"},
		{"5: audience with a slash", []string{with(`widget.example.test"`, `widget.example.test/"`)}, "token_invalid"},
		{"5: audience as a list", []string{with(`"aud":"https://widget.example.test"`, `"aud":["https://widget.example.test"]`)}, "token_invalid"},
		{"5: no audience", []string{with(`"aud":"https://widget.example.test",`, ``)}, "token_invalid"},
		{"6: other integration", []string{with(`3f1c2a9e`, `3f1c2a9f`)}, "token_invalid"},
		{"6: no integration", []string{with(`"client_uuid":"3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b",`, ``)}, "token_invalid"},
		{"7: http", []string{with(`https://democo`, `http://democo`)}, "token_invalid"},
		{"7: path", []string{with(`democo.amocrm.ru"`, `democo.amocrm.ru/"`)}, "token_invalid"},
		{"7: port", []string{with(`democo.amocrm.ru"`, `democo.amocrm.ru:443"`)}, "token_invalid"},
		{"7: two labels", []string{with(`democo.amocrm.ru"`, `a.democo.amocrm.ru"`)}, "token_invalid"},
		{"7: no label", []string{with(`https://democo.amocrm.ru`, `https://amocrm.ru`)}, "token_invalid"},
		{"7: look-alike zone", []string{with(`democo.amocrm.ru`, `democo.evilamocrm.ru`)}, "token_invalid"},
		{"7: zone at the front", []string{with(`democo.amocrm.ru`, `democo.amocrm.ru.evil.test`)}, "token_invalid"},
		{"7: user part", []string{with(`https://democo`, `https://evil.test@democo`)}, "token_invalid"},
		{"7: zone of another product", []string{with(`amocrm.ru`, `kommo.com`)}, "token_invalid"},
		{"7: no issuer", []string{with(`"iss":"https://democo.amocrm.ru",`, ``)}, "token_invalid"},
		{"8: account 0", []string{with(`31000001`, `0`)}, "token_invalid"},
		{"8: account below 0", []string{with(`31000001`, `-1`)}, "token_invalid"},
		{"8: account is a fraction", []string{with(`31000001`, `31000001.5`)}, "token_invalid"},
		{"8: account in the form of a float", []string{with(`31000001`, `3.1e7`)}, "token_invalid"},
		{"8: account as text", []string{with(`31000001`, `"31000001"`)}, "token_invalid"},
		{"8: account beyond 64 bits", []string{with(`31000001`, `9223372036854775808`)}, "token_invalid"},
		{"8: no account", []string{with(`"account_id":31000001,`, ``)}, "token_invalid"},
		{"8: user 0", []string{with(`9000002`, `0`)}, "token_invalid"},
		{"8: no user", []string{with(`"user_id":9000002,`, ``)}, "token_invalid"},
		{"10: administrator as text", []string{with(`"is_admin":true`, `"is_admin":"true"`)}, "token_invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := verifier(issuedAt).Verify(tt.values)
			if fault.CodeOf(err) != tt.code || !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("Verify = %+v, %v; want %s", c, err, tt.code)
			}
			if c != (Claims{}) {
				t.Errorf("claims come with an error: %+v", c)
			}
		})
	}
}

func TestDisposableConfiguration(t *testing.T) {
	t.Parallel()
	local := with(`https://democo.amocrm.ru`, `http://democo.amocrm.localhost:9000`)
	for _, tt := range []struct {
		name   string
		change func(*DisposableVerifier)
		token  string
		code   string
	}{
		{"second secret while it is rotated", func(v *DisposableVerifier) { v.Secrets = []string{"newest", testSecret} }, adminToken, ""},
		{"first secret while it is rotated", func(v *DisposableVerifier) { v.Secrets = []string{testSecret, "former"} }, adminToken, ""},
		{"no secret", func(v *DisposableVerifier) { v.Secrets = nil }, adminToken, "token_invalid"},
		{"empty secret", func(v *DisposableVerifier) { v.Secrets = []string{""} }, hs(sha256.New, "", `{"alg":"HS256"}`, claims), "token_invalid"},
		{"empty audience", func(v *DisposableVerifier) { v.Audience = "" }, with(testAudience, ""), "token_invalid"},
		{"empty integration", func(v *DisposableVerifier) { v.ClientUUID = "" }, with(testClient, ""), "token_invalid"},
		{"late within the leeway", func(v *DisposableVerifier) {
			v.Leeway, v.Now = DefaultLeeway, func() time.Time { return time.Unix(issuedAt+1829, 0) }
		}, adminToken, ""},
		{"late beyond the leeway", func(v *DisposableVerifier) {
			v.Leeway, v.Now = DefaultLeeway, func() time.Time { return time.Unix(issuedAt+1830, 0) }
		}, adminToken, "token_expired"},
		{"early within the leeway", func(v *DisposableVerifier) {
			v.Leeway, v.Now = DefaultLeeway, func() time.Time { return time.Unix(issuedAt-30, 0) }
		}, adminToken, ""},
		{"early beyond the leeway", func(v *DisposableVerifier) {
			v.Leeway, v.Now = DefaultLeeway, func() time.Time { return time.Unix(issuedAt-31, 0) }
		}, adminToken, "token_invalid"},
		{"zone on this machine", func(v *DisposableVerifier) { v.Zones = []Zone{{"amocrm.localhost:9000", "http"}} }, local, ""},
		{"zone on this machine, not configured", func(*DisposableVerifier) {}, local, "token_invalid"},
		{"zone on this machine, other port", func(v *DisposableVerifier) { v.Zones = []Zone{{"amocrm.localhost:9001", "http"}} }, local, "token_invalid"},
		{"zone on this machine, other scheme", func(v *DisposableVerifier) { v.Zones = []Zone{{"amocrm.localhost:9000", "https"}} }, local, "token_invalid"},
		{"empty zone", func(v *DisposableVerifier) { v.Zones = []Zone{{}, {"", "https"}} }, with(`democo.amocrm.ru`, `democo.`), "token_invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := verifier(issuedAt)
			tt.change(v)
			got, err := v.Verify([]string{tt.token})
			if fault.CodeOf(err) != tt.code || (err == nil) != (tt.code == "") {
				t.Fatalf("Verify: %v, want %q", err, tt.code)
			}
			if tt.token == local && err == nil && (got.Host != "democo.amocrm.localhost:9000" || got.Subdomain != "democo") {
				t.Errorf("claims = %+v", got)
			}
		})
	}
}

// Whether aud names an explicit port of the redirect address is UNCONFIRMED
// (W §8.2, step 5): both forms are for us, another port is not.
func TestDisposableAudienceWithAndWithoutPort(t *testing.T) {
	t.Parallel()
	v := verifier(issuedAt)
	v.Audience = "https://widget.example.test:8443"
	for aud, ok := range map[string]bool{
		"https://widget.example.test:8443": true, "https://widget.example.test": true,
		"https://widget.example.test:9443": false, "http://widget.example.test": false,
	} {
		token := with(testAudience, aud)
		if _, err := v.Verify([]string{token}); (err == nil) != ok {
			t.Errorf("aud %s: %v, want accepted = %v", aud, err, ok)
		}
	}
}

// W §8.4: parsed exactly, never by looking for a piece of text.
func TestAdmitsOrigin(t *testing.T) {
	t.Parallel()
	for origin, want := range map[string]bool{
		"https://democo.amocrm.ru": true, "https://democo.amocrm.com": true,
		"": false, "null": false, "https://amocrm.ru": false, "https://a.b.amocrm.ru": false, "http://democo.amocrm.ru": false, "https://democo.amocrm.ru:443": false,
		"https://democo.amocrm.ru.evil.test": false, "https://evilamocrm.ru": false, "https://democo.amocrm.ru/": false, "https://democo.kommo.com": false,
	} {
		if got := verifier(issuedAt).AdmitsOrigin(origin); got != want {
			t.Errorf("AdmitsOrigin(%q) = %v, want %v", origin, got, want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, s := range []string{adminToken, userToken, "a.b.c", "", "..", with(`31000001`, `0`)} {
		f.Add(s)
	}
	v := verifier(issuedAt)
	keys := testKeys(f, func() time.Time { return time.Unix(issuedAt, 0) }, newest)
	f.Fuzz(func(t *testing.T, token string) {
		c, err := v.Verify([]string{token})
		if err == nil && (c.AccountID <= 0 || c.UserID <= 0 || !v.AdmitsOrigin(c.Issuer)) {
			t.Errorf("took %q as %+v", token, c)
		}
		if err != nil && !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("error of kind %v", fault.KindOf(err))
		}
		if v, err := keys.ReadVisitor(token); err == nil {
			t.Errorf("took %q as %+v", token, v)
		}
	})
}
