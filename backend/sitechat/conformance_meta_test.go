package sitechat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// metaHost is a chat host that takes messages and what the site told, and notes both in order.
type metaHost struct {
	mu     sync.Mutex
	calls  []string
	known  map[string]int // messages by the client's id: a repeat is the same message
	metas  []map[string]any
	seen   []map[string]any // tracking data
	status int              // of meta; 0 is 204
}

func (h *metaHost) routes(s *site) {
	h.known = map[string]int{}
	s.routes = func(chat *http.ServeMux) {
		chat.HandleFunc("POST /v1/meta", func(w http.ResponseWriter, r *http.Request) {
			var in struct{ Meta, Tracking map[string]any }
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("Authorization") != "Bearer visitor" {
				s.t.Errorf("meta: %v, authorization %q", err, r.Header.Get("Authorization"))
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			h.calls = append(h.calls, "meta")
			h.metas, h.seen = append(h.metas, in.Meta), append(h.seen, in.Tracking)
			if h.status != 0 {
				answer(w, h.status, `{"error": {"code": "meta_closed", "message": "No.", "request_id": "1"}}`)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		})
		chat.HandleFunc("POST /v1/messages", func(w http.ResponseWriter, r *http.Request) {
			var body struct {
				ClientID string `json:"client_id"`
				Text     string
			}
			_ = json.NewDecoder(r.Body).Decode(&body)
			h.mu.Lock()
			n, again := h.known[body.ClientID]
			if !again {
				h.calls = append(h.calls, body.Text)
				n = len(h.calls)
				h.known[body.ClientID] = n
			}
			h.mu.Unlock()
			answer(w, http.StatusOK, fmt.Sprintf(`{"message": {"id": "in%d", "client_id": %q, "seq": %d, "rev": %d, "at": 1767225600123, "direction": "inbound", "kind": "text", "text": %q, "status": "sent"}}`, n, body.ClientID, n, n, body.Text))
		})
	}
}

// wrote waits for a list of calls.
func (h *metaHost) wrote(t *testing.T, want ...string) {
	t.Helper()
	waitFor(t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.calls) >= len(want) })
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.calls, want) {
		t.Errorf("the server was asked for %q, want %q", h.calls, want)
	}
}

// last is what was told last, as JSON.
func (h *metaHost) last(t *testing.T, want string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.metas) == 0 {
		t.Fatal("nothing was told")
	}
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(h.metas[len(h.metas)-1])
	if again, _ := json.Marshal(wanted); string(got) != string(again) {
		t.Errorf("told %s\nwant %s", got, again)
	}
}

// writes sends a text from the panel.
func (s *site) writes(text string) {
	s.t.Helper()
	s.until(`document.querySelector("textarea")`)
	s.run(`(() => { const input = document.querySelector("textarea"); input.value = ` + fmt.Sprintf("%q", text) + `; input.dispatchEvent(new Event("input", {bubbles: true})); input.form.requestSubmit() })()`)
}

// record is a whole record of META-6's shape.
func record(parts string) string {
	var all map[string]any
	_ = json.Unmarshal([]byte(`{"note": [], "contact": {"name": "", "custom_fields": []}, "lead": {"name": "", "custom_fields": []}, "bot_params": {}}`), &all)
	var own map[string]any
	if err := json.Unmarshal([]byte(parts), &own); err != nil {
		panic(err)
	}
	for k, v := range own {
		all[k] = v
	}
	raw, _ := json.Marshal(all)
	return string(raw)
}

const metaPage = `<script>SETTINGS OBJ.setMeta = function (data) { this.params = this.params || []; this.params.push(data) }; STUB</script>`

