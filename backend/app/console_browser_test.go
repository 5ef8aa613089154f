package app

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox"
	"leadline/backend/sandbox/crmpage"
)

// ownPage is the widget's own page in the CRM's settings (W §5.2).
const ownPage = "/settings/widgets/" + widget + "/"

// installedWidget makes the CRM start our widget on its pages.
func (w *world) installedWidget() {
	w.t.Helper()
	w.box.World().SaveWidget(accountID, widget, crmpage.WidgetState{Status: "installed", Active: "Y", Settings: fmt.Sprintf(`{"service_login":%q}`, login)})
}

// console opens the widget's own page and waits for the console in its frame.
func (b *tab) console(address string) *tab {
	b.w.t.Helper()
	b.visit(address)
	return b.consoleFrame()
}

// framed looks for a frame of the console inside this very tab, and in it whether a
// condition holds. A frame that could not be loaded has the same address.
func (b *tab) framed(condition string) (f *tab, holds bool) {
	b.w.t.Helper()
	own := frameID(b)
	list, err := chromedp.Targets(b.ctx)
	if err != nil {
		b.w.t.Fatal(err)
	}
	for _, info := range list {
		if info.ParentFrameID != own && cdp.FrameID(info.ParentID) != own || !strings.HasPrefix(info.URL, appURL+"/embed/") {
			continue
		}
		ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(info.TargetID))
		b.w.t.Cleanup(cancel)
		f = &tab{b.w, ctx}
		if chromedp.Do(ctx) != nil { // gone meanwhile
			return nil, false
		}
		holds, err = chromedp.Run(ctx, chromedp.Evaluate[bool](condition))
		return f, err == nil && holds
	}
	return nil, false
}

// consoleFrame waits for the console in its frame.
func (b *tab) consoleFrame() *tab {
	b.w.t.Helper()
	var f *tab
	until(b.w.t, "the console in its frame", func() (shown bool) {
		f, shown = b.framed(`!!document.querySelector('.console__nav')`)
		return shown
	})
	return f
}

// becomesChat waits for the name of the account's first chat, and for the page that
// says that it is saved.
func (w *world) becomesChat(f *tab, name string) {
	w.t.Helper()
	w.until("the name "+name, func() bool { return w.chatName() == name })
	quoted, _ := json.Marshal(name)
	f.sees(`document.querySelector('h1').textContent === ` + string(quoted) + ` && document.body.innerText.includes('The name is saved')`)
}

// fits waits until the frame in the CRM's page is as high as what is in it.
func (b *tab) follows(frame *tab) {
	b.w.t.Helper()
	until(b.w.t, "a frame as high as its page", func() bool {
		outer := js[float64](b, `document.querySelector('.leadline__console').getBoundingClientRect().height`)
		inner := js[float64](frame, `Math.ceil(document.body.getBoundingClientRect().height)`)
		return outer == inner && js[bool](frame, `document.documentElement.scrollHeight <= innerHeight`)
	})
}

