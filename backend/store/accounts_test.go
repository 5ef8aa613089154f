package store

import (
	"strings"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
	"leadline/backend/outbox"
	"leadline/backend/team"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestUpsertKeepsOneAccountPerCRMAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		later := w.now.Add(time.Hour)
		got, err := w.Accounts().Upsert(testContext, account.Account{
			ID: "other", Product: "amocrm", CRMID: 1, AmojoID: "amojo", Host: "renamed.amocrm.ru", Name: "Demo",
			State: account.Disconnected, CreatedAt: later, UpdatedAt: later,
		})
		must(t, err)
		equal(t, "account", got, account.Account{
			ID: w.account, Product: "amocrm", CRMID: 1, AmojoID: "amojo", Host: "renamed.amocrm.ru", Name: "Demo",
			State: account.Installed, CreatedAt: start, UpdatedAt: later,
		})
		byCRM, err := w.Accounts().ByCRM(testContext, "amocrm", 1)
		must(t, err)
		equal(t, "by CRM id", byCRM, got)
		_, err = w.Accounts().ByCRM(testContext, "kommo", 1)
		wantKind(t, err, fault.NotFound, "not_found")
		_, err = w.Accounts().ByScope(testContext, "")
		wantKind(t, err, fault.NotFound, "not_found")
	})
}

func TestAccountBelongsToOneTeam(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Accounts()
		connect := func(team chatid.TeamID) error {
			return s.SetConnected(testContext, w.account, team, "user", "amojo", "scope", w.now)
		}
		must(t, connect("t1"))
		must(t, connect("t1"))
		wantKind(t, connect("t2"), fault.Conflict, "account_taken")
		must(t, s.SetState(testContext, w.account, account.Broken, account.ReasonAuthorisation, w.now))
		wantKind(t, connect("t2"), fault.Conflict, "account_taken")
		must(t, s.SetState(testContext, w.account, account.Disconnected, "", w.now))
		got, err := s.ByScope(testContext, "scope")
		must(t, err)
		if got.Team != "t1" || got.State != account.Disconnected {
			t.Errorf("disconnected account = %+v, want it to keep its team", got)
		}
		must(t, connect("t2"))
		list, err := s.OfTeam(testContext, "t2")
		must(t, err)
		if len(list) != 1 || list[0].State != account.Connected || list[0].ConnectedBy != "user" || list[0].AmojoID != "amojo" {
			t.Errorf("accounts of the team = %+v", list)
		}
		other := w.newAccount(t, 2)
		wantKind(t, s.SetConnected(testContext, other, "t3", "user", "amojo", "scope", w.now), fault.Conflict, "account_taken")
		wantKind(t, s.SetState(testContext, "none", account.Broken, "", w.now), fault.NotFound, "not_found")
	})
}

// What waits is not the account's fault any more when it is connected again.
func TestReconnectedAccountsLanesGoAtOnce(t *testing.T) {
	for name, leave := range map[string]func(w *world) error{
		"by its state": func(w *world) error {
			return w.Accounts().SetState(testContext, w.account, account.Connected, "", w.now)
		},
		"by a sign-in": func(w *world) error {
			return w.Accounts().SetConnected(testContext, w.account, "t1", "user", "amojo", "scope", w.now)
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				paused, waiting, held := w.write(t, w.inbound("v1", "x")), w.write(t, w.inbound("v2", "x")), w.write(t, w.inbound("v3", "x"))
				w.settle(t, *paused.Claim, *paused.Job, pauseOutcome(w.now.Add(time.Hour)))
				w.settle(t, *waiting.Claim, *waiting.Job, outbox.Outcome{Verdict: outbox.Later, At: w.now.Add(2 * time.Hour)})
				must(t, w.Accounts().SetState(testContext, w.account, account.Disconnected, "", w.now))
				w.write(t, w.inbound("v4", "x")) // written while it was off
				equal(t, "lanes of a disconnected account", len(w.claimDue(t, 10)), 0)
				other := w.account
				w.account = w.newAccount(t, 2)
				elsewhere := w.write(t, w.inbound("v5", "x"))
				w.settle(t, *elsewhere.Claim, *elsewhere.Job, outbox.Outcome{Verdict: outbox.Later, At: w.now.Add(time.Hour)})
				w.account = other
				must(t, leave(w))
				a, err := w.Accounts().Account(testContext, w.account)
				must(t, err)
				if !a.PausedUntil.IsZero() || a.State != account.Connected {
					t.Errorf("account = %+v, want it connected and not paused", a)
				}
				// Not the one that somebody holds, nor another account's.
				claims := w.claimDue(t, 10)
				equal(t, "lanes that go", len(claims), 3)
				for _, c := range claims {
					if c.Lane == held.Claim.Lane || c.Account != w.account {
						t.Errorf("claimed %+v", c)
					}
				}
				must(t, w.Outbox().Renew(testContext, *held.Claim, w.now.Add(lease)))
			})
		})
	}
}

