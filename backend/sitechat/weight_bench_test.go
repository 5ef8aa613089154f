package sitechat

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"leadline/backend/browsertest"
)

// slower is how much slower than this machine a phone's processor is taken to be.
const slower = 4

// onePhone starts a browser that keeps a page and its frames in one process, as phones do, so that one throttle slows both.
func onePhone(b *testing.B) func(*site) {
	ctx, end, err := startBrowser(browsertest.Path(b), chromedp.Flag("disable-site-isolation-trials", true),
		browsertest.Without("IsolateOrigins", "site-per-process"))
	b.Cleanup(end)
	if err != nil {
		b.Fatal("start chromium: ", err)
	}
	return func(s *site) { s.browser = ctx }
}

// counted counts what the main thread of the tab does by the processor's time for it: what else the machine does is not in it.
func counted(s *site) {
	if _, err := chromedp.Call(s.ctx, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks}); err != nil {
		s.t.Fatal(err)
	}
}

// throttled makes the tab's main thread as slow as a phone's.
func throttled(s *site) {
	if _, err := chromedp.Call(s.ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: slower}); err != nil {
		s.t.Fatal(err)
	}
}

// busy is how long the main thread has worked so far, in milliseconds.
func (s *site) busy() float64 {
	s.t.Helper()
	got, err := chromedp.Call(s.ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		s.t.Fatal(err)
	}
	at := slices.IndexFunc(got.Metrics, func(m *performance.Metric) bool { return m.Name == "TaskDuration" })
	if at < 0 {
		s.t.Fatal("the browser does not tell how long its tasks took")
	}
	return got.Metrics[at].Value * 1000
}

// rest waits until the page has nothing left to do.
func (s *site) rest() {
	s.t.Helper()
	s.number(`new Promise((done) => requestIdleCallback(() => requestAnimationFrame(() => requestIdleCallback(() => done(0)))))`)
}

// clear leaves the page, so that it takes no time from the next one.
func (s *site) clear() {
	if err := chromedp.Do(s.ctx, chromedp.Navigate("about:blank")); err != nil {
		s.t.Fatal(err)
	}
	s.page.CloseClientConnections()
	s.chat.CloseClientConnections()
}

