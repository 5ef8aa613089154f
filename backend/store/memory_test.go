package store

import (
	"path/filepath"
	"testing"

	"leadline/backend/account"
)

// TestMemoryKeepsNothingOld: what was read before a change and comes to be kept after
// it is not kept.
func TestMemoryKeepsNothingOld(t *testing.T) {
	t.Parallel()
	s := &Store{memory: memory{on: true}}
	reads := 0
	read := func(during func()) string {
		v, _ := remember(s, "key", func() (string, error) {
			reads++
			value := "old"
			if reads > 1 {
				value = "new"
			}
			during()
			return value, nil
		})
		return v
	}
	if got := read(s.memory.forget); got != "old" {
		t.Errorf("got %q while it changes, want what was read", got)
	}
	for range 2 {
		if got := read(func() {}); got != "new" {
			t.Errorf("got %q, want what the change made of it", got)
		}
	}
	if reads != 2 {
		t.Errorf("read %d times, want once before the change and once after it", reads)
	}
	s.memory.on = false
	if read(func() {}); reads != 3 {
		t.Error("kept although nothing is to be kept")
	}
}

// TestMemorySeesEveryChange: no statement that changes what is kept goes unnoticed.
func TestMemorySeesEveryChange(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		"UPDATE accounts SET paused_until = ? WHERE id = ?":                          true,
		"UPDATE `accounts` SET `state`=? WHERE `id` = ?":                             true,
		`INSERT INTO "online_chats" ("id") VALUES (?) ON CONFLICT DO NOTHING`:        true,
		"DELETE FROM operators WHERE account_id = ?":                                 true,
		"SELECT state FROM accounts WHERE id = ?":                                    false,
		"INSERT INTO messages (id, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING": false,
		"UPDATE conversations SET seq = ? WHERE id = ?":                              false,
		"COMMIT": false,
	} {
		if got := changesKept(query); got != want {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "leadline.db"))
	for _, want := range []account.State{account.Connected, account.Broken, account.Disconnected, account.Connected} {
		must(t, w.Accounts().SetState(testContext, w.account, want, "", w.now))
		for range 2 {
			a, err := w.Accounts().Account(testContext, w.account)
			if must(t, err); a.State != want {
				t.Fatalf("got %s, want %s", a.State, want)
			}
		}
	}
}