// TestConsoleInTheCRM is the widget's own page with the release widget: it opens from
// the window, writes, follows the height, goes on when a session is over, tells in
// words what does not work, and leaves nothing behind.
func TestConsoleInTheCRM(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	w.withWidget("amocrm")
	w.connected()
	w.installedWidget()
	front := w.behindAFront()
	crm := w.chromium(nil)

	crm.visit("https://" + crmHost + "/amo-market/")
	until(t, "the CRM's page", func() bool { return js[bool](crm, `!!(window.__crm && __crm.ready)`) })
	js[any](crm, fmt.Sprintf(`__crm.openSettings(%q).then(() => null)`, widget))
	crm.sees(`document.querySelector('.js-leadline-settings')?.checkVisibility()`)
	crm.shot("1-window")
	crm.click(`.js-leadline-settings`)
	crm.sees(`location.pathname === "` + ownPage + `" && document.querySelector('.leadline__console')`)
	f := crm.consoleFrame()
	f.reads("The account is connected")
	if got := js[string](crm, `document.querySelector('.leadline__console').title`); got != "Leadline: chat settings" {
		t.Errorf("the frame is called %q", got)
	}
	crm.follows(f)
	crm.shot("2-overview")

	// By the keyboard alone: to the chats, to the first of them, a name, Enter.
	f.do(chromedp.SendKeys(chromedp.CSS(`.console__tab[href$="/chats"]`), "\r"))
	f.reads("Set up")
	crm.follows(f)
	crm.shot("3-chats")
	f.do(chromedp.SendKeys(chromedp.CSS(`.js-chat`), "\r"))
	f.sees(`document.querySelector('#name')`)
	crm.follows(f)
	crm.shot("4-chat")
	f.fill("#name", "Harbour lamps\r")
	w.becomesChat(f, "Harbour lamps")
	f.sees(`document.activeElement.matches('.js-told')`)
	crm.shot("5-saved")

	// The session is over. The CRM's page still holds the token that it had (W §8.3):
	// it buys another ticket, and what was typed is saved.
	tokens := func() int {
		return js[int](crm, `performance.getEntriesByType("resource").filter((e) => e.name.includes("disposable_token")).length`)
	}
	bought, fetched := front.asked("POST /widget/v1/console"), tokens()
	f.fill("#name", "Typed before the end")
	c.shift.Add(int64(25*time.Minute + 5*time.Second))
	f.click(`form[action$="/name"] button`)
	w.becomesChat(f, "Typed before the end")
	if n := front.asked("POST /widget/v1/console") - bought; n != 1 || tokens() != fetched {
		t.Errorf("%d tickets and %d tokens were bought, want one ticket for the token that was there", n, tokens()-fetched)
	}

	// The token is over too, while the CRM's page holds on to it: said in words on
	// both sides, what was typed stays; with a new token it is saved.
	f.fill("#name", "Typed long before")
	c.advance(w.box, 31*time.Minute)
	f.click(`form[action$="/name"] button`)
	crm.sees(`document.querySelector('.js-leadline-console-error').textContent.includes('open for too long')`)
	f.sees(`document.querySelector('.js-trouble').textContent.includes('did not confirm who you are') && !document.querySelector('form[action$="/name"] button').disabled`)
	crm.shot("6-no-token")
	js[any](crm, `(__crm.advance(26 * 60 * 1000), null)`)
	f.click(`form[action$="/name"] button`)
	w.becomesChat(f, "Typed long before")
	crm.sees(`!document.querySelector('.js-leadline-console-retry').checkVisibility()`)

	// The server is away: neither a form nor a link loses the page.
	f.fill("#name", "Typed while it was down")
	front.down.Store(true)
	f.click(`form[action$="/name"] button`)
	f.sees(`document.querySelector('.js-trouble').textContent.includes('cannot be reached')`)
	f.click(`.console__tab[href$="/activity"]`)
	f.sees(`document.querySelector('.js-trouble').textContent.includes('cannot be reached') && document.querySelector('#name').value === 'Typed while it was down'`)
	crm.follows(f)
	crm.shot("7-server-down")
	front.down.Store(false)
	f.click(`form[action$="/name"] button`)
	w.becomesChat(f, "Typed while it was down")
	f.click(`.console__tab[href$="/activity"]`)
	f.reads("Renaming of an online chat")
	crm.shot("8-activity")

	// The page is opened while the server is away; then only the frame does not come.
	crm.visit("about:blank")
	front.down.Store(true)
	crm.visit("https://" + crmHost + ownPage)
	crm.sees(`document.querySelector('.js-leadline-console-retry')?.checkVisibility() && document.querySelector('.js-leadline-console-error').textContent.includes('could not be reached')`)
	crm.axe("server down", ".leadline")
	crm.shot("9-opened-while-down")
	front.down.Store(false)
	front.downAt.Store("/embed/")
	crm.click(`.js-leadline-console-retry`)
	crm.sees(`!document.querySelector('.js-leadline-console-retry').checkVisibility()`)
	crm.sees(`document.querySelector('.js-leadline-console-retry').checkVisibility()`) // nobody spoke in the frame
	front.downAt.Store("-")
	crm.click(`.js-leadline-console-retry`)
	f = crm.consoleFrame()
	f.reads("The account is connected")
	crm.sees(`!document.querySelector('.js-leadline-console-retry').checkVisibility()`)

	// The CRM grants no token: said at once, or when it has been waited for long enough.
	for _, how := range []string{"slow", "401", "empty"} {
		w.box.SetVariants(func(v *sandbox.Variants) {
			v.DisposableToken, v.DisposableTokenAlways, v.DisposableSlowMS = how, true, 60_000
		})
		crm.visit("https://" + crmHost + ownPage)
		until(t, "the words for "+how, func() bool { // the widget waits for 20 s
			return js[bool](crm, `!!document.querySelector('.js-leadline-console-retry')?.checkVisibility() && document.querySelector('.js-leadline-console-error').textContent.includes('no permission to talk to Leadline')`)
		})
		if js[bool](crm, `!!document.querySelector('iframe')`) {
			t.Errorf("%s: a frame without a ticket", how)
		}
	}
	w.box.SetVariants(func(v *sandbox.Variants) { v.DisposableToken, v.DisposableTokenAlways = "", false })
	crm.click(`.js-leadline-console-retry`)
	crm.consoleFrame()

	// Leaving the page takes the frame and its listeners with it; the sandbox counts (W §10.3).
	js[any](crm, `(__crm.go("/dashboard/"), null)`)
	crm.sees(`!document.querySelector('iframe, .leadline')`)
	crm.visit("https://" + crmHost + "/dashboard/")
	w.noBreaches()
}

