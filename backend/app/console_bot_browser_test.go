package app

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keyed is the control of the bot's editor that has a key.
func keyed(key string) string { return fmt.Sprintf(`[data-key=%q]`, key) }

// press is a key on a control, by which it has the focus.
func (b *tab) press(key, keys string) {
	b.w.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(keyed(key)), keys))
}

// chooses goes by the arrow keys to the option of a select that begins with a label. The
// letters of the label would do, where no two of them are a second apart.
func (b *tab) chooses(key, label string) {
	b.w.t.Helper()
	field := `document.querySelector('` + keyed(key) + `')`
	b.sees(field + ` && [...` + field + `.options].some((o) => o.textContent.startsWith("` + label + `"))`)
	for {
		at := js[int](b, field+`.selectedIndex`)
		to := js[int](b, `[...`+field+`.options].findIndex((o) => o.textContent.startsWith("`+label+`"))`)
		if at == to {
			return
		}
		way := kb.ArrowUp
		if to > at {
			way = kb.ArrowDown
		}
		b.press(key, way)
		b.sees(fmt.Sprintf(`%s && %s.selectedIndex !== %d`, field, field, at))
	}
}

// TestBotEditor builds a bot with fields, keys and clicks alone, tries it, corrects it,
// saves it, and a visitor is greeted by it.
func TestBotEditor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.withWidget("amocrm")
	button, hash := w.connected()
	w.installedWidget()
	var at string
	site := w.shopIn(&at)
	browser := w.chromium(map[string]string{"shop.example.test": at})
	crm := browser.person("about:blank", chromedp.EmulateViewport(1280, 1400))
	f := crm.console("https://" + crmHost + ownPage + "?theme=light")
	f.click(`.console__tab[href$="/chats"]`)
	f.sees(`document.querySelector('.js-chat')`)
	f.click(`.js-chat`)
	f.sees(`document.querySelector('a[href$="/bot"]')`)
	f.click(`a[href$="/bot"]`)

	// Locked while it is off (BOT-9); switched on it says hello.
	f.reads("The greeting is off wherever this chat stands")
	f.sees(`document.querySelector('#bot-steps') && document.querySelectorAll('#bot-steps :is(input, textarea, select, button):enabled').length === 0`)
	f.axe("locked", "html")
	f.click(`input[name=at]`)
	f.click(`form[action$="/settings"] button`)
	f.reads("The settings of the bot are saved")
	f.sees(`document.querySelector('[data-title="0"]').textContent === "Step 1: Hello! How can we help?"`)

	// A question, whose branches follow its buttons. The text takes a marker by keyboard.
	crm.follows(f) // or a click would miss
	f.click(keyed("steps:add-question"))
	f.sees(`document.activeElement.dataset.key === "step:1"`)
	const text = "1/question/0/params/value:text"
	f.fill(keyed(text), "Which lamp, ")
	f.press("1/question/0/params/value:marker", kb.ArrowDown+kb.ArrowDown+"\r")
	f.sees(`document.querySelector('` + keyed(text) + `').value === "Which lamp, {{bot_params.username}}" && document.activeElement.dataset.key === "` + text + `"`)
	f.fill(keyed("1/question/0/params/buttons/0:first"), "Prices")
	f.fill(keyed("1/question/0/params/buttons/1:first"), "Help")
	f.sees(`document.querySelector('` + keyed("1/answer/0/params/0/value:text") + `').value === "Prices"`)

	// By keyboard alone: a message on the first button, a jump on the second.
	f.press("1/answer/0/params/0/params:menu", "\r")
	f.press("1/answer/0/params/0/params:add-message", "\r")
	f.sees(`document.activeElement.dataset.key === "block:1/answer/0/params/0/params/0"`)
	f.fill(keyed("1/answer/0/params/0/params/0/params/value:text"), "Ten each.")
	// Then it asks for a contact, and a bot of the CRM goes on.
	f.press("1/answer/0/params/0/params:menu", "\r")
	f.press("1/answer/0/params/0/params:add-contact", "\r")
	f.fill(keyed("1/answer/0/params/0/params/1/params/params/empty_all:text"), "Your phone and e-mail?")
	f.press("1/answer/0/params/0/params:menu", "\r")
	f.press("1/answer/0/params/0/params:add-end", "\r")
	f.chooses("1/answer/0/params/0/params/2/params:action", "a bot of the CRM")
	f.sees(`document.querySelector('` + keyed("1/answer/0/params/0/params/2/params/bot:text") + `')`)
	f.fill(keyed("1/answer/0/params/0/params/2/params/bot:text"), "565")
	f.press("1/answer/0/params/1/params:menu", "\r")
	f.press("1/answer/0/params/1/params:add-goto", "\r")
	f.chooses("1/answer/0/params/1/params/0/params:jump", "Step 1")
	f.sees(`document.querySelector('` + keyed("1/answer/0/params/1/params/0/params:jump") + `').value === "question:0"`)

	// The question goes first; the jump follows its step. Undone, and done again.
	f.press("up:1", "\r")
	const jump = `document.querySelector('[data-key="0/answer/0/params/1/params/0/params:jump"]')`
	f.sees(`document.querySelector('[data-title="0"]').textContent.startsWith("Step 1: Which lamp") && ` + jump + `.selectedOptions[0].textContent === "Step 2: Hello! How can we help?"`)
	f.sees(`document.activeElement.dataset.key === "down:0"`) // it cannot go higher
	f.press("undo", "\r")
	f.sees(`document.querySelector('[data-title="1"]').textContent.startsWith("Step 2: Which lamp")`)
	f.press("redo", "\r")
	f.sees(jump + `?.value === "question:1"`)

	// A condition for the step that was first.
	f.click(keyed("1/question:menu"))
	f.click(keyed("1/question:add-conditions"))
	f.fill(keyed("1/question/1/params/conditions/0/term1:text"), "{{bot_params.plan}}")
	f.chooses("1/question/1/params/conditions/0:operation", "is not empty")
	f.sees(`!document.querySelector('` + keyed("1/question/1/params/conditions/0/term2:text") + `')`)
	f.click(keyed("1/question/1/params/result:menu"))
	f.click(keyed("1/question/1/params/result:add-message"))
	// It has no text yet: the card says so, and the list leads to it.
	f.sees(`document.querySelector('.bot-problems')?.innerText.includes("The message has no text.")`)
	f.click(`.bot-problems button`)
	f.sees(`document.activeElement.closest('[data-path="1/question/1/params/result/0"]')`)
	f.axe("with a problem", "html")
	crm.shot("1-problem")
	f.fill(keyed("1/question/1/params/result/0/params/value:text"), "You have a plan.")
	f.sees(`!document.querySelector('.bot-problems').innerText.includes("Mistake")`)

	// The test chat runs what is not saved, and shows where it is.
	f.click(keyed("chat:start"))
	f.sees(`document.querySelector('.bot-chat__said .bot-chat__text')?.textContent === "Which lamp, Maria"`)
	f.sees(`document.querySelector('[data-step="0"]').getAttribute("aria-current") === "step"`)
	crm.shot("2-try")
	f.do(chromedp.SendKeys(chromedp.CSS(keyed("chat:input")), "Help\r"))
	f.sees(`document.querySelector('.bot-chat__log').innerText.includes("Hello! How can we help?")`)
	f.click(keyed("chat:start"))
	f.sees(`document.querySelectorAll('.bot-chat__log > div').length === 1`)
	f.click(`.bot-chat__buttons button`)
	f.sees(`document.querySelector('.bot-chat__log').innerText.includes("Ten each.")`)

	// The other tab shows the same; what is broken there is not left.
	f.do(chromedp.SendKeys(chromedp.CSS("#bot-tab-steps"), kb.ArrowRight))
	f.do(chromedp.SendKeys(chromedp.CSS("#bot-json"), "{"))
	f.reads("This is not JSON: look at line")
	f.click("#bot-tab-steps")
	f.sees(`!document.querySelector('#bot-json-panel').hidden && document.activeElement.id === "bot-json"`)
	f.axe("broken JSON", "html")
	crm.shot("3-json")
	f.do(chromedp.SendKeys(chromedp.CSS("#bot-json"), "\b"))
	js[any](f, `((text) => { text.value = text.value.replace(/^\{(?=\{)|\}\{$/, (m) => m.length > 1 ? "}" : ""); text.dispatchEvent(new Event("input")) })(document.querySelector("#bot-json")), null`)
	f.sees(`!document.querySelector("#bot-json").matches("[aria-invalid]")`)
	f.click("#bot-tab-steps")
	f.sees(`!document.querySelector('#bot-steps').hidden`)

	// On a phone, dark.
	crm.do(phone())
	js[any](crm, `(document.documentElement.dataset.colorScheme = "dark", null)`)
	f.sees(`document.documentElement.dataset.scheme === "dark" && innerWidth <= 375`)
	f.axe("phone", "html")
	if wide := js[[]string](f, `[...document.querySelectorAll("main *")].filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 200))`); len(wide) > 0 {
		t.Errorf("wider than the phone: %q", wide)
	}
	crm.shot("4-phone")

	f.click(`.bot-save button[type=submit]`)
	f.reads("The bot is saved")
	var got, want any
	if err := json.Unmarshal(w.bot().Bot, &got); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal([]byte(`{
		"0": {"question": [
				{"handler": "show", "params": {"type": "buttons", "value": "Which lamp, {{bot_params.username}}", "buttons": ["Prices", "Help"]}},
				{"handler": "wait_answer", "params": {"type": "answer", "step": 0}}],
			"answer": [{"handler": "buttons", "params": [
				{"value": "Prices", "params": [
					{"handler": "show", "params": {"type": "text", "value": "Ten each."}},
					{"handler": "preset", "params": {"name": "contacts.validate_base_info", "params": {"empty_all": "Your phone and e-mail?", "success": ""}}},
					{"handler": "stop", "params": {"action": "salesbot-start", "bot": 565}}]},
				{"value": "Help", "params": [{"handler": "goto", "params": {"type": "question", "step": 1}}]}]}]},
		"1": {"question": [
				{"handler": "show", "params": {"type": "text", "value": "Hello! How can we help?"}},
				{"handler": "conditions", "params": {"logic": "and", "conditions": [{"term1": "{{bot_params.plan}}", "term2": "", "operation": "not_empty"}],
					"result": [{"handler": "show", "params": {"type": "text", "value": "You have a plan."}}]}}]}}`), &want)
	if g, w := indented(t, got), indented(t, want); g != w {
		t.Errorf("saved is\n%s\nwant\n%s", g, w)
	}

	// A visitor of the sample shop is greeted, and goes on with a button.
	site.paste(snippet(button, hash, "en"))
	c := browser.person(shopURL + "/").opens()
	c.reads("Which lamp,")
	c.sees(`[...document.querySelectorAll(".sc-choice")].map((b) => b.textContent).join() === "Prices,Help"`)
	c.click(".sc-choice")
	c.reads("Ten each.")
	c.reads("Your phone and e-mail?")
	w.noBreaches()
}

func indented(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
