package sandbox

import (
	"fmt"
	"testing"
	"time"
)

// TestAmojoOnly: a fault narrowed to one account, scope or conversation leaves the others alone.
func TestAmojoOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		only  func(*bench, Chat) string
		other int // status of a message to another conversation of the same scope
	}{
		{"the integration's conversation id", func(*bench, Chat) string { return "c-1" }, 200},
		{"the chat's id", func(_ *bench, c Chat) string { return c.ID }, 200},
		{"the scope", func(*bench, Chat) string { return testScope }, 400},
		{"the account's integer id", func(*bench, Chat) string { return fmt.Sprint(testAccount) }, 400},
		{"the account's amojo id", func(*bench, Chat) string { return testAmojo }, 400},
		{"another account", func(*bench, Chat) string { return "31000009" }, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.connect()
			b.say("m-1", "c-1", "Hello")
			chat := b.box.Chats(testAccount)[0]
			m := b.operator(chat.ID, "Hi")
			only := c.only(b, chat)
			want := 400
			if c.name == "another account" {
				want = 200
			}
			b.box.SetFaults(func(f *Faults) { f.AmojoStatus, f.AmojoCount, f.AmojoOnly = 400, -1, only })
			b.must(amojo("POST", testScope, text("m-2", "c-1", "again")), want)
			b.must(amojo("POST", testScope+"/"+m.ID+"/delivery_status", `{"status_code":1}`), want)
			b.must(amojo("POST", testScope, text("m-3", "c-2", "another")), c.other)
			b.noBreach()
			b.box.SetFaults(func(f *Faults) { *f = Faults{AmojoCutBefore: -1, AmojoOnly: only} })
			if _, err := b.do(amojo("POST", testScope, text("m-4", "c-1", "cut"))); (err != nil) != (want == 400) {
				t.Errorf("cut: %v", err)
			}
		})
	}
}

// TestUnpaid is the 402 of C §7.2 and W §8.9: API v4 and the chats service, not OAuth.
func TestUnpaid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access, refresh := b.exchange(tokenBody("grant_type", "authorization_code", "code", b.installed().Get("code")), 200)
	b.connect()
	b.box.SetFaults(func(f *Faults) { f.UnpaidAccount = testAccount })
	b.api("GET", "/api/v4/account", access, "", 402)
	b.must(amojo("POST", testScope, text("m-1", "c-1", "Hello")), 402)
	b.must(amojo("POST", testChannel+"/connect", connectBody), 402)
	b.exchange(tokenBody("grant_type", "refresh_token", "refresh_token", refresh), 200)
	b.box.SetFaults(func(f *Faults) { f.UnpaidAccount = 31000009 })
	b.api("GET", "/api/v4/account", access, "", 200)
	b.say("m-1", "c-1", "Hello")
	b.noBreach()
}

// TestAPIFaultPath: an outage of one part of API v4, or of one account.
func TestAPIFaultPath(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access, _ := b.exchange(tokenBody("grant_type", "authorization_code", "code", b.installed().Get("code")), 200)
	for _, c := range []struct {
		path    string
		account int64
		users   int
		sources int
	}{
		{"/users", 0, 503, 200},
		{"/api/v4/sources", 0, 200, 503},
		{"", testAccount, 503, 503},
		{"", 31000009, 200, 200},
		{"/oauth2", 0, 200, 200},
	} {
		b.box.SetFaults(func(f *Faults) { *f = Faults{APIStatus: 503, APICount: -1, APIPath: c.path, APIAccount: c.account} })
		b.api("GET", "/api/v4/users", access, "", c.users)
		b.api("GET", "/api/v4/sources", access, "", c.sources)
	}
	b.noBreach()
}

// TestRandomFaults: the shares come out, one seed gives one sequence, and nothing is the client's breach.
func TestRandomFaults(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (out []string) {
		b := newBench(t)
		b.connect()
		b.box.SetFaults(func(f *Faults) {
			f.RandomSeed, f.Random503, f.Random429, f.RandomCutBefore, f.RandomCutAfter = seed, 0.2, 0.2, 0.2, 0.2
		})
		for i := range 40 {
			id := fmt.Sprintf("m-%d", i)
			a, err := b.do(amojo("POST", testScope, text(id, "c-1", "Hello")))
			stored := false
			for _, m := range b.box.Messages(testAccount) {
				stored = stored || m.MsgID == id
			}
			switch {
			case err != nil && stored:
				out = append(out, "after")
			case err != nil:
				out = append(out, "before")
			default:
				out = append(out, fmt.Sprint(a.status))
				if stored != (a.status == 200) {
					t.Errorf("status %d, stored %v", a.status, stored)
				}
			}
		}
		b.noBreach()
		return out
	}
	one, same, other := run(7), run(7), run(8)
	if fmt.Sprint(one) != fmt.Sprint(same) {
		t.Errorf("one seed, two sequences:\n%v\n%v", one, same)
	}
	if fmt.Sprint(one) == fmt.Sprint(other) {
		t.Error("two seeds, one sequence")
	}
	count := map[string]int{}
	for _, o := range one {
		count[o]++
	}
	for _, kind := range []string{"200", "503", "429", "before", "after"} {
		if count[kind] < 3 {
			t.Errorf("%s came %d times of 40, want about 8", kind, count[kind])
		}
	}
}

