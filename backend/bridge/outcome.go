package bridge

import (
	"context"
	"errors"
	"net/http"
	"time"

	"leadline/backend/account"
	"leadline/backend/amojo"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

const (
	// pauseMin is how long an account rests at least after "too many requests".
	pauseMin = 2 * time.Second
	// awayPause is how often a disconnected account's waiting lanes are looked at.
	awayPause = 5 * time.Minute
	// unknownTries bounds the repeats of a message whose outcome is unknown and
	// which the service refuses without having it in its history.
	unknownTries = 5
	// statusTries bounds the repeats of a delivery status; it is worth less than
	// the messages that wait behind it.
	statusTries = 8
)

// rules are what sets one kind of job apart in the table of outcomes.
type rules struct {
	// tries bounds the repeats after network errors and trouble of the service,
	// then the job is dropped; 0: it is repeated for as long as that takes.
	tries int
	// doubt: a lost answer leaves the outcome unknown, and that matters. What is
	// harmless when it comes twice, or when it does not come, needs none.
	doubt bool
	// names: the request names an object of the service by its id, and 404 says
	// that this one is gone (C §10, check 7); for other kinds it is the scope's.
	names bool
}

var rulesOf = map[outbox.Kind]rules{
	conversation.JobMessage: {doubt: true},
	conversation.JobStatus:  {tries: statusTries, names: true},
	conversation.JobEdit:    {},
	conversation.JobReact:   {tries: statusTries, names: true},
	conversation.JobHeal:    {tries: healTries},
	// What it asks of the service is a status: that nobody was found.
	conversation.JobWroteFirst: {tries: firstTries + statusTries, names: true},
}

// answer is what the service's answer says about any job.
type answer uint8

const (
	taken   answer = iota // 2xx
	unsent                // no connection came about: it certainly did not arrive
	lost                  // time-out, cut connection, unreadable success: it may have arrived
	trouble               // 5xx, and what stands between us and the service: it may have arrived
	busy                  // 402, 429: the account is to rest
	barred                // 401, 403, 404: not this request but the scope, the clock or the secret
	refused               // 400 and the rest of 4xx: this request, today and tomorrow
)

// read sorts the error of a call (C §9, trap 30: by status alone).
func read(err error) answer {
	if err == nil {
		return taken
	}
	api, answered := errors.AsType[*amojo.APIError](err)
	switch {
	case errors.Is(err, amojo.ErrIncomplete):
		return refused // by our own client: no repeat can complete it
	case !answered && amojo.NotSent(err):
		return unsent
	case !answered:
		return lost
	}
	switch s := api.Status; {
	case s == http.StatusPaymentRequired || s == http.StatusTooManyRequests:
		return busy
	case s == http.StatusUnauthorized || s == http.StatusForbidden || s == http.StatusNotFound:
		return barred
	case s < 400 || s >= 500 || s == http.StatusRequestTimeout || s == http.StatusTooEarly:
		return trouble // a redirect is no answer of the service's either
	}
	return refused
}

// outcome is the table of design.md §2, "Outcomes of a send", for every kind of
// job: err is what its request ended with. Nobody but the kind itself can tell
// what becomes of a refused one: settle is true then and o says "never".
//
//	answer               job                          account
//	2xx                  done                         works
//	not sent             later, same msgid            -
//	lost, 5xx            later, same msgid, in doubt  -
//	402, 429             later, not counted           paused for Retry-After, growing (rests)
//	401, 403, 404        later, not counted           paused; one reconnect, then broken
//	400, 409, rest       settled by its kind          -
func (b *Bridge) outcome(ctx context.Context, a account.Account, j outbox.Job, err error) (o outbox.Outcome, settle bool) {
	r := rulesOf[j.Kind]
	api, _ := errors.AsType[*amojo.APIError](err)
	switch said := read(err); {
	case said == taken:
		return outbox.Outcome{Verdict: outbox.Done}, false
	case said == busy:
		return b.pause(j, b.rests.begin(a.ID, b.now(), api.RetryAfter)), false
	case said == barred && r.names && api.Status == http.StatusNotFound:
		return outbox.Outcome{Verdict: outbox.Never}, false
	case said == barred:
		return b.pause(j, b.accounts.ScopeRefused(ctx, a.ID, api.Skew)), false
	case said == refused:
		return outbox.Outcome{Verdict: outbox.Never}, true
	case r.tries > 0 && j.Attempts >= r.tries:
		return outbox.Outcome{Verdict: outbox.Never}, false
	case said == unsent:
		return b.later(j, false, 0), false
	case said == trouble:
		return b.later(j, r.doubt, api.RetryAfter), false
	}
	return b.later(j, r.doubt, 0), false
}

// later tries the same job again after a growing pause. What was uncertain stays so.
func (b *Bridge) later(j outbox.Job, uncertain bool, atLeast time.Duration) outbox.Outcome {
	return outbox.Outcome{
		Verdict: outbox.Later, Counted: true, Uncertain: uncertain || j.Uncertain,
		At: b.now().Add(max(atLeast, outbox.Backoff(j.Attempts))),
	}
}

// pause holds the whole account back; the job is not to blame.
func (b *Bridge) pause(j outbox.Job, d time.Duration) outbox.Outcome {
	return outbox.Outcome{
		Verdict: outbox.Later, PauseAccount: true, Uncertain: j.Uncertain, At: b.now().Add(d),
	}
}
