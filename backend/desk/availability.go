package desk

import (
	"context"
	"sync"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/onlinechat"
)

// State is whether somebody answers visitors now.
type State string

const (
	// Online: somebody does.
	Online State = "online"
	// Away: nobody does.
	Away State = "away"
	// Unknown: nobody can say.
	Unknown State = "unknown"
)

// Availability is what visitors are told.
type Availability struct {
	State State
	// Back is when the hours begin again, with Away; zero where nobody knows.
	Back time.Time
}

// widgetFor is how long after a browser's last report an account still counts as
// one whose operators report: no fresh report means then that nobody is there.
const widgetFor = 7 * 24 * time.Hour

// available combines hours and presence (docs/http-api.md, "Availability").
func available(h onlinechat.Hours, p Presence, now time.Time) Availability {
	if h.Set() && !h.Open(now) {
		back, _ := h.Opens(now)
		return Availability{State: Away, Back: back}
	}
	switch {
	case p.fresh(now) && len(p.Online) > 0:
		return Availability{State: Online}
	case p.fresh(now), h.Set() && now.Sub(p.ReportedAt) < widgetFor:
		return Availability{State: Away}
	case h.Set():
		return Availability{State: Online}
	}
	return Availability{State: Unknown}
}

// Availability tells whether somebody answers in a chat now; it is at most
// seenFor old.
func (s *Service) Availability(ctx context.Context, a chatid.AccountID, c chatid.ChatID) (Availability, error) {
	now := s.Now()
	if v, ok := s.seen.get(a, c, now); ok {
		return v, nil
	}
	reach, err := s.Reach(ctx, c)
	if err != nil {
		return Availability{}, err
	}
	p, err := s.Store.Presence(ctx, a)
	if err != nil {
		return Availability{}, err
	}
	v := available(reach.Hours, p, now)
	s.seen.put(a, c, v, now)
	return v, nil
}

// seenFor is how long an answer is remembered: every stream asks now and then.
const seenFor = 3 * time.Second

// maxSeen bounds the chats that are remembered.
const maxSeen = 20_000

// seen remembers answers, by account and chat.
type seen struct {
	mu sync.Mutex
	of map[chatid.AccountID]map[chatid.ChatID]seenAnswer
	n  int
}

type seenAnswer struct {
	Availability
	at time.Time
}

func newSeen() *seen { return &seen{of: map[chatid.AccountID]map[chatid.ChatID]seenAnswer{}} }

func (s *seen) get(a chatid.AccountID, c chatid.ChatID, now time.Time) (Availability, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.of[a][c]
	return v.Availability, ok && now.Sub(v.at).Abs() < seenFor
}

func (s *seen) put(a chatid.AccountID, c chatid.ChatID, v Availability, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n >= maxSeen {
		clear(s.of)
		s.n = 0
	}
	if s.of[a] == nil {
		s.of[a] = map[chatid.ChatID]seenAnswer{}
	}
	if _, ok := s.of[a][c]; !ok {
		s.n++
	}
	s.of[a][c] = seenAnswer{v, now}
}

// forget makes the account's chats be looked at anew.
func (s *seen) forget(a chatid.AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n -= len(s.of[a])
	delete(s.of, a)
}
