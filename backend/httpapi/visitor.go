package httpapi

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/media"
	"leadline/backend/onlinechat"
)

const (
	keyWho     = "who"
	keyThrough = "through"
	// keyNameless is what nameless found.
	keyNameless = "nameless"
)

// conversationParam names one of several conversations, in the query of any call.
const conversationParam = "conversation"

// whoOf is the visitor that visitorToken found.
func whoOf(c *gin.Context) (conversation.Who, bool) {
	v, ok := c.Get(keyWho)
	if !ok {
		return conversation.Who{}, false
	}
	return v.(conversation.Who), true
}

// visitorToken takes the visitor from Authorization: Bearer.
func (s *Server) visitorToken(c *gin.Context) {
	token, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	if !ok {
		s.fail(c, fault.New(fault.Unauthenticated, "token_missing"))
		return
	}
	v, err := s.Tokens.ReadVisitor(token)
	if err != nil {
		s.fail(c, err)
		return
	}
	w := who(v)
	if id := c.Query(conversationParam); id != "" {
		if !chatid.Valid(id) {
			s.fail(c, fault.New(fault.Invalid, "invalid_request"))
			return
		}
		w.Conversation = chatid.ConversationID(strings.ToLower(id))
	}
	c.Set(keyWho, w)
	c.Set(keyThrough, v.Through)
}

// who is the visitor that a token names, with what was proven of them when it
// was made.
func who(v auth.Visitor) conversation.Who {
	return conversation.Who{Account: v.Account, Chat: v.Chat, Visitor: v.Visitor, Proven: proven(v.Proven)}
}

func proven(p auth.Proven) conversation.Proven {
	return conversation.Proven{ExternalID: p.UserID, Name: p.Name, Phone: p.Phone, Email: p.Email, Contact: p.Contact}
}

type pageBody struct {
	URL      string `json:"url" binding:"max=2048"`
	Title    string `json:"title" binding:"max=512"`
	Referrer string `json:"referrer" binding:"max=2048"`
}

type contactBody struct {
	Name  string `json:"name" binding:"max=256"`
	Phone string `json:"phone" binding:"max=64"`
	Email string `json:"email" binding:"max=254"`
}

type sessionBody struct {
	ButtonID string `json:"button_id" binding:"required,max=18"`
	Ticket   string `json:"ticket" binding:"required,max=2048"`
	Alias    string `json:"alias" binding:"max=128"`
	Locale   string `json:"locale" binding:"max=16"`
	Token    string `json:"token" binding:"max=7168"`
	// UserID is what the page claims of who the visitor is, UserToken what the
	// site's server says (docs/http-api.md).
	UserID    string `json:"user_id" binding:"max=256"`
	UserToken string `json:"user_token" binding:"max=8192"`
}

type sessionAnswer struct {
	Token        string            `json:"token"`
	Visitor      chatid.VisitorID  `json:"visitor"`
	Origin       string            `json:"origin"`
	Locale       string            `json:"locale"`
	Conversation *sessionConv      `json:"conversation"`
	Strings      map[string]string `json:"strings"`
	Uploads      *uploadsJSON      `json:"uploads,omitempty"`
	Availability *availabilityJSON `json:"availability"`
	CallBack     bool              `json:"callback"`
	// Ask is what to leave while nobody answers.
	Ask onlinechat.Ask `json:"ask,omitempty"`
	// Conversations is there, if empty, where a visitor may hold several.
	Conversations *[]summaryJSON `json:"conversations,omitempty"`
	// Greets: a greeting can be asked for.
	Greets bool `json:"greets,omitempty"`
	// Avatar is the chat's own picture; UseAvatar says that the one of who answers
	// stands in its place.
	Avatar    string `json:"avatar,omitempty"`
	UseAvatar bool   `json:"use_avatar,omitempty"`
	// Warning is for the site's developer.
	Warning *warningJSON `json:"warning,omitempty"`
}

type warningJSON struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type sessionConv struct {
	ID     chatid.ConversationID `json:"id"`
	Unread int                   `json:"unread"`
}

