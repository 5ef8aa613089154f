package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"leadline/backend/account"
	"leadline/backend/bridge"
	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// Chats is what the host of the server does to one account's online chats. It may
// be used beside the running server.
type Chats struct {
	app     *App
	account account.Account
}

// ManageChats opens the database, finds the CRM account with that number and runs
// do. product may be empty where one alone has the account. Errors that people
// cause come in words.
func ManageChats(ctx context.Context, cfg config.Config, log *slog.Logger, product string, crmID int64, do func(*Chats) error) error {
	a, err := New(ctx, cfg, Options{Logger: log})
	if err != nil {
		return err
	}
	return errors.Join(a.manageChats(ctx, product, crmID, do), a.Close())
}

func (a *App) manageChats(ctx context.Context, product string, crmID int64, do func(*Chats) error) error {
	var list []account.Account
	for _, p := range a.Config.Products() {
		if product != "" && p.Name != product {
			continue
		}
		switch found, err := a.store.Accounts().ByCRM(ctx, p.Name, chatid.CRMAccountID(crmID)); {
		case err == nil:
			list = append(list, found)
		case !fault.Is(err, fault.NotFound):
			return err
		}
	}
	switch len(list) {
	case 0:
		return fmt.Errorf("no account %d is known here", crmID)
	case 1:
		return a.inWords(do(&Chats{a, list[0]}))
	}
	return fmt.Errorf("several products have an account %d: name one with --product", crmID)
}

// inWords is err as a person reads it.
func (a *App) inWords(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		return err
	}
	return errors.New(a.texts.Localizer("", "en").Text("error."+f.Code, f.Args))
}

// List gives the account's chats, oldest first.
func (c *Chats) List(ctx context.Context) ([]onlinechat.Chat, error) {
	return c.app.chats.Chats(ctx, c.account.ID)
}

// Add makes a chat; pipeline 0 leaves the choice to the CRM.
func (c *Chats) Add(ctx context.Context, name string, pipeline int64, locale string) (onlinechat.Chat, error) {
	chat, _, err := c.app.chats.AddChat(ctx, c.account.ID, name, chatid.PipelineID(pipeline), locale)
	return chat, err
}

// Rename changes a chat's name.
func (c *Chats) Rename(ctx context.Context, chat, name string) error {
	return c.app.chats.RenameChat(ctx, c.account.ID, chatid.ChatID(chat), name)
}

// Move changes a chat's pipeline.
func (c *Chats) Move(ctx context.Context, chat string, pipeline int64) error {
	return c.app.chats.MoveChat(ctx, c.account.ID, chatid.ChatID(chat), chatid.PipelineID(pipeline))
}

// MakeDefault makes a chat's source the default one.
func (c *Chats) MakeDefault(ctx context.Context, chat string) error {
	return c.app.chats.MakeDefault(ctx, c.account.ID, chatid.ChatID(chat))
}

// Remove removes a chat; its conversations stay.
func (c *Chats) Remove(ctx context.Context, chat string) error {
	return c.app.chats.RemoveChat(ctx, c.account.ID, chatid.ChatID(chat))
}

// SetSeveral lets visitors hold several conversations in a chat, or one.
func (c *Chats) SetSeveral(ctx context.Context, chat string, several bool) error {
	return c.app.chats.SetSeveral(ctx, c.account.ID, chatid.ChatID(chat), several)
}

// Hours tells when a chat is staffed, in words, "" for no hours, and whether
// visitors may ask to be called back.
func (c *Chats) Hours(ctx context.Context, chat string) (week string, callBacks bool, err error) {
	r, err := c.reach(ctx, chat)
	return r.Hours.String(), !r.NoCallBacks, err
}

// SetHours reads hours as people write them (onlinechat.ParseHours); without zone and
// week there are none.
func (c *Chats) SetHours(ctx context.Context, chat, zone, week string) error {
	r, err := c.reach(ctx, chat)
	if err != nil {
		return err
	}
	holidays := r.Hours.Holidays
	r.Hours = onlinechat.Hours{}
	if zone != "" || week != "" {
		if r.Hours, err = onlinechat.ParseHours(zone, week); err != nil {
			return err
		}
		r.Hours.Holidays = holidays
	}
	return c.app.chats.SetReach(ctx, c.account.ID, chatid.ChatID(chat), r)
}

// SetCallBacks lets visitors ask to be called back, or not.
func (c *Chats) SetCallBacks(ctx context.Context, chat string, on bool) error {
	r, err := c.reach(ctx, chat)
	if err != nil {
		return err
	}
	r.NoCallBacks = !on
	return c.app.chats.SetReach(ctx, c.account.ID, chatid.ChatID(chat), r)
}

// reach reads what a chat of the account has set.
func (c *Chats) reach(ctx context.Context, chat string) (onlinechat.Reach, error) {
	of, err := c.app.chats.Chat(ctx, chatid.ChatID(chat))
	if err == nil && of.Account != c.account.ID {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return onlinechat.Reach{}, err
	}
	return c.app.chats.Reach(ctx, of.ID)
}

// Templates lists the account's chat templates.
func (c *Chats) Templates(ctx context.Context) ([]bridge.Template, error) {
	return c.app.templates.Templates(ctx, c.account)
}
