package bridge

import (
	"context"
	"time"

	"leadline/backend/account"
	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
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
	err := send(ctx, p.Channel, a.Scope, amojo.Reaction{
		Conversation: j.Lane, Message: r.Message, Ref: r.Ref, Visitor: r.Visitor, Emoji: r.Emoji,
	})
	o, _ := b.outcome(ctx, a, j, err)
	return o, err
}

// closeTries bounds the repeats of closing a talk.
const closeTries = 8

// closeTalk closes the talk of a conversation that the visitor ended. Without a
// talk that we know of there is nothing to close.
func (b *Bridge) closeTalk(ctx context.Context, a account.Account, j outbox.Job, c conversation.CloseJob) (outbox.Outcome, error) {
	talk := c.Talk
	if talk == 0 {
		known, err := b.conversations.ByID(ctx, a.ID, j.Lane)
		if err != nil {
			return b.later(j, false, 0), err
		}
		talk = known.Talk
	}
	if talk == 0 {
		return outbox.Outcome{Verdict: outbox.Done}, nil
	}
	err := b.cards.CloseTalk(ctx, a, talk)
	switch {
	case err == nil:
		return outbox.Outcome{Verdict: outbox.Done}, nil
	case temporary(err) && j.Attempts < closeTries:
		return b.later(j, false, 0), err
	}
	return outbox.Outcome{Verdict: outbox.Never}, err
}

// temporary tells trouble of API v4 that passes from an answer.
func temporary(err error) bool {
	if err == nil {
		return false
	}
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Timeout, fault.Limited, fault.Internal:
		return true
	}
	return false
}

// firstTries bounds how long an operator who wrote first waits to be told that
// nobody was found, while the CRM gives no answer.
const firstTries = 6

// wroteFirst finds the visitor of a chat that an operator began (C §8.4): the one
// linked to the contact whose chat it is, or one whose phone a signed token
// proved. A phone that somebody typed into the page finds nobody (design.md §9).
func (b *Bridge) wroteFirst(ctx context.Context, p Product, a account.Account, j outbox.Job, w conversation.WroteFirstJob) (outbox.Outcome, error) {
	to, err := b.addressee(ctx, a, j, w)
	if err == nil {
		return outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{conversation.WroteFirst{
			Conversation: j.Lane, To: to.ID, Chat: w.Chat, User: w.User,
		}}}, nil
	}
	if temporary(err) && j.Attempts < firstTries {
		return b.later(j, false, 0), err
	}
	err = b.chats.SetDeliveryStatus(ctx, p.Channel, a.Scope, w.Ref, amojo.DeliveryStatus{
		Status: amojo.Failed, ErrorCode: amojo.CannotConverse, Error: b.texts(p.Language, conversation.CodeUnknownConversation, nil),
	})
	o, _ := b.outcome(ctx, a, j, err)
	if o.Verdict != outbox.Later {
		o.Effects = append(o.Effects, conversation.MessageFailed{Conversation: j.Lane, Message: w.Message, Code: conversation.CodeUnknownConversation})
	}
	return o, err
}

func (b *Bridge) addressee(ctx context.Context, a account.Account, j outbox.Job, w conversation.WroteFirstJob) (conversation.Conversation, error) {
	// Its first message's answer may have told whose chat it is while the hook,
	// which came without our ids, was on its way here.
	if c, err := b.conversations.ByChat(ctx, a.ID, w.Chat); err == nil && c.Visitor != "" {
		return c, nil
	}
	to := conversation.Addressee{Phone: w.Phone, Source: w.Source}
	contact, err := b.cards.ContactOfChat(ctx, a, w.Chat)
	if err == nil && contact != 0 {
		to.Contact = contact
		to.Chats, err = b.cards.ChatsOfContact(ctx, a, contact)
	}
	if temporary(err) && j.Attempts < firstTries {
		return conversation.Conversation{}, err
	}
	if err != nil {
		b.log.Warn("look up the contact of a chat", "account_id", string(a.ID), "error", err)
	}
	to.Chats = without(to.Chats, w.Chat)
	return b.conversations.Reach(ctx, a.ID, to)
}

func without(list []chatid.ChatRef, c chatid.ChatRef) []chatid.ChatRef {
	var out []chatid.ChatRef
	for _, o := range list {
		if o != c {
			out = append(out, o)
		}
	}
	return out
}
