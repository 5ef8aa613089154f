package media

import (
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var servedAt = time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)

// serve answers a request for content over real HTTP.
func serve(t *testing.T, content string, s Served, header http.Header) (*http.Response, string) {
	t.Helper()
	store := folder(t)
	s.Key = NewKey()
	if err := store.Put(t.Context(), s.Key, strings.NewReader(content), int64(len(content))); err != nil {
		t.Fatal(err)
	}
	return serveKey(t, store, s, header)
}

func serveKey(t *testing.T, store Store, s Served, header http.Header) (*http.Response, string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		blob, err := store.Open(r.Context(), s.Key)
		if err != nil {
			t.Errorf("open: %v", err)
			return
		}
		defer blob.Close()
		Serve(w, r, blob, s, servedAt)
	}))
	t.Cleanup(server.Close)
	req, err := http.NewRequest(http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// SEC-9: SVG and HTML never act, whatever a file calls itself.
func TestServeShowsInPlaceOnlyWhatCannotAct(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typ, wantType, wantDisposition string }{
		{"image/jpeg", "image/jpeg", "inline"},
		{"audio/ogg", "audio/ogg", "inline"},
		{"video/mp4", "video/mp4", "inline"},
		{"application/pdf", "application/pdf", "attachment"},
		{"text/plain", "text/plain", "attachment"},
		{"image/heic", "image/heic", "attachment"},
		{"text/html", "application/octet-stream", "attachment"},
		{"image/svg+xml", "application/octet-stream", "attachment"},
		{"text/xml", "application/octet-stream", "attachment"},
		{"application/javascript", "application/octet-stream", "attachment"},
		{"application/x-shockwave-flash", "application/octet-stream", "attachment"},
		{"application/vnd.microsoft.portable-executable", "application/octet-stream", "attachment"},
		{"image/jpeg; x=y", "application/octet-stream", "attachment"},
		{"", "application/octet-stream", "attachment"},
	} {
		t.Run(tt.typ, func(t *testing.T) {
			t.Parallel()
			resp, body := serve(t, "<script>alert(1)</script>", Served{Type: tt.typ, Name: "файл \"1\".x"}, nil)
			h := resp.Header
			disposition, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
			if err != nil || disposition != tt.wantDisposition || params["filename"] != "файл \"1\".x" {
				t.Errorf("Content-Disposition = %s (%v)", h.Get("Content-Disposition"), err)
			}
			for name, want := range map[string]string{
				"Content-Type":                 tt.wantType,
				"X-Content-Type-Options":       "nosniff",
				"Content-Security-Policy":      "sandbox; default-src 'none'",
				"Cross-Origin-Resource-Policy": "same-origin",
				"Referrer-Policy":              "no-referrer",
			} {
				if got := h.Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if resp.StatusCode != http.StatusOK || body != "<script>alert(1)</script>" {
				t.Errorf("%d %q", resp.StatusCode, body)
			}
		})
	}
}

func TestServeAnswersRangesAndConditions(t *testing.T) {
	t.Parallel()
	store := folder(t)
	s := Served{Key: NewKey(), Type: "video/mp4", Name: "a.mp4"}
	if err := store.Put(t.Context(), s.Key, strings.NewReader("0123456789"), 10); err != nil {
		t.Fatal(err)
	}
	whole, _ := serveKey(t, store, s, nil)
	tag := whole.Header.Get("Etag")
	if tag == "" || strings.HasPrefix(tag, "W/") || strings.Contains(tag, string(s.Key)) {
		t.Fatalf("ETag = %s, want a strong one that does not tell the key", tag)
	}
	for _, tt := range []struct {
		name, header, value string
		status              int
		body                string
	}{
		{"a range", "Range", "bytes=2-4", 206, "234"},
		{"the end", "Range", "bytes=-3", 206, "789"},
		{"a range beyond", "Range", "bytes=50-", 416, ""},
		{"not changed", "If-None-Match", tag, 304, ""},
		{"changed", "If-None-Match", `"other"`, 200, "0123456789"},
	} {
		resp, body := serveKey(t, store, s, http.Header{tt.header: {tt.value}})
		if resp.StatusCode != tt.status || (tt.body != "" && body != tt.body) {
			t.Errorf("%s: %d %q, want %d %q", tt.name, resp.StatusCode, body, tt.status, tt.body)
		}
		if resp.StatusCode < 400 && resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: no content security policy", tt.name)
		}
	}
}

func TestServeIsCachedNoLongerThanTheLinkLives(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		s    Served
		want string
	}{
		{"a short link", Served{Until: servedAt.Add(90 * time.Minute)}, "private, max-age=5400, immutable"},
		{"one that has just ended", Served{Until: servedAt.Add(-time.Second)}, "private, max-age=0, immutable"},
		{"a lasting link", Served{}, "public, max-age=86400, immutable"},
	} {
		resp, _ := serve(t, "x", tt.s, nil)
		if got := resp.Header.Get("Cache-Control"); got != tt.want {
			t.Errorf("%s: Cache-Control = %s, want %s", tt.name, got, tt.want)
		}
	}
	resp, _ := serve(t, "x", Served{Embeddable: true}, nil)
	if got := resp.Header.Get("Cross-Origin-Resource-Policy"); got != "cross-origin" {
		t.Errorf("embeddable: Cross-Origin-Resource-Policy = %s", got)
	}
}

func TestServeKnowsTheTypeOfThumbnails(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][2]string{
		"glass.webp":  {"image/png", "glass.png"},
		"turned6.jpg": {"image/jpeg", "glass.jpg"},
	} {
		service := Service{Store: folder(t), Limits: DefaultLimits()}
		item, err := service.Accept(t.Context(), strings.NewReader(string(sample(t, file))), Incoming{Name: "glass.webp"})
		if err != nil || item.Thumb == nil {
			t.Fatalf("%s: %+v, %v", file, item, err)
		}
		resp, body := serveKey(t, service.Store, Served{Key: item.Thumb.Key, Type: "text/html", Name: "glass.webp", Variant: Thumbnail}, nil)
		_, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
		if resp.Header.Get("Content-Type") != want[0] || params["filename"] != want[1] || int64(len(body)) != item.Thumb.Size {
			t.Errorf("%s: %s, %v, %d bytes; want %v, %d bytes", file, resp.Header.Get("Content-Type"), params, len(body), want, item.Thumb.Size)
		}
	}
}
