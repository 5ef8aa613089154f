package sitechat

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// KEY-6: the form of key actions is for everybody: in light, dark and forced colours, on a phone, by keyboard alone, and beside a
// column of messengers, which neither it nor the bubble covers.
func TestTheFormIsForEverybody(t *testing.T) {
	t.Parallel()
	const over = `((box) => [...document.querySelectorAll("#social_iframe .amo-button")].filter((one) => ((a) => a.right > box.left && a.left < box.right && a.bottom > box.top && a.top < box.bottom)(one.getBoundingClientRect())).length)`
	const html = `<meta name=viewport content="width=device-width"><html lang="en"><main><h1>Shop</h1></main><script>SETTINGS OBJ.inline = true; STUB</script>TAG`
	for name, side := range map[string]string{"right": "", "left": `, "left": true`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &actionsHost{actions: `[{"id": "ask", "constraint": 1, "conditions": [[{"type": "custom_hook", "value": "ask"}]], "reactions": [{"action": "amobutton_form", "settings": {"form": ["name", "phone", "email"], "form_title": "Leave your number"}}]},
				{"id": "greet", "constraint": 1, "conditions": [[{"type": "custom_hook", "value": "greet"}]], "reactions": [{"action": "amobutton_greeting"}]}]`}
			s := visitIn(t, Kommo, html, w.prepare, func(s *site) {
				s.phone = true
				messengers(`, "vertical": true, "actions": true` + side)(s)
				if side != "" {
					s.style = "#amobutton{--leadline-by:auto auto 92px 20px}body div>:where(.amo-button-holder){inset:auto auto 20px 20px}"
				}
			})
			s.until(channel)
			s.do(Kommo, `FN("sendKeyActionHook", "greet")`)
			s.until(`document.querySelector(".amo-livechat_bubble")`)
			s.value(over+`(document.querySelector(".amo-livechat_bubble").getBoundingClientRect())`, 0)
			s.do(Kommo, `document.querySelector(".amo-livechat_bubble").remove(); FN("sendKeyActionHook", "ask")`)
			s.until(`document.querySelector(".leadline-form__title")?.textContent`)
			s.run(`document.querySelector(".leadline-form").requestSubmit()`) // with what is missing told
			for look, features := range looks {
				media(t, features, s)
				s.axe("form: " + look)
				s.shot("form-" + look + "-" + name)
			}
			s.value(over+`(document.querySelector(".leadline-form").getBoundingClientRect())`, 0)
			s.value(`(({left, right, top, bottom}) => left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight)(document.querySelector(".leadline-form").getBoundingClientRect())`, true)
			// By keyboard: from the first field to the last button, then away by Escape, and the focus is on the launcher.
			s.run(`document.querySelector(".leadline-form [name=name]").focus()`)
			for _, next := range []string{"[name=phone]", "[name=email]", ".leadline-form__send"} {
				if err := chromedp.Do(s.ctx, chromedp.KeyEvent("\t")); err != nil {
					t.Fatal(err)
				}
				s.value(`document.activeElement.matches("`+next+`")`, true)
			}
			s.keys("\x1b")
			s.until(`!document.querySelector(".leadline-form") && document.activeElement.matches(".amo-button--main")`)
		})
	}
}
