package sitechat

import (
	"os/exec"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// slower is how much slower than this machine a phone's processor is taken to be.
const slower = 4

// onePhone starts a browser that keeps a page and its frames in one process, as phones do, so that one throttle slows both.
func onePhone(b *testing.B) func(*site) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		missing(b, "no chromium: nothing was measured")
	}
	ctx, end, err := startBrowser(path, chromedp.Flag("disable-site-isolation-trials", true), chromedp.Flag("disable-features", "IsolateOrigins,site-per-process"))
	b.Cleanup(end)
	if err != nil {
		b.Fatal("start chromium: ", err)
	}
	return func(s *site) { s.browser = ctx }
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

// BenchmarkClickToWritable is the time from a click on the launcher until a cold visitor can write, nothing cached, on a
// phone-class processor: loading the panel over loopback, its session, its first paint.
func BenchmarkClickToWritable(b *testing.B) {
	phone := onePhone(b)
	var took, shifts []float64
	for b.Loop() {
		s := visit(b, `<script>addEventListener("message", (event) => { if (event.data.writable) writable = event.data.writable }); shift = 0;
			new PerformanceObserver((list) => { for (const entry of list.getEntries()) shift += entry.value }).observe({type: "layout-shift", buffered: true})</script>`+script(kommoSettings), phone, answers, func(s *site) {
			// The panel's page tells when a visitor could write, and how much moved until then.
			s.probe = `let moved = 0;
				new PerformanceObserver((list) => { for (const entry of list.getEntries()) moved += entry.value }).observe({type: "layout-shift", buffered: true});
				const look = () => {
					const field = document.querySelector(".sc-composer textarea");
					if (field && !field.disabled && field.checkVisibility()) requestAnimationFrame(() => setTimeout(() => parent.postMessage({writable: performance.timeOrigin + performance.now(), moved}, "*")));
					else requestAnimationFrame(look);
				};
				look();`
			s.before = func(s *site) {
				if _, err := chromedp.Call(s.ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: slower}); err != nil {
					b.Fatal(err)
				}
			}
		})
		s.until(ready)
		s.number(`new Promise((done) => requestIdleCallback(() => done(0)))`)
		s.run(`clicked = performance.timeOrigin + performance.now(); document.querySelector(".amo-button--main").click()`)
		s.until("window.writable")
		took = append(took, s.number("writable - clicked"))
		shifts = append(shifts, s.number("shift"))
		s.clear()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(took), "ms")
	b.ReportMetric(slices.Max(shifts), "shift")
}

// BenchmarkPageCost is what a page pays for a visitor who never touches the chat: the same page with and without the snippet.
func BenchmarkPageCost(b *testing.B) {
	phone := onePhone(b)
	const page = `<h1>Shop</h1><p>Words of the page.</p><script>shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) shift += entry.value }).observe({type: "layout-shift", buffered: true})</script>`
	measure := func(html string, settled string) (ms, requests, shift float64) {
		s := visit(b, page+html, phone, func(s *site) {
			s.before = func(s *site) {
				if _, err := chromedp.Call(s.ctx, performance.Enable, performance.EnableParams{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		s.until(settled)
		s.number(`new Promise((done) => requestIdleCallback(() => requestAnimationFrame(() => requestIdleCallback(() => done(0)))))`)
		got, err := chromedp.Call(s.ctx, performance.GetMetrics, cdp.Empty{})
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range got.Metrics {
			if m.Name == "TaskDuration" {
				ms = m.Value * 1000
			}
		}
		requests, shift = s.number(`performance.getEntriesByType("resource").length`), s.number("shift")
		s.clear()
		return ms, requests, shift
	}
	var with, without, shifts []float64
	var asked float64
	for b.Loop() {
		ms, before, _ := measure("", `document.readyState === "complete"`)
		without = append(without, ms)
		ms, after, shift := measure(script(kommoSettings), ready)
		with, shifts = append(with, ms), append(shifts, shift)
		asked = after - before
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(with)-median(without), "main-thread-ms")
	b.ReportMetric(median(without), "bare-page-ms")
	b.ReportMetric(asked, "requests")
	b.ReportMetric(slices.Max(shifts), "shift")
}
