package bridge

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// crm is API v4 of some accounts, by host.
type crm struct {
	mu      sync.Mutex
	asked   []string // method, host and path
	answer  func(w http.ResponseWriter, r *http.Request)
	address string
}

func (c *crm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.asked = append(c.asked, r.Method+" "+r.Host+r.URL.Path)
	answer := c.answer
	c.mu.Unlock()
	answer(w, r)
}

// requests lists those that hold a part.
func (c *crm) requests(part string) (list []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.asked {
		if strings.Contains(a, part) {
			list = append(list, a)
		}
	}
	return list
}

// talkAnswer is the documented one (C §7.2).
const talkAnswer = `{"talk_id": 117, "created_at": 1767225600, "updated_at": 1767225800, "rate": 0, "contact_id": 501, "chat_id": "` + chatRef + `",
 "entity_id": 7001, "entity_type": "lead", "is_in_work": true, "is_read": true, "origin": "amo.ext.some_code", "missed_at": null, "account_id": 31000001}`

// world stands in for the services and the database of a Sync.
type followedWorld struct {
	mu       sync.Mutex
	accounts map[chatid.AccountID]account.Account
	hooks    []account.CRMHook
	unread   int64
	unknown  bool // no chat is known
	talks    []string
	healed   int
	// calls: the visitor asks to be called back; responsible is what was found out.
	calls       bool
	responsible []string
	unpaid      []chatid.AccountID
	asks        int   // how often the CRM was to be asked
	noToken     error // why it cannot be
	now         time.Time
}

func (w *followedWorld) Account(_ context.Context, id chatid.AccountID) (account.Account, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accounts[id], nil
}
func (w *followedWorld) Unpaid(_ context.Context, a account.Account) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unpaid = append(w.unpaid, a.ID)
}
func (w *followedWorld) Paid(context.Context, account.Account) {}

func (w *followedWorld) Ask(_ context.Context, a *account.Account, do func(host, access string) error) error {
	w.mu.Lock()
	w.asks++
	err := w.noToken
	w.mu.Unlock()
	if err != nil {
		return err
	}
	return do(a.Host, "token")
}

func (w *followedWorld) Followed(context.Context, chatid.AccountID, int) (list []account.Account, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.accounts {
		list = append(list, a)
	}
	return list, nil
}
func (w *followedWorld) SaveCRMHook(_ context.Context, h account.CRMHook) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hooks = append(w.hooks, h)
	return nil
}
func (w *followedWorld) CRMHooks(_ context.Context, id chatid.AccountID) (list []account.CRMHook, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.hooks {
		if h.Account == id {
			list = append(list, h)
		}
	}
	return list, nil
}
func (w *followedWorld) DropCRMHook(context.Context, account.CRMHook) error { return nil }
func (w *followedWorld) CRMHookOwner(_ context.Context, secret string) (chatid.AccountID, error) {
	if id, ok := strings.CutPrefix(secret, "secret of "); ok {
		return chatid.AccountID(id), nil
	}
	return "", fault.New(fault.NotFound, "not_found")
}
func (w *followedWorld) SaveOperators(context.Context, chatid.AccountID, []account.Operator) (gone []string, _ error) {
	return nil, nil
}
func (w *followedWorld) SavePicture(context.Context, account.Picture) (string, bool, error) {
	return "", false, nil
}
func (w *followedWorld) Operators(context.Context, chatid.AccountID) ([]account.Operator, error) {
	return nil, nil
}
func (w *followedWorld) Reconcile(context.Context, chatid.AccountID) error { return nil }

