package httpapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// The messengers of a button: rows that are moved up and down, saved at once.

type channelsBody struct {
	Rows []channelRow
	// Unsaved: rows were moved and not saved yet.
	Unsaved  bool
	ReadOnly bool
	MaxLink  int
}

type channelRow struct {
	Number         int // from 1
	Services       []formOption
	Link, Error    string
	First, Last    bool
	FocusUp, Focus bool
}

// messengerNames are the same in every language.
var messengerNames = map[onlinechat.Messenger]string{
	"whatsapp": "WhatsApp", "telegram": "Telegram", "viber": "Viber", "facebook": "Facebook Messenger", "instagram": "Instagram",
	"instagram_business": "Instagram Business", "vk": "VK", "skype": "Skype", "apple": "Apple Messages", "wechat": "WeChat", "line": "LINE", "max": "MAX",
}

// typedChannel is a row as it was typed.
type typedChannel struct{ service, link string }

func readChannels(form url.Values) (rows []typedChannel) {
	services, links := form["service"], form["link"]
	for i := range min(len(services), len(links), 2*onlinechat.MaxChannels) {
		rows = append(rows, typedChannel{services[i], strings.TrimSpace(links[i])})
	}
	return rows
}

// channelRows draws rows, with an empty one behind them where there is room; wrong is
// what is wrong with a row, from 0.
func (s *Server) channelRows(c *gin.Context, rows []typedChannel, wrong map[int]string) channelsBody {
	b := channelsBody{ReadOnly: !placeOf(c).who.Admin, MaxLink: onlinechat.MaxLink}
	if filled := len(rows); !b.ReadOnly && filled < onlinechat.MaxChannels && (filled == 0 || rows[filled-1] != typedChannel{}) {
		rows = append(rows, typedChannel{})
	}
	for i, row := range rows {
		r := channelRow{Number: i + 1, Link: row.link, Error: wrong[i], First: i == 0, Last: i == len(rows)-1}
		r.Services = append(r.Services, formOption{"", s.text(c, "chats.channels.none", nil), row.service == ""})
		for _, m := range onlinechat.Messengers() {
			r.Services = append(r.Services, formOption{string(m), cmp.Or(messengerNames[m], string(m)), row.service == string(m)})
		}
		b.Rows = append(b.Rows, r)
	}
	return b
}

func (s *Server) channelsBody(c *gin.Context, list []onlinechat.Channel) channelsBody {
	var rows []typedChannel
	for _, one := range list {
		rows = append(rows, typedChannel{string(one.Service), one.Link})
	}
	return s.channelRows(c, rows, nil)
}

// consoleChannels saves the messengers; with "move" it gives the rows back in another
// order, which is saved by the next.
func (s *Server) consoleChannels(c *gin.Context) {
	form := c.Request.PostForm
	rows := readChannels(form)
	if way, at, ok := strings.Cut(form.Get("move"), "."); ok {
		s.moveChannel(c, rows, way, at)
		return
	}
	var list []onlinechat.Channel
	var of []int // which row it was
	for i, row := range rows {
		if row != (typedChannel{}) && (row.link != "" || row.service != "") {
			list, of = append(list, onlinechat.Channel{Service: onlinechat.Messenger(row.service), Link: row.link}), append(of, i)
		}
	}
	var names []string
	for _, one := range list {
		names = append(names, string(one.Service))
	}
	s.changeButton(c, console.SetChannels, strings.Join(names, ", "), func(ctx context.Context, b onlinechat.Button) error {
		return s.OnlineChats.SetChannels(ctx, b.Account, b.Key, list)
	}, func(body *buttonBody, err error) bool {
		wrong := map[int]string{}
		if code, row := fault.CodeOf(err), rowOf(err); strings.HasPrefix(code, "channel_") && row >= 1 && row <= len(of) {
			i := of[row-1]
			wrong[i] = s.text(c, "error."+code, map[string]any{"Row": i + 1})
		}
		body.Channels = s.channelRows(c, rows, wrong)
		return len(wrong) > 0
	})
}

// rowOf is which of the channels an error is about, from 1; 0 for none.
func rowOf(err error) int {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return 0
	}
	n, _ := f.Args["Row"].(int)
	return n
}

func (s *Server) moveChannel(c *gin.Context, rows []typedChannel, way, at string) {
	b, err := s.buttonOf(c)
	i, bad := strconv.Atoi(at)
	i--
	to := i + 1
	if way == "up" {
		to = i - 1
	}
	if err == nil && (bad != nil || i < 0 || to < 0 || i >= len(rows) || to >= len(rows)) {
		err = fault.New(fault.Invalid, "invalid_request")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	rows[i], rows[to] = rows[to], rows[i]
	s.showButton(c, http.StatusOK, b, nil, func(body *buttonBody) {
		body.Channels = s.channelRows(c, rows, nil)
		body.Channels.Unsaved = true
		moved := &body.Channels.Rows[to]
		moved.FocusUp = way == "up" && !moved.First || moved.Last
		moved.Focus = !moved.FocusUp
	})
}
