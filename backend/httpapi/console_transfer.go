package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/team"
)

// An account changes from one team to another (design.md §4): a team that proved to
// administer it asks, and its owner says yes or no, or nothing for a week.

// ConsolePath is the path of an account's page at the console's own address.
func ConsolePath(id chatid.AccountID) string { return consoleRoot + "/" + string(id) }

// askTransfer asks for an account that could not be connected because another team
// has it.
func (s *Server) askTransfer(c *gin.Context) {
	p, form := placeOf(c), c.Request.PostForm
	id, err := strconv.ParseInt(form.Get("account"), 10, 64)
	product, known := s.Products[form.Get("product")]
	if err != nil || id <= 0 || !known {
		s.fail(c, fault.New(fault.Invalid, "invalid_request"))
		return
	}
	if !s.spend(c, perConnect, string(p.login.Team)) {
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	by := account.Asker{Team: p.login.Team, User: p.login.ID, Locale: s.language(c)}
	err = s.Console.Do(ctx, p.entry(console.AskTransfer, product.Name+" "+strconv.FormatInt(id, 10)), func(ctx context.Context) error {
		return s.Accounts.AskTransfer(ctx, product.Name, chatid.CRMAccountID(id), by)
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, consoleRoot+"?done="+string(console.AskTransfer))
}

type askedView struct {
	// By is the masked address of who asks, User their id.
	By    string
	User  chatid.UserID
	Until moment
	// Owner tells that the reader may decide.
	Owner bool
}

// askedFor is what another team asks for the account, or nil.
func (s *Server) askedFor(ctx context.Context, p *place) (*askedView, error) {
	t, err := s.Accounts.TransferOf(ctx, p.account.ID)
	if fault.Is(err, fault.NotFound) || err == nil && t.From != p.login.Team {
		return nil, nil //nolint:nilnil // nobody asks
	}
	if err != nil {
		return nil, err
	}
	u, err := s.Teams.Member(ctx, t.To, t.User)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	return &askedView{By: team.Masked(u.Email), User: t.User, Until: moment{t.EndsAt()}, Owner: p.login.Role == team.Owner}, nil
}

// decideTransfer is the owner's yes or no.
func (s *Server) decideTransfer(c *gin.Context) {
	p := placeOf(c)
	act, decide, then := console.HandOver, s.Accounts.HandOver, consoleRoot
	switch c.Param("decision") {
	case "hand-over":
	case "keep":
		act, decide, then = console.KeepAccount, s.Accounts.KeepAccount, p.root
	default:
		s.fail(c, fault.New(fault.NotFound, "not_found"))
		return
	}
	switch {
	case !p.own():
		s.fail(c, fault.New(fault.NotFound, "not_found"))
		return
	case p.login.Role != team.Owner:
		s.fail(c, fault.New(fault.Denied, "not_owner"))
		return
	}
	by := chatid.UserID(c.Request.PostForm.Get("by"))
	ctx, cancel := consoleContext(c)
	defer cancel()
	if err := s.Console.Do(ctx, p.entry(act, p.name()), func(ctx context.Context) error { return decide(ctx, p.account.ID, by) }); err != nil {
		s.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, then+"?done="+string(act))
}
