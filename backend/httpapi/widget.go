package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/account"
	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/sitechat"
	"leadline/backend/team"
)

const (
	keyClaims  = "claims"
	keyProduct = "product"
	// widgetPatience is shorter than the widget's own 15 s, so that it reads our
	// reason instead of giving up.
	widgetPatience = 13 * time.Second
)

var errForeignOrigin = fault.New(fault.Denied, "origin_not_trusted")

// widgetToken verifies the disposable token; which product's it is follows from
// the key that it was signed with.
func (s *Server) widgetToken(c *gin.Context) {
	values := c.Request.Header.Values("X-Auth-Token")
	var reason error = fault.New(fault.Unauthenticated, "token_invalid")
	for _, p := range s.Products {
		claims, err := p.Verifier.Verify(values)
		if err == nil {
			if o := c.GetHeader("Origin"); o != "" && !strings.EqualFold(o, claims.Issuer) {
				err = fault.New(fault.Unauthenticated, "token_invalid")
			} else {
				c.Set(keyClaims, claims)
				c.Set(keyProduct, p)
				return
			}
		}
		if fault.CodeOf(err) != "token_invalid" {
			reason = err
		}
	}
	s.fail(c, reason)
}

func claimsOf(c *gin.Context) (auth.Claims, Product) {
	return c.MustGet(keyClaims).(auth.Claims), c.MustGet(keyProduct).(Product)
}

type connection struct {
	State         string        `json:"state"`
	Reason        string        `json:"reason"`
	Login         string        `json:"login"`
	ConsentURL    string        `json:"consent_url"`
	SignUpAllowed bool          `json:"signup_allowed"`
	Chats         []chatSnippet `json:"chats"`
	// Parked counts the messages that the CRM did not take, for administrators.
	Parked int `json:"parked"`
}

type chatSnippet struct {
	Name     string `json:"name"`
	ButtonID string `json:"button_id"`
	Snippet  string `json:"snippet"`
}

func (s *Server) widgetStatus(c *gin.Context) {
	s.answerConnection(c, c.Request.Context(), http.StatusOK)
}

// answerConnection renders the connection of the token's account.
func (s *Server) answerConnection(c *gin.Context, ctx context.Context, status int) {
	claims, p := claimsOf(c)
	v, err := s.Accounts.Status(ctx, p.Name, claims.AccountID, claims.Host)
	if err != nil {
		s.fail(c, err)
		return
	}
	out := connection{State: v.State, Reason: v.Reason, Login: v.Login, SignUpAllowed: s.SignUpAllowed, Chats: []chatSnippet{}}
	switch v.State {
	case "connecting":
		out.ConsentURL = s.consentStart(p.Name, claims.AccountID)
	case string(account.Broken):
		if v.Reason == account.ReasonAuthorisation {
			out.ConsentURL = s.consentStart(p.Name, claims.AccountID)
		}
		fallthrough
	case string(account.Connected):
		if out.Chats, err = s.snippets(ctx, v.Account, p.Name); err != nil {
			s.fail(c, err)
			return
		}
		if claims.IsAdmin == nil || *claims.IsAdmin {
			if _, out.Parked, err = s.Conversations.Parked(ctx, v.Account, conversation.ParkedPlace{}, 1); err != nil {
				s.fail(c, err)
				return
			}
		}
	}
	c.JSON(status, out)
}

func (s *Server) snippets(ctx context.Context, a chatid.AccountID, product string) ([]chatSnippet, error) {
	chats, err := s.OnlineChats.Chats(ctx, a)
	if err != nil {
		return nil, err
	}
	buttons, err := s.OnlineChats.Buttons(ctx, a)
	if err != nil {
		return nil, err
	}
	list := []chatSnippet{}
	for _, chat := range chats {
		for _, b := range buttons {
			if b.Chat != chat.ID {
				continue
			}
			list = append(list, chatSnippet{Name: chat.Name, ButtonID: string(b.Key), Snippet: s.snippet(product, b)})
		}
	}
	return list, nil
}

// dialect is the set of names that the product's own snippets use (O §0).
func dialect(product string) sitechat.Dialect {
	if product == "kommo" {
		return sitechat.Kommo
	}
	return sitechat.AmoCRM
}