// TestRandomHooks: hooks lost and repeated by chance; hook_only leaves other chats alone.
func TestRandomHooks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	b.say("m-2", "c-2", "another chat")
	other := b.box.Chats(testAccount)[0].ID
	b.box.SetFaults(func(f *Faults) { f.RandomSeed, f.RandomHookDrop, f.RandomHookCopy, f.HookOnly = 3, 0.3, 0.3, chat })
	for range 30 {
		b.operator(chat, "Hi")
	}
	for range 5 {
		b.operator(other, "Ho")
	}
	count := map[string]int{}
	b.wait("all hooks", func() bool {
		clear(count)
		for _, h := range b.box.Hooks() {
			count[h.Outcome]++
			switch {
			case h.ChatID == other:
				count["other "+h.Outcome]++
			case h.Copy > 0:
				count["copy"]++
			}
		}
		return count["waiting"] == 0
	})
	if count["dropped"] < 3 || count["copy"] < 3 || count["other delivered"] != 5 {
		t.Errorf("hooks %v", count)
	}
	if got := len(b.rc.all()); got != count["delivered"] {
		t.Errorf("%d requests, want %d", got, count["delivered"])
	}
}

// TestRandomDelays: answers and hooks late by chance, the requests carried out all the same.
func TestRandomDelays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	b.box.SetFaults(func(f *Faults) { f.RandomSlow, f.RandomSlowMS, f.RandomHookDelay, f.RandomHookDelayMS = 1, 60, 1, 60 })
	began := time.Now()
	b.say("m-2", "chat-4711", "slow")
	if took := time.Since(began); took < 60*time.Millisecond {
		t.Errorf("answered after %s", took)
	}
	began = time.Now()
	b.operator(chat, "late")
	b.waitHooks(1)
	if took := time.Since(began); took < 60*time.Millisecond || len(b.rc.all()) != 1 {
		t.Errorf("hook after %s", took)
	}
	b.noBreach()
}

// TestFaultChecks: what cannot be is refused.
func TestFaultChecks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, body := range []string{
		`{"random_503":1.5}`, `{"random_429":-0.1}`, `{"random_503":0.6,"random_429":0.6}`, `{"random_hook_drop":0.7,"random_hook_copy":0.7}`, `{"api_status":99}`,
	} {
		b.control("PATCH", "faults", body, 400)
	}
	b.control("PATCH", "faults", `{"random_seed":5,"random_503":0.5,"amojo_only":"c-1","unpaid_account":-1,"api_path":"/talks"}`, 200)
}

// TestRates are the two limiters of W §8.9, and the blocking of one who goes on.
func TestRates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	second := b.box.AddAccount(Account{Subdomain: "second", Product: ProductAmoCRM})
	other := b.box.AddIntegration(Integration{Product: ProductAmoCRM, RedirectURI: "https://other.example.test/oauth"})
	token := func(acc Account, client string) string {
		b.box.mu.Lock()
		defer b.box.mu.Unlock()
		return b.box.issue(&acc, client, acc.admin().ID, "").AccessToken
	}
	first := b.box.Accounts()[0]
	get := func(acc Account, access string, want int) {
		t.Helper()
		b.must(request("GET", "https://"+acc.Subdomain+".amocrm.ru/api/v4/account", "", "Authorization", "Bearer "+access), want)
	}
	b.box.SetVariants(func(v *Variants) { v.RateLimit = true })
	mine, mineThere, theirs := token(first, testClient), token(second, testClient), token(first, other.ClientUUID)
	for range 7 {
		get(first, mine, 200)
	}
	get(second, mineThere, 429) // the integration's own limit holds in all accounts
	get(first, theirs, 429)     // the account's for all integrations
	b.box.Advance(time.Second)
	get(second, mineThere, 200)
	b.noBreach()
	b.box.Advance(time.Hour)
	for range 7 {
		get(first, mine, 200)
	}
	for range maxRefused {
		get(first, mine, 429)
	}
	get(first, mine, 403)
	b.box.Advance(blockTime - time.Second)
	get(first, mine, 403)
	if got := b.box.Breaches(); len(got) == 0 || got[0].Rule != "W §8.9 blocked" {
		t.Errorf("breaches %+v", got)
	}
	b.box.Advance(time.Second)
	get(first, mine, 200)
}

// TestAmojoRate: a limit of the chats service, which is not published (C §5.1), holds per scope.
func TestAmojoRate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.box.SetVariants(func(v *Variants) { v.AmojoRate = 2 })
	b.say("m-1", "c-1", "one")
	b.say("m-2", "c-1", "two")
	b.must(amojo("POST", testScope, text("m-3", "c-1", "three")), 429)
	b.must(amojo("POST", "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11_88888888-61f3-4f0a-8b27-93c5e0a4d6b2", text("m-4", "c-1", "x")), 403) // not connected, not limited
	b.box.Advance(time.Second)
	b.say("m-3", "c-1", "three")
}
