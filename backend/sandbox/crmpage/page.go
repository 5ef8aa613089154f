package crmpage

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed page
var pageFiles embed.FS

// built holds the libraries that "npm run build" copies; without the build it
// holds nothing but a .gitignore.
//
//go:embed all:built
var builtFiles embed.FS

var libraries = []string{"requirejs.js", "jquery.js", "underscore.js", "twig.js"}

// Built tells whether the page's libraries are embedded. Without them every
// page says so in one line.
func Built() bool {
	for _, name := range libraries {
		if _, err := builtFiles.Open("built/" + name); err != nil {
			return false
		}
	}
	return true
}

var shell = template.Must(template.ParseFS(pageFiles, "page/shell.html"))

// edition names the page's files as they are built in. Their address holds it, so a
// browser keeps them until there are others.
var edition = sync.OnceValue(func() string {
	sum := sha256.New()
	for _, files := range []embed.FS{pageFiles, builtFiles} {
		_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := files.ReadFile(name)
			fmt.Fprintln(sum, name, len(body))
			_, _ = sum.Write(body)
			return err
		})
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
})

func servePage(w http.ResponseWriter, r *http.Request) {
	serveEmbedded(w, r, pageFiles, "page/")
}

func serveLibrary(w http.ResponseWriter, r *http.Request) {
	serveEmbedded(w, r, builtFiles, "built/")
}

func serveEmbedded(w http.ResponseWriter, r *http.Request, files embed.FS, dir string) {
	kind := types[path.Ext(r.PathValue("file"))]
	body, err := files.ReadFile(dir + r.PathValue("file"))
	if err != nil || kind == "" || strings.HasSuffix(r.PathValue("file"), ".html") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("edition") == edition() {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(body)
}

// language of the page: ?lang=, else the user's, else the account's.
func (s *Site) language(r *http.Request, v visit) string {
	wanted := r.URL.Query().Get("lang")
	if wanted == "" {
		if c, err := r.Cookie("crm_lang"); err == nil {
			wanted = c.Value
		}
	}
	for _, lang := range []string{wanted, v.user.Language, v.account.Language} {
		if slices.Contains([]string{"ru", "en", "es", "pt"}, lang) {
			return lang
		}
	}
	return "en"
}

// page is the one document behind all addresses; its script draws the place.
func (s *Site) page(w http.ResponseWriter, r *http.Request, v visit) {
	if !Built() {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("The simulated CRM has no libraries yet: run `make build`.\n"))
		return
	}
	q := r.URL.Query()
	for name, value := range map[string]string{userCookie: q.Get("user"), "crm_lang": q.Get("lang"), "crm_theme": q.Get("theme")} {
		if value != "" && len(value) <= 20 {
			http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		}
	}
	theme := q.Get("theme")
	if c, err := r.Cookie("crm_theme"); theme == "" && err == nil {
		theme = c.Value
	}
	if theme != "dark" {
		theme = "light"
	}
	lang := s.language(r, v)
	variants := s.opts.Variants
	if q.Has("variant") {
		variants = strings.Split(q.Get("variant"), ",")
	}
	boot, err := json.Marshal(s.boot(v, lang, theme, variants))
	if err != nil {
		http.Error(w, "cannot draw the page", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy-Report-Only", s.policy())
	_ = shell.Execute(w, map[string]any{
		"Lang": lang, "Theme": theme, "Boot": template.JS(boot), "Name": v.account.Name, "Edition": edition(), //nolint:gosec // JSON made by encoding/json, which escapes <, > and &
	})
}

// policy lets the browser itself tell of foreign hosts and of eval; it only
// reports, the page behaves as the real one does.
func (s *Site) policy() string {
	hosts := "'self' " + strings.Join(s.opts.BackendOrigins, " ")
	sockets := strings.ReplaceAll(strings.Join(s.opts.BackendOrigins, " "), "http", "ws")
	return "default-src " + hosts + " data: blob:; script-src 'self' 'unsafe-inline'; style-src " + hosts +
		" 'unsafe-inline'; connect-src " + hosts + " " + sockets + "; frame-src " + hosts + "; form-action 'self'"
}

func (s *Site) boot(v visit, lang, theme string, variants []string) map[string]any {
	users := make([]map[string]any, 0, len(v.users))
	for _, u := range v.users {
		users = append(users, map[string]any{
			"id": u.ID, "name": u.Name, "login": u.Login, "amojo_id": u.AmojoID, "is_admin": u.Admin, "language": u.Language,
			"presence": u.Presence,
		})
	}
	pipelines := []map[string]any{}
	for _, p := range s.world.Pipelines(v.account.ID) {
		pipelines = append(pipelines, map[string]any{"id": p.ID, "name": p.Name})
	}
	a := v.account
	return map[string]any{
		"account": map[string]any{
			"id": a.ID, "subdomain": a.Subdomain, "name": a.Name, "amojo_id": a.AmojoID, "language": a.Language,
			"timezone": a.Timezone, "currency": "USD", "country": a.Country,
		},
		"user": map[string]any{
			"id": v.user.ID, "login": v.user.Login, "name": v.user.Name, "amojo_id": v.user.AmojoID, "is_admin": v.user.Admin,
		},
		"users": users, "pipelines": pipelines, "lang": lang, "theme": theme, "global": a.Global, "zone": a.Zone,
		"backends": s.opts.BackendOrigins, "variants": variants,
	}
}
