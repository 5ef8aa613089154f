package store

import (
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"
)

// Every field of every row must be a column, in both databases.
func TestMigrationsHaveEveryField(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for _, m := range models {
			stmt := w.read.Statement
			if err := stmt.Parse(m); err != nil {
				t.Fatal(err)
			}
			for _, f := range stmt.Schema.Fields {
				if !w.read.Migrator().HasColumn(m, f.DBName) {
					t.Errorf("%s has no column %s", stmt.Schema.Table, f.DBName)
				}
			}
		}
	})
}

func TestCheckOnlyRefusesANewDatabase(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "new.db")
	o := Options{DSN: dsn, Sealer: seal{}, CheckOnly: true}
	if _, err := Open(testContext, o); !errors.Is(err, ErrOutdated) {
		t.Fatalf("Open = %v, want ErrOutdated", err)
	}
	if err := Migrate(testContext, dsn); err != nil {
		t.Fatal(err)
	}
	s, err := Open(testContext, o)
	if err != nil {
		t.Fatal(err)
	}
	if err = errors.Join(s.Ping(testContext), s.Close()); err != nil {
		t.Error(err)
	}
}

func TestMigrateFromSeveralAtOnce(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "new.db")
	var g errgroup.Group
	for range 4 {
		g.Go(func() error { return Migrate(testContext, dsn) })
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"", "sqlite:", "mysql://root:secret@db/x", "leadline.db"} {
		if _, err := Open(testContext, Options{DSN: dsn, Sealer: seal{}}); err == nil {
			t.Errorf("%q was opened", dsn)
		}
	}
}