func TestStateMovesOnlyFromWhereItIsTakenToBe(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		a := w.Accounts()
		must(t, a.SetState(testContext, w.account, account.Disconnected, "", w.now))
		ok, err := a.MoveState(testContext, w.account, []account.State{account.Connected, account.Broken}, account.Broken, account.ReasonChannel, w.now)
		must(t, err)
		got, err := a.Account(testContext, w.account)
		must(t, err)
		if ok || got.State != account.Disconnected || got.Reason != "" {
			t.Errorf("moved %v, %s %q; want it left alone", ok, got.State, got.Reason)
		}
		must(t, a.SetState(testContext, w.account, account.Connected, "", w.now))
		ok, err = a.MoveState(testContext, w.account, []account.State{account.Connected, account.Broken}, account.Broken, account.ReasonPrivate, w.now)
		must(t, err)
		list, err := a.Broken(testContext)
		must(t, err)
		if !ok || len(list) != 1 || list[0].ID != w.account || list[0].Reason != account.ReasonPrivate {
			t.Errorf("moved %v, broken %+v", ok, list)
		}
	})
}

func TestIdleAccounts(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		a := w.Accounts()
		idle, again, dead, fresh, lasting := w.account, w.newAccount(t, 2), w.newAccount(t, 3), w.newAccount(t, 4), w.newAccount(t, 5)
		w.newAccount(t, 6) // without tokens
		for id, ends := range map[chatid.AccountID]time.Time{idle: w.now.Add(-time.Hour), again: w.now.Add(-2 * time.Hour), dead: w.now.Add(-time.Hour), fresh: w.now} {
			must(t, a.SaveTokens(testContext, id, account.Tokens{Access: "a", Refresh: "r", ExpiresAt: ends}))
		}
		must(t, a.SaveTokens(testContext, lasting, account.Tokens{Access: "a", ExpiresAt: w.now.Add(-time.Hour)}))
		must(t, a.SetState(testContext, dead, account.Broken, account.ReasonAuthorisation, w.now))
		must(t, a.SetState(testContext, again, account.Broken, account.ReasonChannel, w.now))
		first, err := a.Idle(testContext, w.now, "", 1)
		must(t, err)
		equal(t, "first page", first, []chatid.AccountID{idle})
		rest, err := a.Idle(testContext, w.now, first[0], 10)
		must(t, err)
		equal(t, "the rest", rest, []chatid.AccountID{again})
	})
}