func (w *followedWorld) ByChat(_ context.Context, a chatid.AccountID, ref chatid.ChatRef) (conversation.Conversation, error) {
	if w.unknown || ref != chatRef {
		return conversation.Conversation{}, fault.New(fault.NotFound, "not_found")
	}
	return conversation.Conversation{ID: "c-1", Account: a, Visitor: "v-1", ChatRef: ref, CreatedAt: testNow.Add(-time.Hour)}, nil
}
func (w *followedWorld) OfContact(context.Context, chatid.AccountID, chatid.ContactID) ([]conversation.Conversation, error) {
	return nil, nil
}
func (w *followedWorld) OfLead(context.Context, chatid.AccountID, int64) ([]conversation.Conversation, error) {
	return nil, nil
}
func (w *followedWorld) OpenTalks(context.Context, chatid.AccountID, time.Time, int) ([]conversation.Conversation, error) {
	return nil, nil
}
func (w *followedWorld) UnreadThere(context.Context, conversation.Conversation) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unread, nil
}
func (w *followedWorld) TalkIs(_ context.Context, c conversation.Conversation, t conversation.Talk, had int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.talks = append(w.talks, fmt.Sprintf("%s talk %d contact %d lead %d open %v read %v had %d", c.ID, t.ID, t.Contact, t.Lead, t.Open, t.Read, had))
	return nil
}
func (w *followedWorld) BelongsTo(context.Context, conversation.Conversation, chatid.ContactID) error {
	return nil
}
func (w *followedWorld) LeadAccepted(_ context.Context, _ chatid.AccountID, lead int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.talks = append(w.talks, fmt.Sprintf("accepted lead %d", lead))
	return nil
}
func (w *followedWorld) HealOne(context.Context, conversation.Conversation, time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.healed++
	return nil
}

func (w *followedWorld) Waiting(context.Context, chatid.AccountID, chatid.ConversationID) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls, nil
}
func (w *followedWorld) Responsible(_ context.Context, _ chatid.AccountID, c chatid.ConversationID, u chatid.CRMUserID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.responsible = append(w.responsible, fmt.Sprintf("%s: %d", c, u))
	return nil
}

func (w *followedWorld) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}
func (w *followedWorld) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// newSync follows accounts "a1" and "a2" of a CRM that answers as answer says.
func newSync(t *testing.T, answer func(http.ResponseWriter, *http.Request)) (*Sync, *followedWorld, *crm) {
	t.Helper()
	c := &crm{answer: answer}
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	c.address = srv.Listener.Addr().String()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, c.address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	w := &followedWorld{now: testNow, accounts: map[chatid.AccountID]account.Account{}}
	for _, id := range []chatid.AccountID{"a1", "a2"} {
		w.accounts[id] = account.Account{ID: id, Product: "amocrm", Host: string(id) + ".crm.test", State: account.Connected}
	}
	products := NewProducts([]Product{{
		Name: "amocrm", ChannelCode: "amo.ext.some_code", OAuth: amocrm.Integration{ClientID: "x", Zones: []amocrm.Zone{{Suffix: "crm.test", Scheme: "http"}}},
	}})
	api := amocrm.New(amocrm.Config{Transport: transport, Now: w.Now, Timeout: 2 * time.Second, PerAccount: 1000, PerIntegration: 1000})
	s := NewSync(SyncDeps{
		Cards: NewCardFile(NewCRM(products, api, nil), w), Store: w, Accounts: w, Conversations: w, Sources: w, CallBacks: w,
		Avatars: NewAvatars(w, nil, nil, w.Now, slog.New(slog.DiscardHandler)),
		HookURL: func(secret string) string { return "https://app.test/hooks/crm/" + secret }, NewSecret: func() string { return "fresh" },
		Now: w.Now, Logger: slog.New(slog.DiscardHandler),
	})
	return s, w, c
}

// work does what is due now and what that brings, as Run does.
func work(t *testing.T, s *Sync) {
	t.Helper()
	for range 20 {
		ids := s.due()
		if len(ids) == 0 {
			return
		}
		for _, id := range ids {
			s.round(t.Context(), id)
		}
	}
	t.Fatal("the work never ends")
}

func note(t *testing.T, s *Sync, id string) {
	t.Helper()
	if err := s.Note(t.Context(), "secret of "+id, "talk[update][0][talk_id]=117&talk[update][0][chat_id]="+chatRef); err != nil {
		t.Fatal(err)
	}
}

func answerTalk(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, talkAnswer) }

