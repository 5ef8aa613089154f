package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/greeting"
	"leadline/backend/onlinechat"
)

// The greeting bot of an online chat (O §4): a form with its JSON, over which a script
// puts an editor of steps and a chat to try them in (sitechat/src/boteditor).

// maxBotForm bounds a form with a bot in a field and another in a file.
const maxBotForm = 2*greeting.MaxBytes + 32<<10

// botActs are those of the bot's page.
var botActs = []console.Act{console.SaveBot, console.SwitchBot}

// botFile is the name under which a bot is saved.
const botFile = "bot.json"

func (s *Server) botRoutes(r *gin.Engine, root string) {
	p := r.Group(root+"/:account/chats/:chat", s.asPage, s.limited(perAddress), s.consolePlace, s.consoleSession)
	p.GET("/bot", s.consoleBot)
	p.GET("/"+botFile, s.consoleBotFile)
	p.POST("/bot", s.bodyLimit(maxBotForm), s.multipartForm, s.consoleForm, s.consoleWrite, s.consoleSaveBot)
	p.POST("/bot/settings", s.bodyLimit(maxConsoleBytes), s.consoleForm, s.consoleWrite, s.consoleSwitchBot)
	r.POST(root+"/:account/chats/:chat/bot/try", s.bodyLimit(maxTryForm), s.limited(perAddress), s.consolePlace, s.consoleTry, s.consoleTryBot)
}

