package onlinechat

import (
	"context"
	"slices"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// CardStore keeps card pages and the buttons that they own. What it writes for one
// call stands in one transaction.
type CardStore interface {
	// AddCard stores a page, its slug and its button, and gives the page with the
	// button's key. fault.Conflict "too_many_cards" where the account has as many as
	// most, "slug_taken" for one that another page has, or that another account gave
	// up and that is still kept at c.CreatedAt.
	AddCard(ctx context.Context, c Card, b Button, most int) (Card, error)
	// Card finds one of the account's, CardsOf lists them, oldest first; fault.NotFound.
	Card(ctx context.Context, a chatid.AccountID, id chatid.CardID) (Card, error)
	CardsOf(ctx context.Context, a chatid.AccountID) ([]Card, error)
	// CardAt finds the page that has a slug, or had it and still keeps it at now;
	// fault.NotFound.
	CardAt(ctx context.Context, slug string, now time.Time) (Card, error)
	// SetCard replaces slug, page, chat, look and language of an account's page. A slug
	// that it had before is kept until then. fault.NotFound, fault.Conflict "slug_taken".
	// old is the page before.
	SetCard(ctx context.Context, c Card, until time.Time) (old Card, err error)
	// RemoveCard removes an account's page and its button; its slugs are kept for the
	// account until then. fault.NotFound. old is what it was.
	RemoveCard(ctx context.Context, a chatid.AccountID, id chatid.CardID, now, until time.Time) (old Card, err error)
}

// Cards makes, finds and changes card pages.
type Cards struct {
	store   CardStore
	chats   *Service
	locales []string
	// dropped is told the keys of pictures that no page shows any more.
	dropped func(ctx context.Context, key string)
}

// NewCards wires the service on the one of chats; locales are the languages that a page
// may have, dropped is told of pictures that no page shows any more.
func NewCards(s CardStore, chats *Service, locales []string, dropped func(ctx context.Context, key string)) *Cards {
	return &Cards{store: s, chats: chats, locales: locales, dropped: dropped}
}

// Add makes a page with the account's first chat on it, if there is one, under an
// address that nobody has. fault.Invalid "card_invalid" (see [WrongFields]; "slug",
// "slug_reserved" and "title" among them); fault.Conflict "slug_taken", "too_many_cards".
func (s *Cards) Add(ctx context.Context, a chatid.AccountID, title, slug, locale string) (Card, error) {
	c := Card{ID: chatid.CardID(s.chats.newID()), Account: a, CardPage: NewCardPage(title, locale), Look: DefaultLook(), CreatedAt: s.chats.now()}
	c.Look.Greeting.Enabled = true
	c.UpdatedAt = c.CreatedAt
	chats, err := s.chats.Chats(ctx, a)
	if err != nil {
		return Card{}, err
	}
	if len(chats) > 0 {
		c.Chat = chats[0].ID
	} else {
		c.Blocks = nil
	}
	if c.Slug, err = s.check(ctx, &c, slug); err != nil {
		return Card{}, err
	}
	return s.store.AddCard(ctx, c, Button{
		ID: chatid.ButtonID(s.chats.newID()), Account: a, Hash: s.chats.secret(), Chat: c.Chat, Locale: c.Locale, Look: c.Look, CreatedAt: c.CreatedAt,
	}, MaxCards)
}

// check tidies a page and its slug; fault.Invalid "card_invalid".
func (s *Cards) check(ctx context.Context, c *Card, typed string) (slug string, err error) {
	slug, bad := Slug(typed)
	wrong := c.Check(s.locales)
	if bad != "" {
		wrong = append([]string{bad}, wrong...)
	}
	c.Look.Title = clean(c.Look.Title)
	if c.Look.Check() != nil {
		wrong = append(wrong, "window")
	}
	if !c.HasChat() {
		c.Chat = ""
	} else {
		chats, err := s.chats.Chats(ctx, c.Account)
		if err != nil {
			return slug, err
		}
		if !slices.ContainsFunc(chats, func(one Chat) bool { return one.ID == c.Chat }) {
			wrong = append(wrong, "chat")
		}
	}
	if len(wrong) > 0 {
		return slug, cardInvalid(wrong...)
	}
	return slug, nil
}

// Card finds one of the account's pages; fault.NotFound.
func (s *Cards) Card(ctx context.Context, a chatid.AccountID, id chatid.CardID) (Card, error) {
	return s.store.Card(ctx, a, id)
}

// CardsOf lists the account's pages, oldest first.
func (s *Cards) CardsOf(ctx context.Context, a chatid.AccountID) ([]Card, error) {
	return s.store.CardsOf(ctx, a)
}

// At finds the page of an address. Its Slug is another one where the page has moved.
// fault.NotFound.
func (s *Cards) At(ctx context.Context, slug string) (Card, error) {
	if tidy, bad := Slug(slug); bad != "" || tidy != slug {
		return Card{}, fault.New(fault.NotFound, "not_found")
	}
	return s.store.CardAt(ctx, slug, s.chats.now())
}

// Save replaces slug, page, chat and look of a page of c.Account. The address that it
// had leads to the new one for OldSlugs. fault.NotFound; fault.Invalid "card_invalid"
// (see [WrongFields]); fault.Conflict "slug_taken".
func (s *Cards) Save(ctx context.Context, c Card) error {
	var err error
	if c.Slug, err = s.check(ctx, &c, c.Slug); err != nil {
		return err
	}
	c.UpdatedAt = s.chats.now()
	old, err := s.store.SetCard(ctx, c, c.UpdatedAt.Add(OldSlugs))
	if err != nil {
		return err
	}
	s.drop(ctx, old.Picture, c.Picture)
	return nil
}

// Remove removes a page of the account for good; its address shows nothing any more,
// and is kept from other accounts for OldSlugs. fault.NotFound.
func (s *Cards) Remove(ctx context.Context, a chatid.AccountID, id chatid.CardID) error {
	now := s.chats.now()
	old, err := s.store.RemoveCard(ctx, a, id, now, now.Add(OldSlugs))
	if err != nil {
		return err
	}
	s.drop(ctx, old.Picture, nil)
	return nil
}

// drop tells of a picture that another one has replaced.
func (s *Cards) drop(ctx context.Context, old, now *CardPicture) {
	if old != nil && (now == nil || now.Key != old.Key) {
		s.dropped(ctx, old.Key)
	}
}
