package app

import (
	"context"
	"errors"
	"log/slog"

	"leadline/backend/config"
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
