package httpapi

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/team"
)

// The console at its own address: a person signs in with a Leadline login and finds
// the accounts of the team. The pages of an account take this session as they take
// that of the CRM's user.

// loginCookie holds the secret of a session. Browsers take the prefix on hosts of
// this machine without TLS too.
const loginCookie = "__Host-leadline_login"

// ownRoutes are the pages that belong to no account. Their names cannot be ids.
func (s *Server) ownRoutes(r *gin.Engine) {
	r.GET(consoleRoot+"/session", s.limited(perAddress), s.ownPlace, s.consoleAlive)

	open := r.Group(consoleRoot, s.asPage, s.ownPlace, s.limited(perAddress), s.bodyLimit(maxWidgetBytes))
	open.GET("", s.ownHome)
	open.POST("", s.ownSignIn)
	s.joinRoutes(r, open)

	p := r.Group(consoleRoot, s.asPage, s.ownPlace, s.limited(perAddress), s.consoleSession)
	f := p.Group("", s.bodyLimit(maxConsoleBytes), s.consoleForm)
	f.POST("/sign-out", s.ownSignOut)
	s.teamRoutes(p, f)
	s.connectRoutes(p, f)
}

// ownPlace is the place of pages without an account.
func (s *Server) ownPlace(c *gin.Context) {
	s.consoleHeaders(c)
	c.Set(keyPlace, &place{root: consoleRoot})
}

// asLogin looks who is signed in with a Leadline login. false without an error is
// somebody who may not see this account: that of another team.
func (s *Server) asLogin(c *gin.Context, p *place) (bool, error) {
	cookie, err := c.Request.Cookie(loginCookie)
	if err != nil {
		return false, fault.New(fault.Unauthenticated, "session_over")
	}
	session, u, err := s.Teams.Session(c.Request.Context(), cookie.Value)
	if err != nil {
		return false, err
	}
	if p.account.ID != "" && p.account.Team != u.Team {
		return false, nil
	}
	p.session = session.Hash
	p.login, p.left = u, session.EndsAt().Sub(s.Now())
	p.who = auth.Console{Account: p.account.ID, Host: p.account.Host, Login: u.ID, Admin: u.CanConnect(), Locale: u.Locale}
	c.Set(keyLanguage, u.Locale)
	return true, nil
}

type signInBody struct {
	// Next is the page to go to, Login what was typed.
	Next, Login string
	// Wrong says why it was refused.
	Wrong string
	// SignUp tells that people may make logins by themselves.
	SignUp bool
}

// ownHome lists the accounts of who is signed in; others may sign in here.
func (s *Server) ownHome(c *gin.Context) {
	switch err := s.signedIn(c, placeOf(c)); {
	case err == nil:
		s.ownAccounts(c)
	case fault.Is(err, fault.Unauthenticated):
		s.showSignIn(c, http.StatusOK, signInBody{Next: localPage(c.Query("next"))})
	default:
		s.fail(c, err)
	}
}

func (s *Server) showSignIn(c *gin.Context, status int, body signInBody) {
	body.SignUp = s.SignUpAllowed
	s.consoleRender(c, status, "signin", func(v *consoleView) { v.Title, v.Body = s.text(c, "team.signin.title", nil), body })
}