// META-1: a field of the CRM that has a value is not overwritten. Here: what the page told goes to the server whole, and that fills
// only what is empty.
func TestMETA1(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		h := &metaHost{}
		s := visitIn(t, d, metaPage+`<script>
			OBJ.setMeta({note: {text: "Came from the ad", element_type: 2, note_type: "common"}});
			OBJ.setMeta({contact: {name: "Anna", custom_fields: [{id: 11, values: [{value: "Moscow", subtype: "city"}]}, {code: "PHONE", values: [{value: "+79990001122", enum: "WORK"}]}]}});
			OBJ.setMeta({lead: {name: "Lamp", sale: 1500, custom_fields: [{id: 12, values: [{value: "red", enum: 7}]}]}, bot_params: {plan: {id: 1}}})</script>TAG`, h.routes)
		s.panel().writes("Hello")
		h.wrote(t, "meta", "Hello")
		h.last(t, `{"note": [{"text": "Came from the ad", "element_type": 2, "note_type": "common"}],
			"contact": {"name": "Anna", "custom_fields": [{"id": 11, "values": [{"value": "Moscow", "subtype": "city"}]}, {"code": "PHONE", "values": [{"value": "+79990001122", "enum": "WORK"}]}]},
			"lead": {"name": "Lamp", "sale": 1500, "custom_fields": [{"id": 12, "values": [{"value": "red", "enum": 7}]}]}, "bot_params": {"plan": {"id": 1}}}`)
		s.silent()
	})
}

func TestMETA2(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// For 24 hours after the first data; then the panel's clock says that they are over.
		h := &metaHost{}
		s := visitIn(t, d, metaPage+`<script>OBJ.setMeta({lead: {sale: 1}})</script>TAG`, h.routes)
		p := s.panel()
		p.writes("one")
		h.wrote(t, "meta", "one")
		p.run(`shift = 24 * 3600e3 - 60e3; now = Date.now; Date.now = () => now.call(Date) + shift`)
		s.do(d, `OBJ.setMeta({lead: {sale: 2}})`)
		h.wrote(t, "meta", "one", "meta")
		p.run(`shift = 24 * 3600e3 + 1`)
		s.do(d, `OBJ.setMeta({lead: {sale: 3}})`)
		s.do(d, `told = OBJ.params.length`)
		p.writes("two")
		h.wrote(t, "meta", "one", "meta", "two")
		h.last(t, record(`{"lead": {"name": "", "sale": 2, "custom_fields": []}}`))
	})
	t.Run("the server says so", func(t *testing.T) {
		t.Parallel()
		h := &metaHost{status: http.StatusConflict}
		s := visitIn(t, Kommo, metaPage+`<script>OBJ.setMeta({lead: {sale: 1}})</script>TAG`, h.routes)
		p := s.panel()
		p.writes("one")
		h.wrote(t, "meta", "one") // the message goes out
		p.writes("two")
		h.wrote(t, "meta", "one", "two")
	})
}

func TestMETA3(t *testing.T) {
	t.Parallel()
	// The embed code of before 2019 has no setMeta; ours works with it (EMB-17).
	inBoth(t, func(t *testing.T, d Dialect) {
		h := &metaHost{}
		s := visitIn(t, d, `<script>var OBJ = {id: 1042, hash: "HASH", locale: "en"}</script>TAG`, h.routes)
		s.until(ready)
		s.do(d, `OBJ.setMeta({contact: {name: "Anna"}})`)
		s.panel().writes("Hello")
		h.wrote(t, "meta", "Hello")
		h.last(t, record(`{"contact": {"name": "Anna", "custom_fields": []}}`))
	})
}

func TestMETA4(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// Nothing is sent by setMeta alone, nor by opening.
		h := &metaHost{}
		s := visitIn(t, d, metaPage+`<script>OBJ.setMeta({contact: {name: "Anna"}})</script>TAG`, h.routes)
		p := s.panel()
		s.do(d, `OBJ.setMeta({contact: {name: "Anna P."}})`)
		p.until(`document.querySelector(".sc-welcome:not([hidden])")`)
		h.wrote(t)
		p.writes("Hello")
		h.wrote(t, "meta", "Hello")
	})
}

