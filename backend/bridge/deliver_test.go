package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

const (
	testChannel = "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11"
	testAmojo   = "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"
	testScope   = testChannel + "_" + testAmojo
	testSecret  = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
	chatRef     = "5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55"
)

var testNow = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// people stand in for the account and the conversation service.
type people struct {
	mu      sync.Mutex
	account account.Account
	known   bool // the scope is an account's
	chat    chatid.ChatRef
	refused int
	skew    time.Duration
	works   int
	healed  chan struct{}
	got     []conversation.Received
	// typed, reactions and asked are what came in; reached is who is found.
	typed     []string
	reactions []conversation.OperatorReaction
	asked     []conversation.Addressee
	reached   chatid.ConversationID
	lost      []chatid.AccountID
	fail      error
	// receiveFails is what storing a message ends with.
	receiveFails error
}

// Operator knows one user.
func (p *people) Operator(_ context.Context, _ chatid.AccountID, ref chatid.UserRef) (account.Operator, bool) {
	if ref != "4c8e5a70-1d42-4f9b-b6e3-90a7d2c4f816" {
		return account.Operator{}, false
	}
	return account.Operator{Ref: ref, Name: "Vera"}, true
}

func (p *people) Account(context.Context, chatid.AccountID) (account.Account, error) {
	return p.account, p.fail
}

func (p *people) ByScope(_ context.Context, s chatid.ScopeID) (account.Account, error) {
	if !p.known || s != testScope {
		return account.Account{}, fault.New(fault.NotFound, "not_found")
	}
	return p.account, nil
}

func (p *people) ScopeRefused(_ context.Context, _ chatid.AccountID, skew time.Duration) time.Duration {
	p.refused++
	p.skew = skew
	return time.Minute
}
func (p *people) Works(context.Context, account.Account) { p.works++ }
func (p *people) HookVersion(context.Context, account.Account) {
	if p.healed != nil {
		p.healed <- struct{}{}
	}
}

func (p *people) Receive(_ context.Context, r conversation.Received) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, r)
	return errors.Join(p.fail, p.receiveFails)
}

func (p *people) lose(a chatid.AccountID, _ time.Time) { p.lost = append(p.lost, a) }

func (p *people) OperatorTypes(_ context.Context, _ chatid.AccountID, id chatid.ConversationID, ref chatid.ChatRef, until time.Time, name string) error {
	p.typed = append(p.typed, strings.TrimRight(fmt.Sprintf("%s %s %d %s", id, ref, until.Unix(), name), " "))
	return p.fail
}

func (p *people) OperatorReacts(_ context.Context, r conversation.OperatorReaction) error {
	p.reactions = append(p.reactions, r)
	return p.fail
}

func (p *people) Closes(context.Context, chatid.AccountID, chatid.ConversationID, chatid.TalkID) error {
	return nil
}

func (p *people) FormerChats(context.Context, chatid.AccountID, chatid.ConversationID) ([]chatid.ChatRef, error) {
	return nil, nil
}

func (p *people) ByChat(context.Context, chatid.AccountID, chatid.ChatRef) (conversation.Conversation, error) {
	return conversation.Conversation{}, fault.New(fault.NotFound, "not_found")
}

func (p *people) Reach(_ context.Context, _ chatid.AccountID, to conversation.Addressee) (conversation.Conversation, error) {
	p.asked = append(p.asked, to)
	if p.reached == "" {
		return conversation.Conversation{}, fault.New(fault.NotFound, "not_found")
	}
	return conversation.Conversation{ID: p.reached, Visitor: "v"}, nil
}

func (p *people) ByID(_ context.Context, _ chatid.AccountID, id chatid.ConversationID) (conversation.Conversation, error) {
	return conversation.Conversation{ID: id, ChatRef: p.chat}, nil
}

// service answers as a case says and notes what was asked.
type service struct {
	mu    sync.Mutex
	asked []string
	// message, chats, history and status are the answers' status; 0 cuts the connection.
	message, chats, history, status int
	retryAfter                      string
	// has is the msgid that the history knows.
	has string
}