// localPage is a page of the console that may stand in an address, or "".
func localPage(next string) string {
	u, err := url.Parse(next)
	if err != nil || len(next) > 512 || u.Scheme != "" || u.Host != "" || u.User != nil || strings.Contains(next, `\`) ||
		path.Clean(u.Path) != u.Path || u.Path != consoleRoot && !strings.HasPrefix(u.Path, consoleRoot+"/") {
		return ""
	}
	return next
}

// ownSignIn checks a login. Unknown logins and wrong passwords get the same answer
// after the same work.
func (s *Server) ownSignIn(c *gin.Context) {
	if !s.formFromHere(c) {
		return
	}
	form := c.Request.PostForm
	login, next := form.Get("login"), localPage(form.Get("next"))
	if len(login) > 254 {
		s.fail(c, fault.New(fault.Invalid, "invalid_request"))
		return
	}
	if !s.spend(c, perSignInAddress, s.clientAddress(c)) || !s.spend(c, perLogin, team.Normal(login)) {
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	u, err := s.Teams.SignIn(ctx, login, form.Get("password"))
	var secret string
	if err == nil {
		secret, err = s.Teams.Begin(ctx, u)
	}
	if err != nil {
		if statusOf(err) == http.StatusInternalServerError {
			s.fail(c, err)
			return
		}
		_, body := s.explain(c, err)
		s.showSignIn(c, statusOf(err), signInBody{Next: next, Login: login, Wrong: body.Error.Message})
		return
	}
	s.endSession(c) // that of somebody who was here before
	s.setLogin(c, secret, int(team.SessionLife.Seconds()))
	if next == "" {
		next = consoleRoot
	}
	c.Redirect(http.StatusSeeOther, next)
}

// formFromHere reads a form of ours that nobody is signed in for: its Origin is the
// proof against forged ones.
func (s *Server) formFromHere(c *gin.Context) bool {
	if !s.fromHere(c) {
		s.fail(c, fault.New(fault.Denied, "form_expired"))
		return false
	}
	if err := c.Request.ParseForm(); err != nil {
		if !isTooLarge(err) {
			err = fault.Wrap(fault.Invalid, "invalid_request", err)
		}
		s.fail(c, err)
		return false
	}
	return true
}

func (s *Server) setLogin(c *gin.Context, secret string, age int) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: loginCookie, Value: secret, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// endSession ends the session that the browser has, if it has one.
func (s *Server) endSession(c *gin.Context) {
	cookie, err := c.Request.Cookie(loginCookie)
	if err != nil {
		return
	}
	if err := s.Teams.End(c.Request.Context(), cookie.Value); err != nil {
		s.Logger.Error("end a console session", "request_id", requestID(c), "error", err)
	}
}

func (s *Server) ownSignOut(c *gin.Context) {
	s.endSession(c)
	s.setLogin(c, "", -1)
	c.Redirect(http.StatusSeeOther, consoleRoot)
}

type accountLine struct {
	Name, Host, Page string
	// Health is the key of what is said about the connection.
	Health string
	Good   bool
}

type accountsBody struct {
	Accounts []accountLine
	// Coming are those that are being connected, or could not be; Waits tells that
	// there is one of the former.
	Coming []comingLine
	Waits  bool
}

type comingLine struct {
	Host string
	// Refused is the key of the reason why it was not connected, "" while it is waited for.
	Refused string
	// Product and CRMID name one that may be asked for; Until is when it comes, where it
	// was asked for.
	Product string
	CRMID   chatid.CRMAccountID
	Asked   bool
	Until   moment
}

// ownAccounts lists the team's accounts and how they are.
func (s *Server) ownAccounts(c *gin.Context) {
	ctx, cancel := consoleContext(c)
	defer cancel()
	list, err := s.Accounts.OfTeam(ctx, placeOf(c).login.Team)
	if err != nil {
		s.fail(c, err)
		return
	}
	lines := make([]accountLine, 0, len(list))
	for _, a := range list {
		at := place{account: a, root: consoleRoot + "/" + string(a.ID), product: s.Products[a.Product]}
		v, err := s.Accounts.Status(ctx, a.Product, a.CRMID, "")
		if err != nil {
			s.fail(c, err)
			return
		}
		l := accountLine{Name: at.name(), Host: a.Host, Page: at.root, Good: v.State == "connected"}
		l.Health, _, _ = s.health(&at, v)
		lines = append(lines, l)
	}
	body := accountsBody{Accounts: lines}
	coming, err := s.Accounts.Coming(ctx, placeOf(c).login.Team)
	if err != nil {
		s.fail(c, err)
		return
	}
	for _, one := range coming {
		line := comingLine{Host: one.Host}
		if one.Refused != "" {
			line.Refused = "team.coming." + one.Refused
		}
		if one.Proven {
			line.Product, line.CRMID, line.Asked, line.Until = one.Product, one.CRMID, !one.AskedUntil.IsZero(), moment{one.AskedUntil}
		}
		body.Coming, body.Waits = append(body.Coming, line), body.Waits || one.Refused == ""
	}
	s.consoleRender(c, http.StatusOK, "accounts", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "team.accounts.title", nil), body
		s.outcome(c, v, nil)
	})
}
