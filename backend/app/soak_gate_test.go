package app

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
)

// failingGate stands before the sandbox and fails the requests of a whole account, or the
// new messages of single conversations, in ways of its own, while the sandbox plays
// its random faults for everybody.
type failingGate struct {
	next http.Handler

	mu      sync.Mutex
	account string            // amojo id; empty: none
	how     string            // 503, 429, hang or cut, for the account
	single  map[string]string // conversation id → 400 or cut
	open    chan struct{}     // closed when the account is let through again
	counts  map[string]int    // requests failed, by what was done to them
}

func (g *failingGate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Host, "amojo.") || !strings.HasPrefix(r.URL.Path, "/v2/origin/custom/") {
		g.next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	how, open := g.verdict(r, body)
	switch how {
	case "":
		g.next.ServeHTTP(w, r)
	case "400":
		http.Error(w, "{}", http.StatusBadRequest)
	case "429":
		http.Error(w, "{}", http.StatusTooManyRequests)
	case "503":
		http.Error(w, "{}", http.StatusServiceUnavailable)
	case "hang":
		select {
		case <-open:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	case "cut":
		panic(http.ErrAbortHandler)
	}
}

// verdict tells what is done to a request: nothing, or one of the ways.
func (g *failingGate) verdict(r *http.Request, body []byte) (how string, open chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.account != "" && strings.Contains(r.URL.Path, g.account):
		how = g.how
	case bytes.Contains(body, []byte(`"new_message"`)):
		for id, single := range g.single {
			if bytes.Contains(body, []byte(id)) {
				how = single
			}
		}
	}
	if how != "" {
		g.counts[how]++
	}
	return how, g.open
}

// shut fails an account and some conversations from now on.
func (g *failingGate) shut(account, how string, single map[string]string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.account, g.how, g.single, g.open = account, how, single, make(chan struct{})
}

// release lets everything through.
func (g *failingGate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.account, g.single = "", nil
	if g.open != nil {
		close(g.open)
		g.open = nil
	}
}

func (g *failingGate) failed() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[string]int{}
	for how, n := range g.counts {
		out[how] = n
	}
	return out
}
