// Package app wires the parts into a running server, and starts and stops them
// in order.
package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/amojo"
	"leadline/backend/auth"
	"leadline/backend/bridge"
	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/console"
	"leadline/backend/conversation"
	"leadline/backend/desk"
	"leadline/backend/greeting"
	"leadline/backend/httpapi"
	"leadline/backend/i18n"
	"leadline/backend/keyaction"
	"leadline/backend/media"
	"leadline/backend/onlinechat"
	"leadline/backend/outbox"
	"leadline/backend/realtime"
	"leadline/backend/sitechat"
	"leadline/backend/store"
	"leadline/backend/team"
)

// Options are what tests set and programs leave out.
type Options struct {
	Logger *slog.Logger
	// Transport carries requests to the CRM; nil for one of our own.
	Transport http.RoundTripper
	// Mailer sends mails; nil for SMTP or the log, as the settings say.
	Mailer team.Mailer
	// Now is the clock; nil for the machine's.
	Now func() time.Time
	// Fetch is how addresses from outside are called; what the settings say is added.
	Fetch media.FetchConfig
}

// App is the whole server. Make it with New, then Run.
type App struct {
	Config   config.Config
	Teams    *team.Service
	Accounts *account.Service

	handler http.Handler
	store   *store.Store
	worker  *outbox.Worker
	// cardWorker works on the CRM's cards, by the desk.
	cardWorker *outbox.Worker
	cards      *bridge.CardDesk
	cardPages  *onlinechat.Cards
	fields     *bridge.FieldBook
	keyActions *keyaction.Service
	settings   *bridge.AccountSettings
	healer     *conversation.Healer
	sync       *bridge.Sync
	chats      *onlinechat.Service
	texts      *i18n.Catalog
	templates  *bridge.TemplateFile
	hub        *realtime.Hub
	streams    *realtime.Server
	typing     *bridge.Typing
	desk       *desk.Service
	greetings  *greeting.Service
	fetches    *bridge.Fetches
	avatars    *bridge.Avatars
	unsent     unsent
	media      *media.Service
	log        *slog.Logger
	// still: the CRM is not followed, for tests that count every request.
	still bool
}

// newID gives UUIDs that sort by time.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// secret gives 64 random hex digits.
func secret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// New opens the database, migrating it if needed, and wires everything. Close
// the App when it is not Run.
func New(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Transport == nil {
		o.Transport = transport()
	}
	keys, err := loadKeys(cfg.KeyFile)
	if err != nil {
		return nil, err
	}
	sealer, err := auth.NewSealer(keys...)
	if err != nil {
		return nil, err
	}
	tokens, err := auth.NewKeys(o.Now, keys...)
	if err != nil {
		return nil, err
	}
	texts, err := i18n.Load()
	if err != nil {
		return nil, err
	}
	site, err := sitechat.Files()
	if err != nil {
		return nil, err
	}
	links, err := fileLinks(cfg, keys)
	if err != nil {
		return nil, err
	}
	files, err := openMedia(cfg, o.Fetch)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, store.Options{DSN: cfg.Database, Sealer: sealer, Logger: o.Logger})
	if err != nil {
		return nil, errors.Join(err, closeMedia(files))
	}
	a := &App{Config: cfg, store: db, media: files, log: o.Logger}
	a.wire(cfg, o, parts{tokens: tokens, texts: texts, site: site, links: links})
	return a, nil
}

// parts are what New made before the wiring.
type parts struct {
	tokens *auth.Keys
	texts  *i18n.Catalog
	site   *sitechat.Build
	links  *media.Links
}

