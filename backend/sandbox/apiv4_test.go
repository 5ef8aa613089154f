package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestAPIAuthorisation: expiry, foreign account, non-administrator, cookies, rate.
func TestAPIAuthorisation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access, refresh := b.exchange(tokenBody("grant_type", "authorization_code", "code", b.installed().Get("code")), 200)
	b.must(request("GET", "https://democo.amocrm.ru/api/v4/account", ""), 401)
	b.must(request("GET", "https://shopco.kommo.com/api/v4/account", "", "Authorization", "Bearer "+access), 401)
	b.must(request("GET", "https://democo.amocrm.ru/api/v4/account", "", "Authorization", "Bearer "+access, "Cookie", "a=b"), 400)
	b.box.ResetBreaches()
	b.box.SetVariants(func(v *Variants) { v.RateLimit = true })
	for range 7 {
		b.api("GET", "/api/v4/account", access, "", 200)
	}
	b.api("GET", "/api/v4/account", access, "", 429)
	b.box.Advance(time.Second)
	b.api("GET", "/api/v4/account", access, "", 200)
	b.box.SetVariants(func(v *Variants) { v.RateLimit = false })
	a := b.api("GET", "/api/v4/users/9000003?with=amojo_id", access, "", 200)
	if a.field(t, "rights", "is_admin") != false || a.field(t, "amojo_id") != operatorID {
		t.Errorf("user %s", a.body)
	}
	b.api("GET", "/api/v4/users/1", access, "", 404)
	b.box.SetFaults(func(f *Faults) { f.APIStatus, f.APICount = 503, 1 })
	b.api("GET", "/api/v4/account", access, "", 503)
	b.box.Advance(24*time.Hour + time.Second)
	a = b.api("GET", "/api/v4/account", access, "", 401)
	if a.header.Get("Content-Type") != "application/problem+json" || a.field(t, "status") != 401.0 {
		t.Errorf("problem %s", a.body)
	}
	b.noBreach()
	// W §8.6: the account's present address by the refresh token, at api_domain.
	b.box.Rename(testAccount, "newname")
	a = b.must(request("GET", "https://api-b.amocrm.ru/oauth2/account/current/subdomain", "", "X-Refresh-Token", refresh), 200)
	if a.field(t, "domain") != "newname.amocrm.ru" {
		t.Errorf("answer %s", a.body)
	}
}

// TestSources is C §7.1 and W §7.3.
func TestSources(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access, _ := b.exchange(tokenBody("grant_type", "authorization_code", "code", b.installed().Get("code")), 200)
	if own := b.box.Sources(testAccount, testClient); len(own) != 1 || own[0].ExternalID != "line_widget" || !own[0].Default {
		t.Fatalf("the CRM's own source %+v", own)
	}
	a := b.api("POST", "/api/v4/sources", access, `[{"name":"Line 2","external_id":"line-2","default":true,"origin_code":"amo.ext.x","request_id":"a"}]`, 200)
	src := a.field(t, "_embedded", "sources").([]any)[0].(map[string]any)
	if src["request_id"] != "a" || src["default"] != true || src["origin_code"] != "amo.ext.x" || src["services"] == nil {
		t.Errorf("source %s", a.body)
	}
	if own := b.box.Sources(testAccount, testClient); own[0].Default {
		t.Error("two default sources")
	}
	id := fmt.Sprintf("%.0f", src["id"])
	b.api("GET", "/api/v4/sources/"+id, access, "", 200)
	b.api("GET", "/api/v4/sources/1", access, "", 204)
	if a = b.api("GET", "/api/v4/sources?filter[external_id][]=line-2", access, "", 200); a.field(t, "_total_items") != 1.0 {
		t.Errorf("filtered %s", a.body)
	}
	b.api("GET", "/api/v4/sources?filter[external_id]=none", access, "", 204)
	b.api("PATCH", "/api/v4/sources/"+id, access, `{"name":"Renamed"}`, 200)
	b.api("PATCH", "/api/v4/sources", access, `[{"id":`+id+`,"default":false}]`, 200)
	b.noBreach()
	for _, bad := range []string{
		`[{"name":"x","external_id":"line-2"}]`, `[{"external_id":"x"}]`, `[{"name":"x","external_id":"` + strings.Repeat("x", 37) + `"}]`,
		`[{"name":"x","external_id":"я"}]`, `{}`, `[]`, `[{"name":"x","external_id":"y","pipeline_id":1}]`,
	} {
		a = b.api("POST", "/api/v4/sources", access, bad, 400)
		if a.field(t, "validation-errors") == nil {
			t.Errorf("answer %s", a.body)
		}
	}
	b.api("PATCH", "/api/v4/sources/"+id, access, `{"external_id":"other"}`, 400) // cannot change
	a = b.api("DELETE", "/api/v4/sources", access, `[{"id":7}]`, 400)
	if !strings.Contains(string(a.body), `"EntityNotFound"`) {
		t.Errorf("answer %s", a.body)
	}
	b.api("DELETE", "/api/v4/sources/"+id, access, "", 204)
	b.api("DELETE", "/api/v4/sources/"+id, access, "", 404)
}

