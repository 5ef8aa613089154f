package bridge

import (
	"context"

	"leadline/backend/account"
	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

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
	// The answer to a visitor's first message may have told whose chat it is while
	// the hook, which came without our ids, was on its way here.
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
	c, err := b.conversations.Reach(ctx, a.ID, to)
	if fault.Is(err, fault.NotFound) {
		// By now that answer may be in.
		if known, kerr := b.conversations.ByChat(ctx, a.ID, w.Chat); kerr == nil && known.Visitor != "" {
			return known, nil
		}
	}
	return c, err
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
