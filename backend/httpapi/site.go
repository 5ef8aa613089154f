package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
	"leadline/backend/sitechat"
)

// carried finds a button and the online chat that it carries: nil for none, and
// while the account takes no messages.
func (s *Server) carried(ctx context.Context, key chatid.ButtonKey) (onlinechat.Button, *onlinechat.Chat, error) {
	b, err := s.OnlineChats.Button(ctx, key)
	if err != nil {
		return b, nil, err
	}
	a, err := s.Accounts.Account(ctx, b.Account)
	if err != nil || b.Chat == "" || !reachable(a) {
		return b, nil, err
	}
	chat, err := s.OnlineChats.Chat(ctx, b.Chat)
	if err != nil {
		return b, nil, err
	}
	return b, &chat, nil
}

// reachable: what a visitor writes reaches the CRM, now or after a repair.
func reachable(a account.Account) bool {
	return a.State == account.Connected || a.State == account.Broken
}

// writable tells whether the visitor's account takes messages and gives the chat.
func (s *Server) writable(ctx context.Context, who conversation.Who) (chat onlinechat.Chat, err error) {
	a, err := s.Accounts.Account(ctx, who.Account)
	if err != nil {
		return chat, err
	}
	if !reachable(a) {
		return chat, fault.New(fault.Denied, "chat_unavailable")
	}
	return s.OnlineChats.Chat(ctx, who.Chat)
}

// defaultColor is the launcher's where the owner chose none: white on it has a
// contrast of 5.2 to 1.
const defaultColor = "#0b6bcb"

type configAnswer struct {
	Button configButton  `json:"button"`
	Chat   *configChat   `json:"chat"`
	Extras *configExtras `json:"extras,omitempty"`
	Ticket string        `json:"ticket,omitempty"`
	Frame  string        `json:"frame"`
}

type configButton struct {
	ID       string `json:"id"`
	Color    string `json:"color"`
	Position string `json:"position"`
	Style    string `json:"style"`
	Locale   string `json:"locale"`
}

type configChat struct {
	Title string `json:"title"`
	Mode  string `json:"mode"`
	// Untitled and AutoOpen are absent where they are the usual ones.
	Untitled bool   `json:"untitled,omitempty"`
	AutoOpen string `json:"auto_open,omitempty"`
}

// buttonConfig answers the loader; a page of a trusted site also gets a ticket
// that is good for a session.
func (s *Server) buttonConfig(c *gin.Context) {
	origin := s.originOf(c)
	// Its answer names the site, refusals too: the loader tells the developer why.
	siteCORS(c, origin)
	ctx := c.Request.Context()
	b, err := s.OnlineChats.Lookup(ctx, chatid.ButtonKey(c.Param("id")), c.Query("hash"))
	if err != nil {
		s.fail(c, err)
		return
	}
	origin = s.pageOf(c, b)
	if !s.admits(b, origin) {
		s.fail(c, errForeignOrigin)
		return
	}
	_, chat, err := s.carried(ctx, b.Key)
	if err != nil {
		s.fail(c, err)
		return
	}
	actions, err := s.KeyActions.Actions(ctx, b.Account, b.ID)
	if err != nil {
		s.fail(c, err)
		return
	}
	out := s.configOf(b, chat)
	if len(actions) > 0 {
		if out.Extras == nil {
			out.Extras = &configExtras{}
		}
		out.Extras.Actions = true
	}
	if chat != nil || len(actions) > 0 {
		if out.Ticket, err = s.Tokens.Ticket(b.Key, origin); err != nil {
			s.fail(c, err)
			return
		}
	}
	c.Header("Cache-Control", "private, max-age=300")
	c.JSON(http.StatusOK, out)
}

// configOf is what the loader is told of a button, but for the ticket; chat is nil for none.
func (s *Server) configOf(b onlinechat.Button, chat *onlinechat.Chat) configAnswer {
	out := configAnswer{
		Button: configButton{ID: string(b.Key), Color: cmp.Or(b.Look.Color, defaultColor), Position: side(b.Look.Position), Style: styleOf(b.Look), Locale: s.locale("", b.Locale)},
		Extras: s.extras(b, chat != nil),
		Frame:  "/v1/frame/" + string(b.Key),
	}
	if chat != nil {
		out.Chat = chatConfig(b.Look, *chat)
	}
	return out
}

