package sitechat

import (
	"context"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"leadline/backend/browsertest"
)

var (
	warm = color.RGBA{255, 200, 120, 255}
	cool = color.RGBA{120, 190, 255, 255}
)

// shot keeps a picture of the page among the artefacts.
func (s *site) shot(name string) {
	s.t.Helper()
	dir := os.Getenv("LEADLINE_ARTIFACTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, browsertest.Patience)
	defer cancel()
	// Pictures are loaded with the frames that a first look makes; the second one shows them.
	if _, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err != nil {
		s.t.Log("screenshot: ", err)
		return
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		dir = filepath.Join(dir, "sitechat")
		_ = os.MkdirAll(dir, 0o755)
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		s.t.Log("screenshot: ", err)
	}
}

// scheme makes pages light or dark, without motion.
func scheme(t *testing.T, name string, where ...*site) {
	t.Helper()
	for _, s := range where {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}}
		if _, err := chromedp.Call(s.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			t.Fatal(err)
		}
	}
}

// axe fails on every finding in the panel, and on what does not fit.
func (s *site) axe(what string) {
	s.t.Helper()
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		browsertest.Missing(s.t, "no axe-core (npm ci): the accessibility of the site chat was not looked at")
	}
	s.run(string(axe))
	got, err := chromedp.Run(s.ctx, chromedp.Evaluate[[]string](`axe.run().then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + " " + n.html + " " + n.failureSummary)))`, chromedp.EvalAwaitPromise))
	if err != nil || len(got) > 0 {
		s.t.Errorf("%s: axe: %v %q", what, err, got)
	}
	s.fits()
}

// fits fails on targets smaller than 24 px (WCAG 2.5.8) and on what is wider than the panel.
func (s *site) fits() {
	s.t.Helper()
	s.value(`[...document.querySelectorAll("button, textarea, a:not(.sc-message__link), input[type=range]")].filter((e) => e.checkVisibility()).filter((e) => { const r = e.getBoundingClientRect(); return r.width < 24 || r.height < 24 }).map((e) => e.className)`, []string{})
	s.value(`document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll(".sc-message *")].every((e) => e.getBoundingClientRect().right <= innerWidth + 1)`, true)
}

