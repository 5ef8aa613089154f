package amocrm

import (
	"context"
	"net/http"
	"net/url"

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
