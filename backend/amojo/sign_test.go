package amojo

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// vector is one record of testdata/amojo-vectors.json: published examples.
type vector struct {
	Name, Scheme, Method, Date, Path, Secret, Body, Signature string
	ContentType                                               string `json:"content_type"`
	ContentMD5                                                string `json:"content_md5"`
}

func vectors(t *testing.T) []vector {
	t.Helper()
	raw, err := os.ReadFile("testdata/amojo-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 10 {
		t.Fatalf("got %d vectors, want the 10 of C §2.3", len(all))
	}
	return all
}

func TestSignPublishedVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if v.Scheme == "legacy-body-only" {
				if got := bodySignature(v.Secret, []byte(v.Body)); got != v.Signature {
					t.Errorf("bodySignature = %s, want %s", got, v.Signature)
				}
				return
			}
			checkSign(t, v)
		})
	}
}

// checkSign signs the vector's request as the client does, query included.
func checkSign(t *testing.T, v vector) {
	t.Helper()
	now, err := time.Parse(time.RFC1123Z, v.Date)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), v.Method, "https://amojo.example.test"+v.Path+"?limit=50&offset=0", strings.NewReader(v.Body))
	if err != nil {
		t.Fatal(err)
	}
	// Another zone on the clock must not change the header.
	sign(req, v.Secret, []byte(v.Body), now.In(time.FixedZone("", 3*3600)))
	for name, want := range map[string]string{"Date": v.Date, "Content-Type": "application/json", "Content-MD5": v.ContentMD5, "X-Signature": v.Signature} {
		if got := req.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

// The table of C §2.3, "additional examples".
const (
	ownSecret  = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
	ownChannel = "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11"
	ownAccount = "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"
	ownScope   = ownChannel + "_" + ownAccount
	ownDate    = "Thu, 01 Jan 2026 00:00:00 +0000"
	ownConnect = `{"account_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2","title":"Line","hook_api_version":"v2"}`
	ownTyping  = `{"account_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2","time":1767225601,"action":{"typing":{"user":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"},"conversation":{"id":"5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55","client_id":"c-1"},"expired_at":1767225606}}}`
	ownChat    = "5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55"
)

func TestSignOwnExamples(t *testing.T) {
	t.Parallel()
	for _, v := range []vector{
		{Name: "connect", Method: "POST", Path: pathPrefix + ownChannel + "/connect", Body: ownConnect,
			ContentMD5: "0a02db0c622f087e223a3a929312613c", Signature: "d654f45bbf005dcbae3718dd551e87faad472084"},
		{Name: "message in raw UTF-8 with an emoji", Method: "POST", Path: pathPrefix + ownScope,
			Body:       `{"event_type":"new_message","payload":{"timestamp":1767225600,"msec_timestamp":1767225600123,"msgid":"m-1","conversation_id":"c-1","sender":{"id":"u-1","name":"Анна"},"message":{"type":"text","text":"Привет 👋"},"silent":false}}`,
			ContentMD5: "e586aefb51aade4ab8dca96943f9bbc2", Signature: "f3617a6faa48bdcae988b1027c4163ad1bec646b"},
		{Name: "history signs the hash of nothing and no query", Method: "GET", Path: pathPrefix + ownScope + "/chats/" + ownChat + "/history",
			ContentMD5: "d41d8cd98f00b204e9800998ecf8427e", Signature: "74e76d5fd00cda559f8c836c6ed519560fe9fc9b"},
	} {
		v.Secret, v.Date = ownSecret, ownDate
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			checkSign(t, v)
		})
	}
	t.Run("connect dated GMT", func(t *testing.T) {
		t.Parallel()
		got := requestSignature(ownSecret, "POST", "0a02db0c622f087e223a3a929312613c", "Thu, 01 Jan 2026 00:00:00 GMT", pathPrefix+ownChannel+"/connect")
		if want := "e660d5d3491da2384b4b670d6186a51fb01ba3ee"; got != want {
			t.Errorf("signature = %s, want %s", got, want)
		}
	})
	t.Run("connect in the scheme of 2017", func(t *testing.T) {
		t.Parallel()
		if got, want := bodySignature(ownSecret, []byte(ownConnect)), "0384af08dea17664d28c48b56ecd5d2e8e8848c7"; got != want {
			t.Errorf("signature = %s, want %s", got, want)
		}
	})
}

