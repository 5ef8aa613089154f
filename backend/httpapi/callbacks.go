package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/desk"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

type callBackBody struct {
	ClientID string   `json:"client_id" binding:"required,len=36"`
	Phone    string   `json:"phone" binding:"max=64"`
	Name     string   `json:"name" binding:"max=256"`
	Text     string   `json:"text" binding:"max=8192"`
	Page     pageBody `json:"page"`
	Alias    string   `json:"alias" binding:"max=128"`
	Locale   string   `json:"locale" binding:"max=16"`
}

// callBack accepts a visitor's wish to be called back: 200 means that it is on
// disk, and on its way to the operators as a message.
func (s *Server) callBack(c *gin.Context) {
	who, _ := whoOf(c)
	var in callBackBody
	err := bind(c, &in)
	c.Set(keyLanguage, in.Locale)
	ctx := c.Request.Context()
	var chat onlinechat.Chat
	if err == nil {
		chat, err = s.writable(ctx, who)
	}
	var reach onlinechat.Reach
	if err == nil {
		reach, err = s.OnlineChats.Reach(ctx, who.Chat)
	}
	if err == nil && reach.NoCallBacks {
		err = fault.New(fault.Denied, "callbacks_off")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	if !chat.Several {
		who.Conversation = "" // as in write
	}
	m, err := s.Conversations.CallBack(ctx, who, conversation.CallBackDraft{
		ClientID: chatid.ClientID(strings.ToLower(in.ClientID)), Phone: in.Phone, Name: in.Name, Text: in.Text,
		Alias: in.Alias, Locale: in.Locale, Source: chat.SourceExternalID, Several: chat.Several,
		Words: func(phone string) string { return s.text(c, "callback.message", map[string]any{"Phone": phone}) },
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"message": s.message(c, m)})
}

// availabilityJSON is whether somebody answers visitors now.
type availabilityJSON struct {
	State desk.State `json:"state"`
	Back  *time.Time `json:"back,omitempty"`
}

// reach tells a visitor whether somebody answers, whether the call-back form is
// offered, in which words of the owner's, and what to leave while nobody answers: not
// who has proven how to be reached.
func (s *Server) reach(ctx context.Context, chat onlinechat.Chat, p auth.Proven, out *sessionAnswer) error {
	v, err := s.Desk.Availability(ctx, chat.Account, chat.ID)
	if err != nil {
		return err
	}
	r, err := s.OnlineChats.Reach(ctx, chat.ID)
	if err != nil {
		return err
	}
	out.Availability, out.CallBack = &availabilityJSON{State: v.State}, !r.NoCallBacks
	if !v.Back.IsZero() {
		out.Availability.Back = &v.Back
	}
	if p.Email == "" && p.Phone == "" {
		out.Ask = r.Ask
	}
	say := func(key, text string) {
		if text != "" {
			out.Strings[key] = text
		}
	}
	say("status.online", r.OnlineText)
	say("status.back", r.AwayText)
	say("status.back_on", r.AwayText)
	if !strings.Contains(r.AwayText, "{") { // nobody knows when
		say("status.away", r.AwayText)
	}
	return nil
}