type connectBody struct {
	Login    string `json:"login" binding:"required,max=254"`
	Password string `json:"password" binding:"required,max=1024"`
	AmojoID  string `json:"amojo_id" binding:"required,len=36"`
	Language string `json:"language" binding:"max=16"`
}

func (s *Server) widgetConnect(c *gin.Context) {
	claims, p := claimsOf(c)
	var in connectBody
	err := bind(c, &in)
	c.Set(keyLanguage, in.Language)
	if err == nil && !chatid.Valid(in.AmojoID) {
		err = fault.New(fault.Invalid, "invalid_request")
	}
	if err == nil && claims.IsAdmin != nil && !*claims.IsAdmin {
		err = fault.New(fault.Denied, "not_admin")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	// Guessing is limited by login and by account, before any work is done.
	if !s.spend(c, perLogin, strings.ToLower(strings.TrimSpace(in.Login))) || !s.spend(c, perAccountSignIn, p.Name+claims.Host) {
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), widgetPatience)
	defer cancel()
	user, err := s.Teams.SignIn(ctx, in.Login, in.Password)
	if err == nil && !user.CanConnect() {
		err = fault.New(fault.Denied, "viewer_only")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	connected, err := s.Accounts.Connect(ctx, account.Request{
		Product: p.Name, CRMID: claims.AccountID, CRMUser: claims.UserID, Admin: claims.IsAdmin,
		Host: claims.Host, AmojoID: chatid.AmojoID(strings.ToLower(in.AmojoID)),
		Team: user.Team, User: user.ID, Locale: s.Texts.Match(in.Language),
	})
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) && fault.KindOf(err) == fault.Internal {
			err = fault.Wrap(fault.Timeout, "crm_timeout", err)
		}
		s.fail(c, err)
		return
	}
	status := http.StatusAccepted
	if connected {
		status = http.StatusOK
	}
	s.answerConnection(c, ctx, status)
}

func (s *Server) widgetDisconnect(c *gin.Context) {
	claims, p := claimsOf(c)
	if claims.IsAdmin != nil && !*claims.IsAdmin {
		s.fail(c, fault.New(fault.Denied, "not_admin"))
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), widgetPatience)
	defer cancel()
	if err := s.Accounts.Disconnect(ctx, p.Name, claims.AccountID); err != nil {
		s.fail(c, err)
		return
	}
	s.answerConnection(c, ctx, http.StatusOK)
}

type signUpBody struct {
	Email    string `json:"email" binding:"required,max=254"`
	Password string `json:"password" binding:"required,max=1024"`
	Language string `json:"language" binding:"max=16"`
}

func (s *Server) widgetSignUp(c *gin.Context) {
	var in signUpBody
	err := bind(c, &in)
	c.Set(keyLanguage, in.Language)
	if !s.SignUpAllowed {
		err = fault.New(fault.Denied, "signup_closed")
	}
	if err == nil {
		// A typing mistake costs nothing of the budget below.
		err = team.CheckSignUp(in.Email, in.Password)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	// Each sign-up sends a mail to an address that somebody typed.
	if !s.spend(c, perSignUpAddress, s.clientAddress(c)) || !s.spend(c, perLogin, "up "+strings.ToLower(strings.TrimSpace(in.Email))) {
		return
	}
	if err := s.Teams.SignUp(c.Request.Context(), in.Email, in.Password, s.Texts.Match(in.Language)); err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"state": "verify_email"})
}

type resetBody struct {
	Email    string `json:"email" binding:"required,max=254"`
	Language string `json:"language" binding:"max=16"`
}

// widgetReset answers every address alike: whether it is known must not be readable.
func (s *Server) widgetReset(c *gin.Context) {
	claims, p := claimsOf(c)
	var in resetBody
	err := bind(c, &in)
	c.Set(keyLanguage, in.Language)
	if err == nil && claims.IsAdmin != nil && !*claims.IsAdmin {
		err = fault.New(fault.Denied, "not_admin")
	}
	if err == nil {
		err = team.CheckEmail(in.Email)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	if !s.spend(c, perResetAccount, p.Name+claims.Host) || !s.spend(c, perResetLogin, team.Normal(in.Email)) {
		return
	}
	if err := s.Teams.Forgotten(c.Request.Context(), in.Email, s.Texts.Match(in.Language)); err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"state": "reset_sent"})
}
