package store

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

func (w *world) cardPage(a chatid.AccountID, slug string) (onlinechat.Card, onlinechat.Button) {
	look := onlinechat.DefaultLook()
	look.Title = "Harbour"
	page := onlinechat.NewCardPage("Harbour lamps", "en")
	page.Text, page.Unlisted = "Lamps\nand «more»", true
	page.Picture = &onlinechat.CardPicture{Key: "k", Type: "image/png", Width: 3, Height: 2, Alt: "A lamp"}
	page.Blocks = []onlinechat.CardBlock{{Kind: onlinechat.CardChat, Heading: "Ask"}, {Kind: onlinechat.CardMessenger, Service: "telegram", Link: "https://t.me/shop"}}
	c := onlinechat.Card{ID: chatid.CardID(w.id()), Account: a, Slug: slug, Chat: chat, Hash: "hash of " + slug, Look: look, CardPage: page, CreatedAt: w.now, UpdatedAt: w.now}
	return c, onlinechat.Button{ID: chatid.ButtonID(w.id()), Account: a, Hash: c.Hash, Chat: chat, Locale: "en", Look: look, CreatedAt: w.now}
}

func (w *world) addCard(t *testing.T, a chatid.AccountID, slug string) onlinechat.Card {
	t.Helper()
	got, err := w.CardPages().AddCard(testContext, onlyCard(w.cardPage(a, slug)), onlyButton(w.cardPage(a, slug)), 100)
	must(t, err)
	return got
}

func onlyCard(c onlinechat.Card, _ onlinechat.Button) onlinechat.Card     { return c }
func onlyButton(_ onlinechat.Card, b onlinechat.Button) onlinechat.Button { return b }

// A page comes back as it was kept, with the number of its own button, which no list of
// buttons has.
func TestCards(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.CardPages()
		c, b := w.cardPage(w.account, "harbour-lamps")
		got, err := s.AddCard(testContext, c, b, 2)
		must(t, err)
		c.Button = "1001"
		equal(t, "page", got, c)
		again, err := s.Card(testContext, w.account, c.ID)
		must(t, err)
		equal(t, "the same page", again, c)
		at, err := s.CardAt(testContext, "harbour-lamps", w.now)
		must(t, err)
		equal(t, "by its address", at, c)
		button, err := w.OnlineChats().Button(testContext, c.Button)
		must(t, err)
		equal(t, "its button", []any{button.Card, button.Chat, button.Look.Title}, []any{c.ID, chat, "Harbour"})
		list, err := w.OnlineChats().Buttons(testContext, w.account)
		must(t, err)
		equal(t, "buttons of sites", len(list), 0)
		if err := w.OnlineChats().SetButtonChat(testContext, w.account, c.Button, ""); !fault.Is(err, fault.NotFound) {
			t.Errorf("its button was changed as one of a site: %v", err)
		}

		second := w.addCard(t, w.account, "second")
		c3, b3 := w.cardPage(w.account, "third")
		_, err = s.AddCard(testContext, c3, b3, 2)
		wantKind(t, err, fault.Conflict, "too_many_cards")
		cards, err := s.CardsOf(testContext, w.account)
		must(t, err)
		equal(t, "list", []chatid.CardID{cards[0].ID, cards[1].ID}, []chatid.CardID{c.ID, second.ID})

		old := c
		c.Title, c.Locale, c.Chat, c.Look.UseName, c.UpdatedAt = "Other lamps", "ru", "", false, w.now.Add(time.Hour)
		before, err := s.SetCard(testContext, c, w.now)
		must(t, err)
		equal(t, "what it was", before, old)
		again, err = s.Card(testContext, w.account, c.ID)
		must(t, err)
		equal(t, "changed page", again, c)
		button, err = w.OnlineChats().Button(testContext, c.Button)
		must(t, err)
		equal(t, "language and chat of the button", []string{button.Locale, string(button.Chat)}, []string{"ru", ""})

		must(t, w.OnlineChats().RemoveChat(testContext, chat, w.now))
		again, err = s.Card(testContext, w.account, second.ID)
		must(t, err)
		equal(t, "a chat that was removed", again.Chat, chatid.ChatID(""))

		other := w.newAccount(t, 2)
		foreign := c
		foreign.Account = other
		_, found := s.Card(testContext, other, c.ID)
		_, set := s.SetCard(testContext, foreign, w.now)
		_, removed := s.RemoveCard(testContext, other, c.ID, w.now, w.now)
		for act, err := range map[string]error{"reading": found, "changing": set, "removing": removed} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s another's page: %v", act, err)
			}
		}
		_, err = s.RemoveCard(testContext, w.account, c.ID, w.now, w.now.Add(time.Hour))
		must(t, err)
		_, err = w.OnlineChats().Button(testContext, c.Button)
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("the button of a page that was removed: %v", err)
		}
		if _, err = s.CardAt(testContext, "harbour-lamps", w.now); !fault.Is(err, fault.NotFound) {
			t.Errorf("a page that was removed: %v", err)
		}
	})
}

