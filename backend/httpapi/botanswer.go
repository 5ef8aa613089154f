package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/greeting"
)

// BotAnswerPath is where servers answer requests of greeting bots; a token follows, the
// only proof there is: it is never logged.
const BotAnswerPath = "/v1/bot-answers/"

// maxBotAnswer bounds an answer: its data, and up to greeting.MaxAnswerDo messages.
const maxBotAnswer = 64 << 10

// botAnswer takes the answer to a bot's request (O §4.3, widget_request): 202, once.
func (s *Server) botAnswer(c *gin.Context) {
	var w greeting.Waiting
	raw, err := s.Tokens.ReadBotAnswer(c.Param("token"))
	if err == nil {
		err = json.Unmarshal(raw, &w)
	}
	var in greeting.AskAnswer
	if err == nil {
		if err = bind(c, &in); err == nil {
			err = s.Greetings.Answer(c.Request.Context(), w, in)
		}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusAccepted)
}
