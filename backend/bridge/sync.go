package bridge

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

const (
	// scanEvery is how often the accounts to follow are listed; a connect and a
	// disconnect do so at once.
	scanEvery = 30 * time.Second
	scanPage  = 500
	// tick is how often it is looked for work whose time has come.
	tick = time.Second
	// roundsAtOnce bounds the accounts that are asked at the same time, one request
	// each. One that does not answer keeps a single place, for one time-out.
	roundsAtOnce = 16
	// roundSteps bounds what one account does in one turn, roundTime how long.
	roundSteps = 40
	roundTime  = time.Minute
)

// SyncAccounts is the account service, as far as following the CRM needs it.
type SyncAccounts interface {
	Account(ctx context.Context, id chatid.AccountID) (account.Account, error)
	// Unpaid and Paid are told whether the CRM serves the account.
	Unpaid(ctx context.Context, a account.Account)
	Paid(ctx context.Context, a account.Account)
}

// SyncConversations is the conversation service, as far as following the CRM
// needs it.
type SyncConversations interface {
	ByChat(ctx context.Context, a chatid.AccountID, ref chatid.ChatRef) (conversation.Conversation, error)
	OfContact(ctx context.Context, a chatid.AccountID, c chatid.ContactID) ([]conversation.Conversation, error)
	OfLead(ctx context.Context, a chatid.AccountID, lead int64) ([]conversation.Conversation, error)
	OpenTalks(ctx context.Context, a chatid.AccountID, since time.Time, limit int) ([]conversation.Conversation, error)
	UnreadThere(ctx context.Context, c conversation.Conversation) (int64, error)
	TalkIs(ctx context.Context, c conversation.Conversation, t conversation.Talk, had int64) error
	BelongsTo(ctx context.Context, c conversation.Conversation, contact chatid.ContactID) error
	LeadAccepted(ctx context.Context, a chatid.AccountID, lead int64) error
	HealOne(ctx context.Context, c conversation.Conversation, since time.Time) error
}

// CallBacks are the visitors who ask to be called back; it is desk.Service.
type CallBacks interface {
	// Waiting tells whether a conversation's visitor does.
	Waiting(ctx context.Context, a chatid.AccountID, c chatid.ConversationID) (bool, error)
	// Responsible takes in who is to call.
	Responsible(ctx context.Context, a chatid.AccountID, c chatid.ConversationID, u chatid.CRMUserID) error
}

// Reconciler brings online chats and their lead sources together again; it is
// onlinechat.Service.
type Reconciler interface {
	Reconcile(ctx context.Context, a chatid.AccountID) error
}

// sourcesLater lets a fresh connect make its first source before anybody looks.
const sourcesLater = time.Minute

// SyncDeps are what a Sync needs of others.
type SyncDeps struct {
	Cards         *CardFile
	Bridge        *Bridge
	Store         account.CRMStore
	Accounts      SyncAccounts
	Conversations SyncConversations
	Sources       Reconciler
	CallBacks     CallBacks
	// Persons forgets what it did not find, unless it is nil.
	Persons interface{ Forget(a chatid.AccountID) }
	Avatars *Avatars
	// HookURL is the address under which the CRM finds Note.
	HookURL   func(secret string) string
	NewSecret func() string
	Now       func() time.Time
	Logger    *slog.Logger
}

// Sync learns what happens in the CRM (design.md §2): which talks are open and
// read, whose cards show them, who the operators are. Webhooks and the clock say
// what to ask; API v4 alone says what is so.
//
// Each account has a deck of steps, worked off one after the other in the
// background's share of the rates; accounts do not wait for one another.
type Sync struct {
	SyncDeps
	operators *operatorBook
	pace      pace
	wake      chan struct{}
	slots     chan struct{}

	mu      sync.Mutex
	decks   map[chatid.AccountID]*deck
	scanned time.Time
}

// NewSync wires a Sync; Run must run for it to do anything.
func NewSync(d SyncDeps) *Sync {
	return &Sync{
		SyncDeps: d, operators: newOperatorBook(d.Store), wake: make(chan struct{}, 1), slots: make(chan struct{}, roundsAtOnce),
		decks: map[chatid.AccountID]*deck{},
	}
}

// Run follows all accounts until ctx ends.
func (s *Sync) Run(ctx context.Context) {
	var rounds sync.WaitGroup
	defer rounds.Wait()
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		s.scan(ctx)
		for _, id := range s.due() {
			rounds.Go(func() { s.round(ctx, id) })
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-t.C:
		}
	}
}

// Rescan makes Run look at once which accounts there are to follow.
func (s *Sync) Rescan() {
	s.mu.Lock()
	s.scanned = time.Time{}
	s.mu.Unlock()
	s.hurry()
}

