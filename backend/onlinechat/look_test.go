package onlinechat

import (
	"strings"
	"testing"

	"leadline/backend/fault"
)

// TestLookCheck is O §6.2: what a button's form may hold.
func TestLookCheck(t *testing.T) {
	t.Parallel()
	if err := DefaultLook().Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		field string // "" for a look that is fine
		set   func(l *Look)
	}{
		{"the largest of all", "", func(l *Look) {
			l.Offset, l.OffsetMobile = Offset{500, 250}, Offset{500, 250}
			l.Size, l.Radius, l.Position, l.Animation, l.AutoOpen = 70, 35, TopLeft, Shake, AutoOpenAlways
			l.Greeting.Message = strings.Repeat("я", 70)
		}},
		{"the smallest of all", "", func(l *Look) {
			l.Offset, l.OffsetMobile, l.Size, l.Radius, l.Color = Offset{}, Offset{}, 40, 0, "#0aF"
		}},
		{"a side margin of 501", "offset", func(l *Look) { l.Offset.X = 501 }},
		{"a negative margin", "offset", func(l *Look) { l.Offset.Y = -1 }},
		{"a top margin of 251 on phones", "offset_mobile", func(l *Look) { l.OffsetMobile.Y = 251 }},
		{"39 pixels", "size", func(l *Look) { l.Size = 39 }},
		{"71 pixels", "size", func(l *Look) { l.Size = 71 }},
		{"a radius of 36", "radius", func(l *Look) { l.Radius = 36 }},
		{"a greeting of 71 characters", "greeting", func(l *Look) { l.Greeting.Message = strings.Repeat("я", 71) }},
		{"a colour by name", "color", func(l *Look) { l.Color = "red" }},
		{"a colour that closes its rule", "color", func(l *Look) { l.Color = "#fff;}" }},
		{"no corner", "position", func(l *Look) { l.Position = "" }},
		{"a fifth corner", "position", func(l *Look) { l.Position = "center" }},
		{"an animation that nobody knows", "animation", func(l *Look) { l.Animation = "spin" }},
		{"a line break in the title", "title", func(l *Look) { l.Title = "a\nb" }},
		{"a name that turns the line around", "name", func(l *Look) { l.Name = "a\u202eb" }},
		{"a picture by address", "avatar", func(l *Look) { l.Avatar = "https://elsewhere.example/a.png" }},
		{"auto-open as a number", "auto_open", func(l *Look) { l.AutoOpen = "1" }},
	} {
		l := DefaultLook()
		c.set(&l)
		err := l.Check()
		want := ""
		if c.field != "" {
			want = "look_" + c.field
		}
		if fault.CodeOf(err) != want || want != "" && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want %q", c.name, err, want)
		}
	}
}

// TestMessengerLink is O §6.3 and VIS-5: what a channel may lead to.
func TestMessengerLink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		service Messenger
		typed   string
		want    string // "" for refused
	}{
		{"whatsapp", "https://wa.me/15550100200", "https://wa.me/15550100200"},
		{"whatsapp", "https://wa.me/15550100200?text=ID:%20{{session_id}}", "https://wa.me/15550100200?text=ID:%20{{session_id}}"},
		{"whatsapp", " +1 (555) 010-02-00 ", "https://wa.me/15550100200"},
		{"whatsapp", "https://api.whatsapp.com/send?phone=15550100200", "https://api.whatsapp.com/send?phone=15550100200"},
		{"whatsapp", "whatsapp://send?phone=15550100200", "whatsapp://send?phone=15550100200"},
		{"telegram", "tg://resolve?domain=shop_bot&start=VisitorUid_{{visitor_uid}}", "tg://resolve?domain=shop_bot&start=VisitorUid_{{visitor_uid}}"},
		{"telegram", "@shop_bot", "https://t.me/shop_bot"},
		{"telegram", "http://t.me/shop_bot", "http://t.me/shop_bot"},
		{"viber", "viber://pa?chatURI=shop&context=VisitorUid_{{visitor_uid}}", "viber://pa?chatURI=shop&context=VisitorUid_{{visitor_uid}}"},
		{"facebook", "https://m.me/1234/?ref=VisitorUid_{{visitor_uid}}", "https://m.me/1234/?ref=VisitorUid_{{visitor_uid}}"},
		{"vk", "https://vk.me/club1?ref=VisitorUid_{{visitor_uid}}", "https://vk.me/club1?ref=VisitorUid_{{visitor_uid}}"},
		{"instagram", "https://www.instagram.com/shop", "https://www.instagram.com/shop"},
		{"instagram_business", "https://ig.me/m/shop", "https://ig.me/m/shop"},
		{"skype", "skype:live:shop?chat", "skype:live:shop?chat"},
		{"apple", "https://bcrw.apple.com/urn:biz:01020304", "https://bcrw.apple.com/urn:biz:01020304"},
		{"wechat", "weixin://dl/chat?shop", "weixin://dl/chat?shop"},

		{"whatsapp", "", ""},
		{"whatsapp", "https://wa.me/", ""},
		{"whatsapp", "https://t.me/shop_bot", ""},
		{"whatsapp", "https://wa.me.evil.example/1", ""},
		{"whatsapp", "https://evilwa.me/1", ""},
		{"whatsapp", "https://wa.me@evil.example/1", ""},
		{"whatsapp", "https://user@wa.me/1", ""},
		{"whatsapp", "https://wa.me:8443/1", ""},
		{"whatsapp", "//wa.me/1", ""},
		{"whatsapp", "javascript:alert(1)//wa.me/1", ""},
		{"whatsapp", "data:text/html,https://wa.me/1", ""},
		{"whatsapp", "https://wa.me/1\" onclick=\"x", ""},
		{"whatsapp", "https://wa.me/{{bot_params.x}}", ""},
		{"whatsapp", "https://{{session_id}}.wa.me/{{", ""},
		{"whatsapp", "https://wa.me/" + strings.Repeat("1", MaxLink), ""},
		{"telegram", "viber://pa?chatURI=shop", ""},
		{"telegram", "tg:", ""},
		{"telegram", "shop_bot", ""},
		{"icq", "https://icq.example/1", ""},
	} {
		got, err := c.service.Link(c.typed)
		if got != c.want || (c.want == "") != fault.Is(err, fault.Invalid) {
			t.Errorf("%s %q: %q, %v, want %q", c.service, c.typed, got, err, c.want)
		}
	}
}
