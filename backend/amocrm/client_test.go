package amocrm

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/chatid"
)

var clock = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// serve starts a CRM; every account address leads to it, whatever its name.
func serve(t *testing.T, handle http.HandlerFunc) (*Client, Address) {
	t.Helper()
	srv := httptest.NewServer(handle)
	t.Cleanup(srv.Close)
	tr := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr != "democo.amocrm.localhost:9000" {
			t.Errorf("dialled %s", addr)
		}
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}}
	t.Cleanup(tr.CloseIdleConnections)
	at, err := integration().Address("democo.amocrm.localhost:9000")
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Transport: tr, Now: func() time.Time { return clock }, PerAccount: 1e6, PerIntegration: 1e6}), at
}

func ptr[T any](v T) *T { return &v }

// callCase is one call: what must arrive, what is answered, what must come back.
type callCase struct {
	name, method, target, credential, body string
	status                                 int
	answer                                 string
	call                                   func(context.Context, *Client, Address) (any, error)
	want                                   any
}

// plain writes a request's target as the documentation does.
func plain(t *testing.T, target string) string {
	t.Helper()
	s, err := url.QueryUnescape(target)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func runCalls(t *testing.T, cases []callCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if got, want := r.Method+" "+plain(t, r.RequestURI), tt.method+" "+plain(t, tt.target); got != want {
					t.Errorf("request = %s, want %s", got, want)
				}
				if r.Host != "democo.amocrm.localhost:9000" {
					t.Errorf("host = %s", r.Host)
				}
				if body, _ := io.ReadAll(r.Body); string(body) != tt.body {
					t.Errorf("body = %s\nwant   %s", body, tt.body)
				} else if len(body) > 0 && r.Header.Get("Content-Type") != "application/json" {
					t.Errorf("content type = %q", r.Header.Get("Content-Type"))
				}
				for _, name := range []string{"Authorization", "X-Refresh-Token"} {
					want, _ := strings.CutPrefix(tt.credential, name+": ")
					if !strings.HasPrefix(tt.credential, name) {
						want = ""
					}
					if got := r.Header.Get(name); got != want {
						t.Errorf("%s = %q, want %q", name, got, want)
					}
				}
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.answer)
			})
			got, err := tt.call(t.Context(), c, at)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// Requests and answers are those of W §8.6, W §8.8, C §6 and C §7.1.
