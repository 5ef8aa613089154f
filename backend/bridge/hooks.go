package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

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
		return err
	}
	switch h.Kind {
	case amojo.HookMessage:
		return b.conversations.Receive(ctx, received(a, h))
	case amojo.HookMessageV1:
		b.log.Warn("hook in the old form: connecting with v2", "account_id", string(a.ID))
		go b.accounts.HookVersion(context.WithoutCancel(ctx), a)
		return b.conversations.Receive(ctx, receivedV1(a, h))
	default:
		b.log.Debug("hook left alone", "account_id", string(a.ID), "kind", h.Kind.String())
		return nil
	}
}

func received(a account.Account, h amojo.Hook) conversation.Received {
	m := h.Message
	return conversation.Received{
		Account: a.ID, Away: a.State == account.Disconnected,
		Ref: m.Ref, Conversation: m.Conversation, Chat: m.Chat, User: m.Receiver.Ref,
		At: m.At.UnixMilli(), Kind: kind(m.Content), Text: m.Content.Text, AuthorName: m.Sender.Name,
	}
}

// receivedV1 gives the old form an id of its own making, the same for every
// repeat: a hash of all that tells one message from another (design.md §2).
func receivedV1(a account.Account, h amojo.Hook) conversation.Received {
	m := h.V1
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q %q %q", m.Conversation, m.At.UnixMilli(), m.Content.Type, m.Content.Text, m.Content.Media))
	return conversation.Received{
		Account: a.ID, Ref: chatid.MessageRef("v1:" + hex.EncodeToString(sum[:16])),
		Conversation: m.Conversation, At: m.At.UnixMilli(), Kind: kind(m.Content), Text: m.Content.Text,
	}
}

// kind treats a caption without usable media as the text that it is.
func kind(c amojo.Content) string {
	if c.Type == "" || (c.Media == "" && c.Text != "" && c.Type != "location" && c.Type != "contact") {
		return "text"
	}
	return c.Type
}
