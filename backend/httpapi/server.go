// Package httpapi is the HTTP edge: it binds a request, calls one service and
// renders the answer. All routes stand in this file, by audience; the contract
// is docs/http-api.md. It is the only place that knows statuses and gin.
package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"leadline/backend/account"
	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/conversation"
	"leadline/backend/desk"
	"leadline/backend/greeting"
	"leadline/backend/i18n"
	"leadline/backend/keyaction"
	"leadline/backend/media"
	"leadline/backend/onlinechat"
	"leadline/backend/realtime"
	"leadline/backend/sitechat"
	"leadline/backend/team"
)

// Product is what the edge needs of one CRM product.
type Product struct {
	Name string
	// Verifier checks disposable tokens and origins of the widget.
	Verifier *auth.DisposableVerifier
	ClientID string
	// WidgetCode is the external id of the source that the CRM makes by itself (W §7.3).
	WidgetCode string
}

// OAuth is the vendor's part of authorising, done by the bridge.
type OAuth interface {
	// Host takes the address of an account from an untrusted value; ok is false
	// for one outside the product's zones.
	Host(product, referer string) (host string, ok bool)
	// ConsentURL is the page where an admin grants access.
	ConsentURL(product, state string) string
	// DisabledSigned checks the signature of a disable hook.
	DisabledSigned(product, clientUUID string, id chatid.CRMAccountID, signature string) bool
}

// Hooks takes in a hook of the chats service, verified and stored.
type Hooks interface {
	Accept(ctx context.Context, scope chatid.ScopeID, signature string, body []byte) error
}

// CRMHooks notes what a webhook of the CRM says; secret is the last part of the
// address that it came to. fault.NotFound for one that nobody has.
type CRMHooks interface {
	Note(ctx context.Context, secret, body string) error
}

// Pinger tells whether the database answers.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Typist passes on that a visitor types. It never waits.
type Typist interface {
	VisitorTypes(ctx context.Context, who conversation.Who)
}

// Deps are what the edge needs of others.
type Deps struct {
	AppURL, ChatURL string
	TrustProxy      bool
	SignUpAllowed   bool

	Products      map[string]Product
	Accounts      *account.Service
	Teams         *team.Service
	Conversations *conversation.Service
	OnlineChats   *onlinechat.Service
	Cards         *onlinechat.Cards
	Desk          *desk.Service
	Greetings     *greeting.Service
	KeyActions    *keyaction.Service
	Console       *console.Service
	OAuth         OAuth
	Hooks         Hooks
	CRMHooks      CRMHooks
	Typist        Typist
	// Media takes files in and keeps them, Links makes and checks the links to them.
	Media    *media.Service
	Links    *media.Links
	Tokens   *auth.Keys
	Streams  *realtime.Server
	SiteChat *sitechat.Build
	Texts    *i18n.Catalog
	// Support lists the contacts that a text in a language names.
	Support  func(language string) []string
	Database Pinger

	NewID  func() string
	Now    func() time.Time
	Logger *slog.Logger
}

// Server answers on both hosts.
type Server struct {
	Deps
	limits limits
	rights rights
	app    *gin.Engine
	chat   *gin.Engine
	byHost map[string]*gin.Engine
}

// New builds the routes.
func New(d Deps) *Server {
	gin.SetMode(gin.ReleaseMode)
	s := &Server{Deps: d, limits: newLimits(d.Now)}
	s.app, s.chat = s.engine(), s.engine()
	s.appRoutes(s.app)
	s.chatRoutes(s.chat)
	s.byHost = map[string]*gin.Engine{hostOf(d.AppURL): s.app, hostOf(d.ChatURL): s.chat}
	return s
}

func (s *Server) appRoutes(r *gin.Engine) {
	r.Use(s.widgetCORS) // for the router's own refusals too
	s.opsRoutes(r)

	// The chats service; signed, so no other proof.
	r.POST("/hooks/amojo/:scope_id", s.bodyLimit(maxHookBytes), s.hook)
	// The accounts' CRMs; unsigned, the address itself is the proof.
	r.POST(CRMHookPath+":secret", s.bodyLimit(maxHookBytes), s.crmHook)

	// The CRM's OAuth and the people it sends.
	r.GET("/oauth/:product/callback", s.limited(perAddress), s.oauthCallback)
	r.GET("/oauth/:product/start", s.limited(perAddress), s.oauthStart)
	r.GET("/oauth/:product/disabled", s.limited(perAddress), s.oauthDisabled)
	r.GET("/verify-email", s.verifyPage)
	r.POST("/verify-email", s.bodyLimit(8<<10), s.limited(perAddress), s.verifyEmail)
	r.GET("/reset-password", s.resetPage)
	r.POST("/reset-password", s.bodyLimit(8<<10), s.limited(perAddress), s.resetPassword)
	r.GET("/assets/page.css", s.pageStyle)
	r.GET("/assets/link.js", s.linkScript)

	// For developers of sites.
	r.GET("/playground", s.limited(perAddress), s.playground)
	r.GET("/assets/playground.css", s.playgroundStyle)
	r.GET("/assets/:name", s.asset)

	// The settings console, in the CRM's page and in a tab of its own.
	s.consoleRoutes(r)

	// The widget, from the CRM's pages.
	w := r.Group(widgetRoot)
	w.OPTIONS("/*any", func(*gin.Context) {}) // answered by widgetCORS
	w.GET("/status", s.limited(perAddress), s.widgetToken, s.widgetStatus)
	w.POST("/connect", s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.widgetToken, s.widgetConnect)
	w.POST("/disconnect", s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.widgetToken, s.widgetDisconnect)
	w.GET("/parked", s.limited(perAddress), s.widgetToken, s.widgetParked)
	w.POST("/parked/:message/resend", s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.widgetToken, s.widgetResend)
	w.POST("/parked/:message/drop", s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.widgetToken, s.widgetDrop)
	w.GET("/chats", s.limited(perAddress), s.widgetToken, s.widgetChats)
	w.POST("/chats", s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.widgetToken, s.widgetAddChat)
	w.POST("/background", s.bodyLimit(maxBackgroundBytes), s.limited(perAddress), s.widgetToken, s.widgetBackground)
	w.POST("/console", s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.widgetToken, s.widgetConsole)
	w.POST("/signup", s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.widgetToken, s.widgetSignUp)
	w.POST("/reset", s.bodyLimit(maxWidgetBytes), s.limited(perAddress), s.widgetToken, s.widgetReset)
}