// TestConsoleAndOthersFrames: no other page, another account's neither, may hold the
// console in a frame.
func TestConsoleAndOthersFrames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: withSecondAccount})
	w.withWidget("amocrm")
	w.connected()
	w.installedWidget()
	frame, _ := w.ticket(adminID)
	crm := w.chromium(nil)
	crm.console("https://" + crmHost + ownPage) // with a session
	for host, want := range map[string]bool{crmHost: true, "second.amocrm.ru": false} {
		page := crm.open("https://" + host + "/crmpage/page/crm.css")
		js[any](page, fmt.Sprintf(`(document.body.append(Object.assign(document.createElement("iframe"), { src: %q, onload() { document.title = "loaded"; } })), null)`, frame))
		page.sees(`document.title === "loaded"`)
		var f *tab
		until(t, "the frame", func() bool {
			f, _ = page.framed("true")
			return f != nil
		})
		shown := js[bool](f, `document.body.classList.contains("console")`)
		if shown != want {
			t.Errorf("%s shows the console in a frame: %v, want %v", host, shown, want)
		}
	}
}

// TestConsoleWithoutCookies: where the browser keeps none in frames, the page says so
// and opens a tab, which works (design.md §10).
func TestConsoleWithoutCookies(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	w.withWidget("amocrm")
	w.connected()
	w.installedWidget()
	front := w.behindAFront()
	front.noCookies.Store(true)
	crm := w.chromium(nil)
	crm.visit("https://" + crmHost + ownPage)
	f := crm.frame(appURL + "/embed/")
	f.sees(`document.querySelector('.js-blocked')?.checkVisibility()`)
	f.axe("cookies blocked", "html")
	crm.shot("blocked")
	f.click(".js-blocked button")
	tab := crm.frame(appURL + "/console/")
	tab.reads("The account is connected")
	tab.shot("tab")
	tab.click(`.console__tab[href$="/chats"]`)
	tab.reads("Set up")
	tab.click(`.js-chat`)
	tab.sees(`document.querySelector('#name')`)
	tab.fill("#name", "Typed in a tab")
	c.shift.Add(int64(26 * time.Minute))
	tab.click(`form[action$="/name"] button`)
	tab.sees(`document.querySelector('.js-trouble').textContent.includes('session is over') && document.querySelector('#name').value === 'Typed in a tab'`)
	w.noBreaches()
}

