package sitechat

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// actionsHost answers as the server does about key actions (http-api.md §3), and notes what is reported.
type actionsHost struct {
	host
	actions string

	mu      sync.Mutex
	reports []map[string]any
	bound   []string
}

func (w *actionsHost) prepare(s *site) {
	chatting(&w.host)(s)
	s.session, s.extras = nil, `, "extras": {"actions": true}`
	routes := s.routes
	s.routes = func(chat *http.ServeMux) {
		routes(chat)
		chat.HandleFunc("GET /v1/buttons/{id}/actions", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
			answer(rw, http.StatusOK, `{"zone": "Europe/Moscow", "greeting": "May we help?", "actions": `+w.actions+`}`)
		})
		chat.HandleFunc("POST /v1/buttons/{id}/actions", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
			var body map[string]any
			_ = json.NewDecoder(r.Body).Decode(&body)
			w.mu.Lock()
			w.reports = append(w.reports, body)
			w.mu.Unlock()
			answer(rw, http.StatusOK, `{"fired": true}`)
		})
		chat.HandleFunc("POST /v1/meta", w.authorised(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) }))
		chat.HandleFunc("POST /v1/actions/bind", w.authorised(func(rw http.ResponseWriter, r *http.Request) {
			var body struct{ Key string }
			_ = json.NewDecoder(r.Body).Decode(&body)
			w.mu.Lock()
			w.bound = append(w.bound, body.Key)
			w.mu.Unlock()
			rw.WriteHeader(http.StatusNoContent)
		}))
	}
}

func (w *actionsHost) reported() (ids []string, key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.reports {
		ids = append(ids, r["action"].(string))
		key, _ = r["key"].(string)
	}
	return ids, key
}

// reports waits for what was reported so far, in order where it is told apart.
func (w *actionsHost) wants(t *testing.T, ids ...string) {
	t.Helper()
	waitFor(t, func() bool { got, _ := w.reported(); return len(got) >= len(ids) })
	got, _ := w.reported()
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("reported %q, want %q", got, ids)
	}
}

// fakeClock lets the page's seconds pass by pass(n) alone.
const fakeClock = `<script>clock = 0; ticks = []; realInterval = setInterval; realNow = Date.now;
Date.now = () => realNow.call(Date) + clock;
setInterval = (act, ms, ...rest) => (ms === 1000 ? (ticks.push(act), -1) : realInterval(act, ms, ...rest));
pass = (seconds) => { while (seconds-- > 0) { clock += 1000; ticks.forEach((act) => act()); } };</script>`

const keyPage = fakeClock + `<div style="height: 5000px">Tall</div><script>SETTINGS STUB
FN("sendKeyActionHook", "second"); FN("sendKeyActionHook", "  first "); FN("sendKeyActionHook", 5); FN("sendKeyActionHook", ""); FN("sendKeyActionHook", "Second"); FN("sendKeyActionHook", "nobody's"); FN("sendKeyActionHook", "second");
</script>TAG`

const keyActions = `[
	{"id": "time", "constraint": 2, "conditions": [[{"type": "time_on_site", "value": "30"}, {"type": "page_hits", "value": "2"}]], "reactions": [{"action": "amobutton_animate", "settings": {"animation": 2}}]},
	{"id": "scroll", "constraint": 2, "conditions": [[{"type": "scrolled_value", "value": "50", "unit": "%"}]], "reactions": []},
	{"id": "pay", "constraint": 3, "conditions": [[{"type": "page_hits", "value": "99"}], [{"type": "url_visited", "value": "step=pay", "mask": 5}]], "reactions": [{"action": "amobutton_form", "settings": {"form": ["name", "phone"], "form_title": "Leave your number"}}]},
	{"id": "first", "constraint": 2, "conditions": [[{"type": "custom_hook", "value": "first"}]], "reactions": []},
	{"id": "second", "constraint": 2, "conditions": [[{"type": "custom_hook", "value": "second"}]], "reactions": []},
	{"id": "leave", "constraint": 2, "conditions": [[{"type": "exit_intent"}]], "reactions": [{"action": "amobutton_greeting"}]},
	{"id": "again", "constraint": 1, "conditions": [[{"type": "custom_hook", "value": "again"}]], "reactions": [{"action": "amobutton_animate", "settings": {"animation": 1}}]}]`