// The five signatures of the 2020 pages, two of them in the file of vectors;
// these three verify over the printed MD5 with the month corrected (C §2.3).
func TestSignPagesOf2020(t *testing.T) {
	t.Parallel()
	const secret = "5a44c5dff55f3c15a4cce8d7c4cc27e207c7e189"
	const scope = "f90ba33d-c9d9-44da-b76c-c349b0ecbe41_af9945ff-1490-4cad-807d-945c15d88bec"
	for _, tt := range []struct{ time, md5, path, want string }{
		{"15:17:55", "28623103cc158fde408e6ecd1965d437", scope + "/chats", "7cc462e28eadbb842a2a49edb469f15f24c56676"},
		{"16:06:48", "204dc99bcaa899db72954f16de987022", scope, "6201ab8b5154bfa2af847920f1dfeab74b125489"},
		{"16:09:12", "671efccd7cedf63b72823faf9a8037ff", scope, "61a129968e586e8a021c2dfcc6be08e896a4fd77"},
	} {
		if got := requestSignature(secret, "POST", tt.md5, "Mon, 03 Aug 2020 "+tt.time+" +0000", pathPrefix+tt.path); got != tt.want {
			t.Errorf("%s: signature = %s, want %s", tt.time, got, tt.want)
		}
		if got := requestSignature(secret, "POST", tt.md5, "Mon, 03 Oct 2020 "+tt.time+" +0000", pathPrefix+tt.path); got == tt.want {
			t.Errorf("%s: the printed date verifies; C §2.3 says it does not", tt.time)
		}
	}
}

// C §4.1: without trailing line ends first, as received second.
func TestVerifySignature(t *testing.T) {
	t.Parallel()
	const trimmed, withFeed = "caec0388984f71a7994955a381388943c9da437e", "f35a07d95dacfacea769fa29b479b96cef03dcd3"
	for _, tt := range []struct {
		name, secret, body, header string
		want                       bool
	}{
		{"line feed sent but not signed", ownSecret, ownTyping + "\n", trimmed, true},
		{"carriage return and line feed sent but not signed", ownSecret, ownTyping + "\r\n", trimmed, true},
		{"no line feed", ownSecret, ownTyping, trimmed, true},
		{"line feed sent and signed", ownSecret, ownTyping + "\n", withFeed, true},
		{"upper case header", ownSecret, ownTyping + "\n", strings.ToUpper(trimmed), true},
		{"line feed signed but not sent", ownSecret, ownTyping, withFeed, false},
		{"changed body", ownSecret, ownTyping + " ", trimmed, false},
		{"other secret", ownSecret[1:] + "a", ownTyping, trimmed, false},
		{"no secret", "", ownTyping, bodySignature("", []byte(ownTyping)), false},
		{"no header", ownSecret, ownTyping, "", false},
		{"short header", ownSecret, ownTyping, trimmed[:38], false},
		{"long header", ownSecret, ownTyping, trimmed + "00", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := VerifySignature(tt.secret, []byte(tt.body), tt.header); got != tt.want {
				t.Errorf("VerifySignature = %v, want %v", got, tt.want)
			}
		})
	}
}

// FuzzVerifySignature: whatever body comes under whatever header, nothing but the
// HMAC-SHA1 of the body, without the line ends that were not signed or as it came,
// verifies it (C §4.1).
func FuzzVerifySignature(f *testing.F) {
	f.Add("secret", []byte(`{"account_id":"a"}`), "", byte('x'))
	f.Add("secret", []byte("{}\r\n\n"), "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33", byte('\n'))
	f.Add("", []byte("\n"), "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", byte(0))
	f.Fuzz(func(t *testing.T, secret string, body []byte, header string, more byte) {
		by := func(body []byte) string {
			m := hmac.New(sha1.New, []byte(secret))
			m.Write(body)
			return hex.EncodeToString(m.Sum(nil))
		}
		bare := bytes.TrimRight(body, "\r\n")
		want := secret != "" && (strings.EqualFold(header, by(bare)) || strings.EqualFold(header, by(body)))
		if got := VerifySignature(secret, body, header); got != want {
			t.Errorf("VerifySignature under %q = %v, want %v", header, got, want)
		}
		if secret == "" {
			return
		}
		good := by(bare)
		if !VerifySignature(secret, append(bare[:len(bare):len(bare)], "\r\n"...), strings.ToUpper(good)) {
			t.Error("a signed body with a line end more is refused")
		}
		// One byte more that is no line end, or another secret: not what was signed.
		if more != '\r' && more != '\n' && VerifySignature(secret, append(bare[:len(bare):len(bare)], more), good) {
			t.Errorf("a byte %q more went unseen", more)
		}
		if VerifySignature(secret+"x", bare, good) {
			t.Error("another secret's signature was taken")
		}
	})
}
