package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox"
)

// predefinedTracking are the codes of statistics fields that accounts have (O §6.7, TRK-1).
var predefinedTracking = strings.Fields(`utm_source utm_medium utm_campaign utm_term utm_content utm_referrer roistat referrer openstat_service
	openstat_campaign openstat_ad openstat_source from gclientid _ym_uid _ym_counter gclid yclid fbclid tid`)

// TestTRK1PredefinedFields: each predefined statistics field is found by its code and
// filled, in whichever letter case the account has the codes.
func TestTRK1PredefinedFields(t *testing.T) {
	t.Parallel()
	for _, lower := range []bool{false, true} {
		t.Run(fmt.Sprintf("lower case %v", lower), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true})
			w.box.SetVariants(func(v *sandbox.Variants) { v.TrackingLowerCase = lower })
			if _, err := w.box.AddField(accountID, sandbox.CustomField{Card: sandbox.CardLeads, Name: "tid", Code: "TID", Type: "tracking_data"}); err != nil {
				t.Fatal(err)
			}
			button, hash := w.connected()
			w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
			v := w.visit(button, hash)
			query, want := map[string]string{}, map[string]string{}
			for i, code := range predefinedTracking {
				want[code] = fmt.Sprint("value ", i)
				if i%2 == 0 {
					code = strings.ToUpper(code)
				}
				query[code] = fmt.Sprint("value ", i)
			}
			body := map[string]any{"meta": map[string]any{}, "tracking": map[string]any{"last": map[string]any{"query": query}}}
			w.send("POST", v.base+"/v1/meta", v.auth(), body).wants(t, "told", http.StatusNoContent, "")
			v.write(uuidN(1), "hello")
			w.until("the fields", func() bool { _, fields, _ := w.onLead(); return len(fields) >= len(want) })
			w.idle()
			_, fields, _ := w.onLead()
			wantFields(t, "lead", fields, want)
			w.noBreaches()
		})
	}
}

// TestTRK2CallbackStaysInTheCRM: a script that somebody stored in a statistics field is
// nowhere in what a page gets from us; the field itself is filled as any other.
func TestTRK2CallbackStaysInTheCRM(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	const script = "function(callback){window.stolen=document.cookie;callback([])}"
	if _, err := w.box.AddField(accountID, sandbox.CustomField{Card: sandbox.CardLeads, Name: "click", Code: "CLICK", Type: "tracking_data", TrackingCallback: script}); err != nil {
		t.Fatal(err)
	}
	button, hash := w.connected()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	v := w.visit(button, hash)
	v.tells(`{"lead": {"custom_fields": [{"code": "CLICK", "values": [{"value": "c-77"}]}]}}`)
	v.write(uuidN(1), "hello")
	w.until("the field", func() bool { _, fields, _ := w.onLead(); return fields["click"] == "c-77" })
	if w.asked("GET", "/leads/custom_fields") == 0 {
		t.Fatal("the fields were never read: the test shows nothing")
	}
	for _, r := range []struct {
		method, path string
		header       map[string]string
		body         any
	}{
		{"GET", "/js/button.js", nil, nil},
		{"GET", "/v1/buttons/" + button + "/config?hash=" + hash, map[string]string{"Origin": shopURL}, nil},
		{"GET", "/v1/frame/" + button, nil, nil},
		{"POST", "/v1/session", nil, map[string]string{"button_id": button, "ticket": v.ticket(hash), "token": v.token}},
		{"GET", "/v1/messages", v.auth(), nil},
		{"POST", "/v1/messages", v.auth(), map[string]string{"client_id": uuidN(2), "text": "again"}},
	} {
		a := w.send(r.method, chatURL+r.path, r.header, r.body)
		if a.status != http.StatusOK || len(a.body) == 0 {
			t.Errorf("%s %s: %d", r.method, r.path, a.status)
		}
		for _, part := range []string{"window.stolen", "tracking_callback", "callback([])"} {
			if strings.Contains(string(a.body), part) {
				t.Errorf("%s %s carries %q", r.method, r.path, part)
			}
		}
	}
}

// TestTRK6FieldOfAnIntegration: an analytics script of the site waits for #amo-livechat,
// which is there while the chat is closed, and calls setMeta with a field of the lead;
// with the first message the lead has it. A tracking_callback of the account does not run (TRK-2).
func TestTRK6FieldOfAnIntegration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	client := w.field("leads", "client", "text")
	if _, err := w.box.AddField(accountID, sandbox.CustomField{Card: sandbox.CardLeads, Name: "click", Code: "CLICK", Type: "tracking_data", TrackingCallback: "function(callback){window.stolen = 1; callback([])}"}); err != nil {
		t.Fatal(err)
	}
	button, hash := w.connected()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	var at string
	site := w.shopIn(&at)
	browser := w.chromium(map[string]string{"shop.example.test": at})
	record, _ := json.Marshal(map[string]any{"lead": map[string]any{"custom_fields": []any{map[string]any{"id": client.ID, "values": []any{map[string]any{"value": "ga-12.34"}}}}}})
	site.paste(snippet(button, hash, "en") + `<script>integration = setInterval(() => {
		if (!document.querySelector("#amo-livechat")) return;
		clearInterval(integration);
		foundWhile = [...document.querySelector("#amo-livechat").classList].join(" ");
		amo_social_button.setMeta(` + string(record) + `) }, 50)</script>`)
	p := browser.person(shopURL+"/", chromedp.EmulateViewport(1280, 800))
	p.sees(`window.foundWhile?.includes("amo-livechat_hidden") && !document.querySelector(".amo-livechat_chat")`)
	if chats := w.box.Chats(accountID); len(chats) != 0 {
		t.Fatalf("telling made %+v", chats)
	}
	p.opens().writes("hello")
	w.until("the lead's field", func() bool { _, fields, _ := w.onLead(); return fields["client"] == "ga-12.34" })
	if js[bool](p, `"stolen" in window`) || js[bool](p.panel(), `"stolen" in window`) {
		t.Error("a script stored in the CRM ran on the page (TRK-2)")
	}
	w.noBreaches()
}
