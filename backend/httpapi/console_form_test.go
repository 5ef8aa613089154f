package httpapi

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"leadline/backend/onlinechat"
)

// formKeys are the words that forms put together.
func formKeys() (keys []string) {
	for _, v := range codeVariants {
		keys = append(keys, "chats.code."+string(v)+".title", "chats.code."+string(v)+".text")
	}
	for _, a := range asks {
		keys = append(keys, "chats.reach.ask."+string(a))
	}
	for _, d := range days {
		keys = append(keys, "chats.reach."+d.name+".label")
	}
	for _, m := range identityModes {
		keys = append(keys, "chats.identity.mode."+string(m), "chats.identity.mode."+string(m)+".hint")
	}
	for _, name := range []string{"hours", "zone", "day", "off", "online_text", "away_text"} {
		keys = append(keys, "chats.reach."+name+".error")
	}
	for field, values := range map[string][]string{
		"position": texts(onlinechat.Corners), "animation": texts(onlinechat.Animations), "auto_open": texts(onlinechat.AutoOpens),
		"orientation": {"horizontal", "vertical"}, "cross": {"white", "black"},
	} {
		keys = append(keys, "chats.look."+field+".label")
		for _, v := range values {
			keys = append(keys, "chats.look."+field+"."+v)
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(lookTexts)), slices.Collect(maps.Keys(lookChecks)), []string{"color"}) {
		keys = append(keys, "chats.look."+name+".label")
	}
	for _, n := range lookNumbers {
		keys = append(keys, "chats.look."+n.name+".label")
	}
	return keys
}

// TestReadReach: what people type as hours, days off and words.
func TestReadReach(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		form  url.Values
		want  string // hours in words
		wrong string
	}{
		{"nothing set", url.Values{}, "", ""},
		{"hours that are not switched on", url.Values{"zone": {"Mars/Olympus"}, "mon": {"nonsense"}}, "", ""},
		{"a week", url.Values{"hours": {"1"}, "zone": {" Europe/Moscow "}, "mon": {"9-13, 14.00 – 18:00"}, "fri": {"22:00-02:00"}},
			"mon 09:00-13:00, mon 14:00-18:00, fri 22:00-24:00, sat 00:00-02:00 (Europe/Moscow)", ""},
		{"round the clock", url.Values{"hours": {"1"}, "zone": {"UTC"}, "sun": {"0:00-24:00"}}, "sun 00:00-24:00 (UTC)", ""},
		{"days off", url.Values{"hours": {"1"}, "zone": {"UTC"}, "mon": {"9-10"}, "off_from": {"2026-12-31", "", "2027-05-01"}, "off_to": {"2027-01-08", "", ""}},
			"mon 09:00-10:00 (UTC), not on 2026-12-31..2027-01-08, 2027-05-01", ""},
		{"an unknown zone and a bad day", url.Values{"hours": {"1"}, "zone": {"Moscow"}, "mon": {"9-10"}, "tue": {"all day"}}, "", "zone tue"},
		{"no day at all", url.Values{"hours": {"1"}, "zone": {"UTC"}}, "", "hours"},
		{"a night into the next day's hours", url.Values{"hours": {"1"}, "zone": {"UTC"}, "mon": {"22-3"}, "tue": {"2-10"}}, "", "hours"},
		{"a day off without a beginning", url.Values{"hours": {"1"}, "zone": {"UTC"}, "mon": {"9-10"}, "off_from": {""}, "off_to": {"2027-01-08"}}, "", "off"},
		{"a day off that is no date", url.Values{"hours": {"1"}, "zone": {"UTC"}, "mon": {"9-10"}, "off_from": {"31.12.2026"}, "off_to": {""}}, "", "off"},
		{"half a row", url.Values{"hours": {"1"}, "zone": {"UTC"}, "mon": {"9-10"}, "off_from": {"2026-12-31"}}, "", "off"},
		{"a text that is too long", url.Values{"away_text": {strings.Repeat("я", onlinechat.MaxReachText+1)}}, "", "away_text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, wrong := readReach(tt.form)
			if r.Hours.String() != tt.want || strings.Join(wrong, " ") != tt.wrong {
				t.Errorf("hours %q, wrong %q; want %q, wrong %q", r.Hours, wrong, tt.want, tt.wrong)
			}
		})
	}
	typed := url.Values{"online_text": {"  We  are\there "}, "ask": {"email"}, "callbacks": {"1"}}
	if r, _ := readReach(typed); r.OnlineText != "We are here" || r.Ask != onlinechat.AskEmail || r.NoCallBacks {
		t.Errorf("read %+v", r)
	}
	want, wrong := readReach(url.Values{"hours": {"1"}, "zone": {"UTC"}, "mon": {"9-10"}, "off_from": {"2026-12-31"}, "off_to": {""}, "ask": {"nothing"}})
	if again, _ := readReach(typedReach(want)); wrong != nil || again.Hours.String() != want.Hours.String() || again.Ask != want.Ask || again.NoCallBacks != want.NoCallBacks {
		t.Errorf("what is shown is read as %+v, want %+v (%q)", again, want, wrong)
	}
}

// TestReadLook: the form of O §6.2 holds a look, whole, in its ranges.
func TestReadLook(t *testing.T) {
	t.Parallel()
	look := onlinechat.DefaultLook()
	look.Name, look.Position, look.Vertical, look.Animation, look.Color, look.CrossBlack = "Shop", onlinechat.TopLeft, true, onlinechat.Shake, "#0a5", true
	look.Offset, look.OffsetMobile, look.Size, look.Radius = onlinechat.Offset{X: 500, Y: 250}, onlinechat.Offset{}, 70, 0
	look.Greeting, look.Fixed, look.Title, look.AutoOpen = onlinechat.Greeting{Enabled: true, Message: "Hi"}, false, "Help", onlinechat.AutoOpenWide
	want := look
	want.Color = "#00aa55" // as a field of colours has it
	if got, wrong := readLook(typedLook(look), onlinechat.DefaultLook()); got != want || wrong != nil {
		t.Errorf("what is shown is read as %+v %q, want %+v", got, wrong, want)
	}
	// The default colour stays the default until another one is chosen.
	plain := onlinechat.DefaultLook()
	if got, _ := readLook(typedLook(plain), plain); got != plain {
		t.Errorf("the default is read as %+v", got)
	}
	for name, bad := range map[string]string{"x_offset": "501", "y_offset": "251", "x_offset_m": "-1", "y_offset_m": "", "size": "39", "radius": "36.5"} {
		form := typedLook(plain)
		form.Set(name, bad)
		if _, wrong := readLook(form, plain); !slices.Equal(wrong, []string{name}) {
			t.Errorf("%s = %q: wrong is %q", name, bad, wrong)
		}
	}
}
