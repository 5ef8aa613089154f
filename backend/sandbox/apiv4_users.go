package sandbox

import (
	"net/http"
	"strconv"
)

// userModel is a user as API v4 shows him; amojo_id only when asked for (C §6).
func (a *apiCall) userModel(u User, withoutAmojo bool) map[string]any {
	out := map[string]any{
		"id": u.ID, "name": u.Name, "email": u.Login, "lang": u.Language,
		"rights": map[string]any{"is_admin": u.Admin, "is_free": false, "is_active": true, "group_id": nil, "role_id": nil},
		"_links": a.self("/api/v4/users/" + strconv.FormatInt(u.ID, 10)),
	}
	if avatar, there := a.avatarOf(u); there {
		out["avatar"] = avatar
	}
	if a.with("amojo_id") {
		out["amojo_id"] = u.AmojoID
		if withoutAmojo {
			out["amojo_id"] = nil
		}
	}
	return out
}

func (a *apiCall) users() {
	odd := a.s.Variants().UsersWithoutAmojoID
	list := []map[string]any{}
	for _, u := range a.acc.Users {
		list = append(list, a.userModel(u, odd))
	}
	a.list("users", "users", maxEntities, list)
}

func (a *apiCall) oneUser() {
	u := a.acc.user(a.pathID())
	if u == nil {
		a.problem(http.StatusNotFound, Refused, "users", "no such user")
		return
	}
	a.json(http.StatusOK, halJSON, a.userModel(*u, a.s.Variants().UsersWithoutAmojoID))
}
