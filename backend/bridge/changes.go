package bridge

import (
	"context"
	"time"

	"leadline/backend/account"
	"leadline/backend/amojo"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

// edit passes on a visitor's new text (C §3.4.6). A refused one is dropped: what
// it would have changed did not arrive, or cannot be changed.
func (b *Bridge) edit(ctx context.Context, p Product, a account.Account, j outbox.Job, e conversation.EditJob) (outbox.Outcome, error) {
	err := b.chats.EditMessage(ctx, p.Channel, a.Scope, amojo.Edit{
		ID: e.Message, Conversation: j.Lane, At: time.UnixMilli(e.At), Out: amojo.Out{Type: e.Kind, Text: e.Text},
	})
	o, _ := b.outcome(ctx, a, j, err)
	return o, err
}

// react passes on a visitor's reaction (C §3.7).
func (b *Bridge) react(ctx context.Context, p Product, a account.Account, j outbox.Job, r conversation.ReactJob) (outbox.Outcome, error) {
	send := b.chats.React
	if r.Emoji == "" {
		send = b.chats.Unreact
	}
	reaction := amojo.Reaction{ConversationRef: r.Chat, Message: r.Message, Ref: r.Ref, Visitor: r.Visitor, Emoji: r.Emoji}
	if r.Chat == "" {
		reaction.Conversation = j.Lane
	}
	err := send(ctx, p.Channel, a.Scope, reaction)
	o, _ := b.outcome(ctx, a, j, err)
	return o, err
}

const (
	// closeTries bounds the repeats of closing a talk.
	closeTries = 8
	// talkTries bounds how often it is looked for: who ends a conversation right after
	// its first message is faster than the CRM's webhook that tells of its talk.
	talkTries = 3
)

// closeTalk closes the talk of a conversation that the visitor ended. Without a
// talk that we know of there is nothing to close.
func (b *Bridge) closeTalk(ctx context.Context, a account.Account, j outbox.Job, c conversation.CloseJob) (outbox.Outcome, error) {
	talk := c.Talk
	if talk == 0 {
		known, err := b.conversations.ByID(ctx, a.ID, j.Lane)
		if err != nil {
			return b.later(j, false, 0), err
		}
		if talk = known.Talk; talk == 0 && known.ChatRef != "" && j.Attempts < talkTries {
			return b.later(j, false, 0), nil
		}
	}
	if talk == 0 {
		return outbox.Outcome{Verdict: outbox.Done}, nil
	}
	// Before and after: in between the CRM may have been asked, and said that it was
	// open, as it was; and the hook of its end may be here before the answer.
	err := b.conversations.Closes(ctx, a.ID, j.Lane, talk)
	if err != nil {
		return b.later(j, false, 0), err
	}
	err = b.cards.CloseTalk(ctx, a, talk)
	switch {
	case err == nil:
		return outbox.Outcome{Verdict: outbox.Done}, b.conversations.Closes(ctx, a.ID, j.Lane, talk)
	case temporary(err) && j.Attempts < closeTries:
		return b.later(j, false, 0), err
	}
	return outbox.Outcome{Verdict: outbox.Never}, err
}
