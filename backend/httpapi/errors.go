package httpapi

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"leadline/backend/fault"
)

// statuses maps kinds of error to HTTP; the only place that does.
var statuses = map[fault.Kind]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Denied:          http.StatusForbidden,
	fault.Limited:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusBadGateway,
	fault.Timeout:         http.StatusGatewayTimeout,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
}

// ownStatus are the codes whose status is not that of their kind.
var ownStatus = map[string]int{
	"storage_unavailable": http.StatusServiceUnavailable, // our own part, not an upstream's
	"channel_refused":     http.StatusBadGateway,
	"channel_private":     http.StatusBadGateway,
	"restarting":          http.StatusServiceUnavailable,
	"length_required":     http.StatusLengthRequired,
	"upload_stalled":      http.StatusRequestTimeout,
}

// errorBody is the one shape of an error (docs/http-api.md).
type errorBody struct {
	Error struct {
		Code      string `json:"code"`
		Message   string `json:"message"`
		RequestID string `json:"request_id"`
	} `json:"error"`
}

// fail answers with err and ends the request. What we cannot explain is
// internal: logged with the request's id, shown as one neutral sentence.
func (s *Server) fail(c *gin.Context, err error) {
	status, body := s.explain(c, err)
	if c.GetBool(keyAsPage) {
		s.consoleMessage(c, status, s.text(c, "console.trouble.title", nil), body.Error.Message)
		return
	}
	c.AbortWithStatusJSON(status, body)
}

// statusOf is the status of an answer that shows err on a page of its own kind.
func statusOf(err error) int {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return http.StatusInternalServerError
	}
	if status, own := ownStatus[f.Code]; own {
		return status
	}
	return statuses[f.Kind]
}

func isTooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}

func (s *Server) explain(c *gin.Context, err error) (int, errorBody) {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		err = fault.New(fault.TooLarge, "body_too_large")
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind == fault.Internal {
		s.Logger.Error("request failed", "request_id", requestID(c), "path", c.FullPath(), "error", err)
		f = fault.New(fault.Internal, "internal")
	} else if f.Err != nil {
		s.Logger.Warn("request refused", "request_id", requestID(c), "path", c.FullPath(), "code", f.Code, "error", f.Err)
	}
	status := statusOf(f)
	args := map[string]any{}
	for k, v := range f.Args {
		args[k] = v
	}
	if f.RetryAfter > 0 {
		seconds := int(math.Ceil(f.RetryAfter.Seconds()))
		c.Header("Retry-After", strconv.Itoa(seconds))
		args["Seconds"] = seconds
	}
	var body errorBody
	body.Error.Code = f.Code
	body.Error.Message = s.text(c, "error."+f.Code, args)
	body.Error.RequestID = requestID(c)
	return status, body
}
