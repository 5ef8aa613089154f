package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/fault"
	"leadline/backend/media"
	"leadline/backend/onlinechat"
)

// Card pages: what an administrator writes in the console, at an address of its own on
// the chat host. One request without the picture: style and script stand in the page,
// named to the browser by their hashes.

// cardRoot is the folder of the pages' addresses.
const cardRoot = "/s/"

//go:embed pages/card.html
var cardHTML string

//go:embed pages/card.css
var cardCSS string

//go:embed pages/card.js
var cardJS string

var cardTemplate = template.Must(template.New("card").Parse(cardHTML))

// cardFonts are the stacks behind onlinechat.CardFonts: fonts that systems bring along.
var cardFonts = map[string]string{
	"system":    "system-ui,sans-serif",
	"humanist":  "Seravek,'Gill Sans Nova',Ubuntu,Calibri,'DejaVu Sans',source-sans-pro,sans-serif",
	"geometric": "Avenir,Montserrat,Corbel,'URW Gothic',source-sans-pro,sans-serif",
	"rounded":   "ui-rounded,'Hiragino Maru Gothic ProN',Quicksand,Comfortaa,Manjari,'Arial Rounded MT','Arial Rounded MT Bold',Calibri,source-sans-pro,sans-serif",
	"serif":     "Charter,'Bitstream Charter','Sitka Text',Cambria,Georgia,serif",
	"slab":      "Rockwell,'Rockwell Nova','Roboto Slab','DejaVu Serif','Sitka Small',serif",
	"mono":      "ui-monospace,'Cascadia Code','Source Code Pro',Menlo,Consolas,'DejaVu Sans Mono',monospace",
}

type cardView struct {
	Lang, Title, Text, Description, URL string
	Unlisted, Preview                   bool
	Scheme, ThemeColour                 string
	Picture                             *cardPicture
	Style                               template.CSS
	Script                              template.JS
	Blocks                              []cardButton
	NoScript                            string
}

type cardPicture struct {
	// URL is trusted: the page's own, or a picture that somebody sees who chose it.
	URL           template.URL
	Type, Alt     string
	Width, Height int
}

// cardPreview is a page as its form has it, on which nothing works.
type cardPreview struct {
	picture *cardPicture // in place of the saved one; nil for that
}

type cardButton struct {
	Class, Heading, Label, Icon string
	// Href is trusted: only schemes that onlinechat lets through come here.
	Href template.URL
	Chat bool
}

// cardURL is the address of a page.
func (s *Server) cardURL(c onlinechat.Card) string { return s.ChatURL + cardRoot + c.Slug }

// drawCard draws a page and gives the policy that it needs; chat tells whether the
// chat's button is to be there, of is nil for the page itself.
func (s *Server) drawCard(card onlinechat.Card, chat bool, of *cardPreview) (page []byte, policy string, err error) {
	words := s.Texts.Localizer("", card.Locale)
	word := func(key string) string { return words.Text("card."+key, nil) }
	preview := of != nil
	v := cardView{
		Lang: card.Locale, Title: card.Title, Text: card.Text, Description: summary(card.Text), URL: s.cardURL(card), Unlisted: card.Unlisted,
		Preview: preview, Scheme: "light", ThemeColour: card.Colours.Background, Style: template.CSS(cardStyle(card.CardPage)), NoScript: word("no_script"), //nolint:gosec // made of values from closed lists
	}
	if onlinechat.Contrast(card.Colours.Background, "#ffffff") > onlinechat.Contrast(card.Colours.Background, "#000000") {
		v.Scheme = "dark"
	}
	if p := card.Picture; p != nil {
		v.Picture = &cardPicture{URL: template.URL(v.URL + "/" + p.Key), Type: p.Type, Alt: p.Alt, Width: p.Width, Height: p.Height} //nolint:gosec // our own
	}
	if preview && of.picture != nil {
		v.Picture = of.picture
	}
	for _, b := range card.Blocks {
		look := card.Buttons
		one := cardButton{Heading: b.Heading, Label: b.Label, Href: template.URL(b.Link), Icon: cardIcon(b), Chat: b.Kind == onlinechat.CardChat} //nolint:gosec // onlinechat checked its scheme
		switch {
		case one.Chat && !chat:
			continue
		case one.Chat:
			look, one.Class = card.ChatLook, "card__block_chat "
			if one.Label == "" {
				one.Label = word("chat")
			}
		case one.Label == "":
			one.Label = messengerName(b.Service)
		}
		if look.NoIcon {
			one.Icon = ""
		}
		if preview {
			one.Href = ""
		}
		one.Class += "card__block_" + look.Style
		v.Blocks = append(v.Blocks, one)
	}
	if chat && !preview {
		about, err := json.Marshal(map[string]string{
			"id": string(card.Button), "hash": card.Hash, "locale": card.Locale, "colour": chatColour(card.CardPage), "loader": "/js/button.js", "failed": word("failed"),
		})
		if err != nil {
			return nil, "", err
		}
		v.Script = template.JS(cardJS + string(about) + ");\n") //nolint:gosec // JSON, with its angle brackets escaped
	}
	var buf bytes.Buffer
	if err := cardTemplate.Execute(&buf, v); err != nil {
		return nil, "", err
	}
	return buf.Bytes(), cardPolicy(s.ChatURL, v), nil
}