func TestTokensAreSealedInTheirPlace(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Accounts()
		_, err := s.Tokens(testContext, w.account)
		wantKind(t, err, fault.NotFound, "not_found")
		want := account.Tokens{Access: "access-secret", Refresh: "refresh-secret", ExpiresAt: w.now.Add(24 * time.Hour)}
		must(t, s.SaveTokens(testContext, w.account, want))
		must(t, s.SaveGrant(testContext, account.Grant{ID: "g1", Product: "amocrm", Code: "code-secret", Host: "h", ReceivedAt: w.now}))
		got, err := s.Tokens(testContext, w.account)
		must(t, err)
		equal(t, "tokens", got, want)
		var columns string
		must(t, w.reader(testContext).row(`SELECT a.access_sealed || a.refresh_sealed || g.code_sealed FROM accounts a, grants g`).Scan(&columns))
		for _, secret := range []string{"access-secret", "refresh-secret", "code-secret"} {
			if strings.Contains(columns, secret) {
				t.Errorf("%s stands in the database in clear", secret)
			}
		}
		// Copied to another account the value does not open.
		other := w.newAccount(t, 2)
		must(t, w.do(testContext, func(t *tx) error {
			_, err := t.exec(`UPDATE accounts SET access_sealed = (SELECT access_sealed FROM accounts WHERE id = ?) WHERE id = ?`, string(w.account), string(other))
			return err
		}))
		if _, err = s.Tokens(testContext, other); err == nil {
			t.Error("a token copied from another account was opened")
		}
		must(t, s.DropTokens(testContext, w.account))
		a, err := s.Account(testContext, w.account)
		if err != nil || a.HasTokens {
			t.Errorf("after DropTokens: %+v, %v", a, err)
		}
	})
}

func TestRefreshLeaseHasOneHolder(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Accounts()
		take := func(token string, now time.Time) bool {
			t.Helper()
			ok, err := s.LeaseRefresh(testContext, w.account, token, now, now.Add(time.Minute))
			must(t, err)
			return ok
		}
		if !take("a", w.now) || take("b", w.now) || take("a", w.now) {
			t.Error("the lease is not exclusive")
		}
		must(t, s.ReleaseRefresh(testContext, w.account, "b"))
		if take("b", w.now) {
			t.Error("the lease was released by somebody else")
		}
		if !take("b", w.now.Add(time.Minute)) {
			t.Error("a lease that ran out is kept")
		}
		must(t, s.ReleaseRefresh(testContext, w.account, "b"))
		if !take("c", w.now) {
			t.Error("a released lease is kept")
		}
	})
}

func TestClaimsAndGrants(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Accounts()
		c := account.Claim{Product: "kommo", CRMID: 7, CRMUser: 8, AdminProven: true, Team: "t", User: "u", AmojoID: "a", Host: "h", Locale: "en", CreatedAt: w.now}
		must(t, s.SaveClaim(testContext, c))
		c.AdminProven, c.Refused = false, "not_admin"
		must(t, s.SaveClaim(testContext, c))
		got, err := s.Claim(testContext, "kommo", 7)
		must(t, err)
		equal(t, "claim", got, c)
		must(t, s.DropClaim(testContext, "kommo", 7))
		_, err = s.Claim(testContext, "kommo", 7)
		wantKind(t, err, fault.NotFound, "not_found")

		g2 := account.Grant{ID: "g2", Product: "kommo", Code: "2", Host: "h", ReceivedAt: w.now.Add(time.Second)}
		g1 := account.Grant{ID: "g1", Product: "kommo", Code: "1", Host: "h", ReceivedAt: w.now}
		must(t, s.SaveGrant(testContext, g2))
		must(t, s.SaveGrant(testContext, g1))
		list, err := s.Grants(testContext)
		must(t, err)
		equal(t, "grants", list, []account.Grant{g1, g2})
		must(t, s.DropGrant(testContext, "g1"))
		list, err = s.Grants(testContext)
		must(t, err)
		equal(t, "grants", list, []account.Grant{g2})
	})
}

