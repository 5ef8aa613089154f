package app

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestTheLoaderGoesOutSmall: in the form that the browser takes, and not at all to
// who has it. (Chromium reads the brotli form in every test that opens a page.)
func TestTheLoaderGoesOutSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	const path = "/js/button.js"
	plain := w.send("GET", chatURL+path, map[string]string{"Accept-Encoding": "identity"}, nil)
	tag := plain.header.Get("ETag")
	for _, tt := range []struct{ accept, ifNone, encoding string }{
		{accept: "gzip, deflate, br, zstd", encoding: "br"},
		{accept: "br;q=1.0", encoding: "br"},
		{accept: "gzip, deflate", encoding: "gzip"},
		{accept: "deflate"},
		{accept: "br;q=0, gzip;q=0"},
		{accept: "br", ifNone: tag},
		{accept: "br", ifNone: `"another", W/` + tag},
	} {
		a := w.send("GET", chatURL+path, map[string]string{"Accept-Encoding": tt.accept, "If-None-Match": tt.ifNone}, nil)
		if a.header.Get("Vary") != "Accept-Encoding" || a.header.Get("ETag") != tag || tag == "" {
			t.Errorf("%+v: headers %v", tt, a.header)
		}
		if tt.ifNone != "" {
			if a.status != http.StatusNotModified || len(a.body) != 0 {
				t.Errorf("%+v: %d with %d bytes, want 304", tt, a.status, len(a.body))
			}
			continue
		}
		if a.status != http.StatusOK || a.header.Get("Content-Encoding") != tt.encoding || !strings.Contains(a.header.Get("Content-Type"), "javascript") {
			t.Errorf("%+v: %d %v", tt, a.status, a.header)
		}
		body := a.body
		if tt.encoding == "gzip" {
			r, err := gzip.NewReader(bytes.NewReader(a.body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		if tt.encoding == "br" && len(body)*2 > len(plain.body) || tt.encoding != "br" && !bytes.Equal(body, plain.body) {
			t.Errorf("%+v: %d bytes of %d", tt, len(a.body), len(plain.body))
		}
	}
}
