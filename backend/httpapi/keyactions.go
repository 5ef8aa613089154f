package httpapi

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/keyaction"
	"leadline/backend/onlinechat"
)

// maxActionBytes bounds a report: an address and a title are the most of it.
const maxActionBytes = 8 << 10

// browserKey is how a browser names itself to key actions.
var browserKey = regexp.MustCompile(`^[\w-]{22,64}$`)

// actionRoutes are the site's part of key actions and the panel's.
func (s *Server) actionRoutes(r *gin.Engine, panel *gin.RouterGroup) {
	r.GET("/v1/buttons/:id/actions", s.limited(perAddress), s.siteActions)
	r.POST("/v1/buttons/:id/actions", s.namedSite, s.bodyLimit(maxActionBytes), s.limited(perAddressActions), s.reportAction)
	panel.POST("/actions/bind", s.bodyLimit(maxVisitorBytes), s.limited(perVisitor), s.bindActions)
}

// namedSite lets the page that asks read the answer, refusals too.
func (s *Server) namedSite(c *gin.Context) { siteCORS(c, s.originOf(c)) }

type siteAction struct {
	ID         string                  `json:"id"`
	Constraint keyaction.Constraint    `json:"constraint"`
	Conditions [][]keyaction.Condition `json:"conditions"`
	// Reactions are the browser's own.
	Reactions []keyaction.Reaction `json:"reactions"`
}

// siteActions tells a page what its button watches for. What happens on the server is
// nobody's business there, nor is what the actions are called.
func (s *Server) siteActions(c *gin.Context) {
	origin := s.originOf(c)
	siteCORS(c, origin)
	ctx := c.Request.Context()
	b, err := s.OnlineChats.Lookup(ctx, chatid.ButtonKey(c.Param("id")), c.Query("hash"))
	if err == nil && !s.admits(b, s.pageOf(c, b)) {
		err = errForeignOrigin
	}
	var list []keyaction.Action
	if err == nil {
		list, err = s.KeyActions.Actions(ctx, b.Account, b.ID)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	out := make([]siteAction, len(list))
	for i, a := range list {
		out[i] = siteAction{ID: a.ID, Constraint: a.Constraint, Conditions: a.Conditions, Reactions: a.Of(keyaction.Reaction.InBrowser)}
	}
	c.Header("Cache-Control", "private, max-age=300")
	c.JSON(http.StatusOK, gin.H{"actions": out, "zone": s.KeyActions.Zone(ctx, b.Account).String(), "greeting": s.greetingOf(b)})
}

type reportBody struct {
	Ticket   string `json:"ticket" binding:"required,max=2048"`
	Key      string `json:"key" binding:"required,max=64"`
	ClientID string `json:"client_id" binding:"required,len=36"`
	Action   string `json:"action" binding:"required,len=36"`
	Group    int    `json:"group" binding:"min=0,max=2"`
	Page     struct {
		URL   string `json:"url" binding:"max=2048"`
		Title string `json:"title" binding:"max=512"`
	} `json:"page"`
}

// reportAction takes a browser's word that a key action happened there. Its ticket
// tells which site it is; the body is JSON without saying so, which spares the
// browser a question.
func (s *Server) reportAction(c *gin.Context) {
	var in reportBody
	err := bind(c, &in)
	if err == nil && !(browserKey.MatchString(in.Key) && chatid.Valid(in.ClientID) && storable(in.Page.URL, in.Page.Title)) {
		err = fault.New(fault.Invalid, "invalid_request")
	}
	var b onlinechat.Button
	if err == nil {
		b, err = s.ticketed(c, in.Ticket)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	if !s.spend(c, perBrowserActions, string(b.Key)+" "+in.Key) || !s.spend(c, perButtonActions, string(b.Key)) {
		return
	}
	fired, err := s.KeyActions.Report(c.Request.Context(), keyaction.Report{
		Account: b.Account, Button: b.ID, Key: in.Key, ClientID: strings.ToLower(in.ClientID), Action: in.Action, Group: in.Group,
		Page: keyaction.Page{URL: in.Page.URL, Title: in.Page.Title},
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"fired": fired})
}

// ticketed finds the button of the path by a ticket that was made for the page which
// sends the request, and which may still carry the button.
func (s *Server) ticketed(c *gin.Context, ticket string) (onlinechat.Button, error) {
	key := chatid.ButtonKey(c.Param("id"))
	origin, err := s.Tokens.ReadTicket(ticket, key)
	if err != nil {
		return onlinechat.Button{}, err
	}
	b, err := s.OnlineChats.Button(c.Request.Context(), key)
	if err == nil && (s.pageOf(c, b) != origin || !s.admits(b, origin)) {
		err = errForeignOrigin
	}
	return b, err
}

// storable tells texts that every database takes.
func storable(texts ...string) bool {
	for _, t := range texts {
		if strings.ToValidUTF8(t, "") != t || strings.ContainsRune(t, 0) {
			return false
		}
	}
	return true
}

// bindActions tells that the visitor writes from a browser that reported key actions.
func (s *Server) bindActions(c *gin.Context) {
	who, _ := whoOf(c)
	var in struct {
		Key string `json:"key" binding:"required,max=64"`
	}
	err := bind(c, &in)
	if err == nil && !browserKey.MatchString(in.Key) {
		err = fault.New(fault.Invalid, "invalid_request")
	}
	if err == nil {
		err = s.KeyActions.Bind(c.Request.Context(), who, in.Key)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
