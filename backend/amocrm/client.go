package amocrm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// DefaultTimeout is how long one call may take.
const DefaultTimeout = 10 * time.Second

// maxAnswer bounds what is read of an answer; a page of MaxPage incoming leads is
// the longest.
const maxAnswer = 4 << 20

// Config is what a Client needs from outside. The zero value is usable.
type Config struct {
	// Transport carries the requests; nil means a transport of our own.
	Transport http.RoundTripper
	// Now is the clock that lifetimes of tokens are counted from; nil means time.Now.
	Now func() time.Time
	// Timeout bounds one call, and before it the wait for the limits; 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// PerAccount and PerIntegration are requests per second; 0 means DefaultRate.
	// The limits run by the machine's own clock.
	PerAccount, PerIntegration float64
}

// Client calls OAuth and API v4. Of an account it knows only how many requests
// went there lately; make one Client for all of them.
//
// Every method gives an *APIError when the CRM answered with anything but
// success, and a *RestError when it held the call back. Any other error means
// that the outcome is unknown at worst; it wraps the cause,
// context.DeadlineExceeded for a wait that ended.
type Client struct {
	http    *http.Client
	now     func() time.Time
	timeout time.Duration
	limits  *limits
}

// New makes a client.
func New(cfg Config) *Client {
	if cfg.Transport == nil {
		cfg.Transport = http.DefaultTransport.(*http.Transport).Clone()
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
			// A redirect could carry a token to a host that nobody checked. There is
			// no cookie jar either: some calls fail with cookies (C §9, trap 29).
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now:     cfg.Now,
		timeout: cfg.Timeout,
		limits:  newLimits(cfg.PerAccount, cfg.PerIntegration),
	}
}

// request is one call; header has the credential.
type request struct {
	op           string
	method, path string
	query        url.Values
	header, cred string
	body, answer any
}

// call sends r. found is false for 204, which API v4 answers for "nothing there".
func (c *Client) call(ctx context.Context, at Address, r request) (found bool, err error) {
	if at.host == "" {
		return false, fmt.Errorf("amocrm: %s: %w", r.op, ErrAddress)
	}
	if err := c.admit(ctx, r.op, at); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var body io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return false, fmt.Errorf("amocrm: %s: encode body: %w", r.op, err)
		}
		body = bytes.NewReader(raw)
	}
	u := url.URL{Scheme: at.scheme, Host: at.host, Path: r.path, RawQuery: r.query.Encode()}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), body)
	if err != nil {
		return false, fmt.Errorf("amocrm: %s: %w", r.op, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	if r.header != "" {
		req.Header.Set(r.header, r.cred)
	}
	res, err := c.http.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return false, fmt.Errorf("amocrm: %s: %w", r.op, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if res.StatusCode < 200 || res.StatusCode > 299 {
		e := newAPIError(r.op, res, raw, c.now())
		c.limits.answered(at, e)
		return false, e
	}
	c.limits.answered(at, nil)
	switch {
	case res.StatusCode == http.StatusNoContent:
		return false, nil
	case r.answer == nil:
		return true, nil
	case err != nil:
		return false, fmt.Errorf("amocrm: %s: read answer: %w", r.op, err)
	case len(raw) > maxAnswer:
		return false, fmt.Errorf("amocrm: %s: answer too long", r.op)
	}
	if err := json.Unmarshal(raw, r.answer); err != nil {
		// The decoder's texts name fields and offsets, never values.
		return false, fmt.Errorf("amocrm: %s: decode answer: %w", r.op, err)
	}
	return true, nil
}

// admit waits for the limits, at most as long as a call may take.
func (c *Client) admit(ctx context.Context, op string, at Address) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return c.limits.wait(ctx, op, at)
}

// api is call with an access token.
func (c *Client) api(ctx context.Context, at Address, access string, r request) (bool, error) {
	r.header, r.cred = "Authorization", "Bearer "+access
	return c.call(ctx, at, r)
}

// errEmpty is the error for a success that lacks what it must hold.
func errEmpty(op, what string) error { return fmt.Errorf("amocrm: %s: answer has no %s", op, what) }
