package sitechat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"leadline/backend/browsertest"
)

// answers lets the chat host take messages and say something back, as http-api.md §3 shows it; the stream is a few events.
func answers(s *site) {
	s.routes = func(chat *http.ServeMux) {
		chat.HandleFunc("POST /v1/messages", func(w http.ResponseWriter, r *http.Request) {
			var body struct {
				ClientID string `json:"client_id"`
				Text     string `json:"text"`
				Page     struct{ URL string }
			}
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("Authorization") != "Bearer visitor" {
				s.t.Errorf("message: %v, authorization %q", err, r.Header.Get("Authorization"))
			}
			s.note("message " + body.Text)
			if strings.Contains(body.Text, "refuse") {
				answer(w, http.StatusUnprocessableEntity, `{"error": {"code": "invalid_request", "message": "This cannot be sent.", "request_id": "1"}}`)
				return
			}
			text, _ := json.Marshal(body.Text)
			answer(w, http.StatusOK, fmt.Sprintf(`{"message": {"id": "in", "client_id": %q, "seq": 1, "rev": 1, "at": 1767225600123, "direction": "inbound", "kind": "text", "text": %s, "status": "sent"}}`, body.ClientID, text))
		})
		chat.HandleFunc("GET /v1/stream/events", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer visitor" || r.URL.Query().Get("cursor") == "" {
				s.t.Errorf("stream: authorization %q, query %q", r.Header.Get("Authorization"), r.URL.RawQuery)
			}
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, `data: {"type": "ready", "cursor": 0}`+"\n\n"+
				`data: {"type": "message", "message": {"id": "out", "seq": 2, "rev": 2, "at": 1767225660123, "direction": "outbound", "kind": "text", "text": "See https://example.test/a <b>now</b>", "status": "sent", "author": {"name": "Oleg"}}}`+"\n\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		chat.HandleFunc("POST /v1/receipts", func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Delivered, Seen int }
			_ = json.NewDecoder(r.Body).Decode(&body)
			s.note(fmt.Sprintf("delivered %d seen %d", body.Delivered, body.Seen))
			w.WriteHeader(http.StatusNoContent)
		})
	}
}

// panel opens the chat and returns its frame.
func (s *site) panel() *site {
	s.t.Helper()
	s.until(ready)
	s.run(`document.querySelector(".amo-button--main").click()`)
	return s.frame()
}

// frame returns the frame of the panel that was opened.
func (s *site) frame() *site {
	s.t.Helper()
	frame := &site{t: s.t, chat: s.chat, page: s.page}
	waitFor(s.t, func() bool {
		targets, err := chromedp.Targets(s.ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, target := range targets {
			if strings.HasPrefix(target.URL, s.chat.URL+"/v1/frame/") {
				ctx, cancel := chromedp.NewContext(s.ctx, chromedp.WithTargetID(target.TargetID))
				s.t.Cleanup(cancel)
				frame.ctx = ctx
				return true
			}
		}
		return false
	})
	frame.until(`document.querySelector(".sc-composer")`)
	return frame
}

func TestAMessageGoesOutAndAnAnswerComesIn(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings), answers)
	p := s.panel()
	p.until(`document.activeElement.matches("textarea")`) // a person opened it: the focus is where one writes
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent("Hello\r")); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector(".sc-message--inbound .sc-message__meta")?.textContent.includes("Sent")`) // WIN-1
	p.value(`[document.querySelector("textarea").value, document.querySelector(".sc-day").textContent]`, []string{"", "01.01.2026"})
	s.until(`/amo-livechat-id=[0-9a-f]{32}$/.test(document.cookie)`) // VIS-1: who wrote is known again
	if n := s.askedFor("message Hello"); n != 1 {
		t.Errorf("sent %d times", n)
	}
	// The socket is refused here: the stream of events brings the answer, as text (SEC-9), and its receipts go back (MAP-3).
	p.until(`document.querySelector(".sc-message--outbound")`)
	p.value(`(({textContent, children: [a]}) => [textContent, a.href, a.rel, a.target])(document.querySelector(".sc-message--outbound .sc-message__text"))`,
		[]string{"See https://example.test/a <b>now</b>", "https://example.test/a", "noopener noreferrer", "_blank"})
	waitFor(t, func() bool { return s.askedFor("delivered 2 seen 2") == 1 })
	// What is refused for good says why and can be tried again.
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent("refuse\r")); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector(".sc-message--error .sc-message__error")?.textContent === "This cannot be sent."`)
	p.run(`document.querySelector(".sc-message__retry").click()`)
	waitFor(t, func() bool { return s.askedFor("message refuse") == 2 })
	// Escape closes and gives the focus back (WIN-7).
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent("\x1b")); err != nil {
		t.Fatal(err)
	}
	s.until(`document.querySelector(".amo-livechat_hidden") && document.activeElement.matches(".amo-button--main")`)
}

