package app

import (
	"testing"

	"leadline/backend/sandbox"
)

// TestReconnectDeliversWhatWaited: a message that was accepted before the admin
// switched the widget off waits, and goes out as soon as it is on again
// (design.md §3.4: history is kept, never a silent loss).
func TestReconnectDeliversWhatWaited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 503, -1 })
	v.write(uuidN(1), "before the switch")
	w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{})
	if a := w.send("POST", chatURL+"/v1/messages", v.auth(), map[string]string{"client_id": uuidN(2), "text": "while off"}); a.code() != "chat_unavailable" {
		t.Errorf("a message to a disconnected account: %d %s, want chat_unavailable", a.status, a.body)
	}
	w.until("the account's pause", func() bool {
		a, err := w.app.store.Accounts().ByCRM(t.Context(), "amocrm", accountID)
		if err != nil {
			t.Fatal(err)
		}
		return !a.PausedUntil.IsZero()
	})
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoCount = 0 })
	if a := w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), w.connectBody()); a.status != 200 {
		t.Fatalf("connect again: %d %s", a.status, a.body)
	}
	w.eventually("the waiting message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	w.noBreaches()
}
