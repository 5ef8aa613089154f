package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// The list of online chats (O §6.1), and what makes and removes them.

func (s *Server) consoleChatRoutes(p, w *gin.RouterGroup) {
	p.GET("/chats", s.consoleChats)
	p.GET("/chats/:chat", s.consoleChat)
	p.GET("/chats/:chat/code", s.consoleCode)
	w.POST("/chats", s.consoleAddChat)
	w.POST("/chats/:chat/name", s.consoleRename)
	w.POST("/chats/:chat/remove", s.consoleRemoveChat)
	w.POST("/chats/:chat/several", s.consoleSeveral)
	w.POST("/chats/:chat/reach", s.consoleReach)
	w.POST("/chats/:chat/external", s.consoleExternalID)
	w.POST("/chats/:chat/code", s.consoleSites)
	w.POST("/chats/:chat/identity/mode", s.consoleIdentityMode)
	w.POST("/chats/:chat/identity/secret", s.consoleIdentitySecret)
	w.POST("/chats/:chat/identity/key", s.consoleIdentityKey)
	w.POST("/chats/:chat/identity/drop", s.consoleIdentityDrop)
}

// chatActs are what a page may be told of that these pages change.
var chatActs = []console.Act{
	console.RenameChat, console.AddChat, console.RemoveChat, console.SetSeveral, console.SetReach, console.SetSites,
	console.SetExternalID, console.SetIdentityMode, console.AddIdentityKey, console.DropIdentityKey,
}

// placesTime is how long a page waits for the CRM's names of pipelines, which it can
// do without.
const placesTime = 4 * time.Second

type chatsBody struct {
	Page  string // address
	Lines []chatLine
	// Alone: the CRM keeps a single source, so that there is one chat. Free are the
	// pipelines that have none yet; Unread: the CRM did not tell.
	Alone, Unread bool
	Free          []onlinechat.Pipeline
	MaxName       int
	Name          string
	Pipeline      chatid.PipelineID
	NameError     string
	// Unchosen and ByClaim are the chats whose identity asks for somebody's attention.
	Unchosen, ByClaim []consoleLink
}

type chatLine struct {
	Name, Pipeline string
	Default        bool
	Page           string // address
	Several        bool
	// External is the field that holds the site's ids of people, in words; empty for none.
	External string
	// Buttons and Cards are what carries the chat: the first of them, and More more.
	Buttons, Cards         *consoleLink
	MoreButtons, MoreCards int
	// Snippet is empty until somebody told where it goes.
	Snippet string
}

// consoleLink is a page with its name.
type consoleLink struct{ Name, Page string }

// consoleChats lists the account's online chats.
func (s *Server) consoleChats(c *gin.Context) {
	s.showChats(c, http.StatusOK, nil, func(*chatsBody) {})
}

func (s *Server) showChats(c *gin.Context, status int, failed error, typed func(*chatsBody)) {
	p := placeOf(c)
	ctx, cancel := consoleContext(c)
	defer cancel()
	list, err := s.places(c, p)
	var cards map[chatid.ChatID][]consoleLink
	if err == nil {
		cards, err = s.cardLinks(ctx, p)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	body := chatsBody{Page: p.root + "/chats", MaxName: onlinechat.MaxName}
	for _, one := range list {
		page := body.Page + "/" + string(one.ID)
		l := chatLine{Name: one.Name, Pipeline: one.PipelineName, Default: one.Default, Page: page, Several: one.Several, External: s.fieldName(c, one.ExternalID)}
		if n := len(one.Buttons); n > 0 {
			l.Buttons, l.MoreButtons = &consoleLink{s.buttonName(c, one.Button), p.root + "/buttons/" + string(one.Button.Key)}, n-1
		}
		if n := len(cards[one.ID]); n > 0 {
			l.Cards, l.MoreCards = &cards[one.ID][0], n-1
		}
		if placed(one.Button) {
			l.Snippet = s.codeOf(dialect(p.product.Name), one.Button, onlyChat)
		}
		body.Lines = append(body.Lines, l)
		identity, err := s.OnlineChats.Identity(ctx, one.ID)
		if err != nil {
			s.fail(c, err)
			return
		}
		switch link := (consoleLink{one.Name, page + "#identity"}); {
		case identity.Mode == onlinechat.Vendor:
			body.ByClaim = append(body.ByClaim, link)
		case !identity.Chosen:
			body.Unchosen = append(body.Unchosen, link)
		}
	}
	if p.who.Admin && len(list) > 0 {
		short, cancel := context.WithTimeout(ctx, placesTime)
		defer cancel()
		several := false
		body.Free, several, err = s.OnlineChats.FreePipelines(short, p.account.ID, list)
		body.Unread = err != nil
		body.Alone = err == nil && !several
	}
	typed(&body)
	s.consoleRender(c, status, "chats", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "console.nav.chats", nil), body
		s.outcome(c, v, failed)
	})
}

