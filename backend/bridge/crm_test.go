package bridge

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/amojo"
	"leadline/backend/fault"
)

// newCRM leads every account address of the product to one handler.
func newCRM(t *testing.T, handle http.HandlerFunc) *CRM {
	t.Helper()
	srv := httptest.NewServer(handle)
	t.Cleanup(srv.Close)
	tr := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}}
	t.Cleanup(tr.CloseIdleConnections)
	p := Product{
		Name:    "amocrm",
		Channel: amojo.Channel{ID: testChannel, Secret: testSecret, BaseURL: srv.URL},
		OAuth:   amocrm.Integration{ClientID: "client", Secrets: []string{"secret"}, Zones: []amocrm.Zone{{Suffix: "amocrm.test", Scheme: "http"}}},
	}
	return NewCRM(NewProducts([]Product{p}), amocrm.New(amocrm.Config{Transport: tr}), amojo.New(amojo.Config{Transport: tr}))
}

// TestFormerAddress: which answer the former address of a renamed account gives
// is not documented (W §8.6), so each of these is taken for one.
func TestFormerAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		moved  bool
		kind   fault.Kind
	}{
		{301, true, fault.Unavailable}, {302, true, fault.Unavailable}, {308, true, fault.Unavailable},
		{403, true, fault.Unavailable}, {404, true, fault.Unavailable}, {410, true, fault.Unavailable},
		{401, false, fault.Unauthenticated}, {402, false, fault.Unavailable}, {429, false, fault.Unavailable}, {503, false, fault.Unavailable},
	} {
		crm := newCRM(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://elsewhere.amocrm.test/")
			w.WriteHeader(c.status)
		})
		_, err := crm.Info(t.Context(), "amocrm", "old.amocrm.test", "access")
		if errors.Is(err, account.ErrMoved) != c.moved || !fault.Is(err, c.kind) {
			t.Errorf("%d: %v, want moved %v, %v", c.status, err, c.moved, c.kind)
		}
	}
}

// TestCurrentHost: the address that the token names is asked first, the former one
// if that gives no answer; a refused refresh token ends it (W §8.6).
func TestCurrentHost(t *testing.T) {
	t.Parallel()
	named := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"api_domain":"api-b.amocrm.test"}`)) + ".sig"
	for _, c := range []struct {
		name   string
		access string
		named  int // status of the address in the token
		asked  string
		want   string
		kind   fault.Kind
	}{
		{"by the token's address", named, 200, "[api-b.amocrm.test]", "new.amocrm.test", 0},
		{"the token's address is away", named, 503, "[api-b.amocrm.test old.amocrm.test]", "new.amocrm.test", 0},
		{"a token that names none", "opaque", 0, "[old.amocrm.test]", "new.amocrm.test", 0},
		{"dead tokens", named, 401, "[api-b.amocrm.test]", "", fault.Unauthenticated},
	} {
		var asked []string
		crm := newCRM(t, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Host)
			if r.URL.Path != "/oauth2/account/current/subdomain" || r.Header.Get("X-Refresh-Token") != "refresh" {
				t.Errorf("%s: %s with %q", c.name, r.URL.Path, r.Header.Get("X-Refresh-Token"))
			}
			if r.Host == "api-b.amocrm.test" && c.named != 200 {
				w.WriteHeader(c.named)
				return
			}
			fmt.Fprint(w, `{"id":31000001,"subdomain":"new","domain":"new.amocrm.test"}`)
		})
		host, err := crm.CurrentHost(t.Context(), "amocrm", "old.amocrm.test", account.Tokens{Access: c.access, Refresh: "refresh"})
		if host != c.want || fmt.Sprint(asked) != c.asked || (err == nil) != (c.want != "") || err != nil && !fault.Is(err, c.kind) {
			t.Errorf("%s: %q, %v, asked %v", c.name, host, err, asked)
		}
	}
}

// TestConnectRefusals: only 403 may be the private channel's list (C §3.1).
func TestConnectRefusals(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{403: "channel_private", 400: "channel_refused", 404: "channel_refused", 402: "crm_unavailable", 429: "crm_unavailable", 500: "crm_unavailable"} {
		crm := newCRM(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if _, err := crm.Connect(t.Context(), "amocrm", testAmojo); fault.CodeOf(err) != want {
			t.Errorf("%d: %v, want %s", status, err, want)
		}
	}
}
