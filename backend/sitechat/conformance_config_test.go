package sitechat

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestHOOK1(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>document.cookie = "amo-livechat-id=abc"</script><script>SETTINGS</script>TAG`, answers)
		s.until(`document.querySelector(".amo-livechat_bubble")`)
		// All in the page's own document, each under its one name.
		for _, selector := range []string{
			"#amobutton > .amo-button-holder > .amo-button", ".amo-button.amo-button--main > .amo-button--main-icon", ".amo-button--only-livechat", ".amo-button > .amo-button-greeting-badge",
			"#amobutton #amo-livechat.amo-livechat.amo-livechat_hidden", "#amobutton > .amo-livechat_bubble", `[id^="amo_button"]`,
		} {
			s.value(fmt.Sprintf("document.querySelectorAll(%q).length", selector), 1)
		}
		s.value(`[/^(\d+|var\(.*2147483000\))$/.test(document.querySelector(".amo-button-holder").style.zIndex), document.querySelector(".amo-button-greeting-badge").textContent]`, []any{true, "1"})
		s.run(`document.querySelector(".amo-button").click()`)
		s.until(`document.querySelector("#amo-livechat:not(.amo-livechat_hidden) > .amo-livechat_chat")`)
	})
}

func TestHOOK2(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		h := &host{}
		s := visitIn(t, d, `<script>document.cookie = "amo-livechat-id=abc"; log = []; addEventListener("message", (e) => { if (typeof e.data === "string") log.push([e.origin, e.data]) })</script><script>SETTINGS</script>TAG`, chatting(h))
		h.says(message{"text": "Hello"})
		s.panel()
		s.until("log.length")
		s.run(`told = JSON.parse(log[0][1])`)
		s.value(`[told.method, log[0][0] === new URL(document.querySelector("iframe").src).origin, told.payload.map(({name, is_closed, last_message: {type, text, is_out, author}}) => [name, is_closed, type, text, is_out, author.name])]`,
			[]any{"conversations:received", true, [][]any{{"", false, "text", "Hello", false, "Oleg Petrov"}}})
		h.says(message{"text": "Still there?"})
		s.until(`log.some(([, data]) => data.startsWith('{"method":"conversations:update"') && data.includes("Still there?"))`)
	})
}

func TestHOOK3(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SETTINGS STUB</script>TAG`)
		s.until(ready)
		s.run(`document.querySelector(".amo-button").click()`)
		s.until(isOpen)
		s.do(d, `FN("runDestroy")`)
		s.value(d.words(`[typeof FN, typeof OBJ]`), []string{"function", "object"})
	})
}

func TestHOOK4(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatReady", () => log.push(["#amobutton", "#amo-livechat", ".amo-button-greeting-badge"].map((name) => !!document.querySelector(name)), document.querySelector(".amo-button-greeting-badge").textContent))</script>TAG`)
		s.until("log.length")
		s.value("log", []any{[]bool{true, true, true}, ""})
		s.do(d, `FN("runChatShow")`)
		s.until(`/^http/.test(document.querySelector("#amo-livechat iframe")?.getAttribute("src"))`)
		s.run(`document.querySelectorAll("style, link").forEach((node) => node.remove())`)
		s.value(`[getComputedStyle(document.querySelector(".amo-button")).borderRadius, getComputedStyle(document.querySelector("#amo-livechat")).position]`, []string{"50%", "fixed"})
	})
}

func TestCFG1(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// What is changed after the loader ran counts for the next instance, however deep it lies.
		s := visitIn(t, d, `<script>FNConfig = {color: "rgb(1, 2, 3)", onlinechat: {theme: {header: {background: "navy"}}}}; SETTINGS STUB</script>TAG`)
		s.until(ready)
		s.do(d, `FNConfig.color = "red"; FNConfig.hidden = true; FNConfig.onlinechat.theme.header.background = "green"; FNConfig.onlinechat.theme.header.color = "lime"`)
		p := s.panel()
		p.value(`[`+style(".sc-header", "backgroundColor")+`, `+style(".sc-header", "color")+`]`, []string{"rgb(0, 0, 128)", "rgb(255, 255, 255)"})
		s.value("["+style(".amo-button", "backgroundColor")+", "+style(".amo-button-holder", "display")+"]", []string{"rgb(1, 2, 3)", "block"})
		s.do(d, `root = document.querySelector("#amobutton"); FN("runDestroy"); BOOT`)
		s.until(`!root.isConnected && document.querySelector("#amobutton")`)
		s.value("["+style(".amo-button", "backgroundColor")+", "+style(".amo-button-holder", "display")+"]", []string{"rgb(255, 0, 0)", "none"})
	})
}

