package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// Parking is the host's hand on the parked messages of one account. It works on
// the database alone and may be used beside the server, which delivers what is
// resent within a second. Close it.
type Parking struct {
	app     *App
	account account.Account
}

// OpenParking finds the account by its number in the CRM; fault.NotFound.
func OpenParking(ctx context.Context, cfg config.Config, log *slog.Logger, number int64) (*Parking, error) {
	a, err := New(ctx, cfg, Options{Logger: log})
	if err != nil {
		return nil, err
	}
	err = fault.New(fault.NotFound, "not_found")
	for _, p := range cfg.Products() {
		var found account.Account
		if found, err = a.store.Accounts().ByCRM(ctx, p.Name, chatid.CRMAccountID(number)); err == nil {
			return &Parking{app: a, account: found}, nil
		} else if !fault.Is(err, fault.NotFound) {
			break
		}
	}
	return nil, errors.Join(err, a.Close())
}

// Close closes the database.
func (p *Parking) Close() error { return p.app.Close() }

// List gives all parked messages, the newest first.
func (p *Parking) List(ctx context.Context) (all []conversation.Parked, err error) {
	var at conversation.ParkedPlace
	for {
		page, err := p.app.store.Conversations().Parked(ctx, p.account.ID, at, conversation.MaxParkedPage)
		all = append(all, page...)
		if err != nil || len(page) < conversation.MaxParkedPage {
			return all, err
		}
		last := page[len(page)-1]
		at = conversation.ParkedPlace{At: last.At, Message: last.Message}
	}
}

// Resend puts a message back into its lane, for the server to deliver;
// fault.NotFound.
func (p *Parking) Resend(ctx context.Context, id string) error {
	// No holder: nobody works on lanes here.
	_, err := p.app.store.Conversations().ResendParked(ctx, p.account.ID, chatid.MessageID(id), conversation.Holder{Now: time.Now()})
	return err
}

// Drop gives a message up; fault.NotFound.
func (p *Parking) Drop(ctx context.Context, id string) error {
	return p.app.store.Conversations().DropParked(ctx, p.account.ID, chatid.MessageID(id))
}