func TestMETA5(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		h := &metaHost{}
		s := visitIn(t, d, metaPage+`<script>OBJ.setMeta({bot_params: {a: 1}}); OBJ.setMeta({bot_params: {b: 1}})</script>TAG`, h.routes)
		s.until(ready)
		// Detached, through a list that is pushed to, and as a command (API-2); all stays there to look at.
		s.do(d, `detached = OBJ.setMeta; detached({bot_params: {b: 2}}); OBJ.params.push({bot_params: {c: 3}}); FN("setMeta", {bot_params: {d: 4}})`)
		s.value(d.words(`OBJ.params.map((told) => told.bot_params)`), []map[string]int{{"a": 1}, {"b": 1}, {"b": 2}, {"c": 3}, {"d": 4}})
		p := s.panel()
		p.writes("Hello")
		h.wrote(t, "meta", "Hello")
		h.last(t, record(`{"bot_params": {"a": 1, "b": 2, "c": 3, "d": 4}}`))
		s.run(`detached({bot_params: {e: 5}})`)
		h.wrote(t, "meta", "Hello", "meta")
		h.last(t, record(`{"bot_params": {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}}`))
	})
}

func TestMETA6(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		h := &metaHost{}
		const same = `OBJ.setMeta({note: {text: "Page /lamps", element_type: 2, note_type: "common"}, lead: {sale: 5}});`
		s := visitIn(t, d, metaPage+`<script>`+same+same+`</script>TAG`, h.routes)
		p := s.panel()
		p.writes("one")
		h.wrote(t, "meta", "one")
		// The same again, as sites tell it every few seconds, asks the server for nothing and doubles no note.
		s.do(d, same+same)
		p.writes("two")
		h.wrote(t, "meta", "one", "two")
		s.do(d, `OBJ.setMeta({note: {text: "Page /cups", element_type: 2}, lead: {sale: 6}})`)
		h.wrote(t, "meta", "one", "two", "meta")
		h.last(t, record(`{"note": [{"text": "Page /lamps", "element_type": 2, "note_type": "common"}, {"text": "Page /cups", "element_type": 2, "note_type": "common"}], "lead": {"name": "", "sale": 6, "custom_fields": []}}`))
		// The next page of the site tells its own, or the same as the first: the record goes on, and only what is new is sent.
		if err := chromedp.Do(s.ctx, chromedp.Navigate(s.page.URL+"/?page=2")); err != nil {
			t.Fatal(err)
		}
		s.panel().writes("three")
		h.wrote(t, "meta", "one", "two", "meta", "meta", "three")
		h.last(t, record(`{"note": [{"text": "Page /lamps", "element_type": 2, "note_type": "common"}, {"text": "Page /cups", "element_type": 2, "note_type": "common"}], "lead": {"name": "", "sale": 5, "custom_fields": []}}`))
		s.do(d, same+`OBJ.setMeta({bot_params: {page: 2}})`)
		h.wrote(t, "meta", "one", "two", "meta", "meta", "three", "meta")
		h.last(t, record(`{"note": [{"text": "Page /lamps", "element_type": 2, "note_type": "common"}, {"text": "Page /cups", "element_type": 2, "note_type": "common"}], "lead": {"name": "", "sale": 5, "custom_fields": []}, "bot_params": {"page": 2}}`))
	})
}

func TestMETA7(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// Told while the chat is open and nothing was written: it comes before the message; told later, by itself.
		h := &metaHost{}
		s := visitIn(t, d, metaPage+`TAG`, h.routes)
		p := s.panel()
		s.do(d, `OBJ.setMeta({contact: {name: "Anna"}})`)
		p.until(`document.querySelector(".sc-welcome:not([hidden])")`)
		s.run(`document.querySelector(".amo-button--main").click()`)
		s.until(isClosed)
		s.run(`document.querySelector(".amo-button--main").click()`)
		s.until(isOpen)
		p.writes("Hello")
		h.wrote(t, "meta", "Hello")
		s.do(d, `OBJ.setMeta({contact: {name: "Anna P."}})`)
		h.wrote(t, "meta", "Hello", "meta")
	})
}

