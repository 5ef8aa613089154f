package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/auth"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/greeting"
	"leadline/backend/onlinechat"
)

type greetingBody struct {
	Meta    conversation.Meta `json:"meta"`
	Contact contactBody       `json:"contact"`
}

// greet gives what the visitor is greeted with. Nothing of it is stored: the token
// brings it back with the first message (BOT-11).
func (s *Server) greet(c *gin.Context) {
	who, _ := whoOf(c)
	var in greetingBody
	err := bind(c, &in)
	var chat onlinechat.Chat
	if err == nil {
		chat, err = s.writable(c.Request.Context(), who)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	if !chat.Several {
		who.Conversation = "" // as in write
	}
	list, token := []messageJSON{}, ""
	greets, err := s.greetsAt(c, chat)
	if err != nil {
		s.fail(c, err)
		return
	}
	if greets {
		shown, messages, err := s.Greetings.Greet(c.Request.Context(), who, greeting.About{Name: in.Contact.Name, Phone: in.Contact.Phone, Email: in.Contact.Email, Meta: in.Meta})
		if err == nil && shown.At > 0 {
			token, err = s.shownToken(shown)
		}
		if err != nil {
			s.fail(c, err)
			return
		}
		for _, m := range messages {
			list = append(list, s.message(c, m))
		}
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"messages": list, "token": token})
}

// greetsAt tells whether the chat's bot speaks at the button that the session began by
// (BOT-9): one may greet while another of the chat's does not.
func (s *Server) greetsAt(c *gin.Context, chat onlinechat.Chat) (bool, error) {
	through, _ := c.Get(keyThrough)
	entrance, _ := through.(auth.Entrance)
	if !chat.Greets || entrance.Button == "" {
		return false, nil
	}
	b, err := s.OnlineChats.Button(c.Request.Context(), entrance.Button)
	if fault.Is(err, fault.NotFound) { // removed meanwhile
		return false, nil
	}
	return b.Greets(chat), err
}

func (s *Server) shownToken(shown greeting.Shown) (string, error) {
	raw, err := json.Marshal(shown)
	if err != nil {
		return "", err
	}
	return s.Tokens.Shown(raw)
}

// greeted adds to a message the chat's bot and the greeting that its visitor saw. One
// that cannot be read any more, or of a bot that was switched off meanwhile, takes
// nothing from the message: what was pressed there is then said.
func (s *Server) greeted(c *gin.Context, who conversation.Who, chat onlinechat.Chat, in writeBody, d *conversation.Draft) error {
	var shown *greeting.Shown
	if in.Greeting != "" {
		raw, err := s.Tokens.ReadShown(in.Greeting)
		if err == nil {
			shown = new(greeting.Shown)
			err = json.Unmarshal(raw, shown)
		}
		if err != nil {
			s.Logger.Info("greeting not read", "account_id", string(who.Account), "chat_id", string(who.Chat), "error", err)
			shown = nil
		}
	}
	greets, err := s.greetsAt(c, chat)
	if err != nil {
		return err
	}
	if greets {
		if d.Bot, err = s.Greetings.Seen(c.Request.Context(), who, greeting.About{Name: in.Contact.Name, Phone: in.Contact.Phone, Email: in.Contact.Email}, shown); err != nil {
			return err
		}
	}
	if in.Greeting != "" && d.Press != nil && (d.Bot == nil || d.Bot.Greeted == nil) {
		d.Text, d.Press = d.Press.Text, nil
	}
	return nil
}