func TestCFG2(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>FNConfig = {color: "rgb(1, 2, 3)"}; var OBJ = {id: 1042, hash: "HASH", locale: "ru"}</script>TAG`) // EMB-17
		s.until(ready)
		s.value(style(".amo-button", "backgroundColor"), "rgb(1, 2, 3)")
	})
}

func TestCFG3(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>FNConfig = {hidden: true, color: "rgb(1, 2, 3)"}; SETTINGS FNConfig = {onlinechat: {}}; FNConfig = {color: "rgb(4, 5, 6)"}</script>TAG`)
		s.until(ready)
		s.value("["+style(".amo-button", "backgroundColor")+", "+style(".amo-button-holder", "display")+"]", []string{"rgb(4, 5, 6)", "block"})
	})
}

func TestCFG4(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		for name, tt := range map[string]struct {
			config string
			keys   []string
		}{
			"no object":    {`7`, nil},
			"null":         {`null`, nil},
			"unknown keys": {`{fields: [], autoOpen: true, onlinechat: {more: 1, theme: {shadow: 1}, locale: {own: "x"}}}`, nil},
			"wrong types": {`{hidden: "true", color: 5, onlinechat: {mode: "popup", container: {}, user_id: {}, user_token: 7, locale: "pt", theme: {header: 7, message: [], compose: {height: "72", button_background: "no colour"}, background: {}}}}`,
				[]string{"hidden", "color", "onlinechat.mode", "onlinechat.container", "onlinechat.user_id", "onlinechat.user_token", "onlinechat.locale", "onlinechat.theme.header", "onlinechat.theme.compose.height", "onlinechat.theme.compose.button_background", "onlinechat.theme.background"}},
			"no object within":     {`{onlinechat: 7}`, []string{"onlinechat"}},
			"getters that throw":   {`{get hidden() { throw 1 }, get color() { throw 2 }, get onlinechat() { throw 3 }}`, []string{"hidden", "color", "onlinechat"}},
			"an object that bites": {`{onlinechat: new Proxy({}, {ownKeys() { throw 1 }})}`, []string{"onlinechat"}},
			"a cycle":              {`(() => { const cycle = {}; cycle.onlinechat = cycle; cycle.theme = cycle; return cycle })()`, nil},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := visitIn(t, d, `<script>FNConfig = `+tt.config+`; SETTINGS STUB</script>TAG`)
				s.until(ready)
				s.do(d, `FN("runChatShow")`)
				s.until(isOpen + `&& document.querySelector("iframe")`)
				waitFor(t, func() bool { return len(s.heard("is wrong")) >= len(tt.keys) })
				for _, key := range tt.keys {
					if n := len(s.heard("] " + key + " is wrong")); n != 1 {
						t.Errorf("%d warnings for %s", n, key)
					}
				}
				if said := s.heard(""); len(said) != len(tt.keys) && name != "a cycle" {
					t.Errorf("the page said %q", said)
				}
				if thrown := s.heard("thrown"); len(thrown) > 0 {
					t.Errorf("thrown: %q", thrown)
				}
			})
		}
	})
}

func TestCFG5(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		for name, tt := range map[string]struct{ config, color, placeholder string }{
			"the page before the server": {`{color: "rgb(1, 2, 3)", onlinechat: {locale: {extends: "ru"}}}`, "rgb(1, 2, 3)", "Написать сообщение..."},
			"the server before defaults": {`{}`, "rgb(11, 107, 203)", "Escribe un mensaje..."},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := visitIn(t, d, `<script>FNConfig = `+tt.config+`; OBJ = {id: "1042", hash: "HASH"}</script>TAG`, func(s *site) { s.language, s.locale = "es", "es" })
				p := s.panel()
				p.until(fmt.Sprintf(`document.querySelector("textarea").placeholder === %q`, tt.placeholder))
				s.value(style(".amo-button", "backgroundColor"), tt.color)
			})
		}
	})
}

