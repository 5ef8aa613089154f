package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// allParked stands for every parked message in the place of an id.
const allParked = "all"

type parkedList struct {
	Parked   int             `json:"parked"` // in all
	Messages []parkedMessage `json:"messages"`
}

type parkedMessage struct {
	ID           string `json:"id"`
	Conversation string `json:"conversation_id"`
	At           int64  `json:"at"`
	Kind         string `json:"kind"`
	Reason       string `json:"reason"`
	// Message tells the reason in the reader's language.
	Message string `json:"message"`
}

// widgetParked lists the messages that the CRM did not take.
func (s *Server) widgetParked(c *gin.Context) {
	place, err := parkedPlace(c.Query("before"))
	limit := 50
	if v := c.Query("limit"); v != "" && err == nil {
		if limit, err = strconv.Atoi(v); err != nil || limit < 1 {
			err = fault.New(fault.Invalid, "invalid_request")
		}
	}
	id, ok := s.parkingOf(c, err)
	if !ok {
		return
	}
	list, count, err := s.Conversations.Parked(c.Request.Context(), id, place, limit)
	if err != nil {
		s.fail(c, err)
		return
	}
	out := parkedList{Parked: count, Messages: []parkedMessage{}}
	for _, m := range list {
		out.Messages = append(out.Messages, parkedMessage{
			ID: string(m.Message), Conversation: string(m.Conversation), At: m.At, Kind: m.Kind, Reason: m.Reason,
			Message: s.text(c, "error."+m.Reason, nil),
		})
	}
	c.JSON(http.StatusOK, out)
}

// widgetResend sends one parked message again, or all.
func (s *Server) widgetResend(c *gin.Context) {
	s.decide(c, s.Conversations.Resend, s.Conversations.ResendAll)
}

// widgetDrop gives one parked message up, or all.
func (s *Server) widgetDrop(c *gin.Context) {
	s.decide(c, s.Conversations.Drop, s.Conversations.DropAll)
}

func (s *Server) decide(c *gin.Context, one func(context.Context, chatid.AccountID, chatid.MessageID) error, all func(context.Context, chatid.AccountID) (int, error)) {
	id, ok := s.parkingOf(c, nil)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), widgetPatience)
	defer cancel()
	var left int
	var err error
	switch message := c.Param("message"); {
	case message == allParked:
		left, err = all(ctx, id)
	case !chatid.Valid(message):
		err = fault.New(fault.NotFound, "not_found")
	default:
		if err = one(ctx, id, chatid.MessageID(message)); err == nil {
			_, left, err = s.Conversations.Parked(ctx, id, conversation.ParkedPlace{}, 1)
		}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"parked": left})
}

// parkingOf gives the token's account to its administrators; err is what was
// wrong with the request itself.
func (s *Server) parkingOf(c *gin.Context, err error) (chatid.AccountID, bool) {
	claims, p := claimsOf(c)
	if claims.IsAdmin != nil && !*claims.IsAdmin {
		err = fault.New(fault.Denied, "not_admin")
	}
	if err != nil {
		s.fail(c, err)
		return "", false
	}
	if !s.spend(c, perAccountParked, p.Name+claims.Host) {
		return "", false
	}
	a, err := s.Accounts.ByCRM(c.Request.Context(), p.Name, claims.AccountID)
	if err != nil {
		s.fail(c, err)
		return "", false
	}
	return a.ID, true
}

// parkedPlace reads "{at}.{id}" of the last message of the page before.
func parkedPlace(v string) (conversation.ParkedPlace, error) {
	if v == "" {
		return conversation.ParkedPlace{}, nil
	}
	at, id, _ := strings.Cut(v, ".")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil || n <= 0 || !chatid.Valid(id) {
		return conversation.ParkedPlace{}, fault.New(fault.Invalid, "invalid_request")
	}
	return conversation.ParkedPlace{At: n, Message: chatid.MessageID(id)}, nil
}