// TestConsoleLooks goes through the pages of an account in the CRM's colours: in each
// language, light and dark, wide and on a phone.
func TestConsoleLooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.withWidget("amocrm")
	button, hash := w.connected()
	v := w.visit(button, hash)
	v.write(uuidN(1), "first")
	w.until("the first message", func() bool { return len(w.inbox("inbound")) == 1 })
	action := w.watch(button, `{"name":"Looked at prices","constraint":1,"conditions":[[{"type":"page_hits","value":3}],[{"type":"custom_hook","value":"X"}]],"reactions":[{"action":"amobutton_greeting"}]}`)
	v.reports(hash, action, uuidN(9), nil).wants(t, "report", 200, "")
	v.refuse(uuidN(2), "not taken")
	v.refuse(uuidN(3), "not taken either")
	w.installedWidget()
	browser := w.chromium(nil)
	if wide() {
		if _, err := w.app.cardPages.Add(t.Context(), w.mustAccount(), "Harbour lamps", "harbour-lamps", "en"); err != nil {
			t.Fatal(err)
		}
	}
	for _, lang := range spoken() {
		for _, how := range pairs() {
			theme := how.scheme
			crm := browser.person("about:blank", chromedp.EmulateViewport(1280, 900))
			if how.wide < 640 {
				crm.do(phone())
			}
			f := crm.console("https://" + crmHost + ownPage + "?lang=" + lang + "&theme=" + theme)
			if got := js[string](f, `document.documentElement.lang + " " + document.documentElement.dataset.scheme`); got != lang+" "+theme {
				t.Errorf("the frame is %s, the CRM's page %s %s", got, lang, theme)
			}
			look := func(name string) {
				t.Helper()
				crm.follows(f)
				what := fmt.Sprintf("%s-%s-%s-%d", lang, name, theme, how.wide)
				f.axe(what, "html")
				f.keepsWidth(what)
				crm.shot(what)
			}
			page := func(path, condition, name string) {
				t.Helper()
				js[any](f, `(location.href = document.body.dataset.root + "`+path+`", null)`)
				f.sees(condition)
				look(name)
			}
			f.click(`.console__item details summary`)
			look("overview")
			f.click(`.console__tab[href$="/chats"]`)
			f.sees(`document.querySelector('.js-chat')`)
			look("chats")
			f.click(`.js-chat`)
			f.sees(`document.querySelector('#reach-title')`)
			look("chat")
			f.click(`a[href$="/code"]`)
			f.sees(`document.querySelector('#sites')`)
			f.fill("#sites", "not a host!")
			f.click(`form[action*="/code"] button`)
			f.sees(`document.querySelector('[aria-invalid]') === document.activeElement`)
			look("code")
			f.click(`.console__tab[href$="/activity"]`)
			f.sees(`document.querySelector('ol.console__list')`)
			look("activity")
			page("/buttons/"+button+"/actions", `document.querySelector('#fired ~ ol')`, "actions")
			f.click(`a[href$="/actions/new"]`)
			f.sees(`document.querySelector('#task_text')`)
			f.fill("#name", " ")
			f.click(`form[action$="/new"] button`)
			f.sees(`document.querySelector('[aria-invalid] ~ .console__error')`)
			look("action")
			if !wide() {
				continue // other tests look at the rest, in one language
			}
			page("/buttons/"+button, `document.querySelector('#greet')`, "button")
			page("/chats/"+string(w.firstChat())+"/bot", `document.querySelector('#bot-steps')`, "bot")
			page("/cards", `document.querySelector('#slug')`, "cards")
			f.click(`main a[href*="/cards/"]`)
			f.sees(`document.querySelector('#b0\\.heading')`)
			look("card")
		}
	}
	// The CRM's colours are changed while the page is open.
	crm := browser.person("about:blank", chromedp.EmulateViewport(1280, 900))
	f := crm.console("https://" + crmHost + ownPage + "?theme=light")
	js[any](crm, `(__crm.checkStyles("look"), document.documentElement.dataset.colorScheme = "dark",
		dispatchEvent(new Event("resize")), __crm.checkStyles("look"), null)`) // the change is not the widget's
	f.sees(`document.documentElement.dataset.scheme === "dark"`)
	w.noBreaches()
}
