package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"leadline/backend/account"
	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// Accept takes one hook of the chats service: verified by the secret of the
// scope's channel before anything is parsed, stored before it returns. A hook
// that we do not understand is logged and accepted (C §4.2). Errors:
// fault.Denied hook_denied (scope or signature), fault.Invalid invalid_request,
// and those of storing.
func (b *Bridge) Accept(ctx context.Context, scope chatid.ScopeID, signature string, body []byte) error {
	channel, amojoID, ok := scope.Split()
	p, known := b.products.byChannel[channel]
	if !ok || !known || !amojo.VerifySignature(p.Channel.Secret, body, signature) {
		return fault.New(fault.Denied, "hook_denied")
	}
	h, err := amojo.ParseHook(body)
	if err != nil {
		return fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	if h.Account != "" && !strings.EqualFold(string(h.Account), string(amojoID)) {
		return fault.New(fault.Denied, "hook_denied")
	}
	a, err := b.accounts.ByScope(ctx, scope)
	if fault.Is(err, fault.NotFound) {
		b.log.Warn("hook for a scope that nobody has", "scope_id", string(scope))
		return nil
	}
	if err != nil {
		b.lost("", b.now())
		return err
	}
	if err = b.take(ctx, a, h); err != nil {
		// The platform never repeats a hook: the history is asked later.
		b.lost(a.ID, b.now())
	}
	return err
}

func (b *Bridge) take(ctx context.Context, a account.Account, h amojo.Hook) error {
	switch h.Kind {
	case amojo.HookMessage:
		r := received(a, h)
		b.name(ctx, &r)
		return b.conversations.Receive(ctx, r)
	case amojo.HookMessageV1:
		b.log.Warn("hook in the old form: connecting with v2", "account_id", string(a.ID))
		go b.accounts.HookVersion(context.WithoutCancel(ctx), a)
		return b.conversations.Receive(ctx, b.receivedV1(a, h))
	case amojo.HookTyping:
		t := h.Typing
		by, _ := b.operators.Operator(ctx, a.ID, t.User) // no name when not known
		return b.conversations.OperatorTypes(ctx, a.ID, t.Conversation, t.Chat, t.ExpiresAt, by.Name)
	case amojo.HookReaction:
		r := h.Reaction
		emoji := r.Emoji
		if r.Removed {
			emoji = ""
		}
		return b.conversations.OperatorReacts(ctx, conversation.OperatorReaction{
			Account: a.ID, Message: r.MessageID, Ref: r.Message, By: r.User, Emoji: emoji,
		})
	default:
		b.log.Debug("hook left alone", "account_id", string(a.ID), "kind", h.Kind.String())
		return nil
	}
}

// name completes the author of a message that has a user's id and no name.
func (b *Bridge) name(ctx context.Context, r *conversation.Received) {
	o, known := b.operators.Operator(ctx, r.Account, r.AuthorRef)
	if known && r.AuthorName == "" {
		r.AuthorName = o.Name
	}
}

func received(a account.Account, h amojo.Hook) conversation.Received {
	m := h.Message
	r := content(m.Content)
	r.Account, r.Away = a.ID, a.State == account.Disconnected
	r.Ref, r.Conversation, r.Chat, r.User = m.Ref, m.Conversation, m.Chat, m.Receiver.Ref
	r.AuthorName, r.AuthorRef = m.Sender.Name, m.Sender.Ref
	r.Phone, r.Source = m.Receiver.Phone, m.SourceID
	if !m.At.IsZero() {
		r.At = m.At.UnixMilli()
	}
	r.Markup = markup(m.Markup)
	if m.ReplyTo != nil {
		q := quoted(*m.ReplyTo)
		r.Quote = &q
	}
	for _, f := range m.Forwards {
		r.Forwards = append(r.Forwards, quoted(f))
	}
	if m.PostID != "" {
		r.Post = &conversation.Post{ID: m.PostID}
	}
	return r
}

// receivedV1 gives the old form an id of its own making, the same for every
// repeat: a hash of all that tells one message from another (design.md §2). The
// form of 2017 has no time: there the moment of its coming stands for it, roughly,
// for the same words said twice are two messages.
func (b *Bridge) receivedV1(a account.Account, h amojo.Hook) conversation.Received {
	m := h.V1
	at := m.At
	if at.IsZero() {
		at = b.now().Truncate(10 * time.Second)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q %q %q", m.Conversation, at.UnixMilli(), m.Content.Type, m.Content.Text, m.Content.Media))
	r := content(m.Content)
	r.Account, r.Away = a.ID, a.State == account.Disconnected
	r.Ref, r.Conversation, r.At = chatid.MessageRef("v1:"+hex.EncodeToString(sum[:16])), m.Conversation, at.UnixMilli()
	r.Markup = markup(m.Markup)
	return r
}