func (s *site) number(expression string) float64 {
	s.t.Helper()
	n, err := chromedp.Run(s.ctx, chromedp.Evaluate[float64](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		s.t.Fatalf("%s: %v", expression, err)
	}
	return n
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// tellWritable tells the page above when a visitor could write, and how much had moved until then.
const tellWritable = `let moved = 0;
	new PerformanceObserver((list) => { for (const entry of list.getEntries()) moved += entry.value }).observe({type: "layout-shift", buffered: true});
	const look = () => {
		const field = document.querySelector("textarea");
		if (field && !field.disabled && field.checkVisibility()) requestAnimationFrame(() => setTimeout(() => parent.postMessage({writable: performance.timeOrigin + performance.now(), moved}, "*")));
		else requestAnimationFrame(look);
	};
	look();`

// bareFrame is the least that could be opened: a frame of the same host with a field and one small script.
const bareFrame = `<!doctype html><title>Chat</title><textarea></textarea><script src="probe.js"></script>`

// BenchmarkClickToWritable is the time from a click on the launcher until a cold visitor can write, nothing cached, on a
// phone-class processor, over loopback: by a click of a script, which nothing announces, and by a tap. Beside it, in turns, that of a page whose button opens a bare frame. Of each there is the
// median and the best, which is nearest to a machine that does nothing else, and the processor's time for the main thread.
func BenchmarkClickToWritable(b *testing.B) {
	phone := onePhone(b)
	const shifts = `<script>shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) shift += entry.value }).observe({type: "layout-shift", buffered: true})</script>`
	bare := func(s *site) {
		s.routes = func(mux *http.ServeMux) {
			mux.HandleFunc("GET /bare", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprint(w, bareFrame)
			})
		}
	}
	var moved float64
	measure := func(html, button, press string, prepare func(*site)) (ms, busy float64) {
		s := visit(b, shifts+html, phone, prepare, func(s *site) {
			s.probe = tellWritable
			s.before = func(s *site) { counted(s); throttled(s) }
		})
		s.until(button)
		s.rest()
		before := s.busy()
		ms = s.number(`new Promise((done) => {
			addEventListener("message", (event) => { if (event.data.writable) { shift += event.data.moved; done(event.data.writable - clicked) } });
			let clicked = 0;
			const click = () => { clicked = performance.timeOrigin + performance.now(); ` + button + `.click() };
			` + press + `
		})`)
		busy = s.busy() - before
		moved = max(moved, s.number("shift"))
		s.clear()
		return ms, busy
	}
	// A finger rests some 80 ms on what it taps.
	const tap = `document.querySelector(".amo-button--main").dispatchEvent(new PointerEvent("pointerdown", {bubbles: true})); setTimeout(click, 80)`
	var took, tapped, floor, work, least []float64
	for b.Loop() {
		ms, busy := measure(`<button onclick="document.body.append(Object.assign(document.createElement('iframe'), {src: 'HOST/bare'}))">Chat</button>`, `document.querySelector("button")`, "click()", bare)
		floor, least = append(floor, ms), append(least, busy)
		ms, busy = measure(script(kommoSettings), ready, "click()", answers)
		took, work = append(took, ms), append(work, busy)
		ms, _ = measure(script(kommoSettings), ready, tap, answers)
		tapped = append(tapped, ms)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(took), "ms")
	b.ReportMetric(median(tapped), "tapped-ms")
	b.ReportMetric(median(floor), "bare-ms")
	b.ReportMetric(slices.Min(took), "best-ms")
	b.ReportMetric(slices.Min(tapped), "tapped-best-ms")
	b.ReportMetric(slices.Min(floor), "bare-best-ms")
	b.ReportMetric(slices.Min(work), "busy-ms")
	b.ReportMetric(slices.Min(least), "bare-busy-ms")
	b.ReportMetric(moved, "shift")
}

// BenchmarkPageCost is what a page pays for a visitor who never touches the chat: the same page with and without the snippet, in
// the processor's time for the main thread; beside it what the least script costs that asks and shows a button.
func BenchmarkPageCost(b *testing.B) {
	phone := onePhone(b)
	const page = `<h1>Shop</h1><p>Words of the page.</p><script>shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) shift += entry.value }).observe({type: "layout-shift", buffered: true})</script>`
	measure := func(html string, settled string) (ms, requests, shift float64) {
		s := visit(b, page+html, phone, func(s *site) { s.before = counted })
		s.number(`new Promise((done) => {
			const look = () => ` + settled + ` ? done(0) : setTimeout(look, 20);
			look();
		})`)
		s.rest()
		ms, requests, shift = s.busy(), s.number(`performance.getEntriesByType("resource").length`), s.number("shift")
		s.clear()
		return ms, requests, shift
	}
	// The least that such a script could do: ask once, and put one button on the page.
	const small = `<script>ready = 0; fetch("HOST/v1/buttons/1042/config?hash=HASH").then((answer) => answer.json()).then(({button}) => {
		ready = document.createElement("button");
		ready.style.cssText = "position: fixed; right: 20px; bottom: 20px; width: 58px; height: 58px; background: " + button.color;
		document.body.append(ready);
	})</script>`
	var with, without, more, least, shifts []float64
	var asked float64
	for b.Loop() {
		bare, before, _ := measure("", `document.readyState === "complete"`)
		ms, after, shift := measure(script(kommoSettings), ready)
		floor, _, _ := measure(small, "ready")
		without, with, more, least, shifts = append(without, bare), append(with, ms), append(more, ms-bare), append(least, floor-bare), append(shifts, shift)
		asked = after - before
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(more), "main-thread-ms")
	b.ReportMetric(slices.Min(with)-slices.Min(without), "best-main-thread-ms")
	b.ReportMetric(median(least), "least-script-ms")
	b.ReportMetric(median(without), "bare-page-ms")
	b.ReportMetric(asked, "requests")
	b.ReportMetric(slices.Max(shifts), "shift")
}
