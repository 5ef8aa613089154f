package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"leadline/backend/account"
	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/onlinechat"
	"leadline/backend/store"
)

// The places and names of the bench. Nothing of them is outside this machine.
const (
	appHost  = "app.leadline.localhost"
	chatHost = "chat.leadline.localhost"

	channelID     = "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11"
	channelSecret = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
)

// thread is one visitor of one account, with what the generator must know.
type thread struct {
	amojo chatid.AmojoID
	scope chatid.ScopeID
	token string
	// address is what the visitor comes from: the limits for one address are not
	// what is measured.
	address string
}

// seed makes a key file and a database with connected accounts, and the tokens of
// visitors who are spread over them. zone is where the accounts are.
func seed(ctx context.Context, dsn, keyFile, zone string, accounts, visitors int) (threads []thread, err error) {
	key := auth.NewKey("bench")
	if err = os.MkdirAll(filepath.Dir(keyFile), 0o700); err != nil {
		return nil, err
	}
	if err = os.WriteFile(keyFile, []byte(auth.FormatKeys(key)), 0o600); err != nil {
		return nil, err
	}
	sealer, err := auth.NewSealer(key)
	if err != nil {
		return nil, err
	}
	tokens, err := auth.NewKeys(time.Now, key)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, store.Options{DSN: dsn, Sealer: sealer})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	type place struct {
		account account.Account
		chat    onlinechat.Chat
		button  chatid.ButtonKey
	}
	places := make([]place, accounts)
	for n := range places {
		now := time.Now()
		amojo := chatid.AmojoID(fmt.Sprintf("a0000000-0000-4000-8000-%012d", n))
		a, err := db.Accounts().Upsert(ctx, account.Account{
			ID: chatid.AccountID(fmt.Sprint("account-", n)), Product: "dev", CRMID: chatid.CRMAccountID(crmAccounts + n), AmojoID: amojo,
			Host: fmt.Sprintf("bench%d.%s", n, zone), Name: "Bench", State: account.Installed, CreatedAt: now, UpdatedAt: now,
		})
		if err != nil {
			return nil, err
		}
		if err = db.Accounts().SetConnected(ctx, a.ID, "team", "user", amojo, chatid.Scope(channelID, amojo), now); err != nil {
			return nil, err
		}
		if err = db.Accounts().SaveTokens(ctx, a.ID, account.Tokens{Access: "access", Refresh: "refresh", ExpiresAt: now.Add(24 * time.Hour)}); err != nil {
			return nil, err
		}
		chat, button, err := db.OnlineChats().EnsureFirst(ctx,
			onlinechat.Chat{ID: chatid.ChatID(fmt.Sprint("chat-", n)), Account: a.ID, Name: "Bench", SourceExternalID: fmt.Sprint("source-", n), CreatedAt: now},
			onlinechat.Button{ID: chatid.ButtonID(fmt.Sprint("button-", n)), Account: a.ID, Hash: "hash", Chat: chatid.ChatID(fmt.Sprint("chat-", n)), CreatedAt: now})
		if err != nil {
			return nil, err
		}
		a.AmojoID, a.Scope = amojo, chatid.Scope(channelID, amojo)
		places[n] = place{a, chat, button.Key}
	}
	for v := range visitors {
		p := places[v%accounts]
		token, err := tokens.Visitor(auth.Visitor{
			Account: p.account.ID, Chat: p.chat.ID, Visitor: chatid.VisitorID(fmt.Sprintf("b0000000-0000-4000-8000-%012d", v)),
			Through: auth.Entrance{Button: p.button, Origin: "https://shop.example.test", At: time.Now().Unix()},
		})
		if err != nil {
			return nil, err
		}
		threads = append(threads, thread{
			amojo: p.account.AmojoID, scope: p.account.Scope, token: token, address: fmt.Sprintf("10.0.%d.%d", v/250, v%250+1),
		})
	}
	return threads, nil
}
