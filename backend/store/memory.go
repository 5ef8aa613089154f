package store

import (
	"regexp"
	"strings"
	"sync"
	"time"
)

// memory keeps what every hook and every visitor's message asks the database and
// what seldom changes: accounts, online chats and their bots, operators' pictures. On SQLite, whose
// one writer sees every change of this process, what was changed is never read old
// after the change has returned. On PostgreSQL nothing is kept.
type memory struct {
	on bool
	mu sync.RWMutex
	// age counts the changes.
	age uint64
	of  map[any]remembered
}

type remembered struct {
	value any
	until time.Time
}

const (
	// memoryFor bounds how long a change that another process makes, a person with a
	// tool for SQLite, may go unseen.
	memoryFor = time.Second
	// maxRemembered bounds the values; of more all are forgotten.
	maxRemembered = 10_000
)

// remember gives what is kept under key, or reads it. A key's type tells what it is of.
func remember[T any](s *Store, key any, read func() (T, error)) (T, error) {
	v, age, ok := s.memory.get(key)
	if ok {
		return v.(T), nil
	}
	value, err := read()
	if err == nil {
		s.memory.put(age, key, value)
	}
	return value, err
}

// get gives what is kept; where nothing is, age goes into put.
func (m *memory) get(key any) (v any, age uint64, ok bool) {
	if !m.on {
		return nil, 0, false
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, ok := m.of[key]
	if !ok || !time.Now().Before(r.until) {
		return nil, m.age, false
	}
	return r.value, 0, true
}

// put keeps a value that was read after get, unless anything was changed meanwhile.
func (m *memory) put(age uint64, key, v any) {
	if !m.on {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.age != age {
		return
	}
	if m.of == nil || len(m.of) >= maxRemembered {
		m.of = map[any]remembered{}
	}
	m.of[key] = remembered{v, time.Now().Add(memoryFor)}
}

// forget is called after a commit that changed any of it, before who asked for the
// change is answered.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.age++
	clear(m.of)
}

var kept = regexp.MustCompile(`(?i)\b(accounts|online_chats|operators|greeting_bots)\b`)

// changesKept tells whether a statement may change what memory keeps.
func changesKept(query string) bool {
	return kept.MatchString(query) && !strings.HasPrefix(strings.TrimSpace(query), "SELECT")
}
