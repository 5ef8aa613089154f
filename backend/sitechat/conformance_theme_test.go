package sitechat

import (
	"fmt"
	"testing"
)

// themed opens a page with onlinechat.theme and gives its panel, with a message of each side in it.
func themed(t *testing.T, d Dialect, config string, prepare ...func(*site)) (*site, *site) {
	t.Helper()
	s := visitIn(t, d, `<script>FNConfig = {onlinechat: {`+config+`}}; SETTINGS</script>TAG`, append([]func(*site){chatting(&host{messages: []message{
		{"id": "m1", "seq": 1, "rev": 1, "at": int64(1767225600123), "direction": "outbound", "kind": "text", "text": "Hello", "status": "sent", "author": map[string]any{"name": "Oleg"}},
		{"id": "m2", "seq": 2, "rev": 2, "at": int64(1767225600124), "direction": "inbound", "kind": "text", "text": "Hi", "status": "sent", "client_id": "c"},
	}, rev: 2})}, prepare...)...)
	p := s.panel()
	p.until(`document.querySelector(".sc-message--inbound .sc-message__text") && document.querySelector(".sc-message--outbound .sc-message__text")`)
	return s, p
}

func style(selector, property string) string {
	return fmt.Sprintf(`getComputedStyle(document.querySelector(%q)).%s`, selector, property)
}

func TestTHM1(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s, p := themed(t, d, `theme: {background: "rgb(250, 240, 230)", system_color: "#123456", header: {background: "navy", color: "rgba(255, 255, 0, 1)"},
			message: {outgoing_background: "#010203", outgoing_color: "#fafbfc", incoming_background: "#0a0b0c", incoming_color: "white"}, compose: {button_background: "#804000"}}`)
		for _, tt := range []struct{ selector, property, want string }{
			{"body", "backgroundColor", "rgb(250, 240, 230)"},
			{".sc-day", "color", "rgb(18, 52, 86)"},
			{".sc-message__meta", "color", "rgb(18, 52, 86)"},
			{".sc-header", "backgroundColor", "rgb(0, 0, 128)"},
			{".sc-header__title", "color", "rgb(255, 255, 0)"},
			// outgoing: the visitor's; incoming: the operator's.
			{".sc-message--inbound .sc-message__text", "backgroundColor", "rgb(1, 2, 3)"},
			{".sc-message--inbound .sc-message__text", "color", "rgb(250, 251, 252)"},
			{".sc-message--outbound .sc-message__text", "backgroundColor", "rgb(10, 11, 12)"},
			{".sc-message--outbound .sc-message__text", "color", "rgb(255, 255, 255)"},
			{".sc-composer__send", "backgroundColor", "rgb(128, 64, 0)"},
		} {
			p.value(style(tt.selector, tt.property), tt.want)
		}
		s.silent()
	})
	t.Run("what is no colour gives the default and a warning", func(t *testing.T) {
		t.Parallel()
		s, p := themed(t, Kommo, `theme: {background: "!important #F3F3F3", system_color: 7, header: {background: "url(x)", color: null}, message: "red", compose: {button_background: "red; color: blue"}}`)
		p.value(style(".sc-header", "backgroundColor"), "rgb(11, 107, 203)") // the launcher's
		p.value(style("body", "backgroundColor"), "rgb(255, 255, 255)")
		p.value(style(".sc-message--inbound .sc-message__text", "backgroundColor"), "rgb(11, 107, 203)")
		for _, key := range []string{"background", "system_color", "header.background", "header.color", "message", "compose.button_background"} {
			if n := len(s.heard("onlinechat.theme." + key + " is wrong")); n != 1 {
				t.Errorf("%d warnings for %s: %q", n, key, s.heard(""))
			}
		}
	})
}

