package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
	"leadline/backend/sitechat"
)

// The embed code of a button, and the sites that it is for (O §6.1, EMB-6, EMB-24).

// codeVariant is one of the snippets of EMB-6.
type codeVariant string

const (
	collapsed codeVariant = "collapsed"
	expanded  codeVariant = "expanded"
	onlyChat  codeVariant = "only_chat"
)

// codeVariants in the order that people meet them: the chat alone last, or first
// where it is the chat's own code.
var codeVariants = []codeVariant{collapsed, expanded, onlyChat}

// codeBody is the part "code" of a page.
type codeBody struct {
	// Action is where the form goes.
	Action   string
	MaxSites int
	// What stands in the fields, as it was typed, and what is wrong with it.
	Sites      string
	InApp      bool
	SitesError string
	ReadOnly   bool
	// Placed: somebody told where the code goes; before it is not given out.
	Placed   bool
	Snippets []chatCode
}

// chatCode is one variant, in the product's dialect and in the other one.
type chatCode struct{ Title, Text, Code, Other string }

// placed tells whether somebody told where a button's code goes.
func placed(b onlinechat.Button) bool { return b.Key != "" && (b.InApp || len(b.TrustedSites) > 0) }

// codeOf is one snippet of a button.
func (s *Server) codeOf(d sitechat.Dialect, b onlinechat.Button, v codeVariant) string {
	return sitechat.Snippet(d, sitechat.Embed{
		ButtonID: string(b.Key), Hash: b.Hash, Locale: s.locale("", b.Locale), LoaderURL: s.ChatURL + "/js/button.js",
		Inline: v != collapsed, Hidden: v == onlyChat,
	})
}

func (s *Server) codeBody(c *gin.Context, action string, b onlinechat.Button) codeBody {
	p := placeOf(c)
	body := codeBody{
		Action: action, MaxSites: onlinechat.MaxTrustedSites, Sites: strings.Join(b.TrustedSites, "\n"), InApp: b.InApp,
		ReadOnly: !p.who.Admin, Placed: placed(b),
	}
	if !body.Placed {
		return body
	}
	own, other := sitechat.AmoCRM, sitechat.Kommo
	if dialect(p.product.Name) == other {
		own, other = other, own
	}
	for _, v := range codeVariants {
		key := "chats.code." + string(v)
		body.Snippets = append(body.Snippets, chatCode{
			s.text(c, key+".title", nil), s.text(c, key+".text", nil), s.codeOf(own, b, v), s.codeOf(other, b, v),
		})
	}
	return body
}

// codePage is the body of the dialogue of the list.
type codePage struct {
	Chat onlinechat.Place
	Code codeBody
	// Buttons are those that carry the chat, where there are several.
	Buttons []consoleLink
	Button  string
}

// consoleCode shows a chat's embed code and asks where it goes.
func (s *Server) consoleCode(c *gin.Context) {
	one, b, err := s.carrier(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	s.showCode(c, http.StatusOK, one, b, nil, func(*codeBody) {})
}

// carrier finds the chat of the path and which of its buttons is meant: the query's,
// else the first. fault.NotFound.
func (s *Server) carrier(c *gin.Context) (onlinechat.Place, onlinechat.Button, error) {
	one, err := s.chatOf(c, placeOf(c))
	if err != nil {
		return one, onlinechat.Button{}, err
	}
	key := c.Query("button")
	for _, b := range one.Buttons {
		if key == "" || string(b.Key) == key {
			return one, b, nil
		}
	}
	return one, onlinechat.Button{}, fault.New(fault.NotFound, "not_found")
}

func (s *Server) showCode(c *gin.Context, status int, one onlinechat.Place, b onlinechat.Button, failed error, typed func(*codeBody)) {
	p := placeOf(c)
	page := p.root + "/chats/" + string(one.ID) + "/code?button="
	body := codePage{Chat: one, Code: s.codeBody(c, page+string(b.Key), b), Button: s.buttonName(c, b)}
	if len(one.Buttons) > 1 {
		for _, other := range one.Buttons {
			body.Buttons = append(body.Buttons, consoleLink{s.buttonName(c, other), page + string(other.Key)})
		}
	}
	typed(&body.Code)
	s.consoleRender(c, status, "code", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "chats.code.title", map[string]any{"Chat": one.Name}), body
		s.outcome(c, v, failed)
	})
}

// consoleSites changes which sites may carry a button.
func (s *Server) consoleSites(c *gin.Context) {
	one, b, err := s.carrier(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	inApp, typed, err := s.trust(c, b.Key, one.Name)
	if err != nil {
		s.showCode(c, statusOf(err), one, b, general(err), func(body *codeBody) { s.wrongSites(c, body, inApp, typed, err) })
		return
	}
	c.Redirect(http.StatusSeeOther, placeOf(c).root+"/chats/"+string(one.ID)+"/code?button="+string(b.Key)+"&done="+string(console.SetSites))
}

// trust saves the sites that a form names for a button. "Embedded in an application"
// hides the addresses, and keeps them.
func (s *Server) trust(c *gin.Context, key chatid.ButtonKey, subject string) (inApp bool, typed string, err error) {
	form := c.Request.PostForm
	typed, inApp = form.Get("sites"), ticked(form, "in_app")
	hosts := hostsIn(typed)
	if len(hosts) > 0 {
		subject += ": " + strings.Join(hosts, ", ")
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	return inApp, typed, s.Console.Do(ctx, placeOf(c).entry(console.SetSites, subject), func(ctx context.Context) error {
		if !inApp && len(hosts) == 0 {
			return fault.New(fault.Invalid, "invalid_request")
		}
		return s.OnlineChats.Trust(ctx, key, hosts, inApp)
	})
}

func (s *Server) wrongSites(c *gin.Context, b *codeBody, inApp bool, typed string, err error) {
	b.Sites, b.InApp = typed, inApp
	if isInvalid(err) {
		b.SitesError = s.text(c, "chats.code.sites.error", map[string]any{"Max": onlinechat.MaxTrustedSites})
	}
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
