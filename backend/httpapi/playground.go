package httpapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"

	"leadline/backend/i18n"
	"leadline/backend/sitechat"
)

// The playground: a page on which a site's developer tries every setting of the
// site API on the real chat and copies the code. It knows nobody and stores nothing.

//go:embed pages/playground.html
var playgroundHTML string

//go:embed pages/playground.css
var playgroundCSS []byte

var playgroundTemplate = template.Must(template.New("playground").Parse(playgroundHTML))

type playView struct {
	Lang, ID, Hash, Script string
	Words                  map[string]string
	Languages              []string
	Groups                 []playGroup
	Data                   any
}

type playGroup struct {
	Title  string
	Fields []playField
}

// playField is one key of the configuration object.
type playField struct {
	// Key is its path; Kind a type of input, "colour" or "check".
	Key, Kind   string
	Options     []string
	Placeholder string
	// Checked is what a ticked box stands for.
	Checked bool
}

// playFields are all keys of O §2.2, 2.4 and 2.5 by the texts that name their groups, and ours.
var playFields = []struct {
	title  string
	fields []playField
}{
	{"look", []playField{
		{Key: "hidden", Kind: "check", Checked: true}, {Key: "color", Kind: "colour"},
		{Key: "onlinechat.mode", Options: []string{"widget", "frame"}}, {Key: "onlinechat.container", Kind: "text", Placeholder: "#frame"},
	}},
	{"who", []playField{{Key: "onlinechat.user_id", Kind: "text"}, {Key: "onlinechat.user_token", Kind: "text"}}},
	{"theme", []playField{
		{Key: "onlinechat.theme.background", Kind: "colour"}, {Key: "onlinechat.theme.system_color", Kind: "colour"},
		{Key: "onlinechat.theme.header.background", Kind: "colour"}, {Key: "onlinechat.theme.header.color", Kind: "colour"},
		{Key: "onlinechat.theme.header", Kind: "check", Checked: false},
		{Key: "onlinechat.theme.message.outgoing_background", Kind: "colour"}, {Key: "onlinechat.theme.message.outgoing_color", Kind: "colour"},
		{Key: "onlinechat.theme.message.incoming_background", Kind: "colour"}, {Key: "onlinechat.theme.message.incoming_color", Kind: "colour"},
		{Key: "onlinechat.theme.compose.height", Kind: "number", Placeholder: "40-170"}, {Key: "onlinechat.theme.compose.button_background", Kind: "colour"},
	}},
	{"texts", []playField{
		{Key: "onlinechat.locale.extends", Options: i18n.Languages},
		{Key: "onlinechat.locale.compose_placeholder", Kind: "text"},
		{Key: "onlinechat.locale.delivery_status_sending", Kind: "text"}, {Key: "onlinechat.locale.delivery_status_sent", Kind: "text"},
		{Key: "onlinechat.locale.delivery_status_read", Kind: "text"}, {Key: "onlinechat.locale.delivery_status_error", Kind: "text"},
		{Key: "onlinechat.locale.powered_by", Kind: "text"}, {Key: "onlinechat.locale.new_messages", Kind: "text"},
		{Key: "onlinechat.locale.date_format", Kind: "text", Placeholder: "dd.MM.yyyy"}, {Key: "onlinechat.locale.time_format", Kind: "text", Placeholder: "HH:mm"},
	}},
}

// playground shows the page; id and hash of the query are the button's to begin with.
func (s *Server) playground(c *gin.Context) {
	word := func(key string) string { return s.text(c, "playground."+key, nil) }
	v := playView{
		Lang: s.Texts.Match(c.GetHeader("Accept-Language")), ID: c.Query("id"), Hash: c.Query("hash"),
		Script: s.SiteChat.PlaygroundScript(), Languages: i18n.Languages, Words: map[string]string{},
	}
	for _, key := range []string{"title", "text", "script", "button", "snippet", "names", "live", "again", "place", "events", "code", "copy"} {
		v.Words[key] = word(key)
	}
	for _, g := range playFields {
		v.Groups = append(v.Groups, playGroup{word(g.title), g.fields})
	}
	snippets := map[string]string{}
	for name, dialect := range map[string]sitechat.Dialect{"kommo": sitechat.Kommo, "amocrm": sitechat.AmoCRM} {
		for _, inline := range []bool{false, true} {
			snippets[fmt.Sprintf("%s.%v", name, inline)] = sitechat.Snippet(dialect, sitechat.Embed{
				ButtonID: "BUTTON_ID", Hash: "BUTTON_HASH", Locale: "BUTTON_LOCALE", LoaderURL: s.ChatURL + "/js/button.js", Inline: inline,
			})
		}
	}
	said := map[string]string{}
	for _, key := range []string{"colour", "none", "offline", "need_button", "json", "copied"} {
		said[key] = word(key)
	}
	data, err := json.Marshal(map[string]any{"host": s.ChatURL, "snippets": snippets, "words": said})
	if err != nil {
		s.fail(c, err)
		return
	}
	v.Data = json.RawMessage(data)
	var buf bytes.Buffer
	if err := playgroundTemplate.Execute(&buf, v); err != nil {
		s.fail(c, err)
		return
	}
	h := c.Writer.Header()
	// The page as a strict site would have it: the chat's host alone is added (EMB-25).
	h.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; style-src 'self'; script-src 'self' %[1]s; connect-src %[1]s; frame-src %[1]s; img-src %[1]s data:; "+
		"form-action 'none'; base-uri 'none'; frame-ancestors 'none'", s.ChatURL))
	h.Set("Cache-Control", "no-store")
	c.Data(http.StatusOK, "text/html; charset=utf-8", buf.Bytes())
}

func (s *Server) playgroundStyle(c *gin.Context) {
	c.Header("Cache-Control", "public, max-age=600")
	c.Data(http.StatusOK, "text/css; charset=utf-8", playgroundCSS)
}
