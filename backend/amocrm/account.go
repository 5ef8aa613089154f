package amocrm

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"leadline/backend/chatid"
)

// Account is what the CRM tells about an account (W §8.8).
type Account struct {
	ID        chatid.CRMAccountID
	AmojoID   chatid.AmojoID
	Name      string
	Subdomain string
	Country   string // two letters
	// CurrentUser is who granted the token.
	CurrentUser chatid.CRMUserID
	// IsUnsortedOn tells whether incoming leads exist there.
	IsUnsortedOn bool
}

// Account reads the account of the token, with its amojo id. This is the only
// source of the amojo id to connect by; what a browser says can be forged.
func (c *Client) Account(ctx context.Context, at Address, access string) (Account, error) {
	const op = "read account"
	var w struct {
		ID            int64  `json:"id"`
		AmojoID       string `json:"amojo_id"`
		Name          string `json:"name"`
		Subdomain     string `json:"subdomain"`
		Country       string `json:"country"`
		CurrentUserID int64  `json:"current_user_id"`
		IsUnsortedOn  bool   `json:"is_unsorted_on"`
	}
	r := request{op: op, method: http.MethodGet, path: "/api/v4/account", query: url.Values{"with": {"amojo_id"}}, answer: &w}
	if _, err := c.api(ctx, at, access, r); err != nil {
		return Account{}, err
	}
	if w.ID <= 0 {
		return Account{}, errEmpty(op, "id")
	}
	if !chatid.Valid(w.AmojoID) {
		return Account{}, errEmpty(op, "amojo_id")
	}
	return Account{
		ID: chatid.CRMAccountID(w.ID), AmojoID: chatid.AmojoID(w.AmojoID), Name: w.Name, Subdomain: w.Subdomain,
		Country: w.Country, CurrentUser: chatid.CRMUserID(w.CurrentUserID), IsUnsortedOn: w.IsUnsortedOn,
	}, nil
}

// User is a user of the CRM account.
type User struct {
	ID   chatid.CRMUserID
	Name string
	// AmojoID is the user's id in the chats service; "" when they have none.
	AmojoID chatid.UserRef
	IsAdmin bool
	// IsActive is false for users who may not sign in any more.
	IsActive bool
}

// User reads one user of the account; the token must be an administrator's.
func (c *Client) User(ctx context.Context, at Address, access string, id chatid.CRMUserID) (User, error) {
	const op = "read user"
	var w struct {
		ID      int64   `json:"id"`
		Name    string  `json:"name"`
		AmojoID *string `json:"amojo_id"`
		Rights  struct {
			IsAdmin bool `json:"is_admin"`
			// Absent counts as active: only what is said takes rights away.
			IsActive *bool `json:"is_active"`
		} `json:"rights"`
	}
	r := request{op: op, method: http.MethodGet, path: "/api/v4/users/" + strconv.FormatInt(int64(id), 10), query: url.Values{"with": {"amojo_id"}}, answer: &w}
	if _, err := c.api(ctx, at, access, r); err != nil {
		return User{}, err
	}
	if w.ID != int64(id) {
		return User{}, errEmpty(op, "user of that id")
	}
	u := User{ID: id, Name: w.Name, IsAdmin: w.Rights.IsAdmin, IsActive: w.Rights.IsActive == nil || *w.Rights.IsActive}
	if w.AmojoID != nil {
		u.AmojoID = chatid.UserRef(*w.AmojoID)
	}
	return u, nil
}
