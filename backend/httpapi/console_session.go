package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// How a person comes to a session of the console: the widget proves who he is by the
// disposable token and gets a ticket, hands it to the frame, and the frame's page
// sends it here. Where the browser lets the frame keep no cookie, a code opens a tab.

func consoleKey(a chatid.AccountID, u chatid.CRMUserID) string {
	return string(a) + "/" + strconv.FormatInt(int64(u), 10)
}

type consoleTicket struct {
	// URL is the frame's address, Ticket for it alone.
	URL    string `json:"url"`
	Ticket string `json:"ticket"`
}

// widgetConsole gives a ticket to the user of the disposable token. The CRM's page
// uses one token for 25 minutes, so each call with it gives another ticket.
func (s *Server) widgetConsole(c *gin.Context) {
	claims, p := claimsOf(c)
	if !s.spend(c, perConsoleTickets, p.Name+claims.Host+"/"+strconv.FormatInt(int64(claims.UserID), 10)) {
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), widgetPatience)
	defer cancel()
	v, err := s.Accounts.Status(ctx, p.Name, claims.AccountID, claims.Host)
	if err == nil && v.Account == "" {
		err = fault.New(fault.Conflict, "not_connected")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	ticket, err := s.Tokens.ConsoleTicket(s.NewID(), auth.Console{
		Account: v.Account, User: claims.UserID, Host: claims.Host, Admin: s.mayWrite(ctx, claims, v.Account),
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, consoleTicket{URL: s.AppURL + embedRoot + "/" + string(v.Account), Ticket: ticket})
}

// mayWrite tells whether the token's user administers the account. Where the token
// does not say and the CRM does not answer, he may look: at what is wrong above all.
func (s *Server) mayWrite(ctx context.Context, claims auth.Claims, id chatid.AccountID) bool {
	if claims.IsAdmin != nil {
		return *claims.IsAdmin
	}
	a, err := s.Accounts.Account(ctx, id)
	admin := false
	if err == nil {
		admin, err = s.Accounts.IsAdmin(ctx, a, claims.UserID)
	}
	if err != nil {
		s.Logger.Warn("rights of a console's user are not known", "account_id", string(id), "error", err)
	}
	return admin
}

type beginBody struct {
	Ticket   string `json:"ticket" binding:"required,max=2048"`
	Language string `json:"language" binding:"max=16"`
	Scheme   string `json:"scheme" binding:"max=16"`
}

type begunSession struct {
	EndsIn int `json:"ends_in"` // seconds
	// Tab is the code that opens a tab, where the cookie does not come back.
	Tab string `json:"tab"`
}

// consoleBegin spends a ticket and sets the frame's cookie.
func (s *Server) consoleBegin(c *gin.Context) {
	p := placeOf(c)
	if !s.fromHere(c) {
		s.fail(c, errForeignOrigin)
		return
	}
	var in beginBody
	err := bind(c, &in)
	if err != nil {
		s.fail(c, err)
		return
	}
	id, who, err := s.Tokens.ReadConsoleTicket(in.Ticket)
	if err == nil {
		err = s.spendTicket(c, p, id, who)
	}
	if err == nil {
		who.Locale, who.Scheme = s.Texts.Match(in.Language), scheme(in.Scheme)
		err = s.setSession(c, p, who)
	}
	var tab string
	if err == nil {
		tab, err = s.Tokens.ConsoleTab(s.NewID(), who)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, begunSession{EndsIn: int(auth.ConsoleLife.Seconds()), Tab: tab})
}

// consoleOpen spends a code in a tab of its own.
func (s *Server) consoleOpen(c *gin.Context) {
	p := placeOf(c)
	if !s.formFromHere(c) {
		return
	}
	id, who, err := s.Tokens.ReadConsoleTab(c.Request.PostForm.Get("code"))
	if err == nil {
		c.Set(keyLanguage, who.Locale)
		err = s.spendTicket(c, p, id, who)
	}
	if err == nil {
		err = s.setSession(c, p, who)
	}
	switch {
	case fault.Is(err, fault.Unauthenticated):
		s.Logger.Warn("console not opened", "request_id", requestID(c), "error", err)
		s.consoleSay(c, http.StatusUnauthorized, "console.code")
	case err != nil:
		s.fail(c, err)
	default:
		c.Redirect(http.StatusSeeOther, p.root)
	}
}

// spendTicket uses up a ticket that is for this account, at its present address.
func (s *Server) spendTicket(c *gin.Context, p *place, id string, who auth.Console) error {
	if who.Account != p.account.ID || who.Host != p.account.Host {
		return fault.Wrap(fault.Unauthenticated, "ticket_invalid", errors.New("ticket of another account or address"))
	}
	return s.Console.Spend(c.Request.Context(), id, auth.ConsoleTabLife)
}

// cookieName differs by account: accounts of one CRM share a browser's partition.
// Browsers take the prefix on hosts of this machine without TLS too.
func (p *place) cookieName() string {
	kind := "tab"
	if p.embedded {
		kind = "embed"
	}
	return "__Host-leadline_" + kind + "_" + strings.ReplaceAll(string(p.account.ID), "-", "")
}

func (s *Server) setSession(c *gin.Context, p *place, who auth.Console) error {
	token, err := s.Tokens.ConsoleSession(who)
	if err != nil {
		return err
	}
	cookie := &http.Cookie{
		Name: p.cookieName(), Value: token, Path: "/", MaxAge: int(auth.ConsoleLife.Seconds()),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if p.embedded {
		cookie.SameSite, cookie.Partitioned = http.SameSiteNoneMode, true
	}
	http.SetCookie(c.Writer, cookie)
	return nil
}

// scheme takes the colours that the CRM's page has.
func scheme(v string) string {
	if v == "light" || v == "dark" {
		return v
	}
	return ""
}
