package media

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

func refusal(why string) *FetchError {
	return &FetchError{Reason: RefusedAddress, Err: errors.New(why)}
}

// explain finds the reason of an error of the HTTP client and leaves out the
// address that it repeats.
func explain(err error) *FetchError {
	if own, ok := errors.AsType[*FetchError](err); ok {
		return own
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	timeout, isNet := errors.AsType[net.Error](err)
	if errors.Is(err, context.DeadlineExceeded) || (isNet && timeout.Timeout()) {
		return &FetchError{Reason: TimedOut, Err: err}
	}
	return &FetchError{Reason: Unreachable, Err: err}
}

// Reason says why a fetch or a post failed.
type Reason uint8

const (
	// Unreachable: no connection, a broken one, or a certificate that is not right.
	Unreachable Reason = iota + 1
	// RefusedAddress: we do not call such an address, or one that it redirects to.
	RefusedAddress
	// BadStatus: the other side answered with another status than success.
	BadStatus
	// BadAnswer: the other side answered with something that is no answer.
	BadAnswer
	// TooLarge: the body is bigger than the caller's limit.
	TooLarge
	// TimedOut: it took too long.
	TimedOut
)

var reasonNames = [...]string{"", "unreachable", "refused address", "bad status", "bad answer", "too large", "timed out"}

// String names the reason for logs.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

// FetchError is any failure of a Fetcher. Its text never holds the address.
type FetchError struct {
	Reason Reason
	Status int // HTTP status where the reason is BadStatus
	// RetryAfter is what the other side asked for, at most a day; 0 when nothing.
	RetryAfter time.Duration
	Err        error // the cause; may be nil
}

// Error is the text for logs.
func (e *FetchError) Error() string {
	s := "fetch: " + e.Reason.String()
	if e.Status != 0 {
		s += " " + strconv.Itoa(e.Status)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *FetchError) Unwrap() error { return e.Err }

// Temporary reports whether the same call may succeed later.
func (e *FetchError) Temporary() bool {
	switch e.Reason {
	case Unreachable, TimedOut:
		return true
	case BadStatus:
		return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
	}
	return false
}
