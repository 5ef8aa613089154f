package crmpage

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Options are the switches of a Site.
type Options struct {
	// BackendOrigins are the origins that widgets may talk to beside the page's
	// own ("https://app.example.test"). A request to any other host is a breach.
	BackendOrigins []string
	// PrivacyPolicy is the address behind the consent checkbox; in the real CRM
	// it comes from the integration's form, not from the manifest. "" shows a
	// checkbox without link.
	PrivacyPolicy string
	// Variants are the UNCONFIRMED behaviours to play, see README.md. A page
	// opened with ?variant=a,b plays those instead.
	Variants []string
	// CDN gives every entry of the widget list cdn_path and cdn_images_path, as
	// accounts with a content network have them (W §4.1).
	CDN bool
	// Offer tells which accounts may see a widget (one archive per product);
	// nil offers all widgets to all accounts.
	Offer func(a Account, code string) bool
	// Proxy carries what widgets send by crm_post to its target, when that is
	// one of BackendOrigins. nil refuses such requests with 502.
	Proxy *http.Client
}

// Site serves the CRM's pages of all accounts of a World. It picks the account
// by the Host of the request and is safe for concurrent use.
type Site struct {
	world World
	opts  Options
	mux   *http.ServeMux

	mu      sync.RWMutex
	widgets []*bundle                // in the order of their first AddWidget
	closed  map[closedError]struct{} // errors that a user has closed (W §5.9)
}

// closedError is what makes two stored errors the same for one user.
type closedError struct {
	account, user int64
	header, text  string
}

// maxClosed bounds the memory of closed errors; the sandbox forgets all of
// them when it is reached.
const maxClosed = 10_000

// New makes a Site on top of world.
func New(world World, opts Options) (*Site, error) {
	if world == nil {
		return nil, errors.New("crmpage: no world")
	}
	for _, origin := range append(opts.BackendOrigins[:len(opts.BackendOrigins):len(opts.BackendOrigins)], opts.PrivacyPolicy) {
		if origin == "" {
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return nil, errors.New("crmpage: not an http(s) address in the options")
		}
	}
	s := &Site{world: world, opts: opts, mux: http.NewServeMux(), closed: map[closedError]struct{}{}}
	s.routes()
	return s, nil
}

// routes is the whole map of addresses. The paths under /ajax, /private and
// /upl are those of the real CRM; /crmpage is the sandbox's own.
func (s *Site) routes() {
	for _, page := range []string{
		"GET /{$}", "GET /dashboard/{$}", "GET /leads/list/{$}", "GET /leads/pipeline/{$}",
		"GET /leads/detail/{id}", "GET /contacts/detail/{id}", "GET /companies/detail/{id}",
		"GET /amo-market/{$}", "GET /settings/widgets/{$}", "GET /settings/widgets/{code}/{$}",
		"GET /settings/pipeline/leads/{id}", "GET /settings/pay/{$}",
	} {
		s.mux.HandleFunc(page, s.forUser(s.page))
	}
	s.mux.HandleFunc("GET /crmpage/page/{file}", servePage)
	s.mux.HandleFunc("GET /crmpage/library/{file}", serveLibrary)
	s.mux.HandleFunc("GET /crmpage/market", s.forUser(s.market))
	s.mux.HandleFunc("POST /crmpage/breach", s.forUser(s.breach))
	s.mux.HandleFunc("GET /crmpage/presence", s.forUser(s.presence))
	s.mux.HandleFunc("GET /crmpage/inbox", s.forUser(s.inbox))
	s.mux.HandleFunc("POST /crmpage/inbox/close", s.forUser(s.inboxClose))

	s.mux.HandleFunc("GET /upl/{code}/{rest...}", s.asset)
	s.mux.HandleFunc("POST /ajax/widgets/list", s.forUser(s.widgetList))
	s.mux.HandleFunc("POST /ajax/widgets/edit", s.forUser(s.widgetEdit))
	s.mux.HandleFunc("GET /ajax/v2/integrations/{uuid}/disposable_token", s.forUser(s.disposableToken))
	s.mux.HandleFunc("POST /ajax/v1/inbox/add/", s.forUser(s.inboxAdd))
	s.mux.HandleFunc("POST /private/widget/proxy.php", s.forUser(s.proxy))
	s.mux.HandleFunc("GET /ajax/settings/pipeline/sources/list", s.forUser(s.sourceList))
	s.mux.HandleFunc("POST /ajax/settings/pipeline/sources/add", s.forUser(s.sourceAdd))
	s.mux.HandleFunc("POST /ajax/settings/pipeline/sources/edit", s.forUser(s.sourceEdit))
	s.mux.HandleFunc("POST /ajax/settings/pipeline/sources/delete", s.forUser(s.sourceDelete))
}

// ServeHTTP answers one request; 404 for hosts that are no account's.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	s.mux.ServeHTTP(w, r)
}

// visit is who asks: the account by the host, the user by ?user= or the cookie
// that an earlier ?user= left.
type visit struct {
	account Account
	user    User
	users   []User
}

const userCookie = "crm_user"

// maxForm bounds every body that a page sends.
const maxForm = 256 << 10

func (s *Site) forUser(next func(http.ResponseWriter, *http.Request, visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		account, ok := s.world.Account(hostName(r.Host))
		if !ok {
			http.Error(w, "no account has this address", http.StatusNotFound)
			return
		}
		users := s.world.Users(account.ID)
		if len(users) == 0 {
			http.Error(w, "the account has no users", http.StatusForbidden)
			return
		}
		v := visit{account: account, user: users[0], users: users}
		wanted := r.URL.Query().Get("user")
		if wanted == "" {
			if c, err := r.Cookie(userCookie); err == nil {
				wanted = c.Value
			}
		}
		for _, u := range users {
			if wanted != "" && itoa(u.ID) == wanted {
				v.user = u
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next(w, r, v)
	}
}

// hostName is the host without port, in lower case.
func hostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(host)
}
