package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
)

// parkedPage is how many parked messages stand on one page.
const parkedPage = 50

type overviewBody struct {
	// Health is the key of what is said about the connection.
	Health  string
	Good    bool
	Login   string
	Account string
	// Consent and Window are where an administrator mends it; "" where nothing is to be done there.
	Consent, Window string
	// Own is nil inside the CRM.
	Own *ownConnection

	// Parked are messages that wait for a decision, for administrators.
	Parked []parkedRow
	Count  int
	Older  string // address of the page of older ones
}

type parkedRow struct {
	ID           string
	At           moment
	Kind, Reason string // keys
}

func (s *Server) consoleOverview(c *gin.Context) { s.showOverview(c, http.StatusOK, nil) }

// showOverview draws the overview; failed is what stood in the way of an act.
func (s *Server) showOverview(c *gin.Context, status int, failed error) {
	p := placeOf(c)
	ctx, cancel := consoleContext(c)
	defer cancel()
	v, err := s.Accounts.Status(ctx, p.account.Product, p.account.CRMID, "")
	if err != nil {
		s.fail(c, err)
		return
	}
	body := overviewBody{Login: v.Login, Good: v.State == string(account.Connected), Account: p.account.Host}
	body.Health, body.Consent, body.Window = s.health(p, v)
	if body.Own, err = s.ownConnection(ctx, p, v); err != nil {
		s.fail(c, err)
		return
	}
	if p.who.Admin {
		if err := s.readParked(c, ctx, p, &body); err != nil {
			s.fail(c, err)
			return
		}
	}
	s.consoleRender(c, status, "overview", func(view *consoleView) {
		view.Title, view.Body = s.text(c, "console.nav.overview", nil), body
		s.outcome(c, view, failed)
	})
}

// health says how the connection is, and where it is mended.
func (s *Server) health(p *place, v account.View) (key, consent, window string) {
	key = "console.health." + v.State
	switch {
	case v.State == string(account.Broken):
		key += "_" + v.Reason
		switch v.Reason {
		case account.ReasonAuthorisation:
			consent = s.consentStart(p.account.Product, p.account.CRMID)
		case account.ReasonChannel, account.ReasonPrivate:
			window = p.window()
		}
	case v.State == "connecting":
		consent = s.consentStart(p.account.Product, p.account.CRMID)
	case v.State != string(account.Connected):
		window = p.window()
	}
	return key, consent, window
}

func (s *Server) readParked(c *gin.Context, ctx context.Context, p *place, body *overviewBody) error {
	from, err := parkedPlace(c.Query("before"))
	if err != nil {
		return err
	}
	list, count, err := s.Conversations.Parked(ctx, p.account.ID, from, parkedPage+1)
	if err != nil {
		return err
	}
	body.Count = count
	if len(list) > parkedPage {
		list = list[:parkedPage]
		last := list[len(list)-1]
		body.Older = p.root + "?before=" + strconv.FormatInt(last.At, 10) + "." + string(last.Message)
	}
	for _, m := range list {
		body.Parked = append(body.Parked, parkedRow{
			ID: string(m.Message), At: moment{time.UnixMilli(m.At)}, Kind: "console.kind." + m.Kind, Reason: "console.reason." + m.Reason,
		})
	}
	return nil
}

func (s *Server) consoleResend(c *gin.Context) {
	s.consoleDecide(c, console.Resend, s.Conversations.Resend, console.ResendAll, s.Conversations.ResendAll)
}

func (s *Server) consoleDrop(c *gin.Context) {
	s.consoleDecide(c, console.Drop, s.Conversations.Drop, console.DropAll, s.Conversations.DropAll)
}

