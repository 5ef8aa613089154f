package onlinechat

import (
	"context"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Corner is the quadrant of the page that a button stands in. How the vendor numbers
// them is not documented.
type Corner string

// The corners.
const (
	BottomRight Corner = "bottom-right"
	BottomLeft  Corner = "bottom-left"
	TopRight    Corner = "top-right"
	TopLeft     Corner = "top-left"
)

// Corners lists them as a form offers them.
var Corners = []Corner{BottomRight, BottomLeft, TopRight, TopLeft}

// Animation is what a launcher does so that it is noticed.
type Animation string

// The animations; the vendor's numbers are their places in Animations.
const (
	NoAnimation Animation = "none"
	Waves       Animation = "waves"
	Tremble     Animation = "tremble"
	Shake       Animation = "shake"
)

// Animations lists them by the vendor's numbers, from 0.
var Animations = []Animation{NoAnimation, Waves, Tremble, Shake}

// AutoOpen is where a chat opens by itself when an operator writes (WIN-5).
type AutoOpen string

// The places.
const (
	AutoOpenNever AutoOpen = "never"
	// AutoOpenWide: where the page is at least 768 pixels wide.
	AutoOpenWide   AutoOpen = "wide"
	AutoOpenAlways AutoOpen = "always"
)

// AutoOpens lists them as a form offers them.
var AutoOpens = []AutoOpen{AutoOpenNever, AutoOpenWide, AutoOpenAlways}

// Limits of a look, as the vendor's form has them (O §6.2): offsets, sizes and radii
// in CSS pixels, texts in characters.
const (
	MaxXOffset  = 500
	MaxYOffset  = 250
	MinSize     = 40
	MaxSize     = 70
	MaxRadius   = 35
	MaxGreeting = 70
	MaxHeader   = 70
)

// Offset is the distance from the sides of a corner, in CSS pixels.
type Offset struct {
	// X is 0..MaxXOffset, Y 0..MaxYOffset.
	X int `json:"x"`
	Y int `json:"y"`
}

// Look is how a button and its chat look on a site (O §6.2). It is whole: begin with
// the button's own or with [DefaultLook]. The tags are those of the column it is kept in.
type Look struct {
	// Name is for the account's people; empty until somebody gives one. MaxName.
	Name     string `json:"name"`
	Position Corner `json:"position"`
	// Fixed: it stays in the window's corner while the page scrolls; else in the page's.
	Fixed bool `json:"fixed"`
	// Offset is that of wide pages, OffsetMobile of those up to 640 pixels.
	Offset       Offset `json:"offset"`
	OffsetMobile Offset `json:"offset_mobile"`
	// Vertical: expanded channels stand above each other, else side by side.
	Vertical  bool      `json:"vertical"`
	Animation Animation `json:"animation"`
	// Size is MinSize..MaxSize, Radius 0..MaxRadius.
	Size   int `json:"size"`
	Radius int `json:"radius"`
	// Color is "#rgb" or "#rrggbb"; empty for the product's own.
	Color string `json:"color"`
	// CrossBlack: the icon that closes is black, else white.
	CrossBlack bool     `json:"cross_black"`
	Greeting   Greeting `json:"greeting"`
	// Header: the chat shows a title; Title is it, empty for the chat's name.
	Header bool   `json:"header"`
	Title  string `json:"title"`
	// Avatar is the chat's own picture, a file of the account's; empty for none.
	// UseAvatar: the responsible user's stands in its place where there is one.
	Avatar    chatid.FileID `json:"avatar"`
	UseAvatar bool          `json:"use_avatar"`
	// UseName: visitors learn the names of operators, and see their pictures (SET-4).
	UseName  bool     `json:"use_name"`
	AutoOpen AutoOpen `json:"auto_open"`
}

// Greeting is how visitors of a button, or of a card page, are greeted.
type Greeting struct {
	// Enabled is the one switch of both: of the bubble beside the launcher and of the
	// chat's bot (BOT-9, BOT-10; ADR 14).
	Enabled bool `json:"enabled"`
	// Bubble: there is one where it is on; else the bot alone greets.
	Bubble bool `json:"bubble"`
	// Message is at most MaxGreeting characters; empty for the default text in the
	// button's language.
	Message string `json:"message"`
}

// DefaultLook is a new button's.
func DefaultLook() Look {
	return Look{
		Position: BottomRight, Fixed: true, Offset: Offset{X: 20, Y: 20}, OffsetMobile: Offset{X: 20, Y: 20},
		Animation: NoAnimation, Size: 60, Radius: MaxRadius, Greeting: Greeting{Bubble: true}, Header: true, UseName: true, AutoOpen: AutoOpenNever,
	}
}

// Left and Top tell the sides of a corner.
func (c Corner) Left() bool { return c == BottomLeft || c == TopLeft }

// Top tells whether it is an upper one.
func (c Corner) Top() bool { return c == TopRight || c == TopLeft }

var color = regexp.MustCompile(`^(#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6})?$`)

// Check tells what is wrong with a look: a fault.Invalid "look_<field>" for its first
// wrong field, whose argument Field is the field's name as its tag has it ("size",
// "offset_mobile", "greeting"). Texts must have been cleaned.
func (l Look) Check() error {
	type test struct {
		code string
		good bool
	}
	within := func(o Offset) bool { return o.X >= 0 && o.X <= MaxXOffset && o.Y >= 0 && o.Y <= MaxYOffset }
	for _, t := range []test{
		{"look_name", fits(l.Name, MaxName)},
		{"look_position", one(Corners, l.Position)},
		{"look_offset", within(l.Offset)},
		{"look_offset_mobile", within(l.OffsetMobile)},
		{"look_animation", one(Animations, l.Animation)},
		{"look_size", l.Size >= MinSize && l.Size <= MaxSize},
		{"look_radius", l.Radius >= 0 && l.Radius <= MaxRadius},
		{"look_color", color.MatchString(l.Color)},
		{"look_greeting", fits(l.Greeting.Message, MaxGreeting)},
		{"look_title", fits(l.Title, MaxHeader)},
		{"look_avatar", l.Avatar == "" || chatid.Valid(string(l.Avatar))},
		{"look_auto_open", one(AutoOpens, l.AutoOpen)},
	} {
		if !t.good {
			return fault.New(fault.Invalid, t.code).With("Field", strings.TrimPrefix(t.code, "look_"))
		}
	}
	return nil
}

func one[T comparable](list []T, v T) bool {
	for _, other := range list {
		if v == other {
			return true
		}
	}
	return false
}

// fits reports whether a clean text has at most so many characters, none of which
// writes over others.
func fits(text string, most int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= most &&
		!strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
}

// clean makes one line of what somebody typed.
func clean(text string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
}

// SetLook replaces the look of an account's button. fault.NotFound; fault.Invalid as
// [Look.Check] has it.
func (s *Service) SetLook(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, l Look) error {
	l.Name, l.Title, l.Greeting.Message = clean(l.Name), clean(l.Title), clean(l.Greeting.Message)
	if err := l.Check(); err != nil {
		return err
	}
	return s.store.SetLook(ctx, a, key, l)
}

// SetGreets switches the greeting on at those buttons of a chat that keys names, card
// pages' own among them, and off at its others (BOT-9). Keys of other buttons change
// nothing. fault.NotFound for a chat that the account does not have.
func (s *Service) SetGreets(ctx context.Context, a chatid.AccountID, chat chatid.ChatID, keys []chatid.ButtonKey) error {
	if _, err := s.own(ctx, a, chat); err != nil {
		return err
	}
	return s.store.SetGreets(ctx, a, chat, keys)
}
