package app

import (
	"context"
	"errors"

	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// SampleCard is a card page to begin with.
type SampleCard struct {
	Title, Text, Slug, Locale string
	// Links are addresses by the texts of their buttons, in order.
	Links [][2]string
}

// AddCard makes a card page with the account's first chat and gives its address; that of
// the account's own page where it has the slug already.
func (c *Chats) AddCard(ctx context.Context, in SampleCard) (address string, err error) {
	chats, err := c.List(ctx)
	if err == nil && len(chats) == 0 {
		err = errors.New("the account has no online chat yet")
	}
	if err != nil {
		return "", err
	}
	address = c.app.Config.ChatURL + "/s/" + in.Slug
	card, err := c.app.cardPages.Add(ctx, c.account.ID, in.Title, in.Slug, in.Locale)
	if fault.CodeOf(err) == "slug_taken" {
		if there, ferr := c.app.cardPages.At(ctx, in.Slug); ferr == nil && there.Account == c.account.ID && there.Slug == in.Slug {
			return address, nil
		}
	}
	if err != nil {
		return "", err
	}
	card.Text = in.Text
	for _, l := range in.Links {
		card.Blocks = append(card.Blocks, onlinechat.CardBlock{Kind: onlinechat.CardLink, Label: l[0], Link: l[1]})
	}
	return address, c.app.cardPages.Save(ctx, card)
}
