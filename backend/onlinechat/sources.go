package onlinechat

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Source is the lead source of an online chat, as the CRM has it.
type Source struct {
	ID         chatid.SourceID
	ExternalID string
	Name       string
	Pipeline   chatid.PipelineID
	Default    bool
}

// SourceChange changes a source; nil fields stay.
type SourceChange struct {
	Name     *string
	Pipeline *chatid.PipelineID
	Default  *bool
}

// Sources are an account's lead sources in its CRM. Errors are faults: Invalid
// crm_refused with the CRM's Reason, NotFound for a source that is gone, and those
// of asking the CRM.
type Sources interface {
	// Keeps tells whether the account's product has a source for each chat; else the
	// CRM keeps a single one of its own and the rest is not asked for.
	Keeps(ctx context.Context, a chatid.AccountID) (bool, error)
	List(ctx context.Context, a chatid.AccountID) ([]Source, error)
	// Pipelines lists the account's lead pipelines, archived ones too.
	Pipelines(ctx context.Context, a chatid.AccountID) ([]Pipeline, error)
	// Ensure makes a source, or finds the one with its external id.
	Ensure(ctx context.Context, a chatid.AccountID, s Source) (Source, error)
	// Change changes one that List gave just now.
	Change(ctx context.Context, a chatid.AccountID, id chatid.SourceID, c SourceChange) error
	// Remove removes one; one that is gone is no error.
	Remove(ctx context.Context, a chatid.AccountID, id chatid.SourceID) error
}

// MaxName bounds a chat's name in characters.
const MaxName = 120

func validName(name string) (string, error) {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	if name == "" || utf8.RuneCountInString(name) > MaxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fault.New(fault.Invalid, "invalid_request")
	}
	return name, nil
}

// AddChat makes another online chat with its source and a button. pipeline 0 leaves
// the choice to the CRM. A source that the CRM refuses leaves no chat behind.
func (s *Service) AddChat(ctx context.Context, a chatid.AccountID, name string, pipeline chatid.PipelineID, locale string) (Chat, Button, error) {
	name, err := validName(name)
	if err != nil {
		return Chat{}, Button{}, err
	}
	c, b := s.fresh(a, name, locale)
	c.Pipeline = pipeline
	// Stored first: a source that nobody has would stay in the CRM for ever.
	if b, err = s.store.AddChat(ctx, c, b); err != nil {
		return Chat{}, Button{}, err
	}
	c, err = s.ensure(ctx, c)
	if fault.Is(err, fault.Invalid) {
		return Chat{}, Button{}, s.takeBack(ctx, c, err)
	}
	return c, b, err
}

// takeBack removes a chat whose source the CRM refused.
func (s *Service) takeBack(ctx context.Context, c Chat, refused error) error {
	return errors.Join(refused, s.store.RemoveChat(ctx, c.ID, s.now()))
}

// ensure gives a chat its source. Without an answer of the CRM it has none for now;
// Reconcile makes it.
func (s *Service) ensure(ctx context.Context, c Chat) (Chat, error) {
	keeps, err := s.Sources.Keeps(ctx, c.Account)
	if err != nil || !keeps {
		return c, err
	}
	made, err := s.Sources.Ensure(ctx, c.Account, Source{ExternalID: c.SourceExternalID, Name: c.Name, Pipeline: c.Pipeline, Default: c.Default})
	if err != nil {
		return c, err
	}
	c.SourceID, c.Pipeline = made.ID, made.Pipeline
	return c, s.store.SetChat(ctx, c)
}

// RenameChat changes the name of a chat and of its source: first in the CRM, so that
// a refusal changes nothing. MoveChat and MakeDefault do the same.
func (s *Service) RenameChat(ctx context.Context, a chatid.AccountID, id chatid.ChatID, name string) error {
	name, err := validName(name)
	if err != nil {
		return err
	}
	return s.change(ctx, a, id, SourceChange{Name: &name})
}

// MoveChat lets a chat's new leads come into another pipeline.
func (s *Service) MoveChat(ctx context.Context, a chatid.AccountID, id chatid.ChatID, p chatid.PipelineID) error {
	if p <= 0 {
		return fault.New(fault.Invalid, "invalid_request")
	}
	return s.change(ctx, a, id, SourceChange{Pipeline: &p})
}

