package store

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/team"
)

func (w *world) newUser(t *testing.T, id, of string, r team.Role) team.User {
	t.Helper()
	u := team.User{ID: chatid.UserID(id), Team: chatid.TeamID(of), Email: id + "@example.org", Role: r, PasswordHash: "#" + id, VerifiedAt: w.now, CreatedAt: w.now}
	must(t, w.Teams().CreateUser(testContext, u))
	return u
}

func isCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// A session is there for a password, and ends with it.
func TestUserSessions(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Teams()
		u := w.newUser(t, "u1", "t1", team.Owner)
		one := team.Session{Hash: "h1", User: u.ID, CreatedAt: w.now, SeenAt: w.now}
		isCode(t, "begun with a former password", s.AddSession(testContext, one, "#old", w.now.Add(-time.Hour)), "not_found")
		must(t, s.AddSession(testContext, one, u.PasswordHash, w.now.Add(-time.Hour)))
		must(t, s.SeeSession(testContext, "h1", w.now.Add(time.Minute)))
		got, who, err := s.Session(testContext, "h1")
		must(t, err)
		one.SeenAt = w.now.Add(time.Minute)
		equal(t, "session", got, one)
		equal(t, "whose", who, u)
		for what, change := range map[string]func() error{
			"reset":    func() error { return s.ReplacePassword(testContext, u.ID, "#u1", "#2", w.now) },
			"sign-up":  func() error { return s.SetPassword(testContext, u.Email, "#2") },
			"sign-out": func() error { return s.DropSession(testContext, "h1") },
			"age": func() error {
				other := team.Session{Hash: "h2", User: u.ID, CreatedAt: w.now, SeenAt: w.now}
				return s.AddSession(testContext, other, "#u1", w.now.Add(time.Second))
			},
		} {
			must(t, change())
			_, _, err := s.Session(testContext, "h1")
			isCode(t, "after "+what, err, "not_found")
			must(t, s.SetPassword(testContext, u.Email, "#u1"))
			must(t, s.AddSession(testContext, one, "#u1", w.now.Add(-time.Hour)))
		}
	})
}

// A team keeps an owner, whoever changes it at the same time, and knows its own users only.
func TestMembers(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Teams()
		w.newUser(t, "a", "t1", team.Owner)
		w.newUser(t, "b", "t1", team.Owner)
		w.newUser(t, "c", "t1", team.Viewer)
		w.newUser(t, "z", "t2", team.Owner)
		var g errgroup.Group
		refused := make(chan error, 4)
		for _, id := range []chatid.UserID{"a", "b"} { // each would leave the other
			g.Go(func() error {
				refused <- s.SetRole(testContext, "t1", id, team.Admin)
				refused <- s.RemoveMember(testContext, "t1", id)
				return nil
			})
		}
		must(t, g.Wait())
		close(refused)
		owners := 0
		list, err := s.Members(testContext, "t1")
		must(t, err)
		for _, u := range list {
			if u.Role == team.Owner {
				owners++
			}
		}
		equal(t, "owners left", owners, 1)
		for err := range refused {
			if err != nil {
				isCode(t, "refused", err, "last_owner")
			}
		}
		isCode(t, "another team's", s.SetRole(testContext, "t1", "z", team.Viewer), "not_found")
		isCode(t, "another team's", s.RemoveMember(testContext, "t1", "z"), "not_found")
		isCode(t, "the last", s.RemoveMember(testContext, "t2", "z"), "last_owner")
		must(t, s.AddSession(testContext, team.Session{Hash: "h", User: "c", CreatedAt: w.now, SeenAt: w.now}, "#c", w.now.Add(-time.Hour)))
		must(t, s.RemoveMember(testContext, "t1", "c"))
		_, _, err = s.Session(testContext, "h")
		isCode(t, "the session of who was removed", err, "not_found")
		must(t, s.SetLocale(testContext, "z", "pt"))
		u, err := s.User(testContext, "z")
		must(t, err)
		equal(t, "language", u.Locale, "pt")
	})
}

