package onlinechat

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestSlug(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][2]string{
		"harbour-lamps":         {"harbour-lamps", ""},
		" Harbour-Lamps ":       {"harbour-lamps", ""},
		"a1b":                   {"a1b", ""},
		strings.Repeat("a", 50): {strings.Repeat("a", 50), ""},
		"ab":                    {"ab", "slug"},
		strings.Repeat("a", 51): {strings.Repeat("a", 51), "slug"},
		"":                      {"", "slug"},
		"-lamps":                {"-lamps", "slug"},
		"lamps-":                {"lamps-", "slug"},
		"lamps--port":           {"lamps--port", "slug"},
		"lamps port":            {"lamps port", "slug"},
		"lamps/port":            {"lamps/port", "slug"},
		"lаmps":                 {"lаmps", "slug"}, // a Cyrillic letter
		"Admin":                 {"admin", "slug_reserved"},
		"console":               {"console", "slug_reserved"},
	} {
		slug, wrong := Slug(typed)
		if slug != want[0] || wrong != want[1] {
			t.Errorf("Slug(%q) = %q, %q, want %q", typed, slug, wrong, want)
		}
	}
}

// What people type as a link, and what the button opens; "" is refused.
func TestCardLinks(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"https://harbour.example/a?b=1#c":           "https://harbour.example/a?b=1#c",
		"http://harbour.example":                    "http://harbour.example",
		" harbour.example/shop ":                    "https://harbour.example/shop",
		"лампы.рф":                                  "https://лампы.рф",
		"anna@harbour.example":                      "mailto:anna@harbour.example",
		"mailto:anna@harbour.example?subject=Lamps": "mailto:anna@harbour.example?subject=Lamps",
		"+7 (999) 000-11-22":                        "tel:+79990001122",
		"tel:+79990001122":                          "tel:+79990001122",
		"sms:+79990001122":                          "sms:+79990001122",
		"tg://resolve?domain=shop":                  "tg://resolve?domain=shop",
		"viber://chat?number=123":                   "viber://chat?number=123",

		"javascript:alert(1)":                "",
		"JavaScript:alert(1)":                "",
		"java\nscript:alert(1)":              "",
		"vbscript:x":                         "",
		"data:text/html,<b>":                 "",
		"blob:https://a.example/1":           "",
		"file:///etc/passwd":                 "",
		"intent://x#Intent;end":              "",
		"//harbour.example":                  "",
		"/admin":                             "",
		"https:harbour.example":              "",
		"https://":                           "",
		"https://:443/":                      "",
		"https://anna:pw@harbour.example":    "",
		"https://harbour.example/\"onclick=": "",
		"mailto:":                            "",
		"mailto:nobody":                      "",
		"tel:javascript":                     "",
		"tg:":                                "",
		"word":                               "",
		"":                                   "",
		"https://" + strings.Repeat("a", MaxLink) + ".example": "",
	} {
		got, err := cardLink(typed)
		if err != nil {
			if got != typed {
				t.Errorf("%q is refused and comes back as %q", typed, got)
			}
			got = ""
		}
		if got != want {
			t.Errorf("cardLink(%q) = %q, want %q", typed, got, want)
		}
	}
}

// The ratios are those that WebAIM's and W3C's examples give.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21},
		{"#ffffff", "#ffffff", 1},
		{"#777777", "#ffffff", 4.48}, // the grey that is just too light
		{"#767676", "#ffffff", 4.54}, // and the one that is not
		{"#0000ff", "#ffffff", 8.59},
		{"red", "#ffffff", 1},
	} {
		if got := Contrast(tt.a, tt.b); math.Abs(got-tt.want) > 0.005 {
			t.Errorf("Contrast(%s, %s) = %.3f, want %.2f", tt.a, tt.b, got, tt.want)
		}
	}
}

// A button that lets the page through is judged by what is behind it, and one that is
// not there not at all.
func TestFaint(t *testing.T) {
	t.Parallel()
	grey := Colours{Text: "#999999", Background: "#ffffff"}
	for name, tt := range map[string]struct {
		change func(*CardPage)
		want   []string
	}{
		"a new page":                      {func(*CardPage) {}, nil},
		"grey text":                       {func(p *CardPage) { p.Colours = grey }, []string{FaintPage}},
		"a grey chat":                     {func(p *CardPage) { p.ChatLook.Colours = grey }, []string{FaintChat}},
		"grey buttons that are not there": {func(p *CardPage) { p.Buttons.Colours = grey }, nil},
		"grey buttons":                    {func(p *CardPage) { p.Buttons.Colours = grey; p.Blocks = []CardBlock{{Kind: CardLink}} }, []string{FaintButtons}},
		"white outlines on a white page":  {func(p *CardPage) { p.ChatLook.Style = "outline" }, []string{FaintChat}},
		"white outlines on a dark page":   {func(p *CardPage) { p.ChatLook.Style = "plain"; p.Colours = Colours{"#ffffff", "#102030"} }, nil},
		"everything the colour of the page": {func(p *CardPage) {
			same := Colours{"#ffffff", "#ffffff"}
			p.Colours, p.Buttons.Colours, p.ChatLook.Colours = same, same, same
			p.Blocks = append(p.Blocks, CardBlock{Kind: CardMessenger})
		}, []string{FaintPage, FaintButtons, FaintChat}},
	} {
		p := NewCardPage("Lamps", "en")
		tt.change(&p)
		if got := p.Faint(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// Texts lose what would write over others, and nothing that people mean.
func TestCardTexts(t *testing.T) {
	t.Parallel()
	p := NewCardPage("  Lamps \u202e of\tthe   port ", "en")
	if wrong := p.Check([]string{"en"}); !slices.Equal(wrong, []string{"title"}) {
		t.Errorf("a title that turns the line round: %q", wrong)
	}
	p.Title, p.Text = " Lamps\tof  the port ", "\r\n One\r\n\r\nTwo \u202ethree\x00\xff\r\n"
	if wrong := p.Check([]string{"en"}); len(wrong) > 0 || p.Title != "Lamps of the port" || p.Text != "One\n\nTwo three" {
		t.Errorf("%q %q, wrong %q", p.Title, p.Text, wrong)
	}
	given := []CardBlock{{Kind: CardLink, Label: " Shop ", Link: "shop.example"}}
	p.Blocks = given
	p.Check([]string{"en"})
	if given[0].Link != "shop.example" || p.Blocks[0].Link != "https://shop.example" || p.Blocks[0].Label != "Shop" {
		t.Errorf("blocks %+v of %+v", p.Blocks, given)
	}
}
