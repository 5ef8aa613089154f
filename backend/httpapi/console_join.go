package httpapi

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/team"
)

// How people come to a login without the widget: they sign up, are invited, or have
// forgotten the password of the one that they have.

func (s *Server) joinRoutes(r *gin.Engine, open *gin.RouterGroup) {
	open.GET("/sign-up", s.signUpPage)
	open.POST("/sign-up", s.signUp)
	open.GET("/forgotten", s.forgottenPage)
	open.POST("/forgotten", s.forgotten)
	r.GET("/join", s.joinPage)
	r.POST("/join", s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.join)
}

type signUpView struct {
	Email                string
	EmailError, Password string
	Min                  int
}

func (s *Server) signUpPage(c *gin.Context) {
	if !s.SignUpAllowed {
		s.fail(c, fault.New(fault.NotFound, "not_found"))
		return
	}
	s.showSignUp(c, http.StatusOK, signUpView{})
}

func (s *Server) showSignUp(c *gin.Context, status int, body signUpView) {
	body.Min = team.MinPasswordRunes
	s.consoleRender(c, status, "signup", func(v *consoleView) { v.Title, v.Body = s.text(c, "team.signup.title", nil), body })
}

// signUp answers alike whether the address has a login or not.
func (s *Server) signUp(c *gin.Context) {
	if !s.formFromHere(c) {
		return
	}
	if !s.SignUpAllowed {
		s.fail(c, fault.New(fault.Denied, "signup_closed"))
		return
	}
	email, password := c.Request.PostForm.Get("email"), c.Request.PostForm.Get("password")
	if err := team.CheckSignUp(email, password); err != nil {
		_, told := s.explain(c, err)
		body := signUpView{Email: email}
		if fault.CodeOf(err) == "weak_password" {
			body.Password = told.Error.Message
		} else {
			body.EmailError = told.Error.Message
		}
		s.showSignUp(c, statusOf(err), body)
		return
	}
	// Each sign-up sends a mail to an address that somebody typed.
	if !s.spend(c, perSignUpAddress, s.clientAddress(c)) || !s.spend(c, perLogin, "up "+team.Normal(email)) {
		return
	}
	if err := s.Teams.SignUp(c.Request.Context(), email, password, s.language(c)); err != nil {
		s.fail(c, err)
		return
	}
	s.consoleSay(c, http.StatusAccepted, "team.signup.sent")
}

func (s *Server) forgottenPage(c *gin.Context) { s.showForgotten(c, http.StatusOK, "", "") }

func (s *Server) showForgotten(c *gin.Context, status int, email, wrong string) {
	s.consoleRender(c, status, "forgotten", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "team.forgotten.title", nil), signUpView{Email: email, EmailError: wrong}
	})
}

// forgotten answers every address alike: whether it is known must not be readable.
func (s *Server) forgotten(c *gin.Context) {
	if !s.formFromHere(c) {
		return
	}
	email := c.Request.PostForm.Get("email")
	if err := team.CheckEmail(email); err != nil {
		_, told := s.explain(c, err)
		s.showForgotten(c, statusOf(err), email, told.Error.Message)
		return
	}
	if !s.spend(c, perResetAddress, s.clientAddress(c)) || !s.spend(c, perResetLogin, team.Normal(email)) {
		return
	}
	if err := s.Teams.Forgotten(c.Request.Context(), email, s.language(c)); err != nil {
		s.fail(c, err)
		return
	}
	s.consoleSay(c, http.StatusAccepted, "team.forgotten.sent")
}

// joinPage asks for a password; the invitation's token stands in the fragment.
func (s *Server) joinPage(c *gin.Context) { s.renderJoin(c, http.StatusOK, "", nil) }

func (s *Server) renderJoin(c *gin.Context, status int, token string, wrong error) {
	field := passwordField{
		Label: s.text(c, "team.join.password", nil), Hint: s.text(c, "team.join.hint", map[string]any{"Min": team.MinPasswordRunes}),
		Show: s.text(c, "reset.show", nil), MinRunes: team.MinPasswordRunes,
	}
	if wrong != nil {
		_, told := s.explain(c, wrong)
		field.Error = told.Error.Message
	}
	s.render(c, status, pageView{
		Title: s.text(c, "team.join.title", nil), Text: s.text(c, "team.join.text", nil),
		Form: &pageForm{
			Action: "/join", Token: token, Button: s.text(c, "team.join.button", nil),
			NeedsScript: s.text(c, "link.script_needed", nil), Password: &field,
		},
	})
}

// join makes who holds an invitation's link a member of its team.
func (s *Server) join(c *gin.Context) {
	token := c.PostForm("token")
	// The link is half of what it takes; of the other half few guesses are allowed.
	if !s.spend(c, perLogin, "join "+strings.ToLower(token[:min(len(token), 64)])) {
		return
	}
	u, err := s.Teams.Accept(c.Request.Context(), token, c.PostForm("password"))
	switch code := fault.CodeOf(err); {
	case err == nil:
		entry := console.Entry{Team: u.Team, User: u.ID, Login: u.Email, Act: console.Join, Subject: string(u.Role)}
		if err := s.Console.Note(c.Request.Context(), entry); err != nil {
			s.Logger.Error("note who joined a team", "request_id", requestID(c), "error", err)
		}
		s.page(c, http.StatusOK, "team.join.ok")
	case code == "weak_password", code == "wrong_credentials", code == "other_team":
		s.renderJoin(c, statusOf(err), token, err)
	case code == "token_invalid":
		s.Logger.Warn("invitation not accepted", "request_id", requestID(c), "error", err)
		s.page(c, http.StatusUnprocessableEntity, "team.join.failed")
	default:
		s.fail(c, err)
	}
}