// session turns a ticket into a visitor token. Who brings the token of an
// earlier visit stays the same visitor unless the page names another person;
// everybody else is new, whatever cookie the page has (ADR 11). No row is made before the first message.
func (s *Server) session(c *gin.Context) {
	var in sessionBody
	if err := bind(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	origin, err := s.Tokens.ReadTicket(in.Ticket, chatid.ButtonKey(in.ButtonID))
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx := c.Request.Context()
	button, chat, err := s.carried(ctx, chatid.ButtonKey(in.ButtonID))
	if err != nil {
		s.fail(c, err)
		return
	}
	if chat == nil || !s.admits(button, origin) {
		s.fail(c, fault.New(fault.Denied, "chat_unavailable"))
		return
	}
	v, warning, err := s.recognise(ctx, *chat, auth.Entrance{Button: button.Key, Origin: origin, At: s.Now().Unix()}, in)
	if err != nil {
		s.fail(c, err)
		return
	}
	token, err := s.Tokens.Visitor(v)
	if err != nil {
		s.fail(c, err)
		return
	}
	out := sessionAnswer{
		Token: token, Visitor: v.Visitor, Origin: origin, Locale: s.locale(in.Locale, button.Locale), Strings: map[string]string{}, Uploads: s.uploads(),
		Greets: button.Greets(*chat),
	}
	c.Set(keyNameless, !button.Look.UseName)
	if button.Look.Avatar != "" {
		out.Avatar = s.Links.Short(button.Look.Avatar, media.Original, "", s.Now())
	}
	out.UseAvatar = button.Look.UseAvatar
	if warning != "" {
		out.Warning = &warningJSON{warning, s.text(c, "warning."+warning, nil)}
	}
	if err = s.reach(ctx, *chat, v.Proven, &out); err != nil {
		s.fail(c, err)
		return
	}
	if chat.Several {
		list, err := s.summaries(c, who(v))
		if err != nil {
			s.fail(c, err)
			return
		}
		out.Conversations = &list
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, out)
		return
	}
	conv, unread, err := s.Conversations.Find(ctx, who(v))
	switch {
	case err == nil:
		out.Conversation = &sessionConv{ID: conv.ID, Unread: unread}
	case !fault.Is(err, fault.NotFound):
		s.fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, out)
}

type writeBody struct {
	ClientID string `json:"client_id" binding:"required,len=36"`
	Text     string `json:"text"`
	FileID   string `json:"file_id" binding:"max=64"`
	Group    string `json:"group" binding:"max=36"`
	ReplyTo  string `json:"reply_to" binding:"max=64"`
	Press    *struct {
		Message  string `json:"message" binding:"required,max=64"`
		Text     string `json:"text" binding:"max=1024"`
		Callback string `json:"callback_data" binding:"max=1024"`
	} `json:"press"`
	Location *conversation.Location `json:"location"`
	Card     *conversation.Card     `json:"card"`
	Page     pageBody               `json:"page"`
	Contact  contactBody            `json:"contact"`
	Alias    string                 `json:"alias" binding:"max=128"`
	Locale   string                 `json:"locale" binding:"max=16"`
	// Greeting is the token of the greeting that the visitor saw before they wrote.
	Greeting string `json:"greeting" binding:"max=49152"`
}

// write accepts a message: 200 means that it is on disk.
func (s *Server) write(c *gin.Context) {
	who, _ := whoOf(c)
	var in writeBody
	if err := bind(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	chat, err := s.writable(c.Request.Context(), who)
	if err != nil {
		s.fail(c, err)
		return
	}
	draft := conversation.Draft{
		ClientID: chatid.ClientID(strings.ToLower(in.ClientID)), Text: in.Text,
		File: chatid.FileID(in.FileID), Group: strings.ToLower(in.Group), ReplyTo: chatid.MessageID(in.ReplyTo),
		Location: in.Location, Card: in.Card,
		Name: in.Contact.Name, Phone: in.Contact.Phone, Email: in.Contact.Email,
		Alias: in.Alias, Locale: in.Locale, Source: chat.SourceExternalID, Several: chat.Several,
	}
	if !chat.Several {
		who.Conversation = "" // the setting was changed since the panel was told (CON-8)
	}
	if p := in.Press; p != nil {
		draft.Press = &conversation.Press{Message: chatid.MessageID(p.Message), Text: p.Text, Callback: p.Callback}
	}
	if err = s.greeted(c, who, chat, in, &draft); err != nil {
		s.fail(c, err)
		return
	}
	m, err := s.Conversations.Write(c.Request.Context(), who, draft)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"message": s.message(c, m)})
}

// history reads the transcript backwards, page by page.
func (s *Server) history(c *gin.Context) {
	who, _ := whoOf(c)
	limit, err := strconv.Atoi(c.DefaultQuery("limit", "50"))
	place, ok := parsePlace(c.Query("before"))
	if err != nil || limit < 1 || !ok {
		s.fail(c, fault.New(fault.Invalid, "invalid_request"))
		return
	}
	page, err := s.Conversations.History(c.Request.Context(), who, place, limit)
	if err != nil {
		s.fail(c, err)
		return
	}
	list := make([]messageJSON, len(page.Messages))
	for i, m := range page.Messages {
		list[i] = s.message(c, m)
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"messages": list, "cursor": page.Cursor, "more": page.More})
}

// parsePlace reads "{at_ms}.{seq}"; "" is the end of the transcript.
func parsePlace(v string) (conversation.Place, bool) {
	if v == "" {
		return conversation.Place{}, true
	}
	a, b, ok := strings.Cut(v, ".")
	at, err1 := strconv.ParseInt(a, 10, 64)
	seq, err2 := strconv.ParseInt(b, 10, 64)
	return conversation.Place{At: at, Seq: seq}, ok && err1 == nil && err2 == nil && at > 0 && seq > 0
}

type receiptsBody struct {
	Delivered int64 `json:"delivered" binding:"min=0"`
	Seen      int64 `json:"seen" binding:"min=0"`
}

func (s *Server) receipts(c *gin.Context) {
	who, _ := whoOf(c)
	var in receiptsBody
	err := bind(c, &in)
	if err == nil {
		err = s.Conversations.Report(c.Request.Context(), who, in.Delivered, in.Seen)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
