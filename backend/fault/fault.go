// Package fault names the kinds of error that the product tells apart.
//
// A domain package returns a *Error; httpapi turns its kind into a status and
// its key into a sentence in the reader's language. Everything else that
// surfaces there is internal: logged, shown as one neutral sentence.
package fault

import (
	"errors"
	"time"
)

// Kind says what sort of thing went wrong, for the one who must decide what to do.
type Kind uint8

const (
	// Internal is our own mistake or an unexpected state; the zero kind.
	Internal Kind = iota
	// Invalid: the request itself is wrong; repeating it changes nothing.
	Invalid
	// NotFound: the thing asked for does not exist, or not for the asker.
	NotFound
	// Conflict: the thing belongs to somebody else or is in another state.
	Conflict
	// Unauthenticated: who asks is not proven.
	Unauthenticated
	// Denied: who asks is known and may not.
	Denied
	// Limited: too many requests; see Error.RetryAfter.
	Limited
	// Unavailable: a service that we need did not do its part.
	Unavailable
	// Timeout: a service that we need did not answer in time.
	Timeout
	// TooLarge: the request is bigger than allowed.
	TooLarge
)

var kindNames = [...]string{"internal", "invalid", "not found", "conflict", "unauthenticated", "denied", "limited", "unavailable", "timeout", "too large"}

// String gives the kind's name for logs.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Error is an error with a kind and a code that people's texts are found by.
type Error struct {
	Kind Kind
	// Code is stable, lower case with underscores: "wrong_credentials". It is
	// part of our API and the key of the sentence shown ("error.<code>").
	Code string
	// Args fill placeholders of the sentence. Never secrets.
	Args map[string]any
	// RetryAfter is when a repeat may succeed; 0 when nothing is known.
	RetryAfter time.Duration
	// Err is the cause, for the log only.
	Err error
}

// New makes an error without a cause.
func New(k Kind, code string) *Error { return &Error{Kind: k, Code: code} }

// Wrap makes an error with a cause that only the log will see.
func Wrap(k Kind, code string, err error) *Error { return &Error{Kind: k, Code: code, Err: err} }

// With returns a copy that carries one more argument of the sentence.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Args = make(map[string]any, len(e.Args)+1)
	for k, v := range e.Args {
		c.Args[k] = v
	}
	c.Args[key] = value
	return &c
}

// Error is the text for logs: kind, code and cause.
func (e *Error) Error() string {
	s := e.Kind.String() + ": " + e.Code
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf finds the kind of err; Internal for errors of any other type.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is a fault of kind k.
func Is(err error, k Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == k
}

// CodeOf finds the code of err; "" for errors of any other type.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// RetryAfter finds when a repeat may succeed; 0 when nothing is known.
func RetryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}
