package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox/crmpage"
)

const backgroundPath = "/widget/v1/background"

// quickly makes the waits of the widget's background work shorter, fifty times
// those between two requests (60 s: 1.2 s), and notes how long they were to be.
// Switches of a page: whether the notification centre keeps nothing, by how much
// the clock is later, and whether the browser has no locks.
const quickly = `(() => {
	const real = window.setTimeout;
	const notes = { delays: [], inboxFails: false, calls: %d, later: 0 };
	const clock = Date.now;
	Date.now = () => clock() + notes.later;
	Object.defineProperty(window, "__test", { value: notes });
	window.setTimeout = function (act, ms, ...rest) {
		const from = new Error().stack.split("\n").find((line) => /\/lib\/[a-z]+\.js|\/library\//.test(line)) ?? "";
		if (from.includes("/lib/background.js")) notes.delays.push(ms);
		return real.call(window, act, from.includes("/lib/background.js") ? ms / 50 : from.includes("/lib/calls.js") ? ms / notes.calls : ms, ...rest);
	};
	const open = XMLHttpRequest.prototype.open;
	XMLHttpRequest.prototype.open = function (method, address, ...rest) {
		return open.call(this, method, notes.inboxFails && String(address).includes("/inbox/add/") ? "/no/such/address/" : address, ...rest);
	};
	if (%t) Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined });
})()`

// news is one request of the widget's background work.
type news struct {
	Language  string
	Hidden    bool
	Operators map[string]bool
	Told      []string
	Calls     []struct{ ID, State string }
}

// server answers background requests by a script of the test.
type server struct {
	mu     sync.Mutex
	status int
	header map[string]string
	answer map[string]any
	got    []news
}

func (s *server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	rw.Header().Set("Access-Control-Allow-Headers", "X-Auth-Token, Content-Type, Accept-Language")
	rw.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	if r.Method == http.MethodOptions {
		rw.WriteHeader(http.StatusNoContent)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var n news
	if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 8<<10)).Decode(&n); err != nil || r.Method != http.MethodPost || r.Header.Get("X-Auth-Token") == "" {
		http.Error(rw, "not a background request", http.StatusBadRequest)
		return
	}
	s.got = append(s.got, n)
	for name, value := range s.header {
		rw.Header().Set(name, value)
	}
	rw.Header().Set("Content-Type", "application/json")
	if s.status != 0 {
		rw.WriteHeader(s.status)
		fmt.Fprint(rw, `{"error":{"code":"internal","message":"An error on the server's side.","request_id":"1"}}`)
		return
	}
	answer := maps.Clone(s.answer)
	if period, ok := answer["period"].(int); ok && n.Hidden {
		answer["period"] = 5 * period
	}
	_ = json.NewEncoder(rw).Encode(answer)
}

// say sets what is answered from now on.
func (s *server) say(status int, header map[string]string, errors, calls []map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.header = status, header
	s.answer = map[string]any{"period": 60, "errors": append([]map[string]any{}, errors...), "calls": append([]map[string]any{}, calls...)}
}

func (s *server) requests() []news {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// states lists what was reported of a call, in order.
func (s *server) states(call string) string {
	var all []string
	for _, n := range s.requests() {
		for _, c := range n.Calls {
			if c.ID == call {
				all = append(all, c.State)
			}
		}
	}
	return strings.Join(all, " ")
}

// office is an account with the widget installed, its users' pages and a server
// that the test plays.
type office struct {
	*world
	front   *front
	server  *server
	browser *tab
	script  string
}

type officeSetup struct {
	callScale int  // how much shorter the waits of lib/calls.js are; 1 when 0
	noLocks   bool // browsers without Web Locks
}

func newOffice(t *testing.T, s officeSetup) *office {
	t.Helper()
	w := newWorld(t, setup{login: true})
	w.withWidget("amocrm")
	w.connected()
	front := w.behindAFront()
	o := w.office(s)
	o.front = front
	o.server.say(0, nil, nil, nil)
	front.play(backgroundPath, o.server)
	return o
}

// office is one browser of the world, where the widget is installed and asks the
// world's own server.
func (w *world) office(s officeSetup) *office {
	w.t.Helper()
	o := &office{world: w, server: &server{}, script: fmt.Sprintf(quickly, max(s.callScale, 1), s.noLocks)}
	o.installed("Y", "installed")
	o.browser = w.chromium(nil)
	o.hurry(o.browser)
	return o
}

func (o *office) installed(active, status string) {
	o.box.World().SaveWidget(accountID, widget, crmpage.WidgetState{Status: status, Active: active, Settings: fmt.Sprintf(`{"service_login":%q}`, login)})
}

func (o *office) hurry(b *tab) {
	o.t.Helper()
	if _, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: o.script}); err != nil {
		o.t.Fatal(err)
	}
}

