package bridge

import (
	"context"
	"slices"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/fault"
)

// rotateAfter is how long an address for webhooks is used: it is the one secret
// that stands in a URL (design.md §2).
const rotateAfter = 30 * 24 * time.Hour

// unhookFor bounds how long a disconnected account is asked to end its webhook.
const unhookFor = 24 * time.Hour

// events are those that our webhook is for (design.md §2). Kommo and amoCRM know
// all of them.
var events = []string{
	amocrm.EventTalkAdded, amocrm.EventTalkUpdated,
	amocrm.EventUnsortedAdded, amocrm.EventUnsortedUpdated, amocrm.EventUnsortedDeleted,
	amocrm.EventContactUpdated, amocrm.EventContactDeleted, amocrm.EventLeadDeleted,
}

// hooks sees to the account's webhook: a connected account has one that works, one
// that is not old; any other account has none.
func (s *Sync) hooks(ctx context.Context, a account.Account) error {
	list, err := s.Store.CRMHooks(ctx, a.ID)
	if err != nil {
		return err
	}
	if a.State == account.Disconnected || a.State == account.Installed {
		return s.unhook(ctx, a, list)
	}
	if !following(a) {
		return nil // until it is authorised again
	}
	s.put(a.ID, step{kind: stepHooks}, stepHooks.every())
	now := s.Now()
	if len(list) == 0 || now.Sub(list[0].CreatedAt) >= rotateAfter {
		h := account.CRMHook{Account: a.ID, Secret: s.NewSecret(), CreatedAt: now}
		// Stored first: events may come before the answer does.
		if err := s.Store.SaveCRMHook(ctx, h); err != nil {
			return err
		}
		list = slices.Insert(list, 0, h)
	}
	err = s.hook(ctx, a, list[0])
	s.mu.Lock()
	s.deck(a.ID).hooked = err == nil
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.answered(ctx, a)
	return s.unhook(ctx, a, list[1:])
}

// hook subscribes one address unless the CRM has it as it should be.
func (s *Sync) hook(ctx context.Context, a account.Account, h account.CRMHook) error {
	address := s.HookURL(h.Secret)
	have, err := s.Cards.Webhooks(ctx, a, address)
	if err != nil {
		return err
	}
	for _, w := range have {
		missing := slices.ContainsFunc(events, func(e string) bool { return !slices.Contains(w.Settings, e) })
		if !w.Disabled && !missing {
			return nil
		}
	}
	if err := s.Cards.Subscribe(ctx, a, address, events); err != nil {
		return err
	}
	s.Logger.Info("subscribed to the CRM's webhooks", "account_id", string(a.ID))
	return nil
}

// unhook ends addresses. One that cannot be ended, because the account gives us no
// access any more, is forgotten: what comes to it is refused.
func (s *Sync) unhook(ctx context.Context, a account.Account, list []account.CRMHook) error {
	for _, h := range list {
		// Looked at first: the former address of a renamed account has no webhooks.
		_, err := s.Cards.Webhooks(ctx, a, s.HookURL(h.Secret))
		if err == nil {
			err = s.Cards.Unsubscribe(ctx, s.current(ctx, a), s.HookURL(h.Secret))
		}
		if temporary(err) && (following(a) || s.Now().Sub(a.UpdatedAt) < unhookFor) {
			return err
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			s.Logger.Warn("unsubscribe from the CRM's webhooks", "account_id", string(a.ID), "error", err)
		}
		if err := s.Store.DropCRMHook(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// current is the account as it is now: a call may have found its new address.
func (s *Sync) current(ctx context.Context, a account.Account) account.Account {
	if now, err := s.Accounts.Account(ctx, a.ID); err == nil {
		return now
	}
	return a
}

// RotateHook gives the account a new address for webhooks and ends the former one.
func (s *Sync) RotateHook(ctx context.Context, a account.Account) error {
	h := account.CRMHook{Account: a.ID, Secret: s.NewSecret(), CreatedAt: s.Now()}
	if err := s.Store.SaveCRMHook(ctx, h); err != nil {
		return err
	}
	return s.hooks(ctx, a)
}
