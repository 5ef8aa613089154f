package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/account"
	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// The settings console of one CRM account, drawn by the server (ADR 10). The same
// pages stand under embedRoot, in a frame of the CRM's own page, and under
// consoleRoot, in a tab; each has a cookie of its own kind.
const (
	embedRoot   = "/embed"
	consoleRoot = "/console"
)

const (
	keyPlace = "console"
	// keyAsPage tells fail to answer a person, not a program.
	keyAsPage = "as-page"
	// maxConsoleBytes bounds a form: ten host names and a name fit many times.
	maxConsoleBytes = 16 << 10
)

func (s *Server) consoleRoutes(r *gin.Engine) {
	r.GET("/assets/console.css", s.consoleAsset("text/css; charset=utf-8", consoleStyle))
	r.GET("/assets/console.js", s.consoleAsset("text/javascript; charset=utf-8", consoleScript))

	for _, root := range []string{embedRoot, consoleRoot} {
		g := r.Group(root+"/:account", s.limited(perAddress), s.consolePlace)
		g.GET("/session", s.consoleAlive)

		p := r.Group(root+"/:account", s.asPage, s.limited(perAddress), s.consolePlace, s.consoleSession)
		p.GET("", s.consoleOverview)
		p.GET("/chats", s.consoleChats)
		p.GET("/chats/:chat", s.consoleChat)
		p.GET("/activity", s.consoleActivity)
		w := p.Group("", s.bodyLimit(maxConsoleBytes), s.consoleWrite)
		w.POST("/parked/:message/resend", s.consoleResend)
		w.POST("/parked/:message/drop", s.consoleDrop)
		w.POST("/chats/:chat/name", s.consoleRename)
		w.POST("/chats/:chat/sites", s.consoleSites)
	}
	r.POST(embedRoot+"/:account/session", s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.consolePlace, s.consoleBegin)
	r.POST(consoleRoot+"/:account/open", s.asPage, s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.consolePlace, s.consoleOpen)
}

// place is where a request to the console goes, and who sends it.
type place struct {
	embedded bool
	account  account.Account
	product  Product
	// origin is the CRM's page around the frame, "" where it is in no zone of the product.
	origin string
	// root is the path of the overview.
	root string

	// who is set by consoleSession, with how much of the session is left.
	who  auth.Console
	left time.Duration
}

func placeOf(c *gin.Context) *place { return c.MustGet(keyPlace).(*place) }

// asPage makes refusals pages.
func (s *Server) asPage(c *gin.Context) { c.Set(keyAsPage, true) }

// consolePlace finds the account of the path, whose CRM alone may show the page in a
// frame. The path holds our own id of it, which only its users are told.
func (s *Server) consolePlace(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", consoleCSP("'none'"))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // with none at all, forms would come from the origin "null"
	root, _, _ := strings.Cut(c.FullPath(), "/:")
	p := &place{embedded: root == embedRoot, root: root + "/" + c.Param("account")}
	var err error = fault.New(fault.NotFound, "not_found")
	if chatid.Valid(c.Param("account")) {
		p.account, err = s.Accounts.Account(c.Request.Context(), chatid.AccountID(c.Param("account")))
	}
	known := false
	if err == nil {
		if p.product, known = s.Products[p.account.Product]; !known {
			err = fault.New(fault.NotFound, "not_found")
		}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	p.origin, _ = p.product.Verifier.OriginOf(p.account.Host)
	if p.embedded && p.origin != "" {
		h.Set("Content-Security-Policy", consoleCSP(p.origin))
	}
	c.Set(keyPlace, p)
}

// consoleCSP lets a page load what is ours, and stand in frames of ancestors only.
func consoleCSP(ancestors string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors " + ancestors
}

// signedIn reads the session's cookie. Its account must still have the address that
// it had: the renamed one has other pages, which ask anew.
func (s *Server) signedIn(c *gin.Context, p *place) error {
	cookie, err := c.Request.Cookie(p.cookieName())
	if err != nil {
		return fault.New(fault.Unauthenticated, "session_over")
	}
	who, left, err := s.Tokens.ReadConsoleSession(cookie.Value)
	if err == nil && (who.Account != p.account.ID || who.Host != p.account.Host) {
		err = fault.New(fault.Unauthenticated, "session_over")
	}
	if err != nil {
		return err
	}
	p.who, p.left = who, left
	c.Set(keyLanguage, who.Locale)
	return nil
}

// consoleSession lets through who has a session; for others the page's place is
// taken by one that begins a session and comes back.
func (s *Server) consoleSession(c *gin.Context) {
	if err := s.signedIn(c, placeOf(c)); err != nil {
		s.consoleStart(c)
	}
}

// consoleAlive tells the page's script whether the session still is there, before
// it leaves what a person has typed.
func (s *Server) consoleAlive(c *gin.Context) {
	if err := s.signedIn(c, placeOf(c)); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// fromHere tells whether a page of this host sends the request.
func (s *Server) fromHere(c *gin.Context) bool { return c.GetHeader("Origin") == s.AppURL }

// consoleWrite lets through what a form of ours sends for somebody who may write.
func (s *Server) consoleWrite(c *gin.Context) {
	p := placeOf(c)
	err := c.Request.ParseForm()
	if err == nil {
		err = s.Tokens.CheckConsoleForm(c.Request.PostForm.Get("csrf"), p.who)
	}
	if err == nil && !s.fromHere(c) {
		err = fault.New(fault.Denied, "form_expired")
	}
	if err == nil && !p.who.Admin {
		err = fault.New(fault.Denied, "not_admin")
	}
	if err != nil {
		if fault.KindOf(err) == fault.Internal && !isTooLarge(err) {
			err = fault.Wrap(fault.Invalid, "invalid_request", err)
		}
		s.fail(c, err)
		return
	}
	s.spend(c, perConsoleWriter, p.key())
}

// key names the account's user to the limits.
func (p *place) key() string { return consoleKey(p.account.ID, p.who.User) }

// consoleContext bounds what a page waits for.
func consoleContext(c *gin.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.Request.Context(), widgetPatience)
}

// window is the address of the widget's window in the CRM (W §5.8).
func (p *place) window() string {
	if p.origin == "" {
		return ""
	}
	return p.origin + "/settings/widgets/#" + url.PathEscape(p.product.WidgetCode)
}

// home is the address of these pages inside the CRM.
func (p *place) home() string {
	if p.origin == "" {
		return ""
	}
	return p.origin + "/settings/widgets/" + url.PathEscape(p.product.WidgetCode) + "/"
}