// history is a conversation in which everything occurs that an operator may send.
func (h *host) everything() {
	lamp, night := picture(1200, 800, warm), picture(600, 900, cool)
	h.says(message{"text": "Good day! Here is the lamp."})
	h.says(message{"kind": "picture", "text": "The brass one", "file": h.holds(lamp), "reactions": []map[string]string{{"emoji": "👍", "by": "operator"}}})
	for _, f := range []stored{lamp, night, night} {
		h.says(message{"kind": "picture", "file": h.holds(f), "group": "g1"})
	}
	h.says(message{"kind": "voice", "file": h.holds(sound("voice", 3*time.Second))})
	song := sound("audio", 2*time.Second)
	song.durationMS = 0
	h.says(message{"kind": "audio", "file": h.holds(song)})
	h.says(message{"kind": "video", "file": h.holds(stored{name: "clip.mp4", contentType: "video/mp4", kind: "video", bytes: sound("audio", time.Second).bytes, width: 640, height: 360, durationMS: 1000})})
	h.says(message{"kind": "file", "file": h.holds(stored{name: "price list of all our lamps, spring and summer.pdf", contentType: "application/pdf", kind: "file", bytes: []byte(strings.Repeat("%PDF", 40000))})})
	h.says(message{"kind": "sticker", "file": h.holds(stored{name: "s.png", contentType: "image/png", kind: "sticker", bytes: night.bytes, width: 300, height: 300})})
	h.says(message{"kind": "location", "location": map[string]float64{"lat": 55.75, "lon": 37.61}})
	h.says(message{"kind": "contact", "text": "Ivan", "card": map[string]string{"name": "Ivan", "phone": "+7 999 123-45-67"}})
	h.says(message{"kind": "picture", "file": "loading 1"})
	h.says(message{"kind": "picture", "file": "failed 1"})
	h.says(message{"kind": "text", "text": "As I said", "reply_to": map[string]string{"id": "m1", "direction": "outbound", "kind": "text", "text": "Good day! Here is the lamp.", "author": "Oleg Petrov"}})
	h.says(message{"kind": "text", "text": "And this", "reply_to": map[string]string{"direction": "inbound", "kind": "picture", "text": ""}})
	h.says(message{"kind": "text", "text": "From the shop:", "forwards": []map[string]string{{"kind": "text", "text": "our price list", "author": "Shop"}, {"kind": "picture", "text": ""}}})
	h.says(message{"kind": "text", "text": "This text was changed", "edited_at": time.Now().UnixMilli()})
	h.says(message{"kind": "text", "text": "Will you take it?", "markup": map[string]any{"buttons": [][]map[string]string{{{"text": "Confirm"}, {"text": "Later"}}, {{"text": "Site", "url": "https://shop.example.test/"}}, {{"text": "Bad", "url": "javascript:alert(1)"}}}}})
	h.says(message{"kind": "text", "text": "Choose a shade", "markup": map[string]any{"list": map[string]any{"header": "Shades", "body": "Choose a shade", "footer": "All in stock", "button": "Open the list",
		"sections": []map[string]any{{"title": "Glass", "rows": []map[string]string{{"title": "White", "description": "Matt, 20 cm", "callback_data": "w"}, {"title": "Green", "callback_data": "g"}}}}}}})
	h.says(message{"kind": "text", "text": "Where do you ship?", "post": map[string]string{"id": "p-1", "url": "https://social.example.test/p/1", "caption": "New lamps"}})
	h.says(message{"kind": "hologram", "text": "An unknown kind is its text"})
	h.says(message{"kind": "ended", "text": "", "author": map[string]any{"name": ""}})
}

