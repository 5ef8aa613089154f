package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
	"leadline/backend/sitechat"
)

// chatList is an account's online chats, and which of them was asked for.
type chatList struct {
	// Chat is nil where no chat belongs to the ids that were given.
	Chat  *onlineChat  `json:"chat"`
	Chats []onlineChat `json:"chats"`
}

type onlineChat struct {
	Name       string `json:"name"`
	PipelineID int64  `json:"pipeline_id"` // 0 and "" where the CRM was not read
	Pipeline   string `json:"pipeline"`
	SourceID   int64  `json:"source_id"` // 0 for none of ours
	ExternalID string `json:"external_id"`
	Default    bool   `json:"default"`
	ButtonID   string `json:"button_id"`
	Snippet    string `json:"snippet"`
}

// widgetChats lists the account's online chats and finds the one of a lead source:
// ?source_id= and ?external_id= are what the CRM's page gave, taken as they are.
func (s *Server) widgetChats(c *gin.Context) {
	a, ok := s.connectedAccount(c)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), widgetPatience)
	defer cancel()
	s.answerChats(c, ctx, a.ID, http.StatusOK, c.Query("source_id"), c.Query("external_id"))
}

func (s *Server) answerChats(c *gin.Context, ctx context.Context, a chatid.AccountID, status int, sourceID, externalID string) {
	_, p := claimsOf(c)
	places, found, err := s.OnlineChats.Places(ctx, a, sourceID, externalID, p.WidgetCode)
	if err != nil {
		s.fail(c, err)
		return
	}
	out := chatList{Chats: []onlineChat{}}
	for _, place := range places {
		out.Chats = append(out.Chats, s.onlineChat(p.Name, place))
	}
	if found >= 0 {
		out.Chat = &out.Chats[found]
	}
	c.JSON(status, out)
}

func (s *Server) onlineChat(product string, p onlinechat.Place) onlineChat {
	out := onlineChat{
		Name: p.Name, PipelineID: int64(p.Pipeline), Pipeline: p.PipelineName, SourceID: int64(p.SourceID),
		ExternalID: p.SourceExternalID, Default: p.Default, ButtonID: string(p.Button.Key),
	}
	if p.Button.Key != "" {
		out.Snippet = s.snippet(product, p.Button)
	}
	return out
}

// snippet is the button's embed code.
func (s *Server) snippet(product string, b onlinechat.Button) string {
	return sitechat.Snippet(dialect(product), sitechat.Embed{
		ButtonID: string(b.Key), Hash: b.Hash, Locale: s.locale("", b.Locale), LoaderURL: s.ChatURL + "/js/button.js",
	})
}

type addChatBody struct {
	// PipelineID comes as a number or as one in quotes.
	PipelineID json.RawMessage `json:"pipeline_id" binding:"required"`
	Language   string          `json:"language" binding:"max=16"`
}

func (b addChatBody) pipeline() (chatid.PipelineID, error) {
	text := string(b.PipelineID)
	if len(text) > 2 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != text {
		return 0, fault.New(fault.Invalid, "invalid_request")
	}
	return chatid.PipelineID(id), nil
}

// widgetAddChat makes the online chat of a pipeline, or finds it.
func (s *Server) widgetAddChat(c *gin.Context) {
	claims, p := claimsOf(c)
	var in addChatBody
	err := bind(c, &in)
	c.Set(keyLanguage, in.Language)
	var pipeline chatid.PipelineID
	if err == nil {
		pipeline, err = in.pipeline()
	}
	if err == nil && claims.IsAdmin != nil && !*claims.IsAdmin {
		err = fault.New(fault.Denied, "not_admin")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	a, ok := s.connectedAccount(c)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), widgetPatience)
	defer cancel()
	if claims.IsAdmin == nil {
		admin, err := s.Accounts.IsAdmin(ctx, a, claims.UserID)
		if err == nil && !admin {
			err = fault.New(fault.Denied, "not_admin")
		}
		if err != nil {
			s.fail(c, crmTrouble(err))
			return
		}
	}
	language := s.Texts.Match(in.Language)
	words := s.Texts.Localizer("", language)
	chat, made, err := s.OnlineChats.EnsureIn(ctx, a.ID, pipeline, language, func(pipeline string) string {
		return words.Text("chat.of_pipeline", map[string]any{"Pipeline": pipeline})
	})
	if err != nil {
		s.fail(c, crmTrouble(err))
		return
	}
	status := http.StatusOK
	if made {
		status = http.StatusCreated
		s.Logger.Info("online chat added", "account_id", string(a.ID), "product", p.Name, "pipeline_id", int64(pipeline))
	}
	s.answerChats(c, ctx, a.ID, status, "", chat.SourceExternalID)
}

// crmTrouble says what stood in the way of asking the CRM. A dead authorisation is
// the account's, not the caller's, who proved who he is.
func crmTrouble(err error) error {
	switch {
	case fault.Is(err, fault.Unauthenticated), fault.Is(err, fault.NotFound):
		return fault.Wrap(fault.Conflict, "crm_unauthorised", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Timeout, "crm_timeout", err)
	case fault.Is(err, fault.Limited): // the CRM's rates, not ours
		return fault.Wrap(fault.Unavailable, "crm_unavailable", err)
	}
	return err
}

// connectedAccount gives the token's account where it is connected: 409 not_connected.
func (s *Server) connectedAccount(c *gin.Context) (account.Account, bool) {
	claims, p := claimsOf(c)
	if !s.spend(c, perAccountChats, p.Name+claims.Host) {
		return account.Account{}, false
	}
	a, err := s.Accounts.ByCRM(c.Request.Context(), p.Name, claims.AccountID)
	if fault.Is(err, fault.NotFound) || err == nil && a.State != account.Connected && a.State != account.Broken {
		err = fault.New(fault.Conflict, "not_connected")
	}
	if err != nil {
		s.fail(c, err)
		return account.Account{}, false
	}
	return a, true
}