func TestCalls(t *testing.T) {
	t.Parallel()
	const sourceAnswer = `{"_total_items":1,"_embedded":{"sources":[{"id":9001,"name":"Line 2","pipeline_id":1300,"external_id":"line-2","default":false,"origin_code":"amo.ext.some_code","services":[],"request_id":"a","_links":{"self":{"href":"https://shop.amocrm.ru/api/v4/sources/9001"}}}]}}`
	line2 := Source{ID: 9001, Name: "Line 2", ExternalID: "line-2", Pipeline: 1300, OriginCode: "amo.ext.some_code"}
	const bearer, redirect = "Authorization: Bearer AT", `"redirect_uri":"https://widget.example.test/oauth/amocrm/callback"`
	pair := Tokens{Access: "AT", Refresh: "RT2", ExpiresAt: clock.Add(24 * time.Hour)}
	const pairAnswer = `{"token_type":"Bearer","expires_in":86400,"server_time":1751621727,"access_token":"AT","refresh_token":"RT2"}`
	runCalls(t, []callCase{
		{"exchange code", "POST", "/oauth2/access_token", "", `{"client_id":"` + testClient + `","client_secret":"` + testSecret + `","grant_type":"authorization_code","code":"C1",` + redirect + `}`, 200, pairAnswer,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.ExchangeCode(ctx, integration(), at, "C1")
			}, pair},
		{"refresh", "POST", "/oauth2/access_token", "", `{"client_id":"` + testClient + `","client_secret":"` + testSecret + `","grant_type":"refresh_token","refresh_token":"RT1",` + redirect + `}`, 200, pairAnswer,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.Refresh(ctx, integration(), at, "RT1")
			}, pair},
		{"current address", "GET", "/oauth2/account/current/subdomain", "X-Refresh-Token: RT", "", 200, `{"domain":"newname.amocrm.ru"}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				a, err := c.CurrentAddress(ctx, integration(), at, "RT")
				return a.Base(), err
			}, "https://newname.amocrm.ru"},
		{"current address by subdomain", "GET", "/oauth2/account/current/subdomain", "X-Refresh-Token: RT", "", 200, `{"subdomain":"newname"}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				a, err := c.CurrentAddress(ctx, integration(), at, "RT")
				return a.Base(), err
			}, "http://newname.amocrm.localhost:9000"},
		{"account", "GET", "/api/v4/account?with=amojo_id", bearer, "", 200,
			`{"id":31000001,"name":"Shop","subdomain":"shop","country":"RU","currency":"RUB","is_unsorted_on":true,"current_user_id":9000002,"amojo_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Account(ctx, at, "AT") },
			Account{ID: 31000001, AmojoID: "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2", Name: "Shop", Subdomain: "shop", Country: "RU", CurrentUser: 9000002, IsUnsortedOn: true}},
		{"user", "GET", "/api/v4/users/9000002?with=amojo_id", bearer, "", 200, `{"id":9000002,"name":"Oleg","rights":{"is_admin":true,"is_active":true},"amojo_id":null}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.User(ctx, at, "AT", 9000002) }, User{ID: 9000002, Name: "Oleg", IsAdmin: true, IsActive: true}},
		{"user without rights", "GET", "/api/v4/users/9000002?with=amojo_id", bearer, "", 200, `{"id":9000002,"amojo_id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.User(ctx, at, "AT", 9000002) }, User{ID: 9000002, AmojoID: "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815", IsActive: true}},
		{"list sources", "GET", "/api/v4/sources?filter%5Bexternal_id%5D%5B%5D=line-2&filter%5Bexternal_id%5D%5B%5D=x", bearer, "", 200, sourceAnswer,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.Sources(ctx, at, "AT", "line-2", "x")
			}, []Source{line2}},
		{"list no sources", "GET", "/api/v4/sources", bearer, "", 204, "",
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Sources(ctx, at, "AT") }, []Source{}},
		{"create sources", "POST", "/api/v4/sources", bearer, `[{"name":"Line 2","external_id":"line-2","pipeline_id":1300,"origin_code":"amo.ext.some_code","request_id":"0"}]`, 200, sourceAnswer,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.CreateSources(ctx, at, "AT", Source{Name: "Line 2", ExternalID: "line-2", Pipeline: 1300, OriginCode: "amo.ext.some_code"})
			}, []Source{line2}},
		{"update sources", "PATCH", "/api/v4/sources", bearer, `[{"id":9001,"name":"Line 2","default":false}]`, 200, sourceAnswer,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.UpdateSources(ctx, at, "AT", SourceChange{ID: 9001, Name: ptr("Line 2"), Default: ptr(false)})
			}, []Source{line2}},
		{"delete source", "DELETE", "/api/v4/sources/9001", bearer, "", 204, "",
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return nil, c.DeleteSource(ctx, at, "AT", 9001)
			}, nil},
		{"delete source that is gone", "DELETE", "/api/v4/sources/9001", bearer, "", 404, "",
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return nil, c.DeleteSource(ctx, at, "AT", 9001)
			}, nil},
	})
}

func TestAnswersOtherThanSuccess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, retryAfter, body  string
		want                    APIError
		unauthorized, temporary bool
	}{
		{"expired token", "", `{"title":"Unauthorized","type":"https://httpstatus.es/401","status":401,"detail":"Wrong token"}`, APIError{Status: 401, Detail: "Unauthorized: Wrong token"}, true, false},
		{"validation errors (C §7)", "", `{"title":"Bad Request","status":400,"detail":"Request validation failed","validation-errors":[{"request_id":"0","errors":[{"code":"FieldMissing","path":"name","detail":"absent"}]}]}`,
			APIError{Status: 400, Detail: "Bad Request: Request validation failed", Items: []ItemError{{"0", "FieldMissing", "name", "absent"}}}, false, false},
		{"errors with one object (C §7.1)", "", `{"errors":[{"request_id":"0","errors":{"code":"EntityNotFound","path":"id","detail":"source with id = 7 not found"}}],"title":"Bad Request","type":"https://httpstatus.es/400","status":400,"detail":"Invalid request items"}`,
			APIError{Status: 400, Detail: "Bad Request: Invalid request items", Items: []ItemError{{"0", "EntityNotFound", "id", "source with id = 7 not found"}}}, false, false},
		{"numbers where strings are usual", "", `{"title":"Bad Request","errors":[{"request_id":3,"errors":[{"code":7}]}]}`, APIError{Status: 400, Detail: "Bad Request", Items: []ItemError{{"3", "7", "", ""}}}, false, false},
		{"no JSON", "", "<h1>\nno</h1>", APIError{Status: 403, Detail: "<h1> no</h1>", RetryAfter: time.Minute, blocked: true}, false, true},
		{"endless", "", strings.Repeat("x", 10000), APIError{Status: 403, Detail: strings.Repeat("x", 500)}, false, false},
		{"not paid", "", "", APIError{Status: 402}, false, true},
		{"too many", "3", "", APIError{Status: 429, RetryAfter: 3 * time.Second}, false, true},
		{"redirect", "", "", APIError{Status: 301}, false, false},
		{"their trouble", "x", "", APIError{Status: 502}, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			c, at := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				calls++
				w.Header().Set("Retry-After", tt.retryAfter)
				w.Header().Set("Location", "/api/v4/elsewhere")
				w.WriteHeader(tt.want.Status)
				io.WriteString(w, tt.body)
			})
			one := integration()
			one.Secrets = one.Secrets[:1]
			_, err := c.Refresh(t.Context(), one, at, "RT-secret")
			e, ok := errors.AsType[*APIError](err)
			if !ok {
				t.Fatalf("error = %v, want an *APIError", err)
			}
			tt.want.Op = "refresh tokens"
			if diff := cmp.Diff(&tt.want, e, cmp.AllowUnexported(APIError{})); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if e.Unauthorized() != tt.unauthorized || e.Temporary() != tt.temporary || calls != 1 {
				t.Errorf("Unauthorized = %v, Temporary = %v after %d calls", e.Unauthorized(), e.Temporary(), calls)
			}
			if strings.Contains(err.Error(), "RT-secret") || strings.Contains(err.Error(), testSecret) {
				t.Errorf("error shows a secret: %v", err)
			}
		})
	}
}

// TestRotatedSecret: a refusal may mean the other secret; anything else does not.
func TestRotatedSecret(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		refusal int
		known   string // the secret that the CRM has
		calls   int
		ok      bool
	}{
		{"the newest is in force", 400, testSecret, 1, true},
		{"the former is in force", 400, "former", 2, true},
		{"the former is in force, 401", 401, "former", 2, true},
		{"neither", 400, "another", 2, false},
		{"trouble says nothing of secrets", 503, "former", 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var sent []string
			c, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
				var body struct {
					Secret string `json:"client_secret"`
				}
				if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
					t.Error(err)
				}
				sent = append(sent, body.Secret)
				if body.Secret != tt.known {
					w.WriteHeader(tt.refusal)
					return
				}
				io.WriteString(w, `{"token_type":"Bearer","expires_in":86400,"access_token":"AT","refresh_token":"RT2"}`)
			})
			_, err := c.Refresh(t.Context(), integration(), at, "RT1")
			if (err == nil) != tt.ok || len(sent) != tt.calls || sent[0] != testSecret {
				t.Errorf("%d calls, error %v; want %d, the newest secret first", len(sent), err, tt.calls)
			}
		})
	}
}

func TestSuccessThatLacksWhatItMustHold(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "ok", "{}", "null", "[]", `{"id":0}`, `{"id":31000001}`, `{"id":31000001,"amojo_id":"x"}`, `{"id":"31000001"}`, `{"access_token":"a"}`, `{"domain":"evil.test"}`,
		`{"access_token":"a","refresh_token":"b"}` + strings.Repeat(" ", maxAnswer)} {
		c, at := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) })
		if _, err := c.Refresh(t.Context(), integration(), at, "RT"); err == nil {
			t.Errorf("Refresh took %.40q", answer)
		}
		if _, err := c.Account(t.Context(), at, "AT"); err == nil {
			t.Errorf("Account took %.40q", answer)
		}
		if _, err := c.User(t.Context(), at, "AT", chatid.CRMUserID(1)); err == nil {
			t.Errorf("User took %.40q", answer)
		}
		if _, err := c.CurrentAddress(t.Context(), integration(), at, "RT"); err == nil {
			t.Errorf("CurrentAddress took %.40q", answer)
		}
		if _, err := c.CreateSources(t.Context(), at, "AT", Source{}); err == nil {
			t.Errorf("CreateSources took %.40q", answer)
		}
	}
}

func TestCallsThatGetNoAnswer(t *testing.T) {
	t.Parallel()
	c, at := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c.timeout = 50 * time.Millisecond
	_, err := c.Account(t.Context(), at, "AT-secret")
	if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "AT-secret") {
		t.Errorf("error = %v, want the deadline without the token", err)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		t.Errorf("error %v carries an address", err)
	}
	if _, err := c.Account(t.Context(), Address{}, "AT"); !errors.Is(err, ErrAddress) {
		t.Errorf("error without an address = %v", err)
	}
	if _, err := c.Refresh(t.Context(), Integration{}, at, "RT"); err == nil {
		t.Error("Refresh went out without a client secret")
	}
}
