package httpapi

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/i18n"
	"leadline/backend/team"
)

// The team: who belongs to it, who is invited, what was changed; and what everybody
// may change of the own login.

func (s *Server) teamRoutes(p, f *gin.RouterGroup) {
	p.GET("/team", s.teamPage)
	p.GET("/team/activity", s.teamActivity)
	p.GET("/profile", s.profilePage)
	f.POST("/profile/password", s.profilePassword)
	f.POST("/profile/language", s.profileLanguage)
	w := f.Group("", s.consoleWrite)
	w.POST("/team/invite", s.teamInvite)
	w.POST("/team/invites/:invite/revoke", s.teamRevoke)
	w.POST("/team/members/:member/role", s.teamRole)
	w.POST("/team/members/:member/remove", s.teamRemove)
}

// roles in the order in which they are offered.
var roles = []team.Role{team.Viewer, team.Admin, team.Owner}

type teamBody struct {
	Members []memberRow
	Invites []inviteRow
	// Roles are those that the reader may give.
	Roles []team.Role
	// Email and Role are what was typed into the form, EmailError what is wrong with it.
	Email, EmailError string
	Role              team.Role
}

type memberRow struct {
	ID, Email string
	Role      team.Role
	You       bool
	// Managed tells that the reader may change them.
	Managed bool
}

type inviteRow struct {
	ID, Email, By string
	Role          team.Role
	Until         moment
	Managed       bool
}

func (s *Server) teamPage(c *gin.Context) {
	s.showTeam(c, http.StatusOK, nil, teamBody{Role: team.Viewer})
}

// showTeam draws the team's page; failed is what stood in the way of an act.
func (s *Server) showTeam(c *gin.Context, status int, failed error, body teamBody) {
	me := placeOf(c).login
	ctx, cancel := consoleContext(c)
	defer cancel()
	members, err := s.Teams.Members(ctx, me.Team)
	var invites []team.Invite
	if err == nil {
		invites, err = s.Teams.Invites(ctx, me.Team)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	for _, u := range members {
		body.Members = append(body.Members, memberRow{ID: string(u.ID), Email: u.Email, Role: u.Role, You: u.ID == me.ID, Managed: me.Manages(u.Role)})
	}
	for _, i := range invites {
		body.Invites = append(body.Invites, inviteRow{ID: i.ID, Email: i.Email, By: i.InvitedBy, Role: i.Role, Until: moment{i.EndsAt()}, Managed: me.Manages(i.Role)})
	}
	for _, r := range roles {
		if me.Manages(r) {
			body.Roles = append(body.Roles, r)
		}
	}
	s.consoleRender(c, status, "team", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "team.members.title", nil), body
		s.outcome(c, v, failed)
	})
}

// teamAct does something to the team, with its line in the log, and shows the page.
func (s *Server) teamAct(c *gin.Context, act console.Act, subject string, body teamBody, do func(context.Context, team.User) error) {
	p := placeOf(c)
	ctx, cancel := consoleContext(c)
	defer cancel()
	err := s.Console.Do(ctx, p.entry(act, subject), func(ctx context.Context) error { return do(ctx, p.login) })
	if err != nil {
		if fault.CodeOf(err) == "invalid_email" {
			body.EmailError = s.text(c, "error.invalid_email", nil)
			s.showTeam(c, statusOf(err), nil, body)
			return
		}
		s.showTeam(c, statusOf(err), err, body)
		return
	}
	c.Redirect(http.StatusSeeOther, consoleRoot+"/team?done="+string(act))
}

func (s *Server) teamInvite(c *gin.Context) {
	p := placeOf(c)
	email, role := c.Request.PostForm.Get("email"), team.Role(c.Request.PostForm.Get("role"))
	if !role.Known() || len(email) > 254 {
		s.fail(c, fault.New(fault.Invalid, "invalid_request"))
		return
	}
	body := teamBody{Email: email, Role: role}
	if team.CheckEmail(email) == nil { // each sends a mail to somebody who did not ask
		if !s.spend(c, perInviter, string(p.login.Team)) || !s.spend(c, perInvited, team.Normal(email)) {
			return
		}
	}
	s.teamAct(c, console.Invite, team.Normal(email)+": "+string(role), body, func(ctx context.Context, me team.User) error {
		return s.Teams.Invite(ctx, me, email, role, s.language(c))
	})
}

// language is that of the page.
func (s *Server) language(c *gin.Context) string {
	return s.Texts.Localizer(c.GetHeader("Accept-Language"), c.GetString(keyLanguage)).Language()
}