// TestMultipleSources: the CRM makes no source of its own (W §7.3).
func TestMultipleSources(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.Integrations[0].MultipleSources = true
	b := startBench(t, cfg, "")
	b.installed()
	b.box.World().AddSource(testAccount, testClient, "line_widget", 1)
	if own := b.box.Sources(testAccount, testClient); len(own) != 0 {
		t.Errorf("sources %+v, want none", own)
	}
}

// TestLink is C §7.4 and §8.3: a linked chat makes no incoming lead; and the source of a hook.
func TestLink(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access, _ := b.exchange(tokenBody("grant_type", "authorization_code", "code", b.installed().Get("code")), 200)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	contact := b.box.Chats(testAccount)[0].ContactID
	chat := b.must(amojo("POST", testScope+"/chats", `{"conversation_id":"c-2","user":{"id":"u-2","name":"Anna"}}`), 200).field(t, "id")
	b.api("GET", fmt.Sprintf("/api/v4/contacts/chats?chat_id=%s", chat), access, "", 204)
	b.api("POST", "/api/v4/contacts/chats", access, fmt.Sprintf(`[{"contact_id":%d,"chat_id":%q,"request_id":"x"}]`, contact, chat), 200)
	a := b.api("GET", fmt.Sprintf("/api/v4/contacts/chats?contact_id=%d", contact), access, "", 200)
	if a.field(t, "_total_items") != 2.0 {
		t.Errorf("links %s", a.body)
	}
	b.say("m-2", "c-2", "Hello")
	if n := len(b.box.IncomingLeads(testAccount)); n != 1 {
		t.Errorf("%d incoming leads, want 1", n)
	}
	var unsorted struct {
		Embedded struct {
			Unsorted []struct{ Category string }
		} `json:"_embedded"`
	}
	a = b.api("GET", "/api/v4/leads/unsorted?filter[category][]=chats", access, "", 200)
	if err := json.Unmarshal(a.body, &unsorted); err != nil || len(unsorted.Embedded.Unsorted) != 1 || unsorted.Embedded.Unsorted[0].Category != "chats" {
		t.Errorf("unsorted %s", a.body)
	}
	talk := b.box.Chats(testAccount)[0].TalkID
	if a = b.api("GET", fmt.Sprintf("/api/v4/talks/%d", talk), access, "", 200); a.field(t, "chat_id") != chat {
		t.Errorf("talk %s", a.body)
	}
	// The default source stands in hooks of chats that named none (C §7.1).
	m, _ := b.box.OperatorSay(testAccount, chat.(string), "Hi")
	b.wait("the hook", func() bool { return len(b.rc.all()) == 2 })
	got := answer{body: b.rc.all()[1].Body}
	if got.field(t, "message", "source", "external_id") != "line_widget" || got.field(t, "message", "message", "id") != m.ID {
		t.Errorf("hook %s", got.body)
	}
	b.noBreach()
}
