package httpapi

import (
	"cmp"
	"fmt"
	"strings"

	"leadline/backend/onlinechat"
)

// configExtras is what of a button is wanted beyond the plain launcher; only what is
// in use stands in it, and it is absent where nothing is.
type configExtras struct {
	Channels  []onlinechat.Channel `json:"channels,omitempty"`
	Vertical  bool                 `json:"vertical,omitempty"`
	Left      bool                 `json:"left,omitempty"`
	Top       bool                 `json:"top,omitempty"`
	Greeting  string               `json:"greeting,omitempty"`
	Animation onlinechat.Animation `json:"animation,omitempty"`
	Actions   bool                 `json:"actions,omitempty"`
}

// extras is nil for a plain button.
func (s *Server) extras(b onlinechat.Button, chat bool) *configExtras {
	l := b.Look
	out := configExtras{Channels: b.Channels}
	wanted := len(b.Channels) > 0
	if wanted {
		out.Vertical, out.Left, out.Top = l.Vertical, l.Position.Left(), l.Position.Top()
	}
	if l.Greeting.Enabled && l.Greeting.Bubble && chat {
		wanted = true
		out.Greeting = s.greetingOf(b)
	}
	if l.Animation != onlinechat.NoAnimation && (chat || len(b.Channels) > 0) {
		wanted = true
		out.Animation = l.Animation
	}
	if !wanted {
		return nil
	}
	return &out
}

// greetingOf is the text of a button's greeting, whether or not it shows by itself.
func (s *Server) greetingOf(b onlinechat.Button) string {
	return cmp.Or(b.Look.Greeting.Message, s.Texts.Localizer("", s.locale("", b.Locale)).Text("look.greeting", nil))
}

// chatConfig is what the site learns of the chat that a button carries.
func chatConfig(l onlinechat.Look, c onlinechat.Chat) *configChat {
	out := &configChat{Title: cmp.Or(l.Title, c.Name), Mode: modeOf(c), Untitled: !l.Header}
	if l.AutoOpen != onlinechat.AutoOpenNever {
		out.AutoOpen = string(l.AutoOpen)
	}
	return out
}

// side is what loaders of earlier builds know of a corner.
func side(c onlinechat.Corner) string {
	if c.Left() {
		return "left"
	}
	return "right"
}

// gap lies between the launcher and what stands beside it.
const gap = 12

// styleOf writes what differs from the usual look as rules of CSS, made of numbers
// alone: the loader adds them to its own, before anything is painted. Empty for the
// usual one.
func styleOf(l onlinechat.Look) string {
	usual := onlinechat.DefaultLook()
	var css strings.Builder
	placed := func(o onlinechat.Offset) {
		fmt.Fprintf(&css, "#amobutton{--leadline-by:%s;--leadline-off:%dpx}body div>:where(.amo-button-holder){inset:%s}",
			inset(l.Position, o.X, o.Y+l.Size+gap), o.Y+l.Size+gap+20, inset(l.Position, o.X, o.Y))
	}
	if l.Position != usual.Position || l.Offset != usual.Offset || l.Size != usual.Size {
		placed(l.Offset)
	}
	if l.OffsetMobile != l.Offset {
		css.WriteString("@media(max-width:640px){")
		placed(l.OffsetMobile)
		css.WriteString("}")
	}
	if !l.Fixed {
		css.WriteString("body div>:where(.amo-button-holder){position:absolute}")
	}
	if l.Size != usual.Size || l.Radius < l.Size/2 {
		// A border of one pixel lies around it.
		fmt.Fprintf(&css, "body div>:where(.amo-button){width:%[1]dpx;height:%[1]dpx;border-radius:%[2]dpx}", l.Size-2, l.Radius)
	}
	if l.CrossBlack {
		css.WriteString("#amobutton .amo-button--main svg{fill:#000}")
	}
	return css.String()
}

// inset is CSS's: top, right, bottom, left.
func inset(c onlinechat.Corner, x, y int) string {
	sides := [4]string{"auto", "auto", "auto", "auto"}
	across, down := 1, 2
	if c.Left() {
		across = 3
	}
	if c.Top() {
		down = 0
	}
	sides[across], sides[down] = fmt.Sprintf("%dpx", x), fmt.Sprintf("%dpx", y)
	return strings.Join(sides[:], " ")
}