// One slug is one page's; what was given up leads to the page for a while, and is its
// account's to take again.
func TestCardSlugs(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s, other := w.CardPages(), w.newAccount(t, 2)
		mine := w.addCard(t, w.account, "harbour")
		take := func(a chatid.AccountID, slug string, when time.Time) error {
			c, b := w.cardPage(a, slug)
			c.CreatedAt = when
			_, err := s.AddCard(testContext, c, b, 100)
			return err
		}
		where := func(slug string, when time.Time) string {
			c, err := s.CardAt(testContext, slug, when)
			if err != nil {
				return fault.CodeOf(err)
			}
			return c.Slug
		}
		for _, a := range []chatid.AccountID{w.account, other} {
			wantKind(t, take(a, "harbour", w.now), fault.Conflict, "slug_taken")
		}
		until := w.now.Add(90 * 24 * time.Hour)
		rename := func(slug string) error {
			mine.Slug, mine.UpdatedAt = slug, w.now
			_, err := s.SetCard(testContext, mine, until)
			return err
		}
		must(t, rename("port"))
		equal(t, "the old address", where("harbour", until.Add(-time.Second)), "port")
		equal(t, "the old address afterwards", where("harbour", until), "not_found")
		wantKind(t, take(other, "harbour", until.Add(-time.Second)), fault.Conflict, "slug_taken")
		must(t, rename("harbour")) // back to it
		equal(t, "the address between", where("port", w.now), "harbour")
		must(t, take(w.account, "port", w.now)) // another page of the account
		equal(t, "a page of its own there", where("port", w.now), "port")

		theirs := w.addCard(t, other, "theirs")
		theirs.Slug = "harbour"
		_, err := s.SetCard(testContext, theirs, until)
		wantKind(t, err, fault.Conflict, "slug_taken")
		equal(t, "nothing of it was stored", where("theirs", w.now), "theirs")

		_, err = s.RemoveCard(testContext, w.account, mine.ID, w.now, until)
		must(t, err)
		equal(t, "the address of nothing", where("harbour", w.now), "not_found")
		wantKind(t, take(other, "harbour", w.now), fault.Conflict, "slug_taken")
		must(t, take(other, "harbour", until))
		equal(t, "somebody else's afterwards", where("harbour", until), "harbour")
	})
}

// Of many who want one address at once, one gets it; and nobody keeps more of what was
// given up than he may.
func TestCardSlugsInAHurry(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var won atomic.Int64
		var g errgroup.Group
		for i := range 6 {
			a := w.newAccount(t, int64(100+i))
			c, b := w.cardPage(a, "wanted")
			g.Go(func() error {
				_, err := w.CardPages().AddCard(testContext, c, b, 5)
				if fault.CodeOf(err) == "slug_taken" {
					return nil
				}
				won.Add(1)
				return err
			})
		}
		must(t, g.Wait())
		equal(t, "who got it", won.Load(), int64(1))

		c := w.addCard(t, w.account, "name-0")
		for i := range onlinechat.MaxKeptSlugs + 5 {
			c.Slug = fmt.Sprintf("name-%d", i+1)
			_, err := w.CardPages().SetCard(testContext, c, w.now.Add(time.Duration(i)*time.Minute))
			must(t, err)
		}
		var kept []string
		must(t, w.read.Model(&cardSlugRow{}).Where("account_id = ? AND kept_until <> 0", string(w.account)).Pluck("slug", &kept).Error)
		if len(kept) != onlinechat.MaxKeptSlugs || slices.Contains(kept, "name-0") || !slices.Contains(kept, fmt.Sprintf("name-%d", onlinechat.MaxKeptSlugs+4)) {
			t.Errorf("kept are %d: %v", len(kept), kept)
		}
	})
}
