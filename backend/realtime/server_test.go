package realtime

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
)

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, origin, upgrade, want string
		cfg                               Config
	}{
		{"another page's socket", "/v1/stream", "https://evil.example.test", "websocket", "origin_not_trusted", Config{}},
		{"a socket that names no origin", "/v1/stream", "", "websocket", "origin_not_trusted", Config{}},
		{"another page's event stream", "/v1/stream/events?cursor=0", "https://evil.example.test", "", "origin_not_trusted", Config{}},
		{"no upgrade", "/v1/stream", chatHost, "", "invalid_request", Config{}},
		{"negative cursor", "/v1/stream/events?cursor=-1", chatHost, "", "invalid_request", Config{}},
		{"another page's poll", "/v1/stream/poll?cursor=0", "https://evil.example.test", "", "origin_not_trusted", Config{}},
		{"a poll with a negative cursor", "/v1/stream/poll?cursor=-1", chatHost, "", "invalid_request", Config{}},
		{"a poll that never waits enough", "/v1/stream/poll?cursor=0&wait=26s", chatHost, "", "invalid_request", Config{}},
		{"a poll that waits backwards", "/v1/stream/poll?cursor=0&wait=-1s", chatHost, "", "invalid_request", Config{}},
		{"one poll too many", "/v1/stream/poll?cursor=0", chatHost, "", "too_many_streams", Config{MaxStreams: 1}},
		{"one stream too many", "/v1/stream/events?cursor=0", chatHost, "", "too_many_streams", Config{MaxStreams: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, tt.cfg)
			if tt.cfg.MaxStreams == 1 {
				expect(t, f.open(t, "first", 0), "ready")
			}
			req, _ := http.NewRequest(http.MethodGet, "http://"+f.addr+tt.path, nil)
			req.Header.Set("Authorization", "Bearer second")
			if tt.origin != "" {
				req.Header.Set("Origin", tt.origin)
			}
			if tt.upgrade != "" {
				req.Header.Set("Upgrade", tt.upgrade)
				req.Header.Set("Connection", "Upgrade")
			}
			resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if got := strings.TrimSpace(string(body)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// taken counts the places that are not free.
func (f *fixture) taken() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.places
}

func TestHalfAnUpgradeLeavesNothing(t *testing.T) {
	t.Parallel()
	f := start(t, Config{MaxStreams: 1})
	req, _ := http.NewRequest(http.MethodGet, "http://"+f.addr+"/v1/stream", nil)
	req.Header.Set("Origin", chatHost)
	req.Header.Set("Upgrade", "websocket") // and no key
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("got %d, want 400", resp.StatusCode)
	}
	// The place is given back after the answer.
	for end := time.Now().Add(patience); f.taken() > 0; {
		if time.Now().After(end) {
			t.Fatal("the place is still taken")
		}
		time.Sleep(time.Millisecond)
	}
	expect(t, f.open(t, "anna", 0), "ready")
}

func TestOnlyOriginOfAFetch(t *testing.T) {
	t.Parallel()
	for site, want := range map[string]bool{"": true, "same-origin": true, "same-site": false, "cross-site": false, "none": false} {
		r := httptest.NewRequest(http.MethodGet, "/v1/stream/events", nil)
		r.Header.Set("Sec-Fetch-Site", site)
		if got := OnlyOrigin(chatHost)(r); got != want {
			t.Errorf("Sec-Fetch-Site %q: got %v, want %v", site, got, want)
		}
	}
}

func TestEventStreamHeaders(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	h := f.openEvents(t, "anna", 0).(*eventsBrowser).resp.Header
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestHubForgetsCancelledSubscriptions(t *testing.T) {
	t.Parallel()
	hub := NewHub(InProcess{})
	var got []int64
	note := func(h Hint) { got = append(got, h.Rev) }
	a := hub.Subscribe(note, ConversationTopic("1"), VisitorTopic("v"))
	b := hub.Subscribe(note, ConversationTopic("1"))
	b.Add(ConversationTopic("2"))
	b.Add(ConversationTopic("2"))
	hub.Publish(Hint{Rev: 1}, ConversationTopic("1"))
	hub.Publish(Hint{Rev: 2}, ConversationTopic("2"))
	a.Cancel()
	a.Cancel()
	hub.Publish(Hint{Rev: 3}, ConversationTopic("1"), VisitorTopic(chatid.VisitorID("v")))
	b.Cancel()
	b.Add(ConversationTopic("3"))
	hub.Publish(Hint{Rev: 4}, ConversationTopic("1"), ConversationTopic("3"))
	if want := []int64{1, 1, 2, 3}; len(got) != len(want) || got[0] != 1 || got[1] != 1 || got[2] != 2 || got[3] != 3 {
		t.Errorf("got %v, want %v", got, want)
	}
	if n := len(hub.subs); n != 0 {
		t.Errorf("%d topics left", n)
	}
}

// TestHubWakesOnceForOnePublish: whoever waits for a conversation and for its visitor
// looks once, not twice.
func TestHubWakesOnceForOnePublish(t *testing.T) {
	t.Parallel()
	hub := NewHub(InProcess{})
	var both, visitor []int64
	hub.Subscribe(func(h Hint) { both = append(both, h.Rev) }, VisitorTopic("v"), ConversationTopic("1"))
	hub.Subscribe(func(h Hint) { visitor = append(visitor, h.Rev) }, VisitorTopic("v"))
	hub.Publish(Hint{Rev: 1}, ConversationTopic("1"), VisitorTopic("v"))
	hub.Publish(Hint{Rev: 2}, VisitorTopic("v"))
	hub.Publish(Hint{Rev: 3}, ConversationTopic("1"))
	if want := []int64{1, 2, 3}; !slices.Equal(both, want) {
		t.Errorf("a stream of both topics was woken for %v, want %v", both, want)
	}
	if want := []int64{1, 2}; !slices.Equal(visitor, want) {
		t.Errorf("a stream of the visitor was woken for %v, want %v", visitor, want)
	}
}
