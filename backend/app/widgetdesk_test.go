package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadline/backend/account"
)

// TestBackgroundWholeWay has two operators' browsers, the real server and a
// visitor: who is there, what is wrong, and who calls back.
func TestBackgroundWholeWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, config: withSupport})
	w.withWidget("amocrm")
	v, _, hash := w.followed()

	// Visitors read that somebody is there when an operator's page is open.
	if got := v.seenBy(hash).Availability.State; got != "unknown" {
		t.Errorf("with no page open visitors read %q", got)
	}
	agent := w.office(officeSetup{callScale: 10})
	agent.at(agent.browser, fmt.Sprintf("/dashboard/?user=%d", agentID))
	w.until("the availability", func() bool { return v.seenBy(hash).Availability.State == "online" })
	for user, presence := range map[int64]string{adminID: "online", agentID: "online"} {
		if err := w.box.SetPresence(accountID, user, presence); err != nil {
			t.Fatal(err)
		}
	}
	admin := w.office(officeSetup{callScale: 10})
	a, b := admin.browser, agent.browser
	admin.at(a, fmt.Sprintf("/dashboard/?user=%d", adminID))

	// The account is cut off: the administrator is told, once, and nobody else.
	acc, _ := w.account()
	cut := func(at time.Time) {
		t.Helper()
		if err := w.app.store.Accounts().SetState(t.Context(), acc.ID, account.Broken, account.ReasonUnpaid, at); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	cut(began)
	a.sees(`document.querySelector(".pop-up_error")`)
	if got := js[string](a, `document.querySelector(".pop-up_error").innerText`); !strings.Contains(got, "Leadline") || !strings.Contains(got, "+1 555 0100") {
		t.Errorf("the administrator reads %q, want whom to ask", got)
	}
	admin.asksMore(a, 1) // tells that it was shown
	agent.asksMore(b, 2)
	if got := agent.notes(b); len(got) != 0 {
		t.Errorf("who is no administrator is shown %q", got)
	}
	a.click(".pop-up__close")
	a.sees(`!document.querySelector(".pop-up")`)
	js[any](a, `(localStorage.clear(), null)`)
	admin.at(a, "/leads/list/")
	admin.asksMore(a, 2)
	if got := admin.notes(a); len(got) != 0 {
		t.Errorf("the same incident again: %q", got)
	}
	w.app.Accounts.Paid(t.Context(), account.Account{ID: acc.ID, State: account.Broken, Reason: account.ReasonUnpaid})
	cut(began.Add(2 * time.Second)) // the same words, another time
	a.sees(`document.querySelector(".pop-up_error")`)
	w.app.Accounts.Paid(t.Context(), account.Account{ID: acc.ID, State: account.Broken, Reason: account.ReasonUnpaid})

	// A visitor asks to be called: the responsible user, who is there, is asked.
	form := map[string]any{"client_id": uuidN(70), "phone": "+1 (555) 010-0123", "name": "Anna", "text": "After six, please", "locale": "en"}
	v.callMe(form)
	lead := w.box.Leads(accountID)[0]
	if lead.UserID != adminID {
		t.Fatalf("the lead is of user %d, the test wants the administrator", lead.UserID)
	}
	a.sees(callWindow)
	w.until("the call in the notification centre", func() bool {
		all := strings.Join(admin.notes(a), "\n")
		return strings.Contains(all, fmt.Sprintf(`"phone":"+15550100123","click_link":"https://%s/leads/detail/%d","element":{"id":%d,"type":2}}]`, crmHost, lead.ID, lead.ID))
	})
	agent.asksMore(b, 2)
	if js[bool](b, `!!document.querySelector(".leadline-call")`) {
		t.Error("the other operator is asked although the responsible one is there")
	}
	a.click(".js-leadline-call-take")
	w.until("the call to be taken", func() bool {
		got := w.asks(adminID, online(adminID, agentID))
		return len(got.Calls) == 1 && got.Calls[0].State == "taken"
	})
	a.sees(`__crm.callingStatus()`)
	a.click(".js-leadline-call-done")
	w.until("the call to be over", func() bool { return len(w.asks(adminID, online(adminID, agentID)).Calls) == 0 })
	if admin.calling(a) {
		t.Error("the call goes on after Done")
	}

	// The responsible one goes away: the next one is for who is there.
	for _, page := range []*tab{a, b} {
		js[any](page, fmt.Sprintf(`(__crm.setOnline(%d, false), null)`, adminID))
	}
	form["client_id"] = uuidN(71)
	v.callMe(form)
	b.sees(callWindow)
	admin.asksMore(a, 2)
	if js[bool](a, `!!document.querySelector(".leadline-call")`) {
		t.Error("who is away is asked")
	}
	b.click(".js-leadline-call-take")
	w.until("the call to be taken by the other one", func() bool {
		got := w.asks(agentID, online(agentID))
		return len(got.Calls) == 1 && got.Calls[0].Mine
	})
	b.click(".js-leadline-call-done")
	b.sees(`!document.querySelector(".leadline-call")`)
	w.noBreaches()
}
