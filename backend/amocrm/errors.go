package amocrm

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

const (
	maxDetail = 500 // bytes of the CRM's text kept in an error
	maxItems  = 50  // as many as a request has items
)

// APIError is any answer of the CRM other than success.
type APIError struct {
	Op     string      // what we tried, for the log: "refresh tokens"
	Status int         // HTTP status; redirects are answers too
	Detail string      // the CRM's text, shortened; for operators of the server
	Items  []ItemError // what was wrong with single items of the request
	// RetryAfter is how long to leave the account alone; after 429 and a block it is
	// never 0, else it is what the CRM said.
	RetryAfter time.Duration

	blocked bool
}

// ErrNotFound is what errors.Is finds in an answer that the thing asked for is
// not there: 404, or 204 for a single thing.
var ErrNotFound = errors.New("amocrm: not found")

// ItemError is what was wrong with one item of a request.
type ItemError struct{ RequestID, Code, Path, Detail string }

// Error is the text for the log.
func (e *APIError) Error() string {
	s := fmt.Sprintf("amocrm: %s: status %d", e.Op, e.Status)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	for _, i := range e.Items {
		s += fmt.Sprintf("; item %s: %s %s %s", i.RequestID, i.Code, i.Path, i.Detail)
	}
	return s
}

// Unauthorized reports whether the access token does not work: expired, or the
// integration was removed (C §5.2).
func (e *APIError) Unauthorized() bool { return e.Status == http.StatusUnauthorized }

// Is makes a 404 an ErrNotFound.
func (e *APIError) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound
}

// Unpaid reports whether the account has not paid its CRM: nothing works there
// until it does.
func (e *APIError) Unpaid() bool { return e.Status == http.StatusPaymentRequired }

// Unpaid reports whether err is the CRM's answer that the account has not paid.
func Unpaid(err error) bool {
	e, ok := errors.AsType[*APIError](err)
	return ok && e.Unpaid()
}

// Blocked reports whether the CRM shut the account or our address out, as it does
// after too many requests too often. Going on asking prolongs it.
func (e *APIError) Blocked() bool { return e.blocked }

// Temporary reports whether the same request may succeed later: too many
// requests, a block, an account that is not paid (402) or trouble on their side.
func (e *APIError) Temporary() bool {
	return e.blocked || e.Status == http.StatusTooManyRequests || e.Status == http.StatusPaymentRequired || e.Status >= 500
}

// wireItems reads the list that stands in "validation-errors" or in "errors";
// the inner errors are a list in one page and one object in another (C §7).
type wireItems []struct {
	RequestID any             `json:"request_id"`
	Errors    json.RawMessage `json:"errors"`
}

type wireItem struct {
	Code   any    `json:"code"`
	Path   string `json:"path"`
	Detail string `json:"detail"`
}

// newAPIError reads what it can of a problem+json body; anything else is kept
// as text.
func newAPIError(op string, res *http.Response, body []byte, now time.Time) *APIError {
	e := &APIError{Op: op, Status: res.StatusCode, RetryAfter: retryAfter(res.Header.Get("Retry-After"), now), blocked: blockPage(res, body)}
	var w struct {
		Title      string          `json:"title"`
		Detail     string          `json:"detail"`
		Hint       string          `json:"hint"` // of OAuth answers
		Validation json.RawMessage `json:"validation-errors"`
		Errors     json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &w) == nil {
		var said []string
		for _, s := range []string{w.Title, w.Detail, w.Hint} {
			if s != "" {
				said = append(said, s)
			}
		}
		e.Detail = strings.Join(said, ": ")
		e.Items = append(items(w.Validation), items(w.Errors)...)
	}
	if e.Detail == "" && len(e.Items) == 0 {
		e.Detail = string(bytes.TrimSpace(body))
	}
	e.Detail = printable(e.Detail)
	if len(e.Items) > maxItems {
		e.Items = e.Items[:maxItems]
	}
	return e
}

func items(raw json.RawMessage) []ItemError {
	var list wireItems
	if len(raw) == 0 || json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var out []ItemError
	for _, w := range list {
		var inner []wireItem
		var one wireItem
		if json.Unmarshal(w.Errors, &inner) != nil && json.Unmarshal(w.Errors, &one) == nil {
			inner = []wireItem{one}
		}
		for _, i := range inner {
			out = append(out, ItemError{printable(word(w.RequestID)), printable(word(i.Code)), printable(i.Path), printable(i.Detail)})
		}
	}
	return out
}

// word writes a value that is a string in one page and a number in another.
func word(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// printable shortens s and blanks what could forge log lines.
func printable(s string) string {
	if len(s) > maxDetail {
		s = s[:maxDetail]
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
		return time.Duration(min(n, int(most/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return min(at.Sub(now), most)
	}
	return 0
}
