package httpapi

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"leadline/backend/fault"
	"leadline/backend/greeting"
)

// How a bot is tried that is not saved: the editor's chat sends it with where it
// stands, and keeps what comes back. Nothing of it is stored or reaches a CRM, so the
// state may be anything that a bot could be in.

const (
	// maxTryForm bounds the request: a form writes each sign of JSON as three.
	maxTryForm = 3*(greeting.MaxBytes+maxTryParams+maxTryState+4*greeting.MaxTextRunes) + 32<<10
	// maxTryParams and maxTryState bound the site's parameters and the state.
	maxTryParams = 16 << 10
	maxTryState  = 16 << 10
)

// botProblem is a problem in the words of the reader.
type botProblem struct {
	Path    string `json:"path"`
	Text    string `json:"text"`
	Warning bool   `json:"warning"`
}

// tried is the answer to a try; all but Problems only where a turn was taken.
type tried struct {
	Problems []botProblem    `json:"problems"`
	Says     []greeting.Say  `json:"says,omitempty"`
	Acts     []string        `json:"acts,omitempty"`
	Met      []string        `json:"met,omitempty"`
	State    *greeting.State `json:"state,omitempty"`
	Waiting  *greeting.Place `json:"waiting,omitempty"`
	Closed   bool            `json:"closed,omitempty"`
}

// consoleTry lets through what the editor's script sends for somebody who is signed
// in, who may look on too: a try changes nothing. What it is told is no page.
func (s *Server) consoleTry(c *gin.Context) {
	p := placeOf(c)
	err := s.signedIn(c, p)
	if err == nil {
		if !s.formFromHere(c) {
			return
		}
		err = s.Tokens.CheckConsoleForm(c.Request.PostForm.Get("csrf"), p.who)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.spend(c, perConsoleTry, p.key())
}

// consoleTryBot tells what is wrong with a bot and, but for check=1, takes one turn
// of it: the first without a state, else what the visitor's words lead to.
func (s *Server) consoleTryBot(c *gin.Context) {
	form := c.Request.PostForm
	bot, err := greeting.Parse([]byte(form.Get("bot")))
	if err != nil {
		c.JSON(http.StatusOK, tried{Problems: s.notBot(c, err)})
		return
	}
	out := tried{Problems: s.botProblems(c, bot.Check(), 1)}
	if form.Get("check") == "1" {
		c.JSON(http.StatusOK, out)
		return
	}
	state, facts, err := tryFrom(form.Get("state"), form.Get("params"))
	said := form.Get("said")
	if err == nil && (!utf8.ValidString(said) || utf8.RuneCountInString(said) > greeting.MaxTextRunes) {
		err = fault.New(fault.Invalid, "invalid_request")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	one, _, err := s.botOf(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	facts.Now, facts.Random, facts.Channel = s.Now(), rand.IntN, int64(one.SourceID)
	turn := bot.Run(state, said, facts)
	s.tellTurn(c, &out, turn)
	for turn.Ask != nil { // as when no server answers; a bot asks greeting.MaxAsks times
		turn = bot.Resume(turn.State, greeting.AskAnswer{}, said, facts)
		s.tellTurn(c, &out, turn)
	}
	c.JSON(http.StatusOK, out)
}

// tellTurn adds what a turn came to.
func (s *Server) tellTurn(c *gin.Context, out *tried, turn greeting.Turn) {
	out.Says, out.State, out.Waiting, out.Closed = append(out.Says, turn.Says...), &turn.State, turn.State.Waiting, turn.Close
	for _, a := range turn.Acts {
		if a.Shown {
			continue // whether it is done is a setting of the chat
		}
		out.Acts = append(out.Acts, s.text(c, "console.bot.try.act", map[string]any{"What": s.actWords(c, a)}))
	}
	if turn.Ask != nil {
		out.Acts = append(out.Acts, s.text(c, "console.bot.try.act_widget_request", nil)+": "+turn.Ask.URL)
	}
	for _, p := range s.botProblems(c, turn.Log, 1) {
		out.Met = append(out.Met, p.Text)
	}
}

// tryFrom reads what the editor's chat kept and what it was told of the site.
func tryFrom(state, params string) (at greeting.State, f greeting.Facts, err error) {
	invalid := func(err error) error { return fault.Wrap(fault.Invalid, "invalid_request", err) }
	if len(state) > maxTryState || len(params) > maxTryParams {
		return at, f, invalid(nil)
	}
	if state != "" {
		if err := json.Unmarshal([]byte(state), &at); err != nil {
			return at, f, invalid(err)
		}
	}
	if params != "" {
		if err := json.Unmarshal([]byte(params), &f.Params); err != nil {
			return at, f, invalid(err)
		}
	}
	return at, f, nil
}

// botProblems says problems in the reader's language. People count steps from first:
// 0 as the JSON does, 1 as the editor's cards do.
func (s *Server) botProblems(c *gin.Context, list []greeting.Problem, first int) []botProblem {
	out := make([]botProblem, 0, len(list))
	for _, p := range list {
		key, what := "greeting.problem."+p.Code, p.What
		switch p.Code {
		case "no_such_step", "nothing_there", "unreachable", "endless", "bad_number":
			n, err := strconv.Atoi(what)
			if err == nil && n < 0 {
				key = "console.bot.choose_step" // as the editor leaves a jump whose step was removed
			} else if err == nil {
				what = strconv.Itoa(n + first)
			}
		}
		out = append(out, botProblem{p.Path, s.text(c, key, map[string]any{"What": what}), p.Warning})
	}
	return out
}

// notBot says why something is no bot at all.
func (s *Server) notBot(c *gin.Context, err error) []botProblem {
	_, body := s.explain(c, err)
	return []botProblem{{Text: body.Error.Message}}
}

// actWords tells what an action would do.
func (s *Server) actWords(c *gin.Context, a greeting.Act) string {
	name := s.text(c, "console.bot.try.act_"+a.Name, nil)
	value := a.Value
	if value == "" && a.Number != 0 {
		value = strconv.FormatInt(a.Number, 10)
	}
	if a.NewLead != nil {
		value = a.NewLead.Name
	}
	if a.Field != 0 {
		name += " " + strconv.FormatInt(a.Field, 10)
		if value == "" {
			value = strconv.FormatInt(a.Enum, 10)
		}
	}
	return strings.TrimSpace(name + ": " + value)
}
