package amocrm

import (
	"context"
	"encoding/json"
	"net/url"

	"leadline/backend/chatid"
)

// User is a user of the CRM account.
type User struct {
	ID   chatid.CRMUserID
	Name string
	// AmojoID is the user's id in the chats service; "" when they have none.
	AmojoID chatid.UserRef
	// Avatar is the address of a picture; "" when the CRM gives none.
	Avatar  string
	IsAdmin bool
	// IsActive is false for users who may not sign in any more.
	IsActive bool
}

type wireUser struct {
	ID      chatid.CRMUserID `json:"id"`
	Name    string           `json:"name"`
	AmojoID chatid.UserRef   `json:"amojo_id"` // may be null
	// Not documented: an address, a path of the CRM, null, or absent.
	Avatar json.RawMessage `json:"avatar"`
	Rights struct {
		IsAdmin bool `json:"is_admin"`
		// Absent counts as active: only what is said takes rights away.
		IsActive *bool `json:"is_active"`
	} `json:"rights"`
}

func (w wireUser) user(at Address) User {
	return User{
		ID: w.ID, Name: w.Name, AmojoID: w.AmojoID, Avatar: w.avatar(at),
		IsAdmin: w.Rights.IsAdmin, IsActive: w.Rights.IsActive == nil || *w.Rights.IsActive,
	}
}

// maxAvatar is the longest address that is taken.
const maxAvatar = 2048

// avatar joins a path to the account's own address. Anything that is no address is
// none: a picture is not worth the list of users.
func (w wireUser) avatar(at Address) string {
	var text string
	if json.Unmarshal(w.Avatar, &text) != nil || text == "" || len(text) > maxAvatar {
		return ""
	}
	base, err := url.Parse(at.Base())
	if err != nil {
		return ""
	}
	u, err := base.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return u.String()
}

const usersPath = "/api/v4/users"

// User reads one user of the account; the token must be an administrator's.
func (c *Client) User(ctx context.Context, at Address, access string, id chatid.CRMUserID) (User, error) {
	const op = "read user"
	w, err := one[wireUser](ctx, c, at, access, get(op, below(usersPath, id), "amojo_id"))
	if err != nil {
		return User{}, err
	}
	if w.ID != id {
		return User{}, errEmpty(op, "user of that id")
	}
	return w.user(at), nil
}

// Users lists the users of the account, MaxPage at a time, from page 1; the
// token must be an administrator's. more tells whether a further page follows.
func (c *Client) Users(ctx context.Context, at Address, access string, page int) (users []User, more bool, err error) {
	items, more, err := list[wireUser](ctx, c, at, access, "users", get("list users", usersPath, "amojo_id").page(page, MaxPage))
	users, err = convert(items, err, func(w wireUser) User { return w.user(at) })
	return users, more, err
}
