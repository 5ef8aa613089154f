package sitechat

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// messengers is a button's extras with two messengers and more after them.
func messengers(more string) func(*site) {
	return func(s *site) {
		s.extras = `, "extras": {"channels": [{"service": "whatsapp", "link": "https://wa.me/15550100200?text=ID:%20{{session_id}}"}, {"service": "telegram", "link": "tg://resolve?domain=shop_bot&start=VisitorUid_{{visitor_uid}}"}]` + more + `}`
	}
}

// stay keeps the tab on the page: no link of a messenger leads out of a test, and what would have been opened is logged.
const stay = `<script>log = []; addEventListener("click", (e) => { if (e.target.closest?.("a")) { if (!e.defaultPrevented) log.push("goes"); e.preventDefault() } });
open = (...args) => log.push("opens " + args[0])</script>`

const (
	expanded = `document.querySelector(".leadline-expanded #social_iframe").checkVisibility()`
	folded   = `!document.querySelector("#social_iframe").checkVisibility()`
	channel  = `document.querySelector(".leadline-channels #social_iframe")`
)

// HOOK-1: the nodes of messengers. EVT-9: subscribers hear of a messenger before the browser goes there.
func TestMessengersBehindTheLauncher(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, stay+`<script>document.cookie = "amo-livechat-id=abc"; AMOPIXEL_IDENTIFIER = {getVisitorUid: () => "uid-1"}; SETTINGS STUB FN("onButtonClick", (...args) => log.push(args)); FN("onChatShow", () => log.push("show"))</script><main><h1>Shop</h1></main>TAG`, answers, messengers(""))
		s.until(channel)
		for _, selector := range []string{
			"#amobutton > .amo-button-holder.amo-horisontal", ".amo-button--main > .amo-button-greeting-badge", "#social_iframe > .amo-button--whatsapp > a.amo-button__link",
			"#social_iframe > .amo-button.amo-button--telegram > a.amo-button__link", ".amo-button.amo-button--livechat",
		} {
			s.value("document.querySelectorAll(`"+selector+"`).length", 1)
		}
		s.value(`[document.querySelector(".amo-button--only-livechat"), `+folded+`, document.querySelector(".amo-button--main").getAttribute("aria-expanded")]`, []any{nil, true, "false"})

		// With the mouse; Escape folds, and the launcher has the focus.
		s.click(".amo-button--main")
		s.until(expanded)
		s.value(`[document.querySelector(".amo-button--main").getAttribute("aria-expanded"), log]`, []any{"true", []string{}})
		s.run(`document.documentElement.lang = "en"`)
		s.axe("messengers")
		s.run(`document.querySelector(".amo-button--whatsapp a").focus()`)
		s.press("Escape")
		s.until(folded)
		s.value(`document.activeElement.className.includes("amo-button--main")`, true)
		// With the keyboard: the messengers come next.
		s.press("Enter")
		s.until(expanded)
		s.press("Tab")
		s.value(`document.activeElement.closest(".amo-button").className`, "amo-button amo-button--whatsapp")
		s.click("h1")
		s.until(folded)

		// A person's click: the callback, then the way there.
		s.click(".amo-button--main")
		s.until(expanded)
		s.click(".amo-button--whatsapp a")
		s.until("log.length === 2")
		s.value("log.splice(0)", []any{[]string{"whatsapp", "https://wa.me/15550100200?text=ID:%20abc"}, "goes"})
		s.value(`[document.querySelector(".amo-button--whatsapp a").target, document.querySelector(".amo-button--whatsapp a").rel]`, []string{"_blank", "noopener noreferrer"})
		// Sites click the channel itself, and put in links of their own.
		s.run(`document.querySelector(".amo-button--whatsapp a").href = "https://wa.me/7"; document.querySelector(".amo-button--whatsapp").click()`)
		s.until("log.length === 2")
		s.value("log.splice(0)", []any{[]string{"whatsapp", "https://wa.me/7"}, "opens https://wa.me/7"})
		s.value(`[document.querySelector(".amo-button--telegram a").getAttribute("href"), document.querySelector(".amo-button--telegram a").target]`, []string{"tg://resolve?domain=shop_bot&start=VisitorUid_uid-1", ""})
		// The online chat is one of them; its window takes the messengers' place.
		s.click(".amo-button--livechat")
		s.until(isOpen)
		s.until("log.length === 2")
		s.value("[log.splice(0), "+folded+"]", []any{[]any{[]string{"livechat", ""}, "show"}, true})
		s.click(".amo-button--main")
		s.until(isClosed)
		s.value(folded, true)
		// MET-1: the method opens the chat, whatever else the button holds.
		s.do(d, `FN("runChatShow")`)
		s.until(isOpen)
		// MET-5: nothing of it stays.
		s.do(d, `FN("runDestroy")`)
		s.value(`[document.querySelectorAll("#amobutton, .amo-button-holder, #social_iframe").length, document.adoptedStyleSheets.length]`, []int{0, 0})
		s.silent()
	})
}