// calls gives what was asked so far.
func (s *service) calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest := strings.TrimPrefix(r.URL.Path, "/v2/origin/custom/"+testScope)
	name, status, body := "message", s.message, `{"new_message":{"conversation_id":"`+chatRef+`","sender_id":"user-ref","msgid":"amojo-1"}}`
	switch {
	case rest == "/chats":
		name, status, body = "chats", s.chats, `{"id":"`+chatRef+`","user":{"id":"user-ref"}}`
	case strings.HasSuffix(rest, "/history"):
		name, status, body = "history", s.history, `{"messages":[]}`
		if s.has != "" {
			body = fmt.Sprintf(`{"messages":[{"timestamp":1,"sender":{"id":"user-ref"},"message":{"id":"amojo-1","client_id":%q,"type":"text","text":"hi"}}]}`, s.has)
		}
	case strings.HasSuffix(rest, "/delivery_status"):
		raw, _ := io.ReadAll(r.Body)
		name, status, body = "status "+string(raw), s.status, ""
	}
	s.mu.Lock()
	s.asked = append(s.asked, name)
	s.mu.Unlock()
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	if s.retryAfter != "" {
		w.Header().Set("Retry-After", s.retryAfter)
	}
	w.WriteHeader(status)
	if status == http.StatusOK {
		_, _ = io.WriteString(w, body)
	}
}

func newBridge(t *testing.T, p *people, base string) *Bridge {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	return New(Deps{
		Products: NewProducts([]Product{{Name: "amocrm", Channel: amojo.Channel{ID: testChannel, Secret: testSecret, BaseURL: base}, Language: "en"}}),
		Chats:    amojo.New(amojo.Config{Now: func() time.Time { return testNow }}),
		Accounts: p, Conversations: p, Operators: p, Lost: p.lose,
		Texts: func(_, key string, _ map[string]any) string { return "sentence of " + key },
		Now:   func() time.Time { return testNow }, Logger: log,
	})
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL
}

func connectedAccount() account.Account {
	return account.Account{ID: "acc", Product: "amocrm", Scope: testScope, AmojoID: testAmojo, State: account.Connected}
}

func messageJob(attempts int, uncertain bool) outbox.Job {
	payload, _ := json.Marshal(conversation.MessageJob{Message: "m-1", At: 1767225600123, Text: "hi", Visitor: "visitor-1"})
	return outbox.Job{Lane: "c-1", Account: "acc", Seq: 1, Kind: conversation.JobMessage, Payload: payload, Attempts: attempts, Uncertain: uncertain}
}