func (s *Server) places(c *gin.Context, p *place) ([]onlinechat.Place, error) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), placesTime)
	defer cancel()
	list, _, err := s.OnlineChats.Places(ctx, p.account.ID, "", "", "")
	return list, err
}

// chatOf finds the chat of the path among the account's; fault.NotFound.
func (s *Server) chatOf(c *gin.Context, p *place) (onlinechat.Place, error) {
	list, err := s.places(c, p)
	if err != nil {
		return onlinechat.Place{}, err
	}
	for _, one := range list {
		if string(one.ID) == c.Param("chat") {
			return one, nil
		}
	}
	return onlinechat.Place{}, fault.New(fault.NotFound, "not_found")
}

// consoleAddChat makes the online chat of a pipeline (SET-1).
func (s *Server) consoleAddChat(c *gin.Context) {
	p, form := placeOf(c), c.Request.PostForm
	id, err := strconv.ParseInt(form.Get("pipeline"), 10, 64)
	if err != nil || id <= 0 {
		s.showChats(c, http.StatusUnprocessableEntity, fault.New(fault.Invalid, "no_such_pipeline"), func(b *chatsBody) { b.Name = form.Get("name") })
		return
	}
	pipeline, name := chatid.PipelineID(id), form.Get("name")
	words := s.words(c)
	ctx, cancel := consoleContext(c)
	defer cancel()
	var chat onlinechat.Chat
	err = s.Console.Do(ctx, p.entry(console.AddChat, name), func(ctx context.Context) (err error) {
		made := false
		chat, made, err = s.OnlineChats.EnsureIn(ctx, p.account.ID, pipeline, words.Language(), func(pipeline string) string {
			if name == "" {
				return words.Text("chat.of_pipeline", map[string]any{"Pipeline": pipeline})
			}
			return name
		})
		if err == nil && !made {
			err = fault.New(fault.Conflict, "pipeline_has_chat")
		}
		return crmTrouble(err)
	})
	if err != nil {
		s.showChats(c, statusOf(err), general(err), func(b *chatsBody) {
			b.Name, b.Pipeline = name, pipeline
			if isInvalid(err) {
				b.NameError = s.text(c, "console.name.error", map[string]any{"Max": onlinechat.MaxName})
			}
		})
		return
	}
	s.saved(c, p, chat.ID, console.AddChat)
}

// consoleRemoveChat removes a chat with its source; what was said stays in the CRM.
func (s *Server) consoleRemoveChat(c *gin.Context) {
	p := placeOf(c)
	one, err := s.chatOf(c, p)
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(console.RemoveChat, one.Name), func(ctx context.Context) error {
		return crmTrouble(s.OnlineChats.RemoveChat(ctx, p.account.ID, one.ID))
	})
	if err != nil {
		s.showChat(c, statusOf(err), one, err, func(*chatBody) {})
		return
	}
	c.Redirect(http.StatusSeeOther, p.root+"/chats?done="+string(console.RemoveChat))
}

// consoleSeveral switches between one conversation and several (CON-8).
func (s *Server) consoleSeveral(c *gin.Context) {
	p, form := placeOf(c), c.Request.PostForm
	one, err := s.chatOf(c, p)
	mode := form.Get("mode")
	if err == nil && mode != "one" && mode != "multiple" {
		err = fault.New(fault.Invalid, "invalid_request")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	subject := one.Name + ": " + s.text(c, "chats.several."+mode+".name", nil)
	err = s.Console.Do(ctx, p.entry(console.SetSeveral, subject), func(ctx context.Context) error {
		return s.OnlineChats.SetSeveral(ctx, p.account.ID, one.ID, mode == "multiple")
	})
	switch {
	case err != nil && form.Get("from") == "list":
		s.showChats(c, statusOf(err), err, func(*chatsBody) {})
	case err != nil:
		s.showChat(c, statusOf(err), one, err, func(*chatBody) {})
	case form.Get("from") == "list":
		c.Redirect(http.StatusSeeOther, p.root+"/chats?done="+string(console.SetSeveral))
	default:
		s.saved(c, p, one.ID, console.SetSeveral)
	}
}

func (s *Server) saved(c *gin.Context, p *place, chat chatid.ChatID, act console.Act) {
	c.Redirect(http.StatusSeeOther, p.root+"/chats/"+string(chat)+"?done="+string(act))
}

// isInvalid tells of what was typed itself; general is the rest, which the page says above the forms.
func isInvalid(err error) bool { return fault.CodeOf(err) == "invalid_request" }

func general(err error) error {
	if isInvalid(err) {
		return nil
	}
	return err
}