// EMB-9, EMB-6: inline shows the messengers in a row from the start; hidden hides them with the launcher (CFG-13).
func TestInlineMessengers(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		for name, tt := range map[string]struct {
			inline string
			hidden bool
			row    bool
		}{
			"true":           {"true", false, true},
			"false":          {"false", false, false},
			"missing":        {"undefined", false, false},
			"a text":         {`"true"`, false, false},
			"true, hidden":   {"true", true, false},
			"hidden, folded": {"false", true, false},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				config := ""
				if tt.hidden {
					config = "FNConfig = {hidden: true};"
				}
				s := visitIn(t, d, `<script>SAY `+config+` SETTINGS OBJ.inline = `+tt.inline+`; STUB FN("onButtonClick", say("click"))</script>TAG`, messengers(`, "vertical": true, "left": true`))
				s.until(channel)
				s.value(`[document.querySelector("#social_iframe").checkVisibility(), !!document.querySelector(".amo-button--livechat.amo-button--main"), !!document.querySelector(".amo-horisontal")]`,
					[]bool{tt.row, tt.inline == "true", false})
				if !tt.row {
					return
				}
				// The launcher is the online chat's own button there.
				s.click(".amo-button--main")
				s.until(isOpen)
				s.value(`[log, document.querySelector("#social_iframe").checkVisibility()]`, []any{[]string{`click["livechat",""]`}, true})
			})
		}
	})
}

// HOOK-1: without an online chat there is nothing where sites look for one, and its messengers work.
func TestAButtonWithoutAChat(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, stay+`<script>SETTINGS STUB FN("onChatReady", () => log.push("ready")); FN("runChatShow"); FN("onButtonClick", (...args) => log.push(args))</script>TAG`, messengers(`, "greeting": "Hello"`), func(s *site) { s.carried = "null" })
		s.until(channel)
		s.value(`document.querySelectorAll("#amo-livechat, .amo-button--livechat, iframe").length`, 0)
		s.click(".amo-button--main")
		s.until(expanded)
		s.value(`document.querySelector(".amo-button--main").getAttribute("aria-label")`, "Contact us")
		s.run(`document.querySelector(".amo-button--telegram a").target = "_blank"`)
		s.click(".amo-button--telegram a")
		s.until("log.length === 2")
		s.value("log", []any{[]string{"telegram", "tg://resolve?domain=shop_bot&start=VisitorUid_"}, "goes"})
		s.silent()
	})
}

// quick lets the greeting's pause pass at once, and counts the pauses.
const quick = `<script>pauses = passed = 0; const wait = setTimeout;
setTimeout = (act, ms, ...rest) => ms !== 2000 ? wait(act, ms, ...rest) : (pauses++, wait(() => { act(); passed++ }, 1))</script>`

const bubble = `document.querySelector("#amobutton > .amo-livechat_bubble")`

// BOT-9: the bubble says the greeting. BOT-12: once in a session, dismissed with mouse or keyboard for all of it, announced
// politely, and still for who wants no motion.
func TestGreeting(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, quick+`<main><h1>Shop</h1></main><script>SETTINGS STUB</script>TAG`, messengers(`, "greeting": "Hello! <b>A question?</b>"`))
		s.until(bubble)
		s.value(`[`+bubble+`.textContent, `+bubble+`.getAttribute("role"), document.activeElement.tagName, pauses]`, []any{"Hello! <b>A question?</b>", "status", "BODY", 1})
		s.run(`document.documentElement.lang = "en"`)
		s.axe("greeting")
		// The same session, another page: not again.
		s.load()
		s.until(channel)
		s.value("["+bubble+", pauses]", []any{nil, 0})

		// Another session; the keyboard dismisses it.
		s.run(`sessionStorage.clear()`)
		media(t, nil, s) // nobody's motion
		s.load()
		s.until(bubble)
		s.value(`document.getAnimations().length`, 0)
		s.run(bubble + `.querySelector("button").focus()`)
		s.press("Escape")
		s.until("!" + bubble)
		s.value(`[document.activeElement.className.includes("amo-button--main"), Object.values(sessionStorage)]`, []any{true, []string{"away"}})
		// A click on it opens the chat.
		s.run(`sessionStorage.clear()`)
		s.load()
		s.until(bubble)
		s.click(".amo-livechat_bubble > button")
		s.until(isOpen)
		s.value(bubble, nil)
	})
}