// cardPolicy lets a page have its own style and script, its picture, and the chat.
func cardPolicy(host string, v cardView) string {
	policy := "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + hashOf(string(v.Style)) + "'; img-src data: " + host
	if v.Script != "" {
		policy += "; script-src '" + hashOf(string(v.Script)) + "' " + host + "; connect-src " + host + "; frame-src " + host
	}
	return policy
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// cardStyle is the style of all pages with the values of one.
func cardStyle(p onlinechat.CardPage) string {
	margins := map[string]string{"start": "0", "center": "auto"}
	look := func(name string, l onlinechat.ButtonLook) string {
		return fmt.Sprintf("--%[1]s-text:%[2]s;--%[1]s-back:%[3]s;--%[1]s-font:%[4]s;--%[1]s-align:%[5]s;", name, l.Colours.Text, l.Colours.Background, cardFonts[l.Font], l.Align)
	}
	return fmt.Sprintf(":root{--page-text:%s;--page-back:%s;--page-font:%s;--page-align:%s;--page-margins:%s;", p.Colours.Text, p.Colours.Background,
		cardFonts[p.Font], p.Align, margins[p.Align]) + look("buttons", p.Buttons) + look("chat", p.ChatLook) + "}\n" + cardCSS
}

// chatColour is what the chat's window takes over from its button on the page.
func chatColour(p onlinechat.CardPage) string {
	if l := p.ChatLook; l.Style == "filled" || l.Style == "pill" {
		return l.Colours.Background
	}
	return p.ChatLook.Colours.Text
}

// summaryRunes is what previews in messengers and search engines show.
const summaryRunes = 200

func summary(text string) string {
	line := strings.Join(strings.Fields(text), " ")
	if r := []rune(line); len(r) > summaryRunes {
		return strings.TrimSpace(string(r[:summaryRunes-1])) + "…"
	}
	return line
}

// cardPage answers for the address of a page.
func (s *Server) cardPage(c *gin.Context) {
	ctx := c.Request.Context()
	card, err := s.Cards.At(ctx, c.Param("slug"))
	switch {
	case fault.Is(err, fault.NotFound):
		s.page(c, http.StatusNotFound, "card.missing")
		return
	case err != nil:
		s.fail(c, err)
		return
	case card.Slug != c.Param("slug"): // it has moved, for as long as the old address is kept
		c.Header("Cache-Control", "no-cache")
		c.Redirect(http.StatusFound, cardRoot+card.Slug)
		return
	}
	_, chat, err := s.carried(ctx, card.Button)
	if err != nil {
		s.fail(c, err)
		return
	}
	page, policy, err := s.drawCard(card, chat != nil, nil)
	if err != nil {
		s.fail(c, err)
		return
	}
	sum := sha256.Sum256(page)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", policy+"; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin") // shops and messengers may know where people come from
	h.Set("Cache-Control", "public, no-cache")                  // what was saved is seen at once; asking costs 304
	h.Set("ETag", tag)
	h.Set("Vary", "Accept-Encoding")
	if card.Unlisted {
		h.Set("X-Robots-Tag", "noindex")
	}
	if slices.Contains(headerList(c, "If-None-Match"), tag) {
		c.Status(http.StatusNotModified)
		return
	}
	if slices.Contains(headerList(c, "Accept-Encoding"), "gzip") {
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		if _, err = z.Write(page); err == nil {
			err = z.Close()
		}
		if err != nil {
			s.fail(c, err)
			return
		}
		h.Set("Content-Encoding", "gzip")
		page = small.Bytes()
	}
	c.Data(http.StatusOK, "text/html; charset=utf-8", page)
}

// cardFile serves the picture of a page, whose key changes with it.
func (s *Server) cardFile(c *gin.Context) {
	ctx := c.Request.Context()
	card, err := s.Cards.At(ctx, c.Param("slug"))
	if err == nil && (card.Picture == nil || card.Picture.Key != c.Param("key")) {
		err = fault.New(fault.NotFound, "not_found")
	}
	var blob *media.Blob
	if err == nil {
		blob, err = s.Media.Store.Open(ctx, media.Key(card.Picture.Key))
	}
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			err = fault.New(fault.NotFound, "not_found")
		}
		s.fail(c, err)
		return
	}
	defer func() { _ = blob.Close() }()
	media.Serve(c.Writer, c.Request, blob, media.Served{Key: media.Key(card.Picture.Key), Type: card.Picture.Type, Embeddable: true}, s.Now())
}

// admits tells whether a page of an origin may show a button's chat. The page of a card
// is on the chat host, and its button nowhere else; pages of our app host show any
// button's chat.
func admits(b onlinechat.Button, origin, appURL, chatURL string) bool {
	if b.Card != "" {
		return origin == chatURL
	}
	return b.Admits(origin) || origin == appURL
}

func (s *Server) admits(b onlinechat.Button, origin string) bool {
	return admits(b, origin, s.AppURL, s.ChatURL)
}

// ancestors are the pages that may hold a button's panel.
func (s *Server) ancestors(ctx context.Context, b onlinechat.Button) []string {
	if b.Card != "" {
		return []string{s.ChatURL}
	}
	list := append(b.Ancestors(), s.AppURL)
	if origin := s.crmOrigin(ctx, b.Account); origin != "" { // around the console's preview
		list = append(list, origin)
	}
	return list
}

// originOf is the origin of the page that asks, "" where it is unknown. Browsers name
// none where it is this host's own page, but say that it is.
func (s *Server) originOf(c *gin.Context) string {
	origin := c.GetHeader("Origin")
	if origin == "" && c.GetHeader("Sec-Fetch-Site") == "same-origin" {
		return s.ChatURL
	}
	return origin
}

// pageOf is the origin of the page that asks for a button. Browsers that do not say
// that a page is this host's own (Safari before 16.4) are believed where the button
// stands nowhere else: pages of others name themselves.
func (s *Server) pageOf(c *gin.Context, b onlinechat.Button) string {
	origin := s.originOf(c)
	if origin == "" && c.GetHeader("Sec-Fetch-Site") == "" && b.Card != "" {
		return s.ChatURL
	}
	return origin
}
