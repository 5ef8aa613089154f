package bridge

import (
	"context"
	"fmt"

	"leadline/backend/account"
	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

const (
	// healTries bounds the repeats of reading a history; the next gap, or the
	// visitor's next visit, asks again.
	healTries = 12
	// healPages bounds how much of one is read.
	healPages = 20
)

// heal takes in what operators wrote while hooks were lost, as far as the history
// tells it: it has no buttons, templates and quotes (C §3.8).
func (b *Bridge) heal(ctx context.Context, p Product, a account.Account, j outbox.Job, h conversation.HealJob) (outbox.Outcome, error) {
	c, err := b.conversations.ByID(ctx, a.ID, j.Lane)
	if err != nil {
		return b.later(j, false, 0), err
	}
	if c.ChatRef == "" {
		return outbox.Outcome{Verdict: outbox.Done}, nil
	}
	former, err := b.conversations.FormerChats(ctx, a.ID, j.Lane)
	if err != nil {
		return b.later(j, false, 0), err
	}
	asked := b.now()
	for _, chat := range append([]chatid.ChatRef{c.ChatRef}, former...) {
		if stored, err := b.healChat(ctx, p, a, c.ID, chat, h.Since); err != nil {
			if !stored {
				return b.later(j, false, 0), err
			}
			o, _ := b.outcome(ctx, a, j, err)
			return o, err
		}
	}
	return outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{conversation.Healed{Conversation: j.Lane, At: asked}}}, nil
}

// healChat reads one chat's history back to since. stored is false when what was
// read could not be kept; any other error is the service's.
func (b *Bridge) healChat(ctx context.Context, p Product, a account.Account, id chatid.ConversationID, chat chatid.ChatRef, since int64) (stored bool, err error) {
	for page := range healPages {
		list, err := b.chats.History(ctx, p.Channel, a.Scope, chat, page*amojo.MaxHistoryPage, amojo.MaxHistoryPage)
		if err != nil {
			return true, err
		}
		old := false
		// Oldest first, so that the seq of what is new rises with its time.
		for i := len(list) - 1; i >= 0; i-- {
			m := list[i]
			if !m.At.IsZero() && m.At.UnixMilli() < since {
				old = true
				continue
			}
			if !written(m) {
				continue
			}
			if err := b.conversations.Receive(ctx, b.healed(ctx, a, id, m)); err != nil {
				return false, fmt.Errorf("store healed message: %w", err)
			}
		}
		if old || len(list) < amojo.MaxHistoryPage {
			break
		}
	}
	return true, nil
}

// written tells a message that was written in the CRM. Ours have an id of ours,
// and so has their sender, the visitor.
func written(m amojo.HistoryMessage) bool { return m.Ref != "" && m.ID == "" && m.Sender.ID == "" }

// healed names no chat: what is read late must not move the conversation there.
func (b *Bridge) healed(ctx context.Context, a account.Account, id chatid.ConversationID, m amojo.HistoryMessage) conversation.Received {
	r := content(m.Content)
	r.Account, r.Away = a.ID, a.State == account.Disconnected
	r.Ref, r.Conversation = m.Ref, id
	r.At, r.AuthorName, r.AuthorRef = m.At.UnixMilli(), m.Sender.Name, m.Sender.Ref
	b.name(ctx, &r)
	return r
}

// HealUnknown takes in what operators wrote in a chat that nobody here has: one
// that they began while hooks were lost. Its visitor is then looked for as for any
// such chat (C §8.4). In a chat that a visitor began, ours is only the answer that
// tells its name, which its own messages bring.
func (b *Bridge) HealUnknown(ctx context.Context, a account.Account, chat chatid.ChatRef) error {
	p, ok := b.products.byName[a.Product]
	if !ok || a.Scope == "" {
		return nil
	}
	list, err := b.chats.History(ctx, p.Channel, a.Scope, chat, 0, amojo.MaxHistoryPage)
	switch read(err) {
	case taken:
	case unsent, lost, trouble, busy:
		return fault.Wrap(fault.Unavailable, "crm_unavailable", err)
	default:
		return nil // another channel's chat, or a scope that the deliveries will find broken
	}
	for _, m := range list {
		if m.ID != "" || m.Sender.ID != "" {
			return nil
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		m := list[i]
		if !written(m) {
			continue
		}
		r := b.healed(ctx, a, "", m)
		r.Chat, r.User = chat, m.Receiver.Ref
		if err := b.conversations.Receive(ctx, r); err != nil {
			return err
		}
	}
	return nil
}