func (s *Server) chatRoutes(r *gin.Engine) {
	s.opsRoutes(r)

	// Sites.
	r.GET("/js/button.js", s.loader)
	r.GET("/v1/buttons/:id/config", s.limited(perAddress), s.buttonConfig)

	// Card pages.
	for _, see := range []func(string, ...gin.HandlerFunc) gin.IRoutes{r.GET, r.HEAD} {
		see(cardRoot+":slug", s.limited(perAddress), s.cardPage)
		see(cardRoot+":slug/:key", s.limited(perAddress), s.cardFile)
	}
	r.GET("/assets/page.css", s.pageStyle)

	// The panel, on this host itself.
	r.GET("/v1/frame/:id", s.limited(perAddress), s.frame)
	r.GET("/assets/:name", s.asset)
	r.POST("/v1/session", s.sameOrigin, s.bodyLimit(maxVisitorBytes), s.limited(perAddress), s.session)
	// The address pays first: what comes next reads up to fifty megabytes.
	r.POST("/v1/files", s.sameOrigin, s.limited(perAddressFiles), s.visitorToken, s.limited(perVisitorFiles), s.upload)
	v := r.Group("/v1", s.sameOrigin, s.visitorToken)
	v.GET("/messages", s.limited(perVisitor), s.history)
	v.POST("/messages", s.bodyLimit(maxMessageBytes), s.limited(perVisitorMessages), s.write)
	v.PATCH("/messages/:id", s.bodyLimit(maxVisitorBytes), s.limited(perVisitorMessages), s.edit)
	v.PUT("/messages/:id/reaction", s.bodyLimit(maxVisitorBytes), s.limited(perVisitorMessages), s.react)
	v.DELETE("/messages/:id/reaction", s.bodyLimit(maxVisitorBytes), s.limited(perVisitorMessages), s.unreact)
	v.POST("/typing", s.bodyLimit(maxVisitorBytes), s.limited(perVisitor), s.typing)
	v.POST("/conversation/end", s.bodyLimit(maxVisitorBytes), s.limited(perVisitor), s.end)
	v.GET("/conversations", s.limited(perVisitor), s.conversations)
	v.POST("/callbacks", s.bodyLimit(maxVisitorBytes), s.limited(perVisitorMessages), s.limited(perVisitorCallBacks), s.limitedAddress(perAddressCallBacks), s.callBack)
	v.POST("/meta", s.bodyLimit(maxMetaBytes), s.limited(perVisitorMeta), s.limitedAddress(perAddressMeta), s.meta)
	v.POST("/greeting", s.bodyLimit(maxMetaBytes), s.limited(perVisitor), s.limitedAddress(perAddressGreetings), s.greet)
	r.POST(BotAnswerPath+":token", s.bodyLimit(maxBotAnswer), s.limited(perAddress), s.botAnswer)
	s.actionRoutes(r, v)
	v.POST("/receipts", s.bodyLimit(maxVisitorBytes), s.limited(perVisitor), s.receipts)
	v.GET("/stream/events", s.limited(perVisitor), s.events)
	v.GET("/stream/poll", s.limited(perVisitor), s.poll)
	r.GET("/v1/stream", s.limited(perAddress), s.stream) // its token is the first frame

	// Files, by links that are proof enough: the panel's for some hours, the chats
	// service's for as long as the file is kept.
	r.GET("/v1/files/:id", s.limited(perAddress), s.file)
	r.HEAD("/v1/files/:id", s.limited(perAddress), s.file)
	r.GET("/f/:key/:name", s.lastingFile)
	r.HEAD("/f/:key/:name", s.lastingFile)
}

func (s *Server) opsRoutes(r *gin.Engine) {
	r.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	r.GET("/readyz", s.ready)
}

// ServeHTTP chooses the routes by host name; an unknown one gets nothing but
// the health checks, which load balancers ask by address.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e, ok := s.byHost[strings.ToLower(r.Host)]; ok {
		e.ServeHTTP(w, r)
		return
	}
	if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
		s.app.ServeHTTP(w, r)
		return
	}
	http.Error(w, "This address is not served here.", http.StatusMisdirectedRequest)
}

func (s *Server) ready(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer cancel()
	if err := s.Database.Ping(ctx); err != nil {
		s.Logger.Error("database does not answer", "error", err)
		c.String(http.StatusServiceUnavailable, "database does not answer\n")
		return
	}
	// An alarm is no reason to send requests elsewhere: what comes is kept.
	text := "ready\n"
	for _, a := range s.Accounts.Alarms() {
		text += fmt.Sprintf("channel %s: refuses every account since %s; its clock is %s ahead of ours\n",
			a.Product, a.Since.UTC().Format(time.RFC3339), a.Skew.Round(10*time.Second))
	}
	c.String(http.StatusOK, text)
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
