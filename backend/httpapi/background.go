package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/desk"
	"leadline/backend/fault"
)

// maxBackground bounds what one report names of incidents and call-backs.
const maxBackground = 50

type backgroundBody struct {
	Language  string          `json:"language" binding:"max=16"`
	Hidden    bool            `json:"hidden"`
	Operators map[string]bool `json:"operators"`
	Told      []string        `json:"told"`
	Calls     []struct {
		ID    string    `json:"id"`
		State desk.Step `json:"state"`
	} `json:"calls"`
}

// report checks the body and gives what it says.
func (b backgroundBody) report() (desk.Report, error) {
	invalid := fault.New(fault.Invalid, "invalid_request")
	r := desk.Report{Hidden: b.Hidden, Told: b.Told}
	if len(b.Operators) > desk.MaxOperators || len(b.Told) > maxBackground || len(b.Calls) > maxBackground {
		return r, invalid
	}
	if b.Operators != nil {
		r.Operators = make(map[chatid.CRMUserID]bool, len(b.Operators))
	}
	for user, online := range b.Operators {
		id, err := strconv.ParseInt(user, 10, 64)
		if err != nil || id <= 0 {
			return r, invalid
		}
		r.Operators[chatid.CRMUserID(id)] = online
	}
	for _, c := range b.Calls {
		if !c.State.Valid() {
			return r, invalid
		}
		r.Calls = append(r.Calls, desk.Act{ID: chatid.CallBackID(c.ID), Step: c.State})
	}
	return r, nil
}

type backgroundAnswer struct {
	Period int            `json:"period"` // seconds
	Errors []incidentJSON `json:"errors"`
	Calls  []callJSON     `json:"calls"`
}

// incidentJSON is what the widget hands to add_error (W §5.9).
type incidentJSON struct {
	ID     string `json:"id"`
	Header string `json:"header"`
	Text   string `json:"text"`
	Link   string `json:"link"`
	At     int64  `json:"at,omitempty"` // since when, Unix seconds
}

// callJSON is what the widget hands to add_call (W §5.9).
type callJSON struct {
	ID          chatid.CallBackID `json:"id"`
	State       string            `json:"state"`
	Mine        bool              `json:"mine"`
	Phone       string            `json:"phone"`
	Name        string            `json:"name"`
	Header      string            `json:"header"`
	Text        string            `json:"text"`
	Link        string            `json:"link"`
	At          int64             `json:"at"` // Unix seconds
	Responsible chatid.CRMUserID  `json:"responsible,omitempty"`
	Element     *elementJSON      `json:"element,omitempty"`
}

// elementJSON is a card of the CRM, by the numbers that its pages use.
type elementJSON struct {
	ID   int64 `json:"id"`
	Type int   `json:"type"`
}

// Types of cards.
const (
	typeContact = 1
	typeLead    = 2
)

// widgetBackground answers what a browser asks again and again. Nothing here waits
// for anybody but the database: it is asked 170 times a second (design.md §8).
func (s *Server) widgetBackground(c *gin.Context) {
	claims, p := claimsOf(c)
	if !s.spend(c, perUserBackground, fmt.Sprint(p.Name, " ", claims.AccountID, " ", claims.UserID)) {
		return
	}
	var in backgroundBody
	err := bind(c, &in)
	c.Set(keyLanguage, in.Language)
	var report desk.Report
	if err == nil {
		report, err = in.report()
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx := c.Request.Context()
	a, err := s.Accounts.ByCRM(ctx, p.Name, claims.AccountID)
	if fault.Is(err, fault.NotFound) {
		a, err = account.Account{}, nil // one that is not connected
	}
	var answer desk.Answer
	if err == nil {
		answer, err = s.Desk.Ask(ctx, desk.Asker{Account: a, User: claims.UserID, Admin: claims.IsAdmin}, report)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	out := backgroundAnswer{Period: int(answer.Period / time.Second), Errors: []incidentJSON{}, Calls: []callJSON{}}
	for _, i := range answer.Incidents {
		out.Errors = append(out.Errors, s.incident(c, i))
	}
	for _, call := range answer.Calls {
		out.Calls = append(out.Calls, s.call(c, call))
	}
	c.JSON(http.StatusOK, out)
}

// incident says in words what is wrong, what to do, and who helps.
func (s *Server) incident(c *gin.Context, i desk.Incident) incidentJSON {
	claims, p := claimsOf(c)
	key := "incident." + i.Reason
	out := incidentJSON{ID: i.ID, Header: s.text(c, key+".header", nil), Text: s.text(c, key+".text", map[string]any{"Count": i.Count})}
	language := s.Texts.Localizer(c.GetHeader("Accept-Language"), c.GetString(keyLanguage)).Language()
	if contacts := s.Support(language); len(contacts) > 0 {
		out.Text += " " + s.text(c, "incident.support", map[string]any{"Contacts": strings.Join(contacts, ", ")})
	} else {
		out.Text += " " + s.text(c, "incident.no_support", nil)
	}
	if !i.Since.IsZero() {
		out.At = i.Since.Unix()
	}
	if i.Reason == account.ReasonAuthorisation {
		out.Link = s.consentStart(p.Name, claims.AccountID)
	}
	return out
}

func (s *Server) call(c *gin.Context, call desk.CallBack) callJSON {
	claims, _ := claimsOf(c)
	out := callJSON{
		ID: call.ID, State: "waiting", Mine: call.Mine(claims.UserID, s.Now()), Phone: call.Phone, Name: call.Name,
		Header: s.text(c, "callback.header", nil), At: call.At.Unix(), Responsible: call.Responsible,
	}
	if out.Mine {
		out.State = string(desk.Taken)
	}
	args := map[string]any{"Name": call.Name, "Phone": call.Phone, "Text": call.Text}
	if call.Name == "" {
		args["Name"] = s.text(c, "callback.unnamed", nil)
	}
	if call.Text == "" {
		out.Text = s.text(c, "callback.text", args)
	} else {
		out.Text = s.text(c, "callback.text_said", args)
	}
	switch {
	case call.Lead != 0:
		out.Element = &elementJSON{call.Lead, typeLead}
		out.Link = fmt.Sprintf("%s/leads/detail/%d", claims.Issuer, call.Lead)
	case call.Contact != 0:
		out.Element = &elementJSON{int64(call.Contact), typeContact}
		out.Link = fmt.Sprintf("%s/contacts/detail/%d", claims.Issuer, call.Contact)
	}
	return out
}
