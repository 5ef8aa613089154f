package httpapi

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// widgetRoot is where the widget's calls lie.
const widgetRoot = "/widget/v1"

// widgetCORS lets pages of CRM accounts read the answers, errors too: without
// these headers the widget would see status 0 and no reason (W §8.4). It stands
// before everything that can fail. Preflights end here, without a token.
func (s *Server) widgetCORS(c *gin.Context) {
	if !strings.HasPrefix(c.Request.URL.Path, widgetRoot+"/") {
		return
	}
	h := c.Writer.Header()
	h.Add("Vary", "Origin")
	origin := c.GetHeader("Origin")
	allowed := false
	for _, p := range s.Products {
		if p.Verifier.AdmitsOrigin(origin) {
			allowed = true
			break
		}
	}
	if allowed {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "Retry-After")
	}
	if c.Request.Method != http.MethodOptions {
		return
	}
	if allowed {
		h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "X-Auth-Token, Content-Type, Accept-Language")
		h.Set("Access-Control-Max-Age", "600")
	}
	c.AbortWithStatus(http.StatusNoContent)
}

// siteCORS lets the page that carries a button read its configuration.
func siteCORS(c *gin.Context, origin string) {
	h := c.Writer.Header()
	h.Add("Vary", "Origin")
	if origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
	}
}

// sameOrigin refuses requests that a browser sends for another page: the
// panel's calls come from this host itself, and its token is no cookie, so
// nothing is lost to anybody honest.
func (s *Server) sameOrigin(c *gin.Context) {
	if o := c.GetHeader("Origin"); o != "" && o != s.ChatURL {
		s.fail(c, errForeignOrigin)
	}
}