// BOT-12, CFG-10: never over an open chat, in frame mode, or beside a launcher that the site hides.
func TestWhereNoGreetingIs(t *testing.T) {
	t.Parallel()
	for name, html := range map[string]string{
		"over an open chat":           `<script>SETTINGS STUB FN("runChatShow")</script>`,
		"in frame mode":               `<script>FNConfig = {onlinechat: {mode: "frame", container: "#help"}}; SETTINGS STUB</script>` + helpBox,
		"beside no launcher":          `<script>FNConfig = {hidden: true}; SETTINGS STUB</script>`,
		"while it may keep nothing":   `<script>FNConfig = {onlinechat: {consent: "required"}}; SETTINGS STUB FN("runChatShow")</script>`,
		"after it was dismissed once": `<script>sessionStorage["leadline.1042.greeting"] = "away"; SETTINGS STUB</script>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := visitIn(t, Kommo, quick+html+"TAG", messengers(`, "greeting": "Hello"`))
			s.until(channel)
			if strings.Contains(html, `"away"`) {
				s.value("pauses", 0)
			} else {
				s.until("passed === pauses && pauses")
			}
			s.value(`[document.querySelector(".amo-livechat_bubble"), Object.keys(sessionStorage).filter(() => `+map[bool]string{true: "true", false: "false"}[strings.Contains(html, "consent")]+`)]`, []any{nil, []string{}})
		})
	}
}

// WIN-5: an incoming message opens the chat where the owner wants it, on wide pages or on all; nobody's focus moves, and the pop-up
// is what there is elsewhere.
func TestWIN5(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		auto  string
		phone bool
		opens bool
	}{
		"never": {"", false, false}, "wide": {`, "auto_open": "wide"`, false, true}, "wide, on a phone": {`, "auto_open": "wide"`, true, false}, "always, on a phone": {`, "auto_open": "always"`, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := visitIn(t, Kommo, `<script>document.cookie = "amo-livechat-id=abc"; SAY SETTINGS STUB FN("onChatShow", say("show"))</script><meta name="viewport" content="width=device-width"><input autofocus>TAG`, answers, func(s *site) {
				s.carried, s.phone = `{"title": "Shop support", "mode": "one"`+tt.auto+`}`, tt.phone
			})
			if tt.opens {
				s.until(isOpen)
				s.until("log.length")
			} else {
				s.until(bubble)
			}
			s.value(`[log, !!`+bubble+`, document.activeElement.tagName]`, []any{map[bool][]string{true: {"show"}, false: {}}[tt.opens], !tt.opens, "INPUT"})
		})
	}
}

// SET-4: what comes without a name is shown and told without one; and a chat's own title and picture stand in its header.
func TestSET4(t *testing.T) {
	t.Parallel()
	var h host
	s := visitIn(t, Kommo, `<script>document.cookie = "amo-livechat-id=abc"; SETTINGS STUB</script>TAG`, chatting(&h), func(s *site) {
		h.extra = `, "avatar": "/v1/files/face?x=1", "use_avatar": true`
		s.carried = `{"title": "Help", "mode": "one", "untitled": true}`
		h.files["face"] = &stored{name: "face.png", contentType: "image/png", kind: "picture", bytes: picture(64, 64, warm).bytes}
	})
	waitFor(t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.streams) > 0 })
	h.says(message{"text": "Good day", "author": nil})
	s.until(bubble)
	s.value(bubble+`.querySelectorAll("b").length`, 0)
	p := s.panel()
	p.until(`document.querySelector(".sc-message--outbound")`)
	p.value(`[document.querySelectorAll(".sc-message__author, .sc-message__avatar").length, document.querySelector("h1").className, document.querySelector(".sc-header__avatar").checkVisibility(), document.querySelector(".sc-header__avatar").src.includes("/v1/files/face")]`,
		[]any{0, "sc-hidden", true, true})
	p.axe("untitled")
}

// HOOK-1: the animations by the names that sites switch off; people who want no motion see none, and who opened the chat neither.
func TestAnimations(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"waves", "tremble", "shake"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := visitIn(t, Kommo, `<script>SETTINGS STUB</script>TAG`, func(s *site) {
				s.extras = `, "extras": {"animation": "` + name + `"}`
				// Another corner, size and rounding come with the first paint.
				s.style = "#amobutton{--leadline-by:92px auto auto 40px}body div>:where(.amo-button-holder){inset:30px auto auto 40px}body div>:where(.amo-button){width:48px;height:48px;border-radius:7px}"
			})
			moves := style(".amo_animation_"+name, "animationName")
			s.until(`document.querySelector(".amo_animation_` + name + `")`)
			s.value("["+moves+", "+style(".amo-button--main", "borderRadius")+"]", []string{"leadline-" + name, "7px"})
			// Between two moves it is where it belongs.
			s.until(`((b) => [b.left, b.top, b.width])(document.querySelector(".amo-button--main").getBoundingClientRect()).map(Math.round).join() === "40,30,50"`)
			media(t, nil, s)
			s.until(moves + ` === "none"`)
			s.do(Kommo, `FN("runChatShow")`)
			s.until(isOpen + ` && !document.querySelector(".amo_animation_` + name + `")`)
			s.until(`((c) => c.left === 40 && c.top === 92)(document.querySelector("#amo-livechat").getBoundingClientRect())`)
		})
	}
}

// press presses a key as a person does.
func (s *site) press(key string) {
	s.t.Helper()
	codes := map[string]string{"Escape": "\u001b", "Enter": "\r", "Tab": "\t"}
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent(codes[key])); err != nil {
		s.t.Fatalf("press %s: %v", key, err)
	}
}

// load opens the page again.
func (s *site) load() {
	s.t.Helper()
	if err := chromedp.Do(s.ctx, chromedp.Navigate(s.page.URL+"/")); err != nil {
		s.t.Fatal(err)
	}
}
