package store

import (
	"testing"

	"leadline/backend/store/pgtest"
)

// postgresDSN makes a migrated, empty database for one test.
func postgresDSN(t testing.TB) string {
	t.Helper()
	return pgtest.DSN(t, func(dsn string) error { return Migrate(testContext, dsn) })
}
