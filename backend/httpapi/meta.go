package httpapi

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/conversation"
)

// maxMetaBytes leaves room around a record for how a browser writes it, and for
// tracking data.
const maxMetaBytes = conversation.MaxMetaBytes + 16<<10

// meta takes what the page told of its visitor by setMeta (O §3.5), and where the browser
// saw them come from (O §6.7).
func (s *Server) meta(c *gin.Context) {
	who, _ := whoOf(c)
	var in struct {
		Meta     conversation.Meta     `json:"meta"`
		Tracking conversation.Tracking `json:"tracking"`
	}
	err := bind(c, &in)
	if err == nil {
		err = s.Conversations.TellMeta(c.Request.Context(), who, in.Meta, in.Tracking)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