func TestCFG6(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		for value, tt := range map[string]struct {
			user  any
			warns int
		}{
			`" c-1 "`: {"c-1", 0}, `17`: {"17", 0}, `"a".repeat(256)`: {strings.Repeat("a", 256), 0}, `"a".repeat(257)`: {nil, 1}, `"   "`: {nil, 1}, `""`: {nil, 0},
		} {
			t.Run(value, func(t *testing.T) {
				t.Parallel()
				sessions := make(chan map[string]any, 8)
				s := visitIn(t, d, `<script>FNConfig = {onlinechat: {user_id: `+value+`}}; SETTINGS</script>TAG`, answers, func(s *site) { s.opened = func(body map[string]any) { sessions <- body } })
				s.panel()
				if got := (<-sessions)["user_id"]; got != tt.user && !(tt.user == nil && got == "") {
					t.Errorf("user_id = %v, want %v", got, tt.user)
				}
				if n := len(s.heard("onlinechat.user_id is wrong")); n != tt.warns {
					t.Errorf("%d warnings", n)
				}
			})
		}
	})
}

func TestCFG7(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// Who wrote before signing in goes on under the device's own token and mark, which is kept (VIS-2); the next person gets
		// another mark.
		sessions := make(chan map[string]any, 8)
		s := visitIn(t, d, `<script>start = (user) => { FNConfig = {onlinechat: {user_id: user}}; SETTINGS STUB FN("runChatShow"); BOOT }; restart = (user) => { FN("runDestroy"); start(user) }; start("")</script>`, answers, func(s *site) {
			s.opened = func(body map[string]any) { sessions <- body }
		})
		p := s.frame()
		mark := func(text string) string {
			t.Helper()
			p.writes(text)
			s.until(`/amo-livechat-id=[0-9a-f]{32}/.test(document.cookie)`)
			cookie, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](`document.cookie`))
			if err != nil {
				t.Fatal(err)
			}
			return cookie
		}
		next := func(user string) map[string]any {
			t.Helper()
			p = s.newFrame(`restart("` + user + `")`)
			p.until(`document.querySelector(".sc-message--outbound")`)
			return <-sessions
		}
		nobody := mark("Hello")
		anonymous := <-sessions
		anna := next("anna")
		if anonymous["user_id"] != nil || anonymous["token"] != nil || anna["user_id"] != "anna" || anna["token"] != "visitor" {
			t.Errorf("sessions: %v, then %v", anonymous, anna)
		}
		if same := mark("Still me"); same != nobody {
			t.Errorf("the mark of who signed in: %s, want %s", same, nobody)
		}
		if boris := next("boris"); boris["user_id"] != "boris" {
			t.Errorf("the session of the next: %v", boris)
		}
		s.until(`!document.cookie.includes("` + strings.TrimPrefix(nobody, "amo-livechat-id=") + `")`)
		if other := mark("Who is there?"); other == nobody {
			t.Error("the next person has the mark of the one before")
		}
	})
}

// spoken opens a panel in a locale, with a message of each side at a time.
func spoken(t *testing.T, d Dialect, settings, locale string, at time.Time, prepare ...func(*site)) (*site, *site) {
	t.Helper()
	messages := []message{
		{"id": "m1", "seq": 1, "rev": 1, "at": at.UnixMilli(), "direction": "inbound", "kind": "text", "text": "Hi", "status": "sent", "client_id": "c"},
		{"id": "m2", "seq": 2, "rev": 2, "at": at.UnixMilli() + 1, "direction": "outbound", "kind": "text", "text": "Hello", "status": "sent"},
	}
	s := visitIn(t, d, `<script>FNConfig = {onlinechat: {locale: `+locale+`}}; OBJ = {id: "1042", hash: "HASH", locale: "`+settings+`"}</script>TAG`,
		append([]func(*site){chatting(&host{messages: messages, rev: 2}), func(s *site) { s.locale = settings }}, prepare...)...)
	p := s.panel()
	p.until(`document.querySelector(".sc-message--inbound .sc-message__meta")`)
	return s, p
}

// comes waits until an expression has a value.
func (s *site) comes(expression string, want any) {
	s.t.Helper()
	raw, err := json.Marshal(want)
	if err != nil {
		s.t.Fatal(err)
	}
	s.until(fmt.Sprintf("JSON.stringify(%s) === JSON.stringify(%s)", expression, raw))
}

// The browser is in the time zone of the tests.
var noon = time.Date(2024, 12, 30, 9, 5, 0, 0, time.Local)

const dayShown, timeShown, placeholderShown = `document.querySelector(".sc-day").textContent`, `document.querySelector(".sc-message--outbound .sc-message__meta").textContent`, `document.querySelector("textarea").placeholder`

