package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"leadline/backend/fault"
)

// The token was made with openssl, nothing of ours:
//
//	printf '%s.%s' "$header" "$claims" | openssl dgst -sha256 -hmac "$secret" -binary | basenc --base64url
const (
	madeSecret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	madeToken  = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm5hLTE3IiwiYXVkIjoiMTA0MiIsImV4cCI6MTc2NzIyOTIwMCwiaWF0IjoxNzY3MjI1MDAwLCJuYW1lIjoi0JDQvdC90LAiLCJlbWFpbCI6ImFubmFAc2hvcC5leGFtcGxlIiwicGhvbmUiOiIrNzk5OTExMTIyMzMiLCJjb250YWN0X2lkIjoxMjM0NX0.vQiTPAifHiSxWWtVX--7vdqs-OsIWH5NT3krfjQRkVg"
)

// madeNow is an hour before the token ends.
var madeNow = time.Unix(1767225600, 0)

func secretKey(secret string) []UserKey { return []UserKey{{ID: "s1", Alg: HS256, Material: secret}} }

func TestUserTokenOfAnotherMaker(t *testing.T) {
	t.Parallel()
	p, err := ReadUserToken(madeToken, secretKey(madeSecret), "1042", madeNow)
	want := Proven{UserID: "anna-17", Name: "Анна", Email: "anna@shop.example", Phone: "+79991112233", Contact: 12345}
	if err != nil || p != want {
		t.Errorf("read %+v, %v; want %+v", p, err, want)
	}
	if _, err := ReadUserToken(madeToken, secretKey(madeSecret), "1043", madeNow); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("for another button: %v", err)
	}
	for name, c := range map[string]struct {
		token, secret string
		now           time.Time
	}{
		"two hours later":       {madeToken, madeSecret, madeNow.Add(2 * time.Hour)},
		"a day and more before": {madeToken, madeSecret, madeNow.Add(-24 * time.Hour)},
		"another secret":        {madeToken, strings.Repeat("0", 64), madeNow},
		"the secret decoded":    {madeToken, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", madeNow},
		"no secret":             {madeToken, "", madeNow},
		"cut":                   {madeToken[:len(madeToken)-1], madeSecret, madeNow},
		"longer":                {madeToken + "A", madeSecret, madeNow},
		"a fourth part":         {madeToken + ".A", madeSecret, madeNow},
		"nothing":               {"", madeSecret, madeNow},
	} {
		_, err := ReadUserToken(c.token, secretKey(c.secret), "1042", c.now)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.Unauthenticated || f.Code != "user_token_invalid" {
			t.Errorf("%s: %v, want user_token_invalid", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "anna") {
			t.Errorf("%s: the error quotes the token: %v", name, err)
		}
	}
}

// FuzzReadUserToken: whatever claims are signed, what is read keeps the bounds.
func FuzzReadUserToken(f *testing.F) {
	f.Add(`{"alg":"HS256","typ":"JWT"}`, `{"sub":"anna-17","aud":"1042","iat":1767225000,"exp":1767229200}`)
	f.Add(`{"alg":"none"}`, `{"sub":"anna-17","aud":"1042","iat":1767225000,"exp":1767229200}`)
	f.Add(`{"alg":"HS256"}`, `{"sub":17,"exp":"1767229200"}`)
	f.Add(`{"alg":"HS256"}`, `{"sub":"a","exp":9223372036854775807,"nbf":-1,"iat":0}`)
	f.Add(`{"alg":"HS256"}`, `{"sub":"a","aud":["1042"],"iat":1767225000,"exp":1767229200,"contact_id":-5,"name":"\u0000"}`)
	f.Add(`{"alg":"HS256","crit":["b64"],"b64":false}`, `[]`)
	f.Fuzz(func(t *testing.T, header, claims string) {
		b64 := base64.RawURLEncoding.EncodeToString
		signed := b64([]byte(header)) + "." + b64([]byte(claims))
		m := hmac.New(sha256.New, []byte(madeSecret))
		m.Write([]byte(signed))
		token := signed + "." + b64(m.Sum(nil))
		p, err := ReadUserToken(token, secretKey(madeSecret), "1042", madeNow)
		if err != nil {
			if fault.CodeOf(err) != "user_token_invalid" || p != (Proven{}) {
				t.Fatalf("refused with %v and %+v", err, p)
			}
			return
		}
		if p.UserID == "" || len(p.UserID) > 128 || len(p.Name) > 256 || len(p.Email) > 254 || len(p.Phone) > 64 || p.Contact < 0 {
			t.Fatalf("took %+v", p)
		}
	})
}
