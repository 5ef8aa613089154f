package httpapi

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// The few pages of the app host for people who follow a link. No inline script
// or style, no other host, nothing to frame.

//go:embed pages/page.html
var pageHTML string

//go:embed pages/page.css
var pageCSS []byte

//go:embed pages/verify.js
var verifyJS []byte

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// pageCSP is strict; verifying needs a script of our own and a form to us.
const pageCSP = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

type pageView struct {
	Lang, Title, Text string
	// Confirm draws the form that posts the token of the address's fragment;
	// NeedsScript stands in its place where the fragment cannot be read.
	Confirm, NeedsScript string
	// Close tells that nothing more is to be done here.
	Close string
}

// page shows one sentence with a title: the texts key.title and key.text. The
// pages of OAuth stand in a tab of their own, which may be closed then.
func (s *Server) page(c *gin.Context, status int, key string) {
	v := pageView{Title: s.text(c, key+".title", nil), Text: s.text(c, key+".text", nil)}
	if strings.HasPrefix(key, "oauth.") {
		v.Close = s.text(c, "oauth.close", nil)
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
		Title: s.text(c, "verify.title", nil), Text: s.text(c, "verify.text", nil), Confirm: s.text(c, "verify.button", nil),
		NeedsScript: s.text(c, "verify.script_needed", nil),
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

func (s *Server) pageStyle(c *gin.Context) {
	c.Header("Cache-Control", "public, max-age=600")
	c.Data(http.StatusOK, "text/css; charset=utf-8", pageCSS)
}

func (s *Server) verifyScript(c *gin.Context) {
	c.Header("Cache-Control", "public, max-age=600")
	c.Data(http.StatusOK, "text/javascript; charset=utf-8", verifyJS)
}
