package httpapi

import (
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/auth"
	"leadline/backend/fault"
	"leadline/backend/i18n"
)

// Sizes of bodies that are read.
const (
	maxHookBytes       = 256 << 10
	maxWidgetBytes     = 8 << 10
	maxBackgroundBytes = 16 << 10
	maxVisitorBytes    = 32 << 10
	// A message may bring the greeting that its visitor saw.
	maxMessageBytes = maxVisitorBytes + auth.MaxShownToken
)

const (
	keyRequestID = "request_id"
	keyLanguage  = "language"
)

// engine makes a gin engine with what every request gets.
func (s *Server) engine() *gin.Engine {
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	_ = r.SetTrustedProxies(nil) // addresses are taken by clientAddress
	r.Use(s.begin, s.recover)
	r.NoRoute(func(c *gin.Context) { s.fail(c, fault.New(fault.NotFound, "not_found")) })
	r.NoMethod(func(c *gin.Context) {
		status, body := s.explain(c, fault.New(fault.Invalid, "method_not_allowed"))
		_ = status
		c.AbortWithStatusJSON(http.StatusMethodNotAllowed, body)
	})
	return r
}

// begin names the request and logs its end. Paths are logged as routes, so that
// no value of a path or query reaches the log.
func (s *Server) begin(c *gin.Context) {
	start := s.Now()
	c.Set(keyRequestID, s.NewID())
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	c.Next()
	route := c.FullPath()
	if route == "" {
		route = "(none)"
	}
	s.Logger.Debug("request", "request_id", requestID(c), "method", c.Request.Method, "route", route,
		"status", c.Writer.Status(), "bytes", c.Writer.Size(), "duration", s.Now().Sub(start))
}

// recover turns a panic into a plain internal error. Headers set so far stay,
// CORS among them, so that a browser may read the answer.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.Logger.Error("panic", "request_id", requestID(c), "route", c.FullPath(), "panic", p, "stack", string(debug.Stack()))
			if !c.Writer.Written() {
				s.fail(c, fault.New(fault.Internal, "internal"))
			}
		}
	}()
	c.Next()
}

func requestID(c *gin.Context) string { return c.GetString(keyRequestID) }

// bodyLimit bounds what will be read; reading more is fault.TooLarge.
func (s *Server) bodyLimit(n int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.ContentLength > n {
			s.fail(c, fault.New(fault.TooLarge, "body_too_large"))
			return
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, n)
	}
}

// bind reads a JSON body; what is no such object is fault.Invalid.
func bind(c *gin.Context, into any) error {
	if err := c.ShouldBindJSON(into); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	return nil
}

// clientAddress is who is on the other end: the peer, or what our own proxy
// wrote last.
func (s *Server) clientAddress(c *gin.Context) string {
	if s.TrustProxy {
		list := strings.Split(c.GetHeader("X-Forwarded-For"), ",")
		if ip := net.ParseIP(strings.TrimSpace(list[len(list)-1])); ip != nil {
			return ip.String()
		}
	}
	host, _, err := net.SplitHostPort(c.Request.RemoteAddr)
	if err != nil {
		return c.Request.RemoteAddr
	}
	return host
}

// text is a sentence in the reader's language: the one that a body named, else
// Accept-Language.
func (s *Server) text(c *gin.Context, key string, args map[string]any) string {
	return s.words(c).Text(key, args)
}

// words are all sentences in that language.
func (s *Server) words(c *gin.Context) i18n.Localizer {
	return s.Texts.Localizer(c.GetHeader("Accept-Language"), c.GetString(keyLanguage))
}
