package bridge

import (
	"sync"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// stepKind is what one step asks the CRM for.
type stepKind uint8

const (
	stepTalk     stepKind = iota // one talk
	stepChat                     // whose chat it is
	stepContact                  // whose chats a changed contact's are now
	stepLead                     // the talks of a removed lead
	stepAccepted                 // a lead that an incoming one became
	stepHooks                    // our webhook: there, and the only one
	stepUsers                    // the operators
	stepSources                  // the lead sources of the online chats
	stepPoll                     // the open talks, when webhooks are silent
)

var stepNames = [...]string{"talk", "chat", "contact", "lead", "accepted", "webhooks", "users", "sources", "poll"}

func (k stepKind) String() string { return stepNames[k] }

const (
	// firstPause is the pause after a failure; each further one makes it four times
	// as long.
	firstPause = 5 * time.Second
	// longestRest bounds how long an account is left alone.
	longestRest = 10 * time.Minute
	// hintTries bounds the repeats of a step that a webhook asked for; the polling
	// and the next webhook ask again.
	hintTries = 6
	forever   = 1 << 30
)

// every is how often a step comes by the clock, and the longest pause between its
// repeats.
func (k stepKind) every() time.Duration {
	switch k {
	case stepHooks:
		return 2 * time.Hour
	case stepSources:
		return 6 * time.Hour
	case stepUsers:
		return 24 * time.Hour
	case stepPoll:
		return pollEvery
	}
	return longestRest
}

func (k stepKind) tries() int {
	if k >= stepHooks {
		return forever
	}
	return hintTries
}

// step is one thing to do for an account.
type step struct {
	kind stepKind
	id   int64          // of the talk, contact or lead
	chat chatid.ChatRef // the chat, or the one that the talk is said to belong to
	// told: an event of the talk brought it, so that hooks may have been lost.
	told  bool
	tries int
}

// anew is the step as it comes next by the clock.
func (s step) anew() step { return step{kind: s.kind} }

type stepKey struct {
	kind stepKind
	id   int64
	chat chatid.ChatRef
}

func (s step) key() stepKey {
	k := stepKey{kind: s.kind, id: s.id}
	if s.kind == stepChat {
		k.chat = s.chat
	}
	return k
}

// maxSteps bounds a deck. What finds no place is found by polling.
const maxSteps = 5000

// deck is what there is to do for an account. It is lost with the process: the
// polling that follows a start makes up for it.
type deck struct {
	state   account.State
	working bool
	steps   map[stepKey]dueStep
	// heardAt is when a webhook came last, usersAt when operators were read.
	heardAt, usersAt time.Time
	// hooked: the CRM has our webhook, as far as it said.
	hooked    bool
	restUntil time.Time
	strikes   int
	healedAt  map[chatid.ConversationID]time.Time
}

type dueStep struct {
	step
	at time.Time
}

func newDeck() *deck {
	return &deck{steps: map[stepKey]dueStep{}, healedAt: map[chatid.ConversationID]time.Time{}}
}

// add puts a step on the deck; one that is there already is done once, at the
// earlier time.
func (d *deck) add(st step, at time.Time) {
	have, ok := d.steps[st.key()]
	if !ok {
		if len(d.steps) < maxSteps || st.kind >= stepHooks {
			d.steps[st.key()] = dueStep{st, at}
		}
		return
	}
	if at.Before(have.at) {
		have.at = at
	}
	if st.chat != "" {
		have.chat = st.chat
	}
	have.told, have.tries = have.told || st.told, max(have.tries, st.tries)
	d.steps[st.key()] = have
}

// take gives the step that waits longest.
func (d *deck) take(now time.Time) (step, bool) {
	var best dueStep
	found := false
	if now.Before(d.restUntil) {
		return step{}, false
	}
	for _, s := range d.steps {
		if !s.at.After(now) && (!found || s.at.Before(best.at)) {
			best, found = s, true
		}
	}
	if found {
		delete(d.steps, best.key())
	}
	return best.step, found
}

func (d *deck) hasDue(now time.Time) bool {
	if now.Before(d.restUntil) {
		return false
	}
	for _, s := range d.steps {
		if !s.at.After(now) {
			return true
		}
	}
	return false
}

// rest holds all steps back, the longer the more often there was no answer.
func (d *deck) rest(now time.Time, err error) {
	pause := min(firstPause<<min(d.strikes, 10), longestRest)
	if f := fault.RetryAfter(err); f > 0 {
		pause = f
	}
	if amocrm.Unpaid(err) {
		pause = longestRest
	}
	d.strikes++
	d.restUntil = now.Add(pause)
}

// pace spreads the polling of all accounts: the integration as a whole has few
// requests a second, and most are for what webhooks tell (C §7.8).
type pace struct {
	mu   sync.Mutex
	next time.Time
}

const (
	pollPace = 700 * time.Millisecond
	// pollQueue bounds how far ahead polls are planned.
	pollQueue = time.Minute
)

// reserve gives the time of the next poll; ok is false when too many wait.
func (p *pace) reserve(now time.Time) (at time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next.Before(now) {
		p.next = now
	}
	if p.next.Sub(now) > pollQueue {
		return time.Time{}, false
	}
	at = p.next
	p.next = at.Add(pollPace)
	return at, true
}
