package auth

import (
	"errors"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// How long the console's tokens are taken, the leeway of their checks included
// (design.md §10).
const (
	// ConsoleTicketLife is from the CRM's page to the frame inside it.
	ConsoleTicketLife = time.Minute
	// ConsoleTabLife is how long a person may think before opening a tab.
	ConsoleTabLife = 5 * time.Minute
	// ConsoleLife is that of a session: the CRM's page takes one disposable token
	// for as long (W §8.3).
	ConsoleLife = 25 * time.Minute
	// ConsoleFormLife is how long a page may stay open and still be saved; the
	// session is renewed under it.
	ConsoleFormLife = 12 * time.Hour
)

// Console is who is at a page of the console: a user of one CRM account, as its
// disposable token said, which is whom tickets and sessions here are for; or, at the
// console's own address, who signed in with a Leadline login.
type Console struct {
	Account chatid.AccountID `json:"account"`
	User    chatid.CRMUserID `json:"user"`
	// Login is whose Leadline login it is; then User is 0, and Account empty on the
	// pages that belong to none.
	Login chatid.UserID `json:"-"`
	// Host is the account's address at that time.
	Host string `json:"host"`
	// Admin may write; others look.
	Admin bool `json:"admin,omitempty"`
	// Locale is the language of the pages; Scheme is "light", "dark", or "" for what
	// the browser prefers. A ticket has neither.
	Locale string `json:"locale,omitempty"`
	Scheme string `json:"scheme,omitempty"`
}

func (c Console) named() bool { return c.Account != "" && c.User > 0 && c.Host != "" }

// single is a token that is taken once; the caller remembers its id.
type single struct {
	ID  string  `json:"id"`
	For Console `json:"for"`
}

// ConsoleTicket makes what begins a session inside the CRM. id is its own, for the
// caller to remember when it is used.
func (k *Keys) ConsoleTicket(id string, c Console) (string, error) {
	return issue(k, forConsoleTicket, ConsoleTicketLife-DefaultLeeway, single{id, c})
}

// ReadConsoleTicket reads one. fault.Unauthenticated ticket_invalid.
func (k *Keys) ReadConsoleTicket(token string) (id string, c Console, err error) {
	return readSingle(k, forConsoleTicket, token)
}

// ConsoleTab makes the code that begins a session in a tab of its own, where the
// frame is not let keep one. It is used once, as a ticket is.
func (k *Keys) ConsoleTab(id string, c Console) (string, error) {
	return issue(k, forConsoleTab, ConsoleTabLife-DefaultLeeway, single{id, c})
}

// ReadConsoleTab reads one. fault.Unauthenticated ticket_invalid.
func (k *Keys) ReadConsoleTab(token string) (id string, c Console, err error) {
	return readSingle(k, forConsoleTab, token)
}

func readSingle(k *Keys, p purpose, token string) (string, Console, error) {
	s, err := read[single](k, p, token)
	if err == nil && (s.ID == "" || !s.For.named()) {
		err = errors.New("ticket names nobody")
	}
	if err != nil {
		return "", Console{}, fault.Wrap(fault.Unauthenticated, "ticket_invalid", err)
	}
	return s.ID, s.For, nil
}

// ConsoleSession makes the content of a session's cookie.
func (k *Keys) ConsoleSession(c Console) (string, error) {
	return issue(k, forConsoleSession, ConsoleLife-DefaultLeeway, c)
}

// ReadConsoleSession reads one and tells how much of it is left.
// fault.Unauthenticated session_over.
func (k *Keys) ReadConsoleSession(token string) (c Console, left time.Duration, err error) {
	e, err := open[Console](k, forConsoleSession, token)
	if err == nil && !e.Body.named() {
		err = errors.New("session of nobody")
	}
	if err != nil {
		return Console{}, 0, fault.Wrap(fault.Unauthenticated, "session_over", err)
	}
	return e.Body, e.ExpiresAt.Add(DefaultLeeway).Sub(k.now()), nil
}

type form struct {
	Account chatid.AccountID `json:"account"`
	User    chatid.CRMUserID `json:"user"`
	Login   chatid.UserID    `json:"login,omitempty"`
}

func formOf(c Console) form { return form{c.Account, c.User, c.Login} }

// ConsoleForm makes what each form of the console carries against forged requests;
// it is for a user of an account, whichever session he has by then.
func (k *Keys) ConsoleForm(c Console) (string, error) {
	return issue(k, forConsoleForm, ConsoleFormLife-DefaultLeeway, formOf(c))
}

// CheckConsoleForm refuses forms of others: fault.Denied form_expired.
func (k *Keys) CheckConsoleForm(token string, c Console) error {
	f, err := read[form](k, forConsoleForm, token)
	if err == nil && (f.User <= 0 && f.Login == "" || f != formOf(c)) {
		err = errors.New("form of somebody else")
	}
	if err != nil {
		return fault.Wrap(fault.Denied, "form_expired", err)
	}
	return nil
}

// Asked is who went from the console to the CRM's consent page: a Leadline login in
// one session, for an account of a product.
type Asked struct {
	Product string        `json:"product"`
	Login   chatid.UserID `json:"login"`
	// Session names the session without opening it.
	Session string `json:"session"`
}

// ConsoleState makes the value that comes back from the consent page to the session
// that it was made for.
func (k *Keys) ConsoleState(a Asked) (string, error) {
	return issue(k, forConsoleState, StateLife-DefaultLeeway, a)
}

// ReadConsoleState reads one. fault.Invalid state_invalid.
func (k *Keys) ReadConsoleState(token string) (Asked, error) {
	a, err := read[Asked](k, forConsoleState, token)
	if err == nil && (a.Product == "" || a.Login == "" || a.Session == "") {
		err = errors.New("state of nobody")
	}
	if err != nil {
		return Asked{}, fault.Wrap(fault.Invalid, "state_invalid", err)
	}
	return a, nil
}
