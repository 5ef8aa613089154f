package httpapi

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/media"
	"leadline/backend/onlinechat"
)

// The settings of a button (O §6.2).

func (s *Server) consoleButtonRoutes(p, w *gin.RouterGroup) {
	p.GET("/buttons/:button", s.consoleButton)
	p.GET("/buttons/:button/preview", s.consolePreview)
	p.GET("/buttons/:button/preview/config", s.consolePreviewConfig)
	w.POST("/buttons", s.consoleAddButton)
	w.POST("/buttons/:button/look", s.consoleLook)
	w.POST("/buttons/:button/channels", s.consoleChannels)
	w.POST("/buttons/:button/sites", s.consoleButtonSites)
	w.POST("/buttons/:button/chat", s.consoleButtonChat)
	w.POST("/buttons/:button/avatar/drop", s.consoleDropAvatar)
	w.POST("/buttons/:button/remove", s.consoleRemoveButton)
	p.POST("/buttons/:button/avatar", s.bodyLimit(maxAvatarForm), s.multipart, s.consoleForm, s.consoleWrite, s.consoleAvatar)
}

// buttonActs are what a page may be told of that these pages change.
var buttonActs = []console.Act{
	console.AddButton, console.RemoveButton, console.SetLook, console.SetAvatar, console.SetChannels, console.SetButtonChat,
}

// buttonBody is the page of one button: its parts have forms of their own.
type buttonBody struct {
	Button  onlinechat.Button
	Page    string // address
	Chat    *consoleLink
	Chats   []formOption
	Look    []lookGroup
	Picture string // address of the avatar
	// PictureError says what is wrong with a picture, MaxPicture is in MB.
	PictureError string
	MaxPicture   int
	Channels     channelsBody
	Code         codeBody
	Preview      string // address
	// Said: what is wrong stands beside its field.
	Said bool
}

// buttonName is what a button is called by in lists.
func (s *Server) buttonName(c *gin.Context, b onlinechat.Button) string {
	if b.Look.Name != "" {
		return b.Look.Name
	}
	return s.text(c, "chats.button.unnamed", map[string]any{"Number": string(b.Key)})
}

// buttonOf finds the button of the path; fault.NotFound.
func (s *Server) buttonOf(c *gin.Context) (onlinechat.Button, error) {
	return s.OnlineChats.OwnButton(c.Request.Context(), placeOf(c).account.ID, chatid.ButtonKey(c.Param("button")))
}

func (p *place) button(b onlinechat.Button) string { return p.root + "/buttons/" + string(b.Key) }

func (s *Server) consoleButton(c *gin.Context) {
	b, err := s.buttonOf(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.showButton(c, http.StatusOK, b, nil, func(*buttonBody) {})
}

// showButton draws a button's page, as showChat does.
func (s *Server) showButton(c *gin.Context, status int, b onlinechat.Button, failed error, typed func(*buttonBody)) {
	p := placeOf(c)
	chats, err := s.OnlineChats.Chats(c.Request.Context(), p.account.ID)
	if err != nil {
		s.fail(c, err)
		return
	}
	page := p.button(b)
	body := buttonBody{
		Button: b, Page: page, MaxPicture: maxAvatarBytes >> 20, Preview: page + "/preview",
		Look: s.lookGroups(c, typedLook(b.Look), nil), Channels: s.channelsBody(c, b.Channels), Code: s.codeBody(c, page+"/sites", b),
		Chats: []formOption{{"", s.text(c, "chats.button.no_chat", nil), b.Chat == ""}},
	}
	for _, chat := range chats {
		if chat.ID == b.Chat {
			body.Chat = &consoleLink{chat.Name, p.root + "/chats/" + string(chat.ID)}
		}
		body.Chats = append(body.Chats, formOption{string(chat.ID), chat.Name, chat.ID == b.Chat})
	}
	if b.Look.Avatar != "" {
		f, err := s.Conversations.File(c.Request.Context(), b.Account, b.Look.Avatar)
		if err == nil {
			body.Picture = s.Links.Lasting(media.Key(f.Key), f.Name)
		} else if !fault.Is(err, fault.NotFound) {
			s.fail(c, err)
			return
		}
	}
	typed(&body)
	if body.Said {
		failed = nil
	}
	s.consoleRender(c, status, "button", func(v *consoleView) {
		v.Title, v.Body = s.buttonName(c, b), body
		s.outcome(c, v, failed)
	})
}

// changeButton does an act to the button of the path and shows its page; wrong puts
// back what was typed, and tells whether it says there what is wrong with it.
func (s *Server) changeButton(c *gin.Context, act console.Act, subject string, do func(context.Context, onlinechat.Button) error, wrong func(*buttonBody, error) bool) {
	p := placeOf(c)
	b, err := s.buttonOf(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	said := s.buttonName(c, b)
	if subject != "" {
		said += ": " + subject
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(act, said), func(ctx context.Context) error { return do(ctx, b) })
	if err == nil {
		c.Redirect(http.StatusSeeOther, p.button(b)+"?done="+string(act))
		return
	}
	s.showButton(c, statusOf(err), b, err, func(body *buttonBody) {
		if wrong != nil {
			body.Said = wrong(body, err)
		}
	})
}

// consoleAddButton makes another button for a chat (SET-1).
func (s *Server) consoleAddButton(c *gin.Context) {
	p := placeOf(c)
	chat := chatid.ChatID(c.Request.PostForm.Get("chat"))
	var b onlinechat.Button
	ctx, cancel := consoleContext(c)
	defer cancel()
	err := s.Console.Do(ctx, p.entry(console.AddButton, ""), func(ctx context.Context) (err error) {
		b, err = s.OnlineChats.AddButton(ctx, p.account.ID, chat, "", s.words(c).Language())
		return err
	})
	if err != nil {
		s.showChats(c, statusOf(err), err, func(*chatsBody) {})
		return
	}
	c.Redirect(http.StatusSeeOther, p.button(b)+"?done="+string(console.AddButton))
}

// consoleButtonChat lets a button carry another chat, or none.
func (s *Server) consoleButtonChat(c *gin.Context) {
	chat := chatid.ChatID(c.Request.PostForm.Get("chat"))
	s.changeButton(c, console.SetButtonChat, "", func(ctx context.Context, b onlinechat.Button) error {
		return s.OnlineChats.SetButtonChat(ctx, b.Account, b.Key, chat)
	}, nil)
}

// consoleButtonSites changes which sites may carry the button.
func (s *Server) consoleButtonSites(c *gin.Context) {
	b, err := s.buttonOf(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	inApp, typed, err := s.trust(c, b.Key, s.buttonName(c, b))
	if err != nil {
		s.showButton(c, statusOf(err), b, general(err), func(body *buttonBody) { s.wrongSites(c, &body.Code, inApp, typed, err) })
		return
	}
	c.Redirect(http.StatusSeeOther, placeOf(c).button(b)+"?done="+string(console.SetSites))
}

// consoleRemoveButton removes a button for good.
func (s *Server) consoleRemoveButton(c *gin.Context) {
	p := placeOf(c)
	b, err := s.buttonOf(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(console.RemoveButton, s.buttonName(c, b)), func(ctx context.Context) error {
		return s.OnlineChats.RemoveButton(ctx, b.Account, b.Key)
	})
	if err != nil {
		s.showButton(c, statusOf(err), b, err, func(*buttonBody) {})
		return
	}
	c.Redirect(http.StatusSeeOther, p.root+"/chats?done="+string(console.RemoveButton))
}