// WIN-3: texts, pictures, videos, files, voice and the rest.
func TestEveryKindIsShown(t *testing.T) {
	t.Parallel()
	h := &host{}
	s := visit(t, `<html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), chatting(h), func(*site) { h.everything() })
	p := s.panel()
	scheme(t, "light", s, p)
	p.until(`document.querySelector(".sc-ended")`)
	row := func(n int) string { return fmt.Sprintf(`document.querySelectorAll(".sc-message")[%d]`, n) }
	// A picture keeps its room before it is loaded, and its caption is a text.
	p.value(`((r) => [r.querySelector("img").width, r.querySelector("img").height, r.querySelector(".sc-message__text").textContent, r.querySelector(".sc-picture").getAttribute("aria-label"), r.querySelector(".sc-reaction").textContent])(`+row(1)+`)`,
		[]any{240, 160, "The brass one", "Open Picture lamp.png", "👍"})
	p.value(row(2)+`.querySelectorAll(".sc-album .sc-picture").length`, 3)
	p.value(`((r) => [r.querySelector("[role=group]").getAttribute("aria-label"), r.querySelector(".sc-player__time").textContent, r.querySelector("input").getAttribute("aria-valuetext"), r.querySelector("button").title])(`+row(3)+`)`,
		[]string{"Voice message", "0:03", "0:00 / 0:03", "Play"})
	p.until(row(4) + `.querySelector(".sc-player__time").textContent === "0:02"`) // its length is found by loading it
	p.value(`(({controls, preload, playsInline, poster, width, height}) => [controls, preload, playsInline, width, height])(`+row(5)+`.querySelector("video"))`, []any{true, "metadata", true, 240, 135})
	p.value(`((a) => [a.download, a.querySelector(".sc-file__about").textContent, new URL(a.href).pathname])(`+row(6)+`.querySelector("a.sc-file"))`,
		[]string{"price list of all our lamps, spring and summer.pdf", "PDF · 160 kB", "/v1/files/f8"})
	p.value(row(7)+`.querySelector(".sc-sticker").alt`, "Sticker")
	p.value(`((a) => [a.href, a.rel, a.target, a.querySelector(".sc-file__about").textContent])(`+row(8)+`.querySelector("a.sc-file"))`,
		[]string{"https://www.openstreetmap.org/?mlat=55.75&mlon=37.61#map=16/55.75/37.61", "noopener noreferrer", "_blank", "55.75000, 37.61000"})
	p.value(`((r) => [r.querySelector(".sc-file__name").textContent, r.querySelector("a").href, r.querySelector(".sc-message__text")])(`+row(9)+`)`, []any{"Ivan", "tel:+79991234567", nil})
	p.value(`[`+row(10)+`, `+row(11)+`].map((r) => r.querySelector(".sc-file").textContent)`, []string{"Picture · Loading…", "Picture · The file could not be loaded."})
	p.value(`((r) => [r.querySelector("button.sc-quote .sc-quote__text").textContent, r.querySelector(".sc-quote__author").textContent])(`+row(12)+`)`, []string{"Good day! Here is the lamp.", "Oleg Petrov"})
	p.value(`((r) => [r.querySelector("div.sc-quote .sc-quote__text").textContent, r.querySelector(".sc-quote__author").textContent])(`+row(13)+`)`, []string{"Picture", "You"})
	p.value(`[...`+row(14)+`.querySelectorAll("blockquote")].map((q) => [...q.children].map((c) => c.textContent))`, [][]string{{"Forwarded from Shop", "our price list"}, {"Forwarded", "Picture"}})
	p.value(row(15)+`.querySelector(".sc-message__meta").textContent.startsWith("edited · ")`, true)
	// A link of another scheme is no button (SEC-9).
	p.value(`[...`+row(16)+`.querySelectorAll(".sc-choice")].map((b) => b.tagName === "A" ? [b.textContent, b.href, b.rel, b.target] : b.textContent)`,
		[]any{"Confirm", "Later", []string{"Site", "https://shop.example.test/", "noopener noreferrer", "_blank"}})
	p.value(`[...`+row(17)+`.querySelectorAll(".sc-list__header, .sc-message__text, .sc-list > *")].map((e) => e.textContent)`, []string{"Shades", "Choose a shade", "All in stock", "Open the list"})
	p.value(`((a) => [a.href, [...a.children].map((c) => c.textContent)])(`+row(18)+`.querySelector("a.sc-quote"))`, []any{"https://social.example.test/p/1", []string{"Comment on a post", "New lamps"}})
	p.value(row(19)+`.querySelector(".sc-message__text").textContent`, "An unknown kind is its text")
	p.value(`[document.querySelector(".sc-ended").textContent.startsWith("The conversation was ended · "), document.querySelector(".sc-message__avatar").textContent]`, []any{true, "OP"})
	// Nothing was asked of other hosts.
	p.value(`performance.getEntriesByType("resource").filter((e) => new URL(e.name).host !== location.host).length`, 0)
	for _, tone := range []string{"light", "dark"} {
		scheme(t, tone, s, p)
		p.axe(tone)
		for i, at := range []string{"0", "0.34", "0.67", "1"} {
			p.run(`((b) => b.scrollTo(0, (b.scrollHeight - b.clientHeight) * ` + at + `))(document.querySelector(".sc-scroll"))`)
			s.shot(fmt.Sprintf("kinds-desktop-%s-%d", tone, i+1))
		}
	}
}

func TestEveryKindFitsPhones(t *testing.T) {
	t.Parallel()
	for _, width := range []int64{375, 320} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			h := &host{}
			s := visit(t, `<meta name=viewport content="width=device-width"><html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), chatting(h), func(s *site) { s.phone = true; h.everything() })
			if err := chromedp.Do(s.ctx, chromedp.EmulateViewport(width, 667, chromedp.EmulateMobile, chromedp.EmulateTouch)); err != nil {
				t.Fatal(err)
			}
			p := s.panel()
			p.until(`document.querySelector(".sc-ended")`)
			for _, tone := range []string{"light", "dark"} {
				scheme(t, tone, s, p)
				// Contrast depends on the scheme, and not on the width.
				p.fits()
				for i, at := range []string{"0", "0.3", "0.55", "0.8", "1"} {
					p.run(`((b) => b.scrollTo(0, (b.scrollHeight - b.clientHeight) * ` + at + `))(document.querySelector(".sc-scroll"))`)
					s.shot(fmt.Sprintf("kinds-%d-%s-%d", width, tone, i+1))
				}
			}
		})
	}
}