// An invitation is used once; who has a team that is in use stays there.
func TestInvites(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Teams()
		w.newUser(t, "a", "t1", team.Owner)
		invite := func(id, email string) team.Invite {
			t.Helper()
			i := team.Invite{ID: w.id(), Team: "t1", Email: email, Role: team.Admin, Hash: id, InvitedBy: "a@example.org", CreatedAt: w.now}
			must(t, s.SaveInvite(testContext, i))
			return i
		}
		invite("h1", "new@example.org")
		i := invite("h2", "new@example.org")
		_, err := s.InviteByHash(testContext, "h1")
		isCode(t, "the link of an earlier one", err, "not_found")
		got, err := s.InviteByHash(testContext, "h2")
		must(t, err)
		equal(t, "invitation", got, i)
		list, err := s.Invites(testContext, "t1")
		must(t, err)
		equal(t, "invitations", len(list), 1)
		isCode(t, "dropped by another team", s.DropInvite(testContext, "t2", i.ID), "not_found")

		fresh := team.User{ID: "n", Team: "t1", Email: "new@example.org", Role: team.Admin, PasswordHash: "#n", VerifiedAt: w.now, CreatedAt: w.now}
		must(t, s.Join(testContext, i.ID, fresh))
		u, err := s.User(testContext, "n")
		must(t, err)
		equal(t, "joined", u, fresh)
		isCode(t, "used twice", s.Join(testContext, i.ID, fresh), "not_found")

		// Somebody with a login of an own, empty team.
		lone := w.newUser(t, "lone", "t3", team.Owner)
		lone.Team, lone.Role = "t1", team.Viewer
		must(t, s.Join(testContext, invite("h3", lone.Email).ID, lone))
		u, err = s.User(testContext, "lone")
		must(t, err)
		equal(t, "moved", u, lone)

		// A team with another user, with an account, with a sign-in that waits.
		for n, fill := range []func(of string) error{
			func(of string) error { w.newUser(t, "second", of, team.Viewer); return nil },
			func(of string) error {
				id := w.newAccount(t, 77)
				return w.Accounts().SetConnected(testContext, id, chatid.TeamID(of), "x", "amojo-77", "scope-77", w.now)
			},
			func(of string) error {
				return w.Accounts().SaveClaim(testContext, account.Claim{Product: "amocrm", CRMID: 78, Team: chatid.TeamID(of), CreatedAt: w.now})
			},
		} {
			name := string(rune('p' + n))
			u := w.newUser(t, name, "team-"+name, team.Owner)
			must(t, fill("team-"+name))
			i := invite("h-"+name, u.Email)
			u.Team = "t1"
			isCode(t, "a team in use", s.Join(testContext, i.ID, u), "other_team")
			if _, err := s.InviteByHash(testContext, i.Hash); err != nil {
				t.Error("a refused one is used up:", errors.Unwrap(err))
			}
		}
	})
}

// A team's log is its own.
func TestTeamLog(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.newUser(t, "a", "t1", team.Owner)
		w.newUser(t, "b", "t2", team.Owner)
		c := w.Console()
		e := entryOf(w.id(), "t1")
		e.At = w.now
		must(t, c.AddEntry(testContext, e))
		must(t, c.AddEntry(testContext, entryOf(w.id(), "t2")))
		e.Outcome = "done"
		must(t, c.SetOutcome(testContext, e))
		list, err := c.TeamEntries(testContext, "t1", "", 10)
		must(t, err)
		equal(t, "lines", len(list), 1)
		equal(t, "line", list[0], e)
		list, err = c.TeamEntries(testContext, "t1", e.ID, 10)
		must(t, err)
		equal(t, "lines before it", len(list), 0)
	})
}

func entryOf(id string, of chatid.TeamID) console.Entry {
	return console.Entry{ID: id, Team: of, User: "a", Login: "a@example.org", Act: console.Invite, Subject: "b@example.org: viewer"}
}
