package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
	"leadline/backend/store/pgtest"
)

var testContext = context.Background()

func TestMain(m *testing.M) {
	if os.Getenv(childDSN) != "" {
		writeUntilKilled(os.Getenv(childDSN))
		return
	}
	if os.Getenv(childLock) != "" {
		holdLock(os.Getenv(childLock))
		return
	}
	code := m.Run()
	pgtest.Stop()
	os.Exit(code)
}

// seal is a Sealer that tells whether a value was moved; that the real one
// hides it is the business of package auth.
type seal struct{}

func (seal) Seal(plain, aad string) string { return "sealed:" + aad + ":" + reverse(plain) }

func (seal) Open(sealed, aad string) (string, error) {
	rest, ok := strings.CutPrefix(sealed, "sealed:"+aad+":")
	if !ok {
		return "", fmt.Errorf("sealed for another place")
	}
	return reverse(rest), nil
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "leadline.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, postgresDSN(t)))
	})
}

// world is a store with one account, and a clock.
type world struct {
	*Store
	dsn     string
	account chatid.AccountID
	now     time.Time
	ids     *atomic.Int64
}

const chat = chatid.ChatID("00000000-0000-7000-8000-0000000c4a70")

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, dsn string) *world {
	t.Helper()
	w := &world{Store: open(t, dsn), dsn: dsn, now: start, ids: new(atomic.Int64)}
	w.account = w.newAccount(t, 1)
	return w
}

func open(t testing.TB, dsn string) *Store {
	t.Helper()
	s, err := Open(testContext, Options{DSN: dsn, Sealer: seal{}})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func (w *world) holder() conversation.Holder {
	return conversation.Holder{Token: w.id(), Now: w.now, Lease: lease}
}

func (w *world) newAccount(t testing.TB, crm int64) chatid.AccountID {
	t.Helper()
	a, err := w.Accounts().Upsert(testContext, account.Account{
		ID: chatid.AccountID(w.id()), Product: "amocrm", CRMID: chatid.CRMAccountID(crm), Host: "democo.amocrm.ru",
		State: account.Installed, CreatedAt: w.now, UpdatedAt: w.now,
	})
	if err != nil {
		t.Fatalf("Upsert: %v", err)
	}
	return a.ID
}

func (w *world) id() string { return fmt.Sprintf("00000000-0000-7000-8000-%012x", w.ids.Add(1)) }

const lease = 30 * time.Second

// inbound is a new message of a visitor.
func (w *world) inbound(v chatid.VisitorID, text string) conversation.NewInbound {
	return conversation.NewInbound{
		Message: conversation.Message{
			ID: chatid.MessageID(w.id()), Account: w.account, ClientID: chatid.ClientID(w.id()),
			Direction: conversation.Inbound, Kind: "text", Text: text,
		},
		Visitor:      conversation.Visitor{ID: v, Account: w.account, Chat: chat},
		Conversation: chatid.ConversationID(w.id()), Source: "main",
		Holder: w.holder(), MaxWaiting: 500,
	}
}

// outbound is a new message of a hook for a thread.
func (w *world) outbound(c chatid.ConversationID, text string) conversation.NewOutbound {
	return conversation.NewOutbound{
		Message: conversation.Message{
			ID: chatid.MessageID(w.id()), Account: w.account, Ref: chatid.MessageRef(w.id()), At: w.now.UnixMilli(),
			Direction: conversation.Outbound, Kind: "text", Text: text, AuthorName: "Anna",
		},
		Conversation: c, NewConversation: chatid.ConversationID(w.id()),
		WroteFirst: conversation.WroteFirstJob{Chat: "c9", Phone: "+79990001122"},
		Holder:     w.holder(),
	}
}

func (w *world) write(t testing.TB, in conversation.NewInbound) conversation.Saved {
	t.Helper()
	s, err := w.Conversations().SaveInbound(testContext, in)
	if err != nil {
		t.Fatalf("SaveInbound: %v", err)
	}
	return s
}

func (w *world) receive(t testing.TB, in conversation.NewOutbound) conversation.Saved {
	t.Helper()
	s, err := w.Conversations().SaveOutbound(testContext, in)
	if err != nil {
		t.Fatalf("SaveOutbound: %v", err)
	}
	return s
}

// drain settles everything that waits as done.
func (w *world) drain(t testing.TB, c outbox.Claim) {
	t.Helper()
	for {
		jobs := w.jobs(t, c)
		if len(jobs) == 0 {
			t.Fatal("the lane is claimed and has no jobs")
		}
		if !w.settle(t, c, jobs[0], outbox.Outcome{Verdict: outbox.Done}) {
			return
		}
	}
}

func (w *world) jobs(t testing.TB, c outbox.Claim) []outbox.Job {
	t.Helper()
	jobs, err := w.Outbox().Jobs(testContext, c, 100)
	if err != nil {
		t.Fatalf("Jobs: %v", err)
	}
	return jobs
}

func (w *world) settle(t testing.TB, c outbox.Claim, j outbox.Job, o outbox.Outcome) bool {
	t.Helper()
	more, err := w.Outbox().Settle(testContext, c, j, o)
	if err != nil {
		t.Fatalf("Settle: %v", err)
	}
	return more
}

func (w *world) claimDue(t testing.TB, n int, skip ...chatid.AccountID) []outbox.Claim {
	t.Helper()
	claims, err := w.Outbox().ClaimDue(testContext, w.now, lease, n, skip)
	if err != nil {
		t.Fatalf("ClaimDue: %v", err)
	}
	return claims
}

// since is what a stream of the conversation's visitor reads.
func (w *world) since(c chatid.ConversationID, rev int64, limit int) ([]conversation.Message, error) {
	of, err := w.Conversations().Conversation(testContext, w.account, c)
	if err != nil || of.Visitor == "" { // nobody's
		return w.messages(testContext, `WHERE conversation_id = ?`+after, string(c), rev, limit)
	}
	return w.Conversations().Since(testContext, conversation.Who{Account: of.Account, Chat: of.Chat, Visitor: of.Visitor, Conversation: c}, rev, limit)
}

func (w *world) all(t testing.TB, c chatid.ConversationID) []conversation.Message {
	t.Helper()
	list, err := w.since(c, 0, 10_000)
	if err != nil {
		t.Fatalf("Since: %v", err)
	}
	return list
}

func wantKind(t testing.TB, err error, k fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, k) || fault.CodeOf(err) != code {
		t.Errorf("error = %v, want %v %q", err, k, code)
	}
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