func TestMETA8(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		h := &metaHost{}
		s := visitIn(t, d, metaPage+`<script>
			cycle = {own: 1}; cycle.self = cycle;
			for (const told of [null, undefined, 7, "text", [], () => 1, {bot_params: {cycle, f() {}, u: undefined}}, {get lead() { throw 1 }, contact: {name: "<b>Anna</b>"}}, {bot_params: {big: "x".repeat(70000)}}]) OBJ.setMeta(told);
			for (let i = 0; i < 30; i++) OBJ.setMeta({note: {text: "note " + i, element_type: 1}});
			OBJ.setMeta({lead: {custom_fields: Array.from({length: 250}, (_, i) => ({id: i + 1, values: [{value: i}]}))}})</script>TAG`, h.routes)
		s.panel().writes("Hello")
		h.wrote(t, "meta", "Hello")
		meta := h.metas[0]
		lead := meta["lead"].(map[string]any)
		if notes, fields := len(meta["note"].([]any)), len(lead["custom_fields"].([]any)); notes != 20 || fields != 200 {
			t.Errorf("%d notes and %d fields, want 20 and 200", notes, fields)
		}
		if got, _ := json.Marshal([]any{meta["contact"].(map[string]any)["name"], meta["bot_params"]}); string(got) != `["\u003cb\u003eAnna\u003c/b\u003e",{"cycle":{"own":1}}]` {
			t.Errorf("told %s", got)
		}
		s.silent()
	})
}

func TestMETA9(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// What anybody on the page can have made up opens nothing: the session is asked for without a word of it.
		h := &metaHost{}
		var mu sync.Mutex
		var sessions []map[string]any
		s := visitIn(t, d, metaPage+`<script>OBJ.setMeta({contact: {name: "Anna", custom_fields: [{code: "EMAIL", values: [{value: "anna@example.org"}]}]}})</script>TAG`, h.routes, func(s *site) {
			s.opened = func(body map[string]any) { mu.Lock(); defer mu.Unlock(); sessions = append(sessions, body) }
		})
		s.panel().writes("Hello")
		h.wrote(t, "meta", "Hello")
		mu.Lock()
		defer mu.Unlock()
		for _, body := range sessions {
			for key, value := range body {
				if raw, _ := json.Marshal(value); key == "contact" || key == "meta" || key == "user_id" && value != "" || string(raw) == `"anna@example.org"` {
					t.Errorf("the session was asked for with %s = %s", key, raw)
				}
			}
		}
	})
}

// TRK-3, VIS-4: where the visitor came from goes with the first message; cookies are
// read and anything is kept only where the site lets us.
func TestTracking(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		const came = `<script>localStorage.clear(); history.replaceState(null, "", "?UTM_Source=ad&secret=1&yclid=y7"); document.title = "Lamps";
			document.cookie = "_ga=GA1.2.111.222"; document.cookie = "_ym_uid=1677"; AMOPIXEL_IDENTIFIER = {getVisitorUid: () => "0f-pixel"}</script>`
		for _, asks := range []bool{false, true} {
			h := &metaHost{}
			config := ""
			if asks {
				config = `<script>FNConfig = {onlinechat: {consent: "required"}}</script>`
			}
			s := visitIn(t, d, came+metaPage+config+`TAG`, h.routes)
			p := s.panel()
			s.run(`document.title = "Cart", history.pushState(null, "", "/cart")`)
			p.writes("Hello")
			h.wrote(t, "meta", "Hello")
			h.mu.Lock()
			got := h.seen[0]
			h.mu.Unlock()
			s.until(fmt.Sprintf(`(localStorage.getItem("leadline.touch") !== null) !== %v`, asks))
			query := map[string]any{}
			if first, ok := got["first"].(map[string]any); ok {
				query, _ = first["query"].(map[string]any)
			}
			wantCounters, wantPixel := any(map[string]any{"gclientid": "111.222", "_ym_uid": "1677"}), any("0f-pixel")
			if asks {
				wantCounters, wantPixel = map[string]any{}, ""
			}
			if fmt.Sprint(got["counters"]) != fmt.Sprint(wantCounters) || got["visitor_uid"] != wantPixel {
				t.Errorf("asks %v: counters %v, pixel %v", asks, got["counters"], got["visitor_uid"])
			}
			if !asks && (query["utm_source"] != "ad" || query["yclid"] != "y7" || query["secret"] != nil || got["title"] != "Cart" ||
				!strings.HasSuffix(fmt.Sprint(got["page"]), "/cart") || !strings.Contains(fmt.Sprint(got["landing"]), "UTM_Source=ad")) {
				t.Errorf("tracking %v", got)
			}
		}
	})
}
