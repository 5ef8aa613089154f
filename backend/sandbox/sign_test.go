package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestSignaturePublished recomputes every published example (C §2.3).
func TestSignaturePublished(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/amojo-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name, Scheme, Method, Date, Path, Secret, Body, Signature string
		ContentType                                               string `json:"content_type"`
		MD5                                                       string `json:"content_md5"`
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) != 10 {
		t.Fatalf("%d vectors, want 10", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if v.MD5 == "" { // the old scheme signs the body
				if got := hmacSHA1(v.Secret, []byte(v.Body)); got != v.Signature {
					t.Errorf("signature %s, want %s", got, v.Signature)
				}
				return
			}
			if got := md5Hex([]byte(v.Body)); got != v.MD5 {
				t.Errorf("MD5 %s, want %s", got, v.MD5)
			}
			if got := signature(v.Secret, v.Method, v.MD5, v.ContentType, v.Date, v.Path); got != v.Signature {
				t.Errorf("signature %s, want %s", got, v.Signature)
			}
		})
	}
}

// TestSignatureTable is the table of C §2.3.
func TestSignatureTable(t *testing.T) {
	t.Parallel()
	const date = "Thu, 01 Jan 2026 00:00:00 +0000"
	const hook = `{"account_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2","time":1767225601,"action":{"typing":{"user":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"},"conversation":{"id":"5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55","client_id":"c-1"},"expired_at":1767225606}}}`
	message := text("m-1", "c-1", "Привет 👋")
	sign := func(method, body, date, path string) string {
		return signature(testSecret, method, md5Hex([]byte(body)), "application/json", date, amojoPrefix+path)
	}
	for _, tt := range []struct{ name, got, want string }{
		{"connect with a numeric zone", sign("POST", connectBody, date, testChannel+"/connect"), "d654f45bbf005dcbae3718dd551e87faad472084"},
		{"connect with GMT", sign("POST", connectBody, "Thu, 01 Jan 2026 00:00:00 GMT", testChannel+"/connect"), "e660d5d3491da2384b4b670d6186a51fb01ba3ee"},
		{"connect in the old scheme", hmacSHA1(testSecret, []byte(connectBody)), "0384af08dea17664d28c48b56ecd5d2e8e8848c7"},
		{"message MD5", md5Hex([]byte(reordered(message))), "e586aefb51aade4ab8dca96943f9bbc2"},
		{"message with raw UTF-8", sign("POST", reordered(message), date, testScope), "f3617a6faa48bdcae988b1027c4163ad1bec646b"},
		{"history", sign("GET", "", date, testScope+"/chats/5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55/history"), "74e76d5fd00cda559f8c836c6ed519560fe9fc9b"},
		{"hook without the line feed", hmacSHA1(testSecret, []byte(hook)), "caec0388984f71a7994955a381388943c9da437e"},
		{"hook with the line feed", hmacSHA1(testSecret, []byte(hook+"\n")), "f35a07d95dacfacea769fa29b479b96cef03dcd3"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}

// reordered puts silent at the end, as the vector has it.
func reordered(m string) string {
	m = strings.Replace(m, `"silent":false,`, "", 1)
	return strings.TrimSuffix(m, "}}") + `,"silent":false}}`
}

// TestDisposableToken compares with the token of W §8.11.
func TestDisposableToken(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.NewID = func() string { return "7b6f3c52-51d0-4a8e-9d53-2b1f7f0c6a11" }
	b := startBench(t, cfg, "")
	got, err := b.box.DisposableToken(testAccount, 9000002, testClient)
	if err != nil {
		t.Fatal(err)
	}
	const want = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2RlbW9jby5hbW9jcm0ucnUiLCJhdWQiOiJodHRwczovL3dpZGdldC5leGFtcGxlLnRlc3QiLCJqdGkiOiI3YjZmM2M1Mi01MWQwLTRhOGUtOWQ1My0yYjFmN2YwYzZhMTEiLCJpYXQiOjE3NjcyMjU2MDAsIm5iZiI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI3NDAwLCJhY2NvdW50X2lkIjozMTAwMDAwMSwidXNlcl9pZCI6OTAwMDAwMiwiY2xpZW50X3V1aWQiOiIzZjFjMmE5ZS02ZDViLTRjMWUtOGE3Ny0wYzlkNGU1ZjZhN2IiLCJzdWJkb21haW4iOiJkZW1vY28iLCJpc19hZG1pbiI6dHJ1ZX0.iSrogkIY_GUY5k28wVIME8XaqqOBmzd3E_d1t949A5g"
	if got != want {
		t.Errorf("token\n%s, want\n%s", got, want)
	}
	b.box.SetVariants(func(v *Variants) { v.NoAdminClaim = true })
	got, _ = b.box.DisposableToken(testAccount, 9000003, testClient)
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(got, ".")[1])
	if strings.Contains(string(payload), "is_admin") {
		t.Errorf("is_admin is there: %s", payload)
	}
}

// TestDisabledSignature is W §8.11.
func TestDisabledSignature(t *testing.T) {
	t.Parallel()
	for account, want := range map[int64]string{
		31000001: "129e61487f0e55298284fefb127ce5256cd81c508cb5d39dbb5f36d11f71fcdf",
		31000002: "79327716ead47d8168d406330cdbd2c1ad918af06d15e4dcab8a94d01657be01",
	} {
		if got := disabledSignature(testKey, testClient, account); got != want {
			t.Errorf("account %d: %s, want %s", account, got, want)
		}
	}
}
