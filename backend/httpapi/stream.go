package httpapi

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/i18n"
	"leadline/backend/media"
	"leadline/backend/onlinechat"
	"leadline/backend/realtime"
)

// stream upgrades to a WebSocket; its token is the first frame, so that none
// stands in an address.
func (s *Server) stream(c *gin.Context) {
	if err := s.Streams.ServeWebSocket(c.Writer, c.Request); err != nil {
		s.fail(c, err)
	}
}

// events is the same stream over fetch, for networks that block Upgrade.
func (s *Server) events(c *gin.Context) {
	session, cursor, err := s.resumed(c)
	if err == nil {
		err = s.Streams.ServeEvents(c.Writer, c.Request, session, cursor)
	}
	if err != nil {
		s.fail(c, err)
	}
}

// poll is the same stream in pieces, for networks that hold an answer back until
// it is whole.
func (s *Server) poll(c *gin.Context) {
	session, cursor, err := s.resumed(c)
	seconds, bad := strconv.Atoi(c.DefaultQuery("wait", strconv.Itoa(int(realtime.MaxPollWait.Seconds()))))
	if err == nil && (bad != nil || seconds < 0 || seconds > int(realtime.MaxPollWait.Seconds())) {
		err = fault.New(fault.Invalid, "invalid_request")
	}
	if err == nil {
		err = s.Streams.ServePoll(c.Writer, c.Request, session, cursor, time.Duration(seconds)*time.Second)
	}
	if err != nil {
		s.fail(c, err)
	}
}

// resumed is whose stream a request asks for, and from where on.
func (s *Server) resumed(c *gin.Context) (realtime.Session, int64, error) {
	cursor, err := strconv.ParseInt(c.DefaultQuery("cursor", "0"), 10, 64)
	if err != nil || cursor < 0 {
		return realtime.Session{}, 0, fault.New(fault.Invalid, "invalid_request")
	}
	who, _ := whoOf(c)
	through, _ := c.Get(keyThrough)
	button, err := entered(c.Request.Context(), s.OnlineChats, through.(auth.Entrance), s.Now(), s.AppURL, s.ChatURL)
	if err != nil {
		return realtime.Session{}, 0, err
	}
	_, several := c.GetQuery(conversationParam)
	session, err := sessionOf(c.Request.Context(), s.Conversations, who, several)
	session.Nameless = !button.Look.UseName
	return session, cursor, err
}

// StreamSource is where streams read: the database is the history, hints only
// say when to look.
type StreamSource struct {
	Tokens        *auth.Keys
	Conversations *conversation.Service
	OnlineChats   *onlinechat.Service
	Texts         *i18n.Catalog
	Links         *media.Links
	Now           func() time.Time
	// AppURL and ChatURL are those of Deps.
	AppURL, ChatURL string
}

// Authenticate takes the visitor token of a stream's first frame.
func (s StreamSource) Authenticate(ctx context.Context, token string, of *chatid.ConversationID) (realtime.Session, error) {
	v, err := s.Tokens.ReadVisitor(token)
	var button onlinechat.Button
	if err == nil {
		button, err = entered(ctx, s.OnlineChats, v.Through, s.Now(), s.AppURL, s.ChatURL)
	}
	if err != nil {
		return realtime.Session{}, err
	}
	w := who(v)
	if of != nil && *of != "" {
		if !chatid.Valid(string(*of)) {
			return realtime.Session{}, fault.New(fault.Denied, "invalid_request")
		}
		w.Conversation = *of
	}
	session, err := sessionOf(ctx, s.Conversations, w, of != nil)
	session.Nameless = !button.Look.UseName
	return session, err
}

// sessionOf names the visitor's conversation, if there is one; of several, the one
// that who names.
func sessionOf(ctx context.Context, conversations *conversation.Service, who conversation.Who, several bool) (realtime.Session, error) {
	session := realtime.Session{Account: who.Account, Chat: who.Chat, Visitor: who.Visitor, Several: several, Conversation: who.Conversation}
	if several && who.Conversation == "" {
		return session, nil
	}
	c, _, err := conversations.Find(ctx, who)
	if err == nil {
		session.Conversation, session.Known = c.ID, true
	} else if !fault.Is(err, fault.NotFound) {
		return realtime.Session{}, err
	}
	return session, nil
}

// Since reads up to limit changes after cursor, oldest first.
func (s StreamSource) Since(ctx context.Context, session realtime.Session, cursor int64, limit int) ([]realtime.Frame, bool, error) {
	who := conversation.Who{Account: session.Account, Chat: session.Chat, Visitor: session.Visitor}
	if session.Several {
		if who.Conversation = session.Conversation; who.Conversation == "" {
			return nil, false, nil
		}
	}
	list, err := s.Conversations.Since(ctx, who, cursor, limit+1)
	if err != nil {
		return nil, false, err
	}
	more := len(list) > limit
	if more {
		list = list[:limit]
	}
	frames := make([]realtime.Frame, len(list))
	for i, m := range list {
		if frames[i], err = s.frame(session, m); err != nil {
			return nil, false, err
		}
	}
	return frames, more, nil
}

// Show renders a message that was just stored.
func (s StreamSource) Show(ctx context.Context, session realtime.Session, message any) (realtime.Frame, error) {
	m := *message.(*conversation.Message) // other streams show it, too
	if err := s.Conversations.Picture(ctx, &m); err != nil {
		return realtime.Frame{}, err
	}
	return s.frame(session, m)
}

func (s StreamSource) frame(session realtime.Session, m conversation.Message) (realtime.Frame, error) {
	v := view{links: s.Links, now: s.Now(), text: func(key string) string {
		return s.Texts.Localizer(session.AcceptLanguage, "").Text(key, nil) // seldom needed
	}, nameless: func() bool { return session.Nameless }}
	data, err := json.Marshal(v.message(m))
	return realtime.Frame{Rev: m.Rev, Data: data}, err
}
