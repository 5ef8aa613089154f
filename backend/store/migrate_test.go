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

// Back to the first version and forth again: rows stay, and so does what the
// counter promises.
func TestUpgradeKeepsMessages(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		m := w.receive(t, w.outbound(c, "Hi")).Message
		w.report(t, c, m.Seq, m.Seq)
		before := w.all(t, c)
		must(t, w.Close())
		k, err := parseDSN(w.dsn)
		must(t, err)
		db, err := k.open(writerConns)
		must(t, err)
		p, err := k.provider(db)
		must(t, err)
		_, err = p.DownTo(testContext, 1)
		must(t, err)
		must(t, db.Close())
		w.Store = open(t, w.dsn)
		equal(t, "messages", w.all(t, c), before)
		err = w.do(testContext, func(x *tx) error {
			_, err := x.exec(`UPDATE messages SET rev = ? WHERE conversation_id = ?`, before[0].Rev, string(c))
			return err
		})
		if err == nil {
			t.Error("two messages of a thread have one rev")
		}
	})
}

// What a power cut must not take depends on the first two.
func TestWriterOfAFileIsDurable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "leadline.db"))
	must(t, w.do(testContext, func(x *tx) error {
		for pragma, want := range map[string]string{
			"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "temp_store": "2", "wal_autocheckpoint": "4000",
		} {
			var got string
			if err := x.row("PRAGMA " + pragma).Scan(&got); err != nil {
				return err
			}
			equal(t, pragma, got, want)
		}
		return nil
	}))
}
