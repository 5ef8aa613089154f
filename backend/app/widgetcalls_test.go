package app

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

const callWindow = `document.querySelector(".modal.leadline-call .js-leadline-call")`

// sdkCalls are the calls of APP.sdk in one tab, as JSON.
func (o *office) sdkCalls(b *tab, method string) []string {
	o.t.Helper()
	return js[[]string](b, fmt.Sprintf(`__crm.sdkCalls.filter((c) => c[0] === %q).map((c) => JSON.stringify(c.slice(1)))`, method))
}

func (o *office) calling(b *tab) bool {
	o.t.Helper()
	return js[bool](b, `__crm.callingStatus()`)
}

// reports waits until the server knows the states of a call.
func (o *office) reports(call, states string) {
	o.t.Helper()
	until(o.t, call+" reported as "+states, func() bool { return o.server.states(call) == states })
}

func (o *office) agent() string { return fmt.Sprintf("/leads/detail/101?user=%d", agentID) }

// TestWidgetCall goes the operator's way through a visitor's request: it comes
// into the notification centre with every field (W §5.9), the window opens, the
// call holds the page's own reload back, Done ends it.
func TestWidgetCall(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{callScale: 10})
	b := o.browser
	call := wish("c1", nil)
	o.server.say(0, nil, nil, []map[string]any{call})
	o.at(b, o.agent())
	b.sees(callWindow)
	want := fmt.Sprintf(`["add_call",{"from":"Pavel Sidorov","to":"Vera Agent","duration":0,"link":"https://%[1]s/leads/detail/101","text":"Please call after six",`+
		`"date":%[2]d,"header":"Call back","phone":"+1 (555) 010-0199","click_link":"https://%[1]s/leads/detail/101","element":{"id":101,"type":2}}]`, crmHost, call["at"])
	if got := o.notes(b); len(got) != 1 || got[0] != want {
		t.Errorf("notifications %q, want %s", got, want)
	}
	if got := o.sdkCalls(b, "showUserStatus"); !strings.Contains(strings.Join(got, " "), fmt.Sprintf("[%d]", agentID)) || !strings.Contains(strings.Join(got, " "), "[]") {
		t.Errorf("showUserStatus was asked %q, want the map and the operator's own status", got)
	}
	o.reports("c1", "shown")
	if got := js[string](b, `document.querySelector(".js-leadline-call a[href^=tel]").getAttribute("href")`); got != "tel:+15550100199" {
		t.Errorf("the phone's link is %s", got)
	}
	if got := js[string](b, `document.querySelector(".js-leadline-call a[target=_blank]").href`); got != call["link"] {
		t.Errorf("the card's link is %s", got)
	}

	// The page beside the window stays usable.
	b.click(".page-top__bell")
	b.sees(`document.querySelector(".inbox")`)
	b.click(".page-top__bell")
	if o.calling(b) {
		t.Error("the calling status is set before anybody calls")
	}

	b.click(".js-leadline-call-take")
	o.reports("c1", "shown taken")
	b.sees(`__crm.callingStatus()`)
	b.sees(`!document.querySelector(".js-leadline-call-take").checkVisibility()`)
	o.server.say(0, nil, nil, []map[string]any{wish("c1", map[string]any{"state": "taken", "mine": true})})
	js[any](b, `(window.__crm.mark = 1, __crm.wantReload(), null)`)
	o.asksMore(b, 2)
	if !js[bool](b, `__crm.mark === 1 && __crm.reloadWaiting()`) || js[int](b, `document.querySelectorAll(".leadline-call").length`) != 1 {
		t.Error("the reload did not wait for the call, or its window is not there once")
	}
	o.server.say(0, nil, nil, nil)
	b.click(".js-leadline-call-done")
	b.sees(`window.__crm && __crm.mark === undefined && __crm.ready`) // the reload that waited
	o.reports("c1", "shown taken done")
	if o.calling(b) || js[bool](b, `!!document.querySelector(".leadline-call")`) {
		t.Error("the call goes on after Done")
	}
	o.clean()
}