// TestMessageOutcomes is the table of design.md §2, "Outcomes of a send".
func TestMessageOutcomes(t *testing.T) {
	t.Parallel()
	type want struct {
		verdict                   outbox.Verdict
		counted, uncertain, pause bool
		least, most               time.Duration // until the next try
		asked                     []string
		failed                    string // code of MessageFailed
		refused                   int
	}
	later := func(uncertain bool, asked ...string) want {
		return want{verdict: outbox.Later, counted: true, uncertain: uncertain, least: time.Second / 2, most: time.Second, asked: asked}
	}
	sent := want{verdict: outbox.Done, asked: []string{"message"}}
	settled := func(asked ...string) want { return want{verdict: outbox.Done, asked: asked} }
	parked := func(code string, asked ...string) want {
		return want{verdict: outbox.Never, failed: code, asked: asked}
	}
	paused := func(d time.Duration, uncertain bool) want {
		return want{verdict: outbox.Later, pause: true, uncertain: uncertain, least: d, most: d, asked: []string{"message"}}
	}
	scopeGone := want{verdict: outbox.Later, pause: true, least: time.Minute, most: time.Minute, asked: []string{"message"}, refused: 1}
	scopeGoneLater := scopeGone
	scopeGoneLater.asked = []string{"message", "history"}
	historyBusy := paused(7*time.Second, true)
	historyBusy.asked = []string{"message", "history"}
	retry := later(true, "message")
	retry.least, retry.most = 40*time.Second, 40*time.Second
	old := later(true, "message")
	old.least, old.most = 4*time.Second, 8*time.Second

	for _, c := range []struct {
		name    string
		service *service
		chat    chatid.ChatRef
		job     outbox.Job
		want    want
	}{
		{"taken", &service{message: 200}, chatRef, messageJob(0, false), sent},
		{"taken at the second try", &service{message: 200}, "", messageJob(1, true), sent},
		{"cut", &service{message: 0}, chatRef, messageJob(0, false), later(true, "message")},
		{"500", &service{message: 500}, chatRef, messageJob(0, false), later(true, "message")},
		{"503 with a time", &service{message: 503, retryAfter: "40"}, chatRef, messageJob(0, false), retry},
		{"502 for the fourth time", &service{message: 502}, chatRef, messageJob(3, false), old},
		{"402", &service{message: 402}, chatRef, messageJob(0, false), paused(2*time.Second, false)},
		{"429", &service{message: 429, retryAfter: "7"}, chatRef, messageJob(0, false), paused(7*time.Second, false)},
		{"429 keeps the doubt", &service{message: 429, retryAfter: "7"}, chatRef, messageJob(0, true), paused(7*time.Second, true)},
		{"401", &service{message: 401}, chatRef, messageJob(0, false), scopeGone},
		{"403", &service{message: 403}, chatRef, messageJob(0, false), scopeGone},
		{"404", &service{message: 404}, chatRef, messageJob(0, false), scopeGone},
		{"400 and nowhere", &service{message: 400, history: 200}, chatRef, messageJob(0, false), parked("refused_by_crm", "message", "history")},
		{"409 and nowhere", &service{message: 409, history: 200}, chatRef, messageJob(0, false), parked("refused_by_crm", "message", "history")},
		{"400, but it is there", &service{message: 400, history: 200, has: "m-1"}, chatRef, messageJob(1, true), settled("message", "history")},
		{"409, but it is there", &service{message: 409, history: 200, has: "m-1"}, chatRef, messageJob(0, false), settled("message", "history")},
		{"400, another one is there", &service{message: 400, history: 200, has: "m-2"}, chatRef, messageJob(0, false), parked("refused_by_crm", "message", "history")},
		{"400 in doubt, the chat is not known, it is there", &service{message: 400, chats: 200, history: 200, has: "m-1"}, "", messageJob(1, true), settled("message", "chats", "history")},
		{"400 in doubt, not there yet", &service{message: 400, history: 200}, chatRef, messageJob(0, true), later(true, "message", "history")},
		{"400 in doubt, never there", &service{message: 400, history: 200}, chatRef, messageJob(unknownTries, true), parked("unknown_outcome", "message", "history")},
		{"400, empty history", &service{message: 400, history: 204}, chatRef, messageJob(0, false), parked("refused_by_crm", "message", "history")},
		{"413 and nowhere", &service{message: 413, history: 200}, chatRef, messageJob(0, false), parked("refused_by_crm", "message", "history")},
		{"302, which is no answer of the service", &service{message: 302}, chatRef, messageJob(0, false), later(true, "message")},
		{"408", &service{message: 408}, chatRef, messageJob(0, false), later(true, "message")},
		{"400, the history refuses to look", &service{message: 400, history: 400}, chatRef, messageJob(0, false), parked("refused_by_crm", "message", "history")},
		{"400, the scope died before the history", &service{message: 400, history: 403}, chatRef, messageJob(0, false), scopeGoneLater},
		{"400, the history is asked too often", &service{message: 400, history: 429, retryAfter: "7"}, chatRef, messageJob(0, true), historyBusy},
		{"400, history is away", &service{message: 400, history: 503}, chatRef, messageJob(0, false), later(false, "message", "history")},
		{"400 in doubt, chats are away", &service{message: 400, chats: 0}, "", messageJob(0, true), later(true, "message", "chats")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &people{account: connectedAccount(), chat: c.chat}
			b := newBridge(t, p, serve(t, c.service))
			o := b.Handle(t.Context(), c.job)
			wait := time.Duration(0)
			if o.Verdict == outbox.Later {
				wait = o.At.Sub(testNow)
			}
			if o.Verdict != c.want.verdict || o.Counted != c.want.counted || o.Uncertain != c.want.uncertain || o.PauseAccount != c.want.pause ||
				wait < c.want.least || wait > c.want.most {
				t.Errorf("outcome %+v (in %s), want %+v", o, wait, c.want)
			}
			if !slices.Equal(c.service.calls(), c.want.asked) || p.refused != c.want.refused {
				t.Errorf("asked %q, %d repairs; want %q, %d", c.service.calls(), p.refused, c.want.asked, c.want.refused)
			}
			var sent, failed, known bool
			for _, e := range o.Effects {
				switch e := e.(type) {
				case conversation.MessageSent:
					sent = e.Message == "m-1" && e.Conversation == "c-1" && e.Ref == "amojo-1" && e.User == "user-ref"
				case conversation.MessageFailed:
					failed = e.Code == c.want.failed && e.Message == "m-1"
				case conversation.ChatKnown:
					known = e.Chat == chatRef
				}
			}
			asksChats := slices.Contains(c.want.asked, "chats") && c.service.chats == 200
			if sent != (c.want.verdict == outbox.Done) || failed != (c.want.failed != "") || known != asksChats || (p.works > 0) != sent {
				t.Errorf("effects %+v, works %d", o.Effects, p.works)
			}
		})
	}
}

