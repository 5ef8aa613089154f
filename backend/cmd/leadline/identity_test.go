package main

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"leadline/backend/app"
)

// Ids of the account and of its chat.
const (
	accountRow = "0198c0de-0000-7000-8000-000000000001"
	chatRow    = "0198c0de-0000-7000-8000-000000000002"
)

// host is the machine of somebody who runs the server, with one account and one chat.
func host(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "leadline.db")
	for k, v := range map[string]string{
		"APP_URL": "https://app.shop.example", "CHAT_URL": "https://chat.shop.example", "DATABASE": "sqlite:" + path, "KEY_FILE": filepath.Join(dir, "leadline.key"),
		"MEDIA_DIR": filepath.Join(dir, "media"), "LOG_LEVEL": "error",
		"AMOCRM_CLIENT_ID": "3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b", "AMOCRM_CLIENT_SECRET": strings.Repeat("c", 64),
		"AMOCRM_CHANNEL_ID": "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11", "AMOCRM_CHANNEL_SECRET": strings.Repeat("a", 40),
	} {
		t.Setenv("LEADLINE_"+k, v)
	}
	cfg, log, err := settings()
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, app.Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`INSERT INTO accounts (id, product, crm_id, host, state, created_at, updated_at) VALUES ('` + accountRow + `', 'amocrm', 31000001, 'democo.amocrm.ru', 'connected', 1, 1)`,
		`INSERT INTO online_chats (id, account_id, name, created_at) VALUES ('` + chatRow + `', '` + accountRow + `', 'Shop chat', 1)`,
	} {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestIdentityCommand: `leadline chat identity` shows, chooses, makes, adds and drops;
// a secret is printed once, and what is dangerous is said at every look.
func TestIdentityCommand(t *testing.T) { // not parallel: settings come from the environment
	host(t)
	run := func(args ...string) (out, warn string, err error) {
		t.Helper()
		var o, w bytes.Buffer
		err = identity(t.Context(), append(args, "--account", "31000001"), &o, &w)
		return o.String(), w.String(), err
	}
	works := func(args ...string) (out, warn string) {
		t.Helper()
		out, warn, err := run(args...)
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		return out, warn
	}
	if out, warn := works("list"); !regexp.MustCompile(chatRow+` +Shop chat +optional +- +- +-`).MatchString(out) || warn != "" {
		t.Errorf("at first:\n%s%s", out, warn)
	}
	made, _ := works("secret")
	m := regexp.MustCompile(`^kid +(s[0-9a-f]{8})\nsecret +([0-9a-f]{64})\n$`).FindStringSubmatch(made)
	if m == nil {
		t.Fatalf("the secret is printed as %q", made)
	}
	if out, _ := works("list"); !regexp.MustCompile(m[1]+` +HS256 +20\d\d-`).MatchString(out) || strings.Contains(out, m[2]) {
		t.Errorf("with a secret:\n%s", out)
	}

	// The public key of RFC 8410, §10.1, and the private one that belongs to it.
	key := filepath.Join(t.TempDir(), "key.pem")
	writeFile(t, key, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n")
	if out, _ := works("key", key, "--kid", "shop-2026"); out != "kid  shop-2026\nalg  EdDSA\n" {
		t.Errorf("the key is added with %q", out)
	}
	private := filepath.Join(t.TempDir(), "private.pem")
	writeFile(t, private, "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n")

	works("mode", "vendor")
	if _, warn := works("list"); !strings.Contains(warn, "whoever knows a user_id reads that user's history") {
		t.Errorf("nothing is said of the mode vendor: %q", warn)
	}
	works("mode", "signed")
	works("drop", "--kid", m[1])
	if out, warn := works("list"); strings.Contains(out, m[1]) || !strings.Contains(out, "signed") || !strings.Contains(out, "shop-2026") || warn != "" {
		t.Errorf("in the end:\n%s%s", out, warn)
	}

	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"nothing":              {nil, "usage: leadline chat identity"},
		"a command of none":    {[]string{"forget"}, "usage: leadline chat identity"},
		"a mode of none":       {[]string{"mode", "open"}, `no mode "open"`},
		"a mode left out":      {[]string{"mode"}, "usage: leadline chat identity"},
		"a private key":        {[]string{"key", private}, "This is a private key"},
		"a file of none":       {[]string{"key", key + ".none"}, "read the key"},
		"a key that is there":  {[]string{"key", key, "--kid", "shop-2026"}, "a key with that name already"},
		"a key that is gone":   {[]string{"drop", "--kid", m[1]}, "has no key " + m[1]},
		"a key without a name": {[]string{"drop"}, "usage: leadline chat identity"},
		"another chat":         {[]string{"mode", "signed", "--chat", accountRow}, "has no online chat " + accountRow},
	} {
		args := tt.args
		if args != nil {
			args = append(args, "--account", "31000001")
		}
		var o, w bytes.Buffer
		if err := identity(t.Context(), args, &o, &w); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
	if err := identity(t.Context(), []string{"list", "--account", "31000002"}, &bytes.Buffer{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "no account 31000002") {
		t.Errorf("an unknown account: %v", err)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
