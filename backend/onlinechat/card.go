package onlinechat

import (
	"slices"
	"time"

	"leadline/backend/chatid"
)

// Card is a business-card page: a small public page of an account with ways to
// reach it, at an address of its own.
type Card struct {
	ID      chatid.CardID
	Account chatid.AccountID
	// Slug is the last part of the page's address, unique on the server.
	Slug string
	// Chat is the online chat that the page carries; empty for none.
	Chat chatid.ChatID
	// Button and Hash are of the page's own button, which brings the chat to this page
	// and to no other, and stands in no list of the account's buttons. Always there.
	Button chatid.ButtonKey
	Hash   string
	// Look is that button's: of it the chat's window counts on a page (greeting,
	// title, avatar, names), and the launcher does not.
	Look Look
	CardPage
	CreatedAt, UpdatedAt time.Time
}

// CardPage is what an administrator writes on a page. Stores keep it as JSON.
type CardPage struct {
	Title string `json:"title"`
	// Text is plain; its line ends are kept.
	Text string `json:"text,omitempty"`
	// Locale is the language that the page is written in.
	Locale string `json:"locale"`
	// Unlisted asks search engines to leave the page out.
	Unlisted bool         `json:"unlisted,omitempty"`
	Picture  *CardPicture `json:"picture,omitempty"`
	Align    string       `json:"align"`
	Font     string       `json:"font"`
	Colours  Colours      `json:"colours"`
	// Buttons is the look of messengers and links.
	Buttons ButtonLook  `json:"buttons"`
	Blocks  []CardBlock `json:"blocks"`
	// ChatLook is that of the chat's button.
	ChatLook ButtonLook `json:"chat_look"`
}

// CardPicture is a picture in the file store: at most 1200 pixels a side.
type CardPicture struct {
	Key  string `json:"key"`
	Type string `json:"type"`
	// Width and Height are in pixels.
	Width  int `json:"width"`
	Height int `json:"height"`
	// Alt says what is on it, for who does not see it; empty for an ornament.
	Alt string `json:"alt,omitempty"`
}

// Colours are #rrggbb, lower case.
type Colours struct {
	Text       string `json:"text"`
	Background string `json:"background"`
}

// ButtonLook is how buttons of a page look.
type ButtonLook struct {
	Align   string  `json:"align"`
	Style   string  `json:"style"`
	Font    string  `json:"font"`
	Colours Colours `json:"colours"`
	NoIcon  bool    `json:"no_icon,omitempty"`
}

// The kinds of blocks. A page has one of CardChat at most.
const (
	CardMessenger = "messenger"
	CardLink      = "link"
	CardChat      = "chat"
)

// CardBlock is one button of a page, in the order in which they stand there.
type CardBlock struct {
	Kind string `json:"kind"`
	// Heading stands above the button; empty for none.
	Heading string `json:"heading,omitempty"`
	// Label is the button's text; empty for the service's name, or "Online chat".
	Label string `json:"label,omitempty"`
	// Service is a messenger's; Link is what the button opens, nothing for a chat.
	Service Messenger `json:"service,omitempty"`
	Link    string    `json:"link,omitempty"`
}

// What the fields of a look may be. The fonts are stacks of fonts that systems bring
// along: no other host is asked for one.
var (
	CardAligns = []string{"start", "center"}
	CardStyles = []string{"filled", "pill", "outline", "plain"}
	CardFonts  = []string{"system", "humanist", "geometric", "rounded", "serif", "slab", "mono"}
)

// Limits of a page, in characters where nothing else is said.
const (
	MaxCards       = 20 // pages of an account
	MaxCardBlocks  = 20 // blocks of a page
	MaxCardTitle   = 80
	MaxCardText    = 1000
	MaxCardLabel   = 60
	MaxCardHeading = 80
	MaxCardAlt     = 200
	MinSlug        = 3
	MaxSlug        = 50
)

// MaxKeptSlugs is how many addresses that were given up are kept for an account at
// most; the oldest are let go first.
const MaxKeptSlugs = 40

// OldSlugs is how long an address that was given up leads to the page that had it,
// and is kept from other accounts.
const OldSlugs = 90 * 24 * time.Hour

// NewCardPage is a page to begin with: dark on white, the chat's button below the title.
func NewCardPage(title, locale string) CardPage {
	look := ButtonLook{Align: "center", Style: "filled", Font: "system", Colours: Colours{Text: "#ffffff", Background: "#0b5cad"}}
	return CardPage{
		Title: title, Locale: locale, Align: "center", Font: "system", Colours: Colours{Text: "#14202b", Background: "#ffffff"},
		Buttons: look, ChatLook: look, Blocks: []CardBlock{{Kind: CardChat}},
	}
}

// HasChat tells whether a block of the page is the chat's button.
func (p CardPage) HasChat() bool {
	return slices.ContainsFunc(p.Blocks, func(b CardBlock) bool { return b.Kind == CardChat })
}

// The places of a page that have colours of their own.
const (
	FaintPage    = "page"
	FaintButtons = "buttons"
	FaintChat    = "chat"
)

// MinContrast is the least that small text needs to be read (WCAG 1.4.3).
const MinContrast = 4.5

// Faint lists the places whose text has less than MinContrast to what is behind it.
func (p CardPage) Faint() (places []string) {
	behind := func(l ButtonLook) float64 {
		if l.Style == "outline" || l.Style == "plain" { // these let the page through
			return Contrast(l.Colours.Text, p.Colours.Background)
		}
		return Contrast(l.Colours.Text, l.Colours.Background)
	}
	if Contrast(p.Colours.Text, p.Colours.Background) < MinContrast {
		places = append(places, FaintPage)
	}
	if slices.ContainsFunc(p.Blocks, func(b CardBlock) bool { return b.Kind != CardChat }) && behind(p.Buttons) < MinContrast {
		places = append(places, FaintButtons)
	}
	if p.HasChat() && behind(p.ChatLook) < MinContrast {
		places = append(places, FaintChat)
	}
	return places
}
