package httpapi

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// summaryJSON is one of a visitor's conversations, in their list.
type summaryJSON struct {
	ID chatid.ConversationID `json:"id"`
	// Number is what people call it by: A123; empty for none.
	Number string `json:"number"`
	Unread int    `json:"unread"`
	// Last is the newest message; absent where there is none to show.
	Last *messageJSON `json:"last,omitempty"`
}

// conversations lists those of the visitor that go on.
func (s *Server) conversations(c *gin.Context) {
	who, _ := whoOf(c)
	list, err := s.summaries(c, who)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{"conversations": list})
}

func (s *Server) summaries(c *gin.Context, who conversation.Who) ([]summaryJSON, error) {
	list, err := s.Conversations.List(c.Request.Context(), who)
	if err != nil {
		return nil, err
	}
	out := make([]summaryJSON, len(list))
	for i, one := range list {
		out[i] = summaryJSON{ID: one.ID, Number: conversation.NumberName(one.Number), Unread: one.Unread}
		if one.Last != nil {
			last := s.message(c, *one.Last)
			out[i].Last = &last
		}
	}
	return out, nil
}