func TestHintsOfOneTalkAreOneRequest(t *testing.T) {
	t.Parallel()
	s, w, c := newSync(t, answerTalk)
	w.unread = 5
	for range 50 {
		note(t, s, "a1")
	}
	work(t, s)
	if got := c.requests(""); !slices.Equal(got, []string{"GET a1.crm.test/api/v4/talks/117"}) {
		t.Errorf("asked %q", got)
	}
	if want := []string{"c-1 talk 117 contact 501 lead 7001 open true read true had 5"}; !slices.Equal(w.talks, want) || w.healed != 1 {
		t.Errorf("took in %q, healed %d times", w.talks, w.healed)
	}
	note(t, s, "a1") // the history is not read at each event
	work(t, s)
	if len(w.talks) != 2 || w.healed != 1 {
		t.Errorf("took in %q, healed %d times", w.talks, w.healed)
	}
	if err := s.Note(t.Context(), "nobody's", ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown secret: %v", err)
	}
}

// TestReadIsWhatWasThere: a message that arrives while the CRM answers is not
// taken for read.
func TestReadIsWhatWasThere(t *testing.T) {
	t.Parallel()
	var w *followedWorld
	s, w, _ := newSync(t, func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.unread = 200
		w.mu.Unlock()
		answerTalk(rw, r)
	})
	w.unread = 100
	note(t, s, "a1")
	work(t, s)
	if len(w.talks) != 1 || !strings.HasSuffix(w.talks[0], "had 100") {
		t.Errorf("took in %q, want what was there before the question", w.talks)
	}
	// Without a chat in the hint nothing is known of before: it is asked twice.
	w.talks, w.unread = nil, 100
	if err := s.Note(t.Context(), "secret of a1", "talk[update][0][talk_id]=117"); err != nil {
		t.Fatal(err)
	}
	work(t, s)
	if len(w.talks) != 2 || !strings.HasSuffix(w.talks[0], "had 0") || strings.HasSuffix(w.talks[1], "had 0") {
		t.Errorf("took in %q", w.talks)
	}
}

// TestAccountsThatDoNotAnswer: each refusal has its pause (C §5.1), the other
// account goes on.
func TestAccountsThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter)
		pause  time.Duration // after which it is asked again
		tries  int           // in half an hour
	}{
		{"unpaid", func(w http.ResponseWriter) { w.WriteHeader(http.StatusPaymentRequired) }, longestRest, 3},
		{"out of order", func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }, firstPause, hintTries + 1},
		{"no such talk", func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadRequest) }, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, w, c := newSync(t, func(rw http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.Host, "a1.") {
					tt.answer(rw)
					return
				}
				answerTalk(rw, r)
			})
			note(t, s, "a1")
			note(t, s, "a2")
			work(t, s)
			if len(c.requests("a1.")) != 1 || len(c.requests("a2.")) != 1 || len(w.talks) != 1 {
				t.Errorf("asked %q, took in %q", c.requests(""), w.talks)
			}
			if told := slices.Contains(w.unpaid, "a1"); told != (tt.name == "unpaid") || slices.Contains(w.unpaid, "a2") {
				t.Errorf("told of unpaid accounts: %q", w.unpaid)
			}
			if tt.pause > 0 {
				w.advance(tt.pause - time.Second)
				work(t, s)
				if n := len(c.requests("a1.")); n != 1 {
					t.Errorf("asked %d times within its pause", n)
				}
				w.advance(time.Second)
				work(t, s)
				if n := len(c.requests("a1.")); n != 2 {
					t.Errorf("asked %d times after its pause, want again", n)
				}
			}
			for range 360 {
				w.advance(5 * time.Second)
				work(t, s)
			}
			if n := len(c.requests("a1.")); n < min(2, tt.tries) || n > tt.tries+2 {
				t.Errorf("asked %d times in half an hour, want about %d", n, tt.tries)
			}
		})
	}
}

// TestTooManyRequests: the account is left alone for as long as it says.
func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	s, w, c := newSync(t, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "40")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	note(t, s, "a1")
	work(t, s)
	w.advance(39 * time.Second)
	note(t, s, "a1")
	work(t, s)
	if n := len(c.requests("")); n != 1 {
		t.Errorf("asked %d times within Retry-After", n)
	}
	if s.decks["a1"].restUntil != testNow.Add(40*time.Second) {
		t.Errorf("rests until %v", s.decks["a1"].restUntil)
	}
}

