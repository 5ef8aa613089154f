// Package amojo is the client of the CRM's chats service ("amojo") and the
// reader of the hooks that it sends.
//
// It knows the wire formats of the Chats API and nothing of what Leadline does
// with them: no retries, no storage, no limits of rate. One call is one request,
// signed over exactly the bytes that are sent. Its errors tell the three cases
// apart that a sender of messages must know: *APIError (the service answered),
// *NotSentError (the request certainly never reached it) and *UnknownError (it
// may have been carried out).
//
//	c := amojo.New(amojo.Config{})
//	sent, err := c.SendMessage(ctx, channel, scope, amojo.Message{…})
package amojo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"leadline/backend/chatid"
)

// DefaultTimeout is how long one call may take, from dialling to the last byte
// of the answer. The documentation's own examples wait as long.
const DefaultTimeout = 5 * time.Second

const (
	pathPrefix = "/v2/origin/custom/"
	// maxAnswer bounds what is read of an answer; a page of history is the
	// longest and has at most 50 messages.
	maxAnswer = 4 << 20
)

// Channel is our registration with the chats service of one product.
type Channel struct {
	ID chatid.ChannelID
	// Secret is the HMAC key, used as text and never decoded from hexadecimal.
	Secret string
	// BaseURL is scheme and host of the service: "https://amojo.amocrm.ru".
	BaseURL string
}

// String names the channel without its secret, so that it may be logged.
func (c Channel) String() string { return "channel " + string(c.ID) + " at " + c.BaseURL }

// GoString keeps the secret out of %#v too.
func (c Channel) GoString() string { return c.String() }

// Config is what a Client needs from outside. The zero value is usable.
type Config struct {
	// Transport carries the requests; nil means a transport of our own. It must
	// report to net/http/httptrace as http.Transport does, otherwise every
	// failure counts as an unknown outcome.
	Transport http.RoundTripper
	// Now is the clock that requests are dated by; nil means time.Now.
	Now func() time.Time
	// Timeout bounds one call; 0 means DefaultTimeout.
	Timeout time.Duration
}

// Client calls the Chats API. It holds no state of a channel and may be used by
// many goroutines at once.
type Client struct {
	http    *http.Client
	now     func() time.Time
	timeout time.Duration
}

// New makes a client.
func New(cfg Config) *Client {
	if cfg.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		// All accounts of a product share one host.
		t.MaxIdleConnsPerHost = 32
		cfg.Transport = t
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	return &Client{
		http: &http.Client{
			Transport: cfg.Transport,
			// A redirect would carry a signature to a path that it was not made for.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now:     cfg.Now,
		timeout: cfg.Timeout,
	}
}

// request is one call of the service.
type request struct {
	op     string // for errors
	method string
	path   string // below pathPrefix; every segment checked
	query  string // never signed
	body   any    // nil: no body
	answer any    // nil: the answer's body does not matter
}

// call signs and sends r and decodes a 2xx answer with a body into r.answer.
func (c *Client) call(ctx context.Context, ch Channel, r request) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := c.build(ctx, ch, r)
	if err != nil {
		return &NotSentError{Op: r.op, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return &NotSentError{Op: r.op, Err: err}
	}
	// http.Transport sends a POST or DELETE again by itself only when nothing of
	// it was written to a stale connection, and then asks for a connection anew.
	// So what counts is whether the last attempt got one.
	var asked, connected atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true); connected.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}))
	res, err := c.http.Do(req)
	if err != nil {
		if asked.Load() && !connected.Load() {
			return &NotSentError{Op: r.op, Err: bare(err)}
		}
		return &UnknownError{Op: r.op, Err: bare(err)}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if res.StatusCode < 200 || res.StatusCode > 299 {
		// The status alone decides; a cut error text is still a text.
		return newAPIError(r.op, res, body, c.now())
	}
	switch {
	case r.answer == nil || res.StatusCode == http.StatusNoContent:
		return nil
	case err != nil:
		return &UnknownError{Op: r.op, Err: fmt.Errorf("read answer: %w", err)}
	case len(body) > maxAnswer:
		return &UnknownError{Op: r.op, Err: errors.New("answer too long")}
	}
	if err := json.Unmarshal(body, r.answer); err != nil {
		return &UnknownError{Op: r.op, Err: fmt.Errorf("decode answer: %w", err)}
	}
	return nil
}

// build makes the signed request. The body is serialised once: the bytes that
// are signed are the bytes that are sent.
func (c *Client) build(ctx context.Context, ch Channel, r request) (*http.Request, error) {
	base, err := url.Parse(ch.BaseURL)
	if err != nil || (base.Scheme != "https" && base.Scheme != "http") || base.Host == "" ||
		base.User != nil || strings.Trim(base.Path, "/") != "" || base.RawQuery != "" {
		return nil, errors.New("base address of the channel is not scheme://host")
	}
	if ch.Secret == "" {
		return nil, errors.New("channel has no secret")
	}
	var body []byte
	if r.body != nil {
		if body, err = json.Marshal(r.body); err != nil {
			return nil, fmt.Errorf("encode body: %w", err)
		}
	}
	u := url.URL{Scheme: base.Scheme, Host: base.Host, Path: pathPrefix + r.path, RawQuery: r.query}
	var reader io.Reader // a nil *bytes.Reader would not be "no body"
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), reader)
	if err != nil {
		return nil, err
	}
	sign(req, ch.Secret, body, c.now())
	return req, nil
}

// bare drops the address that net/http puts before an error: the operation says
// enough and scopes stay out of logs.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// scopePath checks that scope belongs to ch and gives its path.
func scopePath(ch Channel, scope chatid.ScopeID) (string, error) {
	if c, _, ok := scope.Split(); !ok || !strings.EqualFold(string(c), string(ch.ID)) {
		return "", errors.New("scope is not one of the channel")
	}
	return string(scope), nil
}

// segment checks a reference made by the service before it becomes part of a
// path. Its form is not documented beyond the examples (UUIDs), so anything
// that needs no escaping passes.
func segment(s string) error {
	if s == "" || len(s) > 128 || strings.Trim(s, ".") == "" {
		return errors.New("malformed reference")
	}
	for i := range len(s) {
		c := s[i]
		ok := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-' || c == '_' || c == '.'
		if !ok {
			return errors.New("malformed reference")
		}
	}
	return nil
}
