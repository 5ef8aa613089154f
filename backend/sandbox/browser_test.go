package sandbox

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"leadline/backend/browsertest"
)

// browser opens a tab of Chromium, for which every name is on loopback.
func browser(t *testing.T) context.Context {
	t.Helper()
	tab := browsertest.Open(t, chromedp.IgnoreCertErrors, chromedp.WindowSize(390, 800), chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"))
	ctx, cancel := context.WithTimeout(tab, 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func until(t *testing.T, ctx context.Context, condition string) {
	t.Helper()
	if err := browsertest.Wait(ctx, condition); err != nil {
		t.Fatalf("%v\npage: %s", err, browsertest.Text(ctx))
	}
}

func click(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	if err := browsertest.Click(ctx, selector); err != nil {
		t.Fatalf("%v\npage: %s", err, browsertest.Text(ctx))
	}
}

// TestPagesInBrowser: the inbox is live at phone width, shows text as text, and
// what an operator writes goes out as a hook; the dashboard's switches work.
func TestPagesInBrowser(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.box.SetVariants(func(v *Variants) { v.ChannelLacks = []string{"typing"} }) // so that hooks can be counted
	ctx := browser(t)
	u, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("https://democo.amocrm.ru:"+u.Port()+"/inbox/")); err != nil {
		t.Fatal(err)
	}
	until(t, ctx, `document.getElementById("link").textContent === "channel not connected"`)
	b.connect()
	b.say("m-1", "c-1", "<img src=x onerror=document.title='hacked'>")
	until(t, ctx, `document.querySelector(".badge")?.textContent === "1 unread"`)
	until(t, ctx, `document.querySelector(".chats__name").textContent === "Анна"`)
	click(t, ctx, ".chats__item")
	until(t, ctx, `document.querySelector(".bubble__text").textContent.startsWith("<img") && document.title !== "hacked"`)
	until(t, ctx, `!document.querySelector(".badge") && document.activeElement.id === "text"`) // read, ready to write
	until(t, ctx, `document.documentElement.scrollWidth <= innerWidth`)
	if err := chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#text"), "Good day!")); err != nil {
		t.Fatal(err)
	}
	click(t, ctx, "#send")
	h := b.waitHooks(1)[0]
	until(t, ctx, `document.querySelector(".bubble__state")?.textContent === "sent" && document.getElementById("text").value === ""`)
	b.must(amojo("POST", testScope+"/"+h.MessageID+"/delivery_status", `{"status_code":2}`), 200)
	until(t, ctx, `document.querySelector(".bubble__state").textContent === "read"`)
	b.operator(h.ChatID, "second")
	second := b.waitHooks(2)[1]
	b.must(amojo("POST", testScope+"/"+second.MessageID+"/delivery_status", `{"status_code":-1,"error_code":905,"error":"The line is closed"}`), 200)
	until(t, ctx, `document.querySelector(".bubble__state--failed").textContent.includes("The line is closed")`)

	if err := chromedp.Do(ctx, chromedp.Navigate(b.url+"/")); err != nil {
		t.Fatal(err)
	}
	until(t, ctx, `document.querySelectorAll("#hooks tr").length === 2 && document.getElementById("link").textContent === "no breaches"`)
	until(t, ctx, `document.documentElement.scrollWidth <= innerWidth`)
	click(t, ctx, "#faults-connect_refused")
	b.wait("the fault", func() bool { return b.box.Faults().ConnectRefused })
	// Whatever the server can switch has a control, with its choices and words.
	until(t, ctx, fmt.Sprintf(`document.querySelectorAll("#faults .switch").length === %d && document.querySelectorAll("#variants .switch").length === %d`,
		len(allSwitches()["faults"]), len(allSwitches()["variants"])))
	pick := `(() => { const s = document.getElementById("variants-edit_answer"); s.value = "empty"; s.dispatchEvent(new Event("change")); return true })()`
	until(t, ctx, pick)
	b.wait("the variant", func() bool { return b.box.Variants().EditAnswer == "empty" })
	until(t, ctx, `(document.querySelector('#variants-hook_omit input[value="phone"]').click(), true)`)
	b.wait("the list", func() bool { return slices.Contains(b.box.Variants().HookOmit, "phone") })
	until(t, ctx, `document.getElementById("variants-edit_answer").closest(".switch").classList.contains("switch--on")`)
	p := &tab{t, b, ctx}
	p.shots("phone-6-dashboard")
	p.do(chromedp.EmulateViewport(1280, 1400), chromedp.SendKeys(chromedp.CSS("#filter"), "history"))
	until(t, ctx, `[...document.querySelectorAll("#variants .switch")].filter((s) => s.checkVisibility()).length === 5`)
	p.shots("desk-12-found")
	p.do(void(`document.getElementById("filter").value = ""; document.getElementById("filter").dispatchEvent(new Event("input"))`))
	p.shots("desk-13-dashboard")
	change := func(id, value string) {
		t.Helper()
		js := fmt.Sprintf(`(() => { const e = document.getElementById(%q); e.value = %q; e.dispatchEvent(new Event("change")); return e.tagName })()`, id, value)
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](js)); err != nil {
			t.Fatal(err)
		}
	}
	change("variants-duplicate_after_import", "client")
	change("variants-duplicate_msgid", "409")
	change("faults-random_503", "0.25")
	b.wait("the switches", func() bool {
		v := b.box.Variants()
		return v.DuplicateAfterImport == "client" && v.DuplicateMsgID == 409 && b.box.Faults().Random503 == 0.25
	})
	b.box.SetFaults(func(f *Faults) { *f = Faults{} })
	b.must(amojo("POST", testScope, "{}"), 400)
	until(t, ctx, `document.getElementById("breaches").textContent.includes("C §10.6 body") && document.getElementById("link").textContent === "breaches: 1"`)
}