// TestStuckAccountDelaysNoOther runs the real loop: one account never answers.
func TestStuckAccountDelaysNoOther(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	answered := make(chan struct{}, 10)
	s, _, _ := newSync(t, func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.Host, "a1."):
			select {
			case <-release:
			case <-r.Context().Done():
			}
		case strings.Contains(r.URL.Path, "/talks/"):
			answerTalk(rw, r)
			answered <- struct{}{}
		default:
			rw.WriteHeader(http.StatusNoContent)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	note(t, s, "a1")
	note(t, s, "a2")
	select {
	case <-answered:
	case <-time.After(60 * time.Second):
		t.Error("the other account waited")
	}
	cancel()
	<-done
}

// TestUnknownChats: another channel's are left alone; one of ours is looked for
// again, and then its history is read for what an operator wrote (design.md §2).
func TestUnknownChats(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, origin, history string
		reads, stored         int
	}{
		{"another channel's", "telegram", "", 0, 0},
		{"an operator began it", "amo.ext.some_code", `{"messages":[{"timestamp":1767225800,"sender":{"id":"s-1","name":"Oleg"},"receiver":{"id":"r-1","name":"Pavel"},"message":{"id":"amojo-5","type":"text","text":"hi"}}]}`, 1, 1},
		{"a visitor began it", "amo.ext.some_code", `{"messages":[{"timestamp":1767225801,"sender":{"id":"s-1","name":"Oleg"},"message":{"id":"amojo-6","type":"text","text":"hi"}},
			{"timestamp":1767225800,"sender":{"id":"r-1","client_id":"v-1"},"message":{"id":"amojo-5","client_id":"m-1","type":"text","text":"hello"}}]}`, 1, 0},
		{"nothing is in it", "amo.ext.some_code", `{"messages":[]}`, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, w, _ := newSync(t, func(rw http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(rw, strings.ReplaceAll(talkAnswer, "amo.ext.some_code", tt.origin))
			})
			reads := 0
			chats := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { reads++; fmt.Fprint(rw, tt.history) }))
			t.Cleanup(chats.Close)
			p := &people{account: connectedAccount(), known: true}
			s.Bridge = newBridge(t, p, chats.URL)
			a := connectedAccount()
			a.Host = "a1.crm.test"
			w.unknown, w.accounts[a.ID] = true, a
			note(t, s, string(a.ID))
			for range unknownChats + 1 {
				work(t, s)
				w.advance(unknownPause)
			}
			if reads != tt.reads || len(p.got) != tt.stored {
				t.Fatalf("read the history %d times, stored %+v", reads, p.got)
			}
			if tt.stored > 0 && (p.got[0].Chat != chatRef || p.got[0].User != "r-1" || p.got[0].Text != "hi" || p.got[0].Conversation != "") {
				t.Errorf("stored %+v", p.got[0])
			}
		})
	}
}

// TestPacePollsSlowly: the polling of all accounts together stays below what the
// integration may ask (C §7.8).
func TestPacePollsSlowly(t *testing.T) {
	t.Parallel()
	var p pace
	n := 0
	for last := testNow.Add(-time.Second); ; n++ {
		at, ok := p.reserve(testNow)
		if !ok {
			break
		}
		if at.Sub(last) < pollPace {
			t.Fatalf("poll %d is %v after the one before", n, at.Sub(last))
		}
		last = at
	}
	if most := int(pollQueue/pollPace) + 1; n != most {
		t.Errorf("%d polls were planned ahead, want %d", n, most)
	}
	if at, ok := p.reserve(testNow.Add(time.Hour)); !ok || at != testNow.Add(time.Hour) {
		t.Errorf("an hour later: %v %v", at, ok)
	}
}

// TestDeckIsBounded: hints that find no place do not push out what comes by the clock.
func TestDeckIsBounded(t *testing.T) {
	t.Parallel()
	d := newDeck()
	for n := range maxSteps + 100 {
		d.add(step{kind: stepTalk, id: int64(n)}, testNow)
	}
	d.add(step{kind: stepPoll}, testNow.Add(-time.Second))
	if len(d.steps) != maxSteps+1 {
		t.Errorf("%d steps", len(d.steps))
	}
	if st, ok := d.take(testNow); !ok || st.kind != stepPoll {
		t.Errorf("took %+v", st)
	}
}