// TestNotSentIsCertain: without a connection nothing can have arrived.
func TestNotSentIsCertain(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	b := newBridge(t, &people{account: connectedAccount()}, gone.URL)
	if o := b.Handle(t.Context(), messageJob(0, false)); o.Verdict != outbox.Later || o.Uncertain || !o.Counted || o.PauseAccount {
		t.Errorf("outcome %+v", o)
	}
	if o := b.Handle(t.Context(), messageJob(0, true)); !o.Uncertain {
		t.Error("an older doubt was forgotten")
	}
}

// TestAccountsThatCannotSend: the lane waits, nothing is asked.
func TestAccountsThatCannotSend(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*account.Account){
		"disconnected": func(a *account.Account) { a.State = account.Disconnected },
		"installed":    func(a *account.Account) { a.State = account.Installed },
		"no scope":     func(a *account.Account) { a.Scope = "" },
		"no product":   func(a *account.Account) { a.Product = "other" },
	} {
		s := &service{message: 200}
		p := &people{account: connectedAccount()}
		change(&p.account)
		o := newBridge(t, p, serve(t, s)).Handle(t.Context(), messageJob(0, false))
		if o.Verdict != outbox.Later || !o.PauseAccount || o.Counted || o.At.Sub(testNow) != awayPause || len(s.calls()) != 0 {
			t.Errorf("%s: %+v, asked %q", name, o, s.calls())
		}
	}
	p := &people{account: connectedAccount(), fail: fault.New(fault.Unavailable, "storage_unavailable")}
	if o := newBridge(t, p, "http://127.0.0.1:1").Handle(t.Context(), messageJob(0, false)); o.Verdict != outbox.Later || o.PauseAccount {
		t.Errorf("database away: %+v", o)
	}
	for name, job := range map[string]outbox.Job{
		"a kind of the future": {Lane: "c-1", Account: "acc", Kind: "dance", Payload: []byte("{}")},
		"a broken payload":     {Lane: "c-1", Account: "acc", Kind: conversation.JobMessage, Payload: []byte("{")},
	} {
		if o := newBridge(t, &people{account: connectedAccount()}, "http://127.0.0.1:1").Handle(t.Context(), job); o.Verdict != outbox.Never {
			t.Errorf("%s: %+v, want it out of the lane's way", name, o)
		}
	}
}

// TestStatusOutcomes: a report is repeated a while and then dropped (C §3.5).
func TestStatusOutcomes(t *testing.T) {
	t.Parallel()
	job := func(s conversation.StatusJob, attempts int) outbox.Job {
		payload, _ := json.Marshal(s)
		return outbox.Job{Lane: "c-1", Account: "acc", Kind: conversation.JobStatus, Payload: payload, Attempts: attempts}
	}
	read := conversation.StatusJob{Ref: "amojo-9", Status: conversation.Read}
	failed := conversation.StatusJob{Ref: "amojo-9", Status: conversation.Failed, Code: 902, Text: "delivery.unavailable"}
	for _, c := range []struct {
		name    string
		status  int
		job     outbox.Job
		away    bool
		verdict outbox.Verdict
		pause   bool
		body    string
	}{
		{"read", 200, job(read, 0), false, outbox.Done, false, `{"status_code":2}`},
		{"not delivered", 200, job(failed, 0), false, outbox.Done, false, `{"status_code":-1,"error_code":902,"error":"sentence of delivery.unavailable"}`},
		{"400", 400, job(read, 0), false, outbox.Never, false, ""},
		{"404", 404, job(read, 0), false, outbox.Never, false, ""},
		{"403", 403, job(read, 0), false, outbox.Later, true, ""},
		{"429", 429, job(read, 0), false, outbox.Later, true, ""},
		{"500", 500, job(read, 0), false, outbox.Later, false, ""},
		{"500 too often", 500, job(read, statusTries), false, outbox.Never, false, ""},
		{"cut", 0, job(read, 0), false, outbox.Later, false, ""},
		{"disconnected, taken (C §5.2)", 200, job(failed, 0), true, outbox.Done, false, ""},
		{"disconnected, refused", 403, job(failed, 0), true, outbox.Never, false, ""},
		{"disconnected, cut", 0, job(failed, 0), true, outbox.Never, false, ""},
	} {
		s := &service{status: c.status}
		p := &people{account: connectedAccount()}
		if c.away {
			p.account.State = account.Disconnected
		}
		o := newBridge(t, p, serve(t, s)).Handle(t.Context(), c.job)
		if o.Verdict != c.verdict || o.PauseAccount != c.pause || o.Uncertain {
			t.Errorf("%s: %+v", c.name, o)
		}
		if len(s.calls()) != 1 || c.body != "" && s.calls()[0] != "status "+c.body {
			t.Errorf("%s: asked %q, want once %s", c.name, s.calls(), c.body)
		}
	}
}
