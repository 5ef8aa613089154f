package httpapi

import (
	"cmp"
	"container/list"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"leadline/backend/fault"
)

// budget is how much one kind of caller may do.
type budget struct {
	name  string
	every time.Duration // one more is allowed each
	burst int
	// code is that of the refusal; too_many_attempts when empty.
	code string
}

// What callers may do. Addresses are shared by offices and phone networks, so
// theirs is wide; what guesses passwords is narrow.
var (
	perAddress         = budget{name: "address", every: 50 * time.Millisecond, burst: 200}
	perVisitor         = budget{name: "visitor", every: 100 * time.Millisecond, burst: 60}
	perVisitorMessages = budget{name: "messages", every: 700 * time.Millisecond, burst: 20, code: "too_many_messages"}
	perVisitorFiles    = budget{name: "files", every: 3 * time.Second, burst: 20, code: "too_many_files"}
	perAddressFiles    = budget{name: "files of an address", every: 500 * time.Millisecond, burst: 100, code: "too_many_files"}
	// Each may keep 64 KB of whoever asks for a session.
	perVisitorMeta      = budget{name: "meta", every: 5 * time.Second, burst: 20}
	perAddressMeta      = budget{name: "meta of an address", every: time.Second, burst: 100}
	perAddressGreetings = budget{name: "greetings of an address", every: 200 * time.Millisecond, burst: 200}
	// Each of them may make somebody call a number.
	perVisitorCallBacks = budget{name: "call-backs", every: time.Minute, burst: 5, code: "too_many_callbacks"}
	perAddressCallBacks = budget{name: "call-backs of an address", every: 20 * time.Second, burst: 20, code: "too_many_callbacks"}
	// Each leaves a line in the log, and may call somebody's server.
	perBrowserActions = budget{name: "key actions", every: 2 * time.Second, burst: 30}
	perAddressActions = budget{name: "key actions of an address", every: 200 * time.Millisecond, burst: 200}
	perButtonActions  = budget{name: "key actions of a button", every: 20 * time.Millisecond, burst: 1000}
	perUserBackground = budget{name: "background", every: time.Second, burst: 60}
	perLogin          = budget{name: "login", every: 30 * time.Second, burst: 8}
	perAccountSignIn  = budget{name: "sign-in", every: 10 * time.Second, burst: 20}
	perSignInAddress  = budget{name: "sign-in of an address", every: 5 * time.Second, burst: 30}
	perConnect        = budget{name: "connects of a team", every: 10 * time.Second, burst: 15}
	perAccountParked  = budget{name: "parked", every: time.Second, burst: 40}
	perAccountChats   = budget{name: "chats", every: time.Second, burst: 40}
	perConsoleTickets = budget{name: "console tickets", every: 4 * time.Second, burst: 30}
	perConsoleWriter  = budget{name: "console writes", every: time.Second, burst: 40}
	perSignUpAddress  = budget{name: "sign-up", every: 2 * time.Minute, burst: 5}
	perConsoleTry     = budget{name: "console tries", every: 500 * time.Millisecond, burst: 60}
	// Each asked-for reset may send a mail to somebody who did not ask.
	perResetLogin   = budget{name: "reset", every: 10 * time.Minute, burst: 3}
	perResetAddress = budget{name: "resets of an address", every: 2 * time.Minute, burst: 10}
	perInvited      = budget{name: "invited", every: 10 * time.Minute, burst: 3}
	perInviter      = budget{name: "invitations", every: time.Minute, burst: 20}
	perResetAccount = budget{name: "resets of an account", every: 2 * time.Minute, burst: 10}
	// Addresses that nobody has are guesses.
	perUnknownHook = budget{name: "unknown-hook", every: 6 * time.Second, burst: 20}
	perCRMHook     = budget{name: "crm-hook", every: 20 * time.Millisecond, burst: 500}
)

// maxLimiters bounds the memory that limits take; the least used go first.
const maxLimiters = 50_000

// limits holds one token bucket for each budget and caller.
type limits struct {
	mu   *sync.Mutex
	now  func() time.Time
	use  *list.List // of *limiter, most recently used first
	keys map[string]*list.Element
}

type limiter struct {
	key    string
	bucket *rate.Limiter
}

func newLimits(now func() time.Time) limits {
	return limits{mu: &sync.Mutex{}, now: now, use: list.New(), keys: map[string]*list.Element{}}
}

// take uses up one of the caller's budget. It returns 0, or how long to wait.
func (l limits) take(b budget, caller string) time.Duration {
	now := l.now()
	key := b.name + " " + caller
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.keys[key]
	if !ok {
		e = l.use.PushFront(&limiter{key: key, bucket: rate.NewLimiter(rate.Every(b.every), b.burst)})
		l.keys[key] = e
		if l.use.Len() > maxLimiters {
			oldest := l.use.Back()
			delete(l.keys, oldest.Value.(*limiter).key)
			l.use.Remove(oldest)
		}
	} else {
		l.use.MoveToFront(e)
	}
	r := e.Value.(*limiter).bucket.ReserveN(now, 1)
	if d := r.DelayFrom(now); d > 0 {
		r.CancelAt(now)
		return d
	}
	return 0
}

// limited refuses callers who use up the budget: visitors by their token, all
// others by address.
func (s *Server) limited(b budget) gin.HandlerFunc {
	return func(c *gin.Context) {
		caller := s.clientAddress(c)
		if who, ok := whoOf(c); ok {
			caller = string(who.Visitor)
		}
		s.spend(c, b, caller)
	}
}

// limitedAddress is limited for what is counted by address although the visitor
// is known: one browser can be many visitors.
func (s *Server) limitedAddress(b budget) gin.HandlerFunc {
	return func(c *gin.Context) { s.spend(c, b, s.clientAddress(c)) }
}

// spend takes one of the caller's budget and refuses the request if it is used up.
func (s *Server) spend(c *gin.Context, b budget, caller string) bool {
	d := s.limits.take(b, caller)
	if d == 0 {
		return true
	}
	f := fault.New(fault.Limited, cmp.Or(b.code, "too_many_attempts"))
	f.RetryAfter = d
	s.fail(c, f)
	return false
}
