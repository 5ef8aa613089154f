// Package realtime carries what happened to the browsers that wait for it.
//
// It knows sockets and cursors and refuses to know messages: a hint only wakes
// a stream, which then reads the truth from its Source, unless the hint brings the
// very next change along. So a lost, late or repeated hint costs time and never a
// message. Typical use:
//
//	hub := realtime.NewHub(realtime.InProcess{})
//	streams := realtime.NewServer(cfg, hub, source)
//	err := streams.ServeWebSocket(w, r)                                // a browser arrives
//	hub.Publish(realtime.Hint{Conversation: id, Rev: rev}, topics...)  // after the commit
package realtime

import (
	"context"
	"slices"
	"sync"
	"time"

	"leadline/backend/chatid"
)

// Topic is what one can be woken for.
type Topic string

// ConversationTopic wakes for changes of one conversation.
func ConversationTopic(id chatid.ConversationID) Topic { return "c:" + Topic(id) }

// VisitorTopic wakes for changes of any conversation of a visitor, the making
// of the first one too.
func VisitorTopic(id chatid.VisitorID) Topic { return "v:" + Topic(id) }

// AccountTopic wakes all visitors of an account, for what concerns them all.
func AccountTopic(id chatid.AccountID) Topic { return "a:" + Topic(id) }

// Hint says where something changed. To a bus it is ids only, and who types, so that
// it fits into any and leaks nothing that was written.
type Hint struct {
	// Conversation is where; with it a stream of a visitor who had none yet
	// learns which conversation to follow.
	Conversation chatid.ConversationID
	// Rev is the conversation's counter after the change.
	Rev int64
	// Message is the change itself, for Source.Show, where one message is all that moved
	// the counter, by one, and it is stored as it stands here; else nil. It saves the
	// streams of this instance that lack nothing else the reading, and goes to no bus.
	Message any
	// Typing is set when nothing changed but an operator types.
	Typing *Typing
	// Availability is set when nothing changed but, perhaps, whether somebody answers.
	Availability bool
}

// Typing tells that somebody types until a time. It is passed on, never stored.
type Typing struct {
	Until time.Time
	Name  string // may be empty
}

// Hub wakes those who wait for a topic. The zero value is not usable; see NewHub.
type Hub struct {
	bus Bus

	mu   sync.RWMutex
	subs map[Topic][]*Subscription
}

// NewHub makes a hub that shares its hints with other instances by bus.
func NewHub(bus Bus) *Hub {
	return &Hub{bus: bus, subs: make(map[Topic][]*Subscription)}
}

// Run receives the hints of other instances until ctx ends.
func (h *Hub) Run(ctx context.Context) error { return h.bus.Run(ctx, h.deliver, h.wakeAll) }

// Publish wakes all subscribers of the topics, here and on other instances. It
// never waits for any of them. Publish after the commit, to the conversation's
// topic and, where the visitor is known, to the visitor's topic too: one who
// had no conversation listens only there.
func (h *Hub) Publish(hint Hint, topics ...Topic) {
	h.deliver(hint, topics...)
	hint.Message = nil
	h.bus.Publish(hint, topics...)
}

// Subscription is one subscriber's place in the hub.
type Subscription struct {
	hub  *Hub
	wake func(Hint)
	// topics is guarded by the hub's mutex; nil after Cancel.
	topics []Topic
}

// Subscribe calls wake for each hint of the topics until Cancel. wake runs on
// the publisher's goroutine: it must note the hint and return, without waiting
// and without calling the hub. It may be called once more while Cancel runs.
// A hint says "read again", so a subscriber that was not done with the last one
// keeps one bit, not a queue. The zero Hint means "something may have been missed".
func (h *Hub) Subscribe(wake func(Hint), topics ...Topic) *Subscription {
	s := &Subscription{hub: h, wake: wake, topics: make([]Topic, 0, 2)}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		h.addLocked(s, t)
	}
	return s
}

// Add subscribes to one more topic; a topic that it has already changes nothing.
func (s *Subscription) Add(t Topic) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.topics != nil {
		s.hub.addLocked(s, t)
	}
}

// Cancel ends the subscription; a second call changes nothing.
func (s *Subscription) Cancel() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range s.topics {
		// Delete clears the freed slot, so that no ended stream stays reachable.
		left := h.subs[t]
		if i := slices.Index(left, s); i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
		if len(left) == 0 {
			delete(h.subs, t)
		} else {
			h.subs[t] = left
		}
	}
	s.topics = nil
}

func (h *Hub) addLocked(s *Subscription, t Topic) {
	if slices.Contains(s.topics, t) {
		return
	}
	s.topics = append(s.topics, t)
	h.subs[t] = append(h.subs[t], s)
}

// deliver wakes the subscribers of this instance.
func (h *Hub) deliver(hint Hint, topics ...Topic) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for i, t := range topics {
		for _, s := range h.subs[t] {
			// Once, though it waits for the conversation and for its visitor: a second
			// wake is a second look for nothing.
			if !slices.ContainsFunc(topics[:i], func(before Topic) bool { return slices.Contains(s.topics, before) }) {
				s.wake(hint)
			}
		}
	}
}

// wakeAll makes everybody read again: the bus was away and hints may be lost.
func (h *Hub) wakeAll() {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, subs := range h.subs {
		for _, s := range subs {
			s.wake(Hint{})
		}
	}
}