// TestWidgetCallIsPutOff: Not now gives it back, and it comes to this operator
// again a quarter of an hour later where the server has nobody else; Escape does
// the same.
func TestWidgetCallIsPutOff(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{callScale: 10})
	b := o.browser
	o.at(b, o.agent())
	for id, act := range map[string]func(){
		"button": func() { b.click(".js-leadline-call-later") },
		"escape": func() {
			b.do(chromedp.Focus(chromedp.CSS(".js-leadline-call-take")), chromedp.KeyEvent("\u001b"))
		},
		"taken-before": func() {
			b.click(".js-leadline-call-take")
			b.sees(`__crm.callingStatus() && document.activeElement.matches(".js-leadline-call-done")`)
			b.click(".js-leadline-call-later")
		},
	} {
		o.server.say(0, nil, nil, []map[string]any{wish(id, nil)})
		b.sees(callWindow)
		o.reports(id, "shown")
		before := len(o.notes(b))
		act()
		b.sees(`!document.querySelector(".leadline-call")`)
		until(t, "the release", func() bool { return strings.HasSuffix(o.server.states(id), " released") })
		if o.calling(b) {
			t.Errorf("%s: the calling status is still set", id)
		}
		o.asksMore(b, 2)
		if js[bool](b, `!!document.querySelector(".leadline-call")`) || len(o.notes(b)) != before {
			t.Errorf("%s: it came again: %q", id, o.notes(b))
		}
	}
	js[any](b, `(__test.later = 900000, null)`)
	b.sees(callWindow)
	o.clean()
}

// TestWidgetCallingStatus: a status that is set already is somebody else's and
// left alone; ours ends with the page and with the time-out (design §10).
func TestWidgetCallingStatus(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{callScale: 10})
	b := o.browser
	take := func(id, before string) {
		t.Helper()
		o.server.say(0, nil, nil, nil)
		o.at(b, o.agent())
		js[any](b, before)
		o.server.say(0, nil, nil, []map[string]any{wish(id, nil)})
		b.sees(callWindow)
		o.reports(id, "shown")
		o.server.say(0, nil, nil, []map[string]any{wish(id, map[string]any{"state": "taken", "mine": true})})
		b.click(".js-leadline-call-take")
		o.reports(id, "shown taken")
	}
	done := func(id string) {
		t.Helper()
		o.server.say(0, nil, nil, nil)
		b.click(".js-leadline-call-done")
		until(t, id+" done", func() bool { return strings.HasSuffix(o.server.states(id), "taken done") })
	}

	// Of another widget.
	take("other", `(APP.sdk.setCallingStatus(true), null)`)
	done("other")
	o.move(b, "/dashboard/")
	if !o.calling(b) {
		t.Error("somebody else's call was ended")
	}
	if got := o.sdkCalls(b, "setCallingStatus"); len(got) != 1 {
		t.Errorf("setCallingStatus was called with %q, want nothing but the test's own", got)
	}

	// Ends with the page, and goes on with the next.
	take("page", `null`)
	b.sees(`__crm.callingStatus()`)
	o.move(b, "/settings/pay/") // no widgets there
	if o.calling(b) || js[bool](b, `!!document.querySelector(".leadline-call")`) {
		t.Error("the call outlives the page")
	}
	until(t, "nothing left", func() bool { return len(o.left(b)) == 0 })
	o.move(b, "/leads/detail/101")
	b.sees(callWindow)
	b.sees(`__crm.callingStatus() && !document.querySelector(".js-leadline-call-take").checkVisibility()`)
	done("page")
	b.sees(`!__crm.callingStatus() && !document.querySelector(".leadline-call")`)

	// Is still known when the whole page is loaded anew.
	take("reload", `null`)
	o.at(b, o.agent())
	b.sees(callWindow)
	b.sees(`__crm.callingStatus() && !document.querySelector(".js-leadline-call-take").checkVisibility()`)
	done("reload")

	// Taken in another browser: that one has the window.
	o.server.say(0, nil, nil, []map[string]any{wish("elsewhere", map[string]any{"state": "taken", "mine": true})})
	o.at(b, o.agent())
	o.asksMore(b, 2)
	if o.calling(b) || js[bool](b, `!!document.querySelector(".leadline-call")`) {
		t.Error("a call of another browser is shown")
	}

	// Times out. Every three minutes the server hears that the call goes on.
	take("late", `(__test.calls = 300, null)`)
	until(t, "signs of life", func() bool { return strings.HasPrefix(o.server.states("late"), "shown taken taken taken") })
	if !o.calling(b) {
		t.Error("the call ended before its time")
	}
	js[any](b, `(__test.later = 600000, null)`) // ten minutes after the press
	b.sees(`!__crm.callingStatus()`)
	if got := strings.Join(o.sdkCalls(b, "setCallingStatus"), " "); got != "[true] [false]" {
		t.Errorf("setCallingStatus was called with %s", got)
	}
	b.sees(callWindow) // the conversation may still be finished
	done("late")

	// An older page, without APP.sdk and a notification centre.
	o.server.say(0, nil, []map[string]any{trouble("e1", "The channel is cut off")}, []map[string]any{wish("old", nil)})
	o.at(b, o.agent()+"&variant=old-page")
	b.sees(callWindow)
	b.sees(`document.querySelector(".pop-up_error")?.innerText.includes("The channel is cut off")`)
	b.click(".js-leadline-call-take")
	o.reports("old", "taken")
	done("old")
	if all := o.server.requests(); all[len(all)-1].Operators != nil {
		t.Errorf("a page that does not know tells who is online: %v", all[len(all)-1].Operators)
	}
	o.clean()
}