func TestLOC1(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		for name, tt := range map[string]struct{ settings, locale, want string }{
			"extends":                               {"en", `{extends: "ru"}`, "Написать сообщение..."},
			"by primary subtag, in any case":        {"en", `{extends: "PT-br"}`, "Escreva uma mensagem..."},
			"none: the settings' locale":            {"es", `{}`, "Escribe un mensaje..."},
			"com is no language: as if none":        {"es", `{extends: "com"}`, "Escribe un mensaje..."},
			"nothing at all that we speak: English": {"xx", `{extends: "com"}`, "Write a message..."},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				_, p := spoken(t, d, tt.settings, tt.locale, noon, func(s *site) { s.locale = map[bool]string{true: "en", false: tt.settings}[tt.settings == "xx"] })
				p.value(placeholderShown, tt.want)
			})
		}
	})
}

func TestLOC2(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		_, p := spoken(t, d, "en", `{compose_placeholder: "<b>Ask</b> us", powered_by: "", delivery_status_read: 7, new_messages: null}`, noon)
		p.comes(`[`+placeholderShown+`, document.querySelector(".sc-powered").textContent, document.querySelector(".sc-message--inbound .sc-message__meta").textContent, document.querySelectorAll("b").length]`,
			[]any{"<b>Ask</b> us", "", "09:05 · Read", 0})
	})
}

func TestLOC3(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		_, p := spoken(t, d, "ru", `{"composer.send": "Пуск", "panel.close": "Долой", "unknown.key": "x"}`, noon)
		p.value(`[document.querySelector(".sc-composer__send").ariaLabel, document.querySelector(".sc-header__close").ariaLabel]`, []string{"Пуск", "Долой"})
	})
}

func TestLOC4(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		_, p := spoken(t, d, "en", `{date_format: "dd/MM/yyyy", time_format: "H'h'mm"}`, noon)
		p.comes("["+dayShown+","+timeShown+"]", []string{"30/12/2024", "9h05"})
		p.value(`performance.getEntriesByType("resource").filter((e) => e.name.includes("dates.")).length`, 0)
	})
}

func TestLOC5(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"2024-12-30", "2024-12-31", "2025-01-01", "2020-12-31", "2021-01-01", "2027-01-01"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			day, err := time.ParseInLocation(time.DateOnly, at, time.Local)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{day.Format("02.01.2006"), day.Format("2 January 2006")}
			_, p := spoken(t, Kommo, "en", `{date_format: "dd.MM.YYYY"}`, day.Add(12*time.Hour))
			p.comes(dayShown, want[0])
			_, p = spoken(t, AmoCRM, "en", `{date_format: "D MMMM YYYY"}`, day.Add(12*time.Hour))
			p.until(dayShown + ` === "` + want[1] + `"`)
		})
	}
}

func TestLOC6(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ lang, date, time, wantDate, wantTime string }{
		{"en", "P", "p", "12/30/2024", "9:05 AM"}, {"ru", "P", "h:mm a", "30.12.2024", "9:05 ДП"}, {"es", "P", "p", "30/12/2024", "09:05"}, {"pt", "P", "p", "30/12/2024", "09:05"},
		{"ru", "d MMMM yyyy, EEEE", "HH:mm", "30 декабря 2024, понедельник", "09:05"}, {"en", "'week' I, do MMM ''yy", "K:mm b", "week 1, 30th Dec '24", "9:05 AM"},
		{"en", "nonsense", "HH 'open", "30.12.2024", "09:05"},
	} {
		t.Run(tt.lang+" "+tt.date+" "+tt.time, func(t *testing.T) {
			t.Parallel()
			inBoth(t, func(t *testing.T, d Dialect) {
				_, p := spoken(t, d, tt.lang, fmt.Sprintf(`{date_format: %q, time_format: %q}`, tt.date, tt.time), noon)
				p.until(fmt.Sprintf(`%s === %q && %s === %q`, dayShown, tt.wantDate, timeShown, tt.wantTime))
			})
		})
	}
}

func TestLOC7(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// In the visitor's time zone, a date for each of its days.
		_, p := spoken(t, d, "en", `{}`, time.Date(2024, 12, 30, 23, 59, 59, 999e6, time.Local))
		const days = `[...document.querySelectorAll(".sc-day")].map((day) => day.textContent)`
		p.comes(days, []string{"30.12.2024", "31.12.2024"})
		p.comes(timeShown, "00:00")
	})
}
