package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// The preview beside a button's settings: the real site chat on a page of ours, told
// what the form holds instead of what is saved.

type previewBody struct {
	// Data is what the page's script needs.
	Data any
}

// consolePreview is the page in the frame beside the settings.
func (s *Server) consolePreview(c *gin.Context) {
	p := placeOf(c)
	b, err := s.buttonOf(c)
	var data []byte
	if err == nil {
		data, err = json.Marshal(map[string]any{
			"host": s.ChatURL, "id": string(b.Key), "hash": b.Hash, "locale": s.locale("", b.Locale), "config": p.button(b) + "/preview/config",
			"nothing": s.text(c, "chats.preview.nothing", nil), "offline": s.text(c, "chats.preview.offline", nil),
		})
	}
	var v consoleView
	if err == nil {
		v, err = s.consoleView(c, "preview")
	}
	var buf bytes.Buffer
	if err == nil {
		v.Title, v.Body = s.text(c, "chats.preview.page", nil), previewBody{json.RawMessage(data)}
		err = consolePages["preview"].ExecuteTemplate(&buf, "preview", v)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	ancestors := "'self'"
	if p.embedded && p.origin != "" {
		ancestors += " " + p.origin
	}
	// As on a strict site: the chat's host alone is added (EMB-25).
	c.Header("Content-Security-Policy", fmt.Sprintf("default-src 'none'; style-src 'self'; script-src 'self' %[1]s; connect-src 'self' %[1]s; frame-src %[1]s; "+
		"img-src %[1]s data:; form-action 'none'; base-uri 'none'; frame-ancestors %[2]s", s.ChatURL, ancestors))
	c.Data(http.StatusOK, "text/html; charset=utf-8", buf.Bytes())
}

// consolePreviewConfig answers as buttonConfig does, with what the query holds of the
// settings' forms; without any with what is saved.
func (s *Server) consolePreviewConfig(c *gin.Context) {
	c.Set(keyAsPage, false)
	b, err := s.buttonOf(c)
	var chat *onlinechat.Chat
	if err == nil {
		_, chat, err = s.carried(c.Request.Context(), b.Key)
	}
	if form := c.Request.URL.Query(); err == nil && len(form) > 0 {
		b, err = previewed(b, form)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, s.configOf(b, chat))
}

// previewed is a button as its forms have it. Messengers without a good link are left
// out: somebody is still writing it.
func previewed(b onlinechat.Button, form url.Values) (onlinechat.Button, error) {
	look, wrong := readLook(form, b.Look)
	if len(wrong) > 0 {
		return b, fault.New(fault.Invalid, "invalid_request")
	}
	if err := look.Check(); err != nil {
		return b, err
	}
	b.Look = look
	if form.Has("service") {
		b.Channels = nil
		for _, row := range readChannels(form) {
			m := onlinechat.Messenger(row.service)
			if link, err := m.Link(row.link); err == nil {
				b.Channels = append(b.Channels, onlinechat.Channel{Service: m, Link: link})
			}
		}
	}
	return b, nil
}