// TestWidgetCallIsRouted: the responsible operator sees it while he is online;
// others to whom the server gives it, when showUserStatus('online') names them (W §5.9).
func TestWidgetCallIsRouted(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{callScale: 10})
	b := o.browser
	there := func(admin, agent string) {
		t.Helper()
		for user, presence := range map[int64]string{adminID: admin, agentID: agent} {
			if err := o.box.SetPresence(accountID, user, presence); err != nil {
				t.Fatal(err)
			}
		}
	}
	none := func(what string) {
		t.Helper()
		o.asksMore(b, 2)
		if js[bool](b, `!!document.querySelector(".leadline-call, .pop-up")`) || len(o.notes(b)) != 0 {
			t.Errorf("%s: shown to the wrong one: %q", what, o.notes(b))
		}
	}
	there("online", "offline")
	o.server.say(0, nil, nil, []map[string]any{wish("c1", nil)})
	o.at(b, o.agent())
	none("the responsible one is away")
	js[any](b, fmt.Sprintf(`(__crm.setOnline(%d, true), null)`, agentID))
	b.sees(callWindow)

	there("offline", "online")
	o.server.say(0, nil, nil, []map[string]any{wish("c2", map[string]any{"responsible": 9000077})})
	o.at(b, fmt.Sprintf("/dashboard/?user=%d", adminID))
	none("this one is away, another one is there")
	js[any](b, fmt.Sprintf(`(__crm.setOnline(%d, false), null)`, agentID)) // nobody is
	b.sees(callWindow)
	if got := strings.Join(o.sdkCalls(b, "showUserStatus"), " "); !strings.Contains(got, `["online"]`) {
		t.Errorf("showUserStatus was asked %s, want 'online'", got)
	}

	// Another one is quicker: without a press there is no word about it.
	o.server.say(0, nil, nil, []map[string]any{wish("c3", nil)})
	o.at(b, o.agent())
	b.sees(callWindow)
	o.server.say(0, nil, nil, nil)
	b.sees(`!document.querySelector(".leadline-call")`)
	o.server.say(0, nil, nil, []map[string]any{wish("c4", nil)})
	b.sees(callWindow)
	o.server.say(0, nil, nil, nil)
	b.click(".js-leadline-call-take")
	b.sees(`!document.querySelector(".leadline-call") && !__crm.callingStatus()`)
	until(t, "the word about it", func() bool {
		all := strings.Join(o.notes(b), " ")
		return strings.Count(all, "show_message") == 1 &&
			strings.Contains(all, `["show_message",{"header":"Call back","text":"Somebody else is already calling this visitor."}]`)
	})
	o.clean()
}

