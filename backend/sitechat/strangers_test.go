package sitechat

import (
	"fmt"
	"net/http"
	"testing"
)

// SEC-6: the page and our frame believe each other alone, by source and by origin. Nobody else's words count: not those of
// another frame of the chat's own host, of the page itself, of what came into our frame, or of another frame of the page.
func TestSEC6(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings), answers, func(s *site) {
		known := s.routes
		s.routes = func(chat *http.ServeMux) {
			known(chat)
			chat.HandleFunc("GET /v1/other", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprint(w, `<!doctype html><title>Other</title><script>parent.postMessage({ leadline: 1, kind: "hide" }, "*")</script>`)
			})
		}
	})
	p := s.panel()
	p.until(`document.activeElement.matches("textarea")`)
	const open = `!!document.querySelector(".amo-livechat_chat")`
	s.until(open)
	// Who listens last is told last: what is counted here the loader, or the panel, has looked at.
	const count = `(heard = [], addEventListener("message", (e) => heard.push([e.data?.kind, e.origin, e.source === self])), null)`
	s.run(count)
	p.run(count)
	told := func(b *site, n int) {
		t.Helper()
		b.until(fmt.Sprintf(`heard.filter(([kind]) => ["hide", "said", "unread"].includes(kind)).length === %d`, n))
	}

	s.run(fmt.Sprintf(`(document.body.append(Object.assign(document.createElement("iframe"), { src: %q })), null)`, s.chat.URL+"/v1/other"))
	told(s, 1)
	s.value(`heard.find(([kind]) => kind === "hide").slice(1)`, []any{s.chat.URL, false}) // its origin is the panel's
	s.value(open, true)
	s.run(`postMessage({ leadline: 1, kind: "hide" }, "*")`)
	told(s, 2)
	s.value(open, true)

	// To the panel: from another frame of the page, whose origin is the site's own, and from the page.
	said := func(text string) string {
		return fmt.Sprintf(`(top.document.querySelector("#amo-livechat iframe").contentWindow.postMessage({ leadline: 1, kind: "said", text: %q }, %q), null)`, text, s.chat.URL)
	}
	s.run(fmt.Sprintf("(document.body.append(Object.assign(document.createElement('iframe'), { srcdoc: `<script>%s</script>` })), null)", said("forged")))
	told(p, 1)
	p.value(`heard.find(([kind]) => kind === "said")[1]`, s.page.URL)
	s.run(said("real"))
	told(p, 2)
	waitFor(t, func() bool { return s.askedFor("message real") == 1 })
	if n := s.askedFor("message forged"); n != 0 {
		t.Errorf("the panel sent what another frame of the page said, %d times", n)
	}

	// The panel itself is believed; what takes its place in the frame is not.
	p.run(`document.querySelector(".sc-header__close").click()`)
	s.until(`document.querySelector(".amo-livechat_hidden")`)
	s.run(`heard.length = 0`)
	s.run("(document.querySelector('#amo-livechat iframe').srcdoc = `<script>parent.postMessage({ leadline: 1, kind: 'unread', count: 7 }, '*')</script>`, null)")
	told(s, 1)
	s.value(`[heard.find(([kind]) => kind === "unread")[1], document.querySelector(".amo-button-greeting-badge")?.textContent === "7"]`, []any{s.page.URL, false})
}
