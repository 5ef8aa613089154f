package httpapi

import (
	"cmp"
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
	"leadline/backend/team"
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
	r.GET("/assets/preview.css", s.consoleAsset("text/css; charset=utf-8", previewStyle))
	r.GET("/assets/preview.js", s.consoleAsset("text/javascript; charset=utf-8", previewScript))
	s.ownRoutes(r)

	for _, root := range []string{embedRoot, consoleRoot} {
		g := r.Group(root+"/:account", s.limited(perAddress), s.consolePlace)
		g.GET("/session", s.consoleAlive)

		p := r.Group(root+"/:account", s.asPage, s.limited(perAddress), s.consolePlace, s.consoleSession)
		p.GET("", s.consoleOverview)
		p.GET("/activity", s.consoleActivity)
		w := p.Group("", s.bodyLimit(maxConsoleBytes), s.consoleForm, s.consoleWrite)
		w.POST("/parked/:message/resend", s.consoleResend)
		w.POST("/parked/:message/drop", s.consoleDrop)
		w.POST("/disconnect", s.consoleDisconnect)
		w.POST("/transfer/:decision", s.decideTransfer)
		s.consoleChatRoutes(p, w)
		s.consoleButtonRoutes(p, w)
		s.botRoutes(r, root)
		s.cardRoutes(p, w)
		s.consoleActionRoutes(p, w)
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

	// who is set by consoleSession, with how much of the session is left; login is
	// the user of a Leadline login, empty for who comes from the CRM.
	who   auth.Console
	login team.User
	left  time.Duration
	// session names a login's session, for what must come back to it.
	session string
}

// own tells that a Leadline login opened the page, not a user of the CRM.
func (p *place) own() bool { return p.who.Login != "" }

// name is what people call the account.
func (p *place) name() string { return cmp.Or(p.account.Name, p.account.Host) }

func placeOf(c *gin.Context) *place { return c.MustGet(keyPlace).(*place) }

// asPage makes refusals pages.
func (s *Server) asPage(c *gin.Context) { c.Set(keyAsPage, true) }

// consolePlace finds the account of the path, whose CRM alone may show the page in a
// frame. The path holds our own id of it, which only its users are told.
func (s *Server) consolePlace(c *gin.Context) {
	s.consoleHeaders(c)
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
		c.Header("Content-Security-Policy", s.consoleCSP(p.origin))
	}
	c.Set(keyPlace, p)
}

// consoleHeaders are those of every page, which nobody may frame.
func (s *Server) consoleHeaders(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", s.consoleCSP("'none'"))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // with none at all, forms would come from the origin "null"
}

// consoleCSP lets a page load what is ours, pictures of the chat host too, and stand
// in frames of ancestors only.
func (s *Server) consoleCSP(ancestors string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' " + s.ChatURL + "; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors " + ancestors
}

// signedIn looks whose page it is: at the console's own address that of a Leadline
// login, where there is one for the account, else that of the CRM's user.
func (s *Server) signedIn(c *gin.Context, p *place) error {
	if p.embedded {
		return s.asCRMUser(c, p)
	}
	ok, err := s.asLogin(c, p)
	switch {
	case ok || err != nil && !fault.Is(err, fault.Unauthenticated) || p.account.ID == "":
		return err
	case err != nil:
		return s.asCRMUser(c, p)
	}
	if s.asCRMUser(c, p) != nil {
		return fault.New(fault.NotFound, "not_found") // signed in, but not for this account
	}
	return nil
}

// asCRMUser reads the cookie of a CRM user's session. Its account must still have
// the address that it had: the renamed one has other pages, which ask anew.
func (s *Server) asCRMUser(c *gin.Context, p *place) error {
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
	switch err := s.signedIn(c, placeOf(c)); {
	case fault.Is(err, fault.Unauthenticated):
		s.consoleStart(c)
	case err != nil:
		s.fail(c, err)
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

// consoleForm lets through what a form of ours sends for somebody who is signed in.
func (s *Server) consoleForm(c *gin.Context) {
	p := placeOf(c)
	if !s.formFromHere(c) {
		return
	}
	if err := s.Tokens.CheckConsoleForm(c.Request.PostForm.Get("csrf"), p.who); err != nil {
		s.fail(c, err)
		return
	}
	s.spend(c, perConsoleWriter, p.key())
}

// consoleWrite comes after consoleForm, and lets through who may change something.
func (s *Server) consoleWrite(c *gin.Context) {
	if p := placeOf(c); !p.who.Admin || !p.own() && !s.stillAdmin(c, p) {
		s.fail(c, notAllowed(p))
	}
}

// notAllowed says what it would take to write.
func notAllowed(p *place) error {
	if p.own() {
		return fault.New(fault.Denied, "viewer_only_reads")
	}
	return fault.New(fault.Denied, "not_admin")
}

// key names who writes to the limits.
func (p *place) key() string {
	if p.own() {
		return string(p.who.Login)
	}
	return consoleKey(p.account.ID, p.who.User)
}

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
