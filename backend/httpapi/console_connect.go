package httpapi

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/account"
	"leadline/backend/auth"
	"leadline/backend/console"
	"leadline/backend/fault"
)

// A private integration is connected here, without the widget (design.md §3.6): by
// the CRM's consent page, or by a long-lived token.

func (s *Server) connectRoutes(p, f *gin.RouterGroup) {
	p.GET("/connect", s.connectPage)
	p.GET("/connect/consent", s.connectByConsent)
	f.POST("/connect/token", s.consoleWrite, s.connectByToken)
	f.POST("/connect/ask", s.consoleWrite, s.askTransfer)
}

// maxTokenBytes bounds a long-lived token; real ones have about 1,000.
const maxTokenBytes = 8 << 10

// productNames are what the CRMs call themselves.
var productNames = map[string]string{"amocrm": "amoCRM", "kommo": "Kommo", "dev": "amoCRM (dev)"}

type connectView struct {
	Products []productLink
	// Host is what was typed, HostError and TokenError what is wrong. A token is
	// never sent back.
	Host, HostError, TokenError string
	// Zone is an example of what addresses end in.
	Zone string
}

type productLink struct{ Name, URL string }

func (s *Server) connectPage(c *gin.Context) {
	var failed error
	if c.Query("denied") != "" {
		failed = fault.New(fault.Denied, "consent_denied")
	}
	s.showConnect(c, http.StatusOK, failed, connectView{Host: c.Query("host")})
}

func (s *Server) showConnect(c *gin.Context, status int, failed error, body connectView) {
	body.Host = body.Host[:min(len(body.Host), 300)]
	for _, name := range s.productList() {
		body.Products = append(body.Products, productLink{Name: productNames[name], URL: consoleRoot + "/connect/consent?product=" + name})
		if body.Zone == "" {
			body.Zone = s.zone(name)
		}
	}
	if failed != nil {
		told := func() string { _, b := s.explain(c, failed); return b.Error.Message }
		switch fault.CodeOf(failed) {
		case "no_such_account":
			body.HostError, failed = told(), nil
		case "token_refused", "token_not_admin":
			body.TokenError, failed = told(), nil
		}
	}
	s.consoleRender(c, status, "connect", func(v *consoleView) {
		v.Title, v.Body = s.text(c, "team.connect.title", nil), body
		s.outcome(c, v, failed)
	})
}

func (s *Server) productList() []string { return slices.Sorted(maps.Keys(s.Products)) }

// zone is what most addresses of a product's accounts end in.
func (s *Server) zone(product string) string {
	if z := s.Products[product].Verifier.Zones; len(z) > 0 {
		return z[0].Suffix
	}
	return ""
}

// accountAt finds the product and the address of an account in what people paste: an
// address of a page, a host, or, where there is one product, the name before its zone.
func (s *Server) accountAt(typed string) (product, host string, err error) {
	host = strings.ToLower(strings.TrimSpace(typed))
	host = strings.TrimPrefix(strings.TrimPrefix(host, "https://"), "http://")
	host, _, _ = strings.Cut(host, "/")
	if list := s.productList(); len(list) == 1 && host != "" && !strings.Contains(host, ".") {
		host += "." + s.zone(list[0])
	}
	for _, name := range s.productList() {
		if known, ok := s.OAuth.Host(name, host); ok {
			return name, known, nil
		}
	}
	return "", "", fault.New(fault.Invalid, "no_such_account")
}

// connectByConsent leads to the CRM's consent page. It is a link, since a form may
// lead to no other site; what comes back is bound to this session.
func (s *Server) connectByConsent(c *gin.Context) {
	p := placeOf(c)
	product, ok := s.Products[c.Query("product")]
	switch {
	case !ok:
		s.fail(c, fault.New(fault.NotFound, "not_found"))
		return
	case !p.who.Admin:
		s.fail(c, notAllowed(p))
		return
	}
	state, err := s.Tokens.ConsoleState(auth.Asked{Product: product.Name, Login: p.login.ID, Session: p.session})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Redirect(http.StatusFound, s.OAuth.ConsentURL(product.Name, state))
}

