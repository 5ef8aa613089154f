package httpapi

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/fault"
	"leadline/backend/team"
)

// The few pages of the app host for people who follow a link. No inline script
// or style, no other host, nothing to frame.

//go:embed pages/page.html
var pageHTML string

//go:embed pages/page.css
var pageCSS []byte

//go:embed pages/link.js
var linkJS []byte

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// pageCSP is strict; mailed links need a script of our own and a form to us.
const pageCSP = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

type pageView struct {
	Lang, Title, Text string
	Form              *pageForm
	// Close tells that nothing more is to be done here.
	Close string
	// Console are the words of a link to the console, where that is where to go on.
	Console string
}

// pageForm posts the token of the address's fragment to Action.
type pageForm struct {
	Action, Button string
	// Token is "" while it stands in the fragment.
	Token string
	// NeedsScript stands in the form's place where the fragment cannot be read.
	NeedsScript string
	Password    *passwordField
}

type passwordField struct {
	Label, Hint, Show, Error string
	MinRunes                 int
}

// page shows one sentence with a title: the texts key.title and key.text. The
// pages of OAuth stand in a tab of their own, which may be closed then.
func (s *Server) page(c *gin.Context, status int, key string) {
	v := pageView{Title: s.text(c, key+".title", nil), Text: s.text(c, key+".text", nil)}
	if strings.HasPrefix(key, "oauth.") {
		v.Close = s.text(c, "oauth.close", nil)
	}
	switch key {
	case "verify.ok", "reset.ok", "team.join.ok":
		v.Console = s.text(c, "team.page.console", nil)
	}
	s.render(c, status, v)
}

func (s *Server) render(c *gin.Context, status int, v pageView) {
	v.Lang = s.Texts.Match(c.GetHeader("Accept-Language"))
	var buf bytes.Buffer
	if err := pageTemplate.Execute(&buf, v); err != nil {
		s.fail(c, err)
		return
	}
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", pageCSP)
	h.Set("Cache-Control", "no-store")
	c.Data(status, "text/html; charset=utf-8", buf.Bytes())
}

// verifyPage asks for one click; the token stands in the fragment, which no
// server and no log sees, and mail scanners that only fetch links spend nothing.
func (s *Server) verifyPage(c *gin.Context) {
	s.render(c, http.StatusOK, pageView{
		Title: s.text(c, "verify.title", nil), Text: s.text(c, "verify.text", nil),
		Form: &pageForm{Action: "/verify-email", Button: s.text(c, "verify.button", nil), NeedsScript: s.text(c, "link.script_needed", nil)},
	})
}

func (s *Server) verifyEmail(c *gin.Context) {
	key, status := "verify.ok", http.StatusOK
	if err := s.Teams.Verify(c.Request.Context(), c.PostForm("token")); err != nil {
		s.Logger.Warn("e-mail address not verified", "request_id", requestID(c), "error", err)
		key, status = "verify.failed", http.StatusUnprocessableEntity
	}
	s.page(c, status, key)
}

func (s *Server) resetPage(c *gin.Context) { s.renderReset(c, http.StatusOK, "", nil) }

// renderReset asks for a new password; again, with the token that came and what
// is wrong, after a password that will not do.
func (s *Server) renderReset(c *gin.Context, status int, token string, weak error) {
	least := map[string]any{"Min": team.MinPasswordRunes}
	field := passwordField{
		Label: s.text(c, "reset.password", nil), Hint: s.text(c, "reset.hint", least), Show: s.text(c, "reset.show", nil), MinRunes: team.MinPasswordRunes,
	}
	if weak != nil {
		_, body := s.explain(c, weak)
		field.Error = body.Error.Message
	}
	s.render(c, status, pageView{
		Title: s.text(c, "reset.title", nil), Text: s.text(c, "reset.text", nil),
		Form: &pageForm{
			Action: "/reset-password", Token: token, Button: s.text(c, "reset.button", nil),
			NeedsScript: s.text(c, "link.script_needed", nil), Password: &field,
		},
	})
}

func (s *Server) resetPassword(c *gin.Context) {
	token := c.PostForm("token")
	err := s.Teams.Reset(c.Request.Context(), token, c.PostForm("password"))
	switch {
	case err == nil:
		s.page(c, http.StatusOK, "reset.ok")
	case fault.CodeOf(err) == "weak_password":
		s.renderReset(c, http.StatusUnprocessableEntity, token, err)
	case fault.CodeOf(err) == "token_invalid":
		s.Logger.Warn("password not reset", "request_id", requestID(c), "error", err)
		s.page(c, http.StatusUnprocessableEntity, "reset.failed")
	default:
		s.fail(c, err)
	}
}

func (s *Server) pageStyle(c *gin.Context) {
	c.Header("Cache-Control", "public, max-age=600")
	c.Data(http.StatusOK, "text/css; charset=utf-8", pageCSS)
}

func (s *Server) linkScript(c *gin.Context) {
	c.Header("Cache-Control", "public, max-age=600")
	c.Data(http.StatusOK, "text/javascript; charset=utf-8", linkJS)
}
