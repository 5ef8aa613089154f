package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/console"
	"leadline/backend/onlinechat"
)

// chatBody is the page of one online chat: its parts have forms of their own.
type chatBody struct {
	Chat    onlinechat.Place
	Page    string // address
	Buttons []consoleLink

	MaxName         int
	Name, NameError string
	Reach           reachBody
	Identity        identityBody
	External        externalBody
}

func (s *Server) consoleChat(c *gin.Context) {
	one, err := s.chatOf(c, placeOf(c))
	if err != nil {
		s.fail(c, err)
		return
	}
	s.showChat(c, http.StatusOK, one, nil, func(*chatBody) {})
}

// showChat draws a chat's page; typed puts back what a person wrote, failed is what
// stood in the way of saving it.
func (s *Server) showChat(c *gin.Context, status int, one onlinechat.Place, failed error, typed func(*chatBody)) {
	p := placeOf(c)
	ctx, cancel := consoleContext(c)
	defer cancel()
	body := chatBody{Chat: one, Page: p.root + "/chats/" + string(one.ID), MaxName: onlinechat.MaxName, Name: one.Name}
	for _, b := range one.Buttons {
		body.Buttons = append(body.Buttons, consoleLink{s.buttonName(c, b), p.root + "/buttons/" + string(b.Key)})
	}
	reach, err := s.OnlineChats.Reach(ctx, one.ID)
	var identity onlinechat.Identity
	if err == nil {
		identity, err = s.OnlineChats.Identity(ctx, one.ID)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	body.Reach = s.reachBody(c, typedReach(reach), nil)
	body.Identity, body.External = identityOf(identity), s.externalBody(c, one)
	typed(&body)
	s.consoleRender(c, status, "chat", func(v *consoleView) {
		v.Title, v.Body = one.Name, body
		s.outcome(c, v, failed)
	})
}

// consoleRename gives a chat another name, in the CRM too.
func (s *Server) consoleRename(c *gin.Context) {
	p := placeOf(c)
	one, err := s.chatOf(c, p)
	if err != nil {
		s.fail(c, err)
		return
	}
	name := c.Request.PostForm.Get("name")
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(console.RenameChat, one.Name+" → "+strings.TrimSpace(name)), func(ctx context.Context) error {
		return crmTrouble(s.OnlineChats.RenameChat(ctx, p.account.ID, one.ID, name))
	})
	if err != nil {
		s.showChat(c, statusOf(err), one, general(err), func(b *chatBody) {
			b.Name = name
			if isInvalid(err) {
				b.NameError = s.text(c, "console.name.error", map[string]any{"Max": onlinechat.MaxName})
			}
		})
		return
	}
	s.saved(c, p, one.ID, console.RenameChat)
}
