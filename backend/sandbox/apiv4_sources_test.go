package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestSourceLimits is C §5.1 and §7.1: 50 in a request, 100 of an integration, 36 characters, one default.
func TestSourceLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access := b.accessOf(testAccount, 0, testClient)
	many := func(from, n int) string {
		var list []string
		for i := from; i < from+n; i++ {
			list = append(list, fmt.Sprintf(`{"name":"s","external_id":"s-%d"}`, i))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	const rule = "C §7.1 sources"
	b.each(access, []answered{
		{"51 in a request", "POST", "sources", many(0, 51), 400, rule},
		{"50 in a request", "POST", "sources", many(0, 50), 200, ""},
		{"36 characters and a blank", "POST", "sources", `[{"name":"s","external_id":"` + strings.Repeat("x", 34) + ` ~"}]`, 200, ""},
		{"37 characters", "POST", "sources", `[{"name":"s","external_id":"` + strings.Repeat("x", 37) + `"}]`, 400, rule},
		{"over 100", "POST", "sources", many(50, 50), 400, rule},
		{"100 at most", "POST", "sources", many(50, 49), 200, ""},
		{"one more", "POST", "sources", many(99, 1), 400, rule},
		{"a changed id", "PATCH", "sources", `[{"id":1,"external_id":"other"}]`, 400, rule},
		{"an unknown one", "PATCH", "sources/1", `{"name":"x"}`, 400, rule},
	})
	if got := len(b.box.Sources(testAccount, testClient)); got != 100 {
		t.Errorf("%d sources", got)
	}
	a := b.api("GET", "/api/v4/sources", access, "", 200)
	if a.field(t, "_total_items") != 100.0 {
		t.Errorf("%v sources in the list", a.field(t, "_total_items"))
	}
	first := b.box.Sources(testAccount, testClient)[0].ID
	b.each(access, []answered{
		{"a pipeline of nowhere", "PATCH", fmt.Sprintf("sources/%d", first), `{"pipeline_id":1}`, 400, rule},
		{"an origin code taken away", "PATCH", fmt.Sprintf("sources/%d", first), `{"origin_code":null}`, 200, ""},
		{"a name that is null", "PATCH", fmt.Sprintf("sources/%d", first), `{"name":null}`, 400, rule},
		{"unknown ones in a batch", "DELETE", "sources", `[{"id":7}]`, 400, ""},
		{"an unknown one alone", "DELETE", "sources/7", "", 404, ""},
		{"one alone", "DELETE", fmt.Sprintf("sources/%d", first), "", 204, ""},
	})
	a = b.api("DELETE", "/api/v4/sources", access, `[{"id":7}]`, 400)
	sameJSON(t, a.body, `{"errors":[{"request_id":"0","errors":{"code":"EntityNotFound","path":"id","detail":"source with id = 7 not found"}}],
		"title":"Bad Request","type":"https://httpstatus.es/400","status":400,"detail":"Invalid request items"}`)
}

// TestSourceVariants are the open questions of C §11 and §12 about sources.
func TestSourceVariants(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.Accounts[0].Pipelines = []Pipeline{{ID: 1300, Name: "Main"}, {ID: 1301, Name: "Second"}, {ID: 1302, Name: "Old", Archived: true}}
	b := startBench(t, cfg, "")
	access := b.accessOf(testAccount, 0, testClient)
	pipeline := func(id string) any {
		t.Helper()
		a := b.api("POST", "/api/v4/sources", access, `[{"name":"s","external_id":"`+id+`"}]`, 200)
		return a.field(t, "_embedded", "sources").([]any)[0].(map[string]any)["pipeline_id"]
	}
	if got := pipeline("a"); got != 1300.0 {
		t.Errorf("pipeline %v, want the main one", got)
	}
	b.box.SetVariants(func(v *Variants) { v.SourcePipelineLast, v.SourceLimit = true, 2 })
	if got := pipeline("b"); got != 1301.0 {
		t.Errorf("pipeline %v, want the last that is in use", got)
	}
	b.api("POST", "/api/v4/sources", access, `[{"name":"s","external_id":"c"}]`, 400)
	b.each("nothing", []answered{
		{"401 without a valid token", "GET", "sources", "", 401, "C §7 authorisation"},
		{"401 without a valid token", "GET", "sources/1", "", 401, "C §7 authorisation"},
	})
	b.box.SetVariants(func(v *Variants) { v.SourcesGet403 = true })
	b.each("nothing", []answered{
		{"403 by variant", "GET", "sources", "", 403, "C §7.1 authorisation"},
		{"403 by variant", "GET", "sources/1", "", 403, "C §7.1 authorisation"},
		{"writing is a 401 still", "POST", "sources", "[]", 401, "C §7 authorisation"},
		{"others are a 401 still", "GET", "users", "", 401, "C §7 authorisation"},
	})
	b.each(b.accessOf(testAccount, 9000003, testClient), []answered{
		{"not an administrator", "GET", "sources", "", 403, ""},
		{"not an administrator", "POST", "sources", "[]", 403, ""},
		{"not an administrator", "DELETE", "sources/1", "", 403, ""},
	})
	alone := b.box.AddIntegration(Integration{Product: ProductAmoCRM, WidgetCode: "alone"})
	b.each(b.accessOf(testAccount, 0, alone.ClientUUID), []answered{
		{"an integration without a channel", "POST", "sources", `[{"name":"s","external_id":"a"}]`, 403, ""},
		{"its list is its own", "GET", "sources", "", 204, ""},
	})
}

// TestPipelines: every user's token reads them all; the first is the main one.
func TestPipelines(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.Accounts[0].Pipelines = []Pipeline{{ID: 1300, Name: "Main"}, {ID: 1302, Name: "Old", Archived: true}}
	b := startBench(t, cfg, "")
	a := b.api("GET", "/api/v4/leads/pipelines", b.accessOf(testAccount, 9000003, testClient), "", 200)
	list := a.field(t, "_embedded", "pipelines").([]any)
	var got []string
	for _, one := range list {
		p := one.(map[string]any)
		got = append(got, fmt.Sprintln(p["id"], p["name"], p["is_main"], p["is_archive"], len(p["_embedded"].(map[string]any)["statuses"].([]any))))
	}
	if want := []string{"1300 Main true false 6\n", "1302 Old false true 6\n"}; !slices.Equal(got, want) {
		t.Errorf("pipelines %q, want %q", got, want)
	}
	b.each("nothing", []answered{{"401 without a valid token", "GET", "leads/pipelines", "", 401, "C §7 authorisation"}})
}
