package httpapi

import (
	"strings"
	"testing"

	"leadline/backend/onlinechat"
)

// TestStyleOf is O §6.2: corner, margins, size and rounding as the page gets them.
func TestStyleOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  func(l *onlinechat.Look)
		want string
	}{
		{"the usual look", func(*onlinechat.Look) {}, ""},
		{"another corner", func(l *onlinechat.Look) { l.Position = onlinechat.TopLeft },
			"#amobutton{--leadline-by:92px auto auto 20px;--leadline-off:112px}body div>:where(.amo-button-holder){inset:20px auto auto 20px}"},
		{"margins of phones", func(l *onlinechat.Look) { l.OffsetMobile = onlinechat.Offset{X: 5, Y: 80} },
			"@media(max-width:640px){#amobutton{--leadline-by:auto 5px 152px auto;--leadline-off:172px}body div>:where(.amo-button-holder){inset:auto 5px 80px auto}}"},
		{"square and scrolling away", func(l *onlinechat.Look) { l.Radius, l.Fixed = 0, false },
			"body div>:where(.amo-button-holder){position:absolute}body div>:where(.amo-button){width:58px;height:58px;border-radius:0px}"},
		{"large", func(l *onlinechat.Look) { l.Size = 70 },
			"#amobutton{--leadline-by:auto 20px 102px auto;--leadline-off:122px}body div>:where(.amo-button-holder){inset:auto 20px 20px auto}" +
				"body div>:where(.amo-button){width:68px;height:68px;border-radius:35px}"},
	} {
		l := onlinechat.DefaultLook()
		c.set(&l)
		if got := styleOf(l); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
		if strings.ContainsAny(styleOf(l), `"\<`) {
			t.Errorf("%s: a style that would have to be escaped", c.name)
		}
	}
}
