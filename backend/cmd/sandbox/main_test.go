package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"leadline/backend/sandbox"
)

// start runs the program and returns the address of its dashboard.
func start(t *testing.T, args ...string) (base string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, args, in, io.Discard)
		_ = in.CloseWithError(io.EOF)
		ended <- err
	}()
	var text strings.Builder
	buf := make([]byte, 4096)
	address := regexp.MustCompile(`listens on (\S+)\n`)
	for {
		n, err := out.Read(buf)
		text.Write(buf[:n])
		if m := address.FindStringSubmatch(text.String()); m != nil {
			base = "http://" + m[1]
			break
		}
		if err != nil {
			t.Fatalf("ended early: %v; printed %s", <-ended, text.String())
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	return base, stop
}

func get(t *testing.T, url, host string, v any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	res, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d", url, res.StatusCode)
	}
	if v != nil {
		if err := json.NewDecoder(res.Body).Decode(v); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRun starts the bare command twice: the ids stay and so does what was stored.
func TestRun(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "kept", "state.json")
	args := []string{"--listen", "127.0.0.1:0", "--zone", "amocrm.localhost", "--hook-url", "http://localhost:1/:scope_id", "--state", state}
	var users [2]string
	for i := range 2 {
		base, stop := start(t, args...)
		var accounts []sandbox.Account
		get(t, base+"/control/v1/accounts", "", &accounts)
		if len(accounts) != 1 || accounts[0].ID != 31000001 || accounts[0].AmojoID != defaultAmojoID {
			t.Fatalf("accounts %+v", accounts)
		}
		users[i] = accounts[0].Users[0].AmojoID
		var channels []sandbox.Channel
		get(t, base+"/control/v1/channels", "", &channels)
		if len(channels) != 1 || channels[0].ID != defaultChannel || channels[0].ClientUUID != defaultClient {
			t.Fatalf("channels %+v", channels)
		}
		get(t, base+"/inbox/", "democo.amocrm.localhost", nil)
		get(t, base+"/amo-market/", "democo.amocrm.localhost", nil)
		get(t, base+"/", "", nil)
		stop()
	}
	if users[0] != users[1] {
		t.Error("the people of the account changed between runs")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sandbox.json")
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"listen":"127.0.0.1:9100","channels":[{"id":"c","secret":"s"}],"integrations":[{"client_uuid":"i","widget_code":"w"}]}`)
	set, err := readSettings([]string{"--config", file, "--channel-secret", "flag"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if set.Channels[0].Secret != "flag" || set.Channels[0].ClientUUID != "i" || set.Zones[0] != (sandbox.Zone{Product: "dev", Name: "amocrm.localhost:9100", Scheme: "http"}) {
		t.Errorf("settings %+v", set)
	}
	write(`{"lissten":""}`)
	for _, bad := range [][]string{
		{"--config", file}, {"--config", file + ".none"}, {"--product", "other"}, {"--tls-cert", "x"}, {"rest"},
		{"--widget-zip", "x.zip"}, {"--listen", "no port"},
	} {
		if _, err := readSettings(bad, io.Discard); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
