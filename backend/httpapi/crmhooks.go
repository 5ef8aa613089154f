package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/fault"
)

// CRMHookPath is where accounts' CRMs tell of events; a secret follows.
const CRMHookPath = "/hooks/crm/"

const (
	// crmHookTime is how long one may take: the CRM waits for 2 s (C §7.6).
	crmHookTime = 1500 * time.Millisecond
	// maxSecret bounds what is looked up.
	maxSecret = 128
)

// crmHook takes a webhook of an account's CRM, which waits for 2 s and switches
// off an address with many bad answers (C §7.6). What it says is noted, and asked
// for later. The answer has no words.
func (s *Server) crmHook(c *gin.Context) {
	secret := c.Param("secret")
	// The limits' keys are hashes: a secret is kept nowhere in clear.
	key := sha256.Sum256([]byte(secret))
	if s.limits.take(perCRMHook, hex.EncodeToString(key[:])) > 0 {
		c.AbortWithStatus(http.StatusTooManyRequests) // the CRM repeats it
		return
	}
	body, err := io.ReadAll(c.Request.Body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		c.AbortWithStatus(http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), crmHookTime)
	defer cancel()
	err = fault.New(fault.NotFound, "not_found")
	if len(secret) <= maxSecret {
		err = s.CRMHooks.Note(ctx, secret, string(body))
	}
	switch {
	case err == nil:
		c.Status(http.StatusOK)
	case fault.Is(err, fault.NotFound):
		if s.limits.take(perUnknownHook, s.clientAddress(c)) > 0 {
			c.AbortWithStatus(http.StatusTooManyRequests)
			return
		}
		c.AbortWithStatus(http.StatusNotFound)
	default:
		s.Logger.Error("webhook not noted", "request_id", requestID(c), "error", err)
		c.AbortWithStatus(http.StatusServiceUnavailable)
	}
}