// consoleDecide decides about one parked message, or all.
func (s *Server) consoleDecide(c *gin.Context,
	one console.Act, decideOne func(context.Context, chatid.AccountID, chatid.MessageID) error,
	all console.Act, decideAll func(context.Context, chatid.AccountID) (int, error),
) {
	p := placeOf(c)
	message := c.Param("message")
	act, decide := one, func(ctx context.Context) error { return decideOne(ctx, p.account.ID, chatid.MessageID(message)) }
	switch {
	case message == allParked:
		act, decide = all, func(ctx context.Context) error {
			_, err := decideAll(ctx, p.account.ID)
			return err
		}
	case !chatid.Valid(message):
		s.fail(c, fault.New(fault.NotFound, "not_found"))
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	if err := s.Console.Do(ctx, p.entry(act, ""), decide); err != nil {
		if fault.Is(err, fault.NotFound) { // somebody else was quicker
			err = fault.Wrap(fault.Conflict, "decided_already", err)
		}
		s.showOverview(c, statusOf(err), err)
		return
	}
	c.Redirect(http.StatusSeeOther, p.root+"?done="+string(act))
}

// entry is the line of an act in the log of the place's account, or of the team.
func (p *place) entry(act console.Act, subject string) console.Entry {
	return console.Entry{
		Account: p.account.ID, Team: p.login.Team, CRMUser: p.who.User, User: p.who.Login, Login: p.login.Email, Act: act, Subject: subject,
	}
}

// acts are all that a page may be told of in its address.
var acts = slices.Concat([]console.Act{
	console.Invite, console.Revoke, console.SetRole, console.RemoveMember, console.ChangePassword, console.SetLanguage,
	console.Connect, console.Disconnect, console.AskTransfer, console.HandOver, console.KeepAccount,
	console.Resend, console.ResendAll, console.Drop, console.DropAll,
}, chatActs, buttonActs, botActs, cardActs, actionActs)

// outcome tells on the page how the act went that led to it.
func (s *Server) outcome(c *gin.Context, v *consoleView, failed error) {
	if failed != nil {
		_, body := s.explain(c, failed)
		v.Error = body.Error.Message
		return
	}
	for _, a := range acts {
		if c.Query("done") == string(a) {
			v.Done = s.text(c, "console.done."+string(a), nil)
		}
	}
}

// activityPage is how many lines of the log stand on one page.
const activityPage = 50

type activityBody struct {
	Lines []activityLine
	Older string
}

type activityLine struct {
	At moment
	// Who is a name, or "" where only the number is known.
	Who    string
	Number int64
	You    bool
	Act    string // key
	// Subject is what it was done to, Outcome the key of how it ended.
	Subject, Outcome string
	Good             bool
}

func (s *Server) consoleActivity(c *gin.Context) {
	p := placeOf(c)
	s.showLog(c, p.root+"/activity", func(ctx context.Context, before string) ([]console.Entry, bool, error) {
		return s.Console.Log(ctx, p.account.ID, before, activityPage)
	})
}

// showLog draws a page of a log, whose own path is page.
func (s *Server) showLog(c *gin.Context, page string, read func(ctx context.Context, before string) ([]console.Entry, bool, error)) {
	p := placeOf(c)
	before := c.Query("before")
	if before != "" && !chatid.Valid(before) {
		s.fail(c, fault.New(fault.Invalid, "invalid_request"))
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	list, more, err := read(ctx, before)
	var names map[chatid.CRMUserID]string
	if err == nil && p.account.ID != "" {
		names, err = s.names(ctx, p.account.ID)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	body := activityBody{}
	for _, e := range list {
		body.Lines = append(body.Lines, activityLine{
			At: moment{e.At}, Who: cmp.Or(e.Login, names[e.CRMUser]), Number: int64(e.CRMUser), You: e.CRMUser == p.who.User && e.User == p.who.Login,
			Act: "console.act." + string(e.Act), Subject: e.Subject, Outcome: outcomeKey(e.Outcome), Good: e.Outcome == console.Done,
		})
	}
	if more {
		body.Older = page + "?before=" + list[len(list)-1].ID
	}
	s.consoleRender(c, http.StatusOK, "activity", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "console.nav.activity", nil), body
	})
}

func outcomeKey(outcome string) string {
	switch outcome {
	case console.Done:
		return "console.outcome.done"
	case "":
		return "console.outcome.cut"
	}
	return "console.outcome.failed"
}

// names are those of the CRM's users, as far as they are known.
func (s *Server) names(ctx context.Context, a chatid.AccountID) (map[chatid.CRMUserID]string, error) {
	list, err := s.Accounts.Operators(ctx, a)
	names := make(map[chatid.CRMUserID]string, len(list))
	for _, o := range list {
		names[o.User] = o.Name
	}
	return names, err
}