// modeOf is how many conversations a visitor may hold, as the site is told.
func modeOf(c onlinechat.Chat) string {
	if c.Several {
		return "multiple"
	}
	return "one"
}

// locale chooses the panel's language: the page's, else the button's.
func (s *Server) locale(page, button string) string {
	if page == "" {
		page = button
	}
	return s.Texts.Match(page)
}

// frame is the panel's page. Who may embed it is up to the browser to hold.
func (s *Server) frame(c *gin.Context) {
	b, err := s.OnlineChats.Button(c.Request.Context(), chatid.ButtonKey(c.Param("id")))
	if err != nil {
		s.fail(c, err)
		return
	}
	lang := c.Query("lang")
	if lang == "" {
		lang = b.Locale
	}
	html, err := s.SiteChat.FramePage(sitechat.Frame{ButtonID: string(b.Key), Lang: lang})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Content-Security-Policy", sitechat.FramePolicy(hostOf(s.ChatURL), s.ancestors(c.Request.Context(), b)))
	c.Header("Cache-Control", "private, max-age=300")
	c.Data(http.StatusOK, "text/html; charset=utf-8", html)
}

// crmOrigin is that of the pages of an account's CRM; "" where it is not known.
func (s *Server) crmOrigin(ctx context.Context, id chatid.AccountID) string {
	a, err := s.Accounts.Account(ctx, id)
	if err != nil {
		return ""
	}
	p, known := s.Products[a.Product]
	if !known {
		return ""
	}
	origin, _ := p.Verifier.OriginOf(a.Host)
	return origin
}

func (s *Server) loader(c *gin.Context) {
	c.Header("Cache-Control", "public, max-age=600")
	c.Header("Access-Control-Allow-Origin", "*") // a script without secrets; lets pages use integrity and error reports
	sendBuilt(c, s.SiteChat.Loader())
}

func (s *Server) asset(c *gin.Context) {
	f, ok := s.SiteChat.Asset(c.Param("name"))
	if !ok {
		s.fail(c, fault.New(fault.NotFound, "not_found"))
		return
	}
	cache := "public, max-age=600"
	if f.Immutable {
		cache = "public, max-age=31536000, immutable"
	}
	c.Header("Cache-Control", cache)
	// The loader fetches its window's code from the site's page.
	c.Header("Access-Control-Allow-Origin", "*")
	sendBuilt(c, f)
}

// sendBuilt answers with a file of the build: the smallest form that the browser
// takes, or 304 where it has this content.
func sendBuilt(c *gin.Context, f sitechat.File) {
	c.Header("ETag", f.Tag)
	c.Header("Vary", "Accept-Encoding")
	if slices.Contains(headerList(c, "If-None-Match"), f.Tag) {
		c.Status(http.StatusNotModified)
		return
	}
	data := f.Data
	switch taken := headerList(c, "Accept-Encoding"); {
	case len(f.Brotli) > 0 && slices.Contains(taken, "br"):
		c.Header("Content-Encoding", "br")
		data = f.Brotli
	case len(f.Gzip) > 0 && slices.Contains(taken, "gzip"):
		c.Header("Content-Encoding", "gzip")
		data = f.Gzip
	}
	c.Data(http.StatusOK, f.Type, data)
}

// headerList splits a header at its commas. What carries a weight is left out but
// for 1: browsers give none, and who does gets the plain form.
func headerList(c *gin.Context, name string) (list []string) {
	for _, part := range strings.Split(strings.Join(c.Request.Header.Values(name), ","), ",") {
		item, weight, weighted := strings.Cut(part, ";")
		if w := strings.TrimSpace(weight); weighted && w != "q=1" && w != "q=1.0" {
			continue
		}
		list = append(list, strings.TrimPrefix(strings.TrimSpace(item), "W/")) // a proxy that compresses weakens tags
	}
	return list
}
