package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
	"leadline/backend/team"
)

// Migrate brings the database up to date.
func Migrate(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	a, err := New(ctx, cfg, Options{Logger: log})
	if err != nil {
		return err
	}
	return a.Close()
}

// AddUser makes a proven login with a team of its own, on behalf of the host.
// It may run beside the server.
func AddUser(ctx context.Context, cfg config.Config, log *slog.Logger, email, password string) error {
	a, err := New(ctx, cfg, Options{Logger: log})
	if err != nil {
		return err
	}
	_, err = a.Teams.Add(ctx, email, password, "", team.Owner)
	return errors.Join(err, a.Close())
}

// ChatSecret is an online chat with its identity secret.
type ChatSecret struct{ Name, Secret string }

// ChatSecrets gives the identity secrets of an account's online chats, oldest
// first, new ones with rotate. product may be empty where one alone has the
// account. It may run beside the server. fault.NotFound for an unknown account;
// fault.Conflict where several products have one of that number.
func ChatSecrets(ctx context.Context, cfg config.Config, log *slog.Logger, product string, id int64, rotate bool) ([]ChatSecret, error) {
	a, err := New(ctx, cfg, Options{Logger: log})
	if err != nil {
		return nil, err
	}
	list, err := a.chatSecrets(ctx, product, chatid.CRMAccountID(id), rotate)
	return list, errors.Join(err, a.Close())
}

func (a *App) chatSecrets(ctx context.Context, product string, id chatid.CRMAccountID, rotate bool) ([]ChatSecret, error) {
	var of chatid.AccountID
	for _, p := range a.Config.Products() {
		if product != "" && p.Name != product {
			continue
		}
		found, err := a.store.Accounts().ByCRM(ctx, p.Name, id)
		switch {
		case fault.Is(err, fault.NotFound):
		case err != nil:
			return nil, err
		case of != "":
			return nil, fault.Wrap(fault.Conflict, "invalid_request", errors.New("several products have this account: name one"))
		default:
			of = found.ID
		}
	}
	if of == "" {
		return nil, fault.New(fault.NotFound, "not_found")
	}
	chats := onlinechat.NewService(a.store.OnlineChats(), newID, secret, time.Now)
	all, err := chats.Chats(ctx, of)
	if err != nil {
		return nil, err
	}
	list := make([]ChatSecret, len(all))
	for i, c := range all {
		read := chats.IdentitySecret
		if rotate {
			read = chats.RotateIdentitySecret
		}
		list[i].Name = c.Name
		if list[i].Secret, err = read(ctx, c.ID); err != nil {
			return nil, err
		}
	}
	return list, nil
}