func (s *Sync) hurry() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// scan gives every account that is followed a deck, and takes those of others away.
func (s *Sync) scan(ctx context.Context) {
	now := s.Now()
	s.mu.Lock()
	since := now.Sub(s.scanned)
	s.mu.Unlock()
	if since >= 0 && since < scanEvery {
		return
	}
	var list []account.Account
	for after := chatid.AccountID(""); ; {
		page, err := s.Store.Followed(ctx, after, scanPage)
		if err != nil {
			if ctx.Err() == nil {
				s.Logger.Error("list accounts to follow", "error", err)
			}
			return
		}
		list = append(list, page...)
		if len(page) < scanPage {
			break
		}
		after = page[len(page)-1].ID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scanned = now
	followed := map[chatid.AccountID]bool{}
	for _, a := range list {
		followed[a.ID] = true
		d := s.deck(a.ID)
		if a.State != d.state {
			d.state = a.State
			d.add(step{kind: stepHooks}, now)
			if following(a) {
				d.add(step{kind: stepUsers}, now)
				d.add(step{kind: stepSources}, now.Add(sourcesLater))
				d.add(step{kind: stepPoll}, now)
			}
		}
	}
	for id, d := range s.decks {
		if !followed[id] && !d.working {
			delete(s.decks, id)
		}
	}
}

// following tells whether an account is to be asked at all.
func following(a account.Account) bool {
	return a.State == account.Connected || a.State == account.Broken && a.Reason != account.ReasonAuthorisation
}

// deck finds or makes an account's. s.mu is held.
func (s *Sync) deck(id chatid.AccountID) *deck {
	d := s.decks[id]
	if d == nil {
		d = newDeck()
		s.decks[id] = d
	}
	return d
}

// due marks the accounts that have work now as working and lists them.
func (s *Sync) due() (ids []chatid.AccountID) {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, d := range s.decks {
		if !d.working && d.hasDue(now) {
			d.working = true
			ids = append(ids, id)
		}
	}
	return ids
}

// round works off what is due of one account.
func (s *Sync) round(ctx context.Context, id chatid.AccountID) {
	defer func() {
		s.mu.Lock()
		s.deck(id).working = false
		s.mu.Unlock()
		s.hurry()
	}()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return
	}
	ctx, cancel := context.WithTimeout(ctx, roundTime)
	defer cancel()
	for range roundSteps {
		s.mu.Lock()
		st, ok := s.deck(id).take(s.Now())
		s.mu.Unlock()
		if !ok {
			return
		}
		// For each step anew: it may have been switched off, or renamed, since.
		a, err := s.Accounts.Account(ctx, id)
		if err != nil {
			s.put(id, st, 0)
			s.rest(id, err)
			return
		}
		if err := s.do(ctx, a, st); err != nil && !s.again(ctx, a, st, err) {
			return
		}
	}
}

// do makes one step. Those that come again by the clock see to that themselves.
func (s *Sync) do(ctx context.Context, a account.Account, st step) error {
	if st.kind == stepHooks {
		return s.hooks(ctx, a)
	}
	if !following(a) {
		return nil
	}
	switch st.kind {
	case stepTalk:
		return s.talk(ctx, a, st)
	case stepChat:
		return s.chat(ctx, a, st)
	case stepContact:
		return s.contact(ctx, a, chatid.ContactID(st.id))
	case stepLead:
		return s.lead(ctx, a, st.id)
	case stepAccepted:
		return s.Conversations.LeadAccepted(ctx, a.ID, st.id)
	case stepPoll:
		return s.poll(ctx, a)
	case stepSources:
		s.put(a.ID, st.anew(), st.kind.every())
		return s.Sources.Reconcile(amocrm.Background(ctx), a.ID)
	default:
		return s.users(ctx, a)
	}
}

// again sees to a step that failed; more tells whether the account may go on.
func (s *Sync) again(ctx context.Context, a account.Account, st step, err error) (more bool) {
	if ctx.Err() != nil { // the server stops, or the round is over
		s.put(a.ID, st, 0)
		return false
	}
	log := s.Logger.With("account_id", string(a.ID), "step", st.kind.String())
	passes := temporary(err) || fault.Is(err, fault.Unauthenticated)
	if !passes || st.tries >= st.kind.tries() {
		log.Warn("ask the CRM: given up", "error", err)
	} else {
		log.Info("ask the CRM: later", "error", err)
		pause := min(firstPause<<min(2*st.tries, 12), st.kind.every())
		st.tries++
		s.put(a.ID, st, pause)
	}
	if !passes {
		return true
	}
	if amocrm.Unpaid(err) {
		s.Accounts.Unpaid(ctx, a)
	}
	s.rest(a.ID, err)
	return false
}

// rest leaves an account alone that gave no answer.
func (s *Sync) rest(id chatid.AccountID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deck(id).rest(s.Now(), err)
}

// put adds a step that is due after a pause.
func (s *Sync) put(id chatid.AccountID, st step, after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deck(id).add(st, s.Now().Add(after))
}

// Note takes in a webhook of the CRM; secret is the end of the address that it
// came to. It only notes what to ask for, and does so at once. fault.NotFound for
// a secret that nobody has; a body that is no webhook is no error.
func (s *Sync) Note(ctx context.Context, secret, body string) error {
	id, err := s.Store.CRMHookOwner(ctx, secret)
	if err != nil {
		return err
	}
	h, unread := amocrm.ParseHints(body)
	if unread != nil { // h is empty then
		s.Logger.Warn("webhook that nobody understands", "account_id", string(id))
	}
	now := s.Now()
	s.mu.Lock()
	d := s.deck(id)
	d.heardAt = now
	for _, t := range h.Talks {
		d.add(step{kind: stepTalk, id: int64(t.ID), chat: t.Chat, told: true}, now)
	}
	for _, c := range h.Chats {
		d.add(step{kind: stepChat, chat: c}, now)
	}
	for _, c := range h.Contacts {
		d.add(step{kind: stepContact, id: int64(c)}, now)
	}
	for _, l := range h.Accepted {
		d.add(step{kind: stepAccepted, id: int64(l)}, now)
	}
	for _, l := range h.Leads {
		d.add(step{kind: stepLead, id: int64(l)}, now)
	}
	s.mu.Unlock()
	s.hurry()
	return nil
}
