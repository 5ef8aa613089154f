package store

import (
	"context"
	"errors"
	"testing"

	"leadline/backend/fault"
)

// TestAskingWithAContextThatHasEnded: whoever left before a statement was prepared
// gets an error, and nobody a panic.
func TestAskingWithAContextThatHasEnded(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(testContext)
		cancel()
		for name, err := range map[string]error{
			"account": errOf(w.Accounts().Account(ctx, w.account)), "conversation": errOf(w.Conversations().Conversation(ctx, w.account, "c")),
			"unread": errOf(w.Conversations().Unread(ctx, "c")), "mark": errOf(w.Gaps().Alive(ctx)), "database": w.Ping(ctx),
		} {
			if err == nil || fault.Is(err, fault.NotFound) || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
