package store

import (
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// design.md §2: a v1 hook has no id, the history has; both tell of one message.
// C §3.8: history may give the time in seconds alone.
func TestV1HooksAndHistoryTellOfOneMessage(t *testing.T) {
	const hook, real = "v1:0011", "0a64f7b9-2d18-4e3c-a5f0-7b9c81d3e642"
	at := start.UnixMilli() + 740
	second := start.UnixMilli()
	type told struct {
		ref  chatid.MessageRef
		at   int64
		text string
	}
	for _, c := range []struct {
		name        string
		first, next told
		messages    int
		ref         chatid.MessageRef // of the first, in the end
	}{
		{"the hook, then the history", told{hook, at, "Hi"}, told{real, at, "Hi"}, 1, real},
		{"the history, then a late hook", told{real, at, "Hi"}, told{hook, at, "Hi"}, 1, real},
		{"the hook, then a history in seconds", told{hook, at, "Hi"}, told{real, second, "Hi"}, 1, real},
		{"a history in seconds, then a late hook", told{real, second, "Hi"}, told{hook, at, "Hi"}, 1, real},
		{"another text", told{hook, at, "Hi"}, told{real, at, "Ho"}, 2, hook},
		{"another moment", told{hook, at, "Hi"}, told{real, at + 1, "Hi"}, 2, hook},
		{"another second", told{hook, at, "Hi"}, told{real, second + 1000, "Hi"}, 2, hook},
		{"two v2 hooks of one moment", told{"r1", at, "Hi"}, told{real, at, "Hi"}, 2, "r1"},
		{"two v1 hooks of one moment", told{"v1:22", at, "Hi"}, told{hook, at, "Hi"}, 2, "v1:22"},
		{"a v2 hook and one of the next second's beginning", told{"r1", second, "Hi"}, told{real, at, "Hi"}, 2, "r1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				id := w.known(t, "v1")
				save := func(m told) conversation.Saved {
					t.Helper()
					in := w.outbound(id, m.text)
					in.Message.Ref, in.Message.At = m.ref, m.at
					return w.receive(t, in)
				}
				first := save(c.first)
				next := save(c.next)
				if next.Duplicate != (c.messages == 1) {
					t.Errorf("next = %+v", next)
				}
				if next.Duplicate {
					equal(t, "the stored one is named", next.Message.ID, first.Message.ID)
				}
				// Whichever is repeated now is known.
				for _, m := range []told{c.first, c.next, c.first} {
					if got := save(m); !got.Duplicate {
						t.Errorf("repeat of %q was stored", m.ref)
					}
				}
				equal(t, "messages", len(w.all(t, id)), 1+c.messages)
				equal(t, "id", w.stored(t, first.Message.ID).Ref, c.ref)
			})
		})
	}
}

// Several files sent at once have no text: each is told of once.
func TestAnAlbumOfV1HooksAndTheHistory(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		for _, refs := range [][]chatid.MessageRef{{"v1:1", "v1:2", "v1:3"}, {"r1", "r2", "r3"}, {"v1:1", "v1:2", "v1:3"}, {"r1", "r2", "r3"}} {
			for _, ref := range refs {
				in := w.operatorsFile(c, "")
				in.Message.Ref = ref
				w.receive(t, in)
			}
		}
		refs := map[chatid.MessageRef]bool{}
		for _, m := range w.all(t, c)[1:] {
			refs[m.Ref] = true
		}
		equal(t, "messages", refs, map[chatid.MessageRef]bool{"r1": true, "r2": true, "r3": true})
		equal(t, "files", w.count(t, `SELECT count(*) FROM files`), 3)
	})
}

// C §9, trap 26: what we imported in a manager's name comes back as a hook, before
// or after its delivery was answered.
func TestEchoOfAnImportIsKnown(t *testing.T) {
	for name, answered := range map[string]bool{"before the answer": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				said := w.imported("v1", "Yes.", conversation.Outbound, start.Add(-time.Hour))
				said.Author = &conversation.JobAuthor{Ref: "u1", Name: "Oleg"}
				first := w.take(t, said)
				if answered {
					w.settle(t, *first.Claim, *first.Job, sentOutcome(first.Message, "r1"))
				}
				echo := w.outbound(first.Message.Conversation, "Yes.")
				echo.Message.Ref, echo.Message.At = "r1", said.Message.At
				if got := w.receive(t, echo); !got.Duplicate || got.Message.ID != said.Message.ID {
					t.Errorf("echo = %+v", got)
				}
				if !answered {
					w.settle(t, *first.Claim, *first.Job, sentOutcome(first.Message, "r1"))
				}
				m := w.stored(t, said.Message.ID)
				if m.Ref != "r1" || m.Status != conversation.Delivered {
					t.Errorf("stored = %+v", m)
				}
				equal(t, "messages", len(w.all(t, m.Conversation)), 1)
				// What the visitor wrote at that moment is no operator's message.
				own := w.write(t, w.inbound("v1", "mine")).Message
				hook := w.outbound(m.Conversation, "mine")
				hook.Message.At = own.At
				if w.receive(t, hook).Duplicate {
					t.Error("an operator's message was taken for the visitor's")
				}
			})
		})
	}
}

// C §3.4.7, §4.3: a hook names the quoted message by their id, by ours, or tells it.
func TestQuotesOfHooksAreLookedUp(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		own := w.delivered(t, "v1", "Is it there?", "r1")
		c := own.Conversation
		elsewhere := w.delivered(t, "v2", "other", "r2")
		quotes := func(q conversation.Quote) *conversation.Quote {
			t.Helper()
			in := w.outbound(c, "Yes")
			in.Message.Quote = &q
			got := w.receive(t, in).Message
			equal(t, "stored", w.stored(t, got.ID).Quote, got.Quote)
			return got.Quote
		}
		full := &conversation.Quote{ID: own.ID, Ref: "r1", Direction: conversation.Inbound, Kind: "text", Text: "Is it there?", At: own.At}
		equal(t, "by our id", quotes(conversation.Quote{ID: own.ID, Kind: "text", Text: "cut"}), full)
		equal(t, "by their id", quotes(conversation.Quote{Ref: "r1", Kind: "text"}), full)
		told := conversation.Quote{Ref: "r9", Direction: conversation.Outbound, Kind: "text", Text: "before your time", Author: "Oleg", At: 42}
		equal(t, "told whole", quotes(told), &told)
		// Another conversation's text must not leak into this one by its id.
		equal(t, "another conversation's", quotes(conversation.Quote{ID: elsewhere.ID, Ref: "r2", Kind: "text", Text: "as told"}),
			&conversation.Quote{Ref: "r2", Kind: "text", Text: "as told"})
	})
}