// consentAnswer takes what comes back from the consent page to the console. false is
// for a state that is none of the console's.
func (s *Server) consentAnswer(c *gin.Context, product, state, host, code string) bool {
	asked, err := s.Tokens.ReadConsoleState(state)
	if err != nil {
		return false
	}
	p := &place{root: consoleRoot}
	if ok, err := s.asLogin(c, p); err != nil || !ok || asked.Product != product || asked.Login != p.login.ID || asked.Session != p.session || !p.who.Admin {
		s.Logger.Warn("answer of the consent page for another session", "request_id", requestID(c), "product", product)
		s.page(c, http.StatusBadRequest, "oauth.failed")
		return true
	}
	if code == "" {
		c.Redirect(http.StatusSeeOther, consoleRoot+"/connect?denied=1")
		return true
	}
	by := account.Asker{Team: p.login.Team, User: p.login.ID, Locale: s.language(c)}
	err = s.Console.Do(c.Request.Context(), p.entry(console.Connect, host), func(ctx context.Context) error {
		return s.Accounts.Grant(ctx, product, host, code, by)
	})
	if err != nil {
		s.Logger.Error("store authorisation code", "request_id", requestID(c), "error", err)
		s.page(c, http.StatusServiceUnavailable, "oauth.failed")
		return true
	}
	c.Redirect(http.StatusSeeOther, consoleRoot+"?done="+string(console.Connect))
	return true
}

func (s *Server) connectByToken(c *gin.Context) {
	p, form := placeOf(c), c.Request.PostForm
	body := connectView{Host: form.Get("host")}
	token := strings.Join(strings.Fields(form.Get("token")), "") // pasted with line breaks
	if len(token) > maxTokenBytes {
		s.fail(c, fault.New(fault.TooLarge, "body_too_large"))
		return
	}
	product, host, err := s.accountAt(body.Host)
	if err == nil && !s.spend(c, perConnect, string(p.login.Team)) {
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	var a account.Account
	if err == nil {
		by := account.Asker{Team: p.login.Team, User: p.login.ID, Locale: s.language(c)}
		err = s.Console.Do(ctx, p.entry(console.Connect, host), func(ctx context.Context) (err error) {
			a, err = s.Accounts.ByToken(ctx, product, host, token, by)
			return crmTrouble(err)
		})
	}
	if err != nil {
		s.showConnect(c, statusOf(err), err, body)
		return
	}
	c.Redirect(http.StatusSeeOther, consoleRoot+"/"+string(a.ID)+"?done="+string(console.Connect))
}

// consoleDisconnect switches the channel off for an account.
func (s *Server) consoleDisconnect(c *gin.Context) {
	p := placeOf(c)
	if !p.own() { // inside the CRM the widget's own switch does it
		s.fail(c, fault.New(fault.NotFound, "not_found"))
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	err := s.Console.Do(ctx, p.entry(console.Disconnect, p.name()), func(ctx context.Context) error {
		return s.Accounts.Disconnect(ctx, p.account.Product, p.account.CRMID)
	})
	if err != nil {
		s.showOverview(c, statusOf(err), err)
		return
	}
	c.Redirect(http.StatusSeeOther, p.root+"?done="+string(console.Disconnect))
}

// ownConnection is what a Leadline login may do with the connection of an account.
type ownConnection struct {
	// Connect is the address of the page that connects it again, "" while it is.
	Connect string
	// On tells that it can be disconnected.
	On bool
	// Ends is when a long-lived token does; Soon that this is within two weeks.
	Ends moment
	Soon bool
	// Asked is nil where no other team asks for the account.
	Asked *askedView
}

// tokenSoon is how long before its end a token is told to be near it.
const tokenSoon = 14 * 24 * time.Hour

func (s *Server) ownConnection(ctx context.Context, p *place, v account.View) (*ownConnection, error) {
	if !p.own() {
		return nil, nil //nolint:nilnil // nothing to show is no error
	}
	ends, err := s.Accounts.TokenEnds(ctx, p.account.ID)
	o := ownConnection{Ends: moment{ends}, On: v.State == string(account.Connected) || v.State == string(account.Broken)}
	o.Soon = !ends.IsZero() && ends.Sub(s.Now()) < tokenSoon
	if v.State != string(account.Connected) || o.Soon {
		o.Connect = consoleRoot + "/connect?host=" + p.account.Host
	}
	if err != nil {
		return nil, err
	}
	o.Asked, err = s.askedFor(ctx, p)
	return &o, err
}