// KEY-1, KEY-2, KEY-3, KEY-4, KEY-7, MET-6: what a visitor does makes key actions happen, as often as they may, with a clock of the test's own.
func TestKEYConditionsAndReactions(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		w := &actionsHost{actions: keyActions}
		s := visitIn(t, d, keyPage, w.prepare)
		// Hooks called before ready, in one turn, each in order; the second time of one is not once a session (KEY-7).
		w.wants(t, "first", "second")
		// They are reported at once, in whatever order they arrive.
		s.value(`JSON.parse(localStorage["leadline-actions-1042"]).session`, []string{"second", "first"})
		if _, key := w.reported(); len(key) < 22 {
			t.Errorf("reported by %q", key)
		}
		// A group holds when all of it does: the time that the page was seen, and two pages. What passes while it is hidden is
		// no time on the site (KEY-1).
		const fired = `JSON.parse(localStorage["leadline-actions-1042"]).session.includes("time")`
		s.run(`Object.defineProperty(document, "hidden", {value: true, configurable: true}); pass(60); delete document.hidden; history.pushState({}, "", "?page=2"); pass(10)`)
		s.value(`[document.hidden, `+fired+`]`, []bool{false, false})
		s.run(`pass(25)`)
		s.value(fired, true)
		w.wants(t, "first", "second", "time")
		s.until(`document.querySelector(".amo_animation_tremble")`)
		s.run(`pass(30); history.pushState({}, "", "?page=3")`)
		// Half of what can be scrolled.
		s.run(`scrollTo(0, (document.documentElement.scrollHeight - innerHeight) / 4)`)
		s.run(`scrollTo(0, (document.documentElement.scrollHeight - innerHeight) * 0.6)`)
		w.wants(t, "first", "second", "time", "scroll")
		// However often a page says that it scrolls, it is looked at four times a second (KEY-3).
		s.run(`quarters = 0, realTimeout = setTimeout, setTimeout = (act, ms, ...rest) => (quarters += ms === 250, realTimeout(act, ms, ...rest)), null`)
		s.run(`for (let i = 0; i < 50; i++) dispatchEvent(new Event("scroll")); setTimeout = realTimeout, null`)
		s.value(`quarters <= 1`, true)
		s.run(`document.dispatchEvent(new MouseEvent("mouseout", {clientY: -1, bubbles: true}))`)
		w.wants(t, "first", "second", "time", "scroll", "leave")
		s.until(`document.querySelector(".amo-livechat_bubble")?.textContent.includes("May we help?")`)

		// The form comes without the focus, asks again for what is wrong, and its data go to the CRM's side.
		s.run(`history.pushState({}, "", "?step=pay")`)
		s.until(`document.querySelector(".leadline-form")`)
		s.value(`document.activeElement === document.body`, true)
		s.click(".leadline-form__send")
		s.value(`document.activeElement.name`, "phone")
		s.value(`document.activeElement.getAttribute("aria-invalid")`, "true")
		s.run(`document.querySelector(".leadline-form [name=name]").value = "Anna"; document.querySelector(".leadline-form [name=phone]").value = "+1 555 0100"`)
		s.click(".leadline-form__send")
		s.until(isOpen)
		s.value(`document.querySelector(".leadline-form")`, nil)
		w.wants(t, "first", "second", "time", "scroll", "leave", "pay")
		sent := w.sentBodies(1)[0]
		contact, _ := sent["contact"].(map[string]any)
		if sent["text"] != "Leave your number\nName: Anna\nPhone: +1 555 0100" || contact["phone"] != "+1 555 0100" || contact["name"] != "Anna" {
			t.Errorf("the form sent %v", sent)
		}
		// KEY-5: the panel says whose browser this is, so that what is remembered on the server finds its lead.
		waitFor(t, func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.bound) > 0 })
		if _, key := w.reported(); w.bound[0] != key {
			t.Errorf("bound %q, reported by %q", w.bound[0], key)
		}
		// KEY-6: while the chat is open nothing moves, though it happens.
		s.do(d, `FN("sendKeyActionHook", "again")`)
		w.wants(t, "first", "second", "time", "scroll", "leave", "pay", "again")
		s.value(`document.querySelector(".amo_animation_waves")`, nil)
		s.silent()
	})
}

// KEY-4, KEY-6, design.md §10: what is taken away does not come back in a session, and nothing is kept before the visitor agreed.
func TestKEYConsentAndDismissal(t *testing.T) {
	t.Parallel()
	w := &actionsHost{actions: keyActions}
	s := visitIn(t, Kommo, `<div style="height: 5000px">Tall</div><script>FNConfig = {onlinechat: {consent: "required"}}; SETTINGS STUB FN("sendKeyActionHook", "first");</script>TAG`, w.prepare)
	w.wants(t, "first")
	s.value(`[localStorage.length, sessionStorage.length, document.cookie]`, []any{0, 0, ""})
	s.run(`crmPlugin("consent", true)`)
	s.until(`localStorage.length === 1`)
	s.value(`JSON.parse(localStorage[localStorage.key(0)]).session`, []string{"first"})
	// Another page of the session: what happened once in it does not again, and its pages are counted on.
	if err := chromedp.Do(s.ctx, chromedp.Navigate(s.page.URL+"/?page=2")); err != nil {
		t.Fatal(err)
	}
	s.until(`document.querySelector("#amobutton")`)
	s.run(`crmPlugin("consent", true); crmPlugin("sendKeyActionHook", "again")`)
	w.wants(t, "first", "first", "again") // before the word of consent the page knows nothing
	s.until(`document.querySelector(".amo_animation_waves") && JSON.parse(localStorage[localStorage.key(0)]).pages === 2`)

	s.run(`history.pushState({}, "", "?step=pay")`)
	s.click(".leadline-form__close")
	s.value(`document.querySelector(".leadline-form")`, nil)
	s.run(`document.querySelector(".amo_animation_waves").classList.remove("amo_animation_waves"); crmPlugin("sendKeyActionHook", "again")`)
	w.wants(t, "first", "first", "again", "pay", "again")
	s.value(`document.querySelector(".amo_animation_waves")`, nil)
	s.run(`crmPlugin("consent", false)`)
	s.until(`localStorage.length === 0`)
}
