package crmpage

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

const host = "democo.amocrm.localhost"

func plainSite(t *testing.T, opts Options) (*Site, *world) {
	t.Helper()
	w := &world{state: installed, token: "t", status: http.StatusOK, users: []User{{ID: 1, Admin: true}, {ID: 2}}}
	w.account = Account{ID: 31000001, Subdomain: "democo", Zone: "amocrm.localhost", Origin: "http://" + host, Language: "en"}
	site, err := New(w, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := site.AddWidget("w", testUUID, archive(t, setup{script: "define([], function () {});", files: map[string]string{"templates/a.twig": "x"}})); err != nil {
		t.Fatal(err)
	}
	return site, w
}

func call(t *testing.T, h http.Handler, method, address, form string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, address, strings.NewReader(form))
	r.Host = host
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// TestAssets holds W §10.1.2: exactly the files of the archive.
func TestAssets(t *testing.T) {
	t.Parallel()
	site, w := plainSite(t, Options{})
	for _, tt := range []struct {
		address string
		status  int
		kind    string
	}{
		{"/upl/w/widget/script.js", 200, "text/javascript; charset=utf-8"},
		{"/upl/w/widget/script.js?v=1.0.0", 200, "text/javascript; charset=utf-8"},
		{"/upl/w/widget/manifest.json", 200, "application/json; charset=utf-8"},
		{"/upl/w/widget/images/logo.png", 200, "image/png"},
		{"/upl/w/widget/templates/a.twig", 200, "text/plain; charset=utf-8"},
		{"/upl/w/widget/", 404, ""},
		{"/upl/w/widget/images/", 404, ""},
		{"/upl/w/widget/images", 404, ""},
		{"/upl/w/widget/none.js", 404, ""},
		{"/upl/w/1.0.0/widget/script.js", 404, ""}, // the other profile's prefix
		{"/upl/x/widget/script.js", 404, ""},
		{"/upl/w/script.js", 404, ""},
		{"/crmpage/page/shell.html", 404, ""},
		{"/crmpage/library/.gitignore", 404, ""},
		{"/no/such/page/", 404, ""},
	} {
		rec := call(t, site, "GET", tt.address, "")
		if rec.Code != tt.status || tt.kind != "" && rec.Header().Get("Content-Type") != tt.kind {
			t.Errorf("%s: %d %s, want %d %s", tt.address, rec.Code, rec.Header().Get("Content-Type"), tt.status, tt.kind)
		}
	}
	for address, want := range map[string]string{
		"/crmpage/page/main.js":                        "no-cache",
		"/crmpage/page/main.js?edition=another":        "no-cache",
		"/crmpage/page/main.js?edition=" + edition():   "public, max-age=31536000, immutable",
		"/upl/w/widget/script.js?edition=" + edition(): "no-cache",
	} {
		if got := call(t, site, "GET", address, "").Header().Get("Cache-Control"); got != want {
			t.Errorf("%s is kept as %q, want %q", address, got, want)
		}
	}
	w.account.Global = true
	if rec := call(t, site, "GET", "/upl/w/1.0.0/widget/script.js", ""); rec.Code != 200 {
		t.Errorf("Kommo prefix with version: %d", rec.Code)
	}
	if rec := call(t, site, "GET", "/upl/w/widget/script.js", ""); rec.Code != 404 {
		t.Errorf("prefix without version on Kommo: %d", rec.Code)
	}
	r := httptest.NewRequest(http.MethodGet, "/dashboard/", nil)
	r.Host = "else.example.test"
	rec := httptest.NewRecorder()
	site.ServeHTTP(rec, r)
	if rec.Code != 404 {
		t.Errorf("a host of no account: %d", rec.Code)
	}
}

// TestAddWidgetRefuses holds the names of W §9.1 Z10 and the limits.
func TestAddWidgetRefuses(t *testing.T) {
	t.Parallel()
	good := map[string]string{"manifest.json": `{"widget":{"version":"1.0.0","locale":["en"]}}`, "i18n/en.json": "{}"}
	with := func(change map[string]string) map[string]string {
		all := map[string]string{}
		for _, m := range []map[string]string{good, change} {
			for k, v := range m {
				all[k] = v
			}
		}
		return all
	}
	for name, files := range map[string]map[string]string{
		"parent folder":       with(map[string]string{"../x.js": ""}),
		"hidden parent":       with(map[string]string{"a/../../x.js": ""}),
		"absolute":            with(map[string]string{"/x.js": ""}),
		"backslash":           with(map[string]string{`a\x.js`: ""}),
		"broken manifest":     with(map[string]string{"manifest.json": "{"}),
		"no manifest":         {"i18n/en.json": "{}"},
		"extra top folder":    {"widget/manifest.json": good["manifest.json"], "widget/i18n/en.json": "{}"},
		"no language file":    {"manifest.json": good["manifest.json"]},
		"a file of 5 MiB":     with(map[string]string{"big.js": strings.Repeat(" ", 5<<20)}),
		"settings not object": with(map[string]string{"manifest.json": `{"widget":{"version":"1","locale":["en"]},"settings":[1]}`}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			z := zip.NewWriter(&out)
			for n, text := range files {
				f, err := z.Create(n)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(f, text); err != nil {
					t.Fatal(err)
				}
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			site, err := New(&world{}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := site.AddWidget("w", testUUID, out.Bytes()); err == nil {
				t.Error("accepted")
			}
		})
	}
	site, _ := plainSite(t, Options{})
	if err := site.AddWidget("../w", testUUID, nil); err == nil {
		t.Error("a code that is no name was accepted")
	}
}

// TestWidgetList holds W §4.1: field names, areas, the empty answer.
func TestWidgetList(t *testing.T) {
	t.Parallel()
	site, w := plainSite(t, Options{})
	w.account.Origin = "https://democo.amocrm.ru"
	w.account.Zone = "amocrm.ru"
	const entry = `{"id":1022170,"src":"/upl/w/widget/script.js","lang":"/upl/w/widget/i18n/en.json","path":"/upl/w/widget",` +
		`"images_path":"/upl/w/widget/images","installed_version":"1.0.0","settings":"{\"service_login\":\"demo\"}","active":"Y","status":"installed",` +
		`"init_once":"N","oauth_client_uuid":"3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b",`
	rec := call(t, site, "POST", "/ajax/widgets/list", "area=leads_card")
	if got := rec.Body.String(); !strings.Contains(got, `"widgets":{"w":`+entry) || !strings.Contains(got, `"area":"lcard"`) ||
		!strings.Contains(got, `"server":".amocrm.ru","subdomain":"democo"`) || !strings.Contains(got, `"amouser_id":"1"`) {
		t.Errorf("list = %s", got)
	}
	w.state = WidgetState{} // never touched: the targeted area has it all the same
	if got := call(t, site, "POST", "/ajax/widgets/list", "area=widgetsSettings:w").Body.String(); !strings.Contains(got, `"active":"N","status":"install"`) {
		t.Errorf("targeted = %s", got)
	}
	if got := call(t, site, "POST", "/ajax/widgets/list", "area=widgetsSettings:none").Body.String(); !strings.Contains(got, `"widgets":[]`) {
		t.Errorf("empty = %s", got)
	}
}

// TestToken holds W §8.3 step 2 and the faults of the token address.
func TestToken(t *testing.T) {
	t.Parallel()
	site, w := plainSite(t, Options{})
	address := "/ajax/v2/integrations/" + testUUID + "/disposable_token"
	for _, tt := range []struct {
		token  string
		given  int
		status int
		want   string
	}{
		{"abc", 200, 200, `{"token":"abc"}`}, {"", 200, 200, `{}`}, {"abc", 401, 401, `{"status":401,"title":"Unauthorized"}`},
	} {
		w.token, w.status = tt.token, tt.given
		rec := call(t, site, "GET", address, "")
		if rec.Code != tt.status || strings.TrimSpace(rec.Body.String()) != tt.want {
			t.Errorf("%+v: %d %s", tt, rec.Code, rec.Body)
		}
	}
	if rec := call(t, site, "GET", "/ajax/v2/integrations/other/disposable_token", ""); rec.Code != 404 {
		t.Errorf("an integration without widget: %d", rec.Code)
	}
}

// TestEditAndSources holds the internal requests of W §5.3 and §7.3.
func TestEditAndSources(t *testing.T) {
	t.Parallel()
	site, w := plainSite(t, Options{})
	for _, form := range []string{"", "action=edit&id=1022170&code=none&widget_active=Y", "action=edit&id=1&code=w&widget_active=Y", "action=x&id=1022170&code=w"} {
		if rec := call(t, site, "POST", "/ajax/widgets/edit", form); rec.Code != 400 {
			t.Errorf("edit %q: %d", form, rec.Code)
		}
	}
	save := url.Values{"action": {"edit"}, "id": {"1022170"}, "code": {"w"}, "widget_active": {"Y"}, "is_widget_state_action": {"0"},
		"is_marketplace_request": {"1"}, "settings[service_login]": {"it's <b>"}, "settings[unknown]": {"x"}}
	rec := call(t, site, "POST", "/ajax/widgets/edit", save.Encode())
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), `"status":"ok"`) {
		t.Errorf("edit: %d %s", rec.Code, rec.Body)
	}
	var stored map[string]string
	if err := json.Unmarshal([]byte(w.Widget(0, "").Settings), &stored); err != nil || len(stored) != 1 || stored["service_login"] != "it's <b>" {
		t.Errorf("stored %v, %v", stored, err)
	}
	if rec := call(t, site, "POST", "/ajax/widgets/edit?user=2", save.Encode()); rec.Code != 403 {
		t.Errorf("edit by a user without rights: %d", rec.Code)
	}

	const at = "/ajax/settings/pipeline/sources/"
	add := "request[pipeline_id]=12&request[type]=widget&request[params][widget_code]=w"
	if rec := call(t, site, "POST", at+"add", add); strings.TrimSpace(rec.Body.String()) != `{"response":{"status":"ok"}}` {
		t.Errorf("add: %s", rec.Body)
	}
	if rec := call(t, site, "GET", at+"list?pipeline_id=12&type=widget", ""); !strings.Contains(rec.Body.String(), `"sources":{"widget":{"w":{`) || !strings.Contains(rec.Body.String(), `"external_id":"w"`) {
		t.Errorf("list: %s", rec.Body)
	}
	if rec := call(t, site, "GET", at+"list?pipeline_id=11", ""); strings.TrimSpace(rec.Body.String()) != `{"sources":{}}` {
		t.Errorf("list of another pipeline: %s", rec.Body)
	}
	if rec := call(t, site, "POST", at+"edit", "request[id]=500&request[params][pipeline_id]=11"); rec.Code != 200 || w.sources[0].PipelineID != 11 {
		t.Errorf("edit: %d %+v", rec.Code, w.sources)
	}
	for path, form := range map[string]string{"delete": "request[id]=7", "add": "request[pipeline_id]=99&request[type]=widget&request[params][widget_code]=w", "edit": "request[id]=x"} {
		if rec := call(t, site, "POST", at+path, form); rec.Code != 400 {
			t.Errorf("%s %s: %d", path, form, rec.Code)
		}
	}
	if rec := call(t, site, "POST", at+"delete", "request[id]=500"); rec.Code != 200 || len(w.sources) != 0 {
		t.Errorf("delete: %d %+v", rec.Code, w.sources)
	}
}