// multipartForm reads the fields of a form that may carry a file; others are left to
// who comes next.
func (s *Server) multipartForm(c *gin.Context) {
	err := c.Request.ParseMultipartForm(maxBotForm)
	if err == nil || errors.Is(err, http.ErrNotMultipart) {
		return
	}
	if !isTooLarge(err) {
		err = fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	s.fail(c, err)
}

type botBody struct {
	// Chat is the name of the chat, Page the address of its settings.
	Chat, Page, File string
	MaxKB, MaxName   int
	// Spots, Name and Import are the settings; NameError is what is wrong with the name.
	Spots  []botSpot
	Import bool
	// Accepts: what the bot says accepts incoming leads.
	Accepts         bool
	Name, NameError string
	// Locked: the switch is off everywhere, so nobody changes the bot (BOT-9). Closed: this
	// person cannot change it now. Aside: there is a bot, but it does not speak.
	Locked, Closed, Aside bool
	// JSON is the bot as it was typed, Saved tells whether there is one already.
	JSON  string
	Saved bool
	// Problems are in the bot; Refused: for them it was not saved.
	Problems []botProblem
	Refused  bool
	// Script and Style make the editor, from Data.
	Script, Style string
	Data          any
}

// botSpot is a button or a card page that carries the chat, with the switch of its
// greeting: the one of its own page (BOT-9).
type botSpot struct {
	Key        chatid.ButtonKey
	Name, Page string
	On         bool
}

// botSpots are those of a chat, buttons first.
func (s *Server) botSpots(c *gin.Context, one onlinechat.Place) ([]botSpot, error) {
	p := placeOf(c)
	var list []botSpot
	for _, b := range one.Buttons {
		list = append(list, botSpot{b.Key, s.buttonName(c, b), p.button(b), b.Look.Greeting.Enabled})
	}
	cards, err := s.Cards.CardsOf(c.Request.Context(), p.account.ID)
	for _, card := range cards {
		if card.Chat == one.ID {
			list = append(list, botSpot{card.Button, card.Title, p.root + "/cards/" + string(card.ID), card.Look.Greeting.Enabled})
		}
	}
	return list, err
}

func greetsSomewhere(list []botSpot) bool {
	return slices.ContainsFunc(list, func(b botSpot) bool { return b.On })
}

// botScript is what the editor's script is given.
type botScript struct {
	Try      string            `json:"try"`
	CSRF     string            `json:"csrf"`
	Words    map[string]string `json:"words"`
	ReadOnly bool              `json:"read_only"`
	MaxBytes int               `json:"max_bytes"`
	File     string            `json:"file"`
	// Problems count steps as the editor's cards do.
	Problems []botProblem `json:"problems"`
}

// botOf finds the chat of the path and its bot.
func (s *Server) botOf(c *gin.Context) (onlinechat.Place, greeting.Settings, error) {
	p := placeOf(c)
	one, err := s.chatOf(c, p)
	if err != nil {
		return onlinechat.Place{}, greeting.Settings{}, err
	}
	set, err := s.Greetings.Settings(c.Request.Context(), p.account.ID, one.ID)
	return one, set, err
}

func (s *Server) consoleBot(c *gin.Context) {
	one, set, err := s.botOf(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.showBot(c, http.StatusOK, one, set, nil, func(*botBody) {})
}

// showBot draws the page of a bot; typed puts back what a person wrote, failed is
// what stood in the way of saving it.
func (s *Server) showBot(c *gin.Context, status int, one onlinechat.Place, set greeting.Settings, failed error, typed func(*botBody)) {
	p := placeOf(c)
	spots, err := s.botSpots(c, one)
	if err != nil {
		s.fail(c, err)
		return
	}
	off := !greetsSomewhere(spots)
	body := botBody{
		Chat: one.Name, Page: p.root + "/chats/" + string(one.ID), File: botFile, MaxKB: greeting.MaxBytes >> 10, MaxName: greeting.MaxNameRunes,
		Spots: spots, Import: !set.Untold, Accepts: !set.LeavesIncoming, Name: set.Name, Locked: off, Closed: off || !p.who.Admin, JSON: string(set.Bot), Saved: len(set.Bot) > 0,
		Aside: len(set.Bot) > 0 && !set.On && !off,
	}
	typed(&body)
	var cards []botProblem
	if strings.TrimSpace(body.JSON) != "" {
		bot, err := greeting.Parse([]byte(body.JSON))
		if err != nil {
			body.Problems = s.notBot(c, err)
			cards = body.Problems
		} else {
			found := bot.Check()
			body.Problems, cards = s.botProblems(c, found, 0), s.botProblems(c, found, 1)
		}
	}
	body.Script, body.Style = s.SiteChat.BotEditor()
	body.Script, body.Style = "/assets/"+body.Script, "/assets/"+body.Style
	s.consoleRender(c, status, "bot", func(v *consoleView) {
		v.Title = s.text(c, "console.bot.title", nil)
		data, err := json.Marshal(botScript{
			Try: body.Page + "/bot/try", CSRF: v.CSRF, Words: v.words.Under("bot.ui."), ReadOnly: body.Closed,
			MaxBytes: greeting.MaxBytes, File: botFile, Problems: append([]botProblem{}, cards...),
		})
		if failed == nil {
			failed = err
		}
		body.Data = json.RawMessage(data)
		v.Body = body
		s.outcome(c, v, failed)
	})
}

// consoleBotFile gives the saved bot as a file.
func (s *Server) consoleBotFile(c *gin.Context) {
	_, set, err := s.botOf(c)
	if err == nil && len(set.Bot) == 0 {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Content-Disposition", `attachment; filename="`+botFile+`"`)
	c.Data(http.StatusOK, "application/json; charset=utf-8", set.Bot)
}

// consoleSaveBot stores the bot of the form, or of its file where one was chosen. Only
// one that can run is taken, since it greets the next visitor.
func (s *Server) consoleSaveBot(c *gin.Context) {
	p := placeOf(c)
	one, set, err := s.botOf(c)
	var spots []botSpot
	if err == nil {
		spots, err = s.botSpots(c, one)
	}
	if err == nil && !greetsSomewhere(spots) {
		err = fault.New(fault.Conflict, "bot_off")
	}
	var typed string
	if err == nil {
		typed, err = botTyped(c)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	next := set
	next.Bot, next.On = json.RawMessage(typed), true
	if strings.TrimSpace(typed) == "" {
		next.Bot, next.On = nil, false
	}
	err = s.setBot(c, p.entry(console.SaveBot, one.Name), next)
	if err != nil {
		refused := fault.KindOf(err) == fault.Invalid
		if refused {
			status := statusOf(err)
			s.showBot(c, status, one, set, nil, func(b *botBody) { b.JSON, b.Refused = typed, true })
			return
		}
		s.showBot(c, statusOf(err), one, set, err, func(b *botBody) { b.JSON = typed })
		return
	}
	s.botSaved(c, p, one, console.SaveBot)
}

// botTyped is what the form brings: the file goes before the field.
func botTyped(c *gin.Context) (string, error) {
	if form := c.Request.MultipartForm; form != nil {
		for _, header := range form.File["file"] {
			f, err := header.Open()
			if err != nil {
				return "", err
			}
			raw, err := io.ReadAll(io.LimitReader(f, greeting.MaxBytes+1))
			if err = errors.Join(err, f.Close()); err != nil {
				return "", err
			}
			if len(raw) > 0 {
				return string(raw), nil
			}
		}
	}
	return c.Request.PostForm.Get("bot"), nil
}

// consoleSwitchBot changes where visitors are greeted, and how the bot speaks. The first
// switch of a chat without a bot makes it say hello: there is nothing else yet that it
// could say.
func (s *Server) consoleSwitchBot(c *gin.Context) {
	p := placeOf(c)
	one, set, err := s.botOf(c)
	var spots []botSpot
	if err == nil {
		spots, err = s.botSpots(c, one)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	form := c.Request.PostForm
	next, subject, keys := set, one.Name, []chatid.ButtonKey{}
	next.Untold, next.Name = form.Get("import") != "1", form.Get("name")
	next.LeavesIncoming = form.Get("accept") != "1"
	for i, spot := range spots {
		on := slices.Contains(form["at"], string(spot.Key))
		if on != spot.On {
			subject += map[bool]string{true: ": + ", false: ": - "}[on] + spot.Name
		}
		if on {
			keys = append(keys, spot.Key)
		}
		next.On = next.On || on && !spot.On
		spots[i].On = on
	}
	if next.On && len(next.Bot) == 0 {
		hello := greeting.Bot{Steps: []greeting.Step{{Question: []greeting.Handler{
			greeting.Make(greeting.HandlerShow, greeting.Show{Type: greeting.ShowText, Value: s.text(c, "bot.ui.template.hello", nil)}),
		}}}}
		if next.Bot, err = json.Marshal(hello); err != nil {
			s.fail(c, err)
			return
		}
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(console.SwitchBot, subject), func(ctx context.Context) error {
		if _, err := s.Greetings.SetBot(ctx, next); err != nil {
			return err
		}
		return s.OnlineChats.SetGreets(ctx, p.account.ID, one.ID, keys)
	})
	if err != nil {
		s.showBot(c, statusOf(err), one, set, general(err), func(b *botBody) {
			b.Spots, b.Import, b.Accepts, b.Name = spots, !next.Untold, !next.LeavesIncoming, next.Name
			if isInvalid(err) {
				b.NameError = s.text(c, "console.bot.name.error", map[string]any{"Max": greeting.MaxNameRunes})
			}
		})
		return
	}
	s.botSaved(c, p, one, console.SwitchBot)
}

// setBot stores a bot as an act in the log.
func (s *Server) setBot(c *gin.Context, e console.Entry, set greeting.Settings) error {
	ctx, cancel := consoleContext(c)
	defer cancel()
	return s.Console.Do(ctx, e, func(ctx context.Context) error {
		_, err := s.Greetings.SetBot(ctx, set)
		return err
	})
}

func (s *Server) botSaved(c *gin.Context, p *place, one onlinechat.Place, act console.Act) {
	c.Redirect(http.StatusSeeOther, p.root+"/chats/"+string(one.ID)+"/bot?done="+string(act))
}
