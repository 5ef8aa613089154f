package amojo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxDetail bounds the service's text kept in an error, in bytes.
const maxDetail = 500

// APIError is any answer of the chats service other than success.
//
// Decide by Status: the bodies of errors are not documented (C §3). 404 and 409
// have no special type, since which status a repeated msgid or a dead scope gets
// is not known either.
type APIError struct {
	Op         string        // what we tried, for the log: "send message"
	Status     int           // HTTP status; redirects are answers too
	Code       int           // the service's own code; 0 when it gave none
	Detail     string        // the service's text, shortened; for operators of the server, never for visitors
	RetryAfter time.Duration // 0 when the service did not say
	// Skew is how far the service's clock is ahead of ours, by the answer's Date
	// (whole seconds, the way of the answer included); 0 when it has none.
	Skew time.Duration
}

// Error is the text for the log.
func (e *APIError) Error() string {
	s := fmt.Sprintf("amojo: %s: status %d", e.Op, e.Status)
	if e.Code != 0 {
		s += fmt.Sprintf(", code %d", e.Code)
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Temporary reports whether the same request may succeed later: too many
// requests, an account that is not paid (402) or trouble on their side.
//
// After a 5xx nobody knows whether a message was taken; repeat it with the same
// id only.
func (e *APIError) Temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusPaymentRequired || e.Status >= 500
}

// NotSentError means that the request certainly never reached the service: it
// could not be made, or no connection came about (name, dialling, TLS, the
// caller gave up before).
type NotSentError struct {
	Op  string
	Err error
}

// Error is the text for the log.
func (e *NotSentError) Error() string { return "amojo: " + e.Op + ": not sent: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *NotSentError) Unwrap() error { return e.Err }

// UnknownError means that the service may or may not have done what was asked:
// the wait ended or the connection was cut after a connection stood, or the
// answer was a success that cannot be read.
type UnknownError struct {
	Op  string
	Err error
}

// Error is the text for the log.
func (e *UnknownError) Error() string {
	return "amojo: " + e.Op + ": outcome unknown: " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *UnknownError) Unwrap() error { return e.Err }

// NotSent reports whether err says that the request never reached the service.
func NotSent(err error) bool {
	_, ok := errors.AsType[*NotSentError](err)
	return ok
}

// Unknown reports whether err leaves open what the service did.
func Unknown(err error) bool {
	_, ok := errors.AsType[*UnknownError](err)
	return ok
}

// newAPIError reads what it can of an answer that is no success. The shape
// tried is the one that a public client expects; anything else is kept as text.
func newAPIError(op string, res *http.Response, body []byte, now time.Time) *APIError {
	e := &APIError{Op: op, Status: res.StatusCode, RetryAfter: retryAfter(res.Header.Get("Retry-After"), now)}
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		e.Skew = at.Sub(now).Truncate(time.Second)
	}
	var wire struct {
		Code        integer `json:"error_code"`
		Type        text    `json:"error_type"`
		Description text    `json:"error_description"`
	}
	if json.Unmarshal(body, &wire) == nil {
		e.Code = int(wire.Code)
		e.Detail = strings.TrimSpace(string(wire.Type) + " " + string(wire.Description))
	}
	if e.Detail == "" {
		e.Detail = string(bytes.TrimSpace(body))
	}
	e.Detail = printable(e.Detail, maxDetail)
	return e
}

// printable shortens s to limit bytes and blanks what could forge log lines.
func printable(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// retryAfter reads both forms of the header; nonsense is 0.
func retryAfter(v string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return min(time.Duration(min(n, int(most/time.Second)))*time.Second, most)
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return min(at.Sub(now), most)
	}
	return 0
}
