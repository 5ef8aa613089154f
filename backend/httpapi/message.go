package httpapi

import (
	"github.com/gin-gonic/gin"

	"leadline/backend/conversation"
)

// messageJSON is a message as panels see it (docs/http-api.md).
type messageJSON struct {
	ID        string      `json:"id"`
	ClientID  string      `json:"client_id,omitempty"`
	Seq       int64       `json:"seq"`
	Rev       int64       `json:"rev"`
	At        int64       `json:"at"`
	Direction string      `json:"direction"`
	Kind      string      `json:"kind"`
	Text      string      `json:"text"`
	Status    string      `json:"status"`
	Error     *reasonJSON `json:"error,omitempty"`
	Author    *authorJSON `json:"author,omitempty"`
}

type reasonJSON struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type authorJSON struct {
	Name string `json:"name"`
}

// message renders one; the reason of a failure is in the reader's language.
func (s *Server) message(c *gin.Context, m conversation.Message) messageJSON {
	return renderMessage(m, func(key string) string { return s.text(c, key, nil) })
}

func renderMessage(m conversation.Message, text func(key string) string) messageJSON {
	out := messageJSON{
		ID: string(m.ID), ClientID: string(m.ClientID), Seq: m.Seq, Rev: m.Rev, At: m.At,
		Direction: string(m.Direction), Kind: m.Kind, Text: m.Text, Status: "sent",
	}
	if m.Direction == conversation.Outbound && m.AuthorName != "" {
		out.Author = &authorJSON{Name: m.AuthorName}
	}
	switch m.Status {
	case conversation.Failed:
		out.Status = "error"
		out.Error = &reasonJSON{Code: m.ErrorCode, Message: text("error." + m.ErrorCode)}
	case conversation.Read:
		out.Status = "read"
	}
	return out
}