func (a *App) wire(cfg config.Config, o Options, p parts) {
	a.hub = realtime.NewHub(realtime.InProcess{})

	mailer := o.Mailer
	if mailer == nil {
		mailer = newMailer(cfg, p.texts, o.Logger)
	}
	a.Teams = team.NewService(a.store.Teams(), auth.NewPasswords(2), p.tokens, mailer, newID, o.Now)
	chats := onlinechat.NewService(a.store.OnlineChats(), newID, secret, o.Now)

	chatsAPI := amojo.New(amojo.Config{Transport: o.Transport, Now: o.Now})
	products := bridgeProducts(cfg)
	crm := bridge.NewCRM(products, amocrm.New(amocrm.Config{Transport: o.Transport, Now: o.Now}), chatsAPI)

	// The worker delivers by the bridge, which reads by the services, which hand
	// their jobs to the worker: the circle is closed by late.
	late := &lateHandler{}
	a.worker = outbox.NewWorker(a.store.Outbox(), late, outbox.Config{
		Now: o.Now, Logger: o.Logger,
		Settled: func(j outbox.Job, out outbox.Outcome) {
			for _, e := range out.Effects {
				// What the visitor sees of it; the lane's own messages show themselves.
				switch e := e.(type) {
				case conversation.MessageFailed:
					a.hub.Publish(realtime.Hint{Conversation: j.Lane}, realtime.ConversationTopic(j.Lane))
				case conversation.WroteFirst:
					a.hub.Publish(realtime.Hint{Conversation: e.To}, realtime.ConversationTopic(e.To))
				}
			}
		},
	})
	conversations := conversation.NewService(a.store.Conversations(), a.worker, publisher{a.hub}, newID, o.Now)
	a.greetings = greeting.NewService(greeting.Deps{
		Store: a.store.Greetings(), Metas: a.store.Conversations().Meta, Begun: begun(conversations), Cards: cardsOf(conversations), Source: sourceOf(chats), Zone: zone(chats),
		Random: mathrand.IntN, Now: o.Now, Logger: o.Logger,
		Asks: a.store.GreetingAsks(), Conversations: conversations, Poster: poster{a.media.Fetcher}, ReturnURL: returnURL(cfg.ChatURL, p.tokens),
	})
	a.healer = conversation.NewHealer(a.store.Gaps(), conversations, o.Now, o.Logger)
	a.Accounts = account.NewService(account.Deps{
		Store: a.store.Accounts(), CRM: crm, Channel: followed{crm, a}, Chats: firstChats{chats}, Logins: logins{a.store.Teams(), a.Teams},
		NewID: newID, Now: o.Now, Logger: o.Logger, Resumed: func() { a.worker.Wake(); a.cardWorker.Wake(); a.sync.Rescan() }, Lost: a.healer.Lost,
	})
	a.desk = desk.NewService(desk.Deps{
		Store: a.store.Desk(), Parked: a.store.Conversations().CountParked, IsAdmin: a.Accounts.IsAdmin, Reach: chats.Reach, Stands: conversation.CallBackFor,
		Changed: func(id chatid.AccountID) { a.hub.Publish(realtime.Hint{Availability: true}, realtime.AccountTopic(id)) }, Period: cfg.BackgroundPeriod, Now: o.Now, Logger: o.Logger,
	})
	cards := bridge.NewCardFile(crm, a.Accounts)
	a.templates, a.texts = bridge.NewTemplateFile(cards, o.Now), p.texts
	a.cardPages = onlinechat.NewCards(a.store.CardPages(), chats, i18n.Languages, a.dropPicture)
	a.chats, chats.Sources = chats, bridge.NewSourceFile(cards, a.Accounts)
	a.avatars = bridge.NewAvatars(a.store.Accounts(), a.media.ForAvatars(), newID, o.Now, o.Logger)
	persons := bridge.NewPersonFile(cards, a.Accounts, chats, o.Now, o.Logger)
	conversations.Persons = persons
	a.sync = bridge.NewSync(bridge.SyncDeps{
		Cards: cards, Store: a.store.Accounts(), Accounts: a.Accounts, Conversations: conversations, Sources: chats, CallBacks: a.desk, Persons: persons, Avatars: a.avatars,
		HookURL: func(secret string) string { return cfg.AppURL + httpapi.CRMHookPath + secret }, NewSecret: secret,
		Now: o.Now, Logger: o.Logger,
	})
	b := bridge.New(bridge.Deps{
		Products: products, Chats: chatsAPI, Accounts: a.Accounts, Conversations: conversations,
		Cards: cards, Operators: a.sync, Lost: a.healer.Lost, FileURL: func(key, name string) string { return p.links.Lasting(media.Key(key), name) },
		Texts: func(language, key string, args map[string]any) string {
			return p.texts.Localizer("", language).Text(key, args)
		},
		Now: o.Now, Logger: o.Logger,
	})
	late.Handler, a.sync.Bridge = b, b
	a.wireCards(o, products, cards, conversations)
	a.wireKeyActions(o, cards, conversations, p.texts)
	a.typing = bridge.NewTyping(b, conversations.Find)
	a.fetches = bridge.NewFetches(conversations, a.media, o.Logger)
	conversations.FilesWaiting = a.fetches.Wake
	conversations.CallBackAsked = a.sync.CallBackAsked
	a.unsent = unsent{files: conversations, media: a.media, log: o.Logger}

	a.streams = realtime.NewServer(realtime.Config{CheckOrigin: realtime.OnlyOrigin(cfg.ChatURL), Log: o.Logger, Availability: a.available}, a.hub,
		httpapi.StreamSource{Tokens: p.tokens, Conversations: conversations, OnlineChats: chats, Texts: p.texts, Links: p.links, Now: o.Now, AppURL: cfg.AppURL, ChatURL: cfg.ChatURL})
	a.handler = httpapi.New(httpapi.Deps{
		AppURL: cfg.AppURL, ChatURL: cfg.ChatURL, TrustProxy: cfg.TrustProxy, SignUpAllowed: cfg.SignUp,
		Products: edgeProducts(cfg, o.Now), Accounts: a.Accounts, Teams: a.Teams, Conversations: conversations,
		OnlineChats: chats, Cards: a.cardPages, Console: console.NewService(a.store.Console(), newID, o.Now, o.Logger), Desk: a.desk, KeyActions: a.keyActions, Greetings: a.greetings, Support: cfg.Support.Contacts, OAuth: crm, Hooks: b, CRMHooks: a.sync, Typist: a.typing, Media: a.media, Links: p.links, Tokens: p.tokens, Streams: a.streams, SiteChat: p.site,
		Texts: p.texts, Database: a.store, NewID: newID, Now: o.Now, Logger: o.Logger,
	})
}

