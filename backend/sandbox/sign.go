package sandbox

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxDateAge is how far a Date may lie from our clock, both ways (C §2.1).
const maxDateAge = 15 * time.Minute

func md5Hex(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

func hmacSHA1(secret string, msg []byte) string {
	m := hmac.New(sha1.New, []byte(secret))
	m.Write(msg)
	return hex.EncodeToString(m.Sum(nil))
}

func hmacSHA256(secret string, msg []byte) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(msg)
	return m.Sum(nil)
}

// signature is the X-Signature of a Chats API request (C §2.1).
func signature(secret, method, contentMD5, contentType, date, path string) string {
	return hmacSHA1(secret, []byte(strings.Join([]string{method, contentMD5, contentType, date, path}, "\n")))
}

// parseDate reads the Date header: RFC 2822 in its full form, numeric zone or
// GMT. The value must be exactly what the moment formats to, so one-digit days
// and wrong weekdays are refused.
func parseDate(v string) (time.Time, error) {
	for _, layout := range []string{time.RFC1123Z, "Mon, 02 Jan 2006 15:04:05 GMT"} {
		if t, err := time.Parse(layout, v); err == nil && t.Format(layout) == v {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("header Date %q is not RFC 2822 with a numeric zone or GMT", v)
}

// checkHeaders is check 4 of C §10 without the signature itself; dateRule is the
// variant of that name.
func checkHeaders(h http.Header, body []byte, now time.Time, dateRule string) error {
	for _, name := range []string{"Date", "Content-Type", "Content-MD5", "X-Signature"} {
		switch n := len(h.Values(name)); {
		case n == 0 || h.Get(name) == "":
			return fmt.Errorf("header %s is missing", name)
		case n > 1:
			return fmt.Errorf("header %s stands %d times", name, n)
		}
	}
	if ct := h.Get("Content-Type"); ct != "application/json" {
		return fmt.Errorf("Content-Type is %q, not exactly application/json", ct)
	}
	date, err := parseDate(h.Get("Date"))
	if err != nil {
		return err
	}
	if _, offset := date.Zone(); dateRule == "utc_only" && offset != 0 {
		return fmt.Errorf("header Date %q is not in UTC", h.Get("Date"))
	}
	ahead := maxDateAge
	if dateRule == "no_future" {
		ahead = time.Minute // clocks differ a little
	}
	if age := now.Sub(date); age > maxDateAge || age < -ahead {
		return fmt.Errorf("%w: it is %s away from the service's clock", errStaleDate, age.Round(time.Second))
	}
	if got, want := h.Get("Content-MD5"), md5Hex(body); got != want {
		return fmt.Errorf("Content-MD5 is %q, the body's is %q", got, want)
	}
	return nil
}

// errStaleDate is told apart because a moved clock is not the client's breach.
var errStaleDate = errors.New("header Date is too old or too new")

// equal compares in constant time.
func equal(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// signJWT makes a compact HS256 token; the key is used as text (W §8.2).
func signJWT(key string, claims any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // claims are our own structs
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + enc.EncodeToString(payload)
	return signed + "." + enc.EncodeToString(hmacSHA256(key, []byte(signed)))
}

// disabledSignature is the signature of the "disabled" hook (W §8.7).
func disabledSignature(secret, clientUUID string, account int64) string {
	return hex.EncodeToString(hmacSHA256(secret, fmt.Appendf(nil, "%s|%d", clientUUID, account)))
}
