package bridge

import (
	"context"
	"sync"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

const (
	// typingEvery is how often one visitor's typing is passed on: the service shows
	// it for 5 s (C §3.6).
	typingEvery = 3 * time.Second
	// typingTime bounds one call; later it would tell of the past.
	typingTime = 3 * time.Second
	// typingWorkers are at work at once; typingWaiting more wait, the rest is left out.
	typingWorkers = 4
	typingWaiting = 64
)

// Typing passes on that visitors type. It is a courtesy: what is late, too much or
// refused is left out. Make it with NewTyping and keep Run running.
type Typing struct {
	bridge *Bridge
	find   func(context.Context, conversation.Who) (conversation.Conversation, int, error)
	queue  chan conversation.Who

	mu   sync.Mutex
	last map[chatid.VisitorID]time.Time
}

// NewTyping passes on over b; find gives a visitor's conversation.
func NewTyping(b *Bridge, find func(context.Context, conversation.Who) (conversation.Conversation, int, error)) *Typing {
	return &Typing{bridge: b, find: find, queue: make(chan conversation.Who, typingWaiting), last: map[chatid.VisitorID]time.Time{}}
}

// VisitorTypes takes note that a visitor types. It never waits.
func (t *Typing) VisitorTypes(_ context.Context, who conversation.Who) {
	if !t.due(who.Visitor) {
		return
	}
	select {
	case t.queue <- who:
	default:
	}
}

// due holds every visitor to typingEvery.
func (t *Typing) due(v chatid.VisitorID) bool {
	now := t.bridge.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.last[v]) < typingEvery {
		return false
	}
	const most = 4096
	if len(t.last) >= most {
		for id, at := range t.last {
			if now.Sub(at) >= typingEvery {
				delete(t.last, id)
			}
		}
		if len(t.last) >= most {
			return false
		}
	}
	t.last[v] = now
	return true
}

// Run passes on until ctx ends.
func (t *Typing) Run(ctx context.Context) {
	var workers sync.WaitGroup
	for range typingWorkers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case who := <-t.queue:
					t.tell(ctx, who)
				}
			}
		})
	}
	workers.Wait()
}

// tell passes one on, for a conversation that the service knows.
func (t *Typing) tell(ctx context.Context, who conversation.Who) {
	b := t.bridge
	ctx, cancel := context.WithTimeout(ctx, typingTime)
	defer cancel()
	c, _, err := t.find(ctx, who)
	if fault.Is(err, fault.NotFound) || err == nil && c.ChatRef == "" {
		return
	}
	if err == nil {
		var a account.Account
		a, err = b.accounts.Account(ctx, who.Account)
		p, known := b.products.byName[a.Product]
		if err == nil && (!known || a.State != account.Connected) {
			return
		}
		if err == nil {
			err = b.chats.SetTyping(ctx, p.Channel, a.Scope, c.ID, who.Visitor, 0)
		}
	}
	if err != nil {
		b.log.Debug("typing not passed on", "conversation_id", string(c.ID), "error", err)
	}
}
