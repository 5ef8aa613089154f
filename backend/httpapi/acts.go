package httpapi

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// What a visitor does besides writing.

// changing binds a body and answers with the message that do changed.
func changing[T any](s *Server, c *gin.Context, do func(conversation.Who, chatid.MessageID, T) (conversation.Message, error)) {
	who, _ := whoOf(c)
	var in T
	err := bind(c, &in)
	if err == nil {
		_, err = s.writable(c.Request.Context(), who)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	m, err := do(who, chatid.MessageID(c.Param("id")), in)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"message": s.message(c, m)})
}

type editBody struct {
	Text string `json:"text"`
}

func (s *Server) edit(c *gin.Context) {
	changing(s, c, func(who conversation.Who, id chatid.MessageID, in editBody) (conversation.Message, error) {
		return s.Conversations.Edit(c.Request.Context(), who, id, in.Text)
	})
}

type reactBody struct {
	Emoji string `json:"emoji" binding:"required,max=64"`
}

func (s *Server) react(c *gin.Context) {
	changing(s, c, func(who conversation.Who, id chatid.MessageID, in reactBody) (conversation.Message, error) {
		return s.Conversations.React(c.Request.Context(), who, id, in.Emoji)
	})
}

func (s *Server) unreact(c *gin.Context) {
	who, _ := whoOf(c)
	m, err := s.Conversations.React(c.Request.Context(), who, chatid.MessageID(c.Param("id")), "")
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"message": s.message(c, m)})
}

// typing is a hint: nothing waits for it and nothing is told of its failure.
func (s *Server) typing(c *gin.Context) {
	who, _ := whoOf(c)
	if err := bind(c, &struct{}{}); err != nil {
		s.fail(c, err)
		return
	}
	s.Typist.VisitorTypes(c.Request.Context(), who)
	c.Status(http.StatusNoContent)
}

// end ends the visitor's conversation.
func (s *Server) end(c *gin.Context) {
	who, _ := whoOf(c)
	err := bind(c, &struct{}{})
	if err == nil {
		err = s.Conversations.End(c.Request.Context(), who)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