func TestTHM2(t *testing.T) {
	t.Parallel()
	for height, want := range map[string]int{"10": 40, "100": 100, "300": 170, `"72"`: 44} { // what is no number is the default, as high as the buttons beside it
		t.Run(height, func(t *testing.T) {
			t.Parallel()
			inBoth(t, func(t *testing.T, d Dialect) {
				_, p := themed(t, d, `theme: {compose: {height: `+height+`}}`)
				const px = `document.querySelector(".sc-composer__input").getBoundingClientRect().height`
				p.value(px, want)
				// It grows with its text up to the fixed maximum, then scrolls.
				p.run(`input = document.querySelector(".sc-composer__input"); input.value = "line\n".repeat(40); input.dispatchEvent(new Event("input", {bubbles: true}))`)
				p.until(px + " === 170")
				p.value(`[getComputedStyle(input).overflowY, input.scrollHeight > 170]`, []any{"auto", true})
			})
		})
	}
}

func TestTHM3(t *testing.T) {
	t.Parallel()
	t.Run("true and {} are the default header", func(t *testing.T) {
		t.Parallel()
		for _, header := range []string{"true", "{}"} {
			_, p := themed(t, Kommo, `theme: {header: `+header+`}`)
			p.value(`[document.querySelectorAll(".sc-header .sc-header__close").length, `+style(".sc-header", "backgroundColor")+`]`, []any{1, "rgb(11, 107, 203)"})
		}
	})
	t.Run("false takes it out of the document", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			s, p := themed(t, d, `theme: {header: false}`)
			p.value(`document.querySelectorAll("header, h1, .sc-header__close").length`, 0)
			s.value(style("#amo-livechat .leadline-cross", "display"), "none") // the launcher closes
			// What the header's menu has is reached beside the input, by keyboard too.
			menu := `document.querySelector(".sc-composer > [aria-haspopup=menu]")`
			p.until(menu + `.checkVisibility({visibilityProperty: true})`)
			p.run(menu + `.focus()`)
			s.keys("\r")
			p.until(`document.activeElement.textContent === "Sound"`)
			p.axe("menu without a header")
			s.keys("\x1b")
			p.until(menu + ` === document.activeElement`)
		})
	})
	t.Run("false on a full screen leaves a control that closes", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			s, _ := themed(t, d, `theme: {header: false}`, func(s *site) { s.phone = true; s.html = `<meta name=viewport content="width=device-width">` + s.html })
			s.value(`(({width, height}, label) => [width >= 24, height >= 24, label])(document.querySelector(".leadline-cross").getBoundingClientRect(), document.querySelector(".leadline-cross").ariaLabel)`, []any{true, true, "Close"})
			s.click(".leadline-cross")
			s.until(isClosed)
		})
	})
}

func TestTHM4(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, background, ink string }{
		{"a light one", "#ffe680", "rgb(0, 0, 0)"}, {"a dark one", "#203040", "rgb(255, 255, 255)"},
		{"one that is seen through, on white", "rgba(0, 0, 0, 0.1)", "rgb(0, 0, 0)"}, {"one of another colour space", "oklch(0.95 0.05 100)", "rgb(0, 0, 0)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inBoth(t, func(t *testing.T, d Dialect) {
				_, p := themed(t, d, fmt.Sprintf(`theme: {background: "#fff", header: {background: %[1]q}, message: {outgoing_background: %[1]q, incoming_background: %[1]q}, compose: {button_background: %[1]q}}`, tt.background))
				for _, selector := range []string{".sc-header__title", ".sc-message--inbound .sc-message__text", ".sc-message--outbound .sc-message__text", ".sc-composer__send"} {
					p.value(style(selector, "color"), tt.ink)
				}
			})
		})
	}
	t.Run("the ground too", func(t *testing.T) {
		t.Parallel()
		_, p := themed(t, AmoCRM, `theme: {background: "#101010"}`)
		p.value("["+style(".sc-composer__input", "color")+","+style(".sc-day", "color")+"]", []string{"rgb(255, 255, 255)", "rgb(255, 255, 255)"})
	})
}