// TestProxy: crm_post reaches the backend only, without any identity.
func TestProxy(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.PostFormValue("a") + r.PostFormValue("target") + r.Header.Get("X-Auth-Token") + r.Header.Get("Cookie")
		_, _ = io.WriteString(w, "answer")
	}))
	t.Cleanup(server.Close)
	site, w := plainSite(t, Options{BackendOrigins: []string{server.URL}, Proxy: server.Client()})
	rec := call(t, site, "POST", "/private/widget/proxy.php", "a=1&target="+url.QueryEscape(server.URL+"/x"))
	if rec.Body.String() != "answer" || <-got != "1" {
		t.Errorf("proxy: %d %s", rec.Code, rec.Body)
	}
	if rec := call(t, site, "POST", "/private/widget/proxy.php", "target=http://127.0.0.1:1/"); rec.Code != 502 || len(w.breaches()) != 1 {
		t.Errorf("a foreign target: %d, breaches %q", rec.Code, w.breaches())
	}
}

// TestPage: every place is one document; without the libraries it is one line.
func TestPage(t *testing.T) {
	t.Parallel()
	site, w := plainSite(t, Options{BackendOrigins: []string{"https://app.example.test"}})
	w.account.Name = "</script><b>"
	rec := call(t, site, "GET", "/dashboard/?user=2&lang=es&theme=dark", "")
	if !Built() {
		if rec.Code != 503 || !strings.Contains(rec.Body.String(), "run `make build`") {
			t.Errorf("without the build: %d %s", rec.Code, rec.Body)
		}
		return
	}
	text := rec.Body.String()
	if rec.Code != 200 || !strings.Contains(text, `<html lang="es" data-color-scheme="dark">`) || strings.Contains(text, "</script><b>") {
		t.Errorf("page: %d %s", rec.Code, text)
	}
	if got := rec.Header().Get("Content-Security-Policy-Report-Only"); !strings.Contains(got, "connect-src 'self' https://app.example.test wss://app.example.test;") {
		t.Errorf("policy: %s", got)
	}
	if got := len(rec.Result().Cookies()); got != 3 {
		t.Errorf("%d cookies, want user, language and theme", got)
	}
}

// TestBreachIsBounded: what the page reports is input like any other.
func TestBreachIsBounded(t *testing.T) {
	t.Parallel()
	site, w := plainSite(t, Options{})
	for body, status := range map[string]int{
		"": 400, "{}": 400, "not json": 400,
		`{"rule":"W §10.3 globals","detail":"` + strings.Repeat("я", 2000) + `"}`: 204,
	} {
		if rec := call(t, site, "POST", "/crmpage/breach", body); rec.Code != status {
			t.Errorf("%.20q: %d, want %d", body, rec.Code, status)
		}
	}
	if got := w.breaches(); len(got) != 1 || len(got[0]) > 1100 || !utf8.ValidString(got[0]) {
		t.Errorf("stored %q", got)
	}
}
