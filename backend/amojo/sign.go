package amojo

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// contentType is the only value that the service takes, on GET too.
const contentType = "application/json"

// sign sets the four headers that the service demands (C §2.1). The date is made
// once, so the header and the signed text cannot differ at the turn of a second.
func sign(req *http.Request, secret string, body []byte, now time.Time) {
	sum := md5.Sum(body)
	md5hex := hex.EncodeToString(sum[:])
	date := now.UTC().Format(time.RFC1123Z)
	req.Header.Set("Date", date)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Content-MD5", md5hex)
	req.Header.Set("X-Signature", requestSignature(secret, req.Method, md5hex, date, req.URL.EscapedPath()))
}

// requestSignature is the signature of a request to the service: path without
// scheme, host and query, no line feed after it.
func requestSignature(secret, method, contentMD5, date, path string) string {
	return bodySignature(secret, []byte(strings.Join([]string{method, contentMD5, contentType, date, path}, "\n")))
}

// bodySignature is the signature of a hook, and that of requests in the scheme
// of 2017, which is never used for sending (C §2.2).
func bodySignature(secret string, body []byte) string {
	m := hmac.New(sha1.New, []byte(secret))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

// VerifySignature reports whether header (the value of X-Signature) signs the
// hook's body with the channel's secret.
//
// Give it the raw bytes as they came. Real hooks end with a line feed that was
// not signed, so the body is tried without trailing line ends first and as
// received second (C §4.1). There is no protection against replay in the scheme:
// drop repeats by message reference. An empty secret verifies nothing.
func VerifySignature(secret string, body []byte, header string) bool {
	if secret == "" || len(header) != hex.EncodedLen(sha1.Size) {
		return false
	}
	got := []byte(strings.ToLower(header))
	trimmed := bytes.TrimRight(body, "\r\n")
	if subtle.ConstantTimeCompare(got, []byte(bodySignature(secret, trimmed))) == 1 {
		return true
	}
	return len(trimmed) != len(body) &&
		subtle.ConstantTimeCompare(got, []byte(bodySignature(secret, body))) == 1
}