// another opens one more tab of the same browser.
func (o *office) another(path string) *tab {
	o.t.Helper()
	b := o.browser.open("about:blank")
	o.hurry(b)
	o.at(b, path)
	return b
}

// at opens a page of the CRM by its address.
func (o *office) at(b *tab, path string) {
	o.t.Helper()
	b.visit("https://" + crmHost + path)
	o.ready(b)
}

func (o *office) ready(b *tab) {
	o.t.Helper()
	until(o.t, "the CRM's page", func() bool { return js[bool](b, `!!(window.__crm && __crm.ready)`) })
}

// move changes the area inside the page (W §4.3).
func (o *office) move(b *tab, path string) {
	o.t.Helper()
	js[any](b, fmt.Sprintf(`(__crm.go(%q), null)`, path))
	o.ready(b)
}

// look makes a tab seen or hidden, as switching tabs does.
func (o *office) look(b *tab, seen bool) {
	o.t.Helper()
	js[any](b, fmt.Sprintf(`(Object.defineProperty(document, "hidden", { configurable: true, get: () => %t }),
		document.dispatchEvent(new Event("visibilitychange")), null)`, !seen))
}

// asked counts the background requests of one tab since it was loaded.
func (o *office) asked(b *tab) int {
	o.t.Helper()
	return js[int](b, `performance.getEntriesByType("resource").filter((r) => r.initiatorType === "xmlhttprequest" && r.name.endsWith("`+backgroundPath+`")).length`)
}

// asksMore waits for further requests of a tab.
func (o *office) asksMore(b *tab, more int) {
	o.t.Helper()
	from := o.asked(b)
	until(o.t, "further requests", func() bool { return o.asked(b) >= from+more })
}

// rounds waits until the server has answered n further requests.
func (o *office) rounds(n int) {
	o.t.Helper()
	from := len(o.server.requests())
	until(o.t, "answers of the server", func() bool { return len(o.server.requests()) >= from+n })
}

// notes are the calls of APP.notifications in one tab, as JSON.
func (o *office) notes(b *tab) []string {
	o.t.Helper()
	return js[[]string](b, `__crm.notes.map((n) => JSON.stringify(n))`)
}

// left lists what a destroyed widget left behind: timers and locks.
func (o *office) left(b *tab) []string {
	o.t.Helper()
	return js[[]string](b, `navigator.locks.query().then((all) => [...all.held, ...all.pending].map((l) => "lock " + l.name)
		.concat(__crm.timeoutsOf("`+widget+`").map((f) => "timer of " + f)))`)
}

func (o *office) clean() {
	o.t.Helper()
	o.noBreaches()
}

// trouble is one incident as the server sends it.
func trouble(id, text string) map[string]any {
	return map[string]any{"id": id, "header": "Leadline", "text": text, "link": "https://help.example.org/leadline"}
}

// wish is one request to be called back, as the server sends it.
func wish(id string, change map[string]any) map[string]any {
	c := map[string]any{
		"id": id, "state": "waiting", "mine": false, "phone": "+1 (555) 010-0199", "name": "Pavel Sidorov",
		"header": "Call back", "text": "Please call after six", "link": "https://" + crmHost + "/leads/detail/101",
		"at": time.Now().Add(-time.Minute).Unix(), "responsible": agentID, "element": map[string]any{"id": 101, "type": 2},
	}
	for k, v := range change {
		c[k] = v
	}
	return c
}