// TestWidgetCallWaitsForThePerson: who types is not interrupted, a hidden tab
// shows no window, and two tabs never show the same call.
func TestWidgetCallWaitsForThePerson(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{callScale: 10})
	first := o.browser
	o.at(first, fmt.Sprintf("/leads/list/?user=%d", agentID))
	first.do(chromedp.Focus(chromedp.CSS(".js-list-row")))
	o.server.say(0, nil, nil, []map[string]any{wish("c1", nil), wish("c2", map[string]any{"name": "", "link": "javascript:alert(1)", "element": nil, "at": 1767225600})})
	until(t, "both in the notification centre", func() bool { return len(o.notes(first)) == 2 })
	o.asksMore(first, 1)
	if js[bool](first, `!!document.querySelector(".leadline-call")`) {
		t.Error("the window interrupts who is in a field")
	}
	if got := strings.Join(o.notes(first), " "); !strings.Contains(got, `{"from":"+1 (555) 010-0199",`) || strings.Contains(got, "javascript") {
		t.Errorf("notifications %s", got)
	}
	js[any](first, `(document.activeElement.blur(), null)`)
	first.sees(callWindow)
	if got := js[string](first, callWindow+`.innerText`); strings.Contains(got, "Pavel") {
		t.Errorf("not the one that waits longest: %q", got)
	}
	// Another tab is opened: what nobody has taken is shown there.
	second := o.another("/dashboard/")
	o.look(first, false)
	first.sees(`!document.querySelector(".leadline-call")`)
	second.sees(callWindow)
	second.click(".js-leadline-call-take")
	second.sees(`__crm.callingStatus()`)
	o.server.say(0, nil, nil, []map[string]any{wish("c2", map[string]any{"state": "taken", "mine": true}), wish("c1", nil)})
	o.look(second, false)
	o.look(first, true)
	o.asksMore(first, 2)
	if js[bool](first, `!!document.querySelector(".leadline-call")`) || !js[bool](second, `!!document.querySelector(".leadline-call")`) {
		t.Error("the call that was taken in one tab is shown in the other")
	}
	// Done in a tab that does not lead is told at once; the next one opens where the person looks.
	o.look(second, true)
	second.click(".js-leadline-call-done")
	until(t, "the end told", func() bool { return strings.HasSuffix(o.server.states("c2"), "taken done") })
	o.server.say(0, nil, nil, []map[string]any{wish("c1", nil)})
	second.sees(`document.querySelector(".js-leadline-call")?.innerText.includes("Pavel Sidorov")`)
	// After a minute it comes all the same.
	o.server.say(0, nil, nil, nil)
	o.at(second, "/leads/list/")
	second.do(chromedp.Focus(chromedp.CSS(".js-list-row")))
	o.server.say(0, nil, nil, []map[string]any{wish("c4", nil)})
	until(t, "the notification", func() bool { return len(o.notes(second)) == 1 })
	js[any](second, `(__test.later = 60000, null)`)
	second.sees(callWindow)
	o.clean()
}

// TestWidgetCallWindow looks at the window in each language and both themes.
func TestWidgetCallWindow(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{callScale: 10})
	b := o.browser
	b.do(chromedp.EmulateViewport(1280, 900))
	for _, lang := range spoken() {
		raw, err := os.ReadFile("../../widget/i18n/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var words struct{ Calls map[string]string }
		if err := json.Unmarshal(raw, &words); err != nil {
			t.Fatal(err)
		}
		texts := map[string][2]string{
			"ru": {"Обратный звонок", "Перезвоните после шести"}, "en": {"Call back", "Please call after six"},
			"es": {"Devolver la llamada", "Llame después de las seis"}, "pt": {"Retornar a ligação", "Ligue depois das seis"},
		}[lang]
		o.server.say(0, nil, nil, []map[string]any{wish("c-"+lang, map[string]any{"header": texts[0], "text": texts[1]})})
		for _, theme := range []string{"light", "dark"} {
			js[any](b, `((() => { try { localStorage.clear(); } catch (e) { return e.name; } })(), null)`)
			o.at(b, o.agent()+"&lang="+lang+"&theme="+theme)
			until(t, "the window", func() bool { return js[bool](b, "!!"+callWindow) })
			for _, key := range []string{"waiting", "phone", "name", "card", "take", "done", "later"} {
				if word := words.Calls[key]; word == "" || !strings.Contains(js[string](b, callWindow+`.innerText`), word) {
					t.Errorf("%s: the window does not say %q (%s)", lang, word, key)
				}
			}
			if lang == "en" || theme == "light" {
				b.axe(lang+" "+theme, ".leadline-call")
			}
			b.shot("call-" + lang + "-" + theme)
			if lang == "en" {
				b.click(".js-leadline-call-take")
				until(t, "the call", func() bool { return o.calling(b) }) // sees may poll in the world that axe made
				b.axe("calling "+theme, ".leadline-call")
				b.shot("calling-" + lang + "-" + theme)
			}
		}
	}
	o.clean()
}
