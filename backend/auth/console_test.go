package auth

import (
	"testing"
	"time"

	"leadline/backend/fault"
)

// TestConsoleTokensNameSomebody: one that names nobody is made by nobody honest.
func TestConsoleTokensNameSomebody(t *testing.T) {
	t.Parallel()
	k := testKeys(t, at(0), newest)
	for _, c := range []Console{
		{User: 9000001, Host: "democo.amocrm.ru"},
		{Account: "a", Host: "democo.amocrm.ru"},
		{Account: "a", User: 9000001},
	} {
		ticket, err := k.ConsoleTicket("t", c)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := k.ReadConsoleTicket(ticket); fault.CodeOf(err) != "ticket_invalid" {
			t.Errorf("a ticket of %+v: %v", c, err)
		}
		session, err := k.ConsoleSession(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := k.ReadConsoleSession(session); fault.CodeOf(err) != "session_over" {
			t.Errorf("a session of %+v: %v", c, err)
		}
	}
	nameless, err := k.ConsoleTicket("", consoleUser)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.ReadConsoleTicket(nameless); err == nil {
		t.Error("a ticket without an id was taken: nobody could tell that it was used")
	}
}

// TestConsoleForms: a form is one user's of one account, whatever else his session says.
func TestConsoleForms(t *testing.T) {
	t.Parallel()
	k := testKeys(t, at(0), newest)
	form, err := k.ConsoleForm(consoleUser)
	if err != nil {
		t.Fatal(err)
	}
	renewed, another, elsewhere := consoleUser, consoleUser, consoleUser
	renewed.Scheme, renewed.Locale = "", "en"
	another.User++
	elsewhere.Account = "b"
	if err := k.CheckConsoleForm(form, renewed); err != nil {
		t.Error("after a renewed session:", err)
	}
	for _, c := range []Console{another, elsewhere, {}} {
		if err := k.CheckConsoleForm(form, c); fault.CodeOf(err) != "form_expired" {
			t.Errorf("the form of %+v for %+v: %v", consoleUser, c, err)
		}
	}
}

// TestConsoleSessionTellsItsEnd: 25 minutes, and no second more.
func TestConsoleSessionTellsItsEnd(t *testing.T) {
	t.Parallel()
	session, err := testKeys(t, at(0), newest).ConsoleSession(consoleUser)
	if err != nil {
		t.Fatal(err)
	}
	if _, left, err := testKeys(t, at(10*time.Minute), newest).ReadConsoleSession(session); err != nil || left != 15*time.Minute {
		t.Errorf("after ten minutes %s are left, %v", left, err)
	}
	if _, _, err := testKeys(t, at(25*time.Minute), newest).ReadConsoleSession(session); err == nil {
		t.Error("taken after 25 minutes")
	}
}