func TestUsersAndTeams(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Teams()
		u := team.User{ID: "u1", Team: "t1", Email: "a@example.com", Role: team.Owner, PasswordHash: "h", Locale: "ru", CreatedAt: w.now}
		must(t, s.CreateUser(testContext, u))
		wantKind(t, s.CreateUser(testContext, team.User{ID: "u2", Team: "t2", Email: u.Email, Role: team.Owner, CreatedAt: w.now}), fault.Conflict, "email_taken")
		must(t, s.CreateUser(testContext, team.User{ID: "u3", Team: "t1", Email: "b@example.com", Role: team.Owner, CreatedAt: w.now.Add(time.Hour)}))
		var n int
		must(t, w.reader(testContext).row(`SELECT count(*) FROM teams`).Scan(&n))
		equal(t, "teams", n, 1)
		must(t, s.Verify(testContext, "u1", w.now))
		must(t, s.Verify(testContext, "u1", w.now.Add(time.Hour)))
		must(t, s.SetPassword(testContext, u.Email, "new"))
		u.VerifiedAt, u.PasswordHash = w.now, "new"
		for what, find := range map[string]func() (team.User, error){
			"by e-mail": func() (team.User, error) { return s.UserByEmail(testContext, "a@example.com") },
			"by id":     func() (team.User, error) { return s.User(testContext, "u1") },
			"owner":     func() (team.User, error) { return s.OwnerOf(testContext, "t1") },
		} {
			got, err := find()
			must(t, err)
			equal(t, what, got, u)
		}
		wantKind(t, s.SetPassword(testContext, "none@example.com", "x"), fault.NotFound, "not_found")
		// A reset is for the password that it was asked for, and proves the address once.
		wantKind(t, s.ReplacePassword(testContext, "u3", "another", "x", w.now), fault.NotFound, "not_found")
		wantKind(t, s.ReplacePassword(testContext, "none", "", "x", w.now), fault.NotFound, "not_found")
		must(t, s.ReplacePassword(testContext, "u3", "", "x", w.now))
		wantKind(t, s.ReplacePassword(testContext, "u3", "", "y", w.now), fault.NotFound, "not_found")
		must(t, s.ReplacePassword(testContext, "u3", "x", "z", w.now.Add(time.Hour)))
		got, err := s.User(testContext, "u3")
		must(t, err)
		equal(t, "password and proof", []any{got.PasswordHash, got.VerifiedAt}, []any{"z", w.now})
		_, err = s.OwnerOf(testContext, "none")
		wantKind(t, err, fault.NotFound, "not_found")
	})
}

func TestFirstChatAndButton(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.OnlineChats()
		c := onlinechat.Chat{ID: "c1", Account: w.account, Name: "Site", SourceExternalID: "src", CreatedAt: w.now}
		b := onlinechat.Button{ID: "b1", Account: w.account, Hash: "hash", TrustedSites: []string{"*.example.com"}, Locale: "ru", Look: onlinechat.DefaultLook(), CreatedAt: w.now}
		chat, button, err := s.EnsureFirst(testContext, c, b)
		must(t, err)
		b.Key, b.Chat = "1001", "c1"
		equal(t, "chat", chat, c)
		equal(t, "button", button, b)
		c2, b2 := c, b
		c2.ID, b2.ID = "c2", "b2"
		chat, button, err = s.EnsureFirst(testContext, c2, b2)
		must(t, err)
		equal(t, "chat again", chat, c)
		equal(t, "button again", button, b)
		must(t, s.SetSource(testContext, "c1", 77))
		must(t, s.SetTrustedSites(testContext, "1001", nil, true))
		b.TrustedSites, b.InApp, c.SourceID = []string{}, true, 77
		got, err := s.Button(testContext, "1001")
		must(t, err)
		equal(t, "button", got, b)
		chats, err := s.Chats(testContext, w.account)
		must(t, err)
		equal(t, "chats", chats, []onlinechat.Chat{c})
		buttons, err := s.Buttons(testContext, w.account)
		must(t, err)
		equal(t, "buttons", buttons, []onlinechat.Button{b})
		for _, key := range []chatid.ButtonKey{"", "1", "+1001", "01001", "x", "99999999999999999999"} {
			_, err = s.Button(testContext, key)
			wantKind(t, err, fault.NotFound, "not_found")
		}
		w.account = w.newAccount(t, 2)
		c2.Account, b2.Account = w.account, w.account
		_, button, err = s.EnsureFirst(testContext, c2, b2)
		must(t, err)
		if button.Key <= "1001" || len(button.Key) != 4 {
			t.Errorf("second key = %s", button.Key)
		}
	})
}
