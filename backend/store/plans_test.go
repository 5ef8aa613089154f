package store

import (
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/desk"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// grows are the tables that have a row, or many, for each visitor.
var grows = []string{"conversations", "messages", "visitors", "outbox", "files", "chat_refs", "callbacks", "card_lanes", "card_jobs"}

var (
	alias   = regexp.MustCompile(`(?i)(?:FROM|JOIN)\s+(` + strings.Join(grows, "|") + `)\s+(?:AS\s+)?([a-z]\b)?`)
	scanned = regexp.MustCompile(`^SCAN (\w+)`)
)

// goesThrough tells which step of a SQLite plan reads all rows of a growing table, or
// all that an account or a conversation has in it; "" for none.
func goesThrough(query string, plan []string) string {
	names := map[string]bool{}
	for _, m := range alias.FindAllStringSubmatch(query, -1) {
		names[m[1]], names[m[2]] = true, m[2] != ""
	}
	for _, step := range plan {
		if m := scanned.FindStringSubmatch(step); m != nil && names[m[1]] && !slices.Contains(plan, "CO-ROUTINE "+m[1]) {
			return step
		}
		if strings.HasSuffix(step, " (account_id=?)") || strings.HasSuffix(step, "messages_revs (conversation_id=?)") {
			return step
		}
	}
	return ""
}

// TestStatementsFindTheirRowsByAnIndex: what every message, stream, poll and webhook
// asks the database costs the same however many visitors an account has. SQLite
// uses a partial index only where the statement repeats its condition.
func TestStatementsFindTheirRowsByAnIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "leadline.db"))
	var asked []string
	w.read.Statement.ConnPool = &recorder{w.read.Statement.ConnPool, &asked}
	write := w.do
	w.do = func(ctx context.Context, fn func(*tx) error) error {
		return write(ctx, func(t *tx) error {
			r := *t
			r.pool = &recorder{t.pool, &asked}
			return fn(&r)
		})
	}

	ctx, c := testContext, w.Conversations()
	id := w.known(t, "v1")
	w.writeProven(t, "v1", chat, conversation.Proven{ExternalID: "u1", Phone: "+351900000001", Contact: 7})
	w.writeProven(t, "v7", chat, conversation.Proven{ExternalID: "u7"}) // opens a thread; a contact is looked for
	first := w.receive(t, w.outbound(id, "hello"))
	quoting := w.outbound(id, "hello again")
	quoting.Message.Quote = &conversation.Quote{ID: first.Message.ID, Ref: first.Message.Ref}
	w.receive(t, quoting)
	answer := w.inbound("v1", "thanks")
	answer.ReplyTo = first.Message.ID
	w.write(t, answer)
	w.wroteFirst(t, "other-chat", "other-user", "hello")
	call := w.callMe("v1")
	w.write(t, call)
	w.move(t, call.CallBack.ID, 1, desk.Taken)
	w.move(t, call.CallBack.ID, 1, desk.Released)
	must(t, c.SaveCardWork(ctx, conversation.CardWork{Account: w.account, Conversation: id, Kind: conversation.CardMeta}))
	must(t, w.do(ctx, func(t *tx) error { _, err := t.exec(`UPDATE card_lanes SET due_at = 1`); return err }))
	for n, err := range []error{
		errOf(c.ConversationOf(ctx, w.account, chat, "v1")), errOf(c.Conversation(ctx, w.account, id)), errOf(c.ByChat(ctx, w.account, "other-chat")),
		errOf(c.Since(ctx, conversation.Who{Account: w.account, Chat: chat, Visitor: "v1"}, 0, 10)), errOf(c.Open(ctx, w.account, chat, "v1")), errOf(c.Since(ctx, conversation.Who{Account: w.account, Chat: chat, Visitor: "v1", Conversation: id}, 0, 10)), errOf(c.Before(ctx, id, conversation.Place{}, 10)), errOf(c.Unread(ctx, id)),
		errOf(c.ByContact(ctx, w.account, 7, "")), errOf(c.ByPhone(ctx, w.account, "+351900000001", "")), errOf(c.FormerChats(ctx, w.account, id)),
		errOf(c.OfContact(ctx, w.account, 7, 10)), errOf(c.OfLead(ctx, w.account, 5, 10)),
		errOf(c.VisitorByExternalID(ctx, w.account, chat, "u1")), errOf(c.ClaimVisitor(ctx, w.account, chat, "v1", "u2")),
		errOf(w.Desk().Open(ctx, w.account, w.now, 10)), errOf(w.Desk().Waiting(ctx, w.account, id, w.now)), w.Desk().SetResponsible(ctx, w.account, id, 1),
		w.Desk().Purge(ctx, w.now), errOf(w.Desk().Told(ctx, w.account, 1)),
		errOf(w.Outbox().ClaimDue(ctx, w.now.Add(time.Hour), time.Minute, 10, nil)),
		errOf(w.Cards().ClaimDue(ctx, w.now.Add(time.Hour), time.Minute, 10, nil)), errOf(w.Cards().Jobs(ctx, outbox.Claim{Lane: id, Token: "t"}, 10)), errOf(w.Accounts().ByScope(ctx, chatid.Scope("c", "a"))),
	} {
		if err != nil && !fault.Is(err, fault.NotFound) {
			t.Errorf("call %d: %v", n, err)
		}
	}
	if len(asked) < 20 {
		t.Fatalf("only %d statements seen", len(asked))
	}
	w.do = write
	for _, q := range asked {
		if strings.HasPrefix(q, "INSERT") { // its plan tells of references that are checked, not of what is read
			continue
		}
		plan := w.plan(t, q)
		if step := goesThrough(q, plan); step != "" {
			t.Errorf("%s\n\tgoes through too much: %s", q, step)
		}
	}
}

// errOf drops what a call gives besides its error.
func errOf[T any](_ T, err error) error { return err }

// plan is how SQLite would run a statement.
func (w *world) plan(t *testing.T, query string) (steps []string) {
	t.Helper()
	args := make([]any, strings.Count(query, "?"))
	err := w.do(testContext, func(x *tx) error {
		rows, err := x.pool.QueryContext(testContext, "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a, b, c int
			var step string
			if err := rows.Scan(&a, &b, &c, &step); err != nil {
				return err
			}
			steps = append(steps, step)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatalf("explain %s: %v", query, err)
	}
	return steps
}

// recorder notes what a pool is asked.
type recorder struct {
	gorm.ConnPool
	asked *[]string
}

func (r *recorder) note(query string) {
	if !slices.Contains(*r.asked, query) {
		*r.asked = append(*r.asked, query)
	}
}

func (r *recorder) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	r.note(query)
	return r.ConnPool.ExecContext(ctx, query, args...)
}

func (r *recorder) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.note(query)
	return r.ConnPool.QueryContext(ctx, query, args...)
}

func (r *recorder) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	r.note(query)
	return r.ConnPool.QueryRowContext(ctx, query, args...)
}