// available tells a stream whether somebody answers.
func (a *App) available(ctx context.Context, s realtime.Session) (realtime.Availability, error) {
	v, err := a.desk.Availability(ctx, s.Account, s.Chat)
	out := realtime.Availability{State: string(v.State)}
	if !v.Back.IsZero() {
		out.Back = v.Back.Format(time.RFC3339)
	}
	return out, err
}

// followed is the account service's channel: an account that is switched off is
// looked at once more, to end its webhook.
type followed struct {
	*bridge.CRM
	app *App
}

func (f followed) Disconnect(ctx context.Context, product string, a chatid.AmojoID) error {
	defer f.app.sync.Rescan()
	return f.CRM.Disconnect(ctx, product, a)
}

// lateHandler is set after the worker was made.
type lateHandler struct{ outbox.Handler }

// publisher tells streams by the hub.
type publisher struct{ hub *realtime.Hub }

func (p publisher) Publish(c chatid.ConversationID, v chatid.VisitorID, rev int64, m *conversation.Message) {
	hint := realtime.Hint{Conversation: c, Rev: rev}
	if m != nil {
		hint.Message = m
	}
	p.hub.Publish(hint, realtime.ConversationTopic(c), realtime.VisitorTopic(v))
}

func (p publisher) Typing(c chatid.ConversationID, v chatid.VisitorID, until time.Time, name string) {
	p.hub.Publish(realtime.Hint{Conversation: c, Typing: &realtime.Typing{Until: until, Name: name}}, realtime.ConversationTopic(c), realtime.VisitorTopic(v))
}

// Handler answers HTTP on both hosts.
func (a *App) Handler() http.Handler { return a.handler }

// Run serves on l and delivers until ctx ends, then stops in order: no new
// requests, streams told to come back, running ones finished, lanes given back,
// database closed.
func (a *App) Run(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           a.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	if err := errors.Join(a.store.Outbox().Adopt(ctx), a.store.Cards().Adopt(ctx)); err != nil {
		return errors.Join(err, l.Close(), a.Close())
	}
	a.healer.Start(ctx)
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var background sync.WaitGroup
	background.Go(func() { a.worker.Run(work) })
	background.Go(func() { a.cardWorker.Run(work) })
	background.Go(func() { a.cards.Run(work) })
	background.Go(func() { a.keyActions.Run(work) })
	background.Go(func() { a.greetings.Run(work) })
	background.Go(func() { a.Accounts.RunGrants(work) })
	background.Go(func() { a.healer.Run(work) })
	background.Go(func() { a.Accounts.RunRepairs(work) })
	background.Go(func() { a.Accounts.RunIdle(work) })
	background.Go(func() { a.Accounts.RunTransfers(work) })
	if !a.still {
		background.Go(func() { a.sync.Run(work) })
	}
	background.Go(func() { _ = a.hub.Run(work) })
	background.Go(func() { a.typing.Run(work) })
	background.Go(func() { a.desk.Run(work) })
	background.Go(func() { a.fetches.Run(work) })
	background.Go(func() { a.avatars.Run(work) })
	background.Go(func() { a.unsent.run(work) })
	background.Go(func() { a.checkMedia(work) })

	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Config.StopTimeout)
	defer cancel()
	a.log.Info("stopping")
	if serr := a.streams.Close(stop); serr != nil {
		a.log.Warn("streams cut", "error", serr)
	}
	if serr := srv.Shutdown(stop); serr != nil {
		a.log.Warn("requests cut", "error", serr)
		_ = srv.Close()
	}
	stopWork()
	background.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, a.Close())
}

// Close closes the database and the file store.
func (a *App) Close() error {
	err := a.store.Close()
	if err != nil {
		err = fmt.Errorf("close database: %w", err)
	}
	return errors.Join(err, closeMedia(a.media))
}
