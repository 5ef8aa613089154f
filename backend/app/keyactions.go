package app

import (
	"context"
	"errors"
	"time"

	"leadline/backend/amocrm"
	"leadline/backend/bridge"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/i18n"
	"leadline/backend/keyaction"
	"leadline/backend/media"
)

// wireKeyActions makes the service of key actions; their CRM part is work of the
// cards' desk.
func (a *App) wireKeyActions(o Options, cards *bridge.CardFile, conversations *conversation.Service, texts *i18n.Catalog) {
	a.settings = bridge.NewAccountSettings(cards, a.Accounts, o.Now, o.Logger)
	a.keyActions = keyaction.NewService(keyaction.Deps{
		Store: a.store.KeyActions(), Cards: conversations, Zone: a.settings.Zone, Choices: a.choices, Poster: poster{a.media.Fetcher}, NewID: newID, Now: o.Now, Logger: o.Logger,
	})
	languages := map[string]string{}
	for _, p := range a.Config.Products() {
		languages[p.Name] = p.Language
	}
	k := bridge.KeyActions{
		Desk: a.cards, Ended: a.keyActions.Ended, Language: func(product string) string { return languages[product] },
		Texts: func(language, key string, args map[string]any) string {
			return texts.Localizer("", language).Text(key, args)
		},
	}
	a.cards.On(keyaction.JobKind, k.Do)
	a.cards.OnDropped(keyaction.JobKind, k.Dropped)
}

// poster sends hooks by the one client that calls addresses from outside.
type poster struct{ fetcher *media.Fetcher }

// PostJSON implements keyaction.Poster.
func (p poster) PostJSON(ctx context.Context, address string, body []byte) (again bool, err error) {
	_, err = p.fetcher.Post(ctx, address, "application/json", body)
	f, ok := errors.AsType[*media.FetchError](err)
	return ok && f.Temporary(), err
}

// choices are what the console offers for the CRM's part of key actions.
func (a *App) choices(ctx context.Context, id chatid.AccountID) (c keyaction.Choices) {
	for _, t := range a.settings.Of(ctx, id).TaskTypes {
		c.TaskTypes = append(c.TaskTypes, keyaction.Choice(t))
	}
	acc, err := a.Accounts.Account(ctx, id)
	if err != nil {
		return c
	}
	fields, err := a.fields.Of(ctx, acc, amocrm.EntityLead, time.Minute)
	if err != nil {
		a.log.Info("fields of leads could not be read", "account_id", string(id), "error", err)
	}
	for _, f := range fields {
		if f.Type != amocrm.FieldTrackingData {
			c.Fields = append(c.Fields, keyaction.Choice{ID: int64(f.ID), Name: f.Name})
		}
	}
	return c
}
