package httpapi

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"leadline/backend/account"
	"leadline/backend/chatid"
)

// maxCodeBytes bounds an authorisation code; real ones are below 1,000.
const maxCodeBytes = 4 << 10

// oauthCallback takes an authorisation code: from the CRM's server when the
// integration is installed (once, 3 s, no state), or from the redirect of the
// consent page (with our state). The code is stored before the answer and
// exchanged in the background (W §8.6).
func (s *Server) oauthCallback(c *gin.Context) {
	p, ok := s.Products[c.Param("product")]
	if !ok {
		s.page(c, http.StatusNotFound, "oauth.failed")
		return
	}
	q := c.Request.URL.Query()
	if q.Get("error") != "" {
		if state := q.Get("state"); state != "" && s.consentAnswer(c, p.Name, state, "", "") {
			return
		}
		s.page(c, http.StatusOK, "oauth.denied")
		return
	}
	code := q.Get("code")
	host, known := s.OAuth.Host(p.Name, q.Get("referer"))
	if code == "" || len(code) > maxCodeBytes || !known || (q.Get("client_id") != "" && q.Get("client_id") != p.ClientID) {
		s.Logger.Warn("authorisation callback refused", "request_id", requestID(c), "product", p.Name)
		s.page(c, http.StatusBadRequest, "oauth.failed")
		return
	}
	// A state is there only when we sent the admin to the consent page. A
	// forged one cannot bind anything: tokens belong to the account that they
	// are for, and a login claims it by a token of its own.
	if state := q.Get("state"); state != "" {
		if s.consentAnswer(c, p.Name, state, host, code) {
			return
		}
		if err := s.Tokens.ReadState(state, p.Name); err != nil {
			s.Logger.Warn("authorisation callback with a bad state", "request_id", requestID(c), "product", p.Name)
			s.page(c, http.StatusBadRequest, "oauth.failed")
			return
		}
	}
	if err := s.Accounts.Grant(c.Request.Context(), p.Name, host, code, account.Asker{}); err != nil {
		s.Logger.Error("store authorisation code", "request_id", requestID(c), "error", err)
		s.page(c, http.StatusServiceUnavailable, "oauth.failed")
		return
	}
	s.page(c, http.StatusOK, "oauth.done")
}

// consentStart is the address that leads an admin to the consent page.
func (s *Server) consentStart(product string, id chatid.CRMAccountID) string {
	return s.AppURL + "/oauth/" + url.PathEscape(product) + "/start?account=" + strconv.FormatInt(int64(id), 10)
}

// oauthStart sends a person to the consent page, with a state of ours.
func (s *Server) oauthStart(c *gin.Context) {
	p, ok := s.Products[c.Param("product")]
	id, err := strconv.ParseInt(c.Query("account"), 10, 64)
	if !ok || err != nil || id <= 0 {
		s.page(c, http.StatusNotFound, "oauth.failed")
		return
	}
	state, err := s.Tokens.State(p.Name, chatid.CRMAccountID(id))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusFound, s.OAuth.ConsentURL(p.Name, state))
}

// oauthDisabled takes the CRM's hint that the integration was switched off. A
// wrong signature is refused; a missing one is a hint all the same (Kommo sends
// none), since the API decides (W §8.7).
func (s *Server) oauthDisabled(c *gin.Context) {
	p, ok := s.Products[c.Param("product")]
	q := c.Request.URL.Query()
	client := q.Get("client_uuid")
	if client == "" {
		client = q.Get("client_id")
	}
	id, err := strconv.ParseInt(q.Get("account_id"), 10, 64)
	if !ok || client != p.ClientID || err != nil || id <= 0 {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	if sig := q.Get("signature"); sig != "" && !s.OAuth.DisabledSigned(p.Name, client, chatid.CRMAccountID(id), sig) {
		s.Logger.Warn("disable hook with a wrong signature", "request_id", requestID(c), "product", p.Name)
		c.AbortWithStatus(http.StatusForbidden)
		return
	}
	if err := s.Accounts.Disabled(c.Request.Context(), p.Name, chatid.CRMAccountID(id)); err != nil {
		s.Logger.Warn("disable hook not confirmed", "request_id", requestID(c), "product", p.Name, "error", err)
	}
	c.Status(http.StatusOK)
}