func TestEveryKindFitsInEveryLanguage(t *testing.T) {
	t.Parallel()
	for lang, ended := range map[string]string{"ru": "Беседа завершена", "es": "La conversación ha finalizado", "pt": "A conversa foi encerrada"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			h := &host{}
			s := visit(t, `<meta name=viewport content="width=device-width"><html lang="`+lang+`"><main><h1>Shop</h1></main>`+script(kommoSettings), chatting(h),
				func(s *site) { s.phone, s.locale = true, lang; h.everything() })
			if err := chromedp.Do(s.ctx, chromedp.EmulateViewport(320, 568, chromedp.EmulateMobile, chromedp.EmulateTouch)); err != nil {
				t.Fatal(err)
			}
			p := s.panel()
			p.until(`document.documentElement.lang === "` + lang + `" && document.querySelector(".sc-ended")?.textContent.startsWith("` + ended + `")`)
			p.axe(lang)
			p.run(`document.querySelector(".sc-scroll").scrollTo(0, 900)`)
			s.shot("kinds-320-" + lang)
			p.run(`document.querySelector(".sc-header__button").click()`)
			p.until(`document.querySelector("[role=menu] button")`)
			p.run(`[...document.querySelectorAll("[role=menu] button")].pop().click()`)
			p.until(`document.querySelector("dialog[open]")`)
			p.fits()
			s.shot("end-320-" + lang)
		})
	}
}

func TestNothingMovesWhilePicturesLoad(t *testing.T) {
	t.Parallel()
	h := &host{}
	s := visit(t, script(kommoSettings), chatting(h), func(*site) { h.everything() })
	p := s.panel()
	p.until(`document.querySelector(".sc-ended")`)
	// The stream's way is found, and the banner that told of it is gone.
	waitFor(t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.streams) > 0 })
	p.until(`document.querySelector(".sc-banner").textContent === ""`)
	p.run(`moved = 0; movers = []; new PerformanceObserver((list) => list.getEntries().forEach((e) => { moved += e.value; e.sources.forEach((s) => movers.push(s.node?.outerHTML?.slice(0, 80))) })).observe({type: "layout-shift"});
		document.querySelector(".sc-scroll").scrollTo(0, 0)`)
	// Screenshots make the frames in which pictures that come into sight are loaded.
	waitFor(t, func() bool {
		if _, err := chromedp.Run(s.ctx, chromedp.CaptureScreenshot()); err != nil {
			t.Fatal(err)
		}
		loaded, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`document.querySelector(".sc-picture img").naturalWidth > 0`))
		return err == nil && loaded
	})
	p.value(`[moved, movers]`, []any{0, []string{}})
}

func TestForcedColours(t *testing.T) {
	t.Parallel()
	h := &host{}
	s := visit(t, `<html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), chatting(h), func(*site) { h.everything() })
	p := s.panel()
	for _, where := range []*site{s, p} {
		features := []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-reduced-motion", Value: "reduce"}}
		if _, err := chromedp.Call(where.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			t.Fatal(err)
		}
	}
	p.until(`document.querySelector(".sc-ended")`)
	p.value(`[".sc-message__text", ".sc-file", ".sc-player", ".sc-quote"].map((q) => getComputedStyle(document.querySelector(q)).borderTopStyle)`, []string{"solid", "solid", "solid", "solid"})
	for i, at := range []string{"0.2", "0.4", "0.9"} {
		p.run(`((b) => b.scrollTo(0, (b.scrollHeight - b.clientHeight) * ` + at + `))(document.querySelector(".sc-scroll"))`)
		s.shot(fmt.Sprintf("forced-colours-%d", i+1))
	}
}
