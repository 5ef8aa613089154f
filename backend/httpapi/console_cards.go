package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/i18n"
	"leadline/backend/media"
	"leadline/backend/onlinechat"
	"leadline/backend/qr"
)

// maxCardBytes bounds the form of a card page: its picture, another one that it carries,
// and room for twenty buttons.
const maxCardBytes = 8<<20 + maxHeldPicture*3/2 + 256<<10

// cardRoutes are the pages of the console about card pages; p are those that look, w
// those that write.
func (s *Server) cardRoutes(p, w *gin.RouterGroup) {
	p.GET("/cards", s.consoleCards)
	p.GET("/cards/:card", s.consoleCard)
	p.GET("/cards/:card/preview", s.consoleCardSaved)
	p.GET("/cards/:card/qr.svg", s.consoleQR("image/svg+xml", "svg", qr.SVG))
	p.GET("/cards/:card/qr.png", s.consoleQR("image/png", "png", qr.PNG))
	w.POST("/cards", s.consoleAddCard)
	w.POST("/cards/:card/delete", s.consoleRemoveCard)
	m := p.Group("", s.bodyLimit(maxCardBytes), s.multipart, s.consoleForm, s.consoleWrite)
	m.POST("/cards/:card", s.consoleSetCard)
	m.POST("/cards/:card/preview", s.consoleCardDraft)
}

// cardActs are what a page may be told of that these pages change.
var cardActs = []console.Act{console.AddCard, console.SetCard, console.RemoveCard}

type cardsBody struct {
	Cards  []cardLine
	Full   bool
	Max    int
	Fields []formField
}

type cardLine struct {
	Title, Page, URL string
	// Chat is its name; empty for none.
	Chat string
}

func (s *Server) consoleCards(c *gin.Context) { s.showCards(c, http.StatusOK, "", "", nil) }

// showCards lists the account's card pages; title and slug are what was typed for
// another one, failed what stood in the way.
func (s *Server) showCards(c *gin.Context, status int, title, slug string, failed error) {
	p := placeOf(c)
	ctx := c.Request.Context()
	list, err := s.Cards.CardsOf(ctx, p.account.ID)
	var chats []onlinechat.Chat
	if err == nil {
		chats, err = s.OnlineChats.Chats(ctx, p.account.ID)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	body := cardsBody{Full: len(list) >= onlinechat.MaxCards, Max: onlinechat.MaxCards}
	for _, card := range list {
		line := cardLine{Title: card.Title, Page: cardPath(p, card.ID), URL: s.cardURL(card)}
		if i := slices.IndexFunc(chats, func(one onlinechat.Chat) bool { return one.ID == card.Chat }); i >= 0 {
			line.Chat = chats[i].Name
		}
		body.Cards = append(body.Cards, line)
	}
	f := s.cardForm(c, failed)
	body.Fields = []formField{f.title(title), f.slug(slug)}
	s.consoleRender(c, status, "cards", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "console.nav.cards", nil), body
		s.outcome(c, v, f.rest)
	})
}

func cardPath(p *place, id chatid.CardID) string { return p.root + "/cards/" + string(id) }

// cardLinks are the card pages that carry the account's chats, by chat.
func (s *Server) cardLinks(ctx context.Context, p *place) (map[chatid.ChatID][]consoleLink, error) {
	list, err := s.Cards.CardsOf(ctx, p.account.ID)
	links := map[chatid.ChatID][]consoleLink{}
	for _, card := range list {
		if card.Chat != "" {
			links[card.Chat] = append(links[card.Chat], consoleLink{card.Title, cardPath(p, card.ID)})
		}
	}
	return links, err
}

func (s *Server) consoleAddCard(c *gin.Context) {
	p := placeOf(c)
	form := c.Request.PostForm
	title, slug := form.Get("title"), form.Get("slug")
	var added onlinechat.Card
	ctx, cancel := consoleContext(c)
	defer cancel()
	err := s.Console.Do(ctx, p.entry(console.AddCard, title), func(ctx context.Context) (err error) {
		added, err = s.Cards.Add(ctx, p.account.ID, title, slug, s.Texts.Localizer(c.GetHeader("Accept-Language"), c.GetString(keyLanguage)).Language())
		return err
	})
	if err != nil {
		s.showCards(c, statusOf(err), title, slug, err)
		return
	}
	c.Redirect(http.StatusSeeOther, cardPath(p, added.ID)+"?done="+string(console.AddCard))
}

// cardOf finds the card page of the path among the account's; fault.NotFound.
func (s *Server) cardOf(c *gin.Context) (onlinechat.Card, error) {
	if !chatid.Valid(c.Param("card")) {
		return onlinechat.Card{}, fault.New(fault.NotFound, "not_found")
	}
	return s.Cards.Card(c.Request.Context(), placeOf(c).account.ID, chatid.CardID(c.Param("card")))
}

