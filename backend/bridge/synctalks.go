package bridge

import (
	"context"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

const (
	// pollEvery is how often an account's open talks are read when no webhook told
	// of any for quiet; pollTalks are as many as are read, the latest first, of
	// conversations that were spoken in within pollBack.
	pollEvery = 90 * time.Second
	quiet     = 10 * time.Minute
	pollTalks = 10
	pollBack  = 3 * 24 * time.Hour

	// An unknown chat is looked for again for a while: its first message's answer
	// may be on its way.
	unknownChats = 3
	unknownPause = 5 * time.Second

	// healEvery bounds how often talk events make a conversation's history be read,
	// healBack how far back, healAge how old it is at least.
	healEvery = 30 * time.Minute
	healBack  = 24 * time.Hour
	healAge   = time.Minute
	// maxHealed bounds what is remembered of that.
	maxHealed = 10_000
)

// talk reads one talk and takes in what it says.
func (s *Sync) talk(ctx context.Context, a account.Account, st step) error {
	var c conversation.Conversation
	var had int64
	var err error
	known, was := false, a.Host
	if st.chat != "" {
		// Before the CRM is asked: "read" is about what was there then.
		if c, had, err = s.conversation(ctx, a, st.chat); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		known = err == nil
	}
	t, err := s.Cards.Talk(ctx, a, chatid.TalkID(st.id))
	if fault.Is(err, fault.NotFound) {
		// It is gone, or the account has another address, which a list finds.
		if _, _, err := s.Cards.Users(ctx, a, 1); err != nil {
			return err
		}
		if a = s.current(ctx, a); a.Host == was {
			return nil
		}
		t, err = s.Cards.Talk(ctx, a, chatid.TalkID(st.id))
	}
	if err != nil {
		return err
	}
	s.answered(ctx, a)
	if t.Chat != st.chat || !known {
		if c, _, err = s.conversation(ctx, a, t.Chat); fault.Is(err, fault.NotFound) {
			return s.unknown(ctx, a, st, t)
		}
		if err != nil {
			return err
		}
		had = 0
		if t.Read { // of which messages, the next answer tells
			s.put(a.ID, step{kind: stepTalk, id: st.id, chat: t.Chat, tries: st.tries}, 0)
		}
	}
	if c.Visitor == "" {
		return nil // an operator began it, and its visitor is being looked for
	}
	err = s.Conversations.TalkIs(ctx, c, conversation.Talk{
		ID: t.ID, Contact: t.Contact, Lead: leadOf(t), Open: t.InWork, Read: t.Read, UpdatedAt: t.UpdatedAt,
	}, had)
	if err == nil {
		err = s.responsible(ctx, a, c.ID, leadOf(t))
	}
	if err == nil && st.told && s.mayHaveGap(a.ID, c) {
		since := s.Now().Add(-healBack)
		if c.HealedAt.After(since) {
			since = c.HealedAt
		}
		err = s.Conversations.HealOne(ctx, c, since)
	}
	return err
}

func leadOf(t amocrm.Talk) int64 {
	if t.EntityType == "lead" {
		return t.EntityID
	}
	return 0
}

// conversation finds the one of a chat, and until when the CRM has messages in it
// that were not read.
func (s *Sync) conversation(ctx context.Context, a account.Account, chat chatid.ChatRef) (conversation.Conversation, int64, error) {
	c, err := s.Conversations.ByChat(ctx, a.ID, chat)
	if err != nil {
		return c, 0, err
	}
	had, err := s.Conversations.UnreadThere(ctx, c)
	return c, had, err
}

// unknown deals with the talk of a chat that nobody here has: another channel's,
// one whose first message is being answered, or one that an operator began while
// we heard nothing (design.md §2).
func (s *Sync) unknown(ctx context.Context, a account.Account, st step, t amocrm.Talk) error {
	if code := s.Cards.channelCode(a.Product); code != "" && t.Origin != "" && t.Origin != code {
		return nil
	}
	if st.tries < unknownChats {
		st.tries, st.chat = st.tries+1, t.Chat
		s.put(a.ID, st, unknownPause)
		return nil
	}
	return s.Bridge.HealUnknown(ctx, a, t.Chat)
}

// mayHaveGap tells whether an event of a conversation's talk is a reason to read
// its history: hooks come once, and nobody tells of one that was lost.
func (s *Sync) mayHaveGap(id chatid.AccountID, c conversation.Conversation) bool {
	now := s.Now()
	if now.Sub(c.CreatedAt) < healAge || now.Sub(c.HealedAt) < healEvery {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.deck(id)
	if at, ok := d.healedAt[c.ID]; ok && now.Sub(at) < healEvery {
		return false
	}
	if len(d.healedAt) >= maxHealed {
		clear(d.healedAt)
	}
	d.healedAt[c.ID] = now
	return true
}

// answered notes that the account's CRM serves us.
func (s *Sync) answered(ctx context.Context, a account.Account) {
	s.Accounts.Paid(ctx, a)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deck(a.ID).strikes = 0
}

// chat reads whose card shows a chat.
func (s *Sync) chat(ctx context.Context, a account.Account, st step) error {
	c, err := s.Conversations.ByChat(ctx, a.ID, st.chat)
	if fault.Is(err, fault.NotFound) {
		if st.tries < unknownChats {
			st.tries++
			s.put(a.ID, st, unknownPause)
		}
		return nil
	}
	if err != nil {
		return err
	}
	return s.card(ctx, a, c)
}

func (s *Sync) card(ctx context.Context, a account.Account, c conversation.Conversation) error {
	if c.Visitor == "" || c.ChatRef == "" {
		return nil
	}
	contact, err := s.Cards.ContactOfChat(ctx, a, c.ChatRef)
	if err != nil || contact == 0 {
		return err
	}
	s.answered(ctx, a)
	return s.Conversations.BelongsTo(ctx, c, contact)
}

// contact follows the chats of a contact that was changed, merged or removed. Most
// contacts of an account never chatted.
func (s *Sync) contact(ctx context.Context, a account.Account, id chatid.ContactID) error {
	if s.Persons != nil {
		s.Persons.Forget(a.ID) // a site's id may have been written into it (VIS-3)
	}
	list, err := s.Conversations.OfContact(ctx, a.ID, id)
	if err != nil {
		return err
	}
	for _, c := range list {
		if err := s.card(ctx, a, c); err != nil {
			return err
		}
	}
	return nil
}

// lead reads the talks of a lead that was removed.
func (s *Sync) lead(ctx context.Context, a account.Account, id int64) error {
	list, err := s.Conversations.OfLead(ctx, a.ID, id)
	if err != nil {
		return err
	}
	for _, c := range list {
		s.put(a.ID, step{kind: stepTalk, id: int64(c.Talk), chat: c.ChatRef}, 0)
	}
	return nil
}

// poll plans to read the open talks of an account of whose webhooks nothing was
// heard: they may be lost, switched off or refused.
func (s *Sync) poll(ctx context.Context, a account.Account) error {
	now := s.Now()
	s.put(a.ID, step{kind: stepPoll}, pollEvery)
	s.mu.Lock()
	d := s.deck(a.ID)
	silent := !d.hooked || now.Sub(d.heardAt) >= quiet
	s.mu.Unlock()
	if !silent {
		return nil
	}
	list, err := s.Conversations.OpenTalks(ctx, a.ID, now.Add(-pollBack), pollTalks)
	if err != nil {
		return err
	}
	for _, c := range list {
		at, ok := s.pace.reserve(now)
		if !ok {
			return nil
		}
		s.put(a.ID, step{kind: stepTalk, id: int64(c.Talk), chat: c.ChatRef}, at.Sub(now))
	}
	return nil
}
