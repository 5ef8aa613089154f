package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"leadline/backend/sandbox"
)

// TestConsoleRights: a token that says nothing of rights is looked up in the CRM; one
// who cannot be looked up may read (W §8.2, step 10).
func TestConsoleRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	w.box.SetVariants(func(v *sandbox.Variants) { v.NoAdminClaim = true })
	readOnly := func(g *guest) bool { return strings.Contains(string(g.get(g.root).body), "not change anything") }
	if readOnly(w.guest(adminID)) || !readOnly(w.guest(agentID)) {
		t.Error("rights are not those in the CRM")
	}
	a, _ := w.account()
	if err := w.app.store.Accounts().DropTokens(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	if !readOnly(w.guest(adminID)) {
		t.Error("one whose rights are not known may write")
	}
}

// TestConsoleRightsAreTaken: who loses administrator rights in the CRM writes for a
// minute more at most, though the session lives for 25.
func TestConsoleRightsAreTaken(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	w.connected()
	admin := func(is bool) {
		t.Helper()
		if err := w.box.SetAdmin(accountID, agentID, is); err != nil {
			t.Fatal(err)
		}
	}
	admin(true)
	g := w.guest(agentID)
	page := g.chatPage()
	name := func(name string) int {
		return g.post(page+"/name", url.Values{"csrf": {g.csrf(page)}, "name": {name}}).status
	}
	if got := name("By an administrator"); got != http.StatusSeeOther {
		t.Fatalf("an administrator: %d", got)
	}
	admin(false)
	c.advance(w.box, time.Minute+time.Second)
	if got := name("By somebody else"); got != http.StatusForbidden || w.chatName() != "By an administrator" {
		t.Errorf("a minute after the rights were taken: %d, the chat is %q", got, w.chatName())
	}
	// Where the CRM cannot be asked, its token's word stands.
	a, _ := w.account()
	if err := w.app.store.Accounts().DropTokens(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	c.advance(w.box, time.Minute+time.Second)
	if got := name("By the token's word"); got == http.StatusForbidden {
		t.Errorf("without the CRM: %d", got)
	}
}
