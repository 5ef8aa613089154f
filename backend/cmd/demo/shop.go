package main

import (
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
)

// The sample shop is what a customer's website is to us: it carries the embed
// code that somebody pasted, and knows nothing else.

//go:embed shop.html
var shopHTML string

//go:embed shop.css
var shopCSS []byte

var shopPage = template.Must(template.New("shop").Parse(shopHTML))

const maxSnippetBytes = 8 << 10

type shop struct {
	path string // where the snippet is kept
	form string // proof that a form came from our own page
	mu   sync.Mutex
}

func newShop(path string) http.Handler {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	s := &shop{path: path, form: hex.EncodeToString(b)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.show)
	mux.HandleFunc("POST /snippet", s.save)
	mux.HandleFunc("GET /shop.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(shopCSS)
	})
	return mux
}

func (s *shop) show(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	snippet, err := os.ReadFile(s.path)
	s.mu.Unlock()
	if err != nil {
		snippet = nil
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	// The owner of a site pastes code into it: that is what a snippet is.
	_ = shopPage.Execute(w, map[string]any{"Snippet": template.HTML(snippet), "HasSnippet": len(snippet) > 0, "Form": s.form}) //nolint:gosec // see above
}

func (s *shop) save(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxSnippetBytes)
	if origin := r.Header.Get("Origin"); origin != "" {
		if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
			http.Error(w, "This form belongs to the shop's own page.", http.StatusForbidden)
			return
		}
	}
	if r.PostFormValue("form") != s.form {
		http.Error(w, "Please reload the page and try again.", http.StatusForbidden)
		return
	}
	snippet := strings.TrimSpace(r.PostFormValue("snippet"))
	if snippet != "" && (!strings.HasPrefix(snippet, "<script") || !strings.HasSuffix(snippet, "</script>")) {
		http.Error(w, "This is no embed code: it begins with <script> and ends with </script>.", http.StatusUnprocessableEntity)
		return
	}
	s.mu.Lock()
	err := os.WriteFile(s.path, []byte(snippet), 0o600) //nolint:gosec // the path is a setting of the demo
	s.mu.Unlock()
	if err != nil {
		http.Error(w, "The code could not be kept: "+err.Error(), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
