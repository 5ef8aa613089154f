package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/greeting"
)

// BotSorts accepts, declines and links incoming leads as greeting bots want it (O
// §4.3): it is the CardHandler of conversation.SortWork. Where there is nothing to sort
// any more, because somebody was faster or the lead never was an incoming one, it is
// done. What the CRM refuses is logged and given up: a person can still do it, and no
// other work is kept waiting for it.
type BotSorts struct {
	Desk *CardDesk
	// Leaves tells whether what a chat's bot says is to leave incoming leads as they are.
	Leaves func(ctx context.Context, a chatid.AccountID, c chatid.ChatID) (bool, error)
}

// Do takes the acts of one turn in their order.
func (b *BotSorts) Do(ctx context.Context, t *CardTask, data json.RawMessage) error {
	id, acts, err := greeting.ReadActs(data)
	if err != nil {
		return fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	log := b.Desk.Logger.With("account_id", string(t.Account.ID), "conversation_id", string(t.Conversation.ID), "lead_id", t.Lead)
	for i, act := range acts {
		mark := fmt.Sprintf("sort/%s/%d", id, i)
		if t.Did(mark) {
			continue
		}
		done, err := b.sort(ctx, t, act)
		switch {
		case fault.Is(err, fault.Invalid), forbidden(err):
			log.Warn("the CRM let a greeting bot not sort an incoming lead", "action", act.Name, "value", act.Value, "error", err)
		case fault.Is(err, fault.NotFound):
			log.Debug("a greeting bot found no incoming lead to sort", "action", act.Name, "value", act.Value)
		case err != nil:
			return err
		case done:
			log.Info("a greeting bot sorted an incoming lead", "action", act.Name, "value", act.Value)
		}
		t.Mark(mark)
	}
	return nil
}

// errManyIncoming is the cause where an incoming lead was not found among many.
var errManyIncoming = errors.New("bridge: more incoming leads than are looked through")

// sort does one act; done is false where it was not to be done.
func (b *BotSorts) sort(ctx context.Context, t *CardTask, act greeting.Act) (done bool, err error) {
	if act.Shown {
		leaves, err := b.Leaves(ctx, t.Account.ID, t.Conversation.Chat)
		if err != nil || leaves {
			return false, err
		}
	}
	cards, a := b.Desk.Cards, t.Account
	l, err := cards.Lead(ctx, a, t.Lead) // which may not be shown before it is accepted
	if err != nil && !fault.Is(err, fault.NotFound) {
		return false, err
	}
	in, sure, err := cards.Incoming(ctx, a, t.Lead, l.Pipeline)
	if !sure && fault.Is(err, fault.NotFound) {
		return false, fault.Wrap(fault.Invalid, "invalid_request", errManyIncoming)
	}
	if err != nil {
		return false, err
	}
	switch {
	case act.Name == greeting.ActLinkUnsorted:
		person := chatid.ContactID(act.Person)
		if err = cards.LinkIncoming(ctx, a, in.UID, act.Number, person); err == nil {
			err = b.Desk.Conversations.LinkedTo(ctx, a.ID, t.Conversation.ID, act.Number, person)
		}
	case act.Value == greeting.SortAccept:
		err = cards.Accept(ctx, a, in.UID)
	case act.Value == greeting.SortDecline:
		err = cards.Decline(ctx, a, in.UID)
	default:
		err = fault.Wrap(fault.Invalid, "invalid_request", fmt.Errorf("an incoming lead cannot be sorted by %q", act.Value))
	}
	return err == nil, err
}