// MakeDefault makes a chat's source the one of messages that name none; the former
// default is none any more (C §7.1).
func (s *Service) MakeDefault(ctx context.Context, a chatid.AccountID, id chatid.ChatID) error {
	yes := true
	return s.change(ctx, a, id, SourceChange{Default: &yes})
}

func (s *Service) change(ctx context.Context, a chatid.AccountID, id chatid.ChatID, ch SourceChange) error {
	c, err := s.own(ctx, a, id)
	if err != nil {
		return err
	}
	ch.apply(&c)
	keeps, err := s.Sources.Keeps(ctx, a)
	if err != nil {
		return err
	}
	if keeps {
		src, there, err := s.source(ctx, c)
		if err != nil {
			return err
		}
		if !there { // somebody removed it there
			_, err = s.ensure(ctx, c)
			return err
		}
		if err = s.Sources.Change(ctx, a, src.ID, ch); err != nil {
			return err
		}
		c.SourceID = src.ID
	}
	return s.store.SetChat(ctx, c)
}

// source finds a chat's source in the CRM by the id that never changes.
func (s *Service) source(ctx context.Context, c Chat) (src Source, there bool, err error) {
	list, err := s.Sources.List(ctx, c.Account)
	for _, src := range list {
		if src.ExternalID == c.SourceExternalID {
			return src, true, err
		}
	}
	return Source{}, false, err
}

func (ch SourceChange) apply(c *Chat) {
	if ch.Name != nil {
		c.Name = *ch.Name
	}
	if ch.Pipeline != nil {
		c.Pipeline = *ch.Pipeline
	}
	if ch.Default != nil {
		c.Default = *ch.Default
	}
}

// RemoveChat removes a chat and its source; its conversations stay, its buttons
// carry no chat. The only chat of an account stays: fault.Conflict last_chat.
func (s *Service) RemoveChat(ctx context.Context, a chatid.AccountID, id chatid.ChatID) error {
	c, err := s.own(ctx, a, id)
	if err != nil {
		return err
	}
	list, err := s.store.Chats(ctx, a)
	if err != nil {
		return err
	}
	if len(list) < 2 {
		return fault.New(fault.Conflict, "last_chat")
	}
	keeps, err := s.Sources.Keeps(ctx, a)
	if err != nil {
		return err
	}
	if keeps {
		src, there, err := s.source(ctx, c)
		if err == nil && there {
			err = s.Sources.Remove(ctx, a, src.ID)
		}
		if err != nil {
			return err
		}
	}
	return s.store.RemoveChat(ctx, id, s.now())
}

// own finds a chat of the account that was not removed.
func (s *Service) own(ctx context.Context, a chatid.AccountID, id chatid.ChatID) (Chat, error) {
	list, err := s.store.Chats(ctx, a)
	if err != nil {
		return Chat{}, err
	}
	for _, c := range list {
		if c.ID == id {
			return c, nil
		}
	}
	return Chat{}, fault.New(fault.NotFound, "not_found")
}

// Reconcile brings chats and sources together again: a source that was removed in
// the CRM is made anew; a name, pipeline or default that an administrator changed
// there is taken over. A chat whose source the CRM refuses has none: its messages
// go to the default source (C §7.1).
func (s *Service) Reconcile(ctx context.Context, a chatid.AccountID) error {
	keeps, err := s.Sources.Keeps(ctx, a)
	if err != nil || !keeps {
		return err
	}
	chats, err := s.store.Chats(ctx, a)
	if err != nil || len(chats) == 0 {
		return err
	}
	sources, err := s.Sources.List(ctx, a)
	if err != nil {
		return err
	}
	byExternalID := map[string]Source{}
	for _, src := range sources {
		byExternalID[src.ExternalID] = src
	}
	var refused error
	for _, c := range chats {
		src, there := byExternalID[c.SourceExternalID]
		if !there {
			c.SourceID = 0
			made, err := s.ensure(ctx, c)
			if fault.Is(err, fault.Invalid) {
				refused = errors.Join(refused, err)
				err = s.store.SetChat(ctx, made)
			}
			if err != nil {
				return err
			}
			continue
		}
		now := c
		now.SourceID, now.Pipeline, now.Default = src.ID, src.Pipeline, src.Default
		if name, err := validName(src.Name); err == nil {
			now.Name = name
		}
		if now != c {
			if err := s.store.SetChat(ctx, now); err != nil {
				return err
			}
		}
	}
	return refused
}
