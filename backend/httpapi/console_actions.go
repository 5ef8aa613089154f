package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/keyaction"
	"leadline/backend/onlinechat"
)

// The key actions of a button (O §5): a list with what happened, and an editor.

// actionLog is how many lines of what happened stand on one page.
const actionLog = 20

// newAction stands in the path for an action that is not there yet.
const newAction = "new"

// actionActs are what a page may be told of that these pages change.
var actionActs = []console.Act{console.SaveAction, console.RemoveAction, console.MoveAction}

func (s *Server) consoleActionRoutes(p, w *gin.RouterGroup) {
	p.GET("/buttons/:button/actions", s.consoleActions)
	p.GET("/buttons/:button/actions/:action", s.consoleAction)
	w.POST("/buttons/:button/actions/:action", s.consoleSaveAction)
	w.POST("/buttons/:button/actions/:action/remove", s.consoleActionAct(console.RemoveAction, func(ctx context.Context, s *Server, b onlinechat.Button, id string, _ bool) error {
		return s.KeyActions.Remove(ctx, b.Account, b.ID, id)
	}))
	w.POST("/buttons/:button/actions/:action/move", s.consoleActionAct(console.MoveAction, func(ctx context.Context, s *Server, b onlinechat.Button, id string, up bool) error {
		return s.KeyActions.Move(ctx, b.Account, b.ID, id, up)
	}))
}

// actionButton finds the button of the path among the account's, those of card pages
// too; fault.NotFound.
func (s *Server) actionButton(c *gin.Context) (onlinechat.Button, string, error) {
	p := placeOf(c)
	b, err := s.OnlineChats.WatchedButton(c.Request.Context(), p.account.ID, chatid.ButtonKey(c.Param("button")))
	return b, p.root + "/buttons/" + string(b.Key) + "/actions", err
}

// actionLine is an action in the list; Can and When tell it in words.
type actionLine struct {
	Name, Page  string
	Limit       string
	When, Does  []string
	First, Last bool
}

// firedLine is a line of what happened.
type firedLine struct {
	Name      string
	At        moment
	Why       []string
	Page      string
	CRM, Hook string // keys of words, "" for nothing to tell
	Lead      int64
}

type actionsBody struct {
	Page, Back, BackTo string // addresses of the list and of whose it is, and the word for the way there
	Actions            []actionLine
	Room               bool
	Max                int
	Fired              []firedLine
	Older              string
}

// consoleActions lists a button's actions, and what happened.
func (s *Server) consoleActions(c *gin.Context) { s.showActions(c, http.StatusOK, nil) }

func (s *Server) showActions(c *gin.Context, status int, failed error) {
	b, page, err := s.actionButton(c)
	before := c.Query("before")
	if err == nil && before != "" && !chatid.Valid(before) {
		err = fault.New(fault.Invalid, "invalid_request")
	}
	ctx := c.Request.Context()
	var list []keyaction.Action
	if err == nil {
		list, err = s.KeyActions.Actions(ctx, b.Account, b.ID)
	}
	var fired []keyaction.Fired
	more := false
	if err == nil {
		fired, more, err = s.KeyActions.Log(ctx, b.Account, b.ID, before, actionLog)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	body := actionsBody{Page: page, Back: strings.TrimSuffix(page, "/actions"), BackTo: "keyaction.back", Room: len(list) < keyaction.MaxActions, Max: keyaction.MaxActions}
	if b.Card != "" {
		body.Back, body.BackTo = cardPath(placeOf(c), b.Card), "keyaction.back.card"
	}
	for i, a := range list {
		l := actionLine{Name: a.Name, Page: page + "/" + a.ID, Limit: "keyaction.limit." + limitNames[a.Constraint], First: i == 0, Last: i == len(list)-1}
		for _, group := range a.Conditions {
			l.When = append(l.When, strings.Join(s.conditionWords(c, group), " "+s.text(c, "keyaction.and", nil)+" "))
		}
		for _, r := range a.Reactions {
			l.Does = append(l.Does, "keyaction.does."+r.Action)
		}
		body.Actions = append(body.Actions, l)
	}
	for _, f := range fired {
		l := firedLine{Name: f.Name, At: moment{f.At}, Why: s.conditionWords(c, f.Why), Page: f.Page.URL, Lead: f.Lead, CRM: "keyaction.crm." + string(f.CRMState)}
		if f.CRMState == keyaction.Failed && f.Problem == keyaction.NoLead {
			l.CRM = "keyaction.crm.no_lead"
		}
		if f.HookState != keyaction.None {
			l.Hook = "keyaction.hook." + string(f.HookState)
		}
		body.Fired = append(body.Fired, l)
	}
	if more {
		body.Older = page + "?before=" + fired[len(fired)-1].ID + "#fired"
	}
	s.consoleRender(c, status, "actions", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "keyaction.title", nil), body
		s.outcome(c, v, failed)
	})
}

var limitNames = map[keyaction.Constraint]string{
	keyaction.EveryVisit: "visit", keyaction.OncePerSession: "session", keyaction.OncePerDay: "day", keyaction.OncePerLead: "lead",
}

// conditionWords tells a group of conditions.
func (s *Server) conditionWords(c *gin.Context, group []keyaction.Condition) (list []string) {
	for _, one := range group {
		text := s.text(c, "keyaction.when."+conditionKind(one), nil)
		if one.Value != "" {
			text += " " + string(one.Value)
		}
		list = append(list, text)
	}
	return list
}

// conditionKind is a condition's type with its unit or mask, as the editor offers it.
func conditionKind(one keyaction.Condition) string {
	switch {
	case one.Type == keyaction.URLVisited && one.Mask >= 1 && one.Mask <= 6:
		return one.Type + "_" + string(rune('0'+one.Mask))
	case one.Type == keyaction.ScrolledValue && one.Unit == "%":
		return one.Type + "_percent"
	case one.Type == keyaction.ScrolledValue:
		return one.Type + "_px"
	}
	return one.Type
}

// consoleActionAct does something to an action, and shows the list.
func (s *Server) consoleActionAct(act console.Act, do func(context.Context, *Server, onlinechat.Button, string, bool) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		b, page, err := s.actionButton(c)
		ctx, cancel := consoleContext(c)
		defer cancel()
		var a keyaction.Action
		if err == nil {
			a, err = s.KeyActions.Action(ctx, b.Account, b.ID, c.Param("action"))
		}
		if err != nil {
			s.fail(c, err)
			return
		}
		err = s.Console.Do(ctx, placeOf(c).entry(act, a.Name), func(ctx context.Context) error {
			return do(ctx, s, b, a.ID, c.Request.PostForm.Get("up") == "1")
		})
		if err != nil {
			s.showActions(c, statusOf(err), err)
			return
		}
		c.Redirect(http.StatusSeeOther, page+"?done="+string(act))
	}
}
