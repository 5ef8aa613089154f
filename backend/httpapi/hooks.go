package httpapi

import (
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// hook takes what the chats service sends: raw bytes, verified and stored
// before the 200, which must come within 5 s and is never asked for again.
func (s *Server) hook(c *gin.Context) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		s.hookRefused(c, err)
		return
	}
	err = s.Hooks.Accept(c.Request.Context(), chatid.ScopeID(c.Param("scope_id")), c.GetHeader("X-Signature"), body)
	if err != nil {
		s.hookRefused(c, err)
		return
	}
	// No keep-alive: a hook comes once, and must not meet a connection that a
	// restart is just closing.
	c.Header("Connection", "close")
	c.Status(http.StatusOK)
}

// hookRefused answers a program: a status and no words.
func (s *Server) hookRefused(c *gin.Context, err error) {
	var tooLarge *http.MaxBytesError
	status := http.StatusInternalServerError
	switch {
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	case fault.Is(err, fault.Denied):
		status = http.StatusForbidden
	case fault.Is(err, fault.Invalid):
		status = http.StatusBadRequest
	case fault.Is(err, fault.Unavailable):
		status = http.StatusServiceUnavailable
	}
	log := s.Logger.Warn
	if status >= 500 {
		log = s.Logger.Error
	}
	log("hook refused", "request_id", requestID(c), "status", status, "error", err)
	c.AbortWithStatus(status)
}
