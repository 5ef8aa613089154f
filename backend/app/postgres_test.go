package app

import (
	"testing"

	"leadline/backend/config"
	"leadline/backend/store/pgtest"
)

// onPostgres keeps a world's data in PostgreSQL.
func onPostgres(t *testing.T) func(*config.Config) {
	t.Helper()
	dsn := pgtest.DSN(t, nil)
	return func(c *config.Config) { c.Database = dsn }
}

// TestMessagesBothWaysOnPostgres is the plain way on the other database.
func TestMessagesBothWaysOnPostgres(t *testing.T) {
	t.Parallel()
	messagesBothWays(t, setup{login: true, config: onPostgres(t)})
}

// TestFaultsOnPostgres is the way through all faults on the other database.
func TestFaultsOnPostgres(t *testing.T) {
	t.Parallel()
	loseAndDoubleNothing(t, setup{login: true, config: onPostgres(t)}, 400)
}

// TestWriteFirstOnPostgres is the operator's beginning on the other database.
func TestWriteFirstOnPostgres(t *testing.T) {
	t.Parallel()
	writeFirst(t, setup{config: onPostgres(t)})
}

// TestGapOnPostgres is the healing of an outage on the other database.
func TestGapOnPostgres(t *testing.T) {
	t.Parallel()
	gapAfterAnOutage(t, setup{config: onPostgres(t)})
}
