package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
	"leadline/backend/sitechat"
)

// placesTime is how long a page waits for the CRM's names of pipelines, which it can
// do without.
const placesTime = 4 * time.Second

type chatLine struct {
	Name, Pipeline string
	Default        bool
	Page           string // address
	Snippet        string
}

// consoleChats lists the account's online chats.
func (s *Server) consoleChats(c *gin.Context) {
	p := placeOf(c)
	list, err := s.places(c, p)
	if err != nil {
		s.fail(c, err)
		return
	}
	lines := make([]chatLine, 0, len(list))
	for _, one := range list {
		l := chatLine{Name: one.Name, Pipeline: one.PipelineName, Default: one.Default, Page: p.root + "/chats/" + string(one.ID)}
		if one.Button.Key != "" {
			l.Snippet = s.snippet(p.product.Name, one.Button)
		}
		lines = append(lines, l)
	}
	s.consoleRender(c, http.StatusOK, "chats", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "console.nav.chats", nil), lines
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

type chatBody struct {
	Chat     onlinechat.Place
	Page     string // address
	MaxName  int
	MaxSites int

	// What stands in the fields, as it was typed, and what is wrong with it.
	Name, Sites           string
	InApp                 bool
	NameError, SitesError string
	// Snippets are the variants of the embed code.
	Snippets []chatCode
}

type chatCode struct{ Title, Text, Code string }

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
	body := chatBody{
		Chat: one, Page: p.root + "/chats/" + string(one.ID), MaxName: onlinechat.MaxName, MaxSites: onlinechat.MaxTrustedSites,
		Name: one.Name, Sites: strings.Join(one.Button.TrustedSites, "\n"), InApp: one.Button.InApp,
	}
	if one.Button.Key != "" {
		body.Snippets = s.codes(c, p, one.Button)
	}
	typed(&body)
	s.consoleRender(c, status, "chat", func(v *consoleView) {
		v.Title, v.Body = one.Name, body
		s.outcome(c, v, failed)
	})
}

// codes are the variants of EMB-6 that differ for a site.
func (s *Server) codes(c *gin.Context, p *place, b onlinechat.Button) []chatCode {
	bare := sitechat.Embed{ButtonID: string(b.Key), Hash: b.Hash, Locale: s.locale("", b.Locale), LoaderURL: s.ChatURL + "/js/button.js", Inline: true, Hidden: true}
	return []chatCode{
		{s.text(c, "console.code.button.title", nil), s.text(c, "console.code.button.text", nil), s.snippet(p.product.Name, b)},
		{s.text(c, "console.code.bare.title", nil), s.text(c, "console.code.bare.text", nil), sitechat.Snippet(dialect(p.product.Name), bare)},
	}
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

// consoleSites changes which sites may carry the chat's button.
func (s *Server) consoleSites(c *gin.Context) {
	p := placeOf(c)
	one, err := s.chatOf(c, p)
	if err == nil && one.Button.Key == "" {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	typed, inApp := c.Request.PostForm.Get("sites"), c.Request.PostForm.Get("in_app") == "1"
	hosts, subject := hostsIn(typed), one.Name
	if len(hosts) > 0 {
		subject += ": " + strings.Join(hosts, ", ")
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, p.entry(console.SetSites, subject), func(ctx context.Context) error {
		return s.OnlineChats.Trust(ctx, one.Button.Key, hosts, inApp)
	})
	if err != nil {
		s.showChat(c, statusOf(err), one, general(err), func(b *chatBody) {
			b.Sites, b.InApp = typed, inApp
			if isInvalid(err) {
				b.SitesError = s.text(c, "console.sites.error", map[string]any{"Max": onlinechat.MaxTrustedSites})
			}
		})
		return
	}
	s.saved(c, p, one.ID, console.SetSites)
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

// hostsIn takes host names out of what people paste: addresses of pages, one a line
// or with commas between.
func hostsIn(typed string) []string {
	var list []string
	for _, word := range strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) }) {
		word = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(word), "https://"), "http://")
		word, _, _ = strings.Cut(word, "/")
		list = append(list, word)
	}
	return list
}