func (s *Server) teamRevoke(c *gin.Context) {
	p := placeOf(c)
	list, err := s.Teams.Invites(c.Request.Context(), p.login.Team)
	if err != nil {
		s.fail(c, err)
		return
	}
	n := slices.IndexFunc(list, func(i team.Invite) bool { return i.ID == c.Param("invite") })
	if n < 0 {
		s.fail(c, fault.New(fault.NotFound, "not_found"))
		return
	}
	s.teamAct(c, console.Revoke, list[n].Email, teamBody{Role: team.Viewer}, func(ctx context.Context, me team.User) error {
		return s.Teams.Revoke(ctx, me, list[n].ID)
	})
}

// memberOf finds the member of the path in the reader's team.
func (s *Server) memberOf(c *gin.Context) (team.User, bool) {
	u, err := s.Teams.Member(c.Request.Context(), placeOf(c).login.Team, chatid.UserID(c.Param("member")))
	if err != nil {
		s.fail(c, err)
	}
	return u, err == nil
}

func (s *Server) teamRole(c *gin.Context) {
	u, ok := s.memberOf(c)
	if !ok {
		return
	}
	role := team.Role(c.Request.PostForm.Get("role"))
	if !role.Known() {
		s.fail(c, fault.New(fault.Invalid, "invalid_request"))
		return
	}
	s.teamAct(c, console.SetRole, u.Email+": "+string(u.Role)+" → "+string(role), teamBody{Role: team.Viewer}, func(ctx context.Context, me team.User) error {
		return s.Teams.SetRole(ctx, me, u.ID, role)
	})
}

func (s *Server) teamRemove(c *gin.Context) {
	u, ok := s.memberOf(c)
	if !ok {
		return
	}
	s.teamAct(c, console.RemoveMember, u.Email, teamBody{Role: team.Viewer}, func(ctx context.Context, me team.User) error {
		return s.Teams.Remove(ctx, me, u.ID)
	})
}

func (s *Server) teamActivity(c *gin.Context) {
	p := placeOf(c)
	s.showLog(c, consoleRoot+"/team/activity", func(ctx context.Context, before string) ([]console.Entry, bool, error) {
		return s.Console.TeamLog(ctx, p.login.Team, before, activityPage)
	})
}

type profileBody struct {
	Language  string
	Languages map[string]string // names by language
	// Old and New are what is wrong with the passwords.
	Old, New string
	Min      int
}

func (s *Server) profilePage(c *gin.Context) { s.showProfile(c, http.StatusOK, nil) }

func (s *Server) showProfile(c *gin.Context, status int, failed error) {
	body := profileBody{Language: placeOf(c).login.Locale, Languages: i18n.Names, Min: team.MinPasswordRunes}
	if code := fault.CodeOf(failed); code == "wrong_password" || code == "weak_password" {
		_, told := s.explain(c, failed)
		if failed = nil; code == "wrong_password" {
			body.Old = told.Error.Message
		} else {
			body.New = told.Error.Message
		}
	}
	s.consoleRender(c, status, "profile", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "team.profile.title", nil), body
		s.outcome(c, v, failed)
	})
}

func (s *Server) profilePassword(c *gin.Context) {
	p, form := placeOf(c), c.Request.PostForm
	if !s.spend(c, perLogin, p.login.Email) {
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	var secret string
	err := s.Console.Do(ctx, p.entry(console.ChangePassword, ""), func(ctx context.Context) error {
		u, err := s.Teams.ChangePassword(ctx, p.login, form.Get("old"), form.Get("password"))
		if err == nil {
			secret, err = s.Teams.Begin(ctx, u) // this browser's session ended with the others
		}
		return err
	})
	if err != nil {
		s.showProfile(c, statusOf(err), err)
		return
	}
	s.setLogin(c, secret, int(team.SessionLife.Seconds()))
	c.Redirect(http.StatusSeeOther, consoleRoot+"/profile?done="+string(console.ChangePassword))
}

func (s *Server) profileLanguage(c *gin.Context) {
	p, language := placeOf(c), c.Request.PostForm.Get("language")
	if language != "" && !slices.Contains(i18n.Languages, language) {
		s.fail(c, fault.New(fault.Invalid, "invalid_request"))
		return
	}
	if err := s.Teams.SetLocale(c.Request.Context(), p.login, language); err != nil {
		s.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, consoleRoot+"/profile?done="+string(console.SetLanguage))
}