func (s *Server) consoleCard(c *gin.Context) {
	card, err := s.cardOf(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.showCard(c, http.StatusOK, card, card, nil)
}

// consoleSetCard saves a card page, or changes the list of its buttons in the form only.
func (s *Server) consoleSetCard(c *gin.Context) {
	card, err := s.cardOf(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	draft := readCard(c.Request.PostForm, card)
	if act := c.Request.PostForm.Get("act"); act != "save" && act != "" {
		if draft.Blocks, err = rearranged(draft.Blocks, act); err != nil {
			s.fail(c, err)
			return
		}
		if draft.HasChat() && draft.Chat == "" {
			if list, cerr := s.OnlineChats.Chats(c.Request.Context(), card.Account); cerr == nil && len(list) > 0 {
				draft.Chat = list[0].ID
			}
		}
		s.showCard(c, http.StatusOK, card, draft, nil)
		return
	}
	p := placeOf(c)
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(console.SetCard, draft.Title), func(ctx context.Context) error { return s.saveCard(ctx, c, card, draft) })
	if err != nil {
		s.showCard(c, statusOf(err), card, draft, err)
		return
	}
	c.Redirect(http.StatusSeeOther, cardPath(p, card.ID)+"?done="+string(console.SetCard))
}

// saveCard takes the form's pictures in, if there are some, and saves the page, which
// was saved before as it is in saved.
func (s *Server) saveCard(ctx context.Context, c *gin.Context, saved, draft onlinechat.Card) (err error) {
	picture, err := s.formPicture(ctx, c, "picture")
	if err != nil {
		return err
	}
	var avatar conversation.File
	defer func() {
		if err != nil {
			err = errors.Join(err, s.forget(ctx, conversation.File{}, picture), s.forget(ctx, avatar, media.Item{Key: media.Key(avatar.Key)}))
		}
	}()
	if picture.Key != "" {
		draft.Picture = &onlinechat.CardPicture{Key: string(picture.Key), Type: picture.Type, Width: picture.Width, Height: picture.Height, Alt: c.Request.PostForm.Get("alt")}
	}
	var small media.Item
	if draft.HasChat() { // else the form has no field for it
		small, err = s.formPicture(ctx, c, "avatar")
	}
	if err == nil && small.Key != "" {
		avatar = conversation.File{
			Key: string(small.Key), Kind: string(small.Kind), Name: small.Name, Type: small.Type, Bytes: small.Size, Width: small.Width, Height: small.Height,
		}
		if avatar, err = s.Conversations.KeepPicture(ctx, draft.Account, avatar); err == nil {
			draft.Look.Avatar = avatar.ID
		}
	}
	if err == nil {
		err = s.Cards.Save(ctx, draft)
	}
	if err == nil && saved.Look.Avatar != draft.Look.Avatar {
		// The page is saved, with its new pictures: those must not go with the old one's error.
		if derr := s.dropPicture(ctx, onlinechat.Button{Account: saved.Account, Look: saved.Look}); derr != nil {
			s.Logger.Error("drop a picture that was replaced", "account_id", string(saved.Account), "error", derr)
		}
	}
	return err
}

func (s *Server) consoleRemoveCard(c *gin.Context) {
	p := placeOf(c)
	card, err := s.cardOf(c)
	if err == nil {
		ctx, cancel := consoleContext(c)
		defer cancel()
		err = s.Console.Do(ctx, p.entry(console.RemoveCard, card.Title), func(ctx context.Context) error {
			if err := s.Cards.Remove(ctx, p.account.ID, card.ID); err != nil {
				return err
			}
			return s.dropPicture(ctx, onlinechat.Button{Account: card.Account, Look: card.Look})
		})
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, p.root+"/cards?done="+string(console.RemoveCard))
}

// consoleCardSaved shows the page as it is saved, consoleCardDraft as it stands in the
// form; nothing on it works, and it stands in this console's own frame alone.
func (s *Server) consoleCardSaved(c *gin.Context) {
	card, err := s.cardOf(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.showPreview(c, card, nil)
}

func (s *Server) consoleCardDraft(c *gin.Context) {
	card, err := s.cardOf(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.showPreview(c, readCard(c.Request.PostForm, card), drawHeld(c))
}

// showPreview draws a page; held is its picture where that is not saved yet.
func (s *Server) showPreview(c *gin.Context, card onlinechat.Card, held *cardPicture) {
	card.CardPage = card.Drawable(i18n.Languages)
	page, policy, err := s.drawCard(card, true, &cardPreview{held})
	if err != nil {
		s.fail(c, err)
		return
	}
	ancestors := "'self'"
	if p := placeOf(c); p.embedded && p.origin != "" {
		ancestors += " " + p.origin
	}
	c.Header("Content-Security-Policy", policy+"; sandbox; frame-ancestors "+ancestors)
	c.Data(http.StatusOK, "text/html; charset=utf-8", page)
}

// consoleQR answers with the code of the page's address, to be saved.
func (s *Server) consoleQR(kind, ending string, draw func(string) ([]byte, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		card, err := s.cardOf(c)
		var code []byte
		if err == nil {
			code, err = draw(s.cardURL(card))
		}
		if err != nil {
			s.fail(c, err)
			return
		}
		c.Header("Content-Disposition", `attachment; filename="`+card.Slug+"."+ending+`"`)
		c.Header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		c.Data(http.StatusOK, kind, code)
	}
}
