package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"leadline/backend/chatid"
	"leadline/backend/greeting"
	"leadline/backend/onlinechat"
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

// migratedTo takes the database back to a version, and forth again.
func (w *world) migratedTo(t *testing.T, version int64) {
	t.Helper()
	must(t, w.Close())
	k, err := parseDSN(w.dsn)
	must(t, err)
	db, err := k.open(writerConns)
	must(t, err)
	p, err := k.provider(db)
	must(t, err)
	_, err = p.DownTo(testContext, version)
	must(t, err)
	must(t, db.Close())
	w.Store = open(t, w.dsn)
}

// Back to the first version and forth again: rows stay, and so does what the
// counter promises.
func TestUpgradeKeepsMessages(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		m := w.receive(t, w.outbound(c, "Hi")).Message
		w.report(t, c, m.Seq, m.Seq)
		before := w.all(t, c)
		w.migratedTo(t, 1)
		equal(t, "messages", w.all(t, c), before)
		err := w.do(testContext, func(x *tx) error {
			_, err := x.exec(`UPDATE messages SET rev = ? WHERE conversation_id = ?`, before[0].Rev, string(c))
			return err
		})
		if err == nil {
			t.Error("two messages of a thread have one rev")
		}
	})
}

// Version 27 makes one switch of two (BOT-9): what visitors saw of bubble and bot, they
// still see.
func TestUpgradeKeepsGreetings(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.OnlineChats()
		with := func(g onlinechat.Greeting) onlinechat.Look {
			l := onlinechat.DefaultLook()
			l.Name, l.Greeting = "Shop", g
			return l
		}
		type was struct {
			look onlinechat.Look
			chat chatid.ChatID
			want onlinechat.Greeting
		}
		greets, silent := chatid.ChatID(w.id()), chatid.ChatID(w.id())
		for i, id := range []chatid.ChatID{greets, silent} {
			_, err := s.AddChat(testContext, onlinechat.Chat{ID: id, Account: w.account, Name: "Chat", Pipeline: chatid.PipelineID(i + 1), SourceExternalID: w.id(), CreatedAt: start},
				onlinechat.Button{ID: chatid.ButtonID(w.id()), Account: w.account, Hash: "h", Chat: id, CreatedAt: start})
			must(t, err)
			must(t, w.Greetings().SetGreeting(testContext, greeting.Settings{Account: w.account, Chat: id, Bot: json.RawMessage(`[{"question":[]}]`), On: id == greets, ChangedAt: start}))
		}
		cases := map[chatid.ButtonKey]was{}
		for _, c := range []was{
			{onlinechat.DefaultLook(), greets, onlinechat.Greeting{Enabled: true}},
			{with(onlinechat.Greeting{Bubble: true, Message: "Hi"}), greets, onlinechat.Greeting{Enabled: true, Message: "Hi"}},
			{with(onlinechat.Greeting{Bubble: true, Enabled: true, Message: "Hi"}), greets, onlinechat.Greeting{Enabled: true, Bubble: true, Message: "Hi"}},
			{onlinechat.DefaultLook(), silent, onlinechat.Greeting{Bubble: true}},
			{with(onlinechat.Greeting{Bubble: true, Enabled: true}), silent, onlinechat.Greeting{Enabled: true, Bubble: true}},
			{onlinechat.DefaultLook(), "", onlinechat.Greeting{Bubble: true}},
		} {
			b, err := s.AddButton(testContext, onlinechat.Button{ID: chatid.ButtonID(w.id()), Account: w.account, Hash: "h", Chat: c.chat, Look: c.look, CreatedAt: start}, 99)
			must(t, err)
			cases[b.Key] = c
		}
		w.migratedTo(t, 26)
		s = w.OnlineChats()
		for key, c := range cases {
			b, err := s.Button(testContext, key)
			must(t, err)
			c.look.Greeting = c.want
			equal(t, fmt.Sprintf("look of %+v", c), b.Look, c.look)
		}
		for id, want := range map[chatid.ChatID]bool{greets: true, silent: false} {
			c, err := s.Chat(testContext, id)
			must(t, err)
			equal(t, "the bot is in use", c.Greets, want)
		}
		w.migratedTo(t, 26) // where "without a bubble" was "off"
		for key, c := range cases {
			b, err := w.OnlineChats().Button(testContext, key)
			must(t, err)
			c.look.Greeting = c.want
			equal(t, fmt.Sprintf("look of %+v back and forth", c), b.Look, c.look)
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