func TestWhatCouldNotBeSentGoesOutAfterAReloadUnderTheSameID(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	ids := map[string]int{}
	down, page := true, ""
	s := visit(t, script(kommoSettings), func(s *site) {
		s.routes = func(chat *http.ServeMux) {
			chat.HandleFunc("POST /v1/messages", func(w http.ResponseWriter, r *http.Request) {
				var body struct {
					ClientID string `json:"client_id"`
					Page     struct{ URL string }
				}
				_ = json.NewDecoder(r.Body).Decode(&body)
				mu.Lock()
				defer mu.Unlock()
				ids[body.ClientID]++
				page = body.Page.URL
				if down {
					answer(w, http.StatusServiceUnavailable, `{"error": {"code": "storage_unavailable", "message": "Try again later.", "request_id": "1"}}`)
					return
				}
				answer(w, http.StatusOK, `{"message": {"id": "in", "client_id": "`+body.ClientID+`", "seq": 1, "rev": 1, "at": 1767225600123, "direction": "inbound", "kind": "text", "text": "Hello", "status": "sent"}}`)
			})
		}
	})
	p := s.panel()
	p.until(`document.activeElement.matches("textarea")`)
	s.run(`history.pushState(null, "", "/#cups")`) // EMB-23
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent("Hello\r")); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector(".sc-message--sending .sc-message__meta")?.textContent.includes("Sending")`)
	waitFor(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(ids) > 0 })
	mu.Lock()
	down = false
	mu.Unlock()
	if err := chromedp.Do(s.ctx, chromedp.Navigate(s.page.URL+"/?again")); err != nil {
		t.Fatal(err)
	}
	p = s.panel()
	p.until(`document.querySelector(".sc-message--inbound .sc-message__meta")?.textContent.includes("Sent")`)
	mu.Lock()
	defer mu.Unlock()
	if len(ids) != 1 || page != s.page.URL+"/#cups" {
		t.Errorf("sent under the ids %v from the page %s", ids, page)
	}
}

func TestATicketThatRanOutIsReplaced(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings), answers, func(s *site) {
		s.refuse = func(n int) (int, string) {
			if n == 1 {
				return http.StatusUnauthorized, "ticket_invalid"
			}
			return 0, ""
		}
	})
	s.panel()
	waitFor(t, func() bool { return s.askedFor("session") == 2 && s.askedFor("config 1042") == 2 })
}

func TestAChatThatTakesNoMessagesSaysSo(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings), answers, func(s *site) {
		s.refuse = func(int) (int, string) { return http.StatusForbidden, "chat_unavailable" }
	})
	p := s.panel()
	p.until(`document.querySelector(".sc-notice").textContent`)
	p.value(`getComputedStyle(document.querySelector(".sc-composer")).display`, "none")
	if n := s.askedFor("session"); n != 1 {
		t.Errorf("asked for a session %d times after a refusal", n)
	}
}

// SEC-6: a page of another origin than the ticket's is not spoken with.
func TestAPanelWorksOnlyForTheOriginOfItsTicket(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings), answers, func(s *site) { s.origin = "https://other.example.test" })
	p := s.panel()
	p.until(`document.querySelector(".sc-notice").textContent`)
	p.value("localStorage.length", 0)
}

func TestWhatComesWhileTheChatIsClosedIsCountedAndShown(t *testing.T) {
	t.Parallel()
	s := visit(t, `<script>document.cookie = "amo-livechat-id=abc"</script>`+script(kommoSettings), answers)
	s.until(`document.querySelector(".amo-button-greeting-badge")?.textContent === "1"`)
	s.value(`[document.querySelector(".amo-livechat_bubble span").textContent, document.querySelector(".amo-button--main").getAttribute("aria-label"), document.title]`,
		[]string{"See https://example.test/a <b>now</b>", "Shop support: 1", "Shop"}) // WIN-4, WIN-5
	s.run(`document.querySelector(".amo-livechat_bubble button").click()`)
	s.until(`document.querySelector(".amo-livechat_chat") && !document.querySelector(".amo-livechat_bubble")`)
	s.until(`document.querySelector(".amo-button-greeting-badge").textContent === ""`) // seen for a second
}

func TestOnAPhoneTheChatFillsTheScreen(t *testing.T) {
	t.Parallel()
	s := visit(t, `<meta name=viewport content="width=device-width">`+script(kommoSettings), answers, func(s *site) { s.phone = true })
	p := s.panel() // WIN-6
	s.until(`(({left, top, width, height}) => [left, top, width, height].join() === [0, 0, innerWidth, innerHeight].join())(document.querySelector("#amo-livechat").getBoundingClientRect())`)
	s.value(`[document.querySelector("#amo-livechat").ariaModal, getComputedStyle(document.querySelector(".amo-button-holder")).visibility, getComputedStyle(document.documentElement).overflowY]`, []string{"true", "hidden", "hidden"})
	p.value(`parseFloat(getComputedStyle(document.querySelector("textarea")).fontSize) >= 16`, true)
	p.run(`document.querySelector(".sc-header__close").click()`)
	s.until(`document.querySelector(".amo-livechat_hidden") && getComputedStyle(document.documentElement).overflowY !== "hidden"`)
}

func TestAccessibility(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		browsertest.Missing(t, "no axe-core (npm ci): the accessibility of the site chat was not looked at")
	}
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := visit(t, `<html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), answers)
			p := s.panel()
			for _, ctx := range []context.Context{s.ctx, p.ctx} {
				features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
				if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
					t.Fatal(err)
				}
			}
			if err := chromedp.Do(s.ctx, chromedp.KeyEvent("refuse\r")); err != nil {
				t.Fatal(err)
			}
			p.until(`document.querySelector(".sc-message__retry") && document.querySelector(".sc-message--outbound")`)
			for _, where := range []*site{p, s} {
				where.run(string(axe))
				got, err := chromedp.Run(where.ctx, chromedp.Evaluate[[]string](`axe.run().then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + " " + n.html)))`, chromedp.EvalAwaitPromise))
				if err != nil || len(got) > 0 {
					t.Errorf("axe: %v %q", err, got)
				}
			}
			// WCAG 2.5.8: targets of 24 px or more.
			p.value(`[...document.querySelectorAll("button, textarea")].filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect()).filter((r) => r.width < 24 || r.height < 24).length`, 0)
		})
	}
}
