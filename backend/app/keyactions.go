package app

import (
	"context"
	"errors"

	"leadline/backend/bridge"
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
		Store: a.store.KeyActions(), Cards: conversations, Zone: a.settings.Zone, Poster: poster{a.media.Fetcher}, NewID: newID, Now: o.Now, Logger: o.Logger,
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
}

// poster sends hooks by the one client that calls addresses from outside.
type poster struct{ fetcher *media.Fetcher }

// PostJSON implements keyaction.Poster.
func (p poster) PostJSON(ctx context.Context, address string, body []byte) (again bool, err error) {
	_, err = p.fetcher.Post(ctx, address, "application/json", body)
	f, ok := errors.AsType[*media.FetchError](err)
	return ok && f.Temporary(), err
}
